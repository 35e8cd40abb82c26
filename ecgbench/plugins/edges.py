"""The built-in edge detectors, the box of a page's content, and the crop to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Bgr, Box, Gray, Mask, Pixels
from ecgbench.core.params import param
from ecgbench.core.results import EdgeMap
from ecgbench.core.transformer import Transformer, transformer
from ecgbench.plugins.pages import open_page

LEVELS_PER_SOBEL = 4.0  # a step of one gray level gives 4 in a 3x3 Sobel kernel (weights 1, 2, 1)
FAINTEST_STEP = 8.0  # gray levels; weaker steps are paper texture and JPEG blocks, not print
QUIET_QUANTILE = 0.1  # on densely ruled pages three pixels of four lie on some slope; the quietest tenth is bare paper
STEP_DROP = 0.6  # half the drop of the 3x3 Laplacian across a step of one gray level, smoothed by 1 px; it falls with sigma cubed (measured)
ROUNDING_DROP = 8.0  # half the drop that rounding the smoothed picture to whole gray levels makes at worst
SAMPLED_PIXELS = 500_000  # enough for a quantile to a gray level; a histogram of all pixels costs as much as the gradient

PAPER_SIDE = 256  # long side in pixels of the small picture on which a sheet is told from the desk
INK_CLOSING = 9  # pixels of that picture: wider than bold lines, letters and traces, narrower than any desk
SHEET_DARKER_SIDE = 0.75  # just outside a sheet the desk is at most this bright; the soft rim of a shadow is brighter
SMALLEST_SHEET = 0.15  # share of the picture; smaller bright regions are labels and reflections
STRAIGHT_HULL = 0.9  # a sheet fills this share of its convex hull, a shadow or a glare does not

PRINT_SIDE = 1100  # long side in pixels at which print is looked for: averaging down to it lowers noise and cost
BLOCKS = 256  # blocks along the long side: about 1 mm of a full page, so that a grid's lines fall in adjoining blocks
FAINTEST_PRINT = 8.0  # gray levels that a block must span to hold print
PLAINEST_INK = 20.0  # gray levels that print spans somewhere; an area that nowhere does is noise
SMALLEST_PRINT = 4  # blocks; a smaller patch is a speck (a word spans more)
NOISE_REACH = 3.0  # in Gaussian noise a pixel is 2 sigma below the brightest of 25 in the median, 6 sigma once in 10,000
BORDER = 0.02  # share of a side within which a line along the picture's border is a scanner's frame, not content


@dataclass(frozen=True)
class CannyParams:
    """Parameters of `edges.canny`."""

    sigma: float = param(0.33, 0.0, 1.0, "half-width of the hysteresis band around the median gray level")


@transformer("edges.canny")
def canny(gray: Gray, p: CannyParams) -> EdgeMap:
    """Outline ink and paper borders with thin, connected edges.

    How it works: Sobel gradients in 16 bits, non-maximum suppression along the gradient, then hysteresis: edges start where the
    gradient exceeds (1 + sigma) times the median gray level and go on while it exceeds (1 - sigma) times it. The gradients are made
    apart from the hysteresis, because the call that does both reads beyond its buffers on one thread in OpenCV 4.14 and 5.0.
    What works: ink of strong contrast, also round shapes: every edge lies within 2 px of a drawn circle, and no gaps open in it
    (test_edges_lie_within_two_pixels_of_a_drawn_circle, test_canny_leaves_no_gap_in_a_circle). A page that crashes the plain call
    gives a result (test_canny_survives_the_page_that_crashes_the_plain_call).
    What didn't work: faint grids on white paper: the median there is 255, so that lines of less than about 60 gray levels
    contrast are left out (test_canny_leaves_out_a_grid_that_is_fainter_than_its_band).
    Changes: 0.1 first version.
    References: J. Canny, A Computational Approach to Edge Detection, IEEE PAMI 8(6), 1986. The band around the median is
    A. Rosebrock's rule of thumb.
    """
    middle = _quantile(gray, 0.5)
    floor = FAINTEST_STEP * LEVELS_PER_SOBEL
    low, high = max(floor, (1 - p.sigma) * middle), max(2 * floor, min(255.0, (1 + p.sigma) * middle))
    dx, dy = cv2.spatialGradient(gray)
    found = cv2.Canny(dx, dy, low, high, L2gradient=True)
    return EdgeMap(found > 0, content_box(gray))


@dataclass(frozen=True)
class SobelParams:
    """Parameters of `edges.sobel`."""

    noise_factor: float = param(5.0, 0.0, 50.0, "how many times stronger than the page's quiet parts an edge must be")


@transformer("edges.sobel")
def sobel(gray: Gray, p: SobelParams) -> EdgeMap:
    """Mark where brightness changes steeply, down to faint grid lines.

    How it works: the gradient's strength is the sum of the absolute horizontal and vertical Sobel responses, in gray levels. A pixel
    is an edge where it is at least as strong as its two neighbors along the stronger axis, and stronger than 8 gray levels plus
    noise_factor times the strength that the quietest tenth of the page stays below.
    What works: faint grids on clean pages, and noise that it adapts to
    (test_sobel_and_laplacian_see_a_faint_grid, test_noise_alone_gives_few_edges).
    What didn't work: there is no hysteresis, so that a line that fades comes and goes. On pages ruled so densely that less than a tenth
    is bare the threshold rises and faint lines are lost.
    Changes: 0.1 first version.
    References: I. Sobel, An Isotropic 3x3 Image Gradient Operator, 1968 (published 2014, doi:10.13140/RG.2.1.1912.4965).
    """
    across = cv2.convertScaleAbs(cv2.Sobel(gray, cv2.CV_16S, 1, 0), alpha=0.5 / LEVELS_PER_SOBEL)
    down = cv2.convertScaleAbs(cv2.Sobel(gray, cv2.CV_16S, 0, 1), alpha=0.5 / LEVELS_PER_SOBEL)
    strength = cv2.add(across, down)  # in units of two gray levels, so that the strongest edge still fits in 8 bits
    threshold = FAINTEST_STEP / 2 + p.noise_factor * _quantile(strength, QUIET_QUANTILE)
    upright = across >= down
    crest = (upright & _crest(strength, 1)) | (~upright & _crest(strength, 0))  # np.where costs ten times as much
    return EdgeMap(crest & (strength > threshold), content_box(gray))


def _crest(strength: npt.NDArray[Any], axis: int) -> Mask:
    """Mark what is not weaker than the neighbor before it and stronger than the one behind it, along `axis`."""
    crest = np.zeros(strength.shape, np.bool_)
    along, marks = (strength, crest) if axis == 1 else (strength.T, crest.T)
    middle = along[:, 1:-1]
    np.logical_and(middle >= along[:, :-2], middle > along[:, 2:], out=marks[:, 1:-1])
    return crest


@dataclass(frozen=True)
class LaplacianParams:
    """Parameters of `edges.laplacian`."""

    sigma: float = param(1.0, 0.3, 3.0, "standard deviation in pixels of the Gaussian that smooths the page first")
    noise_factor: float = param(5.0, 0.0, 50.0, "how many times steeper than in the page's quiet parts the crossing must be")


@transformer("edges.laplacian")
def laplacian(gray: Gray, p: LaplacianParams) -> EdgeMap:
    """Mark thin ink itself and the rim of thick ink, by zero crossings of the smoothed second derivative.

    How it works: a Gaussian smooths the page, a 3x3 Laplacian is taken, and a pixel is an edge where the Laplacian is positive (the darker
    side) with a negative one beside it. The drop between the two must exceed what rounding makes, that of a step of 8 gray levels, and
    noise_factor times the drop that the quietest tenth of the page stays below, together.
    What works: closed, one pixel wide outlines, and faint grids (test_sobel_and_laplacian_see_a_faint_grid); traces up to about two
    sigma wide come out as one line, not two.
    What didn't work: the drop falls with the cube of sigma, so that more smoothing soon loses thin lines
    (test_a_wide_laplacian_loses_a_faint_grid).
    Changes: 0.1 first version.
    References: D. Marr and E. Hildreth, Theory of Edge Detection, Proc. R. Soc. Lond. B 207, 1980.
    """
    smooth = cv2.GaussianBlur(gray, (0, 0), p.sigma)
    second = cv2.Laplacian(smooth, cv2.CV_16S, ksize=3)
    lowest = cv2.erode(second, np.ones((3, 3), np.uint8))
    drop = cv2.convertScaleAbs(cv2.subtract(second, lowest), alpha=0.5)
    step = STEP_DROP * FAINTEST_STEP / max(p.sigma, 0.6) ** 3
    threshold = ROUNDING_DROP + step + p.noise_factor * _quantile(drop, QUIET_QUANTILE)
    return EdgeMap((second > 0) & (lowest < 0) & (drop > threshold), content_box(gray))


@dataclass(frozen=True)
class ContourParams:
    """Parameters of `edges.contour`."""

    window: float = param(0.02, 0.002, 0.5, "side of the neighborhood that ink is held against, as a share of the long side")
    contrast: float = param(10.0, 1.0, 128.0, "gray levels by which ink is darker than its neighborhood")


@transformer("edges.contour")
def contour(gray: Gray, p: ContourParams) -> EdgeMap:
    """Draw the outlines of inked regions, whatever the light that falls on the page.

    How it works: ink is what is darker than the mean of its neighborhood by `contrast`, which evens out shadows. Points with too little ink
    around them are dropped as specks, and the inner rim of what remains (ink that touches bare paper) is the outline.
    What works: uneven light: a shadow's rim gives no outline (test_a_soft_shadow_gives_no_outline), single specks neither
    (test_contour_drops_single_specks).
    What didn't work: dark areas wider than the neighborhood are hollow, so that a desk or a black bar shows its rim only on the inside.
    Changes: 0.1 first version.
    References: D. Bradley and G. Roth, Adaptive Thresholding using the Integral Image, J. Graphics Tools 12(2), 2007; J.-F. Rivest,
    P. Soille and S. Beucher, Morphological gradients, J. Electronic Imaging 2(4), 1993.
    """
    side = max(3, round(p.window * max(gray.shape))) | 1
    ink = cv2.adaptiveThreshold(gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, side, p.contrast)
    company = cv2.boxFilter(ink, cv2.CV_8U, (5, 5), normalize=False)
    ink[company < 4] = 0  # less than a line of four pixels in 5x5 is a speck
    inside = cv2.erode(ink, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    return EdgeMap(ink > inside, content_box(gray))


METHODS: dict[str, Transformer[EdgeMap]] = {"canny": canny, "sobel": sobel, "laplacian": laplacian, "contour": contour}


def detect_edges(image: Any, method: str = "canny", **params: Any) -> EdgeMap:
    """Find the edges of an image and the box of its content.

    `image`: a Page, a path, encoded bytes, or an array ((H, W) gray, (H, W, 3) BGR, (H, W, 4) BGRA). `params` are those of the
    method. Raises ValueError for a method that does not exist (the message lists those that do) or a parameter out of bounds,
    PageError for an image that cannot be read.

    >>> picture = np.full((300, 400), 255, np.uint8)
    >>> _ = cv2.rectangle(picture, (50, 60), (349, 239), 0, -1)
    >>> detect_edges(picture, method="sobel").to_dict()["bounding_box"]
    [50, 60, 300, 180]
    >>> detect_edges(picture, method="prewitt")
    Traceback (most recent call last):
    ...
    ValueError: There is no edge method 'prewitt'; known ones: canny, sobel, laplacian, contour.
    """
    if method not in METHODS:
        raise ValueError(f"There is no edge method {method!r}; known ones: {', '.join(METHODS)}.")
    return METHODS[method](open_page(image), **params)


def crop_to_content(image: Any, padding: int = 10, *, method: str = "canny") -> Bgr:
    """Return the part of an image that holds its content and `padding` pixels around it, as (H, W, 3) uint8 BGR.

    The whole picture comes back where there is no content. `image` and errors are those of `detect_edges`.

    >>> picture = np.full((300, 400, 3), 255, np.uint8)
    >>> _ = cv2.rectangle(picture, (50, 60), (349, 239), (0, 0, 0), -1)
    >>> crop_to_content(picture, padding=5).shape
    (190, 310, 3)
    """
    page = open_page(image)
    box = detect_edges(page, method).bounding_box
    part = page.bgr if box is None else page.crop(box.padded(padding, page.shape)).bgr
    return np.array(part)


def content_box(gray: Gray) -> Box | None:
    """Return the box of the paper, where a sheet lies on a darker desk, else of what is printed; None on an empty page.

    `gray`: (H, W) uint8. Specks, and lines along the picture's border as scanners leave them, are not content.

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


