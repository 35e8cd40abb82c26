"""The separator `color.opencv`: straight upright lines show how black the grid is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.core.page import Bgr, Mask, Pixels
from ecgbench.core.params import param
from ecgbench.core.results import Separation
from ecgbench.core.transformer import transformer
from ecgbench.plugins.color.ink import (
    DARKEST_PAPER,
    Levels,
    above_noise,
    cell_side,
    on_sheet,
    quantile,
    sampled,
    separation,
    typical_color,
    widened,
)
from ecgbench.plugins.content_box import sheet_mask

LEAST_UPRIGHT = 0.02  # share of the page; a grid's upright lines cover 4 % and more, tall waves about 1 %
FAINTEST_STEP = 14.0  # 8-bit units of missing light by which ink must be blacker than the lines
LEAST_TRACE = 0.001  # share of the page; blacker ink than the lines that covers less is where they cross
SAME_BLACK = 1.3  # ink that is not so many times blacker than the lines cannot be told from them by blackness


@dataclass(frozen=True)
class OpencvParams:
    """Parameters of `color.opencv`."""

    line: float = param(0.05, 0.01, 0.5, "length, as a share of the long side, from which upright ink is a grid line")


@transformer("color.opencv")
def opencv(image: Bgr, p: OpencvParams) -> Separation:
    """Tell the grid by its straight lines, and the trace as what is blacker than they are.

    How it works: each channel is divided by that of the paper nearby, which evens out light and tint. A morphological opening
    with an upright bar keeps long lines, and so shows how black the grid is: the trace is what is blacker than midway between
    them and the blackest ink. Where the two are about equally black, what is not straight is trace; where there are no lines
    Otsu's threshold decides. Other ink is grid.
    What works: grids of each color and of shades of grey, also in shadow (test_the_trace_is_found_on_each_grid_color,
    test_the_trace_is_found_in_black_and_white, test_a_shadow_is_no_ink). A desk around the sheet is left out
    (test_a_desk_is_neither_trace_nor_grid).
    What didn't work: lines that lean by more than about 2 degrees are not found, and Otsu's threshold alone tells a grid of
    dark dots badly (real/nhothai_0607458_300dpi.jpg). On grids nearly as black as the trace the trace gets thinner.
    Changes: 0.1 first version.
    References: J. Serra, Image Analysis and Mathematical Morphology, Academic Press, 1982.
    """
    even = np.asarray(cv2.divide(image, _paper(image), scale=255.0), np.uint8)
    blue, green, red = cv2.split(even)
    black = cv2.bitwise_not(cv2.max(cv2.max(blue, green), red))  # what is missing in every channel
    ink = cv2.bitwise_not(cv2.min(cv2.min(blue, green), red))  # what is missing in any
    sheet = sheet_mask(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8))
    inked = on_sheet(ink > above_noise(sampled(ink, sheet)), sheet)
    trace = _trace(black, inked, sheet, _cores(ink, inked), max(9, round(p.line * max(ink.shape))))
    grid = inked & ~widened(trace)
    return separation(trace, grid, typical_color(even, grid, ink), np.full(3, 255.0))


def _paper(image: Bgr) -> Pixels:
    """Return the color of the paper at each pixel: the brightest nearby, with wide ink medianed out."""
    cell = cell_side(image.shape)
    brightest = cv2.dilate(image, np.ones((cell, cell), np.uint8))[::8, ::8]
    smooth = cv2.blur(cv2.medianBlur(np.ascontiguousarray(brightest), cell // 2 * 2 + 3), (5, 5))
    paper = cv2.resize(np.maximum(smooth, np.uint8(DARKEST_PAPER)), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(paper, np.uint8)


def _trace(black: Levels, inked: Mask, sheet: Mask | None, cores: Levels, length: int) -> Mask:
    """Return the ink that is blacker than midway between upright lines of `length` pixels and the blackest ink."""
    upright = _runs(cores, (length, 1))
    of_page, of_ink, of_lines = (sampled(black, sheet), sampled(inked, sheet), sampled(upright, sheet))
    if np.count_nonzero(of_lines) < LEAST_UPRIGHT * of_lines.size:
        level = cv2.threshold(of_page[of_ink], 0, 255, cv2.THRESH_OTSU)[0] if of_ink.any() else 255.0
        return inked & (black > max(FAINTEST_STEP, level))
    ruled = quantile(of_page[of_lines], 0.75)
    blacker = of_page[of_page > ruled + FAINTEST_STEP]
    blackest = quantile(blacker, 0.9) if blacker.size > LEAST_TRACE * of_page.size else 0.0
    if blackest > SAME_BLACK * ruled:
        return inked & (black > (ruled + blackest) / 2)
    lines = upright | _runs(cores, (1, length))
    return inked & (black > ruled / 2) & ~widened(lines)


def _cores(ink: Levels, inked: Mask) -> Levels:
    """Return (0 or 1) the ink that is darker than its neighborhood: lines without their soft rims."""
    side = 2 * cell_side(ink.shape) + 1
    darker = cv2.adaptiveThreshold(ink, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, side, 0)
    return cv2.bitwise_and(darker, inked.view(np.uint8))


def _runs(cores: Levels, bar: tuple[int, int]) -> Mask:
    """Return the cores that stand in a straight run of `bar` (height, width); level ones may be a trace's baseline."""
    # A pixel's width on each side heals gaps and lets a line of 2 px lean by 2 degrees over 100 px.
    wide = cv2.dilate(cores, np.ones((3, 3), np.uint8))
    return np.asarray(cores & cv2.morphologyEx(wide, cv2.MORPH_OPEN, np.ones(bar, np.uint8)), np.uint8).view(np.bool_)
