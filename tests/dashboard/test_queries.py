"""Large runs are never summed up while somebody waits, and what is remembered stands only as long as nothing is written."""

from ecgbench.dashboard import queries
from ecgbench.dashboard.bench import open_bench
from ecgbench.leaderboard import refresh_summaries

from .conftest import fill, outcomes_over
from .pages import until


def test_a_board_is_remembered_until_an_outcome_is_written(tmp_path, pages):
    location = str(fill(tmp_path / "bench.db", pages, ("only",)))
    bench = open_bench(location)
    first = queries.board_of(bench.view(bench.runs[0]), "color", None)
    assert queries.board_of(bench.view(bench.runs[0]), "color", None).board is first.board
    bench.store.add(bench.runs[0].id, outcomes_over(pages, -0.2))
    again = queries.board_of(open_bench(location).view(bench.runs[0]), "color", None)
    assert again.board.rows[0].scores["trace_f1_1px"].mean < first.board.rows[0].scores["trace_f1_1px"].mean


def test_of_a_large_run_the_last_sums_are_shown_while_new_ones_are_computed(tmp_path, pages, monkeypatch):
    bench = open_bench(str(fill(tmp_path / "bench.db", pages, ("only",))))
    monkeypatch.setattr(queries, "AT_ONCE", 0)
    run = bench.runs[0]
    refresh_summaries(bench.store, run)
    bench.store.add(run.id, outcomes_over(pages, -0.2))
    bench = open_bench(bench.location)
    shown = queries.board_of(bench.view(run), "color", None)
    assert shown.behind and shown.board.rows[0].scores["trace_f1_1px"].mean > 0.8
    until(lambda: queries.is_fresh(bench.view(run)))
    now = queries.board_of(bench.view(run), "color", None)
    assert not now.behind and now.board.rows[0].scores["trace_f1_1px"].mean < 0.8


def test_a_store_that_was_replaced_by_another_file_is_opened_again(tmp_path, pages):
    location = fill(tmp_path / "bench.db", pages, ("old",))
    assert [run.name for run in open_bench(str(location)).runs] == ["old"]
    for left in tmp_path.glob("bench.db*"):
        left.unlink()
    fill(tmp_path / "new.db", pages, ("new",)).rename(location)
    assert [run.name for run in open_bench(str(location)).runs] == ["new"]


def test_a_large_board_is_broken_down_beside_everything_else_by_all_there_is(filled, monkeypatch):
    monkeypatch.setattr(queries, "AT_ONCE", 0)
    bench = open_bench(str(filled))
    view = bench.view(bench.find_run("before"))
    assert queries.breakdown_of(view, "color", None, "dpi") is None
    until(lambda: queries.breakdown_of(view, "color", None, "severity") is not None)
    assert queries.breakdown_of(view, "color", None, "dpi").groups == ("200",)
    assert queries.breakdown_of(view, "color", None, "severity").groups == ("0", "0.5", "1")


def test_who_leads_a_large_run_is_worked_out_beside_everything_else(filled, monkeypatch):
    bench = open_bench(str(filled))
    view = bench.view(bench.find_run("before"))
    shown = queries.board_of(view, "color", None)
    at_once = queries.verdict_of(view, shown)
    monkeypatch.setattr(queries, "AT_ONCE", 0)
    assert queries.verdict_of(view, shown) is None
    until(lambda: queries.verdict_of(view, shown) is not None)
    assert queries.verdict_of(view, shown) == at_once and "leads with trace_f1_1px" in at_once
