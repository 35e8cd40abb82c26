"""Strokes, text and grid lines as ink coverage: how much of each pixel they cover, to a fraction of a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Mask, Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.lettering import SMOOTH, stamp_of

_SHORTEST_PIECE_PX = 1.0
ANCHORS: Mapping[str, float] = {"left": 0.0, "middle": 0.5, "right": 1.0}  # share of a line's length that lies before its place
Real = npt.NDArray[np.float32]


def ink_stroke(coverage: Pixels, points: Float, width_px: float | Float) -> None:
    """Ink a polyline of `points` (n, 2) in pixels (integers are pixel centers) onto `coverage`, (H, W) uint8, 255 is full.

    A point that is NaN breaks the line. `width_px`: of all of it, or (n,) of the line from each point on.
    A pixel's coverage is that of a straight edge at its distance from the line: exact along rows and columns, and at least one
    half exactly where the pixel's center lies within half a width of the line. Ink that is there already stays.
    """
    farthest = np.broadcast_to(np.asarray(width_px, dtype=np.float64) / 2 + 0.5, len(points))[:-1]
    longest = max(_SHORTEST_PIECE_PX, float(farthest.max(initial=0)) / 2)
    start, along, line = pieces(points, longest)
    reach = int(
        farthest.max(initial=0) + longest / 2 + 0.5
    )  # half a piece from its middle, which is rounded by up to half a pixel
    middle = np.rint(start + along / 2)
    seen = ((middle >= -reach) & (middle <= np.array(coverage.shape[::-1]) - 1 + reach)).all(axis=1)
    _ink_pieces(coverage, middle[seen], (start - middle)[seen], along[seen], farthest[line][seen], reach)


def _ink_pieces(coverage: Pixels, middle: Float, start: Float, along: Float, farthest: Float, reach: int) -> None:
    """Ink straight pieces; `start` (m, 2) is seen from their `middle`, a pixel's center: so float32 holds all but its place."""
    column, row = middle.astype(np.int32).T
    from_x, from_y, along_x, along_y = (values.astype(np.float32) for values in (*-start.T, *along.T))
    per_length2 = 1 / np.maximum(along_x * along_x + along_y * along_y, np.float32(1e-12))
    full = (farthest * 255).astype(np.float32)
    reach2 = (farthest * farthest).astype(np.float32)
    height, width = coverage.shape
    flat = coverage.reshape(-1)
    for dy, dx in product(range(-reach, reach + 1), repeat=2):
        distance2 = _distance2(from_x + np.float32(dx), from_y + np.float32(dy), along_x, along_y, per_length2)
        near = np.flatnonzero(distance2 < reach2)
        x, y = column[near] + dx, row[near] + dy
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        near, place = near[inside], (y[inside].astype(np.intp) * width + x[inside])
        amount = np.rint(full[near] - 255 * np.sqrt(distance2[near]))
        np.maximum.at(flat, place, np.minimum(amount, np.float32(255)).astype(np.uint8))


def _distance2(from_x: Real, from_y: Real, along_x: Real, along_y: Real, per_length2: Real) -> Real:
    """Return the squared distance of points from straight pieces, both seen from where the pieces start."""
    share = np.clip((from_x * along_x + from_y * along_y) * per_length2, np.float32(0), np.float32(1))
    away_x, away_y = from_x - share * along_x, from_y - share * along_y
    return np.asarray(away_x * away_x + away_y * away_y, dtype=np.float32)


def pieces(points: Float, longest: float) -> tuple[Float, Float, npt.NDArray[np.intp]]:
    """Cut a polyline into pieces of at most `longest` px; return where each starts, how it goes on, (m, 2) each, and of which line."""
    start, along = points[:-1], np.diff(points, axis=0)
    length = np.hypot(along[:, 0], along[:, 1])
    known = np.flatnonzero(np.isfinite(length))
    count = np.maximum(1, np.ceil(length[known] / longest)).astype(np.intp)
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    line = np.repeat(known, count)
    step = along[line] / np.repeat(count, count)[:, None]
    return start[line] + number[:, None] * step, step, line


def line_coverage(size: int, lines: Float, width_px: float) -> Float:
    """Return how much of each of `size` pixels in a row is covered by lines of `width_px` across it at the positions `lines`, 0..1."""
    left = np.searchsorted(lines, np.arange(size) - 0.5 - width_px / 2)
    covered = np.zeros(size)
    for offset in range(1 + int(np.ceil(width_px))):  # neighboring lines that may touch one pixel
        index = left + offset
        line = np.take(np.append(lines, np.inf), np.minimum(index, len(lines)))
        low = np.maximum(line - width_px / 2, np.arange(size) - 0.5)
        high = np.minimum(line + width_px / 2, np.arange(size) + 0.5)
        covered += np.where(np.isfinite(line), np.maximum(0, high - low), 0)
    return np.minimum(covered, 1)


def near_lines(size: int, lines: Float, half_px: float) -> Mask:
    """Return which of `size` pixels in a row have their center within `half_px` of a position in `lines`."""
    edges = np.append(lines, np.inf)
    return np.asarray(edges[np.searchsorted(lines, np.arange(size) - half_px)] <= np.arange(size) + half_px)


def ink_text(
    coverage: Pixels, text: str, left: float, baseline: float, height_px: float, font: str = "plain", anchor: str = "left",
    spread_px: float = 0.0, letters: str = SMOOTH,
) -> tuple[int, int, int, int]:  # fmt: skip
    """Print `text` onto `coverage` (H, W) uint8; return the box (x0, y0, x1, y1) that it fills, x1 and y1 excluded.

    `left`, `baseline`: where the text begins, in pixels, or ends or has its middle where `anchor` is "right" or "middle". `height_px`:
    height of a capital letter. `font`: one of lettering.FONTS. `spread_px`: by how much its ink spreads on every side. `letters`: one of
    lettering.LETTERS.
    """
    stamp, right, down, length = stamp_of(text, font, round(height_px, 2), round(spread_px, 2), letters)
    x0, y0 = round(left - ANCHORS[anchor] * length) + right, round(baseline) + down
    x1, y1 = x0 + stamp.shape[1], y0 + stamp.shape[0]
    inside = slice(max(0, y0), max(0, y1)), slice(max(0, x0), max(0, x1))
    target = coverage[inside]
    part = stamp[inside[0].start - y0 :, inside[1].start - x0 :][: target.shape[0], : target.shape[1]]
    np.maximum(target, part, out=target)
    return x0, y0, x1, y1
