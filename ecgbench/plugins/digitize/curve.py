"""The pen's center along each row's path, to a fraction of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

INK = 0.5  # of full coverage: where a stroke's edge lies
NEAR_MM = 0.6  # how far from its path ink may begin: paths are searched on coarser pixels
LEVEL_MM = 1.4  # runs of ink up to this length are strokes along the row, longer ones climb
THIN = 0.2  # quantile of the ink in level columns that is taken for the pen's width; a trembling trace covers more
TIP_PX = 0.7  # less is the pen's own roughness


@dataclass(frozen=True, eq=False)
class Curve:
    """The pen's course along one row.

    `y`: (2 w - 1,) float64, the center in pixels of the flat page at each column and between each two, NaN where there is no ink.
    `top`, `bottom`: (w,) float64, edges of the ink. `pen`: width of the stroke in pixels.
    """

    y: Floats
    top: Floats
    bottom: Floats
    pen: float


def measure_curves(coverage: Plane, paths: Floats, scale: int) -> list[Curve]:
    """Measure the pen's center at each column along each path.

    Along the row it is the center of the coverage. Where the pen climbs, ink is the curve dilated by the pen: its upper edge, eroded
    by the pen, keeps crests and its lower one keeps troughs; on slopes both agree, and their mean is taken.
    """
    starts, ends = _runs(coverage)
    return [_measure(coverage, starts, ends, path, scale) for path in paths]


def _runs(coverage: Plane) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Return first and last row of the run of ink down the column that each pixel belongs to; first > last where there is none."""
    ink = coverage > INK
    rows = np.arange(len(ink), dtype=np.int16)[:, None]
    starts = np.maximum.accumulate(np.where(ink, np.int16(0), rows + 1), axis=0)
    ends = np.minimum.accumulate(np.where(ink, np.int16(len(ink)), rows - 1)[::-1], axis=0)[::-1]
    return starts, np.minimum(ends, np.int16(len(ink) - 1))


def _measure(coverage: Plane, starts: npt.NDArray[np.int16], ends: npt.NDArray[np.int16], path: Floats, scale: int) -> Curve:
    height, width = coverage.shape
    columns = np.arange(width)
    before = np.concatenate([path[:1], path[:-1]])
    after = np.concatenate([path[1:], path[-1:]])
    low, high = np.minimum(np.minimum(before, after), path), np.maximum(np.maximum(before, after), path)
    near = round(NEAR_MM * scale)
    first = _nearest_ink(coverage, np.rint(low).astype(np.intp), near)
    last = _nearest_ink(coverage, np.rint(high).astype(np.intp), near)
    seen = (first >= 0) & (last >= 0)
    first, last = np.where(seen, np.minimum(first, last), 0), np.where(seen, np.maximum(first, last), 0)
    top, bottom = starts[first, columns].astype(np.intp), ends[last, columns].astype(np.intp)
    seen &= (top <= bottom) & (bottom < height)
    upper = np.where(seen, _edge(coverage, top, -1), np.nan)
    lower = np.where(seen, _edge(coverage, bottom, 1), np.nan)
    level = seen & (bottom - top < LEVEL_MM * scale)
    center, amount = _center(coverage, top, bottom, level)
    pen = float(np.quantile(amount[level], THIN)) if level.any() else 2.0
    slope = np.abs(np.nan_to_num(_central_difference(center)))
    flat = level & (bottom - top <= pen + 2) & (slope < 1)
    crest, trough = _without_pen(upper, lower, pen)
    crest, trough = np.where(flat, center, crest), np.where(flat, center, trough)
    return Curve(_threaded(crest, trough), upper, lower, pen)


def _nearest_ink(coverage: Plane, at: Rows, near: int) -> Rows:
    """Return the row of ink that is nearest to `at` at each column, at most `near` away, else -1."""
    columns = np.arange(coverage.shape[1])
    found = np.full(len(at), -1, np.intp)
    for distance in range(near, -1, -1):
        for tried in (at + distance, at - distance):
            row = tried.clip(0, len(coverage) - 1)
            found = np.where(coverage[row, columns] > INK, row, found)
    return found


