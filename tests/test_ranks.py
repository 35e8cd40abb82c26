"""Ranks that are shared where nothing tells methods apart, and the front of cost and score."""

from __future__ import annotations

import pytest

from ecgbench.leaderboard import pareto_front, shared_ranks
from ecgbench.store import Sums


def sums(ranked: float | None, low: float | None = None, high: float | None = None) -> Sums:
    return Sums(
        n=9,
        records=9,
        failures=0,
        mean=ranked,
        median=ranked,
        low=low,
        high=high,
        ranked=ranked,
        ranked_low=low,
        ranked_high=high,
    )


@pytest.mark.parametrize(
    ("scores", "ranks"),
    [
        ([], []),
        ([sums(0.9, 0.88, 0.92), sums(0.89, 0.87, 0.91), sums(0.5, 0.4, 0.6)], [1, 1, 3]),
        (
            [sums(0.9, 0.88, 0.92), sums(0.87, 0.85, 0.89), sums(0.85, 0.83, 0.87)],
            [1, 1, 3],
        ),  # the third is level with the second only
        ([sums(0.9), sums(0.9), sums(0.8)], [1, 1, 3]),
        ([sums(0.9), sums(0.8, 0.7, 0.95)], [1, 2]),  # one without interval is level with none but its equal
        ([sums(0.9, 0.8, 0.95), None, None], [1, 2, 2]),
        ([sums(None), sums(None)], [1, 1]),
    ],
)
def test_a_rank_is_shared_where_intervals_overlap_with_its_leader(scores: list[Sums | None], ranks: list[int]) -> None:
    assert shared_ranks(scores) == ranks


def test_the_front_holds_whom_nobody_beats_in_both() -> None:
    marks = [(1, 5.0), (2, 3.0), (3, 4.0), (0.5, 9.0), (1, 6.0)]
    assert pareto_front(marks, higher_is_better=False) == [3, 0, 1]
    assert pareto_front(marks, higher_is_better=True) == [3]
