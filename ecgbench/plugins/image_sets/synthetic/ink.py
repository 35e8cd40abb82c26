"""Strokes, text and grid lines as ink coverage: how much of each pixel they cover, to a fraction of a pixel."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any

import cv2
import numpy as np

from ecgbench.core.page import Mask, Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float

LONGEST_PIECE_PX = 1.0  # strokes are cut to this, so that a small window around each piece holds all pixels that it inks


def ink_stroke(coverage: Pixels, points: Float, width_px: float) -> None:
    """Ink a polyline of `points` (n, 2) in pixels (integers are pixel centers) onto `coverage`, (H, W) uint8, 255 is full.

    A pixel's coverage is that of a straight edge at its distance from the line: exact along rows and columns, and at least one
    half exactly where the pixel's center lies within half a width of the line. Ink that is there already stays.
    """
    start, along = _pieces(points)
    per_length2 = 1 / np.maximum((along**2).sum(axis=1), 1e-12)
    middle = np.rint(start + along / 2)
    farthest = width_px / 2 + 0.5
    reach = int(farthest + LONGEST_PIECE_PX / 2 + 0.5)  # half a piece from its middle, which is rounded by up to half a pixel
    height, width = coverage.shape
    flat = coverage.reshape(-1)
    for dy, dx in product(range(-reach, reach + 1), repeat=2):
        x, y = middle[:, 0] + dx, middle[:, 1] + dy
        from_x, from_y = x - start[:, 0], y - start[:, 1]
        share = np.clip((from_x * along[:, 0] + from_y * along[:, 1]) * per_length2, 0, 1)
        distance2 = (from_x - share * along[:, 0]) ** 2 + (from_y - share * along[:, 1]) ** 2
        inked = np.flatnonzero((distance2 < farthest**2) & (x >= 0) & (x < width) & (y >= 0) & (y < height))
        amount = np.minimum(255, np.rint(255 * (farthest - np.sqrt(distance2[inked])))).astype(np.uint8)
        np.maximum.at(flat, (y[inked] * width + x[inked]).astype(np.intp), amount)


def _pieces(points: Float) -> tuple[Float, Float]:
    """Cut a polyline into pieces of at most LONGEST_PIECE_PX; return where each starts and how it goes on, both (m, 2)."""
    start, along = points[:-1], np.diff(points, axis=0)
    count = np.maximum(1, np.ceil(np.hypot(along[:, 0], along[:, 1]) / LONGEST_PIECE_PX)).astype(np.intp)
    number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    step = np.repeat(along / count[:, None], count, axis=0)
    return np.repeat(start, count, axis=0) + number[:, None] * step, step


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


def ink_text(coverage: Pixels, text: str, left: float, baseline: float, height_px: float) -> tuple[int, int, int, int]:
    """Print `text` onto `coverage` (H, W) uint8; return the box (x0, y0, x1, y1) that it fills, x1 and y1 excluded.

    `left`, `baseline`: where the text begins, in pixels. `height_px`: height of a capital letter.
    """
    font = _font(max(4, round(height_px / _CAPITAL)))
    glyphs, (right, down) = font.getmask2(text, mode="L", anchor="ls")
    stamp = np.asarray(glyphs, dtype=np.uint8).reshape(glyphs.size[::-1])
    blank_x, blank_y, filled_x, filled_y = cv2.boundingRect(stamp)
    stamp = stamp[blank_y : blank_y + filled_y, blank_x : blank_x + filled_x]
    x0, y0 = round(left) + int(right) + blank_x, round(baseline) + int(down) + blank_y
    x1, y1 = x0 + stamp.shape[1], y0 + stamp.shape[0]
    inside = slice(max(0, y0), max(0, y1)), slice(max(0, x0), max(0, x1))
    target = coverage[inside]
    part = stamp[inside[0].start - y0 :, inside[1].start - x0 :][: target.shape[0], : target.shape[1]]
    np.maximum(target, part, out=target)
    return x0, y0, x1, y1


_CAPITAL = 0.7  # height of a capital in the font's size (Aileron, the font that comes with Pillow)


@lru_cache(maxsize=32)
def _font(size: int) -> Any:
    from PIL import ImageFont  # slow to import, and only pages with text need it

    return ImageFont.load_default(size)
