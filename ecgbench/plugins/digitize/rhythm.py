"""Which leads the rhythm strips show: those whose short stretch they repeat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.signals import Stretch

Floats = npt.NDArray[np.float64]

STEP_MM = 0.25  # of the comparison; both were drawn from the same samples
SHIFT_MM = 1.0  # by which columns may be off
MISREAD = 0.05  # of the samples: tips of a stretch's beats
ALIKE = 0.15  # of the power, by which two readings of one trace differ at most
CLEARER = 0.5  # of what the usual lead leaves; another one must leave less: leads that are alike, as II and aVF mostly, do not


def name_strips(strips: Sequence[Stretch], shorts: Sequence[Stretch], usual: Sequence[str]) -> list[str]:
    """Return the lead of each rhythm strip: the short stretch that it repeats at the same place of the row, else the usual one."""
    names: list[str] = []
    for strip, lead in zip(strips, usual, strict=True):
        left = {short.lead: _difference(strip, short) for short in shorts if short.lead not in names}
        best = min(left, key=lambda name: left[name], default=lead)
        told = left.get(best, 1.0) <= ALIKE and left[best] < CLEARER * left.get(lead, 1.0)
        names.append(best if told or lead in names else lead)
    return names


def _difference(strip: Stretch, short: Stretch) -> float:
    """Return the smallest share of its power by which a short stretch differs from its part of the strip, over small shifts, 0 to 1.

    The samples that differ most are left out, since a tip or two may be misread. Both were drawn to one scale, so that heights tell
    leads apart whose shape is the same.
    """
    at = np.arange(short.start_mm + 1, short.end_mm - 1, STEP_MM)
    reach = round(SHIFT_MM / STEP_MM)
    around = _resampled(strip, short.start_mm + 1 + STEP_MM * np.arange(-reach, len(at) + reach, dtype=np.float64))
    if at.size == 0:
        return 1.0
    shifted = np.lib.stride_tricks.sliding_window_view(around, len(at))
    part = np.broadcast_to(_resampled(short, at), shifted.shape)
    known = np.isfinite(part) & np.isfinite(shifted)
    count = np.count_nonzero(known, axis=1)
    one, two = _about_mean(part, known, count), _about_mean(shifted, known, count)
    power = np.maximum(np.square(one).sum(axis=1), np.square(two).sum(axis=1))
    ordered = np.sort(np.where(known, np.square(one - two), np.inf), axis=1)
    kept = np.arange(len(at)) < np.rint((1 - MISREAD) * count)[:, None]
    left = np.where(kept, ordered, 0.0).sum(axis=1)
    told = (count >= len(at) / 2) & (power > 0)
    return float(np.min(left[told] / power[told], initial=1.0))


def _about_mean(values: Floats, known: npt.NDArray[np.bool_], count: npt.NDArray[np.intp]) -> Floats:
    """Return the known values of each row about their mean, 0 where unknown."""
    seen = np.where(known, values, 0.0)
    return np.where(known, seen - (seen.sum(axis=1) / np.maximum(count, 1))[:, None], 0.0)


def _resampled(stretch: Stretch, at: Floats) -> Floats:
    known = np.isfinite(stretch.mv)
    if np.count_nonzero(known) < 2:
        return np.full(len(at), np.nan)
    return np.interp(at, stretch.x[known], stretch.mv[known], left=np.nan, right=np.nan)
