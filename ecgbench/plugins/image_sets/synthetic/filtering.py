"""The filter that a device passes leads through before it prints them: what it prints is the truth of its page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording

TAPS = 1.65  # length of the filter in periods of its limit: it falls from nine tenths to a tenth within the limit's own width
NYQUIST = 0.5
Samples = npt.NDArray[np.float32]


def passed(recording: Recording, limit_hz: float) -> Recording:
    """Return a recording without what is faster than `limit_hz`, or as it is where that is 0 or more than it holds.

    A sinc under a Hamming window, of linear phase. Near samples that are not known, and at the ends, the rest of the filter is what
    counts: nothing else becomes unknown.
    """
    if not 0 < limit_hz < NYQUIST * recording.fs:
        return recording
    taps = _taps(limit_hz / recording.fs)
    return replace(recording, leads={name: _filtered(lead, taps) for name, lead in recording.leads.items()})


def _taps(limit: float) -> Float:
    """Return the filter for a limit in cycles a sample; its sum is 1."""
    reach = max(1, round(TAPS / limit / 2))
    window = np.sinc(2 * limit * np.arange(-reach, reach + 1)) * np.hamming(2 * reach + 1)
    return np.asarray(window / window.sum(), dtype=np.float64)


def _filtered(lead: Samples, taps: Float) -> Samples:
    """Return a lead (n,) in mV filtered, NaN where it was."""
    known = np.isfinite(lead)
    weight = np.convolve(known, taps)[len(taps) // 2 :][: len(lead)]
    passed = np.convolve(np.where(known, lead, 0), taps)[len(taps) // 2 :][: len(lead)]
    return np.where(known, passed / np.where(known, weight, 1), np.nan).astype(np.float32)
