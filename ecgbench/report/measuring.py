"""What the runs in a store say of one method, as documentation pages show it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.core.metric import Score
from ecgbench.leaderboard import BoardRow, Leaderboard, breakdown, leaderboard
from ecgbench.method_pages import Measured, MeasuredByType, MeasuredPicture, MeasuredRow
from ecgbench.registry import Registry
from ecgbench.report.about import command
from ecgbench.report.pictures import draw_cases
from ecgbench.report.sheets import COSTS
from ecgbench.report.wording import with_unit
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
    found = [(board, row) for board in boards for row in board.rows if row.variant.label == method]
    if not found:
        return None
    board, row = found[0]
    measured = _measured(run, row, command(run.plan, variants, registry))
    by_type = _by_type(store, run, board, row)
    return measured if by_type is None else {**measured, "by_type": by_type}


def _by_type(store: Store, run: Run, board: Leaderboard, row: BoardRow) -> MeasuredByType | None:
    """Return the score that ranks by type of page; None where it is no judgment, or of fewer than two types."""
    if board.ranked_by.name in COSTS or board.ranked_by.combine is not None:
        return None
    found = breakdown(store, run, board, "type")
    sums = {group: found.values[row.variant_id].get(group) for group in found.groups}
    types = {
        group: (each.mean, each.low, each.high) for group, each in sums.items() if each is not None and each.mean is not None
    }
    return {"score": board.ranked_by.name, "unit": board.ranked_by.unit, "types": types} if len(types) > 1 else None


def illustrate(store: Store, run: Run, method: str, registry: Registry, directory: Path) -> list[MeasuredPicture]:
    """Write pictures of what a method saw on the pages of a run on which it scored best and worst into `directory`, and say what they are.

    Among pages of equal score the first of the run counts. A page that cannot be drawn again is left out.
    """
    for board in leaderboard(store, run, metrics=registry.metrics.values()):
        for row in board.rows:
            if row.variant.label == method and board.ranked_by.name not in COSTS and board.ranked_by.name in row.scores:
                return _illustrated(store, run, board.ranked_by, row, registry, directory)
    return []


def _illustrated(
    store: Store, run: Run, score: Score, row: BoardRow, registry: Registry, directory: Path
) -> list[MeasuredPicture]:
    column = store.values(run.id, row.variant_id, score.name)
    finite = np.isfinite(column.values)
    cases, values = column.cases[finite], column.values[finite]
    if not cases.size or values.min() == values.max():
        return []
    ends = {"Best page": int(values.argmax()), "Worst page": int(values.argmin())}
    if score.direction == "lower":
        ends = dict(zip(ends, reversed(ends.values()), strict=True))
    infos = store.cases(run.id, [int(cases[place]) for place in ends.values()])
    wanted = {place: infos[int(cases[index])] for place, index in ends.items()}
    drawn = draw_cases(
        {info: [row.variant_id] for info in wanted.values()}, {row.variant_id: row.variant}, run.plan["specs"], registry
    )
    pictures: list[MeasuredPicture] = []
    for place, info in wanted.items():
        picture = drawn[info][row.variant_id]
        if not isinstance(picture, str):
            name = f"{row.variant.method}-{place.split()[0].lower()}.webp"
            (directory / name).write_bytes(picture.encoded)
            value = with_unit(score, float(values[ends[place]]))
            pictures.append(
                {"file": f"{directory.name}/{name}", "place": place, "case": info.name, "score": score.name, "value": value}
            )
    return pictures


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
