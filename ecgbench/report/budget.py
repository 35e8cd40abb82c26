"""The error budget of a task's methods: how many decibels each stage costs, by type of picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ecgbench.leaderboard import Leaderboard
from ecgbench.plugins.metrics.budget import STAGES
from ecgbench.report.sheets import Cell, Column, Sheet
from ecgbench.report.wording import MISSING, short_method
from ecgbench.store import Run, Store

ALL = "all"
FOUND = "kaggle_snr_db"
NOTE = (
    "Each page's traces, as the method drew them, are read again with the truth in place of what a stage found: first time and voltage of each "
    "position, then the names of the leads, then the course where none was drawn within 1 mm. A stage costs what the score gains when it is given; "
    "one that misled the next takes that loss along. What is left is lost by the measure of the pen's center and by the picture's resolution. "
    "Means of pages, in dB; the largest cost of a row is marked. Re-reading may lose a little, so that costs below 0 are noise."
)


def budget_sheet(store: Store, run: Run, board: Leaderboard) -> Sheet | None:
    """Return the error budget of a task, a row a method and type of picture; None where no page's stages were measured."""
    types = {number: case.type for number, case in store.cases(run.id).items()}
    rows = [
        row
        for each in board.rows
        for row in _rows(short_method(each.label, board.task), _pages(store, run, each.variant_id), types)
    ]
    if not rows:
        return None
    columns = [
        Column("method"),
        Column("type", "type of picture"),
        Column("pages", "pages whose stages were measured", numeric=True),
        Column("found dB", "Kaggle's metric of what the method gave, mean of the pages", numeric=True),
        *[Column(f"{title} costs dB", f"{doc}, less the column before", numeric=True) for doc, title in STAGES.values()],
        Column("left dB", "the metric when all these stages are given", numeric=True),
    ]
    return Sheet(f"{board.task}: error budget", columns, rows, [NOTE])


def _pages(store: Store, run: Run, variant_id: int) -> dict[int, list[float]]:
    """Return by page the score as found and with ever more stages given, of pages that have all of them."""
    by_score = [store.values(run.id, variant_id, name) for name in (FOUND, *STAGES)]
    values = [dict(zip(each.cases.tolist(), each.values.tolist(), strict=True)) for each in by_score]
    return {case: [each[case] for each in values] for case in values[0] if all(case in each for each in values)}


def _rows(label: str, pages: Mapping[int, Sequence[float]], types: Mapping[int, str | None]) -> list[list[Cell]]:
    groups = {ALL: list(pages.values())} if pages else {}
    for kind in sorted({kind for case in pages if (kind := types.get(case)) is not None}):
        groups[kind] = [scores for case, scores in pages.items() if types.get(case) == kind]
    return [
        [Cell(label), Cell(kind), Cell(str(len(scores))), *_numbers(np.mean(scores, axis=0))] for kind, scores in groups.items()
    ]


def _numbers(means: np.ndarray) -> list[Cell]:
    costs = np.diff(means)
    worst = int(costs.argmax())
    marked = [
        Cell(_decibels(cost), kind="main" if place == worst and cost > 0 else "") for place, cost in enumerate(costs.tolist())
    ]
    return [Cell(_decibels(float(means[0])), kind=""), *marked, Cell(_decibels(float(means[-1])))]


def _decibels(value: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else MISSING
