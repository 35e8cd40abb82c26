"""Opens the database of a store, of whichever kind, and makes its tables or checks that they are ours."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, insert, inspect, make_url, select
from sqlalchemy.exc import ArgumentError

from ecgbench.store.errors import NoStoreError, StoreError
from ecgbench.store.schema import NOT_DONE, VERSION, failures, metadata, store_version
from ecgbench.store.server import hold_names, open_server
from ecgbench.store.sqlite import WRITES, open_file, use_log

WRITING = {WRITES: True, "preserve_rowcount": True}


def open_database(location: str | Path, *, create: bool, busy_s: float) -> Engine:
    """Open the database at `location`, a path of a SQLite file or a URL, making its tables where there are none.

    Raises StoreError where it cannot be opened, is no store, or is one of another version.
    """
    url = _url(location)
    if url.get_backend_name() == "sqlite":
        return open_file(url, create=create, busy_s=busy_s)
    return open_server(url)


def _url(location: str | Path) -> URL:
    if isinstance(location, Path) or "://" not in location:
        return URL.create("sqlite", database=os.fspath(location))
    try:
        url = make_url(location)
    except (ArgumentError, ValueError):
        raise StoreError(f"{location!r} is not a database URL; write a path, or postgresql://USER@HOST/DATABASE.") from None
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def prepare_tables(engine: Engine, store: str, *, create: bool) -> None:
    """Make the tables of an empty database; raise StoreError for a store of another version or a database of something else."""
    with engine.connect() as connection:
        if not _is_empty(connection):
            _check_version(connection, store)
            return
    on_server = engine.dialect.name == "postgresql"
    if on_server and not create:  # an empty file is one that somebody has just begun to write
        raise NoStoreError(f"There is no store at {store}; `ecgbench run` makes one, --store names another.")
    if on_server:
        failures.dialect_options["postgresql"]["where"] = NOT_DONE
    else:
        use_log(engine)
    with engine.execution_options(**WRITING).begin() as connection:
        hold_names(connection)
        if _is_empty(connection):  # still: another process may have been quicker
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
