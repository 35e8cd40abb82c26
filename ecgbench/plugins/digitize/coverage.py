"""How much of each pixel of a flat page is covered by the pen, with paper, grid and light taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Mask, Pixels
from ecgbench.plugins.digitize.paper_map import FlatPage
from ecgbench.plugins.digitize.sheet import Match, match_cells
from ecgbench.plugins.digitize.slabs import slabs

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

GRAY = np.array([0.114, 0.587, 0.299], np.float32)  # ITU-R BT.601 luma of blue, green and red
WHITE = 200.0  # gray level that plain paper is brought to; the rest is room for what is brighter
LIGHT_STEP_MM = 1.0  # blocks averaged to one before the paper's brightness is taken
LIGHT_MEDIAN = 15  # such blocks: wider than any trace or letter
LIGHT_BLUR = 9
CELL_MM = 5  # the grid repeats itself so often
MEDIAN_CELLS = 80  # from all over the page, or a little more, whose median is the page's cell
BLOCK_CELLS = 8  # cells along each side whose mean is the local grid
INK_SHARE = 0.006  # of the pixels: less than what traces, frame and text cover of a page, so that its mean is ink
LEAST_INK = 6.0  # gray levels below plain paper; what is less dark is no ink
FOREIGN = 0.4  # of the ink's darkness above the grid's first mean; pixels beyond are left out of the second
DARKEST_GRID = 0.75  # of the ink's darkness; beyond, a covered pixel cannot be told from a bare one
STROKE_MM = 0.6  # from the middle of a stroke to where the paper is bare, blurred scans included
FAINTEST = 0.2  # of the darkest ink; a fainter trace is not told from the grid
WIDEST_STROKE_MM = 1.7  # of two strokes that meet in a wave's tip
DARKEST_BLOT = 0.7  # of the ink's darkness; what is darker hides a stroke
DARKEST = 1.1  # of the ink's darkness; mold and markers are darker
LEVELS = 250  # to which coverage is rounded there
SAMPLE_STEP = 7  # rows and columns between the pixels that colors are measured on; no divisor of a cell, so that all of it is met


@dataclass(frozen=True, eq=False)
class Coverage:
    """The pen's coverage of a flat page.

    `values`: (h, w) float32, 0 bare to 1 covered, noise goes beyond a little. `blots`: (h, w) float32, how far stains hide what is there, 0 to 1.
    `noise`: the standard deviation on bare paper. `paper`: (h, w) bool, where paper is seen; beyond, nothing is known of the grid.
    `text`: (h, w) float32, how dark the page is with print, 1 the darkest ink; also beyond the paper, since devices print lines of text on
    white.
    """

    values: Plane
    blots: Plane
    noise: float
    paper: Mask
    text: Plane


@dataclass(frozen=True, eq=False)
class Lit:
    """A flat page with the light divided out: `even` (h, w, 3) uint8, plain paper is WHITE; `cell` (5 mm, 5 mm, 3), the median of some cells."""

    even: Pixels
    cell: Plane

    def match(self, scale: int) -> Match:
        """Compare the page's cells with the median one."""
        return match_cells(np.asarray(cv2.cvtColor(self.even, cv2.COLOR_BGR2GRAY), np.uint8), self.cell @ GRAY, scale)


def light_evenly(page: FlatPage) -> Lit:
    """Divide out the light of a flat page."""
    even = _evenly_lit(page)
    return Lit(even, _mean_cell(even, page))


def cover(page: FlatPage, lit: Lit, paper: Mask) -> Coverage:
    """Measure the pen's coverage: colors are weighed so that ink stands out most, the grid's mean cell subtracted. `paper`: (h, w) bool."""
    ink, usual = _weighed(lit.even, lit.cell, replace(page, inside=paper))
    text = _without_grid(ink, usual, paper)
    noise = _noise(text[::SAMPLE_STEP, ::SAMPLE_STEP])
    strength = _strength(text, noise, page.scale)
    to_trace = np.float32(1 / strength)
    blots = _blots(text, to_trace, page.scale)
    values = np.empty_like(text)
    for rows in slabs(len(text)):
        part = np.minimum(text[rows] * to_trace, np.float32(DARKEST), out=values[rows])
        hidden = blots[rows]
        if hidden.any():
            part -= hidden
            part /= np.maximum(1 - hidden, np.float32(1 - DARKEST_BLOT))
        beyond = page.inside[rows] > paper[rows]
        if beyond.any():
            np.copyto(text[rows], ink[rows], where=beyond)
    return Coverage(values, blots, noise / strength, paper, text)


