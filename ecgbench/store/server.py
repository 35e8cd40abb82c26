"""A store in a PostgreSQL server: many writers at once, over connections that may drop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError

from ecgbench.store.errors import StoreError

Found = TypeVar("Found")

log = logging.getLogger(__name__)

RECONNECT_S = 60.0  # how long a store waits for its server to come back: a restart or a failover takes less
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 2.0  # between two tries, each twice as long as the one before
NAMING = 0x656367626E616D65  # pg_advisory_xact_lock: held by who gives numbers to cases, variants and metrics, until it commits
# SQLSTATE classes (PostgreSQL, appendix A) of what passes: lost connections, a server that stops or starts, a deadlock that was broken.
PASSING = ("08", "57P", "40")


def open_server(url: URL) -> Engine:
    """Prepare connections to the server of a URL; StoreError where its driver is not installed."""
    try:
        return create_engine(url)
    except NoSuchModuleError:
        raise StoreError(f"{url.drivername} is not a kind of database that is known; use a path or postgresql://.") from None
    except ModuleNotFoundError as error:
        raise StoreError(
            f"A {url.get_backend_name()} store needs the package {error.name}; `pip install 'ecg-image-bench[postgres]'`."
        ) from None


def hold_names(connection: Connection) -> None:
    """Let nobody else give numbers to names until this transaction ends.

    Two runs that meet the same new cases, each in an order of its own, would otherwise wait for each other. SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (NAMING,))


def persist(engine: Engine, store: str, work: Callable[[], Found]) -> Found:
    """Do a whole transaction; where the server's connection drops in it, do it again on a new one, for RECONNECT_S seconds.

    A connection may drop when the server has committed but not yet said so: `work` must come to the same when it is done twice.
    """
    until, pause = time.monotonic() + RECONNECT_S, FIRST_PAUSE_S
    while True:
        try:
            return work()
        except DBAPIError as error:
            if not _passes(engine, error) or time.monotonic() + pause > until:
                raise
            if pause == FIRST_PAUSE_S:
                log.warning("The store %s does not answer; trying again for %g s.", store, RECONNECT_S)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_S)


def _passes(engine: Engine, error: DBAPIError) -> bool:
    """Whether the same may well work in a while."""
    if engine.dialect.name != "postgresql":
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(PASSING)
    return error.connection_invalidated or isinstance(error, OperationalError)
