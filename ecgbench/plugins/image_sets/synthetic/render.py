"""A sheet made into pixels: grid, ink and text at sub-pixel positions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Box, Pixels
from ecgbench.plugins.image_sets.synthetic.geometry import (
    HEAVY_STEP_MM,
    Geometry,
    box_around,
    corners,
    flat_geometry,
    grid_lines_mm,
)
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.ink import Real, ink_stroke, ink_text, line_coverage, near_lines
from ecgbench.plugins.image_sets.synthetic.lettering import SMOOTH
from ecgbench.plugins.image_sets.synthetic.paper import CELL_DASH_MM, CELL_MARGIN_MM, CELL_PITCH_MM, Color
from ecgbench.plugins.image_sets.synthetic.pen import missing_ink
from ecgbench.plugins.image_sets.synthetic.press import blotched
from ecgbench.plugins.image_sets.synthetic.sheet import Sheet, Stroke

THINNEST_INK_PX = 1.0  # a thinner line would cover no pixel by half, and printers do not print one
HALF_COVERED = 128  # of 255: ink coverage of at least one half
FADE_STEPS = 6  # of a fading grid: a step is some levels of its lines, and rows that are alike are made once
FADE_TURNS = 40.0  # where on the waves of its press a sheet begins, by how pale it is
_TIE = 1e-6  # px, by which a line that runs between two pixels is nearer to one of them


@dataclass(frozen=True, eq=False)
class Print:
    """A sheet in pixels.

    `pixels`: (H, W, 3) uint8 BGR. `geometry`: where its millimeters lie. `trace`, `ink`: (H, W) uint8, how much of each pixel is
    covered by the ink of the traces, and by any ink, 255 is full. `text_boxes_mm`: (n, 4) float64 of x0, y0, x1, y1, the boxes
    that the texts fill.
    """

    sheet: Sheet
    pixels: Pixels
    geometry: Geometry
    trace: Pixels
    ink: Pixels
    text_boxes_mm: Float

    @cached_property
    def text(self) -> Pixels:
        """How much of each pixel is covered by text, (H, W) uint8."""
        coverage = np.zeros(self.geometry.shape, np.uint8)
        _ink_texts(coverage, self.sheet, self.geometry)
        return _settled_text(coverage, self.sheet)

    @cached_property
    def pulses(self) -> Pixels:
        """How much of each pixel is covered by calibration pulses, (H, W) uint8."""
        return self._marks(self.sheet.pulses)

    @cached_property
    def separators(self) -> Pixels:
        """How much of each pixel is covered by separators between leads, (H, W) uint8."""
        return self._marks(self.sheet.separators)

    def _marks(self, strokes: tuple[Stroke, ...]) -> Pixels:
        coverage = np.zeros(self.geometry.shape, np.uint8)
        _ink_marks(coverage, strokes, self.sheet, self.geometry)
        return _settled(coverage, self.sheet)


def render(sheet: Sheet, dpi: float) -> Print:
    """Print a sheet at `dpi`: letter paper is 2200x1700 pixels at 200 dpi."""
    geometry = flat_geometry(dpi, sheet.size_mm)
    trace = ink_coverage(sheet.traces, geometry)
    ink = trace.copy()
    _ink_marks(ink, (*sheet.pulses, *sheet.separators), sheet, geometry)
    trace, ink = _settled(trace, sheet), _settled(ink, sheet)
    boxes = _ink_texts(ink, sheet, geometry)
    ink = _settled_text(ink, sheet)
    pixels = _print_grid(sheet, geometry)
    lay_ink(pixels, ink, sheet.ink, lambda where: missing_ink(sheet, geometry, where, trace))
    return Print(sheet, pixels, geometry, trace, ink, boxes)


def ink_coverage(strokes: Iterable[Stroke], geometry: Geometry, printed_px_per_mm: float | None = None) -> Pixels:
    """Return (H, W) uint8, how much of each pixel of the picture the strokes cover, 255 is full.

    `printed_px_per_mm`: of the print, where the picture shows one: it has no line thinner than a pixel of its own.
    """
    coverage = np.zeros(geometry.shape, np.uint8)
    lay_strokes(coverage, strokes, geometry, printed_px_per_mm)
    return coverage


def lay_strokes(coverage: Pixels, strokes: Iterable[Stroke], geometry: Geometry, printed_px_per_mm: float | None = None) -> None:
    """Add the ink of strokes to `coverage`, (H, W) uint8 of how much of each pixel is covered, in place."""
    gap = np.full((1, 2), np.nan)
    joined = [(stroke, points) for stroke in strokes for points in (stroke.inked, gap)]
    if not joined:
        return
    thinnest_mm = THINNEST_INK_PX / printed_px_per_mm if printed_px_per_mm else 0.0
    widths_mm = np.maximum(thinnest_mm, np.concatenate([_widths(stroke, len(points)) for stroke, points in joined]))
    points_mm = np.vstack([points for _, points in joined])
    known = np.isfinite(points_mm).all(axis=1)
    points, widths = np.full(points_mm.shape, np.nan), np.zeros(len(points_mm))
    points[known] = geometry.to_pixels(points_mm[known])
    widths[known] = np.maximum(THINNEST_INK_PX, widths_mm[known] * local_scale(geometry, points_mm[known]))
    ink_stroke(coverage, points, widths)


def _widths(stroke: Stroke, count: int) -> Float:
    width = np.asarray(stroke.width_mm, dtype=np.float64)
    return width if width.shape == (count,) else np.full(count, width.max(initial=0))


def local_scale(geometry: Geometry, points_mm: Float) -> Float:
    """Return the pixels in a millimeter (n,) at points (n, 2) of the sheet, the geometric mean of all directions."""
    if geometry.is_flat:
        return np.full(len(points_mm), float(geometry.matrix[0, 0]))
    across, down = (geometry.to_pixels(points_mm + half) - geometry.to_pixels(points_mm - half) for half in np.eye(2) / 2)
    return np.asarray(np.sqrt(np.abs(across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0])), dtype=np.float64)


def _ink_marks(coverage: Pixels, strokes: tuple[Stroke, ...], sheet: Sheet, geometry: Geometry) -> None:
    """Add pulses or separators to `coverage`, (H, W) uint8, in place: on whole pixels where the grid's lines are."""
    if not sheet.style.crisp:
        lay_strokes(coverage, strokes, geometry)
        return
    scale = float(geometry.matrix[0, 0])
    wide = [replace(stroke, width_mm=round(float(np.max(stroke.width_mm)) * scale) / scale) for stroke in strokes]
    marks = ink_coverage(wide, geometry)
    np.maximum(coverage, _whole(marks), out=coverage)


