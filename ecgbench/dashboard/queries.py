"""What pages ask of a run: boards, breakdowns and comparisons, remembered until something is written to it."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from ecgbench.dashboard.bench import RunView
from ecgbench.dashboard.memory import remembered
from ecgbench.leaderboard import (
    KEYS,
    Breakdown,
    Comparison,
    Leaderboard,
    board_columns,
    breakdown,
    compare,
    labels,
    leaderboard,
    refresh_summaries,
)
from ecgbench.registry import default_registry
from ecgbench.report.failures import FailureGroup, failure_groups
from ecgbench.report.verdicts import verdict
from ecgbench.store import Numbers, Pairs, StoreError

AT_ONCE = 30_000  # outcomes that are summed up while somebody waits: half a second; of more, the last sums are shown meanwhile
PAIRED_AT_ONCE = 200_000  # outcomes whose runs are compared page by page on the leaderboard


@dataclass(frozen=True)
class Board:
    """A leaderboard; `behind`: whether outcomes have come since it was computed, and it is being computed again."""

    board: Leaderboard
    behind: bool = False


def tasks_of(view: RunView) -> list[str]:
    """Return the tasks of a run, in the order in which they came."""
    return list(dict.fromkeys(variant.task for variant in view.store.variants(view.run.id).values()))


@remembered(64)
def labels_of(view: RunView) -> dict[int, str]:
    """Return what the variants of a run are called, by number."""
    return labels(view.store.variants(view.run.id))


def board_of(view: RunView, task: str, metric: str | None) -> Board | None:
    """Return the leaderboard of a task; of a large run that goes on, the last one there is, which is None before the first."""
    if view.outcomes <= AT_ONCE or is_fresh(view):
        return Board(_board(view, task, metric))
    _refreshing.start(view)
    try:
        known = leaderboard(view.store, view.run, task=task, metric=metric, refresh=False)
    except StoreError:
        return None
    return Board(known[0], behind=True)


def is_fresh(view: RunView) -> bool:
    """Return whether nothing was written since the run was summed up."""
    computed = {each.variant_id: each.written for each in view.store.summaries(view.run.id)}
    return all(computed.get(variant) == count for variant, count in view.stamp.written)


@remembered(64)
def _board(view: RunView, task: str, metric: str | None) -> Leaderboard:
    installed = default_registry().metrics.values()
    return leaderboard(view.store, view.run, task=task, metric=metric, metrics=installed)[0]


def breakdown_of(view: RunView, task: str, metric: str | None, by: str) -> Breakdown | None:
    """Return the score that ranks broken down by what pictures are; None of a large run as long as that is being computed."""
    if view.outcomes <= AT_ONCE or _breaking_down.has(view, task, metric, by):
        return _breakdown(view, task, metric, by)
    _breaking_down.start(view, task, metric, by)
    return None


@remembered(64)
def _breakdown(view: RunView, task: str, metric: str | None, by: str) -> Breakdown:
    board = leaderboard(view.store, view.run, task=task, metric=metric, refresh=False)[0]
    return breakdown(view.store, view.run, board, by, columns=_columns(view, task, metric))


@remembered(2)  # 16 MB of a million outcomes
def _columns(view: RunView, task: str, metric: str | None) -> dict[int, Numbers]:
    return board_columns(view.store, view.run, leaderboard(view.store, view.run, task=task, metric=metric, refresh=False)[0])


@remembered(64)
def verdict_of(view: RunView, task: str, metric: str | None) -> str:
    """Return who leads, by how much, and whether that is more than chance, in words."""
    return verdict(view.store, view.run, leaderboard(view.store, view.run, task=task, metric=metric, refresh=False)[0])


@remembered(64)
def comparison_of(a: RunView, b: RunView, *, of_a: str | None, of_b: str | None, metric: str | None) -> Comparison:
    """Return how a method of b differs from one of a (None: all that both runs have), on one metric or on all."""
    return compare(b.store, _side(a, of_a), _side(b, of_b), metric=metric)


def _side(view: RunView, label: str | None) -> str:
    return view.run.name if label is None else f"{view.run.name}:{label}"


@remembered(16)
def pairs_of(a: RunView, variant_a: int, b: RunView, variant_b: int, metric: str) -> Pairs:
    """Return one metric of two variants over the pictures that both have it of."""
    return a.store.paired(a.run.id, variant_a, b.run.id, variant_b, metric)


def largest_disagreements(pairs: Pairs, most: int) -> Pairs:
    """Return the pairs that differ most, the largest difference first; those without a finite one are left out."""
    difference = np.abs(pairs.b - pairs.a)
    known = np.flatnonzero(np.isfinite(difference))
    order = known[np.argsort(-difference[known], kind="stable")][:most]
    return Pairs(pairs.cases[order], pairs.records[order], pairs.a[order], pairs.b[order])


@remembered(64)
def groups_of(view: RunView) -> list[FailureGroup]:
    """Return the failures of a run, grouped by how and why."""
    return failure_groups(view.store, view.run)


@remembered(64)
def worst_of(view: RunView, variant: int, metric: str, *, highest: bool, most: int) -> Numbers:
    """Return the worst values of a metric of a variant, the worst first."""
    return view.store.extremes(view.run.id, variant, metric, highest=highest, limit=most)


class _Refreshing:
    """Sums large runs up, one at a time and beside everything else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[int] = set()

    def start(self, view: RunView) -> None:
        with self._lock:
            if view.run.id in self._under_way:
                return
            self._under_way.add(view.run.id)
        threading.Thread(target=self._refresh, args=(view,), name="ecgbench-summaries", daemon=True).start()

    def _refresh(self, view: RunView) -> None:
        try:
            refresh_summaries(view.store, view.run, metrics=default_registry().metrics.values())
        finally:
            with self._lock:
                self._under_way.discard(view.run.id)


class _BreakingDown:
    """Breaks boards of large runs down beside everything else: by what is wanted first, then by all there is, since people click on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started: set[Hashable] = set()
        self._done: set[Hashable] = set()

    def has(self, *wanted: Hashable) -> bool:
        with self._lock:
            return wanted in self._done

    def start(self, view: RunView, task: str, metric: str | None, by: str) -> None:
        with self._lock:
            if (view, task, metric) in self._started:
                return
            self._started.add((view, task, metric))
        threading.Thread(target=self._break_down, args=(view, task, metric, by), name="ecgbench-breakdowns", daemon=True).start()

    def _break_down(self, view: RunView, task: str, metric: str | None, first: str) -> None:
        for by in dict.fromkeys((first, *KEYS)):
            try:
                _breakdown(view, task, metric, by)
            finally:  # who asks again is told what is wrong, instead of waiting
                with self._lock:
                    self._done.add((view, task, metric, by))


_refreshing, _breaking_down = _Refreshing(), _BreakingDown()
