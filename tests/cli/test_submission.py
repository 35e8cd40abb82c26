"""The commands submit and score."""

import csv

import cv2
import numpy as np
import pytest


@pytest.fixture
def competition(tmp_path):
    """Two records, one of them without a picture."""
    folder = tmp_path / "competition"
    (folder / "test").mkdir(parents=True)
    cv2.imwrite(str(folder / "test" / "5.png"), np.full((200, 300), 255, np.uint8))
    asked = [(record, lead, 100, 1000 if lead == "II" else 250) for record in ("5", "6") for lead in ("I", "II")]
    for name, columns, lines in (
        ("test.csv", ("id", "lead", "fs", "number_of_rows"), asked),
        (
            "solution.csv",
            ("id", "fs", "value"),
            [(f"{record}_{row}_{lead}", 100, float(row % 2)) for record, lead, _, number in asked for row in range(number)],
        ),
    ):
        with (folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([columns, *lines])
    return folder


def test_submit_writes_every_id_says_what_was_not_found_and_fails(ecgbench, competition, tmp_path):
    answer = ecgbench("submit", "competition", "-o", "out/s.csv", "--jobs", 1)
    assert answer.code == 1
    assert answer.out.startswith("out/s.csv: 2 records, 2500 rows, in ")
    assert "100.00 % of the rows were not found and are filled: 1 record failed, 2 leads not seen." in answer.out
    assert "  6: There is no file competition/test/6.png; check the path." in answer.out
    lines = (tmp_path / "out" / "s.csv").read_text().splitlines()
    assert len(lines) == 2501
    assert lines[1] == "5_0_I,0.0000"
    assert lines[-1] == "6_999_II,0.0000"
    scored = ecgbench("score", "out/s.csv", "competition/solution.csv")
    assert scored.code == 0
    assert scored.out.startswith("3.0103 dB over 2 records")  # zeros are lifted to the mean 1/2: a power of 1/2 over 1/4
    assert ecgbench("score", "out/s.csv", "competition/solution.csv", "--json").json["ratios"] == {"5": 2.0, "6": 2.0}


def test_submit_within_a_time_budget_tells_what_it_left_out_as_json(ecgbench, competition):
    (competition / "test" / "6.png").write_bytes((competition / "test" / "5.png").read_bytes())
    answer = ecgbench("submit", "competition/test", "-o", "s.parquet", "--max-seconds", 0, "--json")
    assert answer.code == 0
    assert (answer.json["not_reached"], answer.json["rows"], answer.json["filled"]) == (2, 2500, 2500)
    assert ecgbench("score", "s.parquet", "competition/solution.csv", "--worst", 0).out.count("\n") == 1


def test_errors_are_one_sentence(ecgbench, competition):
    assert "has no test.csv" in ecgbench("submit", ".", "-o", "s.csv").error
    assert "does not know 'nothing'" in ecgbench("submit", "competition", "--method", "nothing").error
    assert "neither .csv nor .parquet" in ecgbench("submit", "competition", "-o", "s.xls").error
    assert "There is no file gone.csv" in ecgbench("score", "gone.csv", "competition/solution.csv").error
    assert "lacks the column value" in ecgbench("score", "competition/test.csv", "competition/solution.csv").error
