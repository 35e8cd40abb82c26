"""Submissions of whole folders: exactly the ids that are asked for, whatever the pictures are."""

import csv
import math

import cv2
import numpy as np
import pytest

from ecgbench.submission import SubmissionError, read_asked, score_submission
from ecgbench.submission.making import make_submission


def ids_asked(folder):
    """The ids that test.csv asks for, by the rules, in its order."""
    with (folder / "test.csv").open(newline="") as file:
        return [
            f"{line['id']}_{row}_{line['lead']}" for line in csv.DictReader(file) for row in range(int(line["number_of_rows"]))
        ]


def rows_of(path):
    lines = path.read_text().splitlines()
    assert lines[0] == "id,value"
    assert '"' not in path.read_text()
    return [(name, float(value)) for name, value in (line.split(",") for line in lines[1:])]


def add_records(folder, *records):
    with (folder / "test.csv").open("a") as file:
        file.writelines(f"{record},{lead},100,{rows}\n" for record in records for lead, rows in (("II", 1000), ("V1", 250)))


def test_a_folder_becomes_a_submission_that_scores(competition, tmp_path):
    report = make_submission(competition, tmp_path / "new" / "submission.csv")
    rows = rows_of(tmp_path / "new" / "submission.csv")
    assert [name for name, _ in rows] == ids_asked(competition)
    assert len(rows) == report.rows == 5000 + 11 * 1250 + 2500 + 11 * 625
    assert (report.records, report.failed, report.not_reached) == (2, {}, 0)
    assert score_submission(tmp_path / "new" / "submission.csv", competition / "solution.csv").score_db > 10
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["submission.csv"]


def test_a_bad_picture_costs_its_own_record_and_no_id(competition, tmp_path):
    tests = competition / "test"
    (tests / "broken.png").write_bytes((tests / "1002.png").read_bytes()[:500])
    cv2.imwrite(str(tests / "dot.png"), np.zeros((1, 1), np.uint8))
    cv2.imwrite(str(tests / "1002.png"), np.full((300, 400), 255, np.uint8))
    add_records(competition, "gone", "broken", "dot")
    told = []
    report = make_submission(
        tests, tmp_path / "submission.csv", told=lambda record, reading, number, of: told.append((record, number, of))
    )
    rows = rows_of(tmp_path / "submission.csv")
    assert [name for name, _ in rows] == ids_asked(competition)
    assert all(math.isfinite(value) for _, value in rows)
    assert set(report.failed) == {"gone", "broken"}
    assert "There is no file" in report.failed["gone"]
    assert report.missing_leads >= 14
    assert report.filled >= sum(value == 0 for name, value in rows if name.startswith(("gone", "broken", "dot")))
    assert "2 records failed" in str(report)
    assert told == [(each.record, number, 5) for number, each in enumerate(read_asked(competition), start=1)]


def test_what_the_time_does_not_suffice_for_is_filled_and_said(competition, tmp_path):
    report = make_submission(competition, tmp_path / "submission.csv", max_seconds=0)
    rows = rows_of(tmp_path / "submission.csv")
    assert [name for name, _ in rows] == ids_asked(competition)
    assert {value for _, value in rows} == {0.0}
    assert (report.not_reached, report.filled, report.failed) == (2, len(rows), {})
    assert "2 records not reached in time" in str(report)


def test_what_goes_wrong_on_the_way_leaves_the_old_submission(competition, tmp_path):
    (tmp_path / "submission.csv").write_text("old")

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_submission(competition, tmp_path / "submission.csv", max_seconds=0, told=stop)
    assert (tmp_path / "submission.csv").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"submission.csv", "competition"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("7,I,500,many", "Line 26 of .*test.csv: fs '500' and number_of_rows 'many' are not both numbers"),
        ("7,I,0,5", "Line 26 of .*test.csv: The field 'fs' must be samples per second above 0"),
        ("7,I,500,-1", "The rows of I must be a whole number"),
        ("1002,I,500,5", "1002 asks for the lead I twice"),
        ('"7,7",I,500,5', "cannot stand in an id"),
        ("7,,500,5", "cannot stand in an id"),
    ],
)
def test_a_table_that_cannot_be_met_is_one_sentence(competition, tmp_path, line, says):
    with (competition / "test.csv").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(SubmissionError, match=says):
        make_submission(competition, tmp_path / "submission.csv")


def test_other_folders_and_names_are_one_sentence(competition, tmp_path):
    with pytest.raises(SubmissionError, match=r"has no test\.csv; give the competition's folder"):
        make_submission(tmp_path, tmp_path / "submission.csv")
    with pytest.raises(SubmissionError, match=r"neither \.csv nor \.parquet"):
        make_submission(competition, tmp_path / "submission.txt")
