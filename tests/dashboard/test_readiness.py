"""What the first visitor of a server would wait for is there when somebody comes."""

from ecgbench.dashboard import queries
from ecgbench.dashboard.bench import open_bench
from ecgbench.dashboard.readiness import get_ready

from .conftest import fill


def test_the_newest_runs_board_is_worked_out_before_anybody_asks(tmp_path, pages, monkeypatch):
    location = str(fill(tmp_path / "bench.db", pages, ("only",)))
    get_ready(location)

    def work_out(*_, **__):
        raise AssertionError

    monkeypatch.setattr(queries, "leaderboard", work_out)
    bench = open_bench(location)
    view = bench.view(bench.runs_with_outcomes[0])
    shown = queries.board_of(view, "color", None)
    assert shown.board.rows and "trace_f1_1px" in queries.verdict_of(view, shown)


def test_without_a_store_or_with_one_that_cannot_be_read_the_page_says_so(tmp_path):
    get_ready(str(tmp_path / "none.db"))
    (tmp_path / "broken.db").write_bytes(b"no database")
    get_ready(str(tmp_path / "broken.db"))
