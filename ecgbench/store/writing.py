"""Keeps outcomes: a batch is one transaction, and a second outcome of a cell takes the first one's place."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Delete, Dialect, Insert, Table, bindparam, case, delete, insert, literal, select

from ecgbench.core.outcome import Outcome, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store.bulk import BulkInsert, driver_sql, upsert
from ecgbench.store.columns import columns_of
from ecgbench.store.ids import Ids, chunks
from ecgbench.store.schema import SECONDS_BYTES, outcomes, run_variants, scores
from ecgbench.store.text import to_text

Cell = tuple[int, int]  # numbers of variant and case
ONE_REPEAT = struct.Struct("<d").pack


class OutcomeWriter:
    """Writes batches of outcomes; values go to the driver by column, which is what makes it fast."""

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
        rows = _outcome_columns(run_id, cells)
        self._drop(connection, run_id, [(variant, old) for variant, case in cells for old in self._ids.stale(case)])
        if self._add_outcomes(connection, rows) != len(cells):
            self._drop(connection, run_id, cells)
            self._add_outcomes(connection, rows)
        self._add_scores(connection, self._score_columns(connection, run_id, cells))
        written = Counter(variant for variant, _ in cells)
        connection.exec_driver_sql(self._count, [(run_id, variant, count) for variant, count in written.items()])

    def copy(self, connection: Connection, run_id: int, source_run: int, variant: Variant, infos: Sequence[CaseInfo]) -> None:
        """Give a run what another one has of some cases of a variant, inside a transaction of the caller's."""
        number = self._ids.variant(connection, variant)
        case_numbers = self._ids.cases(connection, infos)
        self._drop(connection, run_id, [(number, each) for case in case_numbers for each in (case, *self._ids.stale(case))])
        columns = {
            theirs: self._ids.column(connection, run_id, number, metric)
            for theirs, metric in columns_of(connection, source_run, number).items()
        }
        copied = 0
        for chunk in chunks(case_numbers):
            theirs = outcomes.c.run_id == source_run, outcomes.c.variant_id == number, outcomes.c.case_id.in_(chunk)
            copied += connection.execute(_copy(outcomes, "run_id", literal(run_id), *theirs)).rowcount
            if columns:  # naming each lets the key of the table find each row
                ours = case(columns, value=scores.c.column_id)
                chosen = scores.c.column_id.in_(list(columns)), scores.c.case_id.in_(chunk)
                connection.execute(_copy(scores, "column_id", ours, *chosen))
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

    def _score_columns(self, connection: Connection, run_id: int, cells: Mapping[Cell, Outcome]) -> tuple[list[Any], ...]:
        """Return every score by column of the table, in the order of its key: pages that lie together are written together."""
        found: dict[int, tuple[list[int], list[float]]] = {}
        for variant, group in groupby(cells.items(), key=lambda item: item[0][0]):
            done = [(case, outcome.scores) for (_, case), outcome in group if outcome.ok]
            task = cells[variant, done[0][0]].variant.task if done else ""
            for name, column in _by_name(done):
                number = self._ids.column(connection, run_id, variant, self._ids.metric(connection, name, task))
                found[number] = column
        numbers: list[int] = []
        cases: list[int] = []
        values: list[float] = []
        for number in sorted(found):
            numbers += [number] * len(found[number][0])
            cases += found[number][0]
            values += found[number][1]
        return numbers, cases, values

    def _drop(self, connection: Connection, run_id: int, cells: Collection[Cell]) -> None:
        """Remove what the store holds of these cells, if anything."""
        keys = [(run_id, variant, case) for variant, case in cells]
        if keys and connection.exec_driver_sql(self._drop_outcome, keys).rowcount:
            columns = {variant: columns_of(connection, run_id, variant) for variant in {variant for variant, _ in cells}}
            of_each = [(column, case) for variant, case in cells for column in columns[variant]]
            if of_each:
                connection.exec_driver_sql(self._drop_score, of_each)


def _by_name(done: Sequence[tuple[int, Mapping[str, float]]]) -> Iterator[tuple[str, tuple[list[int], list[float]]]]:
    """Yield each score's name with the cases that have it, and their values."""
    names = list(dict.fromkeys(chain.from_iterable(given for _, given in done)))
    if all(list(given) == names for _, given in done):  # as nearly always: then no value is looked up by its name
        cases = [case for case, _ in done]
        for name, values in zip(names, zip(*(given.values() for _, given in done), strict=True), strict=True):
            yield name, (cases, list(map(float, values)))
        return
    for name in names:
        having = [(case, given[name]) for case, given in done if name in given]
        yield name, ([case for case, _ in having], [float(value) for _, value in having])


def _copy(table: Table, key: str, ours: ColumnElement[Any], *chosen: ColumnElement[bool]) -> Insert:
    """Return an insert of chosen rows of a table once more, with another value of `key`."""
    others = [column for column in table.columns if column.name != key]
    rows = select(ours, *others).where(*chosen)
    return insert(table).from_select([key, *(column.name for column in others)], rows)


def _delete_by_key(table: Table) -> Delete:
    """Return a delete of one row, its key given in the order of the table's columns."""
    return delete(table).where(*(column == bindparam(column.name) for column in table.primary_key))


def _outcome_columns(run_id: int, cells: Mapping[Cell, Outcome]) -> tuple[list[Any], ...]:
    """Return outcomes by column of the table."""
    given = cells.values()
    return (
        [run_id] * len(cells),
        [variant for variant, _ in cells],
        [case for _, case in cells],
        [str(outcome.status) for outcome in given],
        [_pack(outcome.seconds) for outcome in given],
        [_pack(outcome.cpu_seconds) for outcome in given],
        [outcome.convert_seconds for outcome in given],
        [outcome.load_seconds for outcome in given],
        [outcome.peak_memory_bytes for outcome in given],
        [outcome.disturbed for outcome in given],
        [outcome.metrics_hash for outcome in given],
        [to_text(outcome.error) for outcome in given],
        [to_text(outcome.traceback) for outcome in given],
    )


def _pack(seconds: Sequence[float]) -> bytes:
    return ONE_REPEAT(*seconds) if len(seconds) == 1 else struct.pack(f"<{len(seconds)}d", *seconds)


def unpack(packed: bytes) -> tuple[float, ...]:
    """Return the seconds of each repeat."""
    return struct.unpack(f"<{len(packed) // SECONDS_BYTES}d", packed)
