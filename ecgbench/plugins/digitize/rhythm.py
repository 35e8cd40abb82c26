"""Which leads the rhythm strips show: those whose short stretch they repeat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.signals import Stretch

Floats = npt.NDArray[np.float64]

STEP_MM = 0.25  # of the comparison; both were drawn from the same samples
SHIFT_MM = 1.0  # by which columns may be off
SURE = 0.8  # correlation; beats of other leads reach 0.9 where this one reaches 0.99, noise stays below
CLEARER = 0.02  # by which another lead must fit better than the usual one


def name_strips(strips: Sequence[Stretch], shorts: Sequence[Stretch], usual: Sequence[str]) -> list[str]:
    """Return the lead of each rhythm strip: the short stretch that it repeats at the same place of the row, else the usual one."""
    names: list[str] = []
    for strip, lead in zip(strips, usual, strict=True):
        scores = {short.lead: _likeness(strip, short) for short in shorts if short.lead not in names}
        best = max(scores, key=lambda name: scores[name], default=lead)
        told = scores.get(best, 0.0) >= SURE and scores[best] > scores.get(lead, 0.0) + CLEARER
        names.append(best if told or lead in names else lead)
    return names


def _likeness(strip: Stretch, short: Stretch) -> float:
    """Return the largest correlation of a short stretch with its part of the strip, over small shifts."""
    at = np.arange(short.start_mm + 1, short.end_mm - 1, STEP_MM)
    part = _resampled(short, at)
    best = 0.0
    for shift in np.arange(-SHIFT_MM, SHIFT_MM + STEP_MM / 2, STEP_MM):
        other = _resampled(strip, at + shift)
        known = np.isfinite(part) & np.isfinite(other)
        if np.count_nonzero(known) < len(at) / 2:
            continue
        one, two = part[known] - part[known].mean(), other[known] - other[known].mean()
        power = float(np.sqrt((one @ one) * (two @ two)))
        best = max(best, float(one @ two) / power if power > 0 else 0.0)
    return best


def _resampled(stretch: Stretch, at: Floats) -> Floats:
    known = np.isfinite(stretch.mv)
    if np.count_nonzero(known) < 2:
        return np.full(len(at), np.nan)
    return np.interp(at, stretch.x[known], stretch.mv[known], left=np.nan, right=np.nan)