def _quantile(levels: npt.NDArray[Any], share: float) -> float:
    """Return the level that `share` of the pixels do not exceed, read off the histogram of evenly spread rows."""
    rows = np.linspace(0, len(levels) - 1, min(len(levels), max(1, SAMPLED_PIXELS // levels.shape[1]))).astype(int)
    counts = cv2.calcHist([levels[rows]], [0], None, [256], [0, 256]).ravel()
    return float(np.searchsorted(np.cumsum(counts), share * counts.sum()))


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
    bare = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((INK_CLOSING, INK_CLOSING), np.uint8))
    _, bright = cv2.threshold(bare, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    sheet = np.zeros_like(small)
    cv2.drawContours(sheet, [outline], -1, (1,), cv2.FILLED)
    level = _rim_level(bare, sheet)
    if level is None or not _is_sheet(outline, small.size):
        return None
    return _Sheet(sheet, factor, Box(*cv2.boundingRect(outline)), level)


def _is_sheet(outline: npt.NDArray[Any], pixels: int) -> bool:
    """Whether an outline is large and convex enough to be that of a sheet."""
    area = cv2.contourArea(outline)
    return area >= SMALLEST_SHEET * pixels and area >= STRAIGHT_HULL * cv2.contourArea(cv2.convexHull(outline))


def _rim_level(bare: npt.NDArray[Any], sheet: Pixels) -> float | None:
    """Return the gray level between a sheet and the desk along its rim, None where they differ too little to be two things."""
    ring = np.ones((7, 7), np.uint8)
    inside, outside = (sheet > cv2.erode(sheet, ring)), (cv2.dilate(sheet, ring) > sheet)
    if not inside.any() or outside.sum() < min(bare.shape):
        return None  # the sheet fills the picture
    paper, desk = float(bare[inside].mean()), float(bare[outside].mean())
    return (paper + desk) / 2 if desk <= SHEET_DARKER_SIDE * paper else None


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
    bare, common = _quantile(spans, 0.05), _quantile(spans, 0.75)
    # Of 25 pixels of Gaussian noise the span is below 2.8 sigma once in 20, above 7 sigma once in 10,000: 2.5 times as much.
    return max(FAINTEST_PRINT, min(2.5 * bare, 0.5 * common))


def _without_border_lines(blocks: Mask) -> Mask:
    """Return the blocks less those of lines along the picture's border, as a scanner's lid or a frame leaves them."""
    kept = blocks.copy()
    for turns in range(4):
        side = np.rot90(kept, turns)  # a view: what is cleared in it is cleared in `kept`
        depth = max(3, round(BORDER * len(side)))
        filled = side[: depth + 1].mean(axis=1)
        line = np.flatnonzero(filled[:depth] > 0.5)
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
