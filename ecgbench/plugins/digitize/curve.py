"""The pen's center along each row's path, to a fraction of a pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.flanks import with_flanks
from ecgbench.plugins.digitize.slabs import slabs

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

INK = 0.5  # of full coverage: where a stroke's edge lies
AROUND = 5  # pixels, in which a stroke's middle lies
FAINT, FAINTEST = 0.8, 0.5  # of full coverage: strokes below are made whole; and the least share of FAINT that counts as one
NEAR_MM = 0.6  # how far from its path ink may begin: paths are searched on coarser pixels
LEVEL_MM = 1.4  # runs of ink up to this length are strokes along the row, longer ones climb
THIN = 0.2  # quantile of the ink in level columns that is taken for the pen's width; a trembling trace covers more
TIP_PX = 0.7  # less is the pen's own roughness
TIP_REACH = 2  # columns to either side that a tip stands out of
STEEP_PX = 1.5  # from column to column; edges that change less are straight in between
SLOPES = (2.0, 4.0, 8.0, 16.0)  # pixels down a column for one along the row, from which on a class of slopes begins
FEWEST = 12  # places of a class that tell its width: three columns
UNEVEN = 0.35  # by which slopes of both edges differ on a straight stroke
THINNEST = 0.3  # of the pen's width along the row
FINE = 4  # places a column at which a curve is given


@dataclass(frozen=True, eq=False)
class Curve:
    """The pen's course along one row.

    `y`: (FINE (w - 1) + 1,) float64, the center in pixels of the flat page at `FINE` places a column, NaN where there is no ink.
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
    even = _faint_made_whole(coverage)
    runs = _runs(even)
    curves = [_measure(coverage, even, runs, path, scale) for path in paths]
    lines = with_flanks([curve.y for curve in curves], coverage, FINE, scale)
    return [replace(curve, y=line) for curve, line in zip(curves, lines, strict=True)]


