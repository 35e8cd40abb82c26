"""Where in a picture the paper lies, or what is printed on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Box, Gray, Mask, Pixels

SAMPLED_PIXELS = 500_000  # enough for a quantile to a gray level; a histogram of all pixels costs as much as the gradient

PAPER_SIDE = 256  # long side in pixels of the small picture on which a sheet is told from the desk
INK_CLOSING = 9  # pixels of that picture: wider than bold lines, letters and traces, narrower than any desk
SHEET_DARKER_SIDE = 0.75  # just outside a sheet the desk is at most this bright; the soft rim of a shadow is brighter
SHEET_LEVELS = (1.0, 0.8, 0.65, 0.5)  # of Otsu's threshold: a shadow across the sheet hides a part of it from the higher ones
SHARP_SHARE, CERTAIN_SHARE = 0.75, 0.95  # of the rim: a sheet's is sharp but for folds and where the desk is bright
SMALLEST_SHEET = 0.15  # share of the picture; smaller bright regions are labels and reflections
STRAIGHT_HULL = 0.9  # a sheet fills this share of its convex hull, a shadow or a glare does not

PRINT_SIDE = 1100  # long side in pixels at which print is looked for: averaging down to it lowers noise and cost
BLOCKS = 256  # blocks along the long side: about 1 mm of a full page, so that a grid's lines fall in adjoining blocks
FAINTEST_PRINT = 8.0  # gray levels that a block must span to hold print
PLAINEST_INK = 20.0  # gray levels that print spans somewhere; an area that nowhere does is noise
SMALLEST_PRINT = 4  # blocks; a smaller patch is a speck (a word spans more)
NOISE_REACH = 3.0  # in Gaussian noise a pixel is 2 sigma below the brightest of 25 in the median, 6 sigma once in 10,000
BORDER = 0.02  # share of a side within which a line along the picture's border is a scanner's frame, not content
FULL_LINE = 0.8  # share of a side that such a line spans; a line of text spans half of it at most


def content_box(gray: Gray) -> Box | None:
    """Return the box of the paper, where a sheet lies on a darker desk, else of what is printed; None on an empty page.

    `gray`: (H, W) uint8. Specks, and lines along the picture's border as scanners leave them, are not content. A shadow with a straight
    rim as sharp as a sheet's is taken for a desk, and a sheet on a brighter desk is only told from it by its print.

    >>> picture = np.full((300, 400), 255, np.uint8)
    >>> content_box(picture) is None
    True
    >>> _ = cv2.putText(picture, "aVR", (100, 150), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 3)
    >>> x, y, width, height = content_box(picture)
    >>> 95 < x < 105 and 100 < y < 115 and y + height <= 155
    True
    """
    sheet = _find_sheet(gray)
    return _print_box(gray) if sheet is None else _sharpened(gray, sheet)


def _shrunk(gray: Gray, side: int) -> tuple[Pixels, int]:
    """Return the picture averaged down by a whole factor to a long side of about `side`, and the factor."""
    factor = max(1, round(max(gray.shape) / side))
    factor = min(factor, *gray.shape)
    size = (-(-gray.shape[1] // factor), -(-gray.shape[0] // factor))
    if factor == 1:
        return gray, 1
    bottom, right = size[1] * factor - gray.shape[0], size[0] * factor - gray.shape[1]
    whole = cv2.copyMakeBorder(gray, 0, bottom, 0, right, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8), factor


def sheet_mask(gray: Gray) -> Mask | None:
    """Return which pixels show a bright sheet with a sharp rim against a darker desk, (H, W) bool; None where no sheet is seen as one.

    The mask keeps a few pixels away from the rim.

    >>> desk = np.full((300, 400), 60, np.uint8)
    >>> sheet_mask(desk) is None
    True
    >>> desk[50:250, 80:360] = 230
    >>> mask = sheet_mask(desk)
    >>> bool(mask[55, 85]), bool(mask[40, 200])
    (True, False)
    """
    found = _find_sheet(gray)
    if found is None:
        return None
    inner = cv2.erode(found.small, np.ones((3, 3), np.uint8))
    height, width = (found.factor * side for side in inner.shape)
    whole = cv2.resize(inner, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(whole[: gray.shape[0], : gray.shape[1]]).view(np.bool_)


@dataclass(frozen=True)
class _Sheet:
    """A sheet on a picture `factor` times smaller: its mask (0 or 1), its box there, and the gray level between it and the desk."""

    small: Pixels
    factor: int
    box: Box
    level: float


def _find_sheet(gray: Gray) -> _Sheet | None:
    """Return the bright sheet with a sharp rim against a darker desk, None where there is none."""
    small, factor = _shrunk(gray, PAPER_SIDE)
    if min(small.shape) < 3 * INK_CLOSING:
        return None
    bare = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((INK_CLOSING, INK_CLOSING), np.uint8)), np.uint8)
    rim = _sharp_rims(bare)
    if np.count_nonzero(rim) < min(bare.shape):
        return None
    otsu, _ = cv2.threshold(bare, 0, 255, cv2.THRESH_OTSU)
    best, sharpest = None, SHARP_SHARE
    for part in SHEET_LEVELS:
        outline = _brightest_outline(bare, part * otsu)
        share = _sharp_share(outline, rim)
        if share >= sharpest and _is_sheet(outline, small.size):
            best, sharpest = _Sheet(_filled(outline, bare.shape), factor, Box(*cv2.boundingRect(outline)), part * otsu), share
        if sharpest > CERTAIN_SHARE:
            break
    return best


def _sharp_rims(bare: Pixels) -> Mask:
    """Mark where brightness falls within a few pixels as it does from a sheet to a desk, and at no soft shadow."""
    window = np.ones((7, 7), np.uint8)
    return np.asarray(cv2.erode(bare, window) < SHEET_DARKER_SIDE * cv2.dilate(bare, window), np.bool_)


def _brightest_outline(bare: Pixels, level: float) -> npt.NDArray[np.int32]:
    """Return the outline (n, 1, 2) of the largest region brighter than `level`; it has no points where there is none."""
    bright = (bare > level).view(np.uint8)
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(max(outlines, key=cv2.contourArea, default=np.empty((0, 1, 2))), np.int32)


def _sharp_share(outline: npt.NDArray[np.int32], rim: Mask) -> float:
    """Return the share of the outline, where it is not the picture's border, that lies on a sharp rim."""
    x, y = outline[:, 0].T
    inner = (x > 0) & (y > 0) & (x < rim.shape[1] - 1) & (y < rim.shape[0] - 1)
    if np.count_nonzero(inner) < min(rim.shape) / 2:
        return 0.0  # the sheet fills the picture
    return float(rim[y[inner], x[inner]].mean())