def _ink_texts(coverage: Pixels, sheet: Sheet, geometry: Geometry) -> Float:
    scale, font = float(geometry.matrix[0, 0]), sheet.style.font
    spread = scale * sheet.style.spread_mm
    boxes = [
        ink_text(
            coverage,
            text.text,
            text.x_mm * scale,
            text.y_mm * scale,
            text.height_mm * scale,
            text.font or font,
            text.anchor,
            spread,
            sheet.style.letters,
        )
        for text in sheet.texts
    ]
    return np.asarray(boxes, dtype=np.float64).reshape(-1, 4) / scale


def _settled(coverage: Pixels, sheet: Sheet) -> Pixels:
    """Return ink as the sheet's style has it: all or nothing of each pixel where it is not antialiased."""
    return coverage if sheet.style.antialias else _whole(coverage)


def _whole(coverage: Pixels) -> Pixels:
    return np.asarray((coverage >= HALF_COVERED) * np.uint8(255))


def _settled_text(coverage: Pixels, sheet: Sheet) -> Pixels:
    """Return letters as the sheet's style has them: a screen's keep their gray, or have none, whatever lines have."""
    return _settled(coverage, sheet) if sheet.style.letters == SMOOTH else coverage


def _print_grid(sheet: Sheet, geometry: Geometry) -> Pixels:
    """Return the paper with its grid: fine lines or dots first, bold lines over them.

    Lines leave open (1 - coverage along rows) x (1 - coverage along columns) of what lies under them, and dots and squares cover the
    product of the coverages, so that the whole picture is a matrix product: each term is what rows do times what columns do.
    """
    height, width = geometry.shape
    paper, frame = sheet.paper, sheet.frame
    if paper.grid == "none":
        return np.tile(np.array(paper.ground, np.uint8), (height, width, 1))
    box = box_around(geometry.to_pixels(corners(frame.left, frame.top, frame.right, frame.bottom)), geometry.shape)
    rows, which, across = _separated(sheet, geometry, box)
    drawn = rows @ across + np.tile(np.array(paper.ground, np.float32) + 0.5, box.width)  # one half rounds
    table = np.tile(np.array(paper.edge, np.uint8), (len(rows) + 1, width, 1))  # each different row of the picture once
    table[:-1, box.x : box.x + box.width] = drawn.astype(np.uint8).reshape(len(rows), box.width, 3)
    row = np.full(height, len(rows))
    row[box.y : box.y + box.height] = which
    printed = np.asarray(table[row], dtype=np.uint8)
    if sheet.style.blotch:
        part = printed[box.y : box.y + box.height, box.x : box.x + box.width]
        part[...] = blotched(part, paper.ground, sheet.style.blotch, float(geometry.matrix[0, 0]))
    return printed