def _faint_made_whole(coverage: Plane) -> Plane:
    """Return the coverage with faint strokes at full strength: blur thins out steep ones, and leaves their edges at half of what is left."""
    even = np.asarray(cv2.dilate(coverage, np.ones((AROUND, AROUND), np.uint8)), np.float32)
    for rows in slabs(len(even)):
        even[rows] = coverage[rows] / np.clip(even[rows] / np.float32(FAINT), FAINTEST, 1)
    return even


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of ink down the columns of a plane, one after the other: places are `column * height + row`, `height` one more than the plane's.

    `first`, `last`: (n,) of each run, rising.
    """

    first: Rows
    last: Rows
    height: int

    def around(self, row: Rows, columns: Rows) -> tuple[Rows, Rows]:
        """Return first and last row of the run that pixels of ink belong to."""
        begin = columns * self.height
        number = np.searchsorted(self.last, begin + row)
        return self.first[number] - begin, self.last[number] - begin


def _runs(coverage: Plane) -> Runs:
    """Find the runs of ink down the columns."""
    height, width = coverage.shape
    ink = np.zeros((width, height + 1), np.uint8)  # a bare pixel parts each column from the next
    ink[:, :height] = cv2.transpose((coverage > INK).view(np.uint8))
    flat = ink.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    if flat[0]:
        changes = np.insert(changes, 0, -1)
    return Runs(changes[::2] + 1, changes[1::2], height + 1)


def _measure(coverage: Plane, even: Plane, runs: Runs, path: Floats, scale: int) -> Curve:
    top, bottom, seen = _claimed(even, runs, path, round(NEAR_MM * scale))
    upper = np.where(seen, _edge(even, top, -1), np.nan)
    lower = np.where(seen, _edge(even, bottom, 1), np.nan)
    level = seen & (bottom - top < LEVEL_MM * scale)
    center, amount = _center(coverage, top, bottom, level)
    pen = float(np.quantile(amount[level], THIN)) if level.any() else 2.0
    slope = np.abs(np.nan_to_num(_central_difference(center)))
    flat = level & (bottom - top <= pen + 2) & (slope < 1)
    above, below = _between_columns(even, upper, -1), _between_columns(even, lower, 1)
    crest, trough = _without_pen(above, below, pen_widths(above, below, pen))
    level_line = np.interp(np.arange(len(crest)) / FINE, np.arange(len(flat)), center)
    both = np.repeat(flat[:-1] & flat[1:], FINE)
    both = np.append(both, flat[-1])
    return Curve(np.where(both, level_line, _threaded(crest, trough)), upper, lower, pen)


def _claimed(coverage: Plane, runs: Runs, path: Floats, near: int) -> tuple[Rows, Rows, npt.NDArray[np.bool_]]:
    """Return first and last row of the ink that the path passes at each column, and where there is some.

    Within a column a path climbs from where it was at the column before.
    """
    columns = np.arange(len(path))
    before = np.concatenate([path[:1], path[:-1]])
    here = _nearest_ink(coverage, np.rint(path).astype(np.intp), near)
    there = _nearest_ink(coverage, np.rint(before).astype(np.intp), near)
    here, there = np.where(here < 0, there, here), np.where(there < 0, here, there)
    seen = here >= 0
    top, bottom = np.zeros_like(here), np.zeros_like(here)
    top[seen], _ = runs.around(np.minimum(here, there)[seen], columns[seen])
    _, bottom[seen] = runs.around(np.maximum(here, there)[seen], columns[seen])
    return top, bottom, seen


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


def _between_columns(coverage: Plane, edge: Floats, side: int) -> Floats:
    """Return an edge of the ink at `FINE` places a column, (FINE (w - 1) + 1,).

    Where it is steep it lies where the coverage of two columns, interpolated between them, falls through `INK`: so the flank of a stroke is
    known to a fraction of a column.
    """
    shares = np.arange(FINE) / FINE
    fine = edge[:-1, None] + (edge[1:] - edge[:-1])[:, None] * shares
    steep = np.flatnonzero(np.abs(np.nan_to_num(edge[1:] - edge[:-1])) > STEEP_PX)
    if steep.size:
        inner = (np.maximum if side < 0 else np.minimum)(edge[steep], edge[steep + 1])
        length = int(np.abs(edge[steep + 1] - edge[steep]).max()) + 3
        start = np.rint(inner).astype(np.intp)
        rows = (start[:, None] + side * np.arange(length)).clip(0, len(coverage) - 1)
        one, other = coverage[rows, steep[:, None]], coverage[rows, steep[:, None] + 1]
        for number, share in enumerate(shares[1:], start=1):
            values = one + (other - one) * np.float32(share)
            values[:, -1] = 0
            values[:, 0] = np.maximum(values[:, 0], 2 * INK)
            beyond = np.argmax(values <= INK, axis=1)
            where = np.arange(len(steep))
            last, after = values[where, beyond - 1], values[where, beyond]
            fine[steep, number] = start + side * (beyond - 1 + (last - INK) / np.maximum(last - after, 1e-3)).clip(0, length)
    return np.append(fine.ravel(), edge[-1])


def pen_widths(upper: Floats, lower: Floats, pen: float) -> Floats:
    """Return the width of the stroke at each place of its edges, (n,) in pixels: a pen that is moved fast leaves less ink.

    `pen`: its width along the row. On a straight slope the stroke's width is its height down a column times the cosine of the slope; the
    median of those in each class of `SLOPES` is taken for all of it. Near a tip the stroke is as thin as its flanks.
    """
    rise, fall = (_slope(edge, FINE) for edge in (upper, lower))
    steepness = (np.abs(rise) + np.abs(fall)) / 2
    straight = (rise * fall > 0) & (np.abs(np.abs(rise) - np.abs(fall)) < UNEVEN * steepness)
    width = (lower - upper) / np.sqrt(1 + steepness**2)
    slopes, widths = [0.0], [pen]
    for least, most in pairwise((*SLOPES, np.inf)):
        chosen = straight & (steepness >= least) & (steepness < most)
        if np.count_nonzero(chosen) >= FEWEST:
            slopes.append(float(np.median(steepness[chosen])))
            widths.append(float(np.clip(np.median(width[chosen]), THINNEST * pen, pen)))
    steepest = np.fmax(np.abs(_slope(upper, FINE // 2)), np.abs(_slope(lower, FINE // 2)))
    reach = 2 * round(pen / 2 * FINE) + 1
    around = cv2.dilate(np.nan_to_num(steepest)[None], np.ones((1, reach), np.uint8))[0]
    return np.asarray(np.maximum(np.interp(around, slopes, widths), 1.0), dtype=np.float64)


def _slope(edge: Floats, reach: int) -> Floats:
    """Return how far an edge falls from column to column, over `reach` places to either side."""
    padded = np.pad(edge, reach, mode="edge")
    return np.asarray((padded[2 * reach :] - padded[: -2 * reach]) / (2 * reach) * FINE)


def _without_pen(upper: Floats, lower: Floats, widths: Floats) -> tuple[Floats, Floats]:
    """Return between which rows the pen's center ran, the highest first: edges of the ink, eroded by a round pen of `widths`."""
    half = widths / 2
    reach = int(half.max(initial=0.5) * FINE)
    offsets = np.arange(-reach, reach + 1)
    squared = half**2 - (offsets[:, None] / FINE) ** 2
    round_pen = np.where(squared >= 0, np.sqrt(np.maximum(squared, 0)), -np.inf)
    crest = (_shifted(upper, offsets, -np.inf) + round_pen).max(axis=0)
    trough = (_shifted(lower, offsets, np.inf) - round_pen).min(axis=0)
    seen = np.isfinite(upper) & np.isfinite(lower)
    crest, trough = np.where(seen, crest, np.nan), np.where(seen, trough, np.nan)
    middle = (crest + trough) / 2
    crossed = crest > trough  # ink thinner than the pen
    return np.where(crossed, middle, crest), np.where(crossed, middle, trough)


