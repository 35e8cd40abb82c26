"""All that is built in keeps its promises, with none expected to fail; each check is made once here."""

import csv

import cv2
import numpy as np
import pytest

from ecgbench.registry import BUILT_IN, Registry
from ecgbench.testing.finding import find_plugin
from ecgbench.testing.pages import sample_page
from ecgbench.testing.samples import LEADS

TASKS = sorted({each.task for each in Registry.load().transformers.values() if Registry.load().origin_of(each.name) == BUILT_IN})


def unkept(verdicts):
    return [f"{verdict.id}: {verdict.message}" for verdict in verdicts.values() if verdict.status not in ("passed", "skipped")]


def test_no_built_in_is_expected_to_fail():
    assert find_plugin("ecgbench").expected == {}


@pytest.mark.parametrize("task", TASKS)
def test_the_built_in_methods_of_a_task_keep_their_promises(check, task):
    verdicts = check("ecgbench", f"{task}.*")
    assert unkept(verdicts) == []
    assert "passed" in {verdict.status for verdict in verdicts.values()}
    skipped = {verdict.check.name for verdict in verdicts.values() if verdict.status == "skipped"}
    assert skipped <= {"keeps_pace", "keeps_to_memory"}, (
        "there may be one method of a task only, and a system that does not tell of memory"
    )


def test_the_built_in_metrics_keep_their_promises(check):
    assert {verdict.status for verdict in check("ecgbench", "metric:*").values()} == {"passed"}


def write_leads(path, **columns):
    """Write a CSV file of twelve leads, after the columns that are given."""
    wave = np.round(0.1 * np.sin(np.arange(500) / 9), 4)
    table = {**columns, **dict.fromkeys(LEADS, wave)}
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([list(table), *zip(*table.values(), strict=True)])


@pytest.fixture
def folders(tmp_path):
    """A picture with signals beside it, and two of one record as in the competition's training folder."""
    scans, train = tmp_path / "scans", tmp_path / "kaggle" / "train" / "7"
    for folder in (scans, train):
        folder.mkdir(parents=True)
    for name in (scans / "7", train / "7-0001", train / "7-0005"):
        cv2.imwrite(f"{name}.png", sample_page("ordinary").bgr)
    write_leads(scans / "7.csv", time=np.arange(500) / 100)
    write_leads(train / "7.csv")
    (tmp_path / "kaggle" / "train.csv").write_text("id,fs,sig_len\n7,100,500\n", encoding="utf-8")
    return scans, tmp_path / "kaggle"


@pytest.fixture
def records(tmp_path):
    """A folder with one WFDB record."""
    folder = tmp_path / "records"
    folder.mkdir()
    lines = [f"r1 {len(LEADS)} 500 5000", *(f"r1.dat 16 1000/mV 16 0 0 0 0 {lead}" for lead in LEADS)]
    (folder / "r1.hea").write_text("\n".join(lines) + "\n", encoding="utf-8")
    microvolts = (200 * np.sin(np.arange(5000) / 40)).astype("<i2")
    (folder / "r1.dat").write_bytes(np.column_stack([microvolts] * len(LEADS)).tobytes())
    return folder


def test_the_built_in_image_sets_keep_their_promises(check, folders, records, gcs):
    scans, kaggle = folders
    gcs.put_folder("scans", scans)
    named = [str(scans), f"kaggle:{kaggle}", f"records:{records}?types=0001&dpi=72", "gs://scans"]
    verdicts = check("ecgbench", "image_set:*", images=named)
    assert unkept(verdicts) == []
    assert {verdict.subject.name for verdict in verdicts.values() if verdict.status == "passed"} >= {*named, "demo"}
    assert [verdict.id for verdict in verdicts.values() if verdict.status == "skipped"] == []
