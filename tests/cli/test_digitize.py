"""digitize: pictures in, leads out as CSV or WFDB, a picture of what was traced."""

import cv2
import numpy as np
import pytest

from ecgbench.plugins.image_sets.signal_files import signals_from_csv
from ecgbench.plugins.image_sets.synthetic import Style, SyntheticPage
from ecgbench.plugins.image_sets.wfdb_records import read_record


@pytest.fixture(scope="module")
def page():
    return SyntheticPage(seed=3, dpi=120, style=Style(layout="3x4")).make_page().bgr


@pytest.fixture
def picture(tmp_path, page):
    cv2.imwrite(str(tmp_path / "page.png"), page)
    return "page.png"


def test_a_picture_becomes_a_csv_file_that_reads_back(ecgbench, picture, tmp_path):
    answer = ecgbench("digitize", picture, "-o", "out.csv", "--fs", 250)
    assert answer.code == 0
    assert answer.out.startswith("1 of 1  page.png: 3x4, 25 mm/s, 10 mm/mV, 12 leads -> out.csv")
    found = signals_from_csv(tmp_path / "out.csv")
    assert found.fs == 250
    assert list(found.leads)[:2] == ["I", "II"]


def test_a_picture_becomes_a_wfdb_record_of_the_leads_asked_for_and_a_drawing(ecgbench, picture, tmp_path, page):
    answer = ecgbench("digitize", picture, "-o", "out.hea", "--leads", "V1,ii", "--picture", "--json")
    assert answer.code == 0, answer
    assert answer.json["files"] == ["out.hea", "out.dat", "out.png"]
    found = read_record(tmp_path / "out.hea")
    assert {name for name, signal in found.leads.items() if np.isfinite(signal).any()} == {"II", "V1"}
    assert cv2.imread(str(tmp_path / "out.png")).shape == page.shape


def test_a_folder_becomes_a_folder_and_a_broken_picture_its_own_error(ecgbench, picture, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    answer = ecgbench("digitize", ".", "-o", "leads", "--jobs", 1)
    assert answer.code == 1
    assert (tmp_path / "leads" / "page.csv").exists()
    assert len(answer.out.splitlines()) == 2
    assert "1 of 2  broken.png: " in answer.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("page.png", "page.png", "-o", "out.csv"), "out.csv is one file, but there are 2 pictures; give a folder with --out."),
        (("page.png", "--format", "xml"), "--format xml is not known; take csv or hea."),
        (("page.png", "--layout", "4x4"), "layout='4x4' is not known"),
        (("synthetic?count=endless",), "An endless image set cannot be digitized; give it a count."),
    ],
)
def test_a_wrong_word_is_one_sentence(ecgbench, picture, words, said):
    assert ecgbench("digitize", *words).error.startswith(said)


def test_a_lead_that_is_not_shown_is_named(ecgbench, picture):
    answer = ecgbench("digitize", picture, "-o", "out.csv", "--leads", "V9")
    assert answer.code == 1
    assert "The page shows no lead V9; it shows I, II" in answer.out
