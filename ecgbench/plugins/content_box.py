"""Where in a picture the paper lies, or what is printed on it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Box, Gray, Mask, Pixels
from ecgbench.core.results import Positions
from ecgbench.plugins.levels import levels_at, pixels_up_to
from ecgbench.plugins.sheet import LONG_SIDE, find_sheet, halved, without_ink

RIM = 2  # pixels of the small picture that a mask of the sheet keeps away from its rim
SHARP_RIM = 12  # gray levels between neighboring pixels of the small picture, at the rim of a torn piece
TORN_PIECE = 0.1  # of the sheet; a larger part that seems to belong to the desk does not

PRINT_SIDE = 1100  # long side in pixels at which print is looked for: averaging down to it lowers noise and cost
BLOCKS = 256  # blocks along the long side: about 1 mm of a full page, so that a grid's lines fall in adjoining blocks
FAINTEST_PRINT = 8.0  # gray levels that a block must span to hold print
PLAINEST_INK = 20.0  # gray levels that print spans somewhere; an area that nowhere does is noise
SMALLEST_PRINT = 4  # blocks; a smaller patch is a speck (a word spans more)
NOISE_REACH = 3.0  # in Gaussian noise a pixel is 2 sigma below the brightest of 25 in the median, 6 sigma once in 10,000
BORDER = 0.02  # share of a side within which a line along the picture's border is a scanner's frame, not content
FULL_LINE = 0.8  # share of a side that such a line spans; a line of text spans half of it at most


def find_content(gray: Gray) -> tuple[Box | None, Positions | None]:
    """Return the box of the content, and the corners of the paper, (4, 2) of (x, y) clockwise from its upper left one, where they are seen.

    `gray`: (H, W) uint8. The box is that of the paper where a side of a sheet on a darker desk is seen (`sheet.find_sheet`), else of what
    is printed; None on an empty page. The corners are None unless all four sides are seen. Specks, and lines along the picture's border
    as scanners leave them, are not content.

    >>> desk = np.full((300, 400), 60, np.uint8)
    >>> desk[50:250, 80:360] = 230
    >>> box, corners = find_content(desk)
    >>> box
    Box(x=80, y=50, width=280, height=200)
    >>> bool(np.abs(corners - [[80, 50], [360, 50], [360, 250], [80, 250]]).max() < 1)
    True
    """
    sheet = find_sheet(gray)
    return (_print_box(gray), None) if sheet is None else (sheet.box, sheet.corners)


def content_box(gray: Gray) -> Box | None:
    """Return the box that `find_content` finds; None on an empty page.

    >>> picture = np.full((300, 400), 255, np.uint8)
    >>> content_box(picture) is None
    True
    >>> _ = cv2.putText(picture, "aVR", (100, 150), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 3)
    >>> x, y, width, height = content_box(picture)
    >>> 95 < x < 105 and 100 < y < 115 and y + height <= 155
    True
    """
    return find_content(gray)[0]


def sheet_mask(gray: Gray) -> Mask | None:
    """Return which pixels show a sheet on a darker desk, (H, W) bool; None where no side of one is seen.

    The mask keeps a few pixels away from the sheet's sides, and leaves out pieces that are torn out of them.

    >>> desk = np.full((300, 400), 60, np.uint8)
    >>> sheet_mask(desk) is None
    True
    >>> desk[50:250, 80:360] = 230
    >>> mask = sheet_mask(desk)
    >>> bool(mask[55, 85]), bool(mask[40, 200])
    (True, False)
    """
    sheet = find_sheet(gray)
    if sheet is None:
        return None
    small, factor = halved(gray, LONG_SIDE)
    inner = cv2.copyMakeBorder(
        _on_sheet(small, sheet.outline / factor), 0, 1, 0, 1, cv2.BORDER_REPLICATE
    )  # of odd rows and columns
    height, width = (factor * side for side in inner.shape)
    whole = cv2.resize(inner, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(whole[: gray.shape[0], : gray.shape[1]]).view(np.bool_)


def _on_sheet(small: Pixels, outline: Positions) -> Pixels:
    """Return which pixels lie within an outline, and are not joined to what lies outside it: 0 or 1."""
    sheet = np.zeros(small.shape, np.uint8)
    cv2.fillPoly(sheet, [np.rint(outline).astype(np.int32)], (1,))
    bare = without_ink(small)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    even = (cv2.morphologyEx(bare, cv2.MORPH_GRADIENT, cross) < SHARP_RIM).view(np.uint8)
    count, labels = cv2.connectedComponents(even, connectivity=4)
    inside = np.bincount(labels[sheet > 0], minlength=count)
    outside = np.bincount(labels[sheet == 0], minlength=count)
    desk = (outside > 0) & (inside < TORN_PIECE * np.count_nonzero(sheet))
    desk[0] = False
    window = np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)
    torn = cv2.dilate(desk[labels].view(np.uint8), window)
    kept = cv2.erode(sheet, window)
    return np.asarray(cv2.subtract(kept, torn), np.uint8)


def _shrunk(gray: Gray, side: int) -> tuple[Pixels, int]:
    """Return the picture averaged down by a whole factor to a long side of about `side`, and the factor."""
    factor = max(1, round(max(gray.shape) / side))
    factor = min(factor, *gray.shape)
    size = (-(-gray.shape[1] // factor), -(-gray.shape[0] // factor))
    if factor == 1:
        return gray, 1
    bottom, right = size[1] * factor - gray.shape[0], size[0] * factor - gray.shape[1]
    whole = cv2.copyMakeBorder(gray, 0, bottom, 0, right, cv2.BORDER_REPLICATE) if bottom or right else gray
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8), factor


def _span(flags: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Return the first index that is set and one beyond the last; the whole length where none is."""
    where = np.flatnonzero(flags)
    return (int(where[0]), int(where[-1]) + 1) if where.size else (0, len(flags))


