"""How well each part of a flat page shows the grid's pattern, and where: the paper's extent, and bends that are left."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.paper_map import NODE_MM, FlatPage, PaperMap

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

HALVED = 2  # pixels of the flat page to one of the comparison
LEAST = 0.45  # of the likeness that the upper quarter of cells has; cells of desk have about 0.3 of it, by chance
FAINTEST = 0.15  # likeness of the upper quarter; a fainter grid tells nothing
FEWEST = 12  # cells
SPAN = 3  # cells averaged to one: stains and traces hide single ones
FARTHEST_MM = 1.6  # that the paper may lie off the map; half a 5 mm pattern could be either way
NEAR_MM = 4.0  # shifts count less with the square of their length in this unit: of two that fit alike the shorter one is right
BENT_MM = 0.06  # root mean square of shifts; less is noise, and 1.5 ms
BEND_CELLS = 5  # shifts are smoothed over so many cells: paper bends over centimeters
FEWEST_BESIDE = 3  # cells of a row or column that show the grid: those of the desk that do by chance are alone
NO_DESK_MM = 15.0  # of the picture beyond the grid: scans show hardly more, photos of whole sheets do
MARGIN_MM = 15.0  # around the grid; beyond, it may as well be a desk
COLOR_MM, COLOR_MEDIAN = (
    0.5,
    5,
)  # blocks averaged to one, and how many of them a median is taken of: traces and letters are thinner
SAME_COLOR = 8  # gray levels between neighbors, in each color: shadows on paper change less
RIM_CELLS = 0.3  # along the paper's edge, where a cell may show paper and desk


@dataclass(frozen=True, eq=False)
class Match:
    """How each cell of a flat page fits the grid's pattern.

    `likeness`: (n, m) float32, correlation, about 0 to 1. `shift`: (n, m, 2) float32, by how many mm along x and y the pattern lies off.
    `size`: of a cell in pixels of the flat page.
    """

    likeness: Plane
    shift: Plane
    size: int

    @property
    def told(self) -> Mask:
        """The cells that show the grid; none where it is too faint to tell."""
        if self.likeness.size < FEWEST:
            return np.zeros(self.likeness.shape, np.bool_)
        typical = float(np.quantile(self.likeness, 0.75))
        return np.asarray((self.likeness > LEAST * typical) & (typical > FAINTEST), np.bool_)


def match_cells(gray: Pixels, cell: Plane, scale: int) -> Match:
    """Compare each whole cell with the pattern at every shift, averaged with its neighbors. `gray`: evenly lit. `cell`: (s, s) gray levels."""
    size = len(cell)
    rows, columns = (side // size for side in gray.shape)
    small = size // HALVED
    if rows == 0 or columns == 0:
        return Match(np.zeros((rows, columns), np.float32), np.zeros((rows, columns, 2), np.float32), size)
    shrunk = cv2.resize(gray[: rows * size, : columns * size], (columns * small, rows * small), interpolation=cv2.INTER_AREA)
    cells = shrunk.reshape(rows, small, columns, small).swapaxes(1, 2).reshape(rows * columns, -1).astype(np.float32)
    cells -= cells.mean(axis=1, keepdims=True)
    pattern = cv2.resize(cell, (small, small), interpolation=cv2.INTER_AREA)
    reach = round(FARTHEST_MM * scale / HALVED)
    steps = np.arange(-reach, reach + 1)
    around = np.lib.stride_tricks.sliding_window_view(np.tile(pattern, (2, 2)), (small, small))
    rolled = np.asarray(around[np.ix_(-steps % small, -steps % small)].reshape(len(steps) ** 2, -1), np.float32)
    rolled -= rolled.mean(axis=1, keepdims=True)
    rolled /= np.maximum(np.linalg.norm(rolled, axis=1, keepdims=True), 1e-6)
    fits = (cells / np.maximum(np.linalg.norm(cells, axis=1, keepdims=True), 20.0)) @ rolled.T
    fits = _with_neighbors(fits.reshape(rows, columns, -1))
    step_mm = HALVED / scale
    down, right = (axis.ravel() * step_mm for axis in np.meshgrid(steps, steps, indexing="ij"))
    weighed = (fits * (1 - (right**2 + down**2) / NEAR_MM**2).astype(np.float32)).reshape(rows, columns, len(steps), len(steps))
    return Match(*_best(weighed, step_mm), size)


def _with_neighbors(fits: Plane) -> Plane:
    """Return the means of fits (rows, columns, shifts) over `SPAN` cells along both axes."""
    mean = np.asarray(cv2.blur(fits.reshape(len(fits), -1), (1, SPAN), borderType=cv2.BORDER_REPLICATE), np.float32)
    padded = np.pad(mean.reshape(fits.shape), [(0, 0), (SPAN // 2,) * 2, (0, 0)], mode="edge")
    mean = sum((padded[:, offset : offset + fits.shape[1]] for offset in range(SPAN)), np.zeros_like(fits))
    return np.asarray(mean / np.float32(SPAN), np.float32)


def _best(fits: Plane, step_mm: float) -> tuple[Plane, Plane]:
    """Return the best fit of each cell and its shift (x, y) in mm, between steps by parabolas."""
    rows, columns, count, _ = fits.shape
    flat = fits.reshape(rows, columns, -1)
    down, right = np.divmod(flat.argmax(axis=2), count)
    i, j = np.indices((rows, columns))
    inner_down, inner_right = down.clip(1, count - 2), right.clip(1, count - 2)
    shift = []
    for along_x in (True, False):
        before, at, after = (
            fits[i, j, inner_down + (0 if along_x else side), inner_right + (side if along_x else 0)] for side in (-1, 0, 1)
        )
        bend = np.minimum(before - 2 * at + after, -1e-6)
        place = inner_right if along_x else inner_down
        shift.append((place + np.clip((before - after) / 2 / bend, -0.5, 0.5) - count // 2) * step_mm)
    return np.asarray(flat.max(axis=2), np.float32), np.dstack(shift).astype(np.float32)


def straightened(paper: PaperMap, page: FlatPage, match: Match) -> PaperMap | None:
    """Return the map with the shifts that cells tell, smoothed; None where the page is flat already."""
    told = match.told
    if np.count_nonzero(told) < FEWEST:
        return None
    weight = told.astype(np.float32)
    shift = np.asarray(match.shift - np.median(match.shift[told], axis=0), np.float32)
    if float(np.sqrt(np.square(shift[told]).mean())) < BENT_MM:
        return None
    blurred = [
        np.asarray(_blurred(shift[..., axis] * weight) / np.maximum(_blurred(weight), 1e-3), np.float32) for axis in (0, 1)
    ]
    rows, columns = paper.nodes.shape[:2]
    x, y = np.meshgrid(paper.left_mm + np.arange(columns) * NODE_MM, paper.top_mm + np.arange(rows) * NODE_MM)
    cell_mm = match.size / page.scale
    column, row = (((axis - start) / cell_mm - 0.5).astype(np.float32) for axis, start in ((x, page.left_mm), (y, page.top_mm)))
    moved = [cv2.remap(field, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for field in blurred]
    points = np.column_stack([(x + moved[0]).ravel(), (y + moved[1]).ravel()])
    return replace(paper, nodes=paper.to_pixels(points).reshape(paper.nodes.shape).astype(np.float32))


def _blurred(field: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(field, (0, 0), BEND_CELLS / 4, borderType=cv2.BORDER_REPLICATE), np.float32)


def paper_of(match: Match, page: FlatPage) -> Mask:
    """Return (h, w) bool, where paper is: around the cells that show the grid, and the margin that is of its color.

    That is their rectangle where it fills the picture, so that a corner under mold is paper; where there may be a desk, their convex hull.

    All that the picture shows where no cells tell.
    """
    inside = page.inside
    count, labels, stats, _ = cv2.connectedComponentsWithStats(match.told.view(np.uint8), connectivity=8)
    if count < 2:
        return inside
    grid = labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    if np.count_nonzero(grid) < FEWEST:
        return inside
    down, across = (np.flatnonzero(grid.sum(axis=axis) >= FEWEST_BESIDE) for axis in (1, 0))
    if down.size == 0 or across.size == 0:
        return inside
    box = _to_border(np.array([(across[0], down[0]), (across[-1] + 1, down[-1] + 1)]) * match.size, inside.shape, match.size)
    paper = np.zeros(inside.shape, np.uint8)
    if _fills(box, inside, round(NO_DESK_MM * page.scale)):
        (left, top), (right, bottom) = box
        paper[top:bottom, left:right] = 1
    else:
        row, column = np.nonzero(grid)
        corners = np.concatenate([np.column_stack([column + x, row + y]) for x in (0, 1) for y in (0, 1)]) * match.size
        cv2.fillConvexPoly(paper, cv2.convexHull(_to_border(corners, inside.shape, match.size).astype(np.int32)), (1,))
    paper = _with_margin(paper, page)
    rim = 2 * round(RIM_CELLS * match.size) + 1
    paper = np.asarray(cv2.erode(paper, np.ones((rim, rim), np.uint8)), np.uint8)  # beyond the picture's border there is paper
    return np.asarray(paper.view(np.bool_) & inside)


def _fills(box: npt.NDArray[np.intp], inside: Mask, room: int) -> bool:
    """Whether there is less than `room` pixels of the picture beyond each side of a box of (left, top), (right, bottom)."""
    seen_down, seen_across = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    (left, top), (right, bottom) = box
    sides = (left - seen_across[0], top - seen_down[0], seen_across[-1] + 1 - right, seen_down[-1] + 1 - bottom)
    return bool(max(sides) <= room)


def _with_margin(paper: Pixels, page: FlatPage) -> Pixels:
    """Return paper (h, w), 0 or 1, grown over what goes on in its color: there is no grid on a margin, but pulses and the begin of rows may be."""
    height, width = paper.shape
    fine = round(COLOR_MM * page.scale)
    size = (max(1, width // fine), max(1, height // fine))
    smooth = cv2.medianBlur(cv2.resize(page.bgr, size, interpolation=cv2.INTER_AREA), COLOR_MEDIAN)
    color = np.asarray(smooth[::COLOR_MEDIAN, ::COLOR_MEDIAN], np.int16)
    known, seen = (
        cv2.resize(np.ascontiguousarray(plane[::fine, ::fine]), color.shape[1::-1], interpolation=cv2.INTER_AREA) > 0
        for plane in (paper, page.inside.view(np.uint8))
    )
    first = known.copy()
    ways = [_way(color, axis, side) for axis in (0, 1) for side in (1, -1)]
    for _ in range(round(MARGIN_MM / (COLOR_MM * COLOR_MEDIAN))):
        for here, there, alike in ways:
            known[here] |= known[there] & alike & seen[here]
    grown = np.asarray(cv2.resize((known & ~first).view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    return np.asarray(cv2.morphologyEx(np.maximum(grown, paper), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8)


def _way(color: npt.NDArray[np.int16], axis: int, side: int) -> tuple[tuple[slice, ...], tuple[slice, ...], Mask]:
    """Return all blocks but the first (or last, for a `side` of -1) along an axis, the neighbors before (behind) them, and which are alike."""
    later, earlier = (slice(None),) * axis + (slice(1, None),), (slice(None),) * axis + (slice(None, -1),)
    here, there = (later, earlier) if side > 0 else (earlier, later)
    return here, there, np.asarray(np.abs(color[here] - color[there]).max(axis=2) <= SAME_COLOR, np.bool_)


def _to_border(corners: npt.NDArray[np.intp], shape: tuple[int, ...], size: int) -> npt.NDArray[np.intp]:
    """Move corners that are less than a cell away from the page's last row and column onto them: what is left there is no whole cell."""
    height, width = shape
    x, y = corners[:, 0], corners[:, 1]
    return np.column_stack([np.where(x + size > width, width, x), np.where(y + size > height, height, y)])
