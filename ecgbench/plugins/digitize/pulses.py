"""Calibration pulses: a millivolt, drawn as a rectangle beside each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Mask

Floats = npt.NDArray[np.float64]
Plane = npt.NDArray[np.float32]
Ink = npt.NDArray[np.uint8]

INK = 0.4  # of full coverage: legs of a faint pulse are whole
STEP_MM = 3.5  # the lowest pulse, of 5 mm/mV, less what the pen rounds off
TALLEST_MM = 23.0  # the highest one, of 20 mm/mV, and a pen's width
LEG_MM = 1.3  # a leg, and what perspective leaves of its slope, is no wider
WIDTHS_MM = (1.8, 13.0)  # 0.2 s at 25 mm/s are 5 mm, at 50 mm/s 10 mm; portable devices draw half of that
LEVEL_MM = 0.7  # by which the upper ends of both legs differ, at most
PLATEAU = 0.9  # of the columns between both legs that have ink at their upper ends
EMPTY = 0.1  # of what is below the plateau may be inked
INNER_MM = 0.5  # from a leg or the plateau to what is below it
NEAREST_MM = 12.0  # from a pulse's foot to the level of its row, whose trace may wander
SAME_PLACE_MM = 4.0  # pulses of all rows stand above each other; perspective that is left moves them a little
CUT_MM = 1.5  # between the paper's border and the end of a plateau that goes on beyond
# By how much a height differs from the gain, at most: by what the pen hides, and by the share that the paper's local scale is off.
HEIGHT_MM, HEIGHT = 0.6, 0.05
GAINS = (5.0, 10.0, 20.0)  # mm/mV that devices print
SPEEDS = (25.0, 50.0)  # mm/s


@dataclass(frozen=True)
class Pulse:
    """A rectangle: where its legs stand, the level of its feet, and how high it is, all in mm of the flat page (y down).

    `whole`: both legs are seen; else the paper ends where one should stand, and it is as wide as that at least.
    """

    left: float
    right: float
    foot: float
    height: float
    whole: bool = True

    @property
    def mm_per_mv(self) -> float:
        """The gain that devices print which is nearest to the height."""
        return min(GAINS, key=lambda gain: abs(np.log(self.height / gain)))

    @property
    def is_millivolt(self) -> bool:
        """Whether it is as high as a millivolt at a gain that devices print."""
        return abs(self.height - self.mm_per_mv) <= HEIGHT_MM + HEIGHT * self.mm_per_mv

    @property
    def mm_per_s(self) -> float:
        """The paper speed that devices print which is nearest to the width: a pulse lasts 0.2 s."""
        return min(SPEEDS, key=lambda speed: abs(np.log((self.right - self.left) / (0.2 * speed))))


@dataclass(frozen=True)
class Leg:
    """A straight stroke down the page: its middle column, and its first and last row, in pixels."""

    x: float
    top: int
    bottom: int


def find_pulses(coverage: Plane, paper: Mask, levels: Floats, scale: int) -> list[Pulse | None]:
    """Find the pulse of each row; one that stands elsewhere than those of the other rows is none.

    A pulse is two legs that are joined at their upper ends, with nothing in between; or one, and a plateau that runs out of the paper.
    """
    ink = (coverage > INK).view(np.uint8)
    legs = _legs(ink, scale)
    found = [pulse for pulse in (*_whole(ink, legs, scale), *_cut(ink, legs, paper, scale)) if pulse.is_millivolt]
    return _one_place([_of_row(found, levels, row) for row in range(len(levels))])


def typical_pulse(pulses: Sequence[Pulse]) -> Pulse | None:
    """Return the pulse of median place and size, in place and width of those that are whole where there are some; None of none."""
    some = [pulse for pulse in pulses if pulse.whole] or list(pulses)
    if not some:
        return None
    left, right, foot = (median(getattr(pulse, side) for pulse in some) for side in ("left", "right", "foot"))
    return Pulse(left, right, foot, median(pulse.height for pulse in pulses), some[0].whole)


def _legs(ink: Ink, scale: int) -> list[Leg]:
    """Return the strokes that run straight down the page as far as legs do, from left to right."""
    wider = cv2.dilate(ink, np.ones((1, 3), np.uint8))  # a leg that leans by a pixel is whole in one column
    tall = cv2.morphologyEx(wider, cv2.MORPH_OPEN, np.ones((2 * round(STEP_MM * scale / 2) + 1, 1), np.uint8))
    found = []
    outlines, _ = cv2.findContours(tall, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)  # few, and faster than to label all pixels
    for outline in outlines:
        left, top, width, height = cv2.boundingRect(outline)
        if width - 2 <= LEG_MM * scale and height <= TALLEST_MM * scale:
            inked = tall[top : top + height, left : left + width].sum(axis=0)
            found.append(Leg(left + float(inked @ np.arange(width) / inked.sum()), top, top + height - 1))
    return sorted(found, key=lambda leg: leg.x)


def _whole(ink: Ink, legs: Sequence[Leg], scale: int) -> list[Pulse]:
    """Return each pair of legs that a plateau joins; the foot is the outer one's, since the other ends where the trace begins."""
    found = []
    for number, left in enumerate(legs):
        for right in legs[number + 1 :]:
            if right.x - left.x > WIDTHS_MM[1] * scale:
                break
            alike = abs(left.top - right.top) <= LEVEL_MM * scale
            if alike and right.x - left.x >= WIDTHS_MM[0] * scale and _is_plateau(ink, left.x, right.x, left, right, scale):
                outer = left if left.x + right.x < ink.shape[1] else right
                found.append(_pulse(ink, left.x, right.x, outer, scale, whole=True))
    return found


