"""Where both strokes of a narrow wave lie: told by how ink is spread along each row, where blur and the pen have made one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Marks = npt.NDArray[np.bool_]

TALL_MM, BESIDE_MM = 2.0, 1.5  # of a wave: its height over its foot at least, and how far to either side of its tip that is
WIDEST = 9.0  # columns between strokes, from which on blur does not join them
MARGIN = 4.0  # columns beyond the middle of a stroke, within which nearly all of its ink lies
CLEAN = 0.25  # coverage at the ends of a window: paper, and what is left of a grid
LEAST_INK = 0.5  # columns of full coverage in a row
FEWEST = 40  # rows that tell what a single stroke is like
TURNS = 3  # that windows are laid anew around the strokes that were found
FURTHEST = 2.0  # columns from where a flank was seen
EVEN_ROWS = 5  # that are averaged
TIP_MM = 1.2  # below a tip, over which the pen, slower there, gets as thin as on strokes
END_ROWS = 8  # over which a flank goes over into what is left as it was


class Wave(NamedTuple):
    """A wave of a curve: the place of its tip, and where both flanks cross each row from the tip to the foot.

    `tip`: index into the curve's places. `rows`: (n,) rows of the plane. `left`, `right`: (n,) in columns.
    """

    tip: int
    rows: Rows
    left: Floats
    right: Floats


class Spread(NamedTuple):
    """Ink along rows, each within its window; (n,) each.

    `amount`: in columns of full coverage. `middle`, `variance`: of its place, in columns. `clean`: whether there is some, and both ends
    of the window show nothing but paper.
    """

    amount: Floats
    middle: Floats
    variance: Floats
    clean: Marks


def with_flanks(lines: Sequence[Floats], coverage: Plane, fine: int, scale: int) -> list[Floats]:
    """Return curves, each of which gives its row at `fine` places a column, with the flanks of narrow waves where their ink lies.

    Blur joins the strokes of a narrow wave, so that their edges tell little: on scans flanks were half a pixel off, a millimeter down a steep
    stroke. It changes neither the middle of a row's ink, though, nor by how much its variance exceeds that of a single stroke.
    """
    waves = [(number, wave) for number, line in enumerate(lines) for wave in waves_of(line, fine, scale)]
    if not waves:
        return list(lines)
    rows = np.concatenate([wave.rows for _, wave in waves])
    left, right = np.concatenate([wave.left for _, wave in waves]), np.concatenate([wave.right for _, wave in waves])
    stroke = _single_stroke(coverage, rows, left, right)
    if stroke is None:
        return list(lines)
    narrow = np.flatnonzero(right - left < WIDEST)
    first, last = left[narrow], right[narrow]
    for _ in range(TURNS):
        ink = spread_along(coverage, rows[narrow], first - MARGIN, last + MARGIN)
        half = apart(ink.variance, *stroke) / 2
        first, last = ink.middle - half, ink.middle + half
    near = np.maximum(np.abs(first - left[narrow]), np.abs(last - right[narrow])) < FURTHEST
    told = np.zeros(len(rows), np.bool_)
    told[narrow] = near & ink.clean
    left[narrow], right[narrow] = first, last
    changed, begin = [line.copy() for line in lines], 0
    for number, wave in waves:
        part = slice(begin, begin + len(wave.rows))
        begin = part.stop
        _redraw(changed[number], _moved(wave, left[part], right[part], told[part], TIP_MM * scale), fine)
    return changed


def waves_of(line: Floats, fine: int, scale: int) -> list[Wave]:
    """Return the tall, narrow waves of a curve that gives its row at `fine` places a column."""
    reach = round(BESIDE_MM * scale * fine)
    found = []
    for sign in (-1, 1):  # crests, then troughs
        height = np.where(np.isfinite(line), sign * line, -np.inf)
        highest = cv2.dilate(height[None], np.ones((1, 2 * reach + 1), np.uint8))[0]
        tips = np.flatnonzero(np.isfinite(height) & (height >= highest))
        for tip in map(int, tips[np.diff(tips, prepend=-reach - 1) > reach]):
            before, after = height[max(0, tip - reach) : tip + 1][::-1], height[tip : tip + reach + 1]
            left, right = np.minimum.accumulate(before), np.minimum.accumulate(after)
            foot = max(left[-1], right[-1])
            if np.isfinite(foot) and height[tip] - foot >= TALL_MM * scale:
                down = np.arange(int(np.floor(height[tip])), int(np.ceil(foot)), -1)
                sides = (tip - _places_until(left, down)) / fine, (tip + _places_until(right, down)) / fine
                found.append(Wave(tip, sign * down, *sides))
    return found


def _places_until(falling: Floats, heights: Rows) -> Floats:
    """Return after how many places a line that never rises has fallen to each of some heights."""
    places = np.arange(len(falling), dtype=np.float64)
    return np.interp(-heights.astype(np.float64), 1e-6 * places - falling, places)


def spread_along(coverage: Plane, rows: Rows, first: Floats, last: Floats) -> Spread:
    """Return how ink is spread along rows, from column `first` to column `last` of each; (n,) each."""
    start = np.floor(first).astype(np.intp)
    offsets = np.arange(int(np.ceil((last - first).max(initial=1))) + 2)
    columns = start[:, None] + offsets
    ink = coverage[rows.clip(0, len(coverage) - 1)[:, None], columns.clip(0, coverage.shape[1] - 1)]
    ends = [np.clip(1.5 - np.abs(columns - end[:, None]), 0, 1) for end in (first, last)]
    beside = np.max([np.abs((ink * end).sum(axis=1) / end.sum(axis=1)) for end in ends], axis=0)
    held = np.minimum(ink, 1) * np.clip(np.minimum(columns - first[:, None], last[:, None] - columns) + 0.5, 0, 1)
    amount = held.sum(axis=1, dtype=np.float64)
    safe = np.maximum(amount, LEAST_INK)
    middle = (held * offsets).sum(axis=1) / safe
    variance = (held * np.square(offsets)).sum(axis=1) / safe - np.square(middle)
    return Spread(amount, middle + start, variance, (beside < CLEAN) & (amount > LEAST_INK))


def apart(variance: Floats, width: float, single: float) -> Floats:
    """Return how far apart the middles of two strokes are, (n,), given the variance of their ink together, (n,), and width and variance of one.

    Variances of ink and of blur add up. Two strokes beside each other add a quarter of the squared distance to that of one; two that overlap
    are one stroke that is wider by the distance d, whose variance is (width + d)^2 / 12.

    >>> apart(np.array([1.0, 2.0, 10.0]), width=3.0, single=1.0).round(2).tolist()
    [0.0, 1.58, 6.0]
    """
    more = np.maximum(variance - single, 0)
    return np.where(4 * more >= width**2, 2 * np.sqrt(more), np.sqrt(width**2 + 12 * more) - width)


def _single_stroke(coverage: Plane, rows: Rows, left: Floats, right: Floats) -> tuple[float, float] | None:
    """Return width and variance of one stroke's ink along a row, told by flanks that lie apart; None where too few do."""
    lone = right - left > 2 * MARGIN + 1
    found = [spread_along(coverage, rows[lone], side[lone] - MARGIN, side[lone] + MARGIN) for side in (left, right)]
    width = np.concatenate([each.amount[each.clean] for each in found])
    variance = np.concatenate([each.variance[each.clean] for each in found])
    return (float(np.median(width)), float(np.median(variance))) if len(width) >= FEWEST else None


