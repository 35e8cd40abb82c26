"""Calibration pulses: a millivolt, drawn as a rectangle beside each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Plane = npt.NDArray[np.float32]

STEP_MM = 3.5  # the lowest pulse, of 5 mm/mV, less what the pen rounds off
EDGE_MM = 0.5  # a leg of a pulse leans no more
WIDTHS_MM = (1.8, 13.0)  # 0.2 s at 25 mm/s are 5 mm, at 50 mm/s 10 mm; portable devices draw half of that
FLAT_MM = 0.5  # a plateau is level
EQUAL_MM = 12.0  # one leg may end where the trace begins, and that may have wandered
SAME_PLACE_MM = 4.0  # pulses of all rows stand above each other; perspective that is left moves them a little
LEG_MM = 1.0  # to either side of a leg, within which its ink is weighed
LEG_SHARE = (0.3, 0.7)  # of a leg's height: its ends meet other ink
GAINS = (5.0, 10.0, 20.0)  # mm/mV that devices print
SPEEDS = (25.0, 50.0)  # mm/s


@dataclass(frozen=True)
class Pulse:
    """A rectangle: where its legs stand, the level of its feet, and how high it is, all in mm of the flat page (y down)."""

    left: float
    right: float
    foot: float
    height: float

    @property
    def mm_per_mv(self) -> float:
        """The gain that devices print which is nearest to the height."""
        return min(GAINS, key=lambda gain: abs(np.log(self.height / gain)))

    @property
    def mm_per_s(self) -> float:
        """The paper speed that devices print which is nearest to the width: a pulse lasts 0.2 s."""
        return min(SPEEDS, key=lambda speed: abs(np.log((self.right - self.left) / (0.2 * speed))))


def find_pulses(coverage: Plane, paths: Floats, scale: int) -> list[Pulse | None]:
    """Find the pulse of each row along its path; one that stands elsewhere than those of the other rows is none."""
    found = [[_sharpened(pulse, coverage, scale) for pulse in _pulses_of(path, scale)] for path in paths]
    lefts = [pulse.left for row in found for pulse in row]
    if not lefts:
        return [None] * len(found)
    votes = [sum(any(abs(pulse.left - left) < SAME_PLACE_MM for pulse in row) for row in found) for left in lefts]
    if max(votes) < max(1, len(found) / 2):
        return [None] * len(found)
    place = median(left for left, vote in zip(lefts, votes, strict=True) if vote == max(votes))
    return [
        min((p for p in row if abs(p.left - place) < SAME_PLACE_MM), key=lambda p: abs(p.left - place), default=None)
        for row in found
    ]


def typical_pulse(pulses: Sequence[Pulse]) -> Pulse | None:
    """Return the pulse of median place and size; None of none."""
    if not pulses:
        return None
    return Pulse(*(median(getattr(pulse, side) for pulse in pulses) for side in ("left", "right", "foot", "height")))


def _pulses_of(path: Floats, scale: int) -> list[Pulse]:
    """Return each place where a path rises, runs level, and falls as far as it rose."""
    reach = max(1, round(EDGE_MM * scale))
    step = path[2 * reach :] - path[: -2 * reach]  # positive where the path goes down the page
    rises = [middle + reach for middle in _peaks(-step, STEP_MM * scale)]
    falls = [middle + reach for middle in _peaks(step, STEP_MM * scale)]
    found = []
    for rise in rises:
        for fall in falls:
            if WIDTHS_MM[0] * scale <= fall - rise <= WIDTHS_MM[1] * scale:
                pulse = _rectangle(path, rise, fall, reach, scale)
                found += [pulse] if pulse else []
    return found


def _peaks(values: Floats, least: float) -> list[int]:
    """Return the middle of each stretch in which values are `least` or more."""
    above = np.concatenate([[False], values >= least, [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    return [int(first + last) // 2 for first, last in zip(edges[::2], edges[1::2] - 1, strict=True)]


def _rectangle(path: Floats, rise: int, fall: int, reach: int, scale: int) -> Pulse | None:
    plateau = path[rise + reach : fall - reach + 1]
    if plateau.size < 2 or np.ptp(plateau) > FLAT_MM * scale:
        return None
    top = float(np.median(plateau))
    before, after = float(path[max(0, rise - reach)]), float(path[min(len(path) - 1, fall + reach)])
    if min(before, after) - top < STEP_MM * scale or abs(before - after) > EQUAL_MM * scale:
        return None
    foot = before if rise + fall < len(path) else after  # the other one is where the trace goes on
    return Pulse((rise + 0.5) / scale, (fall + 0.5) / scale, (foot + 0.5) / scale, (foot - top) / scale)


def _sharpened(pulse: Pulse, coverage: Plane, scale: int) -> Pulse:
    """Return the pulse with its legs where their ink is centered."""
    top, bottom = (round((pulse.foot - share * pulse.height) * scale) for share in LEG_SHARE[::-1])
    part = np.clip(coverage[max(0, top) : max(0, bottom)], 0, 1)
    return replace(pulse, left=_leg(part, pulse.left, scale), right=_leg(part, pulse.right, scale))


def _leg(part: Plane, x: float, scale: int) -> float:
    reach = round(LEG_MM * scale)
    first = max(0, round(x * scale) - reach)
    ink = part[:, first : first + 2 * reach + 1].mean(axis=0) if len(part) else np.empty(0)
    strong = np.where(ink > 0.3, ink, 0)
    return float((first + 0.5 + (strong * np.arange(len(strong))).sum() / strong.sum()) / scale) if strong.sum() > 0 else x
