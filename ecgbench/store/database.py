"""Opens the database of a store; all that is peculiar to one kind of database is here."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Sequence
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, Table, create_engine, event, insert, inspect, make_url, select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.sql import ClauseElement

from ecgbench.store.errors import StoreError
from ecgbench.store.schema import NOT_DONE, VERSION, failures, metadata, store_version

WRITES = "ecgbench_writes"  # execution option of connections whose transactions write
WRITING = {WRITES: True, "preserve_rowcount": True}
CACHE_KIB = (
    8 * 1024
)  # SQLite's page cache a connection: the pages that a run of hundreds of variants x metrics appends to, and no more
CHECKPOINT_PAGES = 8_000  # 32 MB of write-ahead log: a hot page is copied back once instead of many times
LOG_TRIES, LOG_PAUSE_S = 200, 0.01  # while other processes make the same store
ROWS_AT_ONCE = 64  # in one statement; of 12 columns they stay within the 999 placeholders that any SQLite takes
IN_PLACEHOLDERS = 500  # values in one IN (...); every database takes as many


def open_database(location: str | Path, *, create: bool, busy_s: float) -> Engine:
    """Open the database at `location`, a path of a SQLite file or a URL, making its tables where there are none.

    Raises StoreError where it cannot be opened, is no store, or is one of another version.
    """
    url = _url(location)
    if url.get_backend_name() == "sqlite":
        return _open_sqlite(url, create=create, busy_s=busy_s)
    return _open_server(url)


def _url(location: str | Path) -> URL:
    if isinstance(location, Path) or "://" not in location:
        return URL.create("sqlite", database=os.fspath(location))
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):
        raise StoreError(f"{location!r} is not a database URL; write a path, or postgresql://USER@HOST/DATABASE.") from None
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _open_server(url: URL) -> Engine:
    try:
        return create_engine(url)
    except NoSuchModuleError:
        raise StoreError(f"{url.drivername} is not a kind of database that is known; use a path or postgresql://.") from None
    except ModuleNotFoundError as error:
        raise StoreError(
            f"A {url.get_backend_name()} store needs the package {error.name}; `pip install 'ecg-image-bench[postgres]'`."
        ) from None


def _open_sqlite(url: URL, *, create: bool, busy_s: float) -> Engine:
    path = Path(url.database or "")
    _check_file(path, create=create)
    engine = create_engine(url, connect_args={"timeout": busy_s})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _check_file(path: Path, *, create: bool) -> None:
    """Raise StoreError where `path` cannot be a store that is read and written."""
    folder = path.parent
    if not folder.is_dir():
        raise StoreError(f"The folder {folder} of the store {path} does not exist; make it, or give another path with --store.")
    if path.is_dir() or not path.name:
        raise StoreError(f"The store {path} is a folder; give the path of a file in it with --store.")
    if not path.exists() and not create:
        raise StoreError(f"There is no store at {path}; `ecgbench run` makes one, --store names another.")
    for needed in (folder, *([path] if path.exists() else [])):
        if not os.access(needed, os.R_OK | os.W_OK):  # also reading takes it: readers and writers of a log share a third file
            raise StoreError(
                f"The store {path} is read-only; copy it to a folder that you may write in, or give another with --store."
            )


def file_of(engine: Engine) -> tuple[int, int] | None:
    """Return device and number of the file that a SQLite store is in now; None for other databases, and where there is none."""
    if engine.dialect.name != "sqlite":
        return None
    try:
        found = os.stat(engine.url.database or "")  # noqa: PTH116 - a plain call, at each commit
    except OSError:
        return None
    return found.st_dev, found.st_ino


def check_is_there(engine: Engine, file: tuple[int, int] | None) -> None:
    """Raise StoreError where the path of a store no longer leads to the file that was opened: SQLite would go on writing into it."""
    if file_of(engine) != file:
        raise StoreError(
            f"The store {engine.url.database} was moved, removed or replaced while it was written to; "
            "put it back and go on with --resume, or begin a new run."
        )


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, see _begin_sqlite
    connection.execute(
        "PRAGMA synchronous=NORMAL"
    )  # with a log, a killed process loses nothing; a power cut may lose the last commits
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: one that only read first would be refused, not made to wait, if another wrote meanwhile.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def prepare_tables(engine: Engine, store: str) -> None:
    """Make the tables of an empty database; raise StoreError for a store of another version or a database of something else."""
    with engine.connect() as connection:
        if not _is_empty(connection):
            _check_version(connection, store)
            return
    _use_log(engine)
    with engine.execution_options(**WRITING).begin() as connection:
        if _is_empty(connection):  # still: another process may have been quicker
            if engine.dialect.name == "postgresql":
                failures.dialect_options["postgresql"]["where"] = NOT_DONE
            metadata.create_all(connection)
            connection.execute(insert(store_version).values(version=VERSION))
    with engine.connect() as connection:
        _check_version(connection, store)


def _is_empty(connection: Connection) -> bool:
    return not inspect(connection).get_table_names()


def _check_version(connection: Connection, store: str) -> None:
    if not inspect(connection).has_table(store_version.name):
        raise StoreError(
            f"The database {store} holds something else than a store of ecgbench; give an empty or a new one with --store."
        )
    version = connection.scalar(select(store_version.c.version))
    if version != VERSION:
        raise StoreError(
            f"The store {store} has version {version} and this ecgbench reads version {VERSION}; "
            f"{'upgrade ecgbench' if (version or 0) > VERSION else 'open it with an older ecgbench and export its runs'}, "
            "or give another with --store."
        )


def _use_log(engine: Engine) -> None:
    """Have SQLite keep a write-ahead log (the file remembers): a commit costs microseconds, and readers read while one writes."""
    if engine.dialect.name != "sqlite":
        return
    connection, tries = engine.raw_connection(), LOG_TRIES
    try:
        while not _log_is_on(connection.cursor(), last_try=not tries):
            tries -= 1
            time.sleep(LOG_PAUSE_S)
    finally:
        connection.close()


def _log_is_on(cursor: DBAPICursor, *, last_try: bool) -> bool:
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:  # this one does not wait where several processes open a new store at once
        if last_try or "locked" not in str(error):
            raise
        return False
    return True


def upsert(table: Table, dialect: Dialect, *, keys: Sequence[str], replace: Sequence[str] = (), add: Sequence[str] = ()) -> Any:
    """Return an insert of a row that, where its `keys` are there already, changes that row instead.

    It sets the columns in `replace` to the new row's, and adds the new row's to those in `add`; with neither it changes nothing.
    """
    statement: Any = import_module(f"sqlalchemy.dialects.{dialect.name}").insert(
        table
    )  # only the one that is used: each takes a while
    changes = {name: statement.excluded[name] for name in replace} | {
        name: table.c[name] + statement.excluded[name] for name in add
    }
    if not changes:
        return statement.on_conflict_do_nothing(index_elements=list(keys))
    return statement.on_conflict_do_update(index_elements=list(keys), set_=changes)


def driver_sql(statement: ClauseElement, dialect: Dialect) -> str:
    """Return a statement as the driver takes it with rows as tuples, in the order of the table's columns.

    Rows that go to the driver as they are cost a tenth of those that SQLAlchemy converts one by one.
    """
    by_position: Any = type(dialect)
    return str(statement.compile(dialect=by_position(paramstyle="qmark" if dialect.paramstyle == "qmark" else "format")))


class BulkInsert:
    """Inserts many rows, given as tuples in the order of the statement's columns; many a statement costs a quarter less than one."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        self._one = driver_sql(statement, dialect)
        self._many = re.sub(
            r"VALUES (\([^)]+\))", lambda found: "VALUES " + ", ".join([found[1]] * ROWS_AT_ONCE), self._one, count=1
        )

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Insert the rows and return how many were new."""
        whole = len(rows) - len(rows) % ROWS_AT_ONCE
        packs = [tuple(chain.from_iterable(rows[start : start + ROWS_AT_ONCE])) for start in range(0, whole, ROWS_AT_ONCE)]
        added = connection.exec_driver_sql(self._many, packs).rowcount if packs else 0
        return added + (connection.exec_driver_sql(self._one, list(rows[whole:])).rowcount if rows[whole:] else 0)
