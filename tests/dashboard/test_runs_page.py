"""The page of runs, drawn without a browser."""

import pytest

from ecgbench.dashboard.trends import Mark, trend_chart, trend_rows
from ecgbench.registry import default_registry
from ecgbench.store import Store
from faults.dashboards import said
from tests.dashboard.pages import draw


def test_two_runs_stand_beside_each_other_with_their_environments_first(two_runs):
    page = draw("runs", two_runs)
    assert not page.exception and not page.error, said(page)
    listed, environment, plan, found = (frame.value for frame in page.dataframe)
    assert listed["run"].tolist() == ["second", "first"] and listed["failed"].tolist() == [0, 0]
    assert ("cores", "2", "4") in [tuple(row) for row in environment.itertuples(index=False)]
    assert "timed calls a cell" in plan["fact"].tolist()
    assert set(found["method"]) == {"edges.canny", "edges.sobel"}
    assert "second against first" in said(page)


def test_a_run_alone_and_one_beside_itself_are_sentences(two_runs, tmp_path):
    page = draw("runs", two_runs, {"a": "first", "b": "first"})
    assert "Both are the same run" in said(page) and not page.error
    with Store(tmp_path / "one.db") as store, Store(two_runs) as other:
        run = other.find_run("first")
        begun = store.begin_run("only", plan=run.plan, environment=run.environment)
        store.add(begun.id, list(other.outcomes(run.id)))
        store.finish_run(begun.id)
    page = draw("runs", tmp_path / "one.db")
    assert "There is one run only" in said(page) and not page.error, said(page)


def test_a_score_over_runs_has_a_mark_a_method_and_run(two_runs):
    score = default_registry().scores["wall_median_s"]
    from ecgbench.dashboard import run_tables
    from ecgbench.dashboard.bench import open_bench

    bench = open_bench(str(two_runs))
    marks = [mark for run in bench.runs for mark in run_tables.marks(bench, run, score.name, "edges")]
    rows = trend_rows(marks, score)
    assert [(row["run"], row["method"]) for row in rows] == [
        (run, method) for run in ("first", "second") for method in ("edges.canny", "edges.sobel")
    ]
    assert rows[0]["wall_median_s"] == pytest.approx(11.0)  # in ms
    spec = trend_chart(rows, score, palette=["#111111", "#222222"]).to_dict()
    assert spec["layer"][1]["encoding"]["x"]["sort"] == ["first", "second"]


def test_a_chart_of_values_that_are_all_alike_has_an_axis(two_runs):
    from datetime import UTC, datetime

    score = default_registry().scores["content_box_iou"]
    rows = trend_rows([Mark("r", datetime.now(UTC), "m", "1", 0.5, None, None, 3, 0)], score)
    low, high = trend_chart(rows, score, palette=["#111111"]).to_dict()["layer"][1]["encoding"]["y"]["scale"]["domain"]
    assert low < 0.5 < high