def _edge(coverage: Plane, row: Rows, side: int) -> Floats:
    """Return where coverage falls through `INK` beyond a run's last pixel, on its side, between two pixel centers."""
    columns = np.arange(coverage.shape[1])
    inner = coverage[row, columns]
    outer = coverage[(row + side).clip(0, len(coverage) - 1), columns]
    share = (inner - INK) / np.maximum(inner - outer, 1e-3)
    return np.asarray(row + side * np.clip(share, 0, 1), dtype=np.float64)


def _center(coverage: Plane, top: Rows, bottom: Rows, level: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return center and amount of the coverage of each level run, with a pixel on either side; NaN and 0 elsewhere."""
    height, width = coverage.shape
    longest = int((bottom - top)[level].max(initial=0)) + 3
    rows = top - 1 + np.arange(longest)[:, None]
    within = (rows <= bottom + 1) & level
    ink = np.where(within, coverage[rows.clip(0, height - 1), np.arange(width)], 0).clip(0, 1.2)
    amount = ink.sum(axis=0)
    center = (ink * rows).sum(axis=0) / np.maximum(amount, 1e-6)
    return np.where(level, center, np.nan), np.asarray(amount, dtype=np.float64)


def _central_difference(values: Floats) -> Floats:
    padded = np.pad(values, 1, mode="edge")
    return np.asarray((padded[2:] - padded[:-2]) / 2)


def _without_pen(upper: Floats, lower: Floats, pen: float) -> tuple[Floats, Floats]:
    """Return between which rows the pen's center ran at each column, the highest first: edges of the ink, eroded by the pen."""
    half = max(pen, 1.0) / 2
    reach = round(half - 0.5)  # a column counts as ink where at least half of it is covered
    offsets = np.arange(-reach, reach + 1)
    round_pen = np.sqrt(np.maximum(half**2 - offsets.astype(float) ** 2, 0))[:, None]
    crest = (_shifted(upper, offsets, -np.inf) + round_pen).max(axis=0)
    trough = (_shifted(lower, offsets, np.inf) - round_pen).min(axis=0)
    seen = np.isfinite(upper)
    crest, trough = np.where(seen, crest, np.nan), np.where(seen, trough, np.nan)
    middle = (crest + trough) / 2
    crossed = crest > trough  # ink thinner than the pen
    return np.where(crossed, middle, crest), np.where(crossed, middle, trough)


def _threaded(crest: Floats, trough: Floats) -> Floats:
    """Thread a line through the ranges that the pen ran in: (2 w - 1,), at each column and between each two.

    Between columns it goes through the middle of what their ranges share, or of the gap between them. At a column that reaches beyond
    both sides it goes to the end that it reaches further.
    """
    between = (np.maximum(crest[1:], crest[:-1]) + np.minimum(trough[1:], trough[:-1])) / 2
    left, right = np.concatenate([between[:1], between]), np.concatenate([between, between[-1:]])
    left, right = np.where(np.isfinite(left), left, right), np.where(np.isfinite(right), right, left)
    above = np.minimum(left, right) - crest
    below = trough - np.maximum(left, right)
    tip = np.where(above >= below, crest, trough)
    plain = np.where(np.isfinite(left), (left + right) / 2, (crest + trough) / 2)
    line = np.empty(2 * len(crest) - 1)
    line[::2] = np.where(np.maximum(above, below) > TIP_PX, tip, plain)
    line[1::2] = between
    return line


def _shifted(values: Floats, offsets: Rows, fill: float) -> Floats:
    reach = int(offsets[-1])
    padded = np.pad(np.where(np.isfinite(values), values, fill), reach, constant_values=fill)
    return np.stack([padded[reach + offset : reach + offset + len(values)] for offset in offsets])
