"""Ruled lines of a page as `color.opencv` finds them: long, straight within a pixel, and at even spacing, in shades of darkness."""

from __future__ import annotations

import cv2
import numpy as np

from ecgbench.core.page import Pixels
from ecgbench.plugins.color.ink import Floats, Levels

CELL_MM = 2.0  # length over which a line's darkness is averaged; a slant of 3 degrees shifts it there by half a trace's width
LINE_MM = 36.0  # length of what counts as a line: longer than the flat stretches of a trace
LINE_SHARE = 0.4  # of the picture's side, where that is shorter
BEYOND = (
    0.8  # of that length is taken to lie beyond the picture's border, where a line comes to it: a trace cuts off pieces there
)
WINDOW_MM = (25.0, 20.0)  # along and across the lines: where they are taken to run alike
ROWS = 8  # slopes are known for so many rows at once
FLATNESS = 0.1  # of the mean squared gradient; where there is less, nothing shows a slope
STEEPEST = 0.18  # of a line against the picture, ten degrees
SHORTEST_SIDE = 4  # cells; what is smaller shows no line
STRAIGHT_CELLS = 4  # a straightened line strays by less than a pixel over so many
LEAST_LIKENESS = 0.3  # correlation of a page's lines with themselves, one period on
FAINTEST_LINE = 8  # 8-bit levels of darkness
UNEVENNESS = 1.2  # a line is so many times darker, at most, than its palest stretch


