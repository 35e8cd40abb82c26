"""A store in a SQLite file: opened for one writer and many readers at once."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPICursor

from ecgbench.store.errors import StoreError

WRITES = "ecgbench_writes"  # execution option of connections whose transactions write
# SQLite's page cache a connection: the pages that a run of hundreds of variants x metrics appends to, and no more.
CACHE_KIB = 8 * 1024
# 64 MB of write-ahead log: a hot page is copied back once instead of many times, and the disk waited for as rarely.
CHECKPOINT_PAGES = 16_000
LOG_TRIES, LOG_PAUSE_S = 200, 0.01  # while other processes make the same store


def open_file(url: URL, *, create: bool, busy_s: float) -> Engine:
    """Open the SQLite file of a URL; raise StoreError where it cannot be a store."""
    path = Path(url.database or "")
    _check_file(path, create=create)
    engine = create_engine(url, connect_args={"timeout": busy_s})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
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


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, see _begin
    connection.execute(
        "PRAGMA synchronous=NORMAL"
    )  # with a log, a killed process loses nothing; a power cut may lose the last commits
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: one that only read first would be refused, not made to wait, if another wrote meanwhile.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def use_log(engine: Engine) -> None:
    """Have the file keep a write-ahead log (it remembers): a commit costs microseconds, and readers read while one writes."""
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
