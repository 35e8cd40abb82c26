"""Chooses a few pages of a run to show, fairly: the best, the worst and those between, not the prettiest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgbench.core.metric import Score
from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import Leaderboard
from ecgbench.report.sheets import COSTS, other_scores
from ecgbench.store import FAILED, Run, Store, Values

MOST_NAMES = 20_000  # that are read to bring cases into order; of more the store's own order will do
BY_SCORE = "From best to worst by the mean {name} of all methods, a missing value counting as the worst."
EVENLY = "No truth is known, so the pages are spread evenly over the set."
PLACES = {1: ("median page",), 2: ("best page", "worst page"), 3: ("best page", "median page", "worst page")}


@dataclass(frozen=True)
class Choice:
    """Pages to show of a task: each with its number in the store and what it stands for, and a sentence on how they were chosen."""

    pages: Sequence[tuple[str, int, CaseInfo]]
    sentence: str


def choose_pages(store: Store, run: Run, board: Leaderboard, wanted: int) -> Choice:
    """Choose up to `wanted` pages of a task: evenly from best to worst by the score that ranks, or over the set where no score tells."""
    variants = [row.variant_id for row in board.rows]
    judged = board.ranked_by.name not in COSTS
    columns = [store.values(run.id, variant, board.ranked_by.name) for variant in variants] if judged else []
    if any(np.isfinite(column.values).any() for column in columns):
        order, sentence = from_best_to_worst(columns, board.ranked_by), BY_SCORE
        order = np.concatenate([order, np.setdiff1d(_missed(store, run, board), order)])
    else:
        order, sentence = _by_name(store, run, [store.values(run.id, variant, FAILED) for variant in variants]), EVENLY
    chosen = _evenly(order, wanted)
    cases = store.cases(run.id, chosen.tolist())
    places = PLACES.get(chosen.size, tuple(f"page {index} of {chosen.size}" for index in range(1, chosen.size + 1)))
    if sentence is EVENLY:
        places = ("page",) * chosen.size
    pages = [(place.capitalize(), number, cases[number]) for place, number in zip(places, chosen.tolist(), strict=True)]
    return Choice(pages, sentence.format(name=board.ranked_by.name))


def _by_name(store: Store, run: Run, failed: Sequence[Values]) -> npt.NDArray[np.int64]:
    """Return the numbers of the cases that any method is done with, in the order of their names: the same in whatever order they finished."""
    done = np.unique(np.concatenate([*(column.cases[column.values == 0] for column in failed), np.empty(0, np.int64)]))
    if done.size > MOST_NAMES:
        return done
    names = {number: case.name for number, case in store.cases(run.id, done.tolist()).items()}
    return np.array(sorted(names, key=lambda number: names[number]), np.int64)


def _evenly(order: npt.NDArray[np.int64], wanted: int) -> npt.NDArray[np.int64]:
    """Return `wanted` of the numbers, the first and the last among them; of one, the middle."""
    count = min(wanted, order.size)
    if count == 1:
        return order[[order.size // 2]]
    return order[np.linspace(0, order.size - 1, count).round().astype(np.intp)] if count else order[:0]


def _missed(store: Store, run: Run, board: Leaderboard) -> npt.NDArray[np.int64]:
    """Return the numbers of cases on which some method has the worst value of another score, such as a grid that was not found."""
    found = [np.empty(0, np.int64)]
    for score in other_scores(board):
        columns = [store.values(run.id, row.variant_id, score.name) for row in board.rows if score.name in row.scores]
        values = np.concatenate([column.values for column in columns])
        finite = values[np.isfinite(values)]
        if score.direction != "none" and finite.size and finite.min() < finite.max():
            worst = finite.min() if score.direction == "higher" else finite.max()
            found += [column.cases[column.values == worst] for column in columns]
    return np.unique(np.concatenate(found))


def from_best_to_worst(columns: Sequence[Values], score: Score) -> npt.NDArray[np.int64]:
    """Return the numbers of all cases, the best first, by their mean over methods; a missing value counts as the worst there is."""
    cases = np.unique(np.concatenate([column.cases for column in columns]))
    table = np.full((len(columns), cases.size), np.nan)
    for row, column in zip(table, columns, strict=True):
        row[np.searchsorted(cases, column.cases)] = column.values
    sign = 1.0 if score.direction == "lower" else -1.0
    badness = sign * table
    badness[~np.isfinite(badness)] = badness[np.isfinite(badness)].max()
    return cases[np.argsort(badness.mean(axis=0), kind="stable")]
