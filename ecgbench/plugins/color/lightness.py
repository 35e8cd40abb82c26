"""The separator `color.lab`: lightness and color distance in CIE L*a*b*."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.core.page import Bgr, Mask, Pixels
from ecgbench.core.params import param
from ecgbench.core.results import Separation
from ecgbench.core.transformer import transformer
from ecgbench.plugins.color.ink import (
    COLOR_PIXELS,
    DARKEST_PAPER,
    MOST_TRACE,
    Floats,
    Levels,
    above_noise,
    enlarged,
    on_sheet,
    quantile,
    sampled,
    separation,
    to_bgr,
    typical_color,
)
from ecgbench.plugins.content_box import sheet_mask

PAPER = 1 / 240  # of the long side: from a grid line to bare paper
SOFT_PX = 2  # pixels by which strokes are wider on small pictures
FAINTEST_LIKENESS = 24.0  # 8-bit units of likeness to a trace; paper noise stays below
RULED_SHARE, RULED = 0.95, 0.65  # where more than so much of the page is so dark, as a share of the trace's darkness, lines are
LINE = 1 / 55  # of the long side: length, on either side, over which a line's darkness is averaged; 5 mm of a page
DARKEST_LINE = 1.2  # times the darkness of bold lines; flat stretches of a trace are darker
LEFT = 0.8  # of the core's darkness, where a line is taken away around it
PALEST = 0.35  # of the core's darkness; paler ink is no trace
CORE = 1 / 390  # of the long side: from a stroke's rim to its core
GAP = 1 / 340  # of the long side; a line interrupts a stroke so far
RIM = 0.6  # of the core's darkness nearby; what is paler is the blur around a stroke
OWN_RIGHT = 0.5  # of the core's darkness; what is darker is trace, however dark its neighbors are
SURE = 0.6  # of the core's darkness: each stroke is so dark somewhere
SPOT, SPOT_SIDE, SPOT_FILL = (
    1 / 45,
    1 / 210,
    0.5,
)  # of the long side: patches smaller than the one, in each way larger than the other
DESK = 1 / 55  # of the long side; what is darker over less than this is no desk
EDGE = 0.8  # paper that is darker by a fifth a few pixels on is another sheet, or none
LARGE = 1500  # pixels; pictures with a longer side are looked at in halves of the size where detail does not matter
SQUARE = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class LabParams:
    """Parameters of `color.lab`."""

    color_weight: float = param(1.5, 0.0, 5.0, "how much a unit of color counts against a unit of darkness in telling the trace")
    min_extent: float = param(0.006, 0.0, 0.1, "extent, as a share of the long side, below which a dark patch is no trace")


@transformer("color.lab", version="0.2.0")
def lab(image: Bgr, p: LabParams) -> Separation:
    """Tell dark ink from colored ink by lightness and color distance in CIE L*a*b*.

    How it works: lightness is divided by that of the paper nearby. The darkness that this leaves, less color_weight times the
    color distance from the paper (averaged over two pixels on large pages), is each pixel's likeness to a trace. Otsu's threshold,
    taken again of what is above it until that is no more than a trace can cover, shows how like a trace its core is. What is
    darker than bold lines and than 0.6 of the darkest ink nearby is a stroke, if it is sure somewhere, long enough, no compact
    spot, and not on a sheet's rim. Where lines are nearly as dark as the trace, the mean along rows and columns, on the side where
    it is less, is subtracted first. What is darker and more colored, together, than noise and its surroundings is grid.
    What works: grids of each color and of shades of grey, also in shadow (test_the_trace_is_found_on_each_grid_color,
    test_the_trace_is_found_in_black_and_white, test_a_shadow_is_no_ink). A desk around the sheet is left out
    (test_a_desk_is_neither_trace_nor_grid). Dark dots of a grid are told from the trace by their size
    (test_lab_takes_no_dots_for_trace).
    Trace F1 within 1 px by type, mean over 20 records that were kept for this and its 95 % interval: 0001 0.982 (0.966 to
    0.995); 0003 0.960 (0.943 to 0.975); 0004 0.943 (0.901 to 0.972); 0005 0.985 (0.971 to 0.996); 0006 0.957 (0.905 to
    0.993); 0009 0.982 (0.962 to 0.995); 0010 0.988 (0.977 to 0.995); 0011 0.933 (0.913 to 0.952); 0012 0.913 (0.878 to
    0.942); clDice: 0001 0.933; 0003 0.864; 0004 0.849; 0005 0.931; 0006 0.890; 0009 0.925; 0010 0.934; 0011 0.827; 0012
    0.801 (`ecgbench run 'synthetic?count=180&seed=1000&severity=0.5' --methods 'color.*'`, then `ecgbench leaderboard --by
    type`).
    What didn't work: grids as dark as the trace stay in it where they lean or bend, as in photos, and flat stretches of a trace
    are lost there (color.opencv keeps them); halftone grids stay (real/ecg00020.jpg). Traces
    paler than letters are lost where other ink is darker: F1 0.852 with 40 % less ink, 0.938 without (`ecgbench run
    'synthetic?count=36&seed=65&severity=0.5&faint=0.4' --methods color.lab`, development pages, and with faint=0).
    On grids of black ink (seed=1001, colors=black; 8 records) F1 is 0001 0.896, 0003 0.896, 0004 0.882, 0005 0.910, 0006
    0.883, 0009 0.897, 0010 0.893, 0011 0.858, 0012 0.879.
    Changes: 0.2 only pixels near strokes are converted at full size, a fifth less time; trace F1 0.002 better on 27 evaluation pages (seed=1302).
    0.1 first version.
    References: N. Otsu, A Threshold Selection Method from Gray-Level Histograms, IEEE Trans. SMC 9(1), 1979.
    """
    whole = _even(image)
    reduced = _shrunk(whole)
    small = np.asarray(cv2.cvtColor(reduced, cv2.COLOR_BGR2LAB), np.uint8)
    light, a, b = (np.asarray(channel, np.uint8) for channel in cv2.split(small))
    sheet, bare = sheet_mask(light), _bare_paper(light, PAPER * max(light.shape) + (SOFT_PX if reduced is whole else 0))
    dark = _missing(light, bare)
    paper = _paper_color(sampled(small, sheet, COLOR_PIXELS), sampled(dark, sheet, COLOR_PIXELS))
    colored = np.asarray(cv2.add(_distance(a, paper[1]), _distance(b, paper[2])), np.uint8)
    cost = np.asarray(cv2.convertScaleAbs(colored, alpha=p.color_weight), np.uint8)
    level, patches = _strokes(np.asarray(cv2.subtract(dark, cost), np.uint8), sheet, bare, p.min_extent)
    limit = cv2.multiply(bare, cv2.bitwise_not(cv2.add(level, cost)), scale=1 / 255)
    half = (whole.shape[0] // 2, whole.shape[1] // 2)
    trace = _darker(whole, limit, _enlarged(patches, half))
    ink = np.asarray(cv2.add(dark, colored), np.uint8)
    grid = on_sheet(_finer_ink(ink, sheet), sheet)
    color = typical_color(small, grid, ink)
    around = cv2.dilate(trace, np.ones((5, 5), np.uint8))
    lines = np.asarray(cv2.subtract(_enlarged(grid.view(np.uint8), trace.shape), around), np.uint8)
    height, width = image.shape[:2]
    trace, lines = (np.ascontiguousarray(mask[:height, :width]) for mask in (trace, lines))
    return separation(
        trace.view(np.bool_), lines.view(np.bool_), to_bgr(color, cv2.COLOR_LAB2BGR), to_bgr(paper, cv2.COLOR_LAB2BGR)
    )


def _even(image: Bgr) -> Bgr:
    """Return the picture with its last row and column said twice where their number is odd."""
    bottom, right = image.shape[0] % 2, image.shape[1] % 2
    if not bottom and not right:
        return image
    return np.asarray(cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.uint8)


def _shrunk(image: Bgr) -> Bgr:
    """Return the picture at half its size where it is large: light and tint of paper and lines change slowly."""
    if max(image.shape) < LARGE:
        return image
    return np.asarray(cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA), np.uint8)


def _darker(image: Bgr, limit: Levels, patches: Pixels) -> Pixels:
    """Return where in the patches, given at half the picture's size, its lightness is below `limit`, (H, W) uint8 of 0 and 1.

    Only pixels in patches are converted, 1 in 15 on a usual page: all of them would take a third of a decode.
    """
    height, width = image.shape[:2]
    found = np.zeros((height, width), np.uint8)
    squares = np.flatnonzero(patches > 0)  # of flags it takes a third of the time that it takes of numbers
    if not squares.size:
        return found
    half = width // 2
    upper = squares + squares // half * half
    pairs = np.concatenate([upper, upper + half])  # of pixels beside each other; numpy moves each as one item
    colors = image.reshape(-1, 6).view(np.uint16).take(pairs, axis=0).view(np.uint8)
    light = cv2.cvtColor(colors.reshape(1, -1, 3), cv2.COLOR_BGR2LAB)[0, :, 0]
    limits = np.asarray(cv2.resize(limit, (width, height)) if limit.shape != (height, width) else limit, np.uint8)
    dark = np.less(light, limits.reshape(-1).view(np.uint16).take(pairs).view(np.uint8))
    found.reshape(-1).view(np.uint16)[pairs] = dark.view(np.uint16)
    return found


def _enlarged(mask: Pixels, shape: tuple[int, ...]) -> Pixels:
    """Return a mask for a picture of `shape` (H, W): itself, or each of its pixels as a square of four."""
    if mask.shape == shape:
        return mask
    return np.ascontiguousarray(enlarged(mask, 2)[: shape[0], : shape[1]])


def _bare_paper(light: Pixels, width: float) -> Pixels:
    """Return the lightness of the paper nearby, by a closing of ink up to `width` pixels wide."""
    side = max(3, round(width) | 1)
    framed = cv2.copyMakeBorder(
        light, side, side, side, side, cv2.BORDER_REPLICATE
    )  # what is dark at the border goes on beyond it
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))[side:-side, side:-side]
    return np.asarray(cv2.min(closed, cv2.blur(closed, (side, side))), np.uint8)


def _missing(light: Pixels, paper: Pixels) -> Pixels:
    """Return 255 times the share of the paper's lightness that is missing."""
    return np.asarray(
        cv2.divide(cv2.subtract(paper, light), cv2.max(paper, np.full_like(paper, DARKEST_PAPER)), scale=255.0), np.uint8
    )


