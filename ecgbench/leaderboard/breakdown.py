"""A score broken down by what pictures are: their type, layout, grid color, resolution or severity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.core.metric import Score
from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard.board import Leaderboard
from ecgbench.stats import Summary, severity_areas, summarize
from ecgbench.store import Run, Store, StoreError, Values

ROBUSTNESS = "robustness"
KEYS = ("type", "layout", "grid_color", "dpi", "severity", ROBUSTNESS)


@dataclass(frozen=True)
class Breakdown:
    """The score that a task is ranked by, of each method (by its number) on each group of pages that are alike in `by`.

    `groups`: what the pages are, in order; pages of which it is not known are left out. `values`: method -> group -> summary.
    By "robustness", groups are types and each mean is the area under the score over severity (see `ecgbench.stats.severity_area`).
    """

    task: str
    score: Score
    by: str
    groups: tuple[str, ...]
    values: Mapping[int, Mapping[str, Summary]]

    def to_dict(self, labels: Mapping[int, str]) -> dict[str, Any]:
        """Return the breakdown JSON-safe, methods by label."""
        rows = {
            labels[number]: {group: each.to_dict() for group, each in of_method.items()}
            for number, of_method in self.values.items()
        }
        return {"task": self.task, "score": self.score.name, "by": self.by, "groups": list(self.groups), "rows": rows}


def breakdown(store: Store, run: Run, board: Leaderboard, by: str) -> Breakdown:
    """Break the score that a leaderboard is ranked by down by one of KEYS; StoreError lists them where `by` is none."""
    if by not in KEYS:
        raise StoreError(f"A run cannot be broken down by {by!r}; choose one of {', '.join(KEYS)}.")
    columns = {row.variant_id: store.values(run.id, row.variant_id, board.ranked_by.name) for row in board.rows}
    if by == ROBUSTNESS:
        cases = store.cases(run.id)
        areas = {number: _areas(column, cases) for number, column in columns.items()}
        types = tuple(sorted({group for of_method in areas.values() for group in of_method}))
        return Breakdown(board.task, board.ranked_by, by, types, areas)
    of_case = {number: getattr(case, by) for number, case in store.cases(run.id).items() if getattr(case, by) is not None}
    groups = {value: f"{value:g}" if isinstance(value, float) else str(value) for value in sorted(set(of_case.values()))}
    named = {number: groups[value] for number, value in of_case.items()}
    values = {number: _by_group(column, named) for number, column in columns.items()}
    return Breakdown(board.task, board.ranked_by, by, tuple(groups.values()), values)


def _areas(column: Values, cases: Mapping[int, CaseInfo]) -> dict[str, Summary]:
    """Return by type the area under the scores of one method over severity; nothing of types that come in one severity only."""
    infos = [cases[number] for number in column.cases.tolist()]
    known = np.array([info.type is not None and info.severity is not None for info in infos], dtype=bool)
    kept = [info for info, each in zip(infos, known, strict=True) if each]
    if not kept:
        return {}
    damages, severities = [str(info.type) for info in kept], [float(info.severity or 0.0) for info in kept]
    found = severity_areas(damages, severities, column.values[known], column.records[known])
    return {
        damage: Summary(each.n, each.records, each.area, None, each.low, each.high, note=each.note)
        for damage, each in found.items()
        if each.area is not None
    }


def _by_group(column: Values, named: Mapping[int, str]) -> dict[str, Summary]:
    group_of = np.array([named.get(case, "") for case in column.cases.tolist()], dtype=object)
    found = {}
    for group in dict.fromkeys(named.values()):
        within = group_of == group
        if within.any():
            found[group] = summarize(column.values[within], column.records[within])
    return found
