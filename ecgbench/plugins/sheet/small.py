"""The picture made small, and without its ink: what is left is paper, and what it lies on."""

from __future__ import annotations

import cv2
import numpy as np

from ecgbench.core.page import Gray, Pixels

LONG_SIDE = 700  # pixels at most of the picture on which sides are looked for: 2 px/mm of a full page, and half a pixel is 0.2 mm
INK_CLOSING = 5  # pixels of the small picture: wider than traces and bold lines of a full page


def halved(gray: Gray, long_side: int) -> tuple[Pixels, int]:
    """Return the picture averaged down by 2, 4, 8 ... until its long side is `long_side` at most, and the factor.

    Halving is three times as quick as averaging down at once. Odd rows and columns at the end are left out.
    """
    factor = 1
    small = np.asarray(gray, np.uint8)
    while max(small.shape) > long_side and min(small.shape) > 1:
        height, width = small.shape[0] // 2, small.shape[1] // 2
        even = small[: 2 * height, : 2 * width]
        small, factor = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8), 2 * factor
    return small, factor


def without_ink(small: Pixels) -> Pixels:
    """Return a small picture with its ink closed over; a desk of which only a pixel is seen along the picture's border stays.

    >>> small = np.full((60, 60), 200, np.uint8)
    >>> small[:, 30:33] = 0
    >>> int(without_ink(small).min())
    200
    """
    margin = INK_CLOSING
    wide = cv2.copyMakeBorder(small, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((INK_CLOSING, INK_CLOSING), np.uint8))
    return np.asarray(closed[margin:-margin, margin:-margin], np.uint8)