def _print_box(gray: Gray) -> Box | None:
    """Return the box of grid, trace and text, found in blocks and then to the pixel; None where nothing is printed."""
    small, factor = _shrunk(gray, PRINT_SIDE)
    block = max(1, round(max(small.shape) / BLOCKS))
    spans = _block_spans(small, block)
    faint = _faintest_span(spans)
    blocks = _without_border_lines(spans > faint)
    kept = _without_specks(blocks, spans)
    if not kept.any():
        return None
    y0, y1 = _span(np.any(kept, axis=1))
    x0, x1 = _span(np.any(kept, axis=0))
    size = block * factor
    coarse = Box(x0 * size, y0 * size, (x1 - x0) * size, (y1 - y0) * size).padded(0, gray.shape)
    return _trimmed(gray, coarse, size, faint)


def _block_spans(small: Pixels, block: int) -> Pixels:
    """Return the difference of the brightest and the darkest pixel of each block of `block` by `block` pixels."""
    bottom, right = -small.shape[0] % block, -small.shape[1] % block
    whole = cv2.copyMakeBorder(small, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    # One pixel of overlap, so that a line whose rim is a block's rim still counts in the block that holds it.
    window = np.ones((block + 1, block + 1), np.uint8)
    brightest = cv2.dilate(whole, window, anchor=(0, 0))[::block, ::block]
    darkest = cv2.erode(whole, window, anchor=(0, 0))[::block, ::block]
    return np.asarray(cv2.subtract(brightest, darkest), np.uint8)


def _faintest_span(spans: Pixels) -> float:
    """Return the span above which a block holds print: beyond the noise of the barest blocks, yet half that of the common ones."""
    bare, common = levels_at(spans, [0.05, 0.75])
    # Of 25 pixels of Gaussian noise the span is below 2.8 sigma once in 20, above 7 sigma once in 10,000: 2.5 times as much.
    return max(FAINTEST_PRINT, min(2.5 * bare, 0.5 * common))


def _median(levels: Pixels) -> float:
    """Return the median of pixels, as np.median does but from their counts."""
    middle = np.searchsorted(pixels_up_to(levels), [(levels.size - 1) // 2, levels.size // 2], side="right")
    return float(middle.mean())


def _without_border_lines(blocks: Mask) -> Mask:
    """Return the blocks less those of lines along the picture's border, as a scanner's lid or a frame leaves them."""
    if not any(_has_border_line(np.count_nonzero(blocks, axis=axis), blocks.shape[axis]) for axis in (0, 1)):
        return blocks
    kept = blocks.copy()
    for turns in range(4):
        side = np.rot90(kept, turns)  # a view: what is cleared in it is cleared in `kept`
        depth = _border_depth(len(side))
        filled = np.count_nonzero(side[: depth + 1], axis=1) / side.shape[1]  # the mean in a third of its time
        line = np.flatnonzero(filled[:depth] > FULL_LINE)
        bare = np.flatnonzero(filled < 0.1)
        if line.size and bare.size and bare[-1] > line[0]:
            side[: bare[-1]] = False
    return kept


def _has_border_line(counts: npt.NDArray[np.intp], length: int) -> bool:
    """Whether one of the first or last rows is filled as a line along the border is; `counts`: filled blocks of each row, of `length`."""
    depth = _border_depth(len(counts))
    return bool(max(counts[:depth].max(), counts[-depth:].max()) > FULL_LINE * length)


def _border_depth(side: int) -> int:
    """Return how many rows of blocks from the border, of `side` rows, a line along it may lie."""
    return max(3, round(BORDER * side))


def _without_specks(blocks: Mask, spans: Pixels) -> Mask:
    """Return the blocks of patches that are large enough, and somewhere inked enough, to be print."""
    joined = cv2.dilate(blocks.view(np.uint8), np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    sides = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    inked = np.zeros(count, np.bool_)
    inked[labels[spans >= int(PLAINEST_INK)]] = True
    inked &= sides >= SMALLEST_PRINT + 2  # the dilation added one block at either end
    inked[0] = False
    return np.asarray(inked.take(np.asarray(labels, np.int32)) & blocks, np.bool_)


def _trimmed(gray: Gray, coarse: Box, size: int, contrast: float) -> Box:
    """Return the box less its bare rows and columns; only one block of `size` pixels at each side can hold some."""
    part = gray[coarse.y : coarse.y + coarse.height, coarse.x : coarse.x + coarse.width]
    top, bottom = _bare_rows(part[: 2 * size], contrast), _bare_rows(part[-2 * size :][::-1], contrast)
    left, right = _bare_rows(part[:, : 2 * size].T, contrast), _bare_rows(part[:, -2 * size :].T[::-1], contrast)
    return Box(coarse.x + left, coarse.y + top, coarse.width - left - right, coarse.height - top - bottom)


def _bare_rows(strip: Pixels, contrast: float) -> int:
    """Return how many rows come before the first that holds ink, darker than its surroundings by `contrast`."""
    strip = np.ascontiguousarray(strip)
    darker = cv2.subtract(cv2.dilate(strip, np.ones((5, 5), np.uint8)), strip)
    ink: Mask = darker > max(contrast, NOISE_REACH * _median(np.asarray(darker, np.uint8)))
    return _span(np.any(ink, axis=1))[0]
