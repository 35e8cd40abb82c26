"""Whether a paired difference can be chance, how large it is beside its spread, and what many such questions at once are worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgbench.stats.intervals import Floats, Labels, codes_of, totals

EXACT_RECORDS = 50  # up to which every choice of signs is counted; above, the normal approximation says the same


@dataclass(frozen=True)
class SignedRank:
    """Wilcoxon's signed-rank test of b - a over `n` records whose difference is not 0.

    `p`: two-sided, None where every difference is 0 or there is none. `effect`: the matched-pairs rank-biserial correlation, -1 (b is
    lower on every record) to 1 (higher on every one), 0 where there is nothing to rank.
    """

    n: int
    p: float | None
    effect: float

    def to_dict(self) -> dict[str, Any]:
        """Return the test JSON-safe."""
        return asdict(self)


def signed_rank(a: npt.ArrayLike, b: npt.ArrayLike, records: Labels | None = None) -> SignedRank:
    """Test whether b differs from a on the same cases; cases of one record are averaged first, for they are one unit.

    Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1945, zero differences left out; exact for up to 50 records,
    also with ties, else by the normal approximation with its variance corrected for ties (Hollander and Wolfe, Nonparametric Statistical
    Methods, 1999, sec. 3.1). scipy.stats.wilcoxon says the same, but its import takes as long as a page of the dashboard may. The effect
    is the simple difference formula of Kerby, Comprehensive Psychology 2014.

    >>> signed_rank([1, 2, 3, 4, 5, 6], [2, 4, 6, 8, 10, 12])
    SignedRank(n=6, p=0.03125, effect=1.0)
    """
    before, after = (np.asarray(side, np.float64).ravel() for side in (a, b))
    finite = np.isfinite(before) & np.isfinite(after)
    difference = (after - before)[finite]
    if difference.size:
        counts, sums = totals(codes_of(records, finite.size)[finite], np.ones_like(difference), difference)
        difference = sums / counts
    difference = difference[difference != 0]
    if difference.size == 0:
        return SignedRank(0, None, 0.0)
    _, place, ties = np.unique(np.abs(difference), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]  # those of one size share the mean of theirs
    higher, lower = float(ranks[difference > 0].sum()), float(ranks[difference < 0].sum())
    exact = difference.size <= EXACT_RECORDS
    p = _exact(min(higher, lower), ranks) if exact else _approximate(higher - lower, ties.astype(np.float64))
    return SignedRank(difference.size, p, (higher - lower) / (higher + lower))


def _exact(least: float, ranks: Floats) -> float:
    """Return how often chance gives so small a sum of ranks on either side: every choice of signs is as likely."""
    ways = np.ones(1)  # by twice the sum of ranks, which shared ranks leave whole: how many choices come to it
    for rank in (2 * ranks).astype(int).tolist():
        ways = np.pad(ways, (0, rank)) + np.pad(ways, (rank, 0))
    return min(1.0, 2 * float(ways[: int(2 * least) + 1].sum()) / 2.0**ranks.size)


def _approximate(balance: float, ties: Floats) -> float:
    """Return how often chance gives so large a difference of the two sums of ranks; `ties`: how many records share each rank."""
    n = float(ties.sum())
    variance = n * (n + 1) * (2 * n + 1) / 6 - float((ties**3 - ties).sum()) / 12
    return math.erfc(abs(balance) / math.sqrt(2 * variance))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted for having asked so many questions at once; None stays None and asks nothing.

    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 1979.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    asked = sorted((p, index) for index, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for place, (p, index) in enumerate(asked):
        largest = max(largest, min(1.0, p * (len(asked) - place)))
        adjusted[index] = largest
    return adjusted
