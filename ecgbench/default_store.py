"""Where runs are kept where nobody says, and the variable that says it, for every door; nothing is imported, since each reads it first."""

from __future__ import annotations

STORE_VARIABLE = "ECGBENCH_STORE"
DEFAULT_STORE = "ecgbench.db"