def ruled_lines(darkness: Pixels, px_per_mm: float) -> Pixels:
    """Return how dark the ruled lines alone are at each pixel, (H, W) uint8, of a picture's darkness, (H, W) uint8."""
    cell = max(4, round(CELL_MM * px_per_mm))
    if min(darkness.shape) < SHORTEST_SIDE * cell:
        return np.zeros_like(darkness)
    level = cv2.blur(darkness, (cell, 1))[:, cell // 2 :: cell]
    upright = cv2.blur(darkness, (1, cell))[cell // 2 :: cell].T
    rows = _row_lines(np.ascontiguousarray(level), px_per_mm, cell)
    columns = _row_lines(np.ascontiguousarray(upright), px_per_mm, cell).T
    size = darkness.shape[::-1]
    return np.asarray(
        cv2.max(_spread(rows, cell, size, along_x=True), _spread(np.ascontiguousarray(columns), cell, size, along_x=False))
    )


def _spread(lines: Pixels, cell: int, size: tuple[int, int], *, along_x: bool) -> Pixels:
    """Return lines, known at every `cell`-th pixel along them from cell // 2 on, at each pixel of a picture of `size`."""
    whole = (lines.shape[1] * cell, size[1]) if along_x else (size[0], lines.shape[0] * cell)
    spread = cv2.resize(lines, whole, interpolation=cv2.INTER_LINEAR)
    missing_y, missing_x = max(0, size[1] - spread.shape[0]), max(0, size[0] - spread.shape[1])
    if missing_x or missing_y:
        spread = cv2.copyMakeBorder(spread, 0, missing_y, 0, missing_x, cv2.BORDER_REPLICATE)
    return np.asarray(spread[: size[1], : size[0]], np.uint8)


def _row_lines(cells: Pixels, px_per_mm: float, cell: int) -> Pixels:
    """Return the darkness of lines that run along the rows of `cells`, (H, n) uint8."""
    ground = _crossing(cells, px_per_mm)
    raised = np.asarray(cv2.subtract(cells, ground), np.uint8)
    there, back = _shifts(_slopes(raised, px_per_mm, cell), len(cells))
    length = round(min(LINE_MM * px_per_mm / cell, LINE_SHARE * cells.shape[1]))
    lines = _moved(_evenly_spaced(_framed_runs(_moved(raised, there), max(2, length))), -back)
    level = cv2.min(cells, cv2.add(cv2.convertScaleAbs(lines, alpha=UNEVENNESS, beta=2), ground))
    return np.asarray(cv2.copyTo(level, (lines > FAINTEST_LINE).view(np.uint8)), np.uint8)


def _crossing(cells: Pixels, px_per_mm: float) -> Pixels:
    """Return what the lines that cross the rows add to each cell: the least within a millimeter, smoothed."""
    least = cv2.erode(cells, np.ones((_odd(1.1 * px_per_mm), 1), np.uint8))
    return np.asarray(cv2.blur(least, (3, _odd(15 * px_per_mm))), np.uint8)


def _slopes(raised: Pixels, px_per_mm: float, cell: int) -> Floats:
    """Return by how many pixels lines go down from each cell to the next, (H / ROWS, n): least squares of the gradients nearby."""
    soft = cv2.GaussianBlur(raised, (1, 5), 1.2).astype(np.float32)
    along, middle = soft[:, 1:] - soft[:, :-1], soft[:, 1:] + soft[:, :-1]
    across = np.zeros_like(middle)
    across[1:-1] = (middle[2:] - middle[:-2]) / 4
    size = (along.shape[1], max(1, len(along) // ROWS))
    window = (_odd(WINDOW_MM[0] * px_per_mm / cell), _odd(WINDOW_MM[1] * px_per_mm / ROWS))
    both, steep = (cv2.blur(cv2.resize(of * across, size, interpolation=cv2.INTER_AREA), window) for of in (-along, across))
    smooth = np.clip(cv2.blur(both / (steep + FLATNESS * steep.mean() + 1e-3), window), -STEEPEST * cell, STEEPEST * cell)
    return np.asarray(np.hstack([smooth, smooth[:, -1:]]), np.float32)


def _shifts(slopes: Floats, rows: int) -> tuple[Floats, Floats]:
    """Return by how many pixels a line is off its row in the middle column, for each of (rows, n) cells.

    First for the cells of that row, to be straightened; then for the cells of the line, to be put back.
    """
    step = rows / len(slopes)
    straight = _summed(_moved(slopes, _summed(slopes) / step))
    back = _moved(straight, -straight / step)
    size = (slopes.shape[1], rows)
    return np.asarray(cv2.resize(straight, size)), np.asarray(cv2.resize(back, size))


def _summed(slopes: Floats) -> Floats:
    total = np.cumsum(slopes, axis=1) - slopes
    return np.asarray(total - total[:, [slopes.shape[1] // 2]], np.float32)


def _moved(picture: Levels, shift: Floats) -> Levels:
    """Return a picture that holds at each place what is `shift` rows below it."""
    height, width = shift.shape
    across = np.tile(np.arange(width, dtype=np.float32), (height, 1))
    down = np.arange(height, dtype=np.float32)[:, None] + shift
    return cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _framed_runs(cells: Pixels, length: int) -> Pixels:
    """Return the long runs of cells that go on beyond the left and right border as they are there."""
    beyond = max(1, round(BEYOND * length))
    framed = cv2.copyMakeBorder(cells, 0, 0, beyond, beyond, cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(_long_runs(np.asarray(framed, np.uint8), length)[:, beyond:-beyond])


def _long_runs(cells: Pixels, length: int) -> Pixels:
    """Return the greatest level that a run of `length` cells through each cell holds throughout: a path opening along the rows.

    A run of 2 n cells is two runs of n, of which the second may begin a row higher or lower than the first.
    """
    runs, steps, count = [cells], [], 1  # runs that begin at each cell, and by how many cells each begins before its second half
    while count < length:
        steps.append(min(count, length - count))
        runs.append(np.asarray(cv2.min(runs[-1], _next(runs[-1], steps[-1])), np.uint8))
        count += steps[-1]
    found = runs.pop()
    for halves, step in zip(reversed(runs), reversed(steps), strict=True):
        found = np.asarray(cv2.max(found, cv2.min(halves, _next(found, -step))), np.uint8)
    return found


def _next(cells: Pixels, count: int) -> Pixels:
    """Return the cells that come `count` to the right (to the left where it is negative); of three rows the darkest for long ways."""
    if abs(count) >= STRAIGHT_CELLS:
        cells = np.asarray(cv2.dilate(cells, np.ones((3, 1), np.uint8)), np.uint8)
    shifted = np.zeros_like(cells)
    if count > 0:
        shifted[:, :-count] = cells[:, count:]
    else:
        shifted[:, -count:] = cells[:, :count]
    return shifted


def _evenly_spaced(lines: Pixels) -> Pixels:
    """Return the lines, each at most as dark as its neighbor one period on; as they are where no period is seen."""
    period = _period(lines.mean(axis=1))
    if period is None:
        return lines
    stray = max(2, round(0.02 * period))
    wide = cv2.dilate(lines, np.ones((2 * stray + 1, 1), np.uint8))
    either = np.zeros_like(lines)
    either[period:] = wide[:-period]
    either[:-period] = cv2.max(either[:-period], wide[period:])
    return np.asarray(cv2.min(lines, cv2.convertScaleAbs(either, alpha=1.3, beta=3)), np.uint8)


def _period(profile: Floats) -> int | None:
    """Return the rows after which a profile repeats itself best, None where it hardly does."""
    count = len(profile)
    even = profile - cv2.blur(profile[:, None], (1, _odd(count / 6)))[:, 0]
    spectrum = np.fft.rfft(even, 2 * count)
    likeness = np.fft.irfft(spectrum * np.conj(spectrum))[: count // 2] / (count - np.arange(count // 2))
    unlike = np.flatnonzero(likeness < 0.1 * likeness[:1])
    first = max(6, int(unlike[0])) if unlike.size else count
    best = likeness[first:].max(initial=0)
    if best <= LEAST_LIKENESS * likeness[:1].sum():
        return None
    period = first + int(np.flatnonzero(likeness[first:] >= 0.85 * best)[0])
    return period + int(np.argmax(likeness[period : period + max(2, period // 10)]))


def _odd(value: float) -> int:
    return max(3, int(value) // 2 * 2 + 1)
