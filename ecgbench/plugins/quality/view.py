"""The page as the gates look at its ink: small, in the light that a colored grid reflects most, against the paper around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ecgbench.core.page import Bgr, Gray, Pixels
from ecgbench.plugins.levels import levels_at

MOST_SIDE = 1200  # pixels of the small picture's long side: 4 px/mm of a full page, at which a trace is still as dark as its core
PAGE_MM = (
    270.0  # long side of a page, where nothing tells the scale: letter paper and a roll of 10 s are 279 and about 260 mm long
)
PAPER_MM = 1.6  # from a line of the grid, or a trace, to bare paper; specks of mould are as wide and wider
INK = 0.004  # of all pixels are this dark: the core of traces and letters
DARK = 0.45  # of the ink's darkness, from which on a line looks like a trace
TILES = (12, 16)  # along height and width of the page, each about 20 mm wide: what is everywhere is in most of them


@dataclass(frozen=True, eq=False)
class InkView:
    """A page, `factor` times smaller: `light`, the brightest of its colors, and `gray`, (h, w) uint8 each.

    In the brightest of blue, green and red a colored line is as pale as paper, and black ink is black.
    """

    light: Pixels
    gray: Pixels
    factor: int

    @property
    def usual_scale(self) -> float:
        """Pixels of the view in a millimeter, if the whole picture is a page."""
        return float(max(self.gray.shape)) / PAGE_MM

    @cached_property
    def paper(self) -> Pixels:
        """How bright the paper beside each pixel is, (h, w) uint8."""
        return closed(self.light, PAPER_MM * self.usual_scale)

    @cached_property
    def darkness(self) -> Pixels:
        """How much darker each pixel is than the paper beside it, (h, w) uint8."""
        return np.asarray(cv2.subtract(self.paper, self.light), np.uint8)

    @cached_property
    def ink(self) -> int:
        """How dark ink is at its core, in gray levels below the paper."""
        return level_of(self.darkness, 1 - INK)


def view_ink(bgr: Bgr) -> InkView:
    """Return the view of a (H, W, 3) uint8 page; rows and columns that are left at its end are not in it.

    >>> view = view_ink(np.full((1700, 2200, 3), 255, np.uint8))
    >>> view.gray.shape, view.factor
    ((850, 1100), 2)
    """
    factor = 1
    while max(bgr.shape) // factor > MOST_SIDE and min(bgr.shape[:2]) >= 2 * factor:
        factor *= 2
    height, width = (side // factor for side in bgr.shape[:2])
    small = cv2.resize(bgr[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA)
    blue, green, red = cv2.split(small)
    light = np.asarray(cv2.max(cv2.max(blue, green), red), np.uint8)
    return InkView(light, np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8), factor)


def level_of(levels: Gray, share: float) -> int:
    """Return the gray level that `share` of the pixels do not exceed, by every fourth row: a quarter of a million pixels tell it as well."""
    return levels_at(levels[::4], [share])[0]


def closed(levels: Gray, width: float) -> Pixels:
    """Return the levels with what is dark over less than `width` pixels closed over."""
    side = odd(width)
    return np.asarray(cv2.morphologyEx(levels, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), np.uint8)


def odd(length: float) -> int:
    """Return the odd number of pixels next to a length, at least 3."""
    return max(3, round(length) | 1)


def dark_share(view: InkView) -> float:
    """Return the share of the page that is darker than the paper beside it by 0.45 of what ink is, in the median of 12 x 16 tiles.

    A grid as dark as the trace is dark in each of them; traces, letters and mould fill some.
    """
    height, width = (tile * (side // tile) for tile, side in zip(TILES, view.gray.shape, strict=True))
    if not view.ink or not height or not width:
        return 0.0
    dark = cv2.threshold(view.darkness[:height, :width], DARK * view.ink, 255, cv2.THRESH_BINARY)[1]
    shares = cv2.resize(dark, TILES[::-1], interpolation=cv2.INTER_AREA)
    return float(np.median(shares)) / 255
