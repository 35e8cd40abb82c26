"""Whether a paired difference can be chance, how large it is beside its spread, and what many such questions at once are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgbench.stats.intervals import Labels, codes_of, totals


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

    Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1945, zero differences left out; exact for up to 50 records
    without ties, else by the normal approximation (scipy.stats.wilcoxon). The effect is the simple difference formula of Kerby,
    Comprehensive Psychology 2014.

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
    from scipy import stats  # slow to import, so only where it is asked for

    ranks = stats.rankdata(np.abs(difference))
    effect = float((ranks[difference > 0].sum() - ranks[difference < 0].sum()) / ranks.sum())
    return SignedRank(difference.size, float(stats.wilcoxon(difference).pvalue), effect)


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
