"""The plots of one task: scores with intervals, score against cost, how values are spread, times, and types of image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecgbench.core.metric import Score
from ecgbench.leaderboard import BoardRow, Leaderboard
from ecgbench.report.plots import SHOWN, CostMark, Mark, breakdown_plot, cost_plot, distribution_plot, interval_plot, time_plot
from ecgbench.report.sheets import COSTS, TIME
from ecgbench.report.wording import DIRECTIONS, axis_title, count, in_shown_unit, number, short_method, with_unit
from ecgbench.store import Run, Store, Values

MOST_CASES = 100_000  # whose types are looked up; of more, reading them would take longer than all the rest


@dataclass(frozen=True)
class Plot:
    """A plot with its heading and a sentence on how to read it; `svg` is one element."""

    title: str
    caption: str
    svg: str


def board_plots(store: Store, run: Run, board: Leaderboard) -> list[Plot]:
    """Return the plots of a task, each only where there is something to see in it; the first 24 methods are shown."""
    rows = board.rows[:SHOWN]
    times = list(_time_plots(store, run, board, rows))
    score = board.ranked_by
    if score.name in COSTS or not any(row.scores[score.name].n for row in rows if score.name in row.scores):
        return times
    columns = {_label(row, board): store.values(run.id, row.variant_id, score.name) for row in rows}
    return [*_score_plots(board, rows, columns), *times, *_kind_plots(store, run, board, columns), *_cost_plots(board, rows)]


def _label(row: BoardRow, board: Leaderboard) -> str:
    return short_method(row.label, board.task)


def _score_plots(board: Leaderboard, rows: Sequence[BoardRow], columns: Mapping[str, Values]) -> Iterator[Plot]:
    score = board.ranked_by
    marks = [_score_mark(row, board) for row in rows if score.name in row.scores and row.scores[score.name].mean is not None]
    title = f"{score.name} by method"
    svg = interval_plot(marks, axis=axis_title(score), title=_told(title, marks, score))
    yield Plot(title, "Mean with its 95 % interval.", svg)
    spread = {label: column.values * (in_shown_unit(score, 1.0) or 1.0) for label, column in columns.items()}
    title = f"How {score.name} is spread over the pages"
    svg = distribution_plot(spread, axis=axis_title(score), title=f"{title}, {count(len(spread), 'method')}")
    yield Plot(title, "Box: the middle half and the median; line: 5 to 95 %; dots: pages.", svg)


def _cost_plots(board: Leaderboard, rows: Sequence[BoardRow]) -> Iterator[Plot]:
    score = board.ranked_by
    marks = [_cost_mark(row, board) for row in rows if _has_cost(row, score)]
    if len(marks) < 2:
        return
    told = ", ".join(f"{mark.label} {number(mark.score)} in {number(1e3 * mark.seconds)} ms" for mark in marks)
    title = f"{score.name} against time"
    svg = cost_plot(marks, axis=score.name, title=f"{title}: {told}", higher_is_better=score.direction == "higher")
    caption = f"{DIRECTIONS[score.direction].capitalize()}, failures count as worst. No method beats one on the line in both."
    yield Plot(title, caption, svg)


def _kind_plots(store: Store, run: Run, board: Leaderboard, columns: Mapping[str, Values]) -> Iterator[Plot]:
    kinds = by_type(store, run, columns)
    if kinds:
        title = f"{board.ranked_by.name} by type of image"
        svg = breakdown_plot(kinds, axis=axis_title(board.ranked_by), title=title)
        yield Plot(title, "Mean over the pages of a type that the method has a value of.", svg)


def _score_mark(row: BoardRow, board: Leaderboard) -> Mark:
    score, found = board.ranked_by, row.scores[board.ranked_by.name]
    value, low, high = (in_shown_unit(score, each) for each in (found.mean, found.low, found.high))
    return Mark(_label(row, board), value or 0.0, low, high)


def _has_cost(row: BoardRow, score: Score) -> bool:
    return bool(row.wall_median_s) and score.name in row.scores and row.scores[score.name].ranked is not None


def _cost_mark(row: BoardRow, board: Leaderboard) -> CostMark:
    return CostMark(_label(row, board), row.wall_median_s or 0.0, row.scores[board.ranked_by.name].ranked or 0.0)


def _told(title: str, marks: Sequence[Mark], score: Score) -> str:
    """Return what a plot shows in words, for those who do not see it."""
    factor = in_shown_unit(score, 1.0) or 1.0
    return f"{title}: {', '.join(f'{mark.label} {with_unit(score, mark.value / factor)}' for mark in marks)}"


def _time_plots(store: Store, run: Run, board: Leaderboard, rows: Sequence[BoardRow]) -> Iterator[Plot]:
    marks = []
    for row in rows:
        seconds = store.values(run.id, row.variant_id, TIME.name).values
        seconds = seconds[np.isfinite(seconds)]
        if seconds.size:
            low, median, high = (1e3 * np.percentile(seconds, [25, 50, 75])).tolist()
            marks.append(Mark(_label(row, board), median, low, high))
    if marks:
        title = "Time per page"
        svg = time_plot(marks, axis="time per page (ms), lower is better", title=_told(title, marks, TIME))
        yield Plot(title, "Median over the pages of the method's own time; whisker: the middle half.", svg)


def by_type(store: Store, run: Run, columns: Mapping[str, Values]) -> dict[str, dict[str, float]]:
    """Return the mean of each column (label -> values) by type of image; nothing where there are fewer than two types, or too many cases."""
    if max((column.cases.size for column in columns.values()), default=0) > MOST_CASES:
        return {}
    kinds = {number: case.type for number, case in store.cases(run.id).items() if case.type}
    if len(set(kinds.values())) < 2:
        return {}
    return {label: _means(column, kinds) for label, column in columns.items()}


def _means(column: Values, kinds: Mapping[int, str]) -> dict[str, float]:
    grouped: dict[str, list[float]] = {}
    for case, value in zip(column.cases.tolist(), column.values.tolist(), strict=True):
        if case in kinds and np.isfinite(value):
            grouped.setdefault(kinds[case], []).append(value)
    return {kind: float(np.mean(grouped[kind])) for kind in sorted(grouped)}