def _cut(ink: Ink, legs: Sequence[Leg], paper: Mask, scale: int) -> list[Pulse]:
    """Return each leg from whose upper end a plateau runs out of the paper, to the left or to the right."""
    found = []
    for leg in legs:
        row, column = leg.top + 1, round(leg.x)
        inside = np.flatnonzero(paper[row])
        if inside.size == 0:
            continue
        for end, side in ((int(inside[0]), -1), (int(inside[-1]), 1)):
            length = side * (end - leg.x)
            if not INNER_MM * scale < length <= WIDTHS_MM[1] * scale:
                continue
            low, high = sorted((float(column), end - side * CUT_MM * scale))
            if high - low >= INNER_MM * scale and _is_plateau(ink, low, high, leg, leg, scale):
                left, right = sorted((leg.x, float(end)))
                found.append(_pulse(ink, left, right, leg, scale, whole=False))
    return found


def _is_plateau(ink: Ink, low: float, high: float, left: Leg, right: Leg, scale: int) -> bool:
    """Whether ink joins the upper ends of both legs, and none is below."""
    inner = max(1, round(INNER_MM * scale))
    columns = slice(round(low), round(high) + 1)
    top, bottom = min(left.top, right.top), min(left.bottom, right.bottom)
    line = ink[max(0, top - 1) : max(left.top, right.top) + 2 * inner, columns]
    below = ink[top + 3 * inner : bottom - inner, round(low) + inner : round(high) - inner + 1]
    joined = line.any(axis=0).mean() if line.size else 0.0
    return bool(joined >= PLATEAU and (below.size == 0 or below.mean() <= EMPTY))


def _pulse(ink: Ink, left: float, right: float, leg: Leg, scale: int, *, whole: bool) -> Pulse:
    """Return the pulse of two legs; the pen runs along the middle of its stroke, whose width shows on the plateau."""
    middle = round((left + right) / 2)
    stroke = ink[max(0, leg.top - 2) : leg.top + round(STEP_MM * scale / 2), max(0, middle - 2) : middle + 3]
    pen = max(1.0, float(np.median(stroke.sum(axis=0)))) if stroke.size else 1.0
    foot = leg.bottom + 1 - pen / 2
    return Pulse((left + 0.5) / scale, (right + 0.5) / scale, foot / scale, (leg.bottom + 1 - leg.top - pen) / scale, whole)


def _of_row(found: Sequence[Pulse], levels: Floats, row: int) -> list[Pulse]:
    """Return the pulses whose foot is nearest to a row's level."""
    near = [(pulse, np.abs(levels - pulse.foot)) for pulse in found]
    return [pulse for pulse, away in near if int(away.argmin()) == row and away[row] <= NEAREST_MM]


def _one_place(rows: Sequence[Sequence[Pulse]]) -> list[Pulse | None]:
    """Return the pulse of each row at the place where most rows have one, at least half of them."""
    places = [_place(pulse) for row in rows for pulse in row]
    votes = [sum(any(abs(_place(pulse) - place) < SAME_PLACE_MM for pulse in row) for row in rows) for place in places]
    if not places or max(votes) < max(1, len(rows) / 2):
        return [None] * len(rows)
    place = median(place for place, vote in zip(places, votes, strict=True) if vote == max(votes))
    near = [[pulse for pulse in row if abs(_place(pulse) - place) < SAME_PLACE_MM] for row in rows]
    return [min(row, key=lambda pulse: (not pulse.whole, abs(_place(pulse) - place)), default=None) for row in near]


def _place(pulse: Pulse) -> float:
    return (pulse.left + pulse.right) / 2
