"""Where the rows of traces lie on a flat page."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

HALVED = 2  # pixels of the flat page to one that rows are sought on: enough for their levels, and four times as fast
INK = 0.35  # of full coverage: faint rows of a page are found as well
NARROWEST_MM = 12.0  # connected ink that spans less is text, a pulse or a speck
THICKEST_MM = 1.6  # runs of ink down a column; steeper parts of a trace say little of its level
SMOOTH_MM = 0.9  # standard deviation: a trace's own noise and waves
REACH_MM = 5.0  # above and below a row's level, in which its ink counts as its own
FEWEST_MM = 30.0  # of columns in which a row shows; a beat or a line of text spans less
WEAKEST = 0.3  # of the strongest row's ink; less is a note or a scratch
NEAREST_MM = 9.0  # rows are further apart


def find_rows(coverage: Plane, page_scale: int) -> Floats:
    """Return the levels of the rows of traces in mm from the page's top, rising.

    Ink that is connected over centimeters counts by where it runs about level; each level at which it gathers is a row.
    """
    scale = page_scale / HALVED
    levels = _level_ink(_halved_ink(coverage), scale)
    profile = levels.sum(axis=1, dtype=np.float64)
    smooth = cv2.GaussianBlur(profile[:, None], (1, 2 * round(3 * SMOOTH_MM * scale) + 1), sigmaX=1, sigmaY=SMOOTH_MM * scale)[
        :, 0
    ]
    reach = round(REACH_MM * scale)
    found: list[tuple[int, float]] = []
    left = smooth.copy()
    while len(found) < 16 and left.max(initial=0) > 0:
        peak = int(left.argmax())
        part = slice(max(0, peak - reach), peak + reach + 1)
        spanned = float(levels[part].any(axis=0).sum()) / scale
        left[max(0, peak - round(NEAREST_MM * scale)) : peak + round(NEAREST_MM * scale) + 1] = 0
        if found and spanned < WEAKEST * max(span for _, span in found):
            break
        if spanned >= FEWEST_MM:
            found.append((peak, spanned))
    return np.sort(np.array([(peak + 0.5) / scale for peak, _ in found], dtype=np.float64))


def _halved_ink(coverage: Plane) -> npt.NDArray[np.uint8]:
    """Mark, 1 or 0, each block of `HALVED` x `HALVED` pixels that is ink in the mean: dots of a grid are not."""
    mean = cv2.resize(coverage, None, fx=1 / HALVED, fy=1 / HALVED, interpolation=cv2.INTER_AREA)
    return np.asarray(mean > INK).view(np.uint8)


def _level_ink(ink: npt.NDArray[np.uint8], scale: float) -> npt.NDArray[np.bool_]:
    """Mark the middle of each short run of ink down a column, where it belongs to connected ink that spans centimeters."""
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    wide = stats[:, cv2.CC_STAT_WIDTH] >= NARROWEST_MM * scale
    wide[0] = False
    trace = wide[labels]
    column = np.ones((max(2, round(THICKEST_MM * scale)), 1), np.uint8)
    thick = cv2.morphologyEx(trace.view(np.uint8), cv2.MORPH_OPEN, column)
    thin = trace & (thick == 0)
    middle = thin.copy()
    middle[1:] &= ~thin[:-1]  # the upper end of each run
    return np.asarray(middle, np.bool_)
