"""Exports hold every outcome, whatever names and messages hold, and leave no half-written file."""

import csv
import io
import json
import math
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.report import FORMATS, ExportError, export
from ecgbench.report.exports import HEAD, TAIL

NASTY = '<script>alert("1")</script>|a\nb,=1+1.png'


def exported(store, run, kind):
    file = io.BytesIO()
    export(store, run, kind, file)
    return file.getvalue()


def rows_of(store, run):
    return list(csv.DictReader(io.StringIO(exported(store, run, "csv").decode(), newline="")))


def test_csv_begins_with_the_promised_columns_then_one_a_score_in_the_order_they_were_declared(store, run):
    heading = next(csv.reader(io.StringIO(exported(store, run, "csv").decode())))
    assert tuple(heading) == (*HEAD, "box_iou", "edge_error_px", *TAIL)
    assert heading[:6] == ["case", "method", "params", "status", "error", "wall_median_s"]


def test_csv_has_a_row_an_outcome_with_everything_in_it(store, run):
    rows = rows_of(store, run)
    assert len(rows) == 6
    assert {row["status"] for row in rows} == {"done", "failed"}
    first, failed = rows[0], next(row for row in rows if row["status"] == "failed")
    assert (first["case"], first["method"], first["params"], first["error"]) == ("a.png", "edges.canny", "{}", "")
    assert (float(first["wall_median_s"]), float(first["box_iou"]), first["type"]) == (0.010, 0.9, "scan")
    assert (failed["params"], failed["box_iou"], failed["error"]) == ('{"noise_factor": 9.0}', "", "ValueError: a | b <i>")


def nasty_run(store):
    begun = store.begin_run("nasty <b>", plan={}, environment=Environment({"cpu": "<x>"}))
    variant = Variant("edges.canny", "edges", "1", "aa")
    odd = Outcome(variant, CaseInfo(NASTY, f"/scans/{NASTY}"), Status.FAILED, error='"quoted",\nsecond line', traceback="<tb>")
    bytes_in_name = Outcome(variant, CaseInfo("x\udcff.png", "x\udcff.png"), Status.DONE, scores={"dpi": 1.0, "odd": math.nan})
    store.add(begun.id, [odd, bytes_in_name])
    return store.find_run("nasty <b>")


def test_csv_quotes_newlines_and_keeps_formulas_as_they_are(store):
    rows = rows_of(store, nasty_run(store))
    assert rows[0]["case"] == NASTY
    assert rows[0]["error"] == '"quoted",\nsecond line'
    assert rows[1]["case"] == "x\\udcff.png"


def test_a_score_called_like_another_column_keeps_both_apart_and_one_that_is_no_number_is_nan(store):
    row = rows_of(store, nasty_run(store))[1]
    assert (row["score_dpi"], row["dpi"], row["odd"]) == ("1.0", "", "nan")


def test_json_holds_run_environment_scores_and_whole_outcomes(store, run):
    told = json.loads(exported(store, run, "json"))
    assert told["run"]["name"] == "first try" and told["environment"]["cpu"] == "8080 <at> 2 MHz"
    assert told["scores"]["wall_median_s"] == {"unit": "s", "direction": "lower", "doc": "median wall time"}
    assert len(told["outcomes"]) == 6
    failed = next(each for each in told["outcomes"] if each["status"] == "failed")
    assert failed["traceback"] == "Traceback:\n  <b>\nValueError" and failed["case"]["name"] == "c.png"
    done = told["outcomes"][0]
    assert done["seconds"] == [0.010, 0.010] and done["scores"]["box_iou"] == 0.9 and done["variant"]["method"] == "edges.canny"


def test_json_is_json_whatever_names_and_numbers_are(store):
    told = json.loads(exported(store, nasty_run(store), "json"), parse_constant=pytest.fail)
    assert told["outcomes"][0]["case"]["name"] == NASTY
    assert told["outcomes"][1]["scores"] == {"dpi": 1.0, "odd": None}


