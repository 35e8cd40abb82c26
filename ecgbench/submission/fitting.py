"""Digitized leads made to fit what is asked: cut to their stretch of the page, resampled, and filled where nothing was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.signal_files import lead_name
from ecgbench.plugins.metrics.alignment import at_rate
from ecgbench.submission.asked import Ask, SubmissionError

Floats = npt.NDArray[np.float64]

DIGITS = 4  # of millivolts: 0.1 uV, which costs nothing at the metric's cap (noise of 0.03 uV)
MOST_MV = 1000.0  # beyond, it is no voltage of a heart, and its square may leave the range of numbers
LONGEST_BRIDGE_S = 0.1  # a gap that a straight line crosses: the width of a QRS complex; a longer one is the lead's level


@dataclass(frozen=True, eq=False)
class Fitted:
    """A lead as it is submitted: `values` (ask.rows,) float64 in mV, finite, rounded to 0.1 uV; `filled` of them were not found."""

    ask: Ask
    values: Floats
    filled: int

    @property
    def missing(self) -> bool:
        """Whether nothing of the lead was found."""
        return self.filled == len(self.values) > 0


def fit_record(signals: Mapping[str, Any], fs: float, asks: Iterable[Ask]) -> list[Fitted]:
    """Return what is submitted of a record whose `signals` (lead -> millivolts at `fs` Hz, None or NaN where unknown) were found.

    A lead at another rate is resampled linearly, and one that is longer than asked is cut to the stretch of the page where it
    stands. What is not known is filled: gaps of at most LONGEST_BRIDGE_S with a straight line, other places with the lead's median, as
    near to its baseline as can be told (0 may be far off, and the metric forgives one offset a lead only); a lead of which nothing is
    known with 0. Names are read in any spelling. SubmissionError where a signal is no list of numbers.

    >>> (fitted,) = fit_record({"i": [0.1, None, 0.3, None]}, 100, [Ask("I", 100, 4)])
    >>> fitted.values.tolist(), fitted.filled
    ([0.1, 0.2, 0.3, 0.3], 2)
    """
    named = {_plain(name): _numbers(name, signal) for name, signal in signals.items()}
    return [_fit(named.get(_plain(ask.lead), np.empty(0)), fs, ask) for ask in asks]


def nothing_found(asks: Iterable[Ask]) -> list[Fitted]:
    """Return what is submitted of a record that was not digitized: zeros."""
    return fit_record({}, 1.0, asks)


def _plain(name: Any) -> str:
    return lead_name(str(name)) or str(name).strip().casefold()


def _numbers(lead: Any, signal: Any) -> Floats:
    """Return a signal as float64 (n,), NaN where it is no voltage."""
    try:
        values = np.asarray(signal, np.float64)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.ndim != 1:
        raise SubmissionError(f"The signal of {str(lead)[:50]} must be a list of numbers and nulls.")
    return np.where(np.abs(values) <= MOST_MV, values, np.nan)  # NaN compares false


def _fit(signal: Floats, fs: float, ask: Ask) -> Fitted:
    if fs != ask.fs and signal.size:
        signal = at_rate(signal, fs, ask.fs, np.arange(round(signal.size * ask.fs / fs)))
    start = _start(np.isfinite(signal), ask.rows)
    part = signal[start : start + ask.rows]
    values = np.concatenate([part, np.full(ask.rows - part.size, np.nan)])
    known = np.isfinite(values)
    filled = np.round(_filled(values, known, ask.fs), DIGITS) + 0.0  # no negative zero
    return Fitted(ask, filled, int(ask.rows - known.sum()))


def _start(known: npt.NDArray[np.bool_], rows: int) -> int:
    """Return where the stretch of `rows` samples begins that holds most of what is known.

    A lead stands in one column of the page, so that whole multiples of `rows` go before its first known sample where both hold as
    much: what is lost at the begin of a column must not shift the rest.
    """
    if known.size <= rows or not known.any() or rows == 0:
        return 0
    count = np.concatenate([[0], np.cumsum(known)])
    begins = np.append(np.arange(0, known.size, rows), np.argmax(known))
    held = count[np.minimum(begins + rows, known.size)] - count[begins]
    return int(begins[np.argmax(held)])


def _filled(values: Floats, known: npt.NDArray[np.bool_], fs: float) -> Floats:
    places = np.flatnonzero(known)
    if places.size == 0:
        return np.zeros(values.size)
    at = np.arange(values.size)
    ends = np.concatenate([[-1], places, [values.size]])  # of gaps, also of those at the signal's ends
    after = np.searchsorted(ends, at)
    gap = np.where(known, 0, ends[after] - ends[after - 1] - 1)
    bridged = np.interp(at, places, values[places])  # beyond the first and last known one it holds them
    return np.where(gap <= LONGEST_BRIDGE_S * fs, bridged, np.median(values[places]))
