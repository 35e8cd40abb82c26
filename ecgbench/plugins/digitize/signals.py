"""From curves to millivolts over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Lead = npt.NDArray[np.float32]

LONGEST_GAP_S = 0.06  # without ink that is drawn through: a fold, or a faint stroke; more is not known
EDGE_MM = 0.5  # beside a boundary, where marks between leads may hide the trace


@dataclass(frozen=True, eq=False)
class Stretch:
    """One stretch of a lead: `x` (n,) in mm from the row's begin and `mv` (n,), NaN where nothing is seen.

    It runs from `start_mm` to `end_mm` of the row. `course`: (n, 2), (x, y) in pixels of the flat page.
    """

    lead: str
    row: int
    x: Floats
    mv: Floats
    start_mm: float
    end_mm: float
    course: Floats = field(default_factory=lambda: np.empty((0, 2)))

    @property
    def share_seen(self) -> float:
        """How much of the stretch was seen, 0 to 1."""
        return float(np.isfinite(self.mv).mean()) if len(self.mv) else 0.0

    def sampled(self, fs: float, mm_per_s: float) -> tuple[int, Lead]:
        """Return the number of the first sample at `fs` Hz and the samples."""
        first, last = (round(side / mm_per_s * fs) for side in (self.start_mm, self.end_mm))
        at = np.arange(first, last) / fs * mm_per_s
        return first, _interpolated(at, self.x, self.mv, LONGEST_GAP_S * mm_per_s).astype(np.float32)


def _interpolated(at: Floats, x: Floats, values: Floats, longest_gap: float) -> Floats:
    """Interpolate linearly between known values, and hold the first and last a little beyond; NaN in gaps longer than `longest_gap`."""
    known = np.flatnonzero(np.isfinite(values))
    if known.size < 2:
        return np.full(len(at), np.nan)
    places = x[known]
    found = np.interp(at, places, values[known])
    after = np.searchsorted(places, at).clip(1, len(places) - 1)
    gap = np.where(
        (at < places[0]) | (at > places[-1]), 2 * np.maximum(places[0] - at, at - places[-1]), places[after] - places[after - 1]
    )
    return np.where(gap <= longest_gap, found, np.nan)


def merged(stretches: list[Stretch], fs: float, mm_per_s: float) -> Mapping[str, Lead]:
    """Return each lead as samples from the page's first moment on, NaN where it is not shown; the longest stretch of a lead goes first."""
    size = max((round(stretch.end_mm / mm_per_s * fs) for stretch in stretches), default=0)
    leads: dict[str, Lead] = {}
    for stretch in sorted(stretches, key=lambda stretch: stretch.end_mm - stretch.start_mm, reverse=True):
        signal = leads.setdefault(stretch.lead, np.full(size, np.nan, np.float32))
        first, samples = stretch.sampled(fs, mm_per_s)
        part = signal[first : first + len(samples)]
        part[:] = np.where(np.isfinite(part), part, samples[: len(part)])
    order = {stretch.lead: number for number, stretch in reversed(list(enumerate(stretches)))}
    return {lead: leads[lead] for lead in sorted(leads, key=order.__getitem__)}