def _separated(sheet: Sheet, geometry: Geometry, box: Box) -> tuple[Real, npt.NDArray[np.intp], Real]:
    """Return how far the grid is from the ground's color as a product: the different rows, which row is which, and the columns."""
    paper = sheet.paper
    fine_columns, fine_rows = _covered(sheet, geometry, box, 1, paper.fine_mm)
    bold = _covered(sheet, geometry, box, 5, paper.bold_mm)
    if paper.heavy_mm > paper.bold_mm:
        heavy_columns, _ = _covered(sheet, geometry, box, HEAVY_STEP_MM, paper.heavy_mm)
        bold = np.maximum(bold[0], heavy_columns), bold[1]
    bold_columns, bold_rows = (1 - covered for covered in bold)
    ground, fine, dark = np.array([paper.ground, paper.fine, paper.bold], dtype=np.float64)
    if paper.grid == "cells":
        terms = _cells(sheet, geometry, box, (fine_columns, fine_rows), (1 - bold_columns, 1 - bold_rows))
    else:
        under, more = (ground, fine - ground) if paper.dotted else (fine, ground - fine)
        if not paper.dotted:
            fine_columns, fine_rows = 1 - fine_columns, 1 - fine_rows
        terms = [
            (np.ones_like(bold_rows), np.ones_like(bold_columns), dark - ground),
            (bold_rows, bold_columns, under - dark),
            (bold_rows * fine_rows, bold_columns * fine_columns, more),
        ]
    pale = _faded(box.width, box.height, paper.fade)
    across = np.stack([np.outer(pale_columns * columns, color) for pale_columns, _ in pale for _, columns, color in terms])
    down = np.column_stack([pale_rows * rows for _, pale_rows in pale for rows, _, _ in terms])
    rows, which = np.unique(down, axis=0, return_inverse=True)
    return rows.astype(np.float32), which.reshape(-1), across.reshape(len(down[0]), -1).astype(np.float32)