def _blots(values: Plane, scaled: np.float32, scale: int) -> Plane:
    """Return how dark the page (`values` times `scaled`) is with what is wider than a stroke in all directions: mold, stains, blots."""
    side = round(WIDEST_STROKE_MM * scale)
    levels = np.empty(values.shape, np.uint8)
    for rows in slabs(len(values)):
        levels[rows] = np.clip(values[rows] * (scaled * np.float32(LEVELS)), 0, LEVELS)
    opened = cv2.morphologyEx(levels, cv2.MORPH_OPEN, np.ones((side, side), np.uint8), dst=levels)
    return np.divide(opened, np.float32(LEVELS), dtype=np.float32)


def _evenly_lit(page: FlatPage) -> Pixels:
    """Divide out the light: (h, w, 3) uint8 in which plain paper is WHITE."""
    height, width = page.inside.shape
    step = page.scale * LIGHT_STEP_MM
    size = (max(1, round(width / step)), max(1, round(height / step)))
    small = cv2.resize(page.bgr, size, interpolation=cv2.INTER_AREA)
    light = cv2.blur(cv2.medianBlur(small, LIGHT_MEDIAN), (LIGHT_BLUR, LIGHT_BLUR), borderType=cv2.BORDER_REPLICATE)
    light = np.maximum(light, 8).astype(np.uint8)
    light = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(page.bgr, light, dst=light, scale=WHITE), np.uint8)


def _weighed(even: Pixels, cell: Plane, page: FlatPage) -> tuple[Plane, Plane]:
    """Weigh the three colors so that ink is 1, paper 0, and the spread of everything else the least (Fisher's discriminant).

    Returns the page (h, w) and its cell, weighed.
    """
    nothing = np.zeros(page.inside.shape, np.float32), np.zeros(cell.shape[:2], np.float32)
    rows, columns = (np.arange(0, side, SAMPLE_STEP) for side in page.inside.shape)
    side = len(cell)
    sample = even[::SAMPLE_STEP, ::SAMPLE_STEP].astype(np.float32)
    grid = cell[(rows % side)[:, None], (columns % side)[None, :]]
    darker = (grid - sample)[page.inside[::SAMPLE_STEP, ::SAMPLE_STEP]]
    if len(darker) < 100:
        return nothing
    strength = darker @ np.full(3, 1 / 3, np.float32)
    bare_level, ink_level = np.quantile(strength, (0.9, 1 - INK_SHARE))
    if ink_level < LEAST_INK:
        return nothing
    ink, rest = (
        darker[strength >= ink_level].mean(axis=0),
        darker[strength < np.clip(bare_level, 0.3 * ink_level, 0.9 * ink_level)],
    )
    if len(rest) < 100:
        return nothing
    spread = _covariance(rest[:200000]) + _covariance((WHITE - cell).reshape(-1, 3)) + 2.0 * np.eye(3)
    weights = np.linalg.solve(spread, ink)
    weights /= max(float(weights @ ink), 1e-6)
    paper = float(weights @ np.quantile(cell.reshape(-1, 3), 0.8, axis=0))
    found, weigh = np.empty(even.shape[:2], np.float32), weights[None].astype(np.float32)
    for part in slabs(len(even), 32):
        np.subtract(paper, cv2.transform(even[part].astype(np.float32), weigh), out=found[part], dtype=np.float32)
    return found, np.asarray(paper - cell @ weigh[0], np.float32)


