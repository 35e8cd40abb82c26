"""Results as lines of a submission."""

import math

import numpy as np
import pandas as pd
import pytest

from ecgbench.notebook import NotebookEnvironment, format_submission, notebook_process_batch, save_submission
from ecgbench.submission import SubmissionError, score_submission
from ecgbench.submission.practice import make_practice


def result(fs=100, **signals):
    return {"fs": fs, "signals": {name: np.asarray(signal, np.float32) for name, signal in signals.items()}}


def count(entries):
    leads = [entry.id.rsplit("_", 1)[1] for entry in entries]
    return {lead: leads.count(lead) for lead in dict.fromkeys(leads)}


def test_from_pictures_to_a_file_that_scores(beside, tmp_path):
    results = notebook_process_batch(["1002.png", "1004.png"], {})
    entries = [entry for each in results for entry in format_submission(each, record_id=each["image"].removesuffix(".png"))]
    save_submission(entries, tmp_path / "submission.csv")
    assert score_submission(tmp_path / "submission.csv", beside / "solution.csv").score_db > 10
    NotebookEnvironment().submit(tmp_path / "at_once.csv")
    assert (tmp_path / "at_once.csv").read_text() == (tmp_path / "submission.csv").read_text()


def test_sizes_come_from_test_csv_else_from_the_rules(beside):
    assert count(format_submission(result(), "1004"))["II"] == 2500
    assert count(format_submission(result(), 1002))["V1"] == 1250
    unknown = count(format_submission(result(fs=257, II=[1.0]), "9"))
    assert (unknown.pop("II"), set(unknown.values()), len(unknown)) == (2570, {642}, 11)
    assert count(format_submission([], "9"))["II"] == 5000
    assert count(format_submission(result(), "1004", fs=100))["II"] == 1000
    assert count(format_submission(result(), "1004", rows={"V1": 3, "II": 4})) == {"V1": 3, "II": 4}
    assert set(count(format_submission(result(), "1004", rows=7)).values()) == {7}


def test_of_several_pictures_of_a_record_each_lead_is_taken_where_most_of_it_is_seen(apart):
    nan = math.nan
    pictures = [result(I=[1, 1, nan], V1=[1, 1, 1]), result(I=[2, 2, 2], V1=[nan] * 3), {"fs": None, "signals": {}}]
    entries = format_submission(pictures, "62", rows={"I": 3, "V1": 3, "V2": 1})
    assert [entry.value for entry in entries] == [2, 2, 2, 1, 1, 1, 0]
    assert [entry.id for entry in entries[:2]] == ["62_0_I", "62_1_I"]


def test_a_failed_picture_still_has_every_row(apart):
    failed = {"success": False, "error": "no", "fs": None, "signals": {}}
    entries = format_submission(failed, "62")
    assert len(entries) == 5000 + 11 * 1250
    assert {entry.value for entry in entries} == {0.0}


def test_entries_are_a_table(apart):
    table = pd.DataFrame(format_submission(result(I=[1.0]), "62", rows={"I": 1}))
    assert table.to_dict("records") == [{"id": "62_0_I", "value": 1.0}]


def test_lines_are_written_as_they_come_in_any_of_three_forms(tmp_path):
    lines = ({"id": f"1_{row}_I", "value": row} if row % 2 else (f"1_{row}_I", row) for row in range(4))
    assert save_submission(lines, tmp_path / "s.csv") == tmp_path / "s.csv"
    assert (tmp_path / "s.csv").read_text().splitlines()[1:] == [f"1_{row}_I,{row}.0000" for row in range(4)]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([("1_0_I", math.nan)], "The value of 1_0_I is not finite"),
        ([("1_0_I", math.inf)], "not finite"),
        ([("1_0_I", 1), ("1_0_I", 2)], "1_0_I stands twice"),
        ([("1_1_I", 1), ("1_0_I", 2)], "after one of a higher row"),
        ([("1,0_0_I", 1)], "cannot stand in an id"),
        ([("record", 1)], "'record' is no id"),
        ([], "no entries"),
    ],
)
def test_lines_that_are_wrong_are_not_written(tmp_path, lines, says):
    with pytest.raises(SubmissionError, match=says):
        save_submission(lines, tmp_path / "s.csv")
    assert not list(tmp_path.iterdir())


def test_a_practice_competition_is_not_written_over_others(practice):
    with pytest.raises(SubmissionError, match="is not empty"):
        make_practice(practice)
