"""The plots of one task: scores with intervals, how they are spread, times, types of image, score against cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ecgbench.core.metric import Score
from ecgbench.leaderboard import BoardRow, Leaderboard, breakdown
from ecgbench.report.plots import (
    SHOWN,
    CostMark,
    Floats,
    Mark,
    breakdown_plot,
    cost_plot,
    distribution_plot,
    interval_plot,
    shortened,
    time_plot,
)  # fmt: skip
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
    task = _Task(store, run, board)
    score = board.ranked_by
    if score.name in COSTS or not task.marked:
        return list(task.times())
    return [*task.scores(), *task.times(), *task.kinds(), *task.costs()]


def plot_labels(board: Leaderboard) -> dict[int, str]:
    """Return what each variant is called in plots, where there is little room: of several of one method, only params that differ are named.

    Labels that still read the same have their place on the board before them.
    """
    told = {row.variant_id: shortened(short_method(_telling(row, board), board.task)) for row in board.rows}
    seen = Counter(told.values())
    return {number: label if seen[label] == 1 else f"{place}. {label}" for place, (number, label) in enumerate(told.items(), 1)}


def _telling(row: BoardRow, board: Leaderboard) -> str:
    others = [other.variant.params for other in board.rows if other.variant.method == row.variant.method]
    params = row.variant.params.items()
    told = [f"{name}={value}" for name, value in params if len(others) == 1 or any(other.get(name) != value for other in others)]
    return f"{row.variant.method}[{','.join(told)}]" if told else row.variant.method


@dataclass(frozen=True)
class _Task:
    """What the plots of a task are made of."""

    store: Store
    run: Run
    board: Leaderboard

    @property
    def rows(self) -> Sequence[BoardRow]:
        return self.board.rows[:SHOWN]

    @property
    def score(self) -> Score:
        return self.board.ranked_by

    @cached_property
    def labels(self) -> dict[int, str]:
        return plot_labels(self.board)

    @cached_property
    def marked(self) -> list[BoardRow]:
        """The methods that have a mean of the score that ranks."""
        name = self.score.name
        return [row for row in self.rows if name in row.scores and row.scores[name].mean is not None]

    @cached_property
    def columns(self) -> dict[str, Values]:
        """The values of the score that ranks, by label."""
        name = self.score.name
        return {self.labels[row.variant_id]: self.store.values(self.run.id, row.variant_id, name) for row in self.rows}

    def scores(self) -> Iterator[Plot]:
        name, axis = self.score.name, axis_title(self.score)
        title = f"{name} by method"
        marks = [self._score_mark(row) for row in self.marked]
        words = f"{title}: {', '.join(f'{self.labels[row.variant_id]} {self._mean(row)}' for row in self.marked)}"
        if len(marks) > 1:
            yield Plot(title, "Mean with its 95 % interval.", interval_plot(marks, axis=axis, title=words))
        title = f"How {name} is spread over the pages"
        spread = {label: self._shown(column.values) for label, column in self.columns.items()}
        svg = distribution_plot(spread, axis=axis, title=f"{title}, {count(len(spread), 'method')}")
        yield Plot(title, "Box: the middle half and the median; line: 5 to 95 %; dots: pages.", svg)

    def times(self) -> Iterator[Plot]:
        marks = [mark for row in self.rows if (mark := self._time_mark(row)) is not None]
        if marks:
            title = "Time per page"
            words = f"{title}: {', '.join(f'{mark.label} {number(mark.value)} ms' for mark in marks)}"
            svg = time_plot(marks, axis="time per page (ms), lower is better", title=words)
            yield Plot(title, "Median over the pages of the method's own time; whisker: the middle half.", svg)

    def kinds(self) -> Iterator[Plot]:
        if max((column.cases.size for column in self.columns.values()), default=0) > MOST_CASES:
            return
        found = breakdown(self.store, self.run, self.board, "type")
        if len(found.groups) > 1:
            kinds = {
                self.labels[number]: {
                    group: in_shown_unit(self.score, each.mean) or 0.0 for group, each in groups.items() if each.mean is not None
                }
                for number, groups in found.values.items()
                if number in self.labels
            }
            title = f"{self.score.name} by type of image"
            svg = breakdown_plot(kinds, axis=axis_title(self.score), title=title)
            yield Plot(title, "Mean over the pages of a type that the method has a value of.", svg)

    def costs(self) -> Iterator[Plot]:
        marks = [mark for row in self.marked if (mark := self._cost_mark(row)) is not None]
        if len(marks) < 2 or self.score.direction == "none":
            return
        title = f"{self.score.name} against time"
        words = ", ".join(f"{mark.label} {number(mark.score)} in {number(1e3 * mark.seconds)} ms" for mark in marks)
        better = self.score.direction == "higher"
        svg = cost_plot(marks, axis=self.score.name, title=f"{title}: {words}", higher_is_better=better)
        caption = (
            f"{DIRECTIONS[self.score.direction].capitalize()}, failures count as worst. No method beats one on the line in both."
        )
        yield Plot(title, caption, svg)

    def _shown(self, values: Floats) -> Floats:
        return np.asarray(values * (in_shown_unit(self.score, 1.0) or 1.0), np.float64)

    def _mean(self, row: BoardRow) -> str:
        return with_unit(self.score, row.scores[self.score.name].mean)

    def _score_mark(self, row: BoardRow) -> Mark:
        found = row.scores[self.score.name]
        value, low, high = (in_shown_unit(self.score, each) for each in (found.mean, found.low, found.high))
        return Mark(self.labels[row.variant_id], value or 0.0, low, high)

    def _time_mark(self, row: BoardRow) -> Mark | None:
        seconds = self.store.values(self.run.id, row.variant_id, TIME.name).values
        seconds = seconds[np.isfinite(seconds)]
        if not seconds.size:
            return None
        low, median, high = (1e3 * np.percentile(seconds, [25, 50, 75])).tolist()
        return Mark(self.labels[row.variant_id], median, low, high)

    def _cost_mark(self, row: BoardRow) -> CostMark | None:
        ranked = row.scores[self.score.name].ranked
        if not row.wall_median_s or ranked is None:
            return None
        return CostMark(self.labels[row.variant_id], row.wall_median_s, in_shown_unit(self.score, ranked) or 0.0)