def _cells(
    sheet: Sheet, geometry: Geometry, box: Box, dots: tuple[Float, Float], lines: tuple[Float, Float]
) -> list[tuple[Float, Float, Float]]:
    """Return the terms of tinted squares with dots in them between dotted lines, which touch neither; each pair is (columns, rows).

    Lines are one row of dots, or two whose gap shows the ground. Where they cross they cover a + b - ab, and ab is a product of rows
    and columns too.
    """
    paper = sheet.paper
    ground, fine, bold, tint = np.array([paper.ground, paper.fine, paper.bold, paper.tint], dtype=np.float64)
    square_columns, square_rows = (1 - covered for covered in _covered(sheet, geometry, box, 5, 2 * CELL_MARGIN_MM))
    dash_columns, dash_rows = _covered(sheet, geometry, box, CELL_PITCH_MM, CELL_DASH_MM)
    columns, rows = lines
    if paper.split_mm and sheet.style.antialias and not sheet.style.crisp:  # whole pixels are too coarse for two rows
        gap_columns, gap_rows = _covered(sheet, geometry, box, 5, paper.split_mm)
        columns, rows = columns - gap_columns, rows - gap_rows
    return [
        (dash_rows, columns, bold - ground),
        (rows, dash_columns, bold - ground),
        (rows * dash_rows, columns * dash_columns, ground - bold),
        (square_rows, square_columns, tint - ground),
        (square_rows * dots[1], square_columns * dots[0], fine - tint),
    ]


def _faded(width: int, height: int, fade: float) -> list[tuple[Float, Float]]:
    """Return how much of the grid's color is left as a sum of products of columns (width,) and rows (height,): bands and patches.

    Of the two patterns of bands that a press makes along the rows, the one goes over into the other across the sheet and back. Bands
    are in few steps, and where a sheet begins on the press follows from how pale it is.
    """
    if not fade:
        return [(np.ones(width), np.ones(height))]
    x, y = np.linspace(0, 2 * np.pi, width), np.linspace(0, 2 * np.pi, height)
    phase = fade * FADE_TURNS
    share = 0.5 + 0.5 * np.sin(x * (0.5 + phase % 0.7) + phase)
    one = 0.45 + 0.3 * np.sin(y * 0.8 + 2.2 + phase) + 0.15 * np.sin(y * 2.3 + 2 * phase) + 0.1 * np.sin(y * 9.7 + 3 * phase)
    other = 0.45 + 0.3 * np.sin(y * 1.1 - phase) + 0.15 * np.sin(y * 3.1 + phase) + 0.1 * np.sin(y * 14.3 - phase)
    one, other = (fade * np.rint(FADE_STEPS * wave) / FADE_STEPS for wave in (one, other))
    return [(np.ones(width), 1 - other), (share, other - one)]


def _covered(sheet: Sheet, geometry: Geometry, box: Box, step: float, width_mm: float) -> tuple[Float, Float]:
    """Return how much of each column and of each row of `box` the grid lines cover, 0..1."""
    scale = float(geometry.matrix[0, 0])
    xs, ys = (lines * scale - 0.5 for lines in grid_lines_mm(sheet.frame, step))
    columns, rows = box.x + box.width, box.y + box.height
    if sheet.style.antialias and not sheet.style.crisp:
        covered = line_coverage(columns, xs, width_mm * scale), line_coverage(rows, ys, width_mm * scale)
    else:
        half = max(0.5, width_mm * scale / 2)
        covered = near_lines(columns, xs - _TIE, half).astype(np.float64), near_lines(rows, ys - _TIE, half).astype(np.float64)
    return covered[0][box.x :], covered[1][box.y :]


def lay_ink(
    pixels: Pixels, ink: Pixels, color: Color, missing: Callable[[npt.NDArray[np.intp]], Real | None] = lambda _: None
) -> None:
    """Lay ink of `color` over `pixels` in place, as far as `ink` (H, W) uint8 covers them.

    `missing`: given the places (n,) of pixels in the flat picture, returns the share of ink (n,) that each lacks, None for none.
    """
    where = np.flatnonzero(ink != 0)
    flat = pixels.reshape(-1, 3)
    covered, lacking = ink.reshape(-1).take(where) * np.float32(1 / 255), missing(where)
    if lacking is not None:
        covered *= 1 - lacking
    laid = flat.take(where, axis=0).astype(np.float32)
    laid += covered[:, None] * (np.array(color, np.float32) - laid)
    flat[where] = np.rint(laid, out=laid).astype(np.uint8)
