"""Submissions as files."""

import math

import numpy as np
import pyarrow.parquet as pq
import pytest

from ecgbench.submission import Entry, SubmissionError, SubmissionFile, csv_text, entries_of, fit_record, rules, writing


def fitted(seed, fs=100):
    rng = np.random.default_rng(seed)
    return fit_record({ask.lead: rng.normal(size=ask.rows) for ask in rules(fs)}, fs, rules(fs))


def test_csv_and_parquet_hold_the_same_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "GROUP_ROWS", 5000)
    for name in ("s.csv", "s.parquet"):
        with SubmissionFile(tmp_path / name) as file:
            for record in range(4):
                file.add_record(str(record), fitted(record))
        assert file.rows == 4 * 3750
    lines = (tmp_path / "s.csv").read_text().splitlines()
    table = pq.read_table(tmp_path / "s.parquet")
    rows = [f"{name},{value:.4f}" for name, value in zip(*(table[each].to_pylist() for each in ("id", "value")), strict=True)]
    assert lines == ["id,value", *rows]
    assert pq.ParquetFile(tmp_path / "s.parquet").num_row_groups > 1


def test_entries_are_the_lines_of_the_file():
    entries = entries_of("62", fitted(0))
    assert entries[0] == Entry("62_0_I", entries[0].value)
    assert len(entries) == 3750
    assert all(math.isfinite(entry.value) for entry in entries)
    assert csv_text("62", fitted(0)).splitlines()[1:] == [f"{name},{value:.4f}" for name, value in entries]


def test_no_number_is_written_as_a_negative_zero():
    (lead,) = fit_record({"I": [-1e-9, -0.0]}, 1, rules(1)[:1])
    assert "-" not in csv_text("1", [lead])


@pytest.mark.parametrize("record", ["", "a,b", 'a"b', "a\nb"])
def test_a_record_that_no_unquoted_id_can_hold_is_refused(record):
    with pytest.raises(SubmissionError, match="cannot stand in an id"):
        csv_text(record, fitted(0))
