"""Gets ready for what the first visitor of a server would wait for."""

from __future__ import annotations

from importlib import import_module

from ecgbench.dashboard import pages
from ecgbench.dashboard.bench import open_bench
from ecgbench.dashboard.memory import Itself
from ecgbench.dashboard.queries import board_of, breakdown_of, tasks_of, verdict_of
from ecgbench.leaderboard import KEYS
from ecgbench.store import StoreError
from ecgbench.workers import wake_forkserver


def get_ready(location: str) -> None:
    """Import what pages need, and ask for what the first page shows of the newest run, which is then remembered for all who come."""
    wake_forkserver()
    for entry in pages.PAGES:
        import_module(f"{pages.__name__}.{entry.module}")
    try:
        _ask(location)
    except StoreError:
        return  # the page says it


def _ask(location: str) -> None:
    from ecgbench.dashboard.chart_specs import costs_of, intervals_of  # altair, which workers need not wait for

    bench = open_bench(location)
    if not bench.runs_with_outcomes:
        return
    view = bench.view(bench.runs_with_outcomes[0])
    task = tasks_of(view)[0]
    found = board_of(view, task, None)
    if found is None:
        return
    verdict_of(view, found)
    breakdown_of(view, task, None, KEYS[0])
    intervals_of(Itself(found.board))
    costs_of(Itself(found.board))
