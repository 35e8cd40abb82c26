"""Where the millimeters of a sheet lie in a picture, and what that makes of grid lines, scales and boxes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Box, Mask, Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.ink import near_lines
from ecgbench.plugins.image_sets.synthetic.layouts import LETTER_MM
from ecgbench.plugins.image_sets.synthetic.paper import Frame
from ecgbench.plugins.image_sets.synthetic.relief import Bend

Map = npt.NDArray[np.float32]

MM_PER_INCH = 25.4
HEAVY_STEP_MM = 25  # from one heavy line to the next: a second at 25 mm/s
ROWS_AT_ONCE = 32  # of a picture, so that intermediate arrays stay in the processor's cache
NODE_PX = 8  # a projective map is worked out at nodes so far apart, and between them by linear interpolation
BENT_NODE_MM = 0.5  # the same for a bent sheet, whose finest wrinkles are some 3 mm wide
CHORD_MM = 1.0  # a straight stretch of a bent sheet is drawn as chords of at most this length


@dataclass(frozen=True, eq=False)
class Geometry:
    """A map from a sheet to a picture: a bend of the paper, where there is one, and then a projective map.

    `matrix`: (3, 3) float64, takes (x mm, y mm, 1) to homogeneous pixels, where integers are pixel centers.
    `shape`: height and width of the picture. `bend`: moves each point of the sheet within its plane first.
    """

    matrix: Float
    shape: tuple[int, int]
    bend: Bend | None = None

    @cached_property
    def inverse(self) -> Float:
        """The projective map back, pixels to mm, (3, 3) float64."""
        return np.asarray(np.linalg.inv(self.matrix), dtype=np.float64)

    @property
    def is_flat(self) -> bool:
        """Whether rows and columns of the sheet are those of the picture."""
        straight = self.matrix[0, 1] == 0 == self.matrix[1, 0] and not self.matrix[2, :2].any()
        return bool(straight and self.bend is None)

    def to_pixels(self, points_mm: Float) -> Float:
        """Return points (n, 2) of the sheet, in mm, as pixels of the picture, (n, 2)."""
        return _projected(self.matrix, points_mm if self.bend is None else self.bend.displaced(points_mm))

    def to_mm(self, points: Float) -> Float:
        """Return points (n, 2) of the picture, in pixels, as mm of the sheet, (n, 2), to a millionth of a millimeter."""
        projected = _projected(self.inverse, points)
        return projected if self.bend is None else self.bend.restored(projected)

    def path_to_pixels(self, points_mm: Float) -> Float:
        """Return the pixels of a line drawn through `points_mm` (n, 2): on a bent sheet with points between, since it bends too."""
        return self.to_pixels(points_mm if self.bend is None else _chords(points_mm))

    def jacobian(self, point_mm: Float) -> Float:
        """Return (2, 2) pixels per mm at a point (2,) of the sheet: columns are the directions of its rows and its columns."""
        bent = point_mm if self.bend is None else self.bend.displaced(point_mm[None])[0]
        x, y, w = self.matrix @ (*bent, 1.0)
        projective = (self.matrix[:2, :2] - np.outer((x / w, y / w), self.matrix[2, :2])) / w
        return np.asarray(projective if self.bend is None else projective @ self.bend.jacobian(point_mm), dtype=np.float64)

    def size_at(self, point_mm: Float) -> float:
        """Return the pixels in a millimeter at a point (2,) of the sheet, the geometric mean of all directions."""
        return float(np.sqrt(abs(np.linalg.det(self.jacobian(point_mm)))))

    def moved(self, matrix: Float, shape: tuple[int, int], bend: Bend | None = None) -> Geometry:
        """Return the geometry after the sheet was bent and its picture mapped by `matrix` (3, 3), pixels to pixels, into `shape`."""
        return Geometry(np.asarray(matrix, dtype=np.float64) @ self.matrix, shape, bend)

    def mm_map(self) -> Map:
        """Return where on the sheet each pixel's center lies: (H, W, 2) float32 of (x, y) in mm.

        Worked out at nodes and between them by linear interpolation, to some hundredths of a pixel; `to_mm` is exact, and slower.
        """
        height, width = self.shape
        step = NODE_PX
        if self.bend is not None:
            center = self.to_mm(np.array([((width - 1) / 2, (height - 1) / 2)]))[0]
            step = max(2, min(NODE_PX, round(BENT_NODE_MM * self.size_at(center))))
        x, y = _nodes(width, step), _nodes(height, step)[:, None]
        along, down, depth = (row[0] * x + (row[1] * y + row[2]) for row in self.inverse)
        coarse = cv2.merge([(along / depth).astype(np.float32), (down / depth).astype(np.float32)])
        coarse = coarse if self.bend is None else self.bend.restored_map(coarse)
        fine = cv2.resize(coarse, None, fx=step, fy=step, interpolation=cv2.INTER_LINEAR)
        return np.asarray(fine[step : step + height, step : step + width], dtype=np.float32)


def _nodes(size: int, step: int) -> Float:
    """Return the positions of nodes along `size` pixels: where cv2.resize takes the pixels of a coarse picture to lie, and one on either side."""
    return np.asarray((np.arange(-1, -(-size // step) + 1) + 0.5) * step - 0.5, dtype=np.float64)


def _chords(points: Float) -> Float:
    """Return `points` (n, 2) with more between them, so that none is further than CHORD_MM from the next."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    parts = np.maximum(1, np.ceil(np.nan_to_num(lengths) / CHORD_MM)).astype(np.intp)
    number = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    share = number / np.repeat(parts, parts)
    start, along = np.repeat(points[:-1], parts, axis=0), np.repeat(np.diff(points, axis=0), parts, axis=0)
    between = np.where(share[:, None] > 0, start + share[:, None] * along, start)  # a break (NaN) after a point leaves the point
    return np.vstack([between, points[-1:]])


