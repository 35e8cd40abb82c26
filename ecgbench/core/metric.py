"""Metrics: how a result is held against the truth of one case, and how cases add up over a set."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ecgbench.core.page import Page
from ecgbench.core.pickling import by_name_or_value
from ecgbench.core.source import hash_of_texts, source_hash
from ecgbench.core.truth import Truth

Direction = Literal["higher", "lower", "none"]
Limits: TypeAlias = tuple[float | None, float | None]
"""The least and the most that a score can be, None where it has no end."""
Rows = Sequence[Mapping[str, float]]
ScoreFunction = Callable[[Page, Any, Truth], Mapping[str, float]]

NO_LIMITS: Limits = (None, None)
NOT_NEGATIVE: Limits = (0.0, None)
SHARE: Limits = (0.0, 1.0)
PERCENT: Limits = (0.0, 100.0)


class MetricError(ValueError):
    """A metric that is not well declared; the message names it."""


@dataclass(frozen=True)
class Score:
    """One named number that a metric gives: its unit, which direction is better, a sentence, how cases add up, and what it can be.

    `direction` is "higher", "lower", or "none" for numbers that describe without judging. `combine` takes the rows of a set
    (name -> value, one mapping a case) and returns one float; None is the mean of the rows that have the name. `limits`: the least
    and the most that the number can be (of what a combine returns, where there is one), at which intervals of few records end.
    """

    name: str
    unit: str
    direction: Direction
    doc: str
    combine: Callable[[Rows], float] | None = None
    limits: Limits = NO_LIMITS

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise MetricError(f"{self.name!r} is not a score name; use small letters, digits and underscores.")
        if self.direction not in ("higher", "lower", "none") or not self.unit or not self.doc:
            raise MetricError(f"The score {self.name} needs a unit, a sentence, and a direction: higher, lower or none.")
        least, most = self.limits
        if least is not None and most is not None and not least < most:
            raise MetricError(f"The score {self.name} has the limits {least:g} and {most:g}; the first is the lower one.")


@dataclass(frozen=True)
class Metric:
    """`score(page, result, truth)` of one case in the worker; `scores` declares each name it may give.

    It gives only the names whose truth is known, and none (an empty mapping) where nothing is.
    """

    name: str
    task: str
    scores: tuple[Score, ...]
    score: ScoreFunction
    doc: str
    version: str = field(default="")

    def __post_init__(self) -> None:
        if not self.scores or not self.doc:
            raise MetricError(f"The metric {self.name} needs a docstring and at least one declared Score.")
        if not self.version:
            object.__setattr__(self, "version", source_hash(self.score))

    def __reduce__(self) -> tuple[Any, ...]:
        return by_name_or_value(self, self.score, Metric, self._parts)

    def _parts(self) -> tuple[Any, ...]:
        return self.name, self.task, self.scores, self.score, self.doc, self.version


def metric(name: str, *, task: str, scores: Sequence[Score]) -> Callable[[ScoreFunction], Metric]:
    """Make a Metric of a function `(page, result, truth) -> {name: float}`; its docstring gives formula and source."""

    def decorate(function: ScoreFunction) -> Metric:
        return Metric(name, task, tuple(scores), function, inspect.getdoc(function) or "")

    return decorate


def metrics_hash(metrics: Iterable[Metric]) -> str:
    """Return the hash of the names and versions of metrics: another one says that a result would be judged in another way."""
    return hash_of_texts(sorted(f"{metric.name} {metric.version}" for metric in metrics))


# Measured by the runner for every method, whatever its task; the same names in every door.
COST_SCORES = (
    Score(
        "wall_median_s", "s", "lower", "median wall time of the method over its repeats, conversions apart", limits=NOT_NEGATIVE
    ),
    Score("wall_min_s", "s", "lower", "shortest wall time of the method over its repeats", limits=NOT_NEGATIVE),
    Score("wall_iqr_s", "s", "lower", "interquartile range of the method's wall time over its repeats", limits=NOT_NEGATIVE),
    Score("cpu_median_s", "s", "lower", "median processor time of the method over its repeats", limits=NOT_NEGATIVE),
    Score(
        "peak_memory_mb", "MB", "lower", "memory that the call added at its peak, where the kernel tells it", limits=NOT_NEGATIVE
    ),
)
