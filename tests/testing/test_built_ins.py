"""All that is built in keeps its promises, with none expected to fail; each check is made once here."""

import csv

import cv2
import numpy as np
import pytest

from ecgbench.registry import BUILT_IN, Registry
from ecgbench.testing.finding import find_plugin
from ecgbench.testing.pages import sample_page

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
    assert {verdict.check.name for verdict in verdicts.values() if verdict.status == "skipped"} <= {"keeps_to_memory"}


def test_the_built_in_metrics_keep_their_promises(check):
    assert {verdict.status for verdict in check("ecgbench", "metric:*").values()} == {"passed"}


@pytest.fixture
def folders(tmp_path):
    """Pictures with signals beside them, and the same as the competition's training folder."""
    lead = (0.1 * np.sin(np.arange(500) / 9)).astype(np.float32)
    scans, train = tmp_path / "scans", tmp_path / "kaggle" / "train" / "7"
    for folder in (scans, train):
        folder.mkdir(parents=True)
    for name in (scans / "7", train / "7-0001", train / "7-0005"):
        cv2.imwrite(f"{name}.png", sample_page("ordinary").bgr)
    for path in (scans / "7.csv", train / "7.csv"):
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["I", "II"], *([value, value] for value in lead)])
    (tmp_path / "kaggle" / "train.csv").write_text("id,fs,sig_len\n7,100,500\n", encoding="utf-8")
    return scans, tmp_path / "kaggle"


@pytest.fixture
def records(tmp_path):
    """A folder with one WFDB record."""
    import wfdb

    folder = tmp_path / "records"
    folder.mkdir()
    signal = 0.2 * np.sin(np.arange(5000) / 40)
    names = ["I", "II", "V1"]
    wfdb.wrsamp("r1", 500, ["mV"] * 3, names, np.column_stack([signal] * 3), fmt=["16"] * 3, write_dir=str(folder))
    return folder


def test_the_built_in_image_sets_keep_their_promises(check, folders, records):
    scans, kaggle = folders
    named = [str(scans), f"kaggle:{kaggle}", f"records:{records}?types=0001&dpi=72"]
    verdicts = check("ecgbench", "image_set:*", images=named)
    assert unkept(verdicts) == []
    assert {verdict.subject.name for verdict in verdicts.values() if verdict.status == "passed"} >= {*named, "demo"}
    assert [verdict.id for verdict in verdicts.values() if verdict.status == "skipped"] == []
