"""Intervals of 95 % that resample records, not pictures.

Nine damages of one record are one unit; taking them for nine would make every interval too narrow. Intervals are
percentile bootstrap intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13) of whole clusters (Davison and
Hinkley, Bootstrap Methods and their Application, 1997, sec. 3.8), their percentiles widened for few records (Hesterberg, The American
Statistician 69(4), 2015: t for normal quantiles, n / (n - 1) for the variance); above 10,000 cases, they are normal intervals of a ratio of cluster
totals (Cochran, Sampling Techniques, 1977, ch. 6). Below 8 records they are the same with Student's t.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

RESAMPLES = 1_000  # as many as percentiles of 2.5 % take (Efron and Tibshirani 1993, sec. 14.3)
CHUNK = 100  # resamples weighed at a time: 8 MB at 10,000 records
BOOTSTRAP_CASES = 10_000  # above, the normal interval says the same, a thousand times quicker
FEW_RECORDS = 8  # with fewer, a bootstrap hardly ever reaches beyond the extreme ones: 2 of a sign would do for a verdict
SEED = 12_345  # fixed, so that a rerun says the same

Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.intp]
Labels: TypeAlias = npt.NDArray[Any] | Sequence[Hashable]


class Interval(NamedTuple):
    """A 95 % interval; None twice where `note` says why there is none."""

    low: float | None
    high: float | None
    note: str = ""


def codes_of(records: Labels | None, size: int) -> Codes:
    """Return the number of each value's record, from 0."""
    if records is None:
        return np.arange(size)
    labels = np.asarray(records)
    if labels.shape != (size,):
        raise ValueError(f"{size} values need {size} record labels, got {labels.shape}.")
    return np.unique(labels, return_inverse=True)[1]


def totals(codes: Codes, *columns: Floats) -> Floats:
    """Return the total of each column over each record that is left, (columns, records)."""
    _, packed = np.unique(codes, return_inverse=True)
    return np.stack([np.bincount(packed, column) for column in columns])


def ratio_interval(upper: Floats, lower: Floats, cases: int, seed: int) -> Interval:
    """Return the interval of the ratio of two totals over records: of a mean, where the lower counts cases."""
    units = upper.size
    if units < 2:
        return Interval(None, None, f"no interval: {too_few(cases)}")
    with np.errstate(all="ignore"):  # totals of huge values, and resamples whose lower total is 0
        if units < FEW_RECORDS or cases > BOOTSTRAP_CASES:
            ratio = upper.sum() / lower.sum()
            spread = np.sqrt(np.sum((upper - ratio * lower) ** 2) * units / (units - 1)) / abs(lower.sum())
            return around(float(ratio), float(spread), units)
        found = np.concatenate([(weights @ upper) / (weights @ lower) for weights in resamples(units, seed)])
    return percentiles(found, units)


def too_few(cases: int) -> str:
    """Return why so many cases of one record have no interval."""
    return "one value" if cases == 1 else "all of one record"


def resamples(units: int, seed: int) -> Iterator[Floats]:
    """Yield how often each of the units is in each resample, some resamples at a time."""
    weights = _weights(units, seed)
    return (weights[start : start + CHUNK].astype(np.float64) for start in range(0, RESAMPLES, CHUNK))


@lru_cache(maxsize=4)  # 10 MB each at most; the metrics of a run share their records
def _weights(units: int, seed: int) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    weights = np.empty((RESAMPLES, units), np.uint8)  # drawn more than 255 times: never, of so many or so few
    for row in weights:
        row[:] = np.bincount(rng.integers(0, units, units), minlength=units)
    return weights


def percentiles(found: Floats, units: int) -> Interval:
    """Return the percentile interval, widened as a t interval of so few units would be."""
    if not np.isfinite(found).all():
        return Interval(None, None, "no interval: a resample has no finite value")
    tail = NormalDist().cdf(-math.sqrt(units / (units - 1)) * t_quantile(units - 1))
    low, high = np.quantile(found, [tail, 1 - tail])
    return Interval(float(low), float(high))


def around(middle: float, error: float, units: int) -> Interval:
    """Return the normal interval, with the t quantile of so many units."""
    reach = t_quantile(units - 1) * error
    if not math.isfinite(middle + reach):
        return Interval(None, None, "no interval: a total is not finite")
    return Interval(middle - reach, middle + reach)


def t_quantile(degrees: int) -> float:
    """Return the 97.5 % quantile of Student's t with so many degrees of freedom, within 0.2 %.

    Exact for 1 and 2; else the expansion 26.7.5 of Abramowitz and Stegun, Handbook of Mathematical Functions, 1964.

    >>> [round(t_quantile(degrees), 2) for degrees in (1, 2, 5, 30)]
    [12.71, 4.3, 2.57, 2.04]
    """
    level = 0.975
    if degrees == 1:
        return math.tan(math.pi * (level - 0.5))
    if degrees == 2:
        return (2 * level - 1) / math.sqrt(2 * level * (1 - level))
    x = NormalDist().inv_cdf(level)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92_160,
    )
    return x + sum(term / float(degrees) ** power for power, term in enumerate(terms, 1))


def finite_or_none(value: float) -> float | None:
    """Return a number that JSON can say, else None."""
    number = float(value)
    return number if math.isfinite(number) else None
