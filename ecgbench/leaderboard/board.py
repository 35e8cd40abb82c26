"""Leaderboards: the methods of a task on one run, the best first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ecgbench.core.metric import COST_SCORES, Metric, Score
from ecgbench.core.outcome import Status, Variant
from ecgbench.leaderboard.labels import labels
from ecgbench.leaderboard.ranks import pareto_front, shared_ranks
from ecgbench.leaderboard.refresh import refresh_summaries
from ecgbench.store import FAILURES, Run, Store, StoredSummary, StoreError, Sums

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


@dataclass(frozen=True, kw_only=True)
class BoardScore(Sums):
    """One score of one method."""

    score: Score

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers JSON-safe."""
        return {"unit": self.score.unit, "direction": self.score.direction} | self.numbers()


@dataclass(frozen=True)
class BoardRow:
    """One method: its rank, how its outcomes ended, its scores by name, and the medians over cases of its time and memory.

    `rank` is from 1 and may be shared (see `leaderboard`). `on_front`: no other method is both quicker and better, None where the score
    that ranks is no judgment or where either is not known.
    """

    rank: int
    on_front: bool | None
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
            "on_front": self.on_front,
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
    store: Store,
    run: Run,
    *,
    task: str | None = None,
    metric: str | None = None,
    metrics: Iterable[Metric] = (),
    refresh: bool = True,
    counts: Mapping[int, Mapping[Status, int]] | None = None,
) -> list[Leaderboard]:
    """Rank the methods of each task (or of `task`) of a run, by the task's primary score or by `metric`.

    A method's place is that of its `ranked` mean, in which each failure counts as the worst value (see `refresh_summaries`): the
    plain mean and the number of failures stand beside it. Rows stand in the order of it, then of failures, then of time. Methods share
    a rank where nothing tells them apart: a method has the rank of the first one whose 95 % interval overlaps with its own, or whose
    value is the same, and else its place in the order. Overlap is a careful rule, since it looks at each method alone: `compare` looks
    at both on the same pages, and may tell apart what shares a rank here. Summaries are refreshed before, for which `metrics` are the
    installed ones; without `refresh` the board is that of the last time, and quick however much was written since. `counts`: what
    `store.variant_counts` gave, for who ranks the same run by several scores.
    StoreError lists what there is where task or metric is unknown.
    """
    if refresh:
        refresh_summaries(store, run, metrics=metrics)
    variants = store.variants(run.id)
    tasks = [name for name in dict.fromkeys(variant.task for variant in variants.values()) if task in (None, name)]
    if not tasks:
        known = ", ".join(sorted({variant.task for variant in variants.values()})) or "no outcome yet"
        raise StoreError(f"The run {run.name!r} has nothing of the task {task!r}; it has {known}." if task else _empty(run))
    reader = _Reader(store, run, variants, counts)
    boards = [board for name in tasks if (board := reader.board(name, metric)) is not None]
    if not boards:
        known = ", ".join(sorted({summary.metric for summary in reader.summaries}))
        raise StoreError(f"The run {run.name!r} has no score {metric!r}; it has {known or 'none yet'}.")
    return boards


def _empty(run: Run) -> str:
    return f"The run {run.name!r} has no outcome yet; go on with it by `ecgbench run --name {run.name} --resume`."


class _Reader:
    """Reads the leaderboards of a run from its summaries."""

    def __init__(
        self, store: Store, run: Run, variants: Mapping[int, Variant], counts: Mapping[int, Mapping[Status, int]] | None
    ) -> None:
        self.summaries = store.summaries(run.id)
        self._variants = variants
        self._labels = labels(variants)
        self._declared = store.scores()
        self._counts = store.variant_counts(run.id) if counts is None else counts

    def board(self, task: str, metric: str | None) -> Leaderboard | None:
        """Return the leaderboard of a task; None where it has no such metric."""
        scores = {number: self._scores(number) for number, variant in self._variants.items() if variant.task == task}
        known = {name: score for by_name in scores.values() for name, score in by_name.items() if score.mean is not None}
        if metric is not None and all(metric not in by_name for by_name in scores.values()):
            return None
        ranked_by = self._declared.get(metric or _primary(task, known, self._declared), _TIME_SCORE)
        order = sorted(scores, key=lambda number: self._place(number, scores[number], ranked_by))
        ranks = shared_ranks([scores[number].get(ranked_by.name) for number in order])
        front = _front(scores, ranked_by)
        rows = [self._row(rank, front.get(number), number, scores[number]) for rank, number in zip(ranks, order, strict=True)]
        return Leaderboard(task, ranked_by, tuple(rows))

    def _scores(self, variant_id: int) -> dict[str, BoardScore]:
        own = [summary for summary in self.summaries if summary.variant_id == variant_id]
        return {summary.metric: self._score(summary) for summary in own}

    def _score(self, found: StoredSummary) -> BoardScore:
        return BoardScore(score=self._declared[found.metric], **found.numbers())

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

    def _row(self, rank: int, on_front: bool | None, variant_id: int, scores: Mapping[str, BoardScore]) -> BoardRow:
        return BoardRow(
            rank=rank,
            on_front=on_front,
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
    """Return what a task is ranked by, of the scores that any of its methods has a number of."""
    judged = [name for name, score in declared.items() if name in known and name not in COSTS and score.direction != "none"]
    return next((name for name in (*PRIMARY.get(task, ()), *judged) if name in judged), TIME)


def _ranked(score: BoardScore | None) -> float | None:
    """Return the number to rank by; a score without direction has only its mean."""
    if score is None:
        return None
    return score.mean if score.score.direction == "none" else score.ranked


def _front(scores: Mapping[int, Mapping[str, BoardScore]], ranked_by: Score) -> dict[int, bool]:
    """Return of each method that has a time and a judged score whether it is on the Pareto front of both."""
    if ranked_by.name in COSTS or ranked_by.direction == "none":
        return {}
    marks = {
        number: (own[TIME].median, own[ranked_by.name].ranked)
        for number, own in scores.items()
        if {TIME, ranked_by.name} <= own.keys()
    }
    known = {number: (time, score) for number, (time, score) in marks.items() if time is not None and score is not None}
    front = {[*known][place] for place in pareto_front([*known.values()], higher_is_better=ranked_by.direction == "higher")}
    return {number: number in front for number in known}
