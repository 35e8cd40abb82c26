"""How wide the edges of a page's ink are, and how bright its ink and paper: measured in bands of rows."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Gray
from ecgbench.plugins.levels import levels_at

STRONG_EDGE_SHARE = 0.005  # of all pixels: the steepest ones belong to traces and text, the sharpest things on a page
RANKED = 4  # of so many pixels one is ranked: a hundred thousands of them give the same rank
BANDS, BAND_ROWS = 16, 16  # of rows, evenly spread over the page: thousands of edges, at a sixth of the cost of a 200 dpi scan
SLOPE_UNIT = 8  # Sobel's 3x3 weights make 8 of a gray level a pixel
CONTRAST_WINDOW = 7  # pixels: wider than a printed edge, narrower than the gap between two lines
SMALLEST_SIDE = CONTRAST_WINDOW + 1  # pixels; nothing can be measured on less
Levels = npt.NDArray[np.int16]


def edge_width_px(gray: Gray) -> float | None:
    """Return the median width, in pixels, of the steepest edges of a (H, W) uint8 picture; None where it has none.

    Width is local contrast over gradient (after Hu and de Haan 2006): a step blurred to w pixels has its contrast divided by w as its slope.
    Edges wider than the window (7 pixels) are told too narrow, yet wider than sharper ones.
    """
    if min(gray.shape) < SMALLEST_SIDE:
        return None
    slopes, contrasts = zip(*(_edges_in(gray[band]) for band in bands(gray.shape[0])), strict=True)
    slope, contrast = np.concatenate(slopes), np.concatenate(contrasts)
    ranked = slope[:: RANKED if slope.size > 100_000 else 1]
    rank = -int(ranked.size * STRONG_EDGE_SHARE) - 1
    steep = slope >= max(int(np.partition(ranked, rank)[rank]), SLOPE_UNIT)
    if not steep.any():
        return None
    return float(np.median(contrast[steep] * SLOPE_UNIT / slope[steep]))


def bands(height: int) -> list[slice]:
    """Return up to 16 bands of 16 rows, evenly spread over a picture of `height` rows; all rows in one where there are no more.

    >>> bands(100), len(bands(1700))
    ([slice(0, 100, None)], 16)
    """
    if height <= BANDS * BAND_ROWS:
        return [slice(0, height)]
    return [slice(start, start + BAND_ROWS) for start in np.linspace(0, height - BAND_ROWS, BANDS).astype(int).tolist()]


def gray_quantiles(gray: Gray, shares: Sequence[float]) -> list[int]:
    """Return for each share the gray level that at least so many of the pixels, of a picture's bands of rows, do not exceed.

    >>> gray_quantiles(np.arange(200, dtype=np.uint8).reshape(10, 20), [0.1, 0.5])
    [19, 99]
    """
    return levels_at(np.concatenate([gray[band] for band in bands(gray.shape[0])]), shares)


def _edges_in(gray: Gray) -> tuple[Levels, Levels]:
    """Return (n,) int16 slope, in SLOPE_UNIT of a gray level a pixel, and local contrast of the pixels of a band that have all neighbors."""
    dx, dy = cv2.spatialGradient(gray)
    slope = np.rint(cv2.magnitude(dx.astype(np.float32), dy.astype(np.float32))).astype(np.int16)
    window = np.ones((CONTRAST_WINDOW, CONTRAST_WINDOW), np.uint8)
    contrast = cv2.subtract(cv2.dilate(gray, window), cv2.erode(gray, window)).astype(np.int16)
    rim = CONTRAST_WINDOW // 2
    inner = (slice(rim, -rim), slice(rim, -rim))
    return slope[inner].ravel(), contrast[inner].ravel()
