"""A score broken down by what pictures are: their type, layout, grid color, resolution or severity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.core.metric import Score
from ecgbench.leaderboard.board import Leaderboard
from ecgbench.stats import Summary, severity_areas, summarize
from ecgbench.store import Facts, Numbers, Run, Store, StoreError

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


def breakdown(store: Store, run: Run, board: Leaderboard, by: str, *, columns: Mapping[int, Numbers] | None = None) -> Breakdown:
    """Break the score that a leaderboard is ranked by down by one of KEYS; StoreError lists them where `by` is none.

    `columns`: what `board_columns` gave, for who breaks the same board down by several.
    """
    if by not in KEYS:
        raise StoreError(f"A run cannot be broken down by {by!r}; choose one of {', '.join(KEYS)}.")
    columns = board_columns(store, run, board) if columns is None else columns
    ends = [end for column in columns.values() if column.cases.size for end in (int(column.cases[0]), int(column.cases[-1]))]
    first, last = (min(ends), max(ends)) if ends else (0, -1)
    if by == ROBUSTNESS:
        types, severities = (store.facts(fact, first, last) for fact in ("type", "severity"))
        areas = {number: _areas(column, types, severities, board.ranked_by) for number, column in columns.items()}
        groups = tuple(sorted({group for of_method in areas.values() for group in of_method}))
        return Breakdown(board.task, board.ranked_by, by, groups, areas)
    facts = store.facts(by, first, last)
    names = tuple(f"{value:g}" if isinstance(value, float) else str(value) for value in facts.known)
    values = {number: _by_group(column, facts, names, board.ranked_by) for number, column in columns.items()}
    there = {name for of_method in values.values() for name in of_method}
    return Breakdown(board.task, board.ranked_by, by, tuple(name for name in names if name in there), values)


def board_columns(store: Store, run: Run, board: Leaderboard) -> dict[int, Numbers]:
    """Return the score that ranks of each method, by its number, case by case."""
    return {row.variant_id: store.numbers(run.id, row.variant_id, board.ranked_by.name) for row in board.rows}


def _areas(column: Numbers, types: Facts, severities: Facts, score: Score) -> dict[str, Summary]:
    """Return by type the area under the scores of one method over severity; nothing of types that come in one severity only."""
    at = np.searchsorted(types.cases, column.cases)
    known = (types.codes[at] >= 0) & (severities.codes[at] >= 0)
    if not known.any():
        return {}
    damages = np.array(types.known)[types.codes[at][known]]
    levels = np.array(severities.known, np.float64)[severities.codes[at][known]]
    found = severity_areas(damages, levels, column.values[known], types.records[at][known])
    return {
        damage: Summary(each.n, each.records, each.area, None, each.low, each.high, note=each.note).within(score.limits)
        for damage, each in found.items()
        if each.area is not None
    }


def _by_group(column: Numbers, facts: Facts, names: Sequence[str], score: Score) -> dict[str, Summary]:
    at = np.searchsorted(facts.cases, column.cases)
    codes, records = facts.codes[at], facts.records[at]
    found = {}
    for code, name in enumerate(names):
        within = codes == code
        if within.any():
            found[name] = summarize(column.values[within], records[within]).within(score.limits)
    return found
