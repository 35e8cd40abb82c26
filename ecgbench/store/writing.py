"""Keeps outcomes: a batch is one transaction, and a second outcome of a cell takes the first one's place."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Delete, Dialect, Insert, Table, bindparam, delete, insert, literal, select

from ecgbench.core.outcome import Outcome, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store.bulk import BulkInsert, driver_sql, upsert
from ecgbench.store.ids import Ids, chunks
from ecgbench.store.schema import metrics, outcomes, run_variants, scores
from ecgbench.store.text import to_text

Cell = tuple[int, int]  # numbers of variant and case


class OutcomeWriter:
    """Writes batches of outcomes; rows go to the driver as tuples, which is what makes it fast."""

    def __init__(self, dialect: Dialect, ids: Ids) -> None:
        self._ids = ids
        self._add_outcomes = BulkInsert(outcomes, dialect, keys=outcomes.primary_key.columns.keys())
        self._add_scores = BulkInsert(scores, dialect)
        self._drop_outcome = driver_sql(_delete_by_key(outcomes), dialect)
        self._drop_score = driver_sql(_delete_by_key(scores), dialect)
        counting = upsert(run_variants, dialect, keys=run_variants.primary_key.columns.keys(), add=["written"])
        self._count = driver_sql(counting, dialect)

    def add(self, connection: Connection, run_id: int, batch: Sequence[Outcome]) -> None:
        """Write a batch inside a transaction of the caller's."""
        if not batch:
            return
        cells = self._cells(connection, batch)
        rows = [_outcome_row(run_id, cell, outcome) for cell, outcome in cells.items()]
        self._drop(connection, run_id, [(variant, old) for variant, case in cells for old in self._ids.stale(case)])
        if self._add_outcomes(connection, rows) != len(rows):
            self._drop(connection, run_id, cells)
            self._add_outcomes(connection, rows)
        self._add_scores(connection, self._score_rows(connection, run_id, cells))
        written = Counter(variant for variant, _ in cells)
        connection.exec_driver_sql(self._count, [(run_id, variant, count) for variant, count in written.items()])

    def copy(self, connection: Connection, run_id: int, source_run: int, variant: Variant, infos: Sequence[CaseInfo]) -> None:
        """Give a run what another one has of some cases of a variant, inside a transaction of the caller's."""
        number = self._ids.variant(connection, variant)
        case_numbers = self._ids.cases(connection, infos)
        self._drop(connection, run_id, [(number, each) for case in case_numbers for each in (case, *self._ids.stale(case))])
        known = connection.execute(select(metrics.c.id)).scalars().all()
        copied = 0
        for chunk in chunks(case_numbers):
            theirs = outcomes.c.run_id == source_run, outcomes.c.variant_id == number, outcomes.c.case_id.in_(chunk)
            copied += connection.execute(_copy(outcomes, run_id, *theirs)).rowcount
            theirs = scores.c.run_id == source_run, scores.c.variant_id == number, scores.c.case_id.in_(chunk)
            # Naming every metric lets the key of the table find each row.
            connection.execute(_copy(scores, run_id, *theirs, scores.c.metric_id.in_(known)))
        connection.exec_driver_sql(self._count, [(run_id, number, copied)])

    def _cells(self, connection: Connection, batch: Sequence[Outcome]) -> dict[Cell, Outcome]:
        """Return the batch by cell, in the order of the tables' keys; the last outcome of a cell counts."""
        cases = {
            id(outcome.case): outcome.case for outcome in batch
        }  # by object: outcomes of one case share it, and hashing is slow
        case_numbers = dict(zip(cases, self._ids.cases(connection, list(cases.values())), strict=True))
        variants = {id(outcome.variant): outcome.variant for outcome in batch}
        variant_numbers = {key: self._ids.variant(connection, variant) for key, variant in variants.items()}
        cells = {(variant_numbers[id(outcome.variant)], case_numbers[id(outcome.case)]): outcome for outcome in batch}
        return dict(sorted(cells.items(), key=itemgetter(0)))

    def _score_rows(self, connection: Connection, run_id: int, cells: Mapping[Cell, Outcome]) -> list[tuple[Any, ...]]:
        """Return the rows of every score, in the order of the table's key: pages that lie together are written together."""
        rows: list[tuple[Any, ...]] = []
        for variant, group in groupby(cells.items(), key=lambda item: item[0][0]):
            done = [(case, outcome.scores) for (_, case), outcome in group if outcome.ok]
            task = cells[variant, done[0][0]].variant.task if done else ""
            names = dict.fromkeys(name for _, scores in done for name in scores)
            for number, name in sorted((self._ids.metric(connection, name, task), name) for name in names):
                rows += [(run_id, variant, number, case, float(scores[name])) for case, scores in done if name in scores]
        return rows

    def _drop(self, connection: Connection, run_id: int, cells: Collection[Cell]) -> None:
        """Remove what the store holds of these cells, if anything."""
        keys = [(run_id, variant, case) for variant, case in cells]
        if keys and connection.exec_driver_sql(self._drop_outcome, keys).rowcount:
            known = connection.execute(select(metrics.c.id)).scalars().all()
            of_each = [(run_id, variant, metric, case) for _, variant, case in keys for metric in known]
            connection.exec_driver_sql(self._drop_score, of_each)


def _copy(table: Table, run_id: int, *chosen: ColumnElement[bool]) -> Insert:
    """Return an insert of chosen rows of another run as this one's."""
    others = [column for column in table.columns if column.name != "run_id"]
    rows = select(literal(run_id), *others).where(*chosen)
    return insert(table).from_select(["run_id", *(column.name for column in others)], rows)


def _delete_by_key(table: Table) -> Delete:
    """Return a delete of one row, its key given in the order of the table's columns."""
    return delete(table).where(*(column == bindparam(column.name) for column in table.primary_key))


def _outcome_row(run_id: int, cell: Cell, outcome: Outcome) -> tuple[Any, ...]:
    return (
        run_id,
        *cell,
        str(outcome.status),
        _pack(outcome.seconds),
        _pack(outcome.cpu_seconds),
        outcome.convert_seconds,
        outcome.load_seconds,
        outcome.peak_memory_bytes,
        outcome.disturbed,
        outcome.metrics_hash,
        to_text(outcome.error),
        to_text(outcome.traceback),
    )


def _pack(seconds: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(seconds)}d", *seconds)


def unpack(packed: bytes) -> tuple[float, ...]:
    """Return the seconds of each repeat."""
    return struct.unpack(f"<{len(packed) // 8}d", packed)
