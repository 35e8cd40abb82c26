"""Begins, ends and finds runs."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from ecgbench.core.outcome import Environment
from ecgbench.store import headway
from ecgbench.store.errors import RunExistsError, StoreError
from ecgbench.store.records import RESUMED_IN, Run, RunState
from ecgbench.store.schema import runs
from ecgbench.store.text import from_text, to_text

NAMES_SHOWN = 10


def begin(
    connection: Connection, name: str, *, plan: Mapping[str, Any], environment: Environment, resume: bool, store: str
) -> None:
    """Write a run that begins, or one that goes on."""
    found = _named(connection, name)
    if found is None:
        row = {"name": to_text(name), "started_at": _now(), "plan": _json(plan), "environment": _json(environment.facts)}
        connection.execute(insert(runs).values(**row, state="running"))
        return
    if not resume:
        raise RunExistsError(
            f"A run named {name!r} is already in {store}; go on with it by --resume, or give the new one another name by --name."
        )
    facts = _with_machine(read_run(found).environment, environment)
    headway.forget(connection, found.id)
    going_on = {"state": "running", "finished_at": None, "plan": _json(plan), "environment": _json(facts)}
    connection.execute(update(runs).where(runs.c.id == found.id).values(going_on))


def finish(connection: Connection, run_id: int, state: RunState) -> None:
    """Write how a run ended, and when."""
    if state not in ("finished", "interrupted"):
        raise ValueError(f"A run ends as finished or interrupted, not as {state!r}.")
    connection.execute(update(runs).where(runs.c.id == run_id).values(state=state, finished_at=_now()))


def newest_first(connection: Connection) -> list[Run]:
    """Return every run."""
    return [read_run(row) for row in connection.execute(select(runs).order_by(runs.c.id.desc()))]


def find(connection: Connection, name: str | None, *, store: str) -> Run:
    """Return the run of that very name, the newest for None; raise StoreError that lists what there is."""
    if name is not None and (row := _named(connection, name)) is not None:
        return read_run(row)
    known = newest_first(connection)
    if not known:
        raise StoreError(f"The store {store} holds no run yet; start one with `ecgbench run`.")
    if name is None:
        return known[0]
    raise StoreError(f"There is no run {name!r} in {store}; it has {_listed(name, [run.name for run in known])}.")


def read_run(row: Row[Any]) -> Run:
    """Make a run of its row."""
    return Run(
        id=row.id,
        name=from_text(row.name) or "",
        started_at=datetime.fromisoformat(row.started_at),
        finished_at=datetime.fromisoformat(row.finished_at) if row.finished_at else None,
        state=row.state,
        plan=json.loads(row.plan),
        environment=Environment(json.loads(row.environment)),
    )


def _named(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(runs).where(runs.c.name == to_text(name))).one_or_none()


def _with_machine(first: Environment, now: Environment) -> Mapping[str, Any]:
    """Return the facts of where a run began, and beside them how the machine that goes on with it differs."""
    began = {name: value for name, value in first.facts.items() if name != RESUMED_IN}
    there = {name: pair[1] for name, pair in Environment(began).differences(Environment(json.loads(_json(now.facts)))).items()}
    machines = [machine for machine in first.facts.get(RESUMED_IN, []) if machine != there]
    return {**began, RESUMED_IN: [*machines, there]} if there else first.facts


def _listed(name: str, known: Sequence[str]) -> str:
    """Return the known names in words, those like `name` first."""
    like = [each for each in known if each.startswith(name)] or difflib.get_close_matches(name, known, n=3)
    ordered = list(dict.fromkeys([*like, *known]))
    more = f" and {len(ordered) - NAMES_SHOWN} more" if len(ordered) > NAMES_SHOWN else ""
    return ", ".join(ordered[:NAMES_SHOWN]) + more


def _json(value: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"The plan or environment of a run holds what JSON cannot say ({error}); give text and numbers only."
        ) from None


def _now() -> str:
    return datetime.now(UTC).isoformat()
