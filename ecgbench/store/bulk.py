"""Statements that write many rows: rows go to the driver as tuples, which costs a tenth of what SQLAlchemy makes of them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Table
from sqlalchemy.sql import ClauseElement

ROWS_AT_ONCE = 64  # in one statement; of 13 columns they stay within the 999 placeholders that any SQLite takes
IN_PLACEHOLDERS = 500  # values in one IN (...); every database takes as many


def upsert(table: Table, dialect: Dialect, *, keys: Sequence[str], replace: Sequence[str] = (), add: Sequence[str] = ()) -> Any:
    """Return an insert of a row that, where its `keys` are there already, changes that row instead.

    It sets the columns in `replace` to the new row's, and adds the new row's to those in `add`.
    """
    statement: Any = import_module(f"sqlalchemy.dialects.{dialect.name}").insert(
        table
    )  # only the one that is used: each takes a while
    changes = {name: statement.excluded[name] for name in replace} | {
        name: table.c[name] + statement.excluded[name] for name in add
    }
    return statement.on_conflict_do_update(index_elements=list(keys), set_=changes)


def driver_sql(statement: ClauseElement, dialect: Dialect) -> str:
    """Return a statement as the driver takes it with rows as tuples, in the order of the table's columns."""
    by_position: Any = type(dialect)
    return str(statement.compile(dialect=by_position(paramstyle="qmark" if dialect.paramstyle == "qmark" else "format")))


class BulkInsert:
    """Inserts rows, given as tuples in the order of the table's columns (but a number that the database gives).

    Rows whose `keys` are there already are left out; without `keys` there must be none.
    """

    def __init__(self, table: Table, dialect: Dialect, *, keys: Sequence[str] = ()) -> None:
        columns = [column for column in table.columns if column is not table.autoincrement_column]
        head = f"INSERT INTO {table.name} ({', '.join(column.name for column in columns)})"
        tail = f" ON CONFLICT ({', '.join(keys)}) DO NOTHING" if keys else ""
        self._arrays = dialect.name == "postgresql"
        if self._arrays:
            self._one = self._many = f"{head} {_rows_of_arrays(table, columns, keys, dialect)}{tail}"
            return
        row = f"({', '.join('?' * len(columns))})"
        self._one = f"{head} VALUES {row}{tail}"
        self._many = f"{head} VALUES {', '.join([row] * ROWS_AT_ONCE)}{tail}"

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Insert the rows and return how many were new."""
        if not rows:
            return 0
        if self._arrays:
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            return connection.exec_driver_sql(self._many, columns).rowcount
        whole = len(rows) - len(rows) % ROWS_AT_ONCE
        packs = [tuple(chain.from_iterable(rows[start : start + ROWS_AT_ONCE])) for start in range(0, whole, ROWS_AT_ONCE)]
        added = connection.exec_driver_sql(self._many, packs).rowcount if packs else 0
        return added + (connection.exec_driver_sql(self._one, list(rows[whole:])).rowcount if rows[whole:] else 0)


def _rows_of_arrays(table: Table, columns: Sequence[Column[Any]], keys: Sequence[str], dialect: Dialect) -> str:
    """Select rows of one array a column, as PostgreSQL takes them fastest: a batch is one message of a few values."""
    arrays = ", ".join(f"%s::{column.type.compile(dialect=dialect)}[]" for column in columns)
    rows = f"SELECT * FROM unnest({arrays}) AS fresh ({', '.join(column.name for column in columns)})"  # noqa: S608 - our own names
    if table.autoincrement_column is None:
        return rows
    there = " AND ".join(f"{table.name}.{key} = fresh.{key}" for key in keys)
    # A row that conflicts would use up a number, and those are not endless.
    return f"{rows} WHERE NOT EXISTS (SELECT 1 FROM {table.name} WHERE {there})"  # noqa: S608 - our own names
