"""Statements that write many rows: values go to the driver as they are, which costs a tenth of what SQLAlchemy makes of rows."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Table
from sqlalchemy.sql import ClauseElement

PLACEHOLDERS = 999  # in one statement; any SQLite takes as many
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
    """Inserts rows, given by column in the order of the table's (but a number that the database gives).

    Rows whose `keys` are there already are left out; without `keys` there must be none.
    """

    def __init__(self, table: Table, dialect: Dialect, *, keys: Sequence[str] = ()) -> None:
        columns = [column for column in table.columns if column is not table.autoincrement_column]
        head = f"INSERT INTO {table.name} ({', '.join(column.name for column in columns)})"
        tail = f" ON CONFLICT ({', '.join(keys)}) DO NOTHING" if keys else ""
        self._arrays = dialect.name == "postgresql"
        if self._arrays:
            self._many = f"{head} {_rows_of_arrays(table, columns, keys, dialect)}{tail}"
            return
        # Without OR FAIL, SQLite copies each page before it changes it, to take back a statement alone; we take back transactions.
        head = head.replace("INSERT", "INSERT OR FAIL", 1)
        row, most = f"({', '.join('?' * len(columns))})", PLACEHOLDERS // len(columns)
        self._by_size = {size: f"{head} VALUES {', '.join([row] * size)}{tail}" for size in (most, most // 8, 1) if size}

    def __call__(self, connection: Connection, columns: Sequence[Sequence[Any]]) -> int:
        """Insert rows, given as one sequence a column of the table, and return how many were new."""
        count, width = len(columns[0]), len(columns)
        if not count:
            return 0
        if self._arrays:
            return connection.exec_driver_sql(self._many, tuple(list(column) for column in columns)).rowcount
        values: list[Any] = [None] * (count * width)  # row after row, put there by column: no row is an object of its own
        for place, column in enumerate(columns):
            values[place::width] = column
        added = begin = 0
        for size, statement in self._by_size.items():
            end = count - (count - begin) % size
            packs = [tuple(values[start * width : (start + size) * width]) for start in range(begin, end, size)]
            if packs:
                added += connection.exec_driver_sql(statement, packs).rowcount
            begin = end
        return added


def _rows_of_arrays(table: Table, columns: Sequence[Column[Any]], keys: Sequence[str], dialect: Dialect) -> str:
    """Select rows of one array a column, as PostgreSQL takes them fastest: a batch is one message of a few values."""
    arrays = ", ".join(f"%s::{column.type.compile(dialect=dialect)}[]" for column in columns)
    rows = f"SELECT * FROM unnest({arrays}) AS fresh ({', '.join(column.name for column in columns)})"  # noqa: S608 - our own names
    if table.autoincrement_column is None:
        return rows
    there = " AND ".join(f"{table.name}.{key} = fresh.{key}" for key in keys)
    # A row that conflicts would use up a number, and those are not endless.
    return f"{rows} WHERE NOT EXISTS (SELECT 1 FROM {table.name} WHERE {there})"  # noqa: S608 - our own names
