"""What pages ask of a run: boards, breakdowns and comparisons, remembered until something is written to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgbench.core.metric import Score
from ecgbench.core.outcome import Status
from ecgbench.dashboard.bench import RunView, Stamp, open_bench
from ecgbench.dashboard.later import Later, Question
from ecgbench.dashboard.memory import Itself, remembered
from ecgbench.leaderboard import (
    KEYS,
    Breakdown,
    Comparison,
    ComparisonRow,
    Leaderboard,
    board_columns,
    breakdown,
    compare,
    compare_pairs,
    labels,
    leaderboard,
    refresh_summaries,
)
from ecgbench.registry import default_registry
from ecgbench.report.failures import FailureGroup, failure_groups
from ecgbench.report.verdicts import verdict
from ecgbench.store import Numbers, Pairs, StoreError

AT_ONCE = 30_000  # outcomes that are summed up while somebody waits: half a second; of more, the last sums are shown meanwhile
later = Later()


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
    later.see_to(view.run.id, Question(_refresh, (view.location, view.stamp)))
    try:
        return Board(_summed_board(view, task, metric), behind=True)
    except StoreError:
        return None


def _refresh(location: str, stamp: Stamp) -> None:
    view = _seen_there(location, stamp.run_id)
    refresh_summaries(view.store, view.run, metrics=default_registry().metrics.values())


def _seen_there(location: str, run_id: int) -> RunView:
    """Return a run as another process sees it."""
    bench = open_bench(location)
    return bench.view(next(run for run in bench.runs if run.id == run_id))


def is_fresh(view: RunView) -> bool:
    """Return whether nothing was written since the run was summed up."""
    computed = dict(_summed(view))
    return all(computed.get(variant) == count for variant, count in view.stamp.written)


def _summed(view: RunView) -> tuple[tuple[int, int], ...]:
    """Return how many outcomes of each variant were there when it was summed up, as a stamp has it."""
    return tuple(sorted({each.variant_id: each.written for each in view.store.summaries(view.run.id)}.items()))


def _summed_board(view: RunView, task: str, metric: str | None) -> Leaderboard:
    """Return the leaderboard of a task by the sums that are there; StoreError where there are none."""
    return leaderboard(view.store, view.run, task=task, metric=metric, refresh=False)[0]


@remembered(64)
def _board(view: RunView, task: str, metric: str | None) -> Leaderboard:
    installed = default_registry().metrics.values()
    return leaderboard(view.store, view.run, task=task, metric=metric, metrics=installed, counts=_counts(view))[0]


@remembered(16)
def _counts(view: RunView) -> dict[int, dict[Status, int]]:
    return view.store.variant_counts(view.run.id)


def breakdown_of(view: RunView, task: str, metric: str | None, by: str) -> Breakdown | None:
    """Return the score that ranks broken down by what pictures are; None of a large run as long as that is being computed.

    What else it could be broken down by is computed as well, since people click on.
    """
    if view.outcomes <= AT_ONCE:
        return _breakdown(view, task, metric, by)
    asked = [Question(_breakdown_there, (view.location, view.stamp, task, metric, each)) for each in dict.fromkeys((by, *KEYS))]
    for question in asked:
        later.ask(question)
    found: Breakdown | None = later.found(asked[0])
    return found


def _breakdown_there(location: str, stamp: Stamp, task: str, metric: str | None, by: str) -> Breakdown:
    return _breakdown(_seen_there(location, stamp.run_id), task, metric, by)


@remembered(64)
def _breakdown(view: RunView, task: str, metric: str | None, by: str) -> Breakdown:
    return breakdown(view.store, view.run, _summed_board(view, task, metric), by, columns=_columns(view, task, metric))


@remembered(2)  # 16 MB of a million outcomes
def _columns(view: RunView, task: str, metric: str | None) -> dict[int, Numbers]:
    return board_columns(view.store, view.run, _summed_board(view, task, metric))


def verdict_of(view: RunView, shown: Board) -> str | None:
    """Return who leads a board of the run, by how much, and whether that is more than chance, in words.

    None of a large run as long as that is being worked out: it takes every pair of the two that lead.
    """
    if view.outcomes <= AT_ONCE:
        return _verdict(view, Itself(shown.board))
    stamp = view.stamp._replace(written=_summed(view)) if shown.behind else view.stamp  # of what the board tells
    found: str | None = later.found(
        Question(_verdict_there, (view.location, stamp, shown.board.task, shown.board.ranked_by.name))
    )
    return found


@remembered(64)
def _verdict(view: RunView, board: Itself[Leaderboard]) -> str:
    return verdict(view.store, view.run, board.value)


def _verdict_there(location: str, stamp: Stamp, task: str, metric: str) -> str:
    view = _seen_there(location, stamp.run_id)
    return verdict(view.store, view.run, _summed_board(view, task, metric))


def comparison_of(a: RunView, b: RunView, metric: str) -> Comparison | None:
    """Return how the methods of run b differ on a metric from those of a; None of large runs as long as that is being computed."""
    if a.outcomes + b.outcomes <= AT_ONCE:
        return _comparison(a, b, metric)
    found: Comparison | None = later.found(Question(_comparison_there, (b.location, a.stamp, b.stamp, metric)))
    return found


@remembered(128)
def _comparison(a: RunView, b: RunView, metric: str) -> Comparison:
    return compare(b.store, a.run.name, b.run.name, metric=metric)


def _comparison_there(location: str, a: Stamp, b: Stamp, metric: str) -> Comparison:
    return _comparison(_seen_there(location, a.run_id), _seen_there(location, b.run_id), metric)


@remembered(16)
def pairs_of(a: RunView, variant_a: int, b: RunView, variant_b: int, metric: str) -> Pairs:
    """Return one metric of two variants over the pictures that both have it of."""
    return a.store.paired(a.run.id, variant_a, b.run.id, variant_b, metric)


@remembered(64)
def compared(pairs: Itself[Pairs], score: Score, *, a: str, b: str, task: str) -> ComparisonRow:
    """Return how one score of b differs from that of a."""
    return compare_pairs(pairs.value, score, a=a, b=b, task=task)


@remembered(64)
def largest_disagreements(held: Itself[Pairs], most: int) -> Pairs:
    """Return the pairs that differ most, the largest difference first; those without a finite one are left out."""
    pairs = held.value
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
