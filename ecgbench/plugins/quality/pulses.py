"""The scale of a page that shows no grid, from its calibration pulses: rectangles of 1 mV."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Pixels
from ecgbench.plugins.quality.view import InkView, closed

Numbers = npt.NDArray[np.int32]

PAPER_MM = 1.3  # from a leg to bare paper
LEG_SHARE, FAINTEST_LEG = 0.4, 12.0  # of the ink's darkness, and gray levels: what is darker may be a leg
LEG_MM, THICKEST_MM = (
    2.4,
    1.3,
)  # the shortest run upright, and the thickest, of a leg; slanted strokes of a QRS complex are shorter runs
SHAPES = (
    0.12,
    2.2,
)  # width over height: 0.1 s at 25 mm/s and 20 mm/mV, 0.2 s at 50 mm/s and 5 mm/mV, and what a camera makes of them
LEAST_WIDTH_MM = 0.9  # letters have legs, too
LEVEL = (2.0, 0.06)  # pixels, and share of the width: by so much one leg may begin below the other
UNEVEN = 0.15  # of the height: by so much more one leg may end below the other, where the trace begins
TOP_FILLED, INSIDE_FILLED, FOOT_FILLED, ABOVE_FILLED = (
    0.95,
    0.04,
    0.3,
    0.15,
)  # shares of a pulse's top, and at most of what it encloses
THICK_PX = 2.0  # of a leg as it is seen, by which a pulse is higher from rim to rim than from middle to middle
MOST_PAIRS = 400  # that are looked at; a text has fewer
ALIKE = 0.12  # by which pulses of one page differ in height
GAINS = (10.0, 5.0, 20.0)  # mm/mV that devices print
NARROWEST_MM = 1.9  # of a pulse of 0.1 s at 25 mm/s, 2.5 mm, seen from the side; the peaks of QRS complexes are narrower
LIKELY_SHARE = 0.95  # of the picture's long side is paper, where pictures are taken as usual
SCALES = (0.6, 1.25)  # times the scale of a page that fills the picture: one that does not is smaller, a part of one larger


class Pulse(NamedTuple):
    """A pulse in pixels of the view: left rim, top, and the distances of the middles of its legs, and of its top and its foot."""

    left: int
    top: int
    width: float
    height: float


def px_per_mm_of_pulses(view: InkView) -> float | None:
    """Return the pixels of the page in a millimeter, by the height of its calibration pulses; None where none is seen.

    A pulse of 1 mV is 10 mm high, or 5, or 20: that is taken which is nearest to a page that fills the picture.
    """
    pulses = sorted(find_pulses(view), key=lambda pulse: pulse.height)
    if not pulses:
        return None
    heights, widths = (np.array([getattr(pulse, side) for pulse in pulses]) for side in ("height", "width"))
    together = np.abs(heights[:, None] / heights - 1) < ALIKE
    alike = together[together.sum(axis=0).argmax()]
    height, width = float(np.median(heights[alike])), float(np.median(widths[alike]))
    usual = view.usual_scale
    fit = [height / gain for gain in GAINS if width * gain >= NARROWEST_MM * height]
    scale = min(fit, key=lambda scale: abs(np.log(scale / (LIKELY_SHARE * usual))), default=0.0)
    return scale * view.factor if SCALES[0] * usual <= scale <= SCALES[1] * usual else None


def find_pulses(view: InkView) -> list[Pulse]:
    """Return the rectangles without a base that a page shows: two upright legs, level, joined at the top, with nothing between them."""
    mm = view.usual_scale
    darkness = cv2.subtract(closed(view.light, PAPER_MM * mm), view.light)
    dark = np.asarray(cv2.threshold(darkness, max(FAINTEST_LEG, LEG_SHARE * view.ink), 255, cv2.THRESH_BINARY)[1], np.uint8)
    legs = _legs(dark, max(6, round(LEG_MM * mm)), max(4.0, THICKEST_MM * mm))
    found = (_pulse(dark, legs[i], legs[j]) for i, j in _pairs(legs, max(2.0, LEAST_WIDTH_MM * mm)))
    return [pulse for pulse in found if pulse is not None]


def _legs(dark: Pixels, length: int, thickest: float) -> Numbers:
    """Return the upright runs of at least `length` pixels, (n, 4) of left, top, width, height, from left to right."""
    runs = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    boxes = cv2.connectedComponentsWithStats(runs, connectivity=8)[2][1:, :4]
    boxes = boxes[boxes[:, 2] <= thickest]
    return np.asarray(boxes[boxes[:, 0].argsort()], np.int32)


def _pairs(legs: Numbers, least: float) -> list[tuple[int, int]]:
    """Return which two legs, left and right, stand as those of a pulse do."""
    left, top, _, height = legs.T.astype(np.float64)
    across = left[None, :] - left[:, None]
    high = np.maximum(height[None, :], height[:, None])
    off = LEVEL[0] + LEVEL[1] * across
    fits = (across >= np.maximum(least, SHAPES[0] * high)) & (across <= SHAPES[1] * high)
    fits &= np.abs(top[None, :] - top[:, None]) <= off
    fits &= np.abs((top + height)[None, :] - (top + height)[:, None]) <= off + UNEVEN * high
    return [(int(i), int(j)) for i, j in np.argwhere(fits)[:MOST_PAIRS]]


def _pulse(dark: Pixels, one: Numbers, other: Numbers) -> Pulse | None:
    """Return the pulse of two legs, None where they are not joined at the top, or not there alone."""
    first, last = int(one[0] + one[2]), int(other[0])
    if last - first < 2:
        return None
    top, foot = int(one[1] + other[1]) // 2, int(one[1] + one[3] + other[1] + other[3]) // 2
    width = float(other[0] - one[0])
    rim = 3 + round(0.03 * width)  # of the top's own thickness, and of a tilt
    between = dark[:, first:last] > 0
    filled = between[max(0, top - 2) : top + 4].any(axis=0).mean()
    inside, foots = between[top + rim + 1 : foot - 2], between[max(0, foot - 3) : foot + 3, 2:-2]
    above = between[max(0, top - rim - max(3, int(one[3]) // 8)) : max(0, top - rim)]
    if filled < TOP_FILLED or not inside.size or inside.mean() > INSIDE_FILLED:
        return None
    if (foots.size and foots.any(axis=0).mean() > FOOT_FILLED) or (above.size and above.mean() > ABOVE_FILLED):
        return None
    thick = float(one[2] + other[2]) / 2
    return Pulse(int(one[0]), top, width, float(max(one[3], other[3])) - min(thick, THICK_PX))