def test_parquet_reads_back(store, run, tmp_path):
    export(store, run, "parquet", tmp_path / "run.parquet")
    table = pq.read_table(tmp_path / "run.parquet")
    assert table.column_names == [*HEAD, "box_iou", "edge_error_px", *TAIL]
    assert table["box_iou"].to_pylist()[:3] == [0.9, 0.8, pytest.approx(0.7)]
    assert table["box_iou"].null_count == 1 and table["status"].to_pylist().count("failed") == 1
    assert str(table.schema.field("wall_median_s").type) == "double"


def test_parquet_takes_names_that_are_no_text(store, tmp_path):
    export(store, nasty_run(store), "parquet", tmp_path / "run.parquet")
    assert pq.read_table(tmp_path / "run.parquet")["case"].to_pylist() == [NASTY, "x\\udcff.png"]


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "md", "html"])
def test_a_run_without_outcomes_is_exported(store, kind):
    begun = store.begin_run("empty", plan={}, environment=Environment({}))
    assert exported(store, begun, kind)


def test_every_format_is_written_to_a_path_whole(store, run, tmp_path):
    kinds = [kind for kind in FORMATS if kind != "html"]  # the report has tests of its own
    for kind in kinds:
        target = tmp_path / f"out.{kind}"
        target.write_text("old")
        export(store, run, kind, target)
        assert target.stat().st_size > 300
    assert len(list(tmp_path.glob("*out*"))) == len(kinds)


def test_an_unknown_format_lists_the_known_ones(store, run, tmp_path):
    with pytest.raises(ExportError, match=r"no export format 'xlsx'; known ones: csv, json, parquet, html, md\."):
        export(store, run, "xlsx", tmp_path / "x")


def test_a_folder_that_is_not_there_is_named(store, run, tmp_path):
    with pytest.raises(ExportError, match=r"gone/x\.csv cannot be written \(No such file or directory\); give another path\."):
        export(store, run, "csv", tmp_path / "gone" / "x.csv")


class Broken:
    """A store whose disk fails midway."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def outcomes(self, run_id, **only):
        yield next(self._store.outcomes(run_id))
        raise RuntimeError("the disk is gone")


def test_an_export_that_fails_midway_leaves_what_was_there(store, run, tmp_path):
    target = tmp_path / "run.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError):
        export(Broken(store), run, "csv", target)
    assert target.read_text() == "old" and [path.name for path in tmp_path.iterdir() if "run" in path.name] == ["run.csv"]


def test_a_link_goes_on_leading_to_its_file(store, run, tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    export(store, run, "csv", tmp_path / "link.csv")
    assert (tmp_path / "link.csv").is_symlink() and (tmp_path / "real.csv").read_text().startswith("case,")


def test_a_pipe_is_written_to_and_not_replaced(store, run, tmp_path):
    read, write = os.pipe()
    export(store, run, "csv", Path(f"/dev/fd/{write}"))
    os.close(write)
    with os.fdopen(read, "rb") as file:
        assert file.read().startswith(b"case,")


class Endless:
    """A store of many outcomes that are made one at a time."""

    def __init__(self, store, outcome, count):
        self._store, self._outcome, self._count = store, outcome, count

    def __getattr__(self, name):
        return getattr(self._store, name)

    def outcomes(self, run_id, **only):
        for index in range(self._count):
            yield replace(self._outcome, case=CaseInfo(f"page {index}", "x"))


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_memory_does_not_grow_with_the_number_of_outcomes(store, run, kind, tmp_path):
    outcome = next(store.outcomes(run.id))

    def peak(count):
        many = Endless(store, outcome, count)
        tracemalloc.start()
        export(many, run, kind, tmp_path / "many")
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    peak(10)
    assert peak(2_000) < peak(200) + 300_000


def test_parquet_is_written_in_groups(store, run, tmp_path, monkeypatch):
    monkeypatch.setattr("ecgbench.report.exports.ROW_GROUP", 4)
    export(store, run, "parquet", tmp_path / "run.parquet")
    assert pq.ParquetFile(tmp_path / "run.parquet").num_row_groups == 2
