"""Marks between leads, which hide a trace where one lead ends and the next begins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.curve import FINE, Curve

Floats = npt.NDArray[np.float64]

REACH_MM = 0.9  # of a mark's ink from the boundary
TALLEST_MM = 12.0
SHORTEST_MM = 2.5  # a thick trace's run of ink is shorter
EVEN_MM = 0.5  # by which the ends of a mark's columns differ: those of a wave's stroke differ more
WIDEST_MM = 1.5
BESIDE = 1  # columns beside a mark that it covers in part


def behind_mark(curve: Curve, boundary: float, scale: int) -> Floats:
    """Return the curve (as `Curve.y`) with what a mark at `boundary` (mm) hides held at what is seen beside it.

    A trace that runs into a mark from above its upper end, or from below its lower one, went on within it.
    """
    columns = _mark(curve, boundary, scale)
    if columns is None:
        return curve.y
    first, last = columns
    y = curve.y.copy()
    top, bottom = float(np.median(curve.top[first : last + 1])), float(np.median(curve.bottom[first : last + 1]))
    left, right = max(0, (first - BESIDE - 1) * FINE), min(len(y) - 1, (last + BESIDE + 1) * FINE)
    middle = int(np.clip(round((boundary * scale - 0.5) * FINE), left, right))
    low, high = sorted((top + curve.pen / 2, max(top, bottom) - curve.pen / 2))
    for part, beside in ((slice(left + 1, middle), y[left]), (slice(middle, right), y[right])):
        if np.isfinite(beside):
            y[part] = np.clip(beside, low, high)
    return y


def _mark(curve: Curve, boundary: float, scale: int) -> tuple[int, int] | None:
    """Return the first and last column of a mark at a boundary: runs of ink that are tall and end alike."""
    low, high = max(0, round((boundary - REACH_MM) * scale)), round((boundary + REACH_MM) * scale)
    top, bottom = curve.top[low:high], curve.bottom[low:high]
    length = np.nan_to_num(bottom - top)
    tall = (length > SHORTEST_MM * scale) & (length < TALLEST_MM * scale)
    if not tall.any():
        return None
    alike = tall.copy()
    for ends in (top, bottom):
        alike &= np.abs(np.nan_to_num(ends, nan=np.inf) - np.median(ends[tall])) < EVEN_MM * scale
    found = np.flatnonzero(alike)
    if found.size == 0 or found[-1] - found[0] > WIDEST_MM * scale or found.size < 2:
        return None
    return int(low + found[0]), int(low + found[-1])