def _is_sheet(outline: npt.NDArray[np.int32], pixels: int) -> bool:
    """Whether an outline is large and convex enough to be that of a sheet."""
    area = cv2.contourArea(outline)
    return area >= SMALLEST_SHEET * pixels and area >= STRAIGHT_HULL * cv2.contourArea(cv2.convexHull(outline))


def _filled(outline: npt.NDArray[np.int32], shape: tuple[int, ...]) -> Pixels:
    sheet = np.zeros(shape, np.uint8)
    cv2.drawContours(sheet, [outline], -1, (1,), cv2.FILLED)
    return sheet


def _sharpened(gray: Gray, sheet: _Sheet) -> Box:
    """Return the sheet's box to the pixel: from where to where rows and columns are brighter than the level at its rim."""
    coarse = Box(*(value * sheet.factor for value in sheet.box))
    box = coarse.padded(2 * sheet.factor, gray.shape)
    part = gray[box.y : box.y + box.height, box.x : box.x + box.width]
    bright = (part > sheet.level).view(np.uint8)
    rows = cv2.reduce(bright, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    columns = cv2.reduce(bright, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    # A tilted sheet begins with a corner: 1 % of the side is met within a pixel of it; less would take up the desk's highlights.
    y0, y1 = _span(rows > 0.01 * box.width)
    x0, x1 = _span(columns > 0.01 * box.height)
    return Box(box.x + x0, box.y + y0, x1 - x0, y1 - y0)


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
    bare, common = quantile(spans, 0.05), quantile(spans, 0.75)
    # Of 25 pixels of Gaussian noise the span is below 2.8 sigma once in 20, above 7 sigma once in 10,000: 2.5 times as much.
    return max(FAINTEST_PRINT, min(2.5 * bare, 0.5 * common))


def _without_border_lines(blocks: Mask) -> Mask:
    """Return the blocks less those of lines along the picture's border, as a scanner's lid or a frame leaves them."""
    kept = blocks.copy()
    for turns in range(4):
        side = np.rot90(kept, turns)  # a view: what is cleared in it is cleared in `kept`
        depth = max(3, round(BORDER * len(side)))
        filled = side[: depth + 1].mean(axis=1)
        line = np.flatnonzero(filled[:depth] > FULL_LINE)
        bare = np.flatnonzero(filled < 0.1)
        if line.size and bare.size and bare[-1] > line[0]:
            side[: bare[-1]] = False
    return kept


def _without_specks(blocks: Mask, spans: Pixels) -> Mask:
    """Return the blocks of patches that are large enough, and somewhere inked enough, to be print."""
    joined = cv2.dilate(blocks.view(np.uint8), np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    sides = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    inked = np.zeros(count, bool)
    inked[np.unique(labels[spans >= PLAINEST_INK])] = True
    inked &= sides >= SMALLEST_PRINT + 2  # the dilation added one block at either end
    inked[0] = False
    return np.asarray(inked[labels] & blocks, np.bool_)


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
    ink: Mask = darker > max(contrast, NOISE_REACH * float(np.median(darker)))
    return _span(np.any(ink, axis=1))[0]


def quantile(levels: npt.NDArray[Any], share: float) -> float:
    """Return the level that `share` of the pixels do not exceed, read off the histogram of evenly spread rows."""
    rows = np.linspace(0, len(levels) - 1, min(len(levels), max(1, SAMPLED_PIXELS // levels.shape[1]))).astype(int)
    counts = cv2.calcHist([levels[rows]], [0], None, [256], [0, 256]).ravel()
    return float(np.searchsorted(np.cumsum(counts), share * counts.sum()))
