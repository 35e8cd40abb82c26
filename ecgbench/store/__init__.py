"""Runs and outcomes in a database: SQLite by default, PostgreSQL for a team."""

from ecgbench.store.errors import NoStoreError, RunExistsError, StoreError
from ecgbench.store.records import (
    FAILED,
    Arrival,
    CellKey,
    Facts,
    FailedCell,
    FailureKind,
    Headway,
    Numbers,
    Pairs,
    Run,
    StoredSummary,
    Sums,
    Values,
    WorkerNow,
)
from ecgbench.store.store import FAILURES, Store

__all__ = [
    "FAILED",
    "FAILURES",
    "Arrival",
    "CellKey",
    "Facts",
    "FailedCell",
    "FailureKind",
    "Headway",
    "NoStoreError",
    "Numbers",
    "Pairs",
    "Run",
    "RunExistsError",
    "Store",
    "StoreError",
    "StoredSummary",
    "Sums",
    "Values",
    "WorkerNow",
]
