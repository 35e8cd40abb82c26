"""Runs and outcomes in a database: SQLite by default, PostgreSQL for a team."""

from ecgbench.store.errors import RunExistsError, StoreError
from ecgbench.store.records import FAILED, CellKey, Facts, FailedCell, FailureKind, Numbers, Pairs, Run, StoredSummary, Sums, Values
from ecgbench.store.store import FAILURES, Store

__all__ = [
    "FAILED",
    "FAILURES",
    "CellKey",
    "Facts",
    "FailedCell",
    "FailureKind",
    "Numbers",
    "Pairs",
    "Run",
    "RunExistsError",
    "Store",
    "StoreError",
    "StoredSummary",
    "Sums",
    "Values",
]