def _moved(wave: Wave, left: Floats, right: Floats, told: Marks, tip_rows: float) -> Wave:
    """Return a wave as far down as rows are `told`, with its flanks where they were found; less so near the tip and near the end."""
    stop = int(np.flatnonzero(told)[-1]) + 1 if told.any() else 0
    trusted = np.minimum(np.arange(stop) / tip_rows, np.arange(stop, 0, -1) / END_ROWS).clip(0, 1)
    first, last = (
        side[:stop] + trusted * _step(side, found, told)[:stop] for side, found in ((wave.left, left), (wave.right, right))
    )
    return Wave(wave.tip, wave.rows[:stop], np.minimum.accumulate(first), np.maximum.accumulate(last))


def _step(side: Floats, found: Floats, told: Marks) -> Floats:
    """Return by how many columns a flank is moved at each row, on the mean over EVEN_ROWS; rows that tell nothing go along with others."""
    sums = cv2.blur(np.vstack([np.where(told, found - side, 0), told]), (EVEN_ROWS, 1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(sums[0] / np.maximum(sums[1], 0.5), np.float64)


def _redraw(line: Floats, wave: Wave, fine: int) -> None:
    """Draw a wave's flanks into a curve; what lies between their upper ends stays."""
    if not wave.rows.size:
        return
    tip = wave.tip / fine
    for begin, end, columns, rows in (
        (wave.left[-1], min(wave.left[0], tip), wave.left[::-1], wave.rows[::-1]),
        (max(wave.right[0], tip), wave.right[-1], wave.right, wave.rows),
    ):
        places = np.arange(max(0, int(np.ceil(begin * fine))), min(len(line) - 1, int(np.floor(end * fine))) + 1)
        line[places] = np.interp(places / fine, columns, rows)