def _paper_color(colors: Levels, darkness: Levels) -> Floats:
    """Return the median color of the lightest third of the pixels."""
    return np.asarray(np.median(colors[darkness <= quantile(darkness, 0.33)], axis=0)) if len(colors) else np.full(3, 128.0)


def _distance(channel: Pixels, center: float) -> Levels:
    """Return the distance of each pixel from `center`."""
    return cv2.absdiff(channel, np.full_like(channel, round(float(center))))


def _strokes(likeness: Pixels, sheet: Mask | None, bare: Pixels, min_extent: float) -> tuple[Pixels, Pixels]:
    """Return from which likeness on each pixel is trace (255: never), and the patches (255) in which strokes lie, at half the size."""
    side, sample = max(likeness.shape), sampled(likeness, None)
    core, bold = _core_level(sample), DARKEST_LINE * quantile(sample, RULED_SHARE)
    lines = None
    rest, least = likeness, max(PALEST * core, bold)
    if bold > RULED * core:
        lines = np.minimum(_ruled(likeness, max(2, round(LINE * side))), np.uint8(min(255.0, bold)))
        rest = np.asarray(cv2.subtract(likeness, lines), np.uint8)
        core = max(LEFT * core, _core_level(sampled(rest, None)))
        least = PALEST * core
    if core < FAINTEST_LIKENESS:
        return np.full_like(likeness, 255), np.zeros_like(likeness)
    level = _levels(rest, least, OWN_RIGHT * core, max(3, round(CORE * side) | 1))
    low = np.asarray(cv2.compare(rest, level, cv2.CMP_GE), np.uint8)
    patches = _patches(
        low, np.asarray(cv2.threshold(rest, SURE * core, 255, cv2.THRESH_BINARY)[1], np.uint8), bare, sheet, min_extent
    )
    if lines is None:
        return level, patches
    gap = max(3, round(GAP * side) | 1)
    joined = cv2.morphologyEx(low & _enlarged(patches, low.shape), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    return np.where(joined > 0, np.uint8(min(255.0, OWN_RIGHT * core)), cv2.add(level, lines)).astype(np.uint8), patches


def _levels(likeness: Pixels, least: float, own_right: float, reach: int) -> Pixels:
    """Return from which likeness on each pixel is ink, and no blur around what is darker within `reach` pixels."""
    rim = cv2.convertScaleAbs(cv2.dilate(likeness, np.ones((reach, reach), np.uint8)), alpha=RIM)
    return np.clip(rim, round(min(254.0, least)), round(min(255.0, max(least, own_right)))).astype(np.uint8)


def _core_level(sample: Levels) -> float:
    """Return how like a trace its core is: Otsu's threshold, taken again of what is above it until that is no more than a trace can cover."""
    above = sample[sample > FAINTEST_LIKENESS]
    for _ in range(3):  # paper and fine lines, fine lines and bold, bold and trace
        if above.size <= MOST_TRACE * sample.size:
            break
        above = above[above > cv2.threshold(above, 0, 255, cv2.THRESH_OTSU)[0]]
    return quantile(above, 0.6) if above.size else 0.0


def _ruled(likeness: Pixels, reach: int) -> Pixels:
    """Return how dark lines along rows and columns are: the mean over `reach` pixels on the side where it is less, beyond that of paper."""
    lines = np.zeros_like(likeness)
    for size, axis in (((reach, 1), 1), ((1, reach), 0)):
        along = cv2.blur(likeness, size, borderType=cv2.BORDER_REPLICATE)
        both = cv2.min(np.roll(along, reach // 2, axis), np.roll(along, -(reach // 2), axis))
        lines = np.asarray(cv2.add(lines, cv2.subtract(both, np.full_like(both, round(quantile(both[::8], 0.25))))), np.uint8)
    return lines


def _patches(low: Pixels, sure: Pixels, bare: Pixels, sheet: Mask | None, min_extent: float) -> Pixels:
    """Return the patches of `low` (255) that are sure somewhere, long enough and no spots or rims of paper, at half the size; 0 and 255."""
    small = _pooled(low)
    if sheet is not None:
        small[~sheet[::2, ::2]] = 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    width, height, area = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_AREA]
    extent, side = np.maximum(width, height), max(small.shape)
    spot = (extent < SPOT * side) & (np.minimum(width, height) > SPOT_SIDE * side + 1) & (area > SPOT_FILL * width * height)
    on_rim = 2 * np.bincount(labels[_rims(bare) > 0], minlength=len(area)) > area
    kept = np.zeros(len(stats), np.uint8)
    kept[labels[_pooled(sure) > 0]] = 255
    kept[(extent < min_extent * side) | spot | on_rim] = 0
    kept[0] = 0
    return np.asarray(kept[labels], np.uint8)


def _pooled(mask: Levels) -> Pixels:
    """Return which squares of 2 x 2 pixels hold one that is set."""
    return np.ascontiguousarray(cv2.dilate(mask, np.ones((2, 2), np.uint8), anchor=(0, 0))[::2, ::2])


def _rims(bare: Pixels) -> Pixels:
    """Return where paper ends as at the rim of a sheet, at half the size: beside it, a camera's sharpening draws a dark line."""
    small = bare[::2, ::2]
    side = max(3, round(DESK * max(small.shape)) | 1)
    framed = cv2.copyMakeBorder(small, side, side, side, side, cv2.BORDER_REPLICATE)
    whole = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))[side:-side, side:-side]
    steep = cv2.compare(cv2.erode(whole, SQUARE), cv2.convertScaleAbs(cv2.dilate(whole, SQUARE), alpha=EDGE), cv2.CMP_LT)
    return np.asarray(cv2.dilate(steep, SQUARE), np.uint8)


def _finer_ink(ink: Pixels, sheet: Mask | None) -> Mask:
    """Return the ink that is beyond noise, and darker than its surroundings."""
    side = max(3, round(PAPER * max(ink.shape)) | 1)
    least = cv2.max(cv2.blur(ink, (side, side)), np.full_like(ink, min(255, round(above_noise(sampled(ink, sheet), 5.0)))))
    return ink > least
