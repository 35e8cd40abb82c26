"""What a store says when it cannot do what it is asked to: one sentence and the way out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

# What the drivers say -> what there is to do about it; the first that occurs in the message is taken.
REMEDIES = (
    ("not a database", "is not a store of ecgbench, but some other file; give another path with --store."),
    ("malformed", "is damaged; run `sqlite3 STORE .recover` into a new file, and use that."),
    ("readonly", "is read-only; copy it to a folder that you may write in, or give another with --store."),
    ("unable to open", "cannot be opened; its file and its folder must be ones that you may read and write."),
    ("locked", "is kept locked by another program; end that program, or give another store with --store."),
    ("password authentication failed", "does not take this user and password; give them in the URL or in ~/.pgpass."),
    ("no password supplied", "wants a password; give it in the URL, in PGPASSWORD or in ~/.pgpass."),
    ("permission denied", "is not yours to write; have its owner grant CREATE and USAGE on its schema, or give another with --store."),
    ("connection failed", "cannot be reached; see that its server runs and that host, port and database are right."),
    ("connection is bad", "cannot be reached; see that its server runs and that host, port and database are right."),
    ("disk is full", "could not take more, since the disk is full; free some space and go on with --resume."),
    ("disk I/O error", "could not be written, since the disk gave an error; free some space or use another disk, and go on with --resume."),
)  # fmt: skip


class StoreError(Exception):
    """A store that cannot be used as asked; the message is one sentence that says what to do."""


class NoStoreError(StoreError):
    """A database on a server that holds nothing yet; a run makes a store of it."""


class RunExistsError(StoreError):
    """A run whose name is taken."""


@contextmanager
def translated(store: str) -> Iterator[None]:
    """Turn what the database's driver raises inside into a StoreError that names `store`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(f"The store {store} {_remedy(error)}") from error


def _remedy(error: Exception) -> str:
    said = str(getattr(error, "orig", None) or error)
    for words, remedy in REMEDIES:
        if words in said:
            return remedy
    first = (said.strip().splitlines() or [type(error).__name__])[0]
    return f"could not be used: {first.rstrip('.')}."