def flat_geometry(dpi: float, size_mm: tuple[float, float] = LETTER_MM) -> Geometry:
    """Return the geometry of a sheet of `size_mm` (width, height) that fills its picture at `dpi`.

    Letter paper on its side is 2200x1700 pixels at 200 dpi, with 7.874 px/mm.

    >>> flat_geometry(200).shape
    (1700, 2200)
    """
    scale = dpi / MM_PER_INCH
    matrix = np.array([(scale, 0, -0.5), (0, scale, -0.5), (0, 0, 1)])
    return Geometry(matrix, (round(size_mm[1] * scale), round(size_mm[0] * scale)))


def _projected(matrix: Float, points: Float) -> Float:
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:], dtype=np.float64)


def grid_lines_mm(frame: Frame, step_mm: float = 1) -> tuple[Float, Float]:
    """Return x of the vertical and y of the horizontal lines within a frame in mm, one each `step_mm` from its anchor."""
    return _between(frame.left, frame.right, frame.x0, step_mm), _between(frame.top, frame.bottom, frame.y0, step_mm)


def _between(low: float, high: float, anchor: float, step: float) -> Float:
    slack = 1e-9  # keeps the line on an edge that rounding has moved
    first, last = np.ceil((low - anchor - slack) / step), np.floor((high - anchor + slack) / step)
    return np.asarray(anchor + step * np.arange(first, last + 1), dtype=np.float64)


