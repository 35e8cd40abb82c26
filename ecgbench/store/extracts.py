"""Reads of a large run only what is asked for: the most extreme values, what is known of cases, how failures group."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sqlalchemy import Column, ColumnElement, Connection, case, func, literal_column, select

from ecgbench.core.outcome import Status
from ecgbench.store.columns import column_of
from ecgbench.store.records import Facts, FailedCell, FailureKind, Numbers
from ecgbench.store.schema import NOT_DONE, cases, outcomes, scores
from ecgbench.store.text import from_text, to_text

FACTS = ("type", "layout", "grid_color", "dpi", "severity")
SHORTEST_NAME = 3  # letters; a picture called "a" would blot out every a of a message
FAILED = [str(status) for status in (Status.FAILED, Status.TIMED_OUT, Status.CRASHED)]


def read_extremes(connection: Connection, run_id: int, variant_id: int, metric: str, *, highest: bool, limit: int) -> Numbers:
    """Read the highest or lowest finite values of one metric of one variant, the most extreme first."""
    order = scores.c.value.desc() if highest else scores.c.value
    wanted = (
        select(scores.c.case_id, scores.c.value)
        .where(scores.c.column_id == column_of(run_id, variant_id, metric))
        .where(scores.c.value.is_not(None), func.abs(scores.c.value) < float("inf"))
        .order_by(order, scores.c.case_id)
        .limit(limit)
    )
    rows = connection.execute(wanted).all()
    return Numbers(np.array([row.case_id for row in rows], np.int64), np.array([row.value for row in rows], np.float64))


def read_facts(connection: Connection, by: str, first: int, last: int) -> Facts:
    """Read one of FACTS of the cases `first` to `last`."""
    if by not in FACTS:
        raise ValueError(f"{by!r} is none of {', '.join(FACTS)}")
    fact: Column[Any] = cases.c[by]
    wanted = select(cases.c.id, cases.c.unit, fact).where(cases.c.id >= first, cases.c.id <= last).order_by(cases.c.id)
    rows = connection.execute(wanted).all()
    known = tuple(sorted({row[2] for row in rows if row[2] is not None}))
    code: dict[Any, int] = {None: -1} | {value: place for place, value in enumerate(known)}
    return Facts(
        _integers(row[0] for row in rows), _integers(row[1] for row in rows), _integers(code[row[2]] for row in rows), known
    )


def _integers(numbers: Iterable[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.fromiter(numbers, np.int64)


def failure_kinds(connection: Connection, run_id: int, limit: int | None) -> list[FailureKind]:
    """Count the failures of each variant of a run by how they ended and by their message without names of pictures."""
    wanted = (
        select(outcomes.c.variant_id, outcomes.c.status, nameless, func.count(), func.min(outcomes.c.case_id))
        .join(cases, cases.c.id == outcomes.c.case_id)
        .where(*_failed(run_id))
        .group_by(outcomes.c.variant_id, outcomes.c.status, nameless)
        .order_by(func.count().desc(), outcomes.c.variant_id, func.min(outcomes.c.case_id))
        .limit(limit)
    )
    rows = connection.execute(wanted)
    return [FailureKind(number, Status(status), from_text(said), n, case_id) for number, status, said, n, case_id in rows]


def failures_alike(connection: Connection, run_id: int, status: Status, message: str | None, limit: int) -> list[FailedCell]:
    """Find the failures of a run that ended so, with that message without names of pictures."""
    alike = nameless.is_(None) if message is None else nameless == to_text(message)
    wanted = (
        select(outcomes.c.variant_id, outcomes.c.case_id, cases.c.name)
        .join(cases, cases.c.id == outcomes.c.case_id)
        .where(*_failed(run_id), outcomes.c.status == status.value, alike)
        .order_by(outcomes.c.variant_id, outcomes.c.case_id)
        .limit(limit)
    )
    return [FailedCell(variant_id, case_id, from_text(name) or "") for variant_id, case_id, name in connection.execute(wanted)]


def _failed(run_id: int) -> list[ColumnElement[bool]]:
    # Said as the index of failures says it, or no database would see that it serves.
    return [outcomes.c.run_id == run_id, literal_column(f"outcomes.{NOT_DONE.text}"), outcomes.c.status.in_(FAILED)]


def _without(message: ColumnElement[str], name: ColumnElement[str]) -> ColumnElement[str]:
    return case((func.length(name) >= SHORTEST_NAME, func.replace(message, name, "…")), else_=message)


nameless = _without(_without(outcomes.c.error, cases.c.source), cases.c.name)  # a path holds the name