def _threaded(crest: Floats, trough: Floats) -> Floats:
    """Thread a line through the ranges that the pen ran in: the middle where they are narrow, else the side of the nearest tip.

    Strokes that lie so close that the pen filled what is between them leave a wide range; a crest's tip shows at its upper end, a
    trough's at its lower one.
    """
    line = (crest + trough) / 2
    wide = np.nan_to_num(trough - crest) > TIP_PX
    crests, troughs = np.flatnonzero(_tips(crest) & wide), np.flatnonzero(_tips(-trough) & wide)
    tips = np.concatenate([crests, troughs])
    if tips.size == 0:
        return line
    order = np.argsort(tips)
    tips, upward = tips[order], (np.arange(len(tips)) < len(crests))[order]
    at = np.flatnonzero(wide)
    after = np.searchsorted(tips, at).clip(0, len(tips) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(np.abs(tips[before] - at) <= np.abs(tips[after] - at), before, after)
    region = np.cumsum(~wide)  # the same within one wide range
    own = region[tips[nearest]] == region[at]
    line[at] = np.where(own, np.where(upward[nearest], crest[at], trough[at]), line[at])
    return line


def _tips(values: Floats) -> npt.NDArray[np.bool_]:
    """Mark the smallest value around each place, where values rise to both sides."""
    reach = round(TIP_REACH * FINE)
    padded = np.pad(np.where(np.isfinite(values), values, np.inf), reach, constant_values=np.inf)
    size = len(values)
    lowest = cv2.erode(padded[None], np.ones((1, 2 * reach + 1), np.uint8))[0, reach : reach + size]
    sides = np.minimum(padded[:size], padded[2 * reach :])
    return np.asarray((values <= lowest) & (values < sides - TIP_PX))


def _shifted(values: Floats, offsets: Rows, fill: float) -> Floats:
    reach = int(offsets[-1])
    padded = np.pad(np.where(np.isfinite(values), values, fill), reach, constant_values=fill)
    return np.stack([padded[reach + offset : reach + offset + len(values)] for offset in offsets])
