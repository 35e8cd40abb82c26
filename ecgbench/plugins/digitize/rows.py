"""Where the rows of traces lie on a flat page."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.curve import Curve

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
LETTER_MM = 3.5  # above and below its level, in which the letters of a line lie
# Measured on 1428 rows of development pages (seeds 640 and 650) and 10 lines of text and edges that were taken for rows. Of the columns of
# text 0.33 to 0.57 have ink twice, or it has 1.1 to 2 gaps a centimeter; of rows up to 0.24 and 0.8.
TWICE, GAPS_PER_CM = 0.28, 0.95
STRAIGHT_MM = 0.08  # half of the columns of an edge of paper lie within 0.05 mm of a line, those of rows within 0.12 mm or more


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


def rows_unlike_traces(
    coverage: Plane, levels: Floats, curves: Sequence[Curve], have_pulses: Sequence[bool], scale: int
) -> list[int]:
    """Return the rows without a pulse that are lines of text or edges of paper, where the others are not: on a page whose ink is broken all are."""
    bare = [index for index, has_pulse in enumerate(have_pulses) if not has_pulse]
    text = [index for index in bare if _is_text(coverage, levels[index], curves[index], scale)]
    edges = [index for index in bare if any(have_pulses) and _is_edge(curves[index], scale)]
    unlike = sorted({*text, *edges})
    return unlike if 2 * len(unlike) < len(levels) else []


def _is_text(coverage: Plane, level_mm: float, curve: Curve, scale: int) -> bool:
    """Whether a row is a line of text: of letters, many columns show ink at their foot and at their head, and there is a gap between words."""
    seen = np.flatnonzero(np.isfinite(curve.top))
    if seen.size == 0:
        return False
    columns = slice(int(seen[0]), int(seen[-1]) + 1)
    middle, reach = round(level_mm * scale), round(LETTER_MM * scale)
    ink = coverage[max(0, middle - reach) : middle + reach, columns] > INK
    begins = np.count_nonzero(ink[1:] & ~ink[:-1], axis=0) + ink[0]
    gaps = np.count_nonzero(np.diff(seen) > 1) / (ink.shape[1] / (10 * scale))
    return bool(np.mean(begins >= 2) > TWICE or gaps > GAPS_PER_CM)


def _is_edge(curve: Curve, scale: int) -> bool:
    """Whether a row is as straight as an edge of paper or a ruled line."""
    known = curve.y[np.isfinite(curve.y)]
    return bool(known.size) and float(np.median(np.abs(known - np.median(known)))) < STRAIGHT_MM * scale


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
