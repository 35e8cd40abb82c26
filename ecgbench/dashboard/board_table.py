"""The leaderboard as a table: numbers that sort, bars, intervals, costs, failures, and differences from another run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecgbench.core.metric import Score
from ecgbench.leaderboard import BoardRow, Comparison, Leaderboard
from ecgbench.report.sheets import fails, interval_text, other_scores
from ecgbench.report.wording import MISSING, heading, in_shown_unit, score_text

Values = Sequence[Any]


@dataclass(frozen=True)
class BoardTable:
    """Columns by heading, equally long; `bar`: the heading whose numbers are drawn as bars, and the number at a full bar."""

    columns: Mapping[str, Values]
    bar: tuple[str, float] | None

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The table row by row."""
        return list(zip(*self.columns.values(), strict=True))


def board_table(board: Leaderboard, named: Mapping[int, str], against: Comparison | None = None) -> BoardTable:
    """Return the board's rows; `against`: how the run differs from the one that deltas are of."""
    score, rows = board.ranked_by, board.rows
    main = heading(score)
    means = [_shown(score, row.scores[score.name].mean if score.name in row.scores else None) for row in rows]
    columns: dict[str, Values] = {
        "rank": [row.rank for row in rows],
        "method": [named[row.variant_id] for row in rows],
        main: means,
        "95 % interval": [_interval(row, score) for row in rows],
    }
    if any(fails(row, score) for row in rows):
        columns["failures as worst"] = [
            _shown(score, row.scores[score.name].ranked if score.name in row.scores else None) for row in rows
        ]
    if against is not None:
        columns |= _deltas(board, against)
    columns |= {
        "time (ms)": [None if row.wall_median_s is None else 1e3 * row.wall_median_s for row in rows],
        "memory (MB)": [row.peak_memory_mb for row in rows],
        "pages": [row.n for row in rows],
        "failed": [sum(row.failures.values()) for row in rows],
    }
    if any(row.on_front is not None for row in rows):
        columns["Pareto"] = [bool(row.on_front) for row in rows]
    for other in other_scores(board):
        columns[heading(other)] = [
            _shown(other, row.scores[other.name].mean if other.name in row.scores else None) for row in rows
        ]
    finite = [mean for mean in means if mean is not None]
    full = 1.0 if finite and score.unit in ("1", "ratio") and min(finite) >= 0 and max(finite) <= 1 else max(finite, default=0.0)
    return BoardTable(columns, (main, full) if finite and min(finite) >= 0 and full > 0 else None)


def _shown(score: Score, value: float | None) -> float | None:
    return in_shown_unit(score, value)


def _interval(row: BoardRow, score: Score) -> str:
    found = row.scores.get(score.name)
    return (interval_text(found) if found is not None else "") or MISSING


def _deltas(board: Leaderboard, against: Comparison) -> dict[str, Values]:
    """Return how each method's score differs from the other run's, page by page, and what that says."""
    of = {row.b: row for row in against.rows if row.score.name == board.ranked_by.name}
    found = [of.get(row.label) for row in board.rows]
    return {
        f"Δ {board.ranked_by.name}": [
            None if each is None else _shown(board.ranked_by, each.paired.difference) for each in found
        ],
        "Δ interval": [
            MISSING
            if each is None or each.paired.low is None
            else f"{score_text(board.ranked_by, each.paired.low)} to {score_text(board.ranked_by, each.paired.high)}"
            for each in found
        ],
        "Δ says": [MISSING if each is None else each.paired.verdict for each in found],
    }