def _covariance(colors: Plane) -> Floats:
    """Return the covariance (3, 3) of colors (n, 3)."""
    away = colors - colors.mean(axis=0, dtype=np.float64)
    return np.asarray(away.T @ away / (len(colors) - 1), np.float64)


def _mean_cell(even: Pixels, page: FlatPage) -> Plane:
    """Return the median of some cells of 5 mm from all over the page: (5 * scale, 5 * scale, 3)."""
    side = CELL_MM * page.scale
    rows, columns = (max(1, length // side) for length in even.shape[:2])
    whole = even[: rows * side, : columns * side]
    if whole.shape[0] < side or whole.shape[1] < side:
        return np.full((side, side, 3), np.median(even), np.float32)
    inside = page.inside[side // 2 : rows * side : side, side // 2 : columns * side : side].ravel()
    chosen = np.flatnonzero(inside) if inside.any() else np.arange(rows * columns)
    row, column = np.divmod(chosen[:: max(1, len(chosen) // MEDIAN_CELLS)], columns)
    some = whole.reshape(rows, side, columns, side, 3)[row, :, column]
    return np.asarray(np.median(some, axis=0), np.float32)


def _without_grid(ink: Plane, usual: Plane, paper: Mask) -> Plane:
    """Return which part of each pixel is covered, 0 beyond the paper, with the grid's darkness subtracted.

    The grid's darkness: of each 5 mm cell the mean over the block around, without what stands out of the page's `usual` cell.
    """
    side, width = len(usual), ink.shape[1]
    values = np.empty_like(ink)
    limit = np.tile(usual, (1, -(-width // side)))[:, :width] + np.float32(FOREIGN)
    for block in slabs(len(ink), side * BLOCK_CELLS):
        lines = [slice(top, min(top + side, block.stop)) for top in range(block.start, block.stop, side)]
        total, count = np.zeros((side, width), np.float32), np.zeros((side, width), np.uint8)
        for line in lines:
            part = ink[line]
            known = paper[line] & (part < limit[: len(part)])
            total[: len(part)] += part * known
            count[: len(part)] += known
        grid = _mean_of_cells(total, count)
        left = np.maximum(1 - grid, np.float32(1 - DARKEST_GRID))
        for line in lines:
            part = np.subtract(ink[line], grid[: len(ink[line])], out=values[line])
            part /= left[: len(part)]
            part *= paper[line]
    return values


def _mean_of_cells(total: Plane, count: Pixels) -> Plane:
    """Return the mean cell of each block at each of its cells, (side, w), from sums down the block and what they are sums of."""
    side, width = total.shape
    right = -width % (side * BLOCK_CELLS)
    sums = (
        np.pad(plane, ((0, 0), (0, right))).reshape(side, -1, BLOCK_CELLS, side).sum(axis=2, keepdims=True, dtype=plane.dtype)
        for plane in (total, count)
    )
    mean = next(sums) / np.maximum(next(sums), 1)
    return np.repeat(mean, BLOCK_CELLS, axis=2).reshape(side, -1)[:, :width].astype(np.float32)


def _strength(values: Plane, noise: float, scale: int) -> float:
    """Return how dark the trace is against the darkest ink: letters are often darker than it."""
    some, reach = np.ascontiguousarray(values[:, ::SAMPLE_STEP]), round(STROKE_MM * scale)
    inner = some[reach:-reach]
    above, below = some[reach - 1 : -reach - 1], some[reach + 1 : len(some) - reach + 1]
    peaks = (inner > above) & (inner >= below) & (inner > max(FAINTEST, 5 * noise))
    peaks &= some[: -2 * reach] + some[2 * reach :] < inner
    enough = np.count_nonzero(peaks) > some.shape[1] / 2
    return float(np.clip(np.median(inner[peaks]), FAINTEST, 1.0)) if enough else 1.0


def _noise(values: Plane) -> float:
    """Return the standard deviation on bare paper: of the lower half of the values about their median."""
    middle = float(np.median(values))
    below = values[values < middle]
    return float(np.sqrt(np.square(below - middle).mean())) if below.size else 0.0
