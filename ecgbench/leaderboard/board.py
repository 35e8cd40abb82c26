"""Leaderboards: the methods of a task on one run, the best first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ecgbench.core.metric import COST_SCORES, Metric, Score
from ecgbench.core.outcome import Status, Variant
from ecgbench.leaderboard.labels import labels
from ecgbench.leaderboard.refresh import refresh_summaries
from ecgbench.store import FAILURES, Run, Store, StoredSummary, StoreError

# What a task is ranked by, the first that any of its methods has; else its first judged score, and where no truth is, time.
PRIMARY = {
    "edges": ("content_box_iou",),
    "color": ("trace_f1_1px", "trace_dice"),
    "grid": ("px_per_mm_error_pct",),
    "quality": ("verdict_right",),
    "digitize": ("kaggle_snr_db",),
}
TIME, MEMORY = "wall_median_s", "peak_memory_mb"
COSTS = frozenset(score.name for score in COST_SCORES)


@dataclass(frozen=True)
class BoardScore:
    """One score of one method: `n` cases of `records` records have it, `failures` more should (see `refresh_summaries`).

    `mean` (with its 95 % interval `low` to `high`) and `median` are of the n cases; `ranked` is the mean with failures counted as worst.
    """

    score: Score
    n: int
    records: int
    failures: int
    mean: float | None
    median: float | None
    low: float | None
    high: float | None
    ranked: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers JSON-safe."""
        names = ("n", "records", "failures", "mean", "median", "low", "high", "ranked")
        return {"unit": self.score.unit, "direction": self.score.direction} | {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class BoardRow:
    """One method: its rank from 1, how its outcomes ended, its scores by name, and the medians over cases of its time and memory."""

    rank: int
    label: str
    variant: Variant
    variant_id: int
    counts: Mapping[Status, int]
    scores: Mapping[str, BoardScore]
    wall_median_s: float | None
    peak_memory_mb: float | None

    @property
    def n(self) -> int:
        """The number of its outcomes, however they ended."""
        return sum(self.counts.values())

    @property
    def failures(self) -> dict[Status, int]:
        """How many outcomes failed, overran or crashed."""
        return {status: self.counts[status] for status in FAILURES if self.counts.get(status)}

    def to_dict(self) -> dict[str, Any]:
        """Return the row JSON-safe."""
        return {
            "rank": self.rank,
            "label": self.label,
            "method": self.variant.method,
            "params": dict(self.variant.params),
            "version": self.variant.version,
            "n": self.n,
            "failures": {str(status): count for status, count in self.failures.items()},
            "scores": {name: score.to_dict() for name, score in self.scores.items()},
            TIME: self.wall_median_s,
            MEMORY: self.peak_memory_mb,
        }


@dataclass(frozen=True)
class Leaderboard:
    """The methods of one task on one run, ranked by `ranked_by`, the best first."""

    task: str
    ranked_by: Score
    rows: tuple[BoardRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the leaderboard JSON-safe."""
        ranked_by = {"name": self.ranked_by.name, "unit": self.ranked_by.unit, "direction": self.ranked_by.direction}
        return {"task": self.task, "ranked_by": ranked_by, "rows": [row.to_dict() for row in self.rows]}


def leaderboard(
    store: Store, run: Run, *, task: str | None = None, metric: str | None = None, metrics: Iterable[Metric] = ()
) -> list[Leaderboard]:
    """Rank the methods of each task (or of `task`) of a run, by the task's primary score or by `metric`.

    A method's place is that of its `ranked` mean, in which each failure counts as the worst value (see `refresh_summaries`): the
    plain mean and the number of failures stand beside it. Ties go to fewer failures, then to the quicker one. Summaries are
    refreshed before, for which `metrics` are the installed ones. StoreError lists what there is where task or metric is unknown.
    """
    refresh_summaries(store, run, metrics=metrics)
    variants = store.variants(run.id)
    tasks = [name for name in dict.fromkeys(variant.task for variant in variants.values()) if task in (None, name)]
    if not tasks:
        known = ", ".join(sorted({variant.task for variant in variants.values()})) or "no outcome yet"
        raise StoreError(f"The run {run.name!r} has nothing of the task {task!r}; it has {known}." if task else _empty(run))
    reader = _Reader(store, run, variants)
    boards = [board for name in tasks if (board := reader.board(name, metric)) is not None]
    if not boards:
        known = ", ".join(sorted({summary.metric for summary in reader.summaries}))
        raise StoreError(f"The run {run.name!r} has no score {metric!r}; it has {known or 'none yet'}.")
    return boards


def _empty(run: Run) -> str:
    return f"The run {run.name!r} has no outcome yet; go on with it by `ecgbench run --name {run.name} --resume`."


class _Reader:
    """Reads the leaderboards of a run from its summaries."""

    def __init__(self, store: Store, run: Run, variants: Mapping[int, Variant]) -> None:
        self.summaries = store.summaries(run.id)
        self._variants = variants
        self._labels = labels(variants)
        self._declared = store.scores()
        self._counts = store.variant_counts(run.id)

    def board(self, task: str, metric: str | None) -> Leaderboard | None:
        """Return the leaderboard of a task; None where it has no such metric."""
        scores = {number: self._scores(number) for number, variant in self._variants.items() if variant.task == task}
        known = {name for by_name in scores.values() for name in by_name}
        if metric is not None and metric not in known:
            return None
        ranked_by = self._declared.get(metric or _primary(task, known, self._declared), _TIME_SCORE)
        order = sorted(scores, key=lambda number: self._place(number, scores[number], ranked_by))
        rows = [self._row(rank, number, scores[number]) for rank, number in enumerate(order, 1)]
        return Leaderboard(task, ranked_by, tuple(rows))

    def _scores(self, variant_id: int) -> dict[str, BoardScore]:
        own = [summary for summary in self.summaries if summary.variant_id == variant_id]
        return {summary.metric: self._score(summary) for summary in own}

    def _score(self, found: StoredSummary) -> BoardScore:
        numbers = (found.n, found.records, found.failures, found.mean, found.median, found.low, found.high, found.ranked)
        return BoardScore(self._declared[found.metric], *numbers)

    def _place(self, variant_id: int, scores: Mapping[str, BoardScore], ranked_by: Score) -> tuple[float, int, float, str]:
        sign = -1.0 if ranked_by.direction == "higher" else 1.0
        counts = self._counts.get(variant_id, {})
        time = scores[TIME].ranked if TIME in scores else None
        value = _ranked(scores.get(ranked_by.name))
        return (
            math.inf if value is None else sign * value,
            sum(counts.get(status, 0) for status in FAILURES),
            math.inf if time is None else time,
            self._labels[variant_id],
        )

    def _row(self, rank: int, variant_id: int, scores: Mapping[str, BoardScore]) -> BoardRow:
        return BoardRow(
            rank=rank,
            label=self._labels[variant_id],
            variant=self._variants[variant_id],
            variant_id=variant_id,
            counts=self._counts.get(variant_id, {}),
            scores=scores,
            wall_median_s=scores[TIME].median if TIME in scores else None,
            peak_memory_mb=scores[MEMORY].median if MEMORY in scores else None,
        )


_TIME_SCORE = next(score for score in COST_SCORES if score.name == TIME)


def _primary(task: str, known: Iterable[str], declared: Mapping[str, Score]) -> str:
    """Return what a task is ranked by, of the scores that its methods have."""
    judged = [name for name, score in declared.items() if name in known and name not in COSTS and score.direction != "none"]
    return next((name for name in (*PRIMARY.get(task, ()), *judged) if name in judged), TIME)


def _ranked(score: BoardScore | None) -> float | None:
    """Return the number to rank by; a score without direction has only its mean."""
    if score is None:
        return None
    return score.mean if score.score.direction == "none" else score.ranked
