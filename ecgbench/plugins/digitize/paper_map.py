"""Where the paper's millimeters lie in a picture, and the picture laid flat along them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
from numpy.polynomial import polynomial

from ecgbench.core.page import Gray, Pixels
from ecgbench.plugins.digitize.slabs import slabs
from ecgbench.plugins.grid.ink import ink_levels
from ecgbench.plugins.grid.search import PageFit, best_fit
from ecgbench.plugins.grid.surface import Surface

Floats = npt.NDArray[np.float64]
Plane = npt.NDArray[np.float32]

NODE_MM = 4.0  # between nodes of a map; paper bends over centimeters
NEWTON_STEPS = 8  # at most; a node is found to 1e-6 px after five on the bent pages of the sample set
ENOUGH_PX = 1e-6  # of the last step of a node that is still moved
FARTHEST_MM = 450.0  # from the page's center: A3 paper and its surroundings
FOUND_MM = 0.05  # a node that Newton's method leaves further away than this lies where the fit means nothing
OUTSIDE_PX = 60.0  # nodes so far outside the picture still help to interpolate those within
NO_MAP = np.empty(0, np.float32)  # where cv2 takes one map of both axes
GRID_DB = 20.0  # merit of a fit; grids of labelled pictures have 25 or more, pages without one mostly less
LARGEST_RATIO = 1.2  # of the spacings along both axes: a camera tilted by 33 degrees
LARGEST_TILT = float(np.tan(np.deg2rad(15.0)))  # of grid lines against the picture's rows


@dataclass(frozen=True, eq=False)
class PaperMap:
    """A map from millimeters of the paper to pixels of the picture, at nodes `NODE_MM` apart.

    `nodes`: (rows, columns, 2) float32 of (x, y) in pixels, integers are pixel centers. `left_mm`, `top_mm`: of the first node.
    `px_per_mm`: along x and y at the picture's center. `lines`: whether the map follows a grid, so that its lines lie at whole millimeters.
    """

    nodes: npt.NDArray[np.float32]
    left_mm: float
    top_mm: float
    px_per_mm: tuple[float, float]
    lines: bool

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of what the nodes span."""
        rows, columns = self.nodes.shape[:2]
        return (columns - 1) * NODE_MM, (rows - 1) * NODE_MM

    def to_pixels(self, points_mm: Floats) -> Floats:
        """Return points (n, 2) of the paper, in mm, as pixels of the picture, (n, 2); NaN stays NaN."""
        known = np.asarray(np.isfinite(points_mm).all(axis=1))
        at = (np.where(known[:, None], points_mm, 0.0) - (self.left_mm, self.top_mm)) / NODE_MM
        x, y = (np.asarray(axis, dtype=np.float32).reshape(-1, 1) for axis in at.T)
        found = np.empty((len(at), 2))
        for start in range(0, len(at), 32000):  # cv2.remap takes at most 32767 rows
            part = slice(start, start + 32000)
            found[part] = cv2.remap(self.nodes, x[part], y[part], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
        return np.where(known[:, None], found, np.nan)


def map_from_grid(gray: Gray) -> PaperMap | None:
    """Follow the page's grid and return the map of its millimeters; None where no grid is found."""
    found = best_fit(ink_levels(gray), largest_tilt=LARGEST_TILT)
    if found is None or found.merit < GRID_DB or max(found.fit.periods) > LARGEST_RATIO * min(found.fit.periods):
        return None
    return _map_of(found.fit, gray.shape)


def even_map(shape: tuple[int, ...], px_per_mm: float) -> PaperMap:
    """Return the map of a picture of `shape` that shows flat paper, straight, at `px_per_mm`; its corner is at 0 mm."""
    height, width = shape[:2]
    columns, rows = (int(np.ceil(side / px_per_mm / NODE_MM)) + 1 for side in (width, height))
    x, y = np.meshgrid(np.arange(columns) * NODE_MM * px_per_mm - 0.5, np.arange(rows) * NODE_MM * px_per_mm - 0.5)
    return PaperMap(np.dstack([x, y]).astype(np.float32), 0.0, 0.0, (px_per_mm, px_per_mm), lines=False)


def _map_of(fit: PageFit, shape: tuple[int, ...]) -> PaperMap | None:
    """Invert a fit's phases, which count millimeters, at each node of a lattice that covers the picture."""
    height, width = shape[:2]
    scale, (center_x, center_y) = fit.level.scale, fit.level.center
    affine = fit.vectors / scale
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) / scale - fit.level.center
    reach = corners @ np.linalg.inv(affine).T
    low, high = np.clip(reach.min(axis=0) - 15, -FARTHEST_MM, 0), np.clip(reach.max(axis=0) + 15, 0, FARTHEST_MM)
    left, top = np.floor(low / 5) * 5
    target_x, target_y = np.meshgrid(np.arange(left, high[0] + NODE_MM, NODE_MM), np.arange(top, high[1] + NODE_MM, NODE_MM))
    points, found = _inverted(fit, affine, np.stack([target_x.ravel(), target_y.ravel()]))
    pixels = (points + np.array([[center_x], [center_y]])) * scale - 0.5
    within = found & (
        np.abs(pixels - np.array([[width / 2], [height / 2]])) < np.array([[width / 2], [height / 2]]) + OUTSIDE_PX
    ).all(axis=0)
    if np.count_nonzero(within) < 4:
        return None
    nodes = np.where(within, pixels, -1e4).T.reshape(*target_x.shape, 2)
    rows, columns = (
        np.flatnonzero(within.reshape(target_x.shape).any(axis=1)),
        np.flatnonzero(within.reshape(target_x.shape).any(axis=0)),
    )
    kept = nodes[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return PaperMap(
        np.ascontiguousarray(kept, np.float32), left + columns[0] * NODE_MM, top + rows[0] * NODE_MM, fit.periods, lines=True
    )


def _inverted(fit: PageFit, affine: Floats, target: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Solve along(x, y), across(y, x) = target for (x, y) by Newton's method: (2, n) each, and which were found."""
    along, across = _Field(fit.along.lines.surface), _Field(fit.across.lines.surface)
    center = np.array([[along.value(np.zeros(1), np.zeros(1))[0]], [across.value(np.zeros(1), np.zeros(1))[0]]])
    points = affine @ (target - center)
    for _ in range(NEWTON_STEPS):
        x, y = points
        off = target - np.stack([along.value(x, y), across.value(y, x)])
        (a, b), (c, d) = along.slopes(x, y), across.slopes(y, x)
        determinant = a * c - b * d
        determinant = np.where(np.abs(determinant) < 1e-9, 1e-9, determinant)
        step = np.stack([c * off[0] - b * off[1], a * off[1] - d * off[0]]) / determinant
        points = points + np.clip(step, -200, 200)
        if float(np.abs(step).max()) < ENOUGH_PX:
            break
    x, y = points
    off = target - np.stack([along.value(x, y), across.value(y, x)])
    (a, b), (c, d) = along.slopes(x, y), across.slopes(y, x)
    return points, (np.abs(off) < FOUND_MM).all(axis=0) & (a * c - b * d > 0.2 / abs(np.linalg.det(affine)))


class _Field:
    """A surface and its derivatives at any points."""

    def __init__(self, surface: Surface) -> None:
        self.size = surface.size
        self.coefficients = surface.coefficients
        self.by_x = polynomial.polyder(surface.coefficients, axis=1)
        self.by_y = polynomial.polyder(surface.coefficients, axis=0)

    def value(self, x: Floats, y: Floats) -> Floats:
        """Return the phase at points."""
        return np.asarray(polynomial.polyval2d(y / self.size, x / self.size, self.coefficients))

    def slopes(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return the derivatives along x and along y at points."""
        at = (y / self.size, x / self.size)
        return tuple(np.asarray(polynomial.polyval2d(*at, by) / self.size) for by in (self.by_x, self.by_y))  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class FlatPage:
    """A picture laid flat: row i, column j shows the paper at (left_mm + (j + 0.5) / scale, top_mm + (i + 0.5) / scale).

    `bgr`: (h, w, 3) uint8. `inside`: (h, w) bool, where the picture shows something. `scale`: pixels in a millimeter, a whole number.
    """

    bgr: Pixels
    inside: npt.NDArray[np.bool_]
    scale: int
    left_mm: float
    top_mm: float

    def to_mm(self, points: Floats) -> Floats:
        """Return points (n, 2) of (column, row) as mm of the paper."""
        return (points + 0.5) / self.scale + (self.left_mm, self.top_mm)


def lay_flat(bgr: Pixels, paper: PaperMap, scale: int) -> FlatPage:
    """Resample a picture along its paper at `scale` pixels a millimeter."""
    shrink = max(1, int(max(paper.px_per_mm) / scale))
    source = bgr if shrink == 1 else cv2.resize(bgr, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    nodes = np.float32(1 / shrink) * (paper.nodes + np.float32(0.5)) - np.float32(0.5)
    step = round(NODE_MM * scale)
    flat = np.empty(((nodes.shape[0] - 1) * step, (nodes.shape[1] - 1) * step, 3), np.uint8)
    inside = np.empty(flat.shape[:2], np.bool_)
    height, width = source.shape[:2]
    for part, where in zip(slabs(len(flat), step), _between_nodes(nodes, step), strict=True):
        whole, share = cv2.convertMaps(where, NO_MAP, cv2.CV_16SC2)  # to 1/32 px, which takes half as long
        cv2.remap(source, whole, share, cv2.INTER_LINEAR, dst=flat[part], borderMode=cv2.BORDER_REPLICATE)
        inside[part] = cv2.inRange(where, (-0.5, -0.5), (width - 0.5, height - 0.5)) > 0
    return FlatPage(flat, inside, scale, paper.left_mm, paper.top_mm)


def _between_nodes(nodes: Plane, step: int) -> Iterator[Plane]:
    """Interpolate nodes (rows, columns, 2) linearly at the center of each pixel, `step` pixels apart: yield those between two rows of nodes."""
    rows, columns = nodes.shape[:2]
    wide = cv2.resize(nodes, (columns * step, rows), interpolation=cv2.INTER_LINEAR)
    margin = step // 2  # cv2.resize takes a node to be the center of a cell
    along = wide[:, margin : margin + (columns - 1) * step]
    share = ((np.arange(step, dtype=np.float32) + np.float32(0.5)) / np.float32(step))[:, None, None]
    for above, below in pairwise(along):
        yield np.asarray(above + (below - above) * share, np.float32)
