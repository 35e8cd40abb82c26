"""A found lead brought to the sampling rate and the time of the true one."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

ROUNDING = 1e-12  # of the signals' norms: correlations that differ by less are equal but for rounding


class Alignment(NamedTuple):
    """A found lead after it was moved: `found` (n,), later by `lag` samples; `gain`: its slope over the true one, NaN where undefined."""

    found: Floats
    lag: int
    gain: float


def at_rate(signal: Floats, fs: float, true_fs: float, samples: npt.NDArray[np.intp]) -> Floats:
    """Return a signal (m,) of `fs` Hz at the times of whole `samples` of `true_fs` Hz, interpolated linearly.

    NaN beyond its end (half a sample of its own more is the last one) and next to samples that are NaN.

    >>> at_rate(np.array([0.0, 1.0, 2.0]), 100, 200, np.arange(6))
    array([0. , 0.5, 1. , 1.5, 2. , nan])
    """
    if signal.size == 0:
        return np.full(samples.size, np.nan)
    places = samples * (fs / true_fs)
    before = np.minimum(np.floor(places + 1e-9).astype(np.intp), signal.size - 1)
    share = np.clip(places - before, 0, 1)
    share[share < 1e-9] = 0  # whole but for rounding
    after = np.minimum(before + 1, signal.size - 1)
    between = (1 - share) * signal[before] + share * np.where(share > 0, signal[after], 0)
    return np.where(places < signal.size - 0.5, between, np.nan)


def aligned(true: Floats, found: Floats, most: int) -> Alignment:
    """Move a found lead (n,) in time by at most `most` samples, and by a constant, to where it fits the true one (n,) best.

    `found` is finite; what is moved in from beyond its ends is 0, and has no part in the constant. NaN in `true` has no part in anything.
    """
    known = np.isfinite(true)
    centered = np.where(known, true - true[known].mean(), 0.0)
    lag = _best_lag(
        centered, found - found.mean(), min(most, true.size - 1), float(np.linalg.norm(true[known]) * np.linalg.norm(found))
    )
    start, stop = max(0, lag), min(true.size, true.size + lag)
    moved = np.zeros_like(found)
    part, kept = found[start - lag : stop - lag], known[start:stop]
    if not kept.any():
        return Alignment(moved, lag, math.nan)
    x, y = true[start:stop][kept], part[kept]
    moved[start:stop] = part + (x - y).mean()
    return Alignment(moved, lag, _slope(x, y))


def _best_lag(true: Floats, found: Floats, most: int, scale: float) -> int:
    """Return the lag of the largest correlation, the one nearest to 0 where several are; two as near, the earlier."""
    correlation = np.correlate(np.pad(true, most), found, mode="valid")  # sum over n of true[n + lag] found[n], of -most .. most
    lags = np.flatnonzero(correlation >= correlation.max() - ROUNDING * scale) - most
    return int(lags[np.argmin(np.abs(lags))])


def _slope(x: Floats, y: Floats) -> float:
    """Return the slope of y over x by least squares; NaN where x is constant."""
    x = x - x.mean()
    power = float(x @ x)
    return float(x @ y) / power if power > 0 else math.nan
