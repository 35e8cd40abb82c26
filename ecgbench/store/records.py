"""What a store gives back besides outcomes: runs, columns of numbers, summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ecgbench.core.outcome import Environment, Status

RunState = Literal["running", "finished", "interrupted"]
Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
RESUMED_IN = "resumed_in"  # the fact of an environment that says where else a run was measured
FAILED = "failed"  # a metric that every variant has, made of its outcomes' status
CellKey = tuple[str, str]  # what tells the cells of one case apart: Variant.key, Outcome.metrics_hash
FileState = tuple[str, int, int]  # path, size in bytes, time of last change in ns


@dataclass(frozen=True)
class Run:
    """All outcomes of one plan, with the environment they were measured in.

    `state`: "running" (also where its process was killed), "finished" or "interrupted". Times are in UTC.
    """

    id: int
    name: str
    started_at: datetime
    finished_at: datetime | None
    state: RunState
    plan: Mapping[str, Any]
    environment: Environment

    def to_dict(self) -> dict[str, Any]:
        """Return the run JSON-safe."""
        return {
            "name": self.name,
            "started_at": self.started_at.isoformat(),
            "finished_at": self.finished_at and self.finished_at.isoformat(),
            "state": self.state,
            "plan": dict(self.plan),
            "environment": dict(self.environment.facts),
        }


@dataclass(frozen=True)
class WorkerNow:
    """What a worker does: its method (None while it opens a picture) and picture, both None where it waits; for how many seconds already."""

    method: str | None = None
    case: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Arrival:
    """An outcome as a watcher sees it arrive: method with its params, picture, how it ended, median seconds of a call, its error."""

    method: str
    case: str
    status: str
    seconds: float | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Headway:
    """How a run gets on, as its process said at `updated_at` (UTC).

    `cells`: how many there are in all, None where nobody knows. `counts`: how many ended how, by `Status` value, since the process began,
    and how many were there already ("reused"). `workers`: what each does now, none where the executor cannot tell. `arrived`: the last
    outcomes, the newest first. `host`, `pid`: where its process is.
    """

    cells: int | None
    counts: Mapping[str, int]
    host: str
    pid: int
    updated_at: datetime
    workers: tuple[WorkerNow, ...] = field(default=())
    arrived: tuple[Arrival, ...] = field(default=())

    @property
    def finished(self) -> int:
        """Cells that are over, reused ones among them."""
        return sum(self.counts.values())


class Values(NamedTuple):
    """One metric of one variant, in the order of case ids.

    `cases`: (n,) int64 ids. `records`: (n,) int64, equal for cases of one record. `values`: (n,) float64, NaN where the metric gave it.
    """

    cases: Ids
    records: Ids
    values: Floats


class Numbers(NamedTuple):
    """One metric of one variant, in the order of case ids: `cases` (n,) int64 ids and `values` (n,) float64."""

    cases: Ids
    values: Floats


class Facts(NamedTuple):
    """What is known of n cases in one respect, in the order of case ids.

    `cases`: (n,) int64 ids. `records`: (n,) int64, equal for cases of one record. `codes`: (n,) int64, the place of what is known of the
    case in `known`, -1 where it is not known. `known`: the distinct values in order.
    """

    cases: Ids
    records: Ids
    codes: Ids
    known: tuple[str | float, ...]


class FailureKind(NamedTuple):
    """Outcomes of one variant that ended alike: how, their message without names of pictures, how many, and the first one's case."""

    variant_id: int
    status: Status
    message: str | None
    outcomes: int
    case_id: int


class FailedCell(NamedTuple):
    """An outcome that failed: the numbers of its variant and case, and the picture's name."""

    variant_id: int
    case_id: int
    name: str


class Pairs(NamedTuple):
    """One metric of two variants over the n cases that both have it of; `cases` are ids as in the first one's run."""

    cases: Ids
    records: Ids
    a: Floats
    b: Floats


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What one metric of one variant adds up to over a run.

    `n`: cases with a finite value, of `records` records. `failures`: cases that the variant was tried on and others of its task
    have a finite value of, but it has not. `mean` (with its 95 % interval `low` to `high`) and `median` are of the n cases. `ranked`
    (with its 95 % interval `ranked_low` to `ranked_high`) is the mean with failures counted as worst.
    """

    n: int
    records: int
    failures: int
    mean: float | None
    median: float | None
    low: float | None
    high: float | None
    ranked: float | None
    ranked_low: float | None
    ranked_high: float | None

    def numbers(self) -> dict[str, Any]:
        """Return the numbers by name, JSON-safe."""
        return {each.name: getattr(self, each.name) for each in fields(Sums)}


@dataclass(frozen=True, kw_only=True)
class StoredSummary(Sums):
    """One metric of one variant over a run, as it is kept; `written`: what `Store.written` said before it was computed."""

    variant_id: int
    metric: str
    written: int
