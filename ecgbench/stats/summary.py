"""What the numbers of many cases add up to, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecgbench.core.metric import Limits, Rows
from ecgbench.stats.intervals import SEED, Labels, around, codes_of, finite_or_none, ratio_interval, too_few, totals

GROUPS = 40  # of records that a combine is made without in turn; each takes a pass over all cases in Python


@dataclass(frozen=True)
class Summary:
    """What `n` finite values of `records` records add up to; `nonfinite` others (NaN or infinite) are counted and left out.

    `mean` is the mean over cases, or what a combine made of them; `low`, `high`: its 95 % interval, None where `note` says why.
    """

    n: int
    records: int
    mean: float | None
    median: float | None
    low: float | None
    high: float | None
    nonfinite: int = 0
    note: str = ""

    def within(self, limits: Limits) -> Summary:
        """Return the summary with its interval ending where the number itself does: with few records it would go on beyond that.

        >>> Summary(2, 2, 0.9, 0.9, 0.7, 1.1).within((0.0, 1.0)).high
        1.0
        """
        least, most = limits
        if self.mean is None or self.low is None or self.high is None:
            return self
        low = self.low if least is None or self.mean < least else max(self.low, least)
        high = self.high if most is None or self.mean > most else min(self.high, most)
        return replace(self, low=low, high=high)

    def to_dict(self) -> dict[str, Any]:
        """Return the summary JSON-safe."""
        return asdict(self)


class Times(NamedTuple):
    """Seconds of several repeats: their median, the shortest, and the interquartile range (linear between repeats)."""

    median: float
    shortest: float
    iqr: float


def summarize_times(seconds: Sequence[float]) -> Times:
    """Summarize repeats so that one disturbed repeat changes little.

    >>> round(summarize_times([0.010, 0.011, 0.012, 0.090]).median, 4)
    0.0115
    """
    low, median, high = np.percentile(np.asarray(seconds, np.float64), [25, 50, 75])
    return Times(float(median), float(min(seconds)), float(high - low))


def summarize(values: npt.ArrayLike, records: Labels | None = None, *, seed: int = SEED) -> Summary:
    """Summarize n values; `records` are n labels, equal for cases of one record (None: each case is its own).

    >>> summarize([1.0, 2.0, 3.0, float("nan")]).mean
    2.0
    >>> summarize([1.0, 2.0], ["100", "100"]).note
    'no interval: all of one record'
    """
    given = np.asarray(values, np.float64).ravel()
    finite = np.isfinite(given)
    kept, codes = given[finite], codes_of(records, given.size)[finite]
    nonfinite = int(given.size - kept.size)
    if kept.size == 0:
        return Summary(0, 0, None, None, None, None, nonfinite, "no interval: no finite value")
    with np.errstate(over="ignore"):  # the sum of huge values is not finite, and said so
        mean, median = finite_or_none(kept.mean()), finite_or_none(np.median(kept))
    sums = totals(codes, np.ones_like(kept), kept)
    interval = ratio_interval(sums[1], sums[0], kept.size, seed)
    return Summary(kept.size, sums.shape[1], mean, median, interval.low, interval.high, nonfinite, interval.note)


def combine_rows(rows: Rows, records: Labels | None, combine: Callable[[Rows], float]) -> Summary:
    """Summarize rows (name -> value, one mapping a case) by a metric's own `combine`, whose value stands as the mean.

    The interval is of a jackknife that leaves out up to 40 groups of records in turn (Wolter, Introduction to Variance Estimation,
    2007, ch. 4). Where the combine cannot tell, it returns NaN or raises ArithmeticError, LookupError or ValueError.

    >>> combine_rows([{"hit": 1.0}, {"hit": 0.0}], None, lambda rows: max(row["hit"] for row in rows)).mean
    1.0
    """
    codes = codes_of(records, len(rows))
    units = int(codes.max()) + 1 if codes.size else 0
    value = _combined(combine, rows)
    if value is None or units < 2:
        note = f"no interval: {'the combine cannot tell' if value is None else too_few(len(rows))}"
        return Summary(len(rows), units, value, None, None, None, note=note)
    groups = np.random.default_rng(SEED).permutation(units)[codes] % min(GROUPS, units)
    without = [
        _combined(combine, [row for row, group in zip(rows, groups, strict=True) if group != left]) for left in set(groups)
    ]
    told = np.array([each for each in without if each is not None])
    if told.size < 2:
        return Summary(
            len(rows), units, value, None, None, None, note="no interval: the combine cannot tell of parts of the cases"
        )
    error = math.sqrt((told.size - 1) * float(told.var()))
    interval = around(value, error, told.size)
    return Summary(len(rows), units, value, None, interval.low, interval.high)


def _combined(combine: Callable[[Rows], float], rows: Rows) -> float | None:
    try:
        return finite_or_none(combine(rows))
    except (ArithmeticError, LookupError, ValueError):
        return None
