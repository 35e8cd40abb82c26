"""Reads outcomes and columns of numbers back, a page or a column at a time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, cast

import numpy as np
from sqlalchemy import Column, ColumnElement, Connection, Row, Select, Table, and_, case, func, literal_column, select

from ecgbench.core.outcome import Outcome, Status, Variant
from ecgbench.store.columns import column_of, columns_of
from ecgbench.store.ids import chunks, read_case
from ecgbench.store.records import FAILED, Numbers, Pairs, Values
from ecgbench.store.schema import NOT_DONE, cases, metrics, outcomes, scores
from ecgbench.store.text import from_text
from ecgbench.store.writing import unpack

PAGE = 1_000  # outcomes read at a time

StructuredArray = np.ndarray[Any, np.dtype[Any]]
Given = dict[int, dict[str, float]]  # scores by case
Read = Callable[[Callable[[Connection], Any]], Any]  # gives a connection to what reads, and what that returns back


class OutcomeReader:
    """Streams the outcomes of one run; each page is a short transaction, so a slow reader holds up nobody."""

    def __init__(self, read: Read, run_id: int, variants: Mapping[int, Variant], status: Sequence[Status] | None) -> None:
        self._read = read
        self._run_id = run_id
        self._variants = variants
        self._names: dict[int, str] = read(
            lambda connection: {row.id: row.name for row in connection.execute(select(metrics.c.id, metrics.c.name))}
        )
        self._wanted = and_(outcomes.c.run_id == run_id, *_of_status(status))

    def read(self, limit: int | None, offset: int) -> Iterator[Outcome]:
        """Yield outcomes in the order of variants and cases, after leaving out `offset` of them."""
        left = limit
        for variant_id in self._variants:
            if left is not None and left <= 0:
                return
            if offset and (count := self._count(variant_id)) <= offset:
                offset -= count
                continue
            for outcome in itertools.islice(self._of_variant(variant_id, offset, left), left):
                left = left if left is None else left - 1
                yield outcome
            offset = 0

    def cell(self, variant_id: int, case_id: int) -> Outcome | None:
        """Return the outcome of one of the variants on one case; None where there is none."""
        wanted = self._joined().where(outcomes.c.variant_id == variant_id, outcomes.c.case_id == case_id)
        rows, given = self._read(partial(self._page, variant_id, wanted))
        return _read_outcome(rows[0], self._variants[variant_id], given.get(case_id, {})) if rows else None

    def _joined(self) -> Select[Any]:
        columns = [*outcomes.c, *(column for column in cases.c if column.name != "id")]
        return select(*columns).join(cases, cases.c.id == outcomes.c.case_id).where(self._wanted)

    def _count(self, variant_id: int) -> int:
        wanted = select(func.count()).select_from(outcomes).where(self._wanted, outcomes.c.variant_id == variant_id)
        return cast("int", self._read(lambda connection: connection.execute(wanted).scalar_one()))

    def _of_variant(self, variant_id: int, offset: int, limit: int | None) -> Iterator[Outcome]:
        after = -1
        size = PAGE if limit is None else min(limit, PAGE)
        page = self._joined().where(outcomes.c.variant_id == variant_id).order_by(outcomes.c.case_id).limit(size)
        while True:
            rows, given = self._read(partial(self._page, variant_id, page.where(outcomes.c.case_id > after).offset(offset)))
            yield from (_read_outcome(row, self._variants[variant_id], given.get(row.case_id, {})) for row in rows)
            if len(rows) < size:
                return
            after, offset = rows[-1].case_id, 0

    def _page(self, variant_id: int, page: Select[Any], connection: Connection) -> tuple[Sequence[Row[Any]], Given]:
        rows = connection.execute(page).all()
        return rows, self._scores(connection, variant_id, rows)

    def _scores(self, connection: Connection, variant_id: int, rows: Sequence[Row[Any]]) -> Given:
        done = [row.case_id for row in rows if row.status == Status.DONE]
        columns = columns_of(connection, self._run_id, variant_id)
        names = {number: self._names[metric] for number, metric in columns.items() if metric in self._names}
        of_column = scores.c.column_id.in_(list(names))  # naming every column lets the key of the table find each row
        found: Given = {}
        for ids in chunks(done):
            wanted = select(scores.c.case_id, scores.c.column_id, scores.c.value).where(of_column, scores.c.case_id.in_(ids))
            for case_id, number, value in connection.execute(wanted):
                found.setdefault(case_id, {})[names[number]] = float("nan") if value is None else value
        return found


def _of_status(status: Sequence[Status] | None) -> list[ColumnElement[bool]]:
    if status is None:
        return []
    named = outcomes.c.status.in_([str(each) for each in status])
    # Said as the index of failures says it, or no database would see that it serves.
    return [named] if Status.DONE in status else [literal_column(f"outcomes.{NOT_DONE.text}"), named]


def _read_outcome(row: Row[Any], variant: Variant, given: Mapping[str, float]) -> Outcome:
    return Outcome(
        variant=variant,
        case=read_case(row),
        status=Status(row.status),
        seconds=unpack(row.seconds),
        cpu_seconds=unpack(row.cpu_seconds),
        convert_seconds=row.convert_seconds,
        load_seconds=row.load_seconds,
        peak_memory_bytes=row.peak_memory_bytes,
        disturbed=bool(row.disturbed),
        metrics_hash=row.metrics_hash,
        scores=given,
        error=from_text(row.error),
        traceback=from_text(row.traceback),
    )


def read_values(connection: Connection, run_id: int, variant_id: int, metric: str) -> Values:
    """Read one metric of one variant with the record of each case, in the order of case ids."""
    found = _column(connection, (run_id, variant_id), metric, cases.c.unit)
    return Values(found["case_id"], found["unit"], found["value"])


def read_numbers(connection: Connection, run_id: int, variant_id: int, metric: str) -> Numbers:
    """Read one metric of one variant without records, which is twice as quick."""
    found = _column(connection, (run_id, variant_id), metric)
    return Numbers(found["case_id"], found["value"])


def read_pairs(connection: Connection, a: tuple[int, int], b: tuple[int, int], metric: str) -> Pairs:
    """Read one metric of two (run, variant) over the cases that both have it of.

    Within a run a case is its own pair; across runs it is the one of the same name and content.
    """
    one_run = a[0] == b[0]
    here = _column(connection, a, metric, cases.c.unit, *(() if one_run else (cases.c.identity,)))
    there = _column(connection, b, metric, *(() if one_run else (cases.c.identity,)))
    key = "case_id" if one_run else "identity"
    _, at_a, at_b = np.intersect1d(here[key], there[key], assume_unique=True, return_indices=True)
    order = np.argsort(at_a)
    here, there = here[at_a[order]], there[at_b[order]]
    return Pairs(here["case_id"], here["unit"], here["value"], there["value"])


def _column(connection: Connection, of: tuple[int, int], metric: str, *facts: Column[int]) -> StructuredArray:
    """Read numbers of case and metric of a (run, variant), and facts of the cases, straight from the driver; NULL becomes NaN."""
    table, value, chosen = _failed(of) if metric == FAILED else _score(of, metric)
    wanted = select(table.c.case_id, value, *facts).where(chosen)
    if facts:
        wanted = wanted.join(cases, cases.c.id == table.c.case_id)
    result = connection.execute(wanted.order_by(table.c.case_id))
    names = [("case_id", np.int64), ("value", np.float64), *((fact.name, np.int64) for fact in facts)]
    return np.fromiter(cast("Iterator[tuple[Any, ...]]", result.cursor), np.dtype(names))


def _score(of: tuple[int, int], metric: str) -> tuple[Table, ColumnElement[float], ColumnElement[bool]]:
    return scores, scores.c.value, scores.c.column_id == column_of(*of, metric)


def _failed(of: tuple[int, int]) -> tuple[Table, ColumnElement[float], ColumnElement[bool]]:
    failed = case((outcomes.c.status == Status.DONE.value, 0.0), else_=1.0)
    tried = and_(outcomes.c.run_id == of[0], outcomes.c.variant_id == of[1], outcomes.c.status != Status.SKIPPED.value)
    return outcomes, failed, tried
