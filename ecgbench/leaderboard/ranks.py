"""Who stands level with whom, and who is worth the time: two readings of the numbers of several methods."""

from __future__ import annotations

from collections.abc import Sequence

from ecgbench.store import Sums


def shared_ranks(scores: Sequence[Sums | None]) -> list[int]:
    """Return the ranks of methods that come in order, the best first; those that nothing tells apart share one.

    A method takes the rank of the one that leads those just before it if their values of `ranked` are equal or the 95 % intervals of
    them overlap; else its place, from 1. So ranks are 1, 1, 3 where the first two are level, and no method shares one with a clearly better one.
    """
    ranks: list[int] = []
    for place, score in enumerate(scores):
        leader = ranks[-1] - 1 if ranks else place
        ranks.append(leader + 1 if _level(scores[leader], score) else place + 1)
    return ranks


def _level(a: Sums | None, b: Sums | None) -> bool:
    values = [None if each is None else each.ranked for each in (a, b)]
    if a is None or b is None or values[0] == values[1]:
        return values[0] == values[1]
    if a.ranked_low is None or a.ranked_high is None or b.ranked_low is None or b.ranked_high is None:
        return False
    return a.ranked_low <= b.ranked_high and b.ranked_low <= a.ranked_high


def pareto_front(marks: Sequence[tuple[float, float]], *, higher_is_better: bool) -> list[int]:
    """Return the numbers of those (cost, score) that no other beats in both, the cheapest first.

    >>> pareto_front([(1, 0.5), (3, 0.9), (4, 0.8)], higher_is_better=True)
    [0, 1]
    """
    sign = 1.0 if higher_is_better else -1.0
    front: list[int] = []
    for index in sorted(range(len(marks)), key=lambda each: (marks[each][0], -sign * marks[each][1])):
        if not front or sign * marks[index][1] > sign * marks[front[-1]][1]:
            front.append(index)
    return front
