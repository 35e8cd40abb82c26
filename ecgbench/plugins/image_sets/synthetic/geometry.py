"""Where the millimeters of a sheet lie in a picture, and what that makes of grid lines, scales and boxes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ecgbench.core.page import Box, Mask, Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.ink import near_lines
from ecgbench.plugins.image_sets.synthetic.layouts import LETTER_MM
from ecgbench.plugins.image_sets.synthetic.paper import Frame

MM_PER_INCH = 25.4
ROWS_AT_ONCE = 32  # of a picture, so that intermediate arrays stay in the processor's cache


@dataclass(frozen=True, eq=False)
class Geometry:
    """A projective map from a sheet to a picture.

    `matrix`: (3, 3) float64, takes (x mm, y mm, 1) to homogeneous pixels, where integers are pixel centers.
    `shape`: height and width of the picture.
    """

    matrix: Float
    shape: tuple[int, int]

    @cached_property
    def inverse(self) -> Float:
        """The map from pixels to mm, (3, 3) float64."""
        return np.asarray(np.linalg.inv(self.matrix), dtype=np.float64)

    @property
    def is_flat(self) -> bool:
        """Whether rows and columns of the sheet are those of the picture."""
        return bool(self.matrix[0, 1] == 0 == self.matrix[1, 0] and not self.matrix[2, :2].any())

    def to_pixels(self, points_mm: Float) -> Float:
        """Return points (n, 2) of the sheet, in mm, as pixels of the picture, (n, 2)."""
        return _projected(self.matrix, points_mm)

    def to_mm(self, points: Float) -> Float:
        """Return points (n, 2) of the picture, in pixels, as mm of the sheet, (n, 2)."""
        return _projected(self.inverse, points)

    def jacobian(self, point_mm: Float) -> Float:
        """Return (2, 2) pixels per mm at a point (2,) of the sheet: columns are the directions of its rows and its columns."""
        x, y, w = self.matrix @ (*point_mm, 1.0)
        return np.asarray((self.matrix[:2, :2] - np.outer((x / w, y / w), self.matrix[2, :2])) / w, dtype=np.float64)

    def size_at(self, point_mm: Float) -> float:
        """Return the pixels in a millimeter at a point (2,) of the sheet, the geometric mean of all directions."""
        return float(np.sqrt(abs(np.linalg.det(self.jacobian(point_mm)))))

    def moved(self, matrix: Float, shape: tuple[int, int]) -> Geometry:
        """Return the geometry after the picture itself was mapped by `matrix` (3, 3), pixels to pixels, into one of `shape`."""
        return Geometry(np.asarray(matrix, dtype=np.float64) @ self.matrix, shape)


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


def grid_lines_mm(frame: Frame, step_mm: int = 1) -> tuple[Float, Float]:
    """Return x of the vertical and y of the horizontal lines within a frame in mm, one each `step_mm` from its anchor."""
    return _between(frame.left, frame.right, frame.x0, step_mm), _between(frame.top, frame.bottom, frame.y0, step_mm)


def _between(low: float, high: float, anchor: float, step: int) -> Float:
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
    vertical = np.stack([np.column_stack([xs, np.full_like(xs, end)]) for end in (frame.top, frame.bottom)])
    horizontal = np.stack([np.column_stack([np.full_like(ys, end), ys]) for end in (frame.left, frame.right)])
    height, width = geometry.shape
    return (
        _crossing(geometry, vertical, across=0, middle=(height - 1) / 2, size=width),
        _crossing(geometry, horizontal, across=1, middle=(width - 1) / 2, size=height),
    )


def _crossing(geometry: Geometry, ends_mm: Float, *, across: int, middle: float, size: int) -> Float:
    first, last = geometry.to_pixels(ends_mm[0]), geometry.to_pixels(ends_mm[1])
    along = 1 - across
    share = (middle - first[:, along]) / (last[:, along] - first[:, along])
    position = first[:, across] + share * (last[:, across] - first[:, across])
    inside = (share >= 0) & (share <= 1) & (position >= -0.5) & (position <= size - 0.5)
    return np.asarray(np.sort(position[inside]), dtype=np.float64)


def box_around(points: Float, shape: tuple[int, int]) -> Box:
    """Return the Box of all pixels that the hull of `points` (n, 2) touches, kept within a picture of `shape`."""
    x0, y0 = np.floor(points.min(axis=0) + 0.5).astype(int)
    x1, y1 = np.ceil(points.max(axis=0) + 0.5).astype(int)
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(shape[1], x1), min(shape[0], y1)
    return Box(int(x0), int(y0), int(x1 - x0), int(y1 - y0))


def grid_mask(geometry: Geometry, frame: Frame, fine_mm: float, bold_mm: float, *, dotted: bool = False) -> Mask:
    """Return (H, W) bool: pixels whose center lies on a grid line of the frame, or within half a pixel of its middle.

    `fine_mm`, `bold_mm`: widths of the 1 mm and 5 mm lines; where `dotted`, square dots of `fine_mm` stand at the crossings of the
    1 mm lines instead. Half a pixel is measured at the center of the frame.
    """
    center = np.array([(frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2])
    half_pixel = 0.5 / geometry.size_at(center)
    halves = [(1, max(half_pixel, fine_mm / 2)), (5, max(half_pixel, bold_mm / 2))]
    mask_of = _flat_mask if geometry.is_flat else _projected_mask
    return mask_of(geometry, frame, halves, dotted)


def _flat_mask(geometry: Geometry, frame: Frame, halves: list[tuple[int, float]], dotted: bool) -> Mask:
    (height, width), scale = geometry.shape, geometry.matrix[0, 0]
    columns, rows = [], []
    for step, half_mm in halves:
        xs, ys = grid_lines_mm(frame, step)
        columns.append(near_lines(width, xs * scale - 0.5, half_mm * scale))
        rows.append(near_lines(height, ys * scale - 0.5, half_mm * scale))
    x0, y0, frame_width, frame_height = box_around(geometry.to_pixels(_frame_corners(frame)), geometry.shape)
    mask = np.zeros((height, width), dtype=np.bool_)
    inside = slice(y0, y0 + frame_height), slice(x0, x0 + frame_width)
    fine_columns, bold_columns = (line[inside[1]] for line in columns)
    fine_rows, bold_rows = (line[inside[0], None] for line in rows)
    fine = fine_columns & fine_rows if dotted else fine_columns | fine_rows
    mask[inside] = fine | (bold_columns | bold_rows)
    return mask


def _projected_mask(geometry: Geometry, frame: Frame, halves: list[tuple[int, float]], dotted: bool) -> Mask:
    """Look up for each pixel how far from a line its center lies on the sheet."""
    height, width = geometry.shape
    inverse = (geometry.inverse / geometry.inverse[2, 2]).astype(np.float32)
    x = np.arange(width, dtype=np.float32)
    mask = np.empty(geometry.shape, dtype=np.bool_)
    for top in range(0, height, ROWS_AT_ONCE):
        y = np.arange(top, min(height, top + ROWS_AT_ONCE), dtype=np.float32)[:, None]
        depth = 1 / (inverse[2, 0] * x + (inverse[2, 1] * y + 1))
        along = (inverse[0, 0] * x + (inverse[0, 1] * y + inverse[0, 2])) * depth - np.float32(frame.x0)
        down = (inverse[1, 0] * x + (inverse[1, 1] * y + inverse[1, 2])) * depth - np.float32(frame.y0)
        (fine_x, bold_x), (fine_y, bold_y) = ([_near_multiple(value, *half) for half in halves] for value in (along, down))
        mask[top : top + len(y)] = (fine_x & fine_y if dotted else fine_x | fine_y) | bold_x | bold_y
    outline = np.rint(geometry.to_pixels(_frame_corners(frame)) * 16).astype(np.int32)
    inside = cv2.fillConvexPoly(np.zeros(geometry.shape, np.uint8), outline, 1, shift=4)
    return mask & inside.view(np.bool_)


def _near_multiple(value: np.ndarray, step: int, within: float) -> Mask:
    quotient = value / np.float32(step)
    return np.asarray(np.abs(quotient - np.rint(quotient)) <= np.float32(within / step))


def _frame_corners(frame: Frame) -> Float:
    return corners(frame.left, frame.top, frame.right, frame.bottom)


def warp(pixels: Pixels, matrix: Float, ground: Pixels) -> Pixels:
    """Map `pixels` uint8 by `matrix` (3, 3), pixels to pixels, onto a copy of the picture `ground`, which has as many channels."""
    size = ground.shape[1], ground.shape[0]
    laid = cv2.warpPerspective(pixels, matrix, size, dst=ground.copy(), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT)
    return np.asarray(laid, dtype=np.uint8)
