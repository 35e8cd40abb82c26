"""A sheet made into pixels: grid, ink and text, antialiased at sub-pixel positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecgbench.core.page import Box, Pixels
from ecgbench.plugins.image_sets.synthetic.geometry import Geometry, box_around, corners, flat_geometry, grid_lines_mm
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.ink import ink_stroke, ink_text, line_coverage
from ecgbench.plugins.image_sets.synthetic.sheet import HEIGHT_MM, WIDTH_MM, Color, Frame, Sheet, Stroke

THINNEST_INK_PX = 1.0  # a thinner line would cover no pixel by half, and printers do not print one


@dataclass(frozen=True, eq=False)
class Print:
    """A sheet in pixels.

    `pixels`: (H, W, 3) uint8 BGR. `geometry`: where its millimeters lie. `trace`, `ink`: (H, W) uint8, how much of each pixel is
    covered by the ink of the traces, and by any ink, 255 is full. `text_boxes_mm`: (n, 4) float64 of x0, y0, x1, y1, the boxes
    that the texts fill.
    """

    pixels: Pixels
    geometry: Geometry
    trace: Pixels
    ink: Pixels
    text_boxes_mm: Float


def render(sheet: Sheet, dpi: float) -> Print:
    """Print a sheet at `dpi`: 2200x1700 pixels at 200 dpi."""
    geometry = flat_geometry(dpi)
    scale = float(geometry.matrix[0, 0])
    trace = ink_coverage(sheet.traces, geometry)
    ink = trace.copy()
    for mark in sheet.marks:
        ink_stroke(ink, geometry.to_pixels(mark.points), _width_px(mark, geometry))
    boxes = [ink_text(ink, text.text, text.x_mm * scale, text.y_mm * scale, text.height_mm * scale) for text in sheet.texts]
    pixels = _print_grid(sheet, geometry)
    _lay(pixels, ink, sheet.ink)
    return Print(pixels, geometry, trace, ink, np.asarray(boxes, dtype=np.float64).reshape(-1, 4) / scale)


def ink_coverage(strokes: Sequence[Stroke], geometry: Geometry) -> Pixels:
    """Return (H, W) uint8, how much of each pixel of the picture the strokes cover, 255 is full."""
    coverage = np.zeros(geometry.shape, np.uint8)
    for stroke in strokes:
        ink_stroke(coverage, geometry.to_pixels(stroke.points), _width_px(stroke, geometry))
    return coverage


def _width_px(stroke: Stroke, geometry: Geometry) -> float:
    return max(THINNEST_INK_PX, stroke.width_mm * geometry.size_at(np.array([WIDTH_MM / 2, HEIGHT_MM / 2])))


def _print_grid(sheet: Sheet, geometry: Geometry) -> Pixels:
    """Return the paper with its grid: fine lines first, bold ones over them.

    A layer leaves open (1 - coverage along rows) x (1 - coverage along columns) of what lies under it, so that the whole picture is
    a matrix product: bold + open_bold * ((fine - bold) + open_fine * (ground - fine)).
    """
    paper, frame = sheet.paper, sheet.frame
    box = box_around(geometry.to_pixels(corners(frame.left, frame.top, frame.right, frame.bottom)), geometry.shape)
    fine_columns, fine_rows = _left_open(frame, geometry, box, 1, paper.fine_mm)
    bold_columns, bold_rows = _left_open(frame, geometry, box, 5, paper.bold_mm)
    ground, fine, bold = np.array([paper.ground, paper.fine, paper.bold], dtype=np.float64)
    across = np.stack([np.outer(bold_columns, fine - bold), np.outer(bold_columns * fine_columns, ground - fine)]).reshape(2, -1)
    rows, which = np.unique(np.column_stack([bold_rows, bold_rows * fine_rows]), axis=0, return_inverse=True)
    drawn = rows.astype(np.float32) @ across.astype(np.float32)
    drawn += np.tile(bold + 0.5, box.width).astype(np.float32)  # one half rounds
    pixels = np.empty((*geometry.shape, 3), np.uint8)
    pixels[:] = paper.ground
    inside = drawn.astype(np.uint8).reshape(len(rows), box.width, 3)[which.reshape(-1)]
    pixels[box.y : box.y + box.height, box.x : box.x + box.width] = inside
    return pixels


def _left_open(frame: Frame, geometry: Geometry, box: Box, step: int, width_mm: float) -> tuple[Float, Float]:
    """Return how much of each column and of each row of `box` the grid lines leave uncovered, 0..1."""
    scale = float(geometry.matrix[0, 0])
    xs, ys = (lines * scale - 0.5 for lines in grid_lines_mm(frame, step))
    columns = line_coverage(box.x + box.width, xs, width_mm * scale)[box.x :]
    rows = line_coverage(box.y + box.height, ys, width_mm * scale)[box.y :]
    return 1 - columns, 1 - rows


def _lay(pixels: Pixels, ink: Pixels, color: Color) -> None:
    """Lay ink of `color` over `pixels` in place, as far as `ink` (H, W) uint8 covers them."""
    where = np.flatnonzero(ink)
    flat = pixels.reshape(-1, 3)
    covered = ink.reshape(-1)[where, None] * np.float32(1 / 255)
    ground = flat[where].astype(np.float32)
    flat[where] = np.rint(ground + covered * (np.array(color, np.float32) - ground)).astype(np.uint8)
