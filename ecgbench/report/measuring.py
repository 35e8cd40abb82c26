"""What the runs in a store say of one method, as documentation pages show it."""

from __future__ import annotations

from typing import Any

from ecgbench.leaderboard import BoardRow, leaderboard
from ecgbench.method_pages import Measured, MeasuredRow
from ecgbench.registry import Registry
from ecgbench.report.about import command
from ecgbench.store import Run, Store


def measured_lately(store: Store, method: str, registry: Registry) -> Measured | None:
    """Return what the newest run that has the method (with its default parameters) says of it; None where none has."""
    for run in store.runs():
        found = measured_in_run(store, run, method, registry)
        if found is not None:
            return found
    return None


def measured_in_run(store: Store, run: Run, method: str, registry: Registry) -> Measured | None:
    """Return what a run says of a method with its default parameters; None where the run has no outcome of it."""
    variants = store.variants(run.id)
    if not any(variant.label == method for variant in variants.values()) or not store.counts(run.id):
        return None
    boards = leaderboard(store, run, metrics=registry.metrics.values())
    rows = [row for board in boards for row in board.rows if row.variant.label == method]
    return _measured(run, rows[0], command(run.plan, variants, registry)) if rows else None


def _measured(run: Run, row: BoardRow, made_by: str) -> Measured:
    facts: dict[str, Any] = dict(run.environment.facts)
    where = f"{facts.get('cpu')}, {facts.get('cores')} cores, OpenCV {facts.get('opencv')}, Python {facts.get('python')}"
    scores: list[MeasuredRow] = [
        {
            "score": found.score.name,
            "unit": found.score.unit,
            "value": found.mean,
            "interval": None if found.low is None or found.high is None else [found.low, found.high],
        }
        for found in row.scores.values()
        if found.mean is not None
    ]
    return {"command": made_by, "version": row.variant.version, "environment": where, "n": row.n, "rows": scores}