def corners(left: float, top: float, right: float, bottom: float) -> Float:
    """Return the corners (4, 2) of a rectangle, clockwise from its upper left."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.float64)


def crossings(geometry: Geometry, frame: Frame, step_mm: int) -> tuple[Float, Float]:
    """Return where the frame's vertical lines cross the picture's horizontal midline (x) and its horizontal ones the vertical (y).

    Each float64 (n,), in pixels and rising; lines that end before the midline or cross it outside the picture are left out.
    """
    xs, ys = grid_lines_mm(frame, step_mm)
    height, width = geometry.shape
    across = np.linspace(-0.5, width - 0.5, width + 1)
    down = np.linspace(-0.5, height - 0.5, height + 1)
    along_row = geometry.to_mm(np.column_stack([across, np.full_like(across, (height - 1) / 2)]))
    along_column = geometry.to_mm(np.column_stack([np.full_like(down, (width - 1) / 2), down]))
    return (
        _crossing(xs, across, along_row, (frame.top, frame.bottom)),
        _crossing(ys, down, along_column[:, ::-1], (frame.left, frame.right)),
    )


def _crossing(lines: Float, positions: Float, mm: Float, ends: tuple[float, float]) -> Float:
    """Return where a midline meets `lines`: it passes `positions` (n,) in pixels, which lie at `mm` (n, 2) across and along the lines.

    Between two pixels the sheet is taken to be straight, which is off by some thousandths of a pixel on the sharpest folds.
    """
    found = np.interp(lines, mm[:, 0], positions, left=np.nan, right=np.nan)
    along = np.interp(lines, mm[:, 0], mm[:, 1])
    return np.asarray(found[np.isfinite(found) & (along >= ends[0]) & (along <= ends[1])], dtype=np.float64)


def box_around(points: Float, shape: tuple[int, int]) -> Box:
    """Return the Box of all pixels that the hull of `points` (n, 2) touches, kept within a picture of `shape`."""
    x0, y0 = np.floor(points.min(axis=0) + 0.5).astype(int)
    x1, y1 = np.ceil(points.max(axis=0) + 0.5).astype(int)
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(shape[1], x1), min(shape[0], y1)
    return Box(int(x0), int(y0), int(x1 - x0), int(y1 - y0))


def grid_mask(
    geometry: Geometry,
    frame: Frame,
    fine_mm: float,
    bold_mm: float,
    *,
    heavy_mm: float = 0.0,
    dotted: bool = False,
    mm: Map | None = None,
) -> Mask:
    """Return (H, W) bool: pixels whose center lies on a grid line of the frame, or within half a pixel of its middle.

    `fine_mm`, `bold_mm`, `heavy_mm`: widths of the 1 mm, 5 mm and 25 mm lines, the last only down the sheet, 0 where there are none; where `dotted`,
    square dots of `fine_mm` stand at the crossings of the 1 mm lines instead. Half a pixel is measured at the center of the frame. `mm`: the
    geometry's `mm_map`, where it is at hand.
    """
    center = np.array([(frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2])
    half_pixel = 0.5 / geometry.size_at(center)
    halves = [(1, max(half_pixel, fine_mm / 2)), (5, max(half_pixel, bold_mm / 2))]
    if heavy_mm > bold_mm:
        halves.append((HEAVY_STEP_MM, max(half_pixel, heavy_mm / 2)))
    if geometry.is_flat:
        return _flat_mask(geometry, frame, halves, dotted)
    return _projected_mask(geometry, frame, halves, dotted, geometry.mm_map() if mm is None else mm)


def _flat_mask(geometry: Geometry, frame: Frame, halves: list[tuple[int, float]], dotted: bool) -> Mask:
    (height, width), scale = geometry.shape, geometry.matrix[0, 0]
    columns, rows = [], []
    for step, half_mm in halves:
        xs, ys = grid_lines_mm(frame, step)
        columns.append(near_lines(width, xs * scale - 0.5, half_mm * scale))
        if step != HEAVY_STEP_MM:
            rows.append(near_lines(height, ys * scale - 0.5, half_mm * scale))
    x0, y0, frame_width, frame_height = box_around(geometry.to_pixels(_frame_corners(frame)), geometry.shape)
    mask = np.zeros((height, width), dtype=np.bool_)
    inside = slice(y0, y0 + frame_height), slice(x0, x0 + frame_width)
    fine_columns, *bold_columns = (line[inside[1]] for line in columns)
    fine_rows, *bold_rows = (line[inside[0], None] for line in rows)
    fine = fine_columns & fine_rows if dotted else fine_columns | fine_rows
    mask[inside] = fine | (np.logical_or.reduce(bold_columns) | np.logical_or.reduce(bold_rows))
    return mask


def _projected_mask(geometry: Geometry, frame: Frame, halves: list[tuple[int, float]], dotted: bool, mm: Map) -> Mask:
    """Look up for each pixel how far from a line its center lies on the sheet."""
    mask = np.empty(geometry.shape, dtype=np.bool_)
    for top in range(0, len(mm), ROWS_AT_ONCE):
        part = mm[top : top + ROWS_AT_ONCE]
        along, down = part[..., 0] - np.float32(frame.x0), part[..., 1] - np.float32(frame.y0)
        fine_x, *bold_x = (_near_multiple(along, *half) for half in halves)
        fine_y, *bold_y = (_near_multiple(down, *half) for half in halves if half[0] != HEAVY_STEP_MM)
        mask[top : top + len(part)] = np.logical_or.reduce([fine_x & fine_y if dotted else fine_x | fine_y, *bold_x, *bold_y])
    return mask & inside_of(geometry, _frame_corners(frame))


def inside_of(geometry: Geometry, outline_mm: Float) -> Mask:
    """Return (H, W) bool: the pixels that lie within a closed outline (n, 2) of the sheet, in mm."""
    outline = np.rint(geometry.path_to_pixels(np.vstack([outline_mm, outline_mm[:1]])) * 16).astype(np.int32)
    return np.asarray(cv2.fillPoly(np.zeros(geometry.shape, np.uint8), [outline], (1,), shift=4).view(np.bool_))


def _near_multiple(value: np.ndarray, step: int, within: float) -> Mask:
    quotient = value / np.float32(step)
    return np.asarray(np.abs(quotient - np.rint(quotient)) <= np.float32(within / step))


def _frame_corners(frame: Frame) -> Float:
    return corners(frame.left, frame.top, frame.right, frame.bottom)


def warp(pixels: Pixels, flat: Geometry, mm: Map, ground: Pixels, *, sharp: bool = False) -> Pixels:
    """Return the picture of a print: `ground`, which may be written to, with the sheet laid on it.

    `pixels`: the print, (h, w) or (h, w, 3) uint8, with geometry `flat`; `mm`: (H, W, 2), where each pixel of the picture lies on the
    sheet; `ground`: (H, W) or (H, W, 3) uint8. All geometry is in `mm`, so that pixels are interpolated once; `sharp`: with cubic
    curves, which keep fine lines dark.
    """
    x, y = (axis * np.float32(flat.matrix[0, 0]) - np.float32(0.5) for axis in cv2.split(mm))
    how = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
    laid = cv2.remap(pixels, x, y, how, dst=ground, borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(laid, dtype=np.uint8)
