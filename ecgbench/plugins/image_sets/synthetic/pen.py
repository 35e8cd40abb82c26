"""Ink that is not as dark all over: paler where the pen was fast, and uneven as heat, ribbons and jets lay it."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.synthetic.geometry import Geometry
from ecgbench.plugins.image_sets.synthetic.ink import Real, pieces
from ecgbench.plugins.image_sets.synthetic.sheet import Sheet, quickness

SLOWEST = 0.25  # quickness from which on ink is paler at all
APART_PX = 3.0  # places along a fast stretch that are marked as such; what is between them is marked by widening these
BEYOND_PX = 1.5  # what is paler is this much wider than the trace
MOTTLE_SEED = 8  # of the pattern of uneven ink
MOTTLED = 1 << 16  # pixels of it; all rows of a page run through it in turn
DROUGHT_PX = 12  # where a ribbon or a head gives less ink, it does so for so long
DOTS = 0.45  # how strong single dots are beside that


def missing_ink(sheet: Sheet, geometry: Geometry, where: npt.NDArray[np.intp], trace: Pixels) -> Real | None:
    """Return the share of ink (n,) that is missing from each of the pixels `where` (n,) of a flat picture, None where all ink is as dark.

    `trace`: (H, W) uint8, how much of each pixel is covered by traces. What a pixel is covered by, and so every truth, stays as it is.
    """
    style = sheet.style
    if not (style.paling or style.mottle or style.faint):
        return None
    missing = _mottle()[where & (MOTTLED - 1)] * np.float32(style.mottle)
    if style.paling:
        missing += _paleness(sheet, geometry).reshape(-1)[where] * np.float32(style.paling / 255)
    if style.faint:
        missing += trace.reshape(-1)[where] * np.float32(style.faint / 255)
    return np.asarray(np.minimum(missing, 1), dtype=np.float32)


def _paleness(sheet: Sheet, geometry: Geometry) -> Pixels:
    """Return how fast the pen was where a trace covers a pixel, (H, W) uint8: 255 at its fastest, 0 where it was not fast at all."""
    height, width = geometry.shape
    fast, gap = np.zeros((height, width), np.uint8), np.full((1, 2), np.nan)
    points = np.vstack([part for trace in sheet.traces for part in (trace.points, gap)] or [gap])
    quick = quickness(points, sheet.fs)
    which = np.flatnonzero(quick > SLOWEST)
    ends = geometry.to_pixels(np.concatenate([points[which], points[which + 1]])).reshape(2, -1, 2)
    stretches = np.concatenate([ends, np.full_like(ends[:1], np.nan)]).swapaxes(0, 1).reshape(-1, 2)
    start, along, line = pieces(stretches, APART_PX)
    column, row = np.rint(start + along / 2).astype(np.intp).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    fast[row[inside], column[inside]] = np.rint(255 * quick[which[line[inside] // 3]])
    size = 2 * round(float(geometry.matrix[0, 0]) * sheet.style.trace_mm / 2 + BEYOND_PX) + 1
    return np.asarray(cv2.dilate(fast, np.ones((size, size), np.uint8)), dtype=np.uint8)


@lru_cache(maxsize=1)
def _mottle() -> Real:
    """Return how uneven ink is, (MOTTLED,) float32 from 0 to 2, without a seam between its ends: dots, and droughts along rows."""
    dots, droughts = np.random.default_rng(MOTTLE_SEED).standard_normal((2, MOTTLED), dtype=np.float32)
    smooth = cv2.GaussianBlur(np.tile(droughts, 3)[None], (0, 0), DROUGHT_PX)[0, MOTTLED : 2 * MOTTLED]
    pattern = np.asarray(np.clip(0.35 + 0.6 * (DOTS * dots + smooth / smooth.std()), 0, 2), dtype=np.float32)
    pattern.setflags(write=False)
    return pattern
