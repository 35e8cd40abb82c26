"""How a run gets on, as its process says now and then, for whoever watches; and the wish of a watcher that it stop."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import Connection, Dialect, delete, select

from ecgbench.store.bulk import upsert
from ecgbench.store.records import Arrival, Headway, WorkerNow
from ecgbench.store.schema import headway
from ecgbench.store.text import from_text, to_text


def say(connection: Connection, dialect: Dialect, run_id: int, told: Headway) -> bool:
    """Put what a run's process says in the place of what it said before; return whether somebody asked the run to stop."""
    said = asdict(told)
    said["updated_at"] = told.updated_at.isoformat()
    row = {"run_id": run_id, "said": to_text(json.dumps(said)), "stop": False}
    connection.execute(upsert(headway, dialect, keys=["run_id"], replace=["said"]).values(row))
    return bool(connection.scalar(select(headway.c.stop).where(headway.c.run_id == run_id)))


def read(connection: Connection, run_id: int) -> tuple[Headway | None, bool]:
    """Return what the run's process last said, None where it said nothing yet, and whether somebody asked the run to stop."""
    row = connection.execute(select(headway).where(headway.c.run_id == run_id)).one_or_none()
    if row is None:
        return None, False
    said = json.loads(from_text(row.said) or "null")
    if said is None:
        return None, bool(row.stop)
    workers = tuple(WorkerNow(**each) for each in said.pop("workers"))
    arrived = tuple(Arrival(**each) for each in said.pop("arrived"))
    updated_at = datetime.fromisoformat(said.pop("updated_at"))
    return Headway(**said, workers=workers, arrived=arrived, updated_at=updated_at), bool(row.stop)


def ask_to_stop(connection: Connection, dialect: Dialect, run_id: int) -> None:
    """Ask the process of a run to end it; it hears of it the next time that it says how it gets on."""
    row = {"run_id": run_id, "said": None, "stop": True}
    connection.execute(upsert(headway, dialect, keys=["run_id"], replace=["stop"]).values(row))


def forget(connection: Connection, run_id: int) -> None:
    """Forget what was said and asked of a run, since it begins anew."""
    connection.execute(delete(headway).where(headway.c.run_id == run_id))


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)
