"""The filter that a device passes leads through before it prints them: what it prints is the truth of its page."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.synthetic.lead_source import Recording

TAPS = (
    3.0  # length of the filter in periods of its limit: all passes up to half of the limit, nothing beyond one and a half of it
)
NYQUIST = 0.5
Samples = npt.NDArray[np.float32]


def passed(recording: Recording, limit_hz: float) -> Recording:
    """Return a recording without what is faster than `limit_hz`, or as it is where that is 0 or more than it holds.

    A sinc under a Hamming window, of linear phase. Near samples that are not known, and at the ends, the rest of the filter is what
    counts: nothing else becomes unknown.
    """
    if not 0 < limit_hz < NYQUIST * recording.fs:
        return recording
    limit = limit_hz / recording.fs
    return replace(recording, leads={name: _filtered(lead, limit) for name, lead in recording.leads.items()})


def _filtered(lead: Samples, limit: float) -> Samples:
    """Return a lead (n,) in mV filtered, NaN where it was; `limit`: in cycles a sample."""
    known = np.isfinite(lead)
    if known.all():
        return _summed(lead, limit) / _whole(len(lead), limit)
    weight = _summed(known.astype(np.float32), limit)
    return np.where(known, _summed(np.where(known, lead, np.float32(0)), limit) / np.where(known, weight, np.float32(1)), np.nan)


def _summed(values: Samples, limit: float) -> Samples:
    """Return the sums of values (n,) under the filter, with nothing beyond the ends."""
    laid = cv2.filter2D(values[None], -1, _taps(limit)[None], borderType=cv2.BORDER_CONSTANT)
    return np.asarray(laid[0], dtype=np.float32)


@lru_cache(maxsize=8)
def _whole(count: int, limit: float) -> Samples:
    """Return how much of the filter lies within `count` samples, at each of them."""
    return _summed(np.ones(count, np.float32), limit)


@lru_cache(maxsize=8)
def _taps(limit: float) -> Samples:
    """Return the filter for a limit in cycles a sample; its sum is 1."""
    reach = max(1, round(TAPS / limit / 2))
    window = np.sinc(2 * limit * np.arange(-reach, reach + 1)) * np.hamming(2 * reach + 1)
    return np.asarray(window / window.sum(), dtype=np.float32)
