"""The separator `color.lab`: lightness and color distance in CIE L*a*b*."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.core.page import Lab, Mask, Pixels
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
    cell_side,
    on_sheet,
    quantile,
    sampled,
    separation,
    to_bgr,
    typical_color,
    widened,
)
from ecgbench.plugins.content_box import sheet_mask

FAINTEST_LIKENESS = 24.0  # 8-bit units of likeness to a trace; paper noise stays below
SHRINKING = 8  # light and tint of paper change slowly: every eighth pixel shows them
COARSE_CLOSING = 7  # of those pixels: wider than a thick trace at 600 dpi


@dataclass(frozen=True)
class LabParams:
    """Parameters of `color.lab`."""

    color_weight: float = param(1.5, 0.0, 5.0, "how much a unit of color counts against a unit of darkness in telling the trace")
    min_extent: float = param(0.005, 0.0, 0.1, "extent, as a share of the long side, below which a dark patch is no trace")


@transformer("color.lab")
def lab(image: Lab, p: LabParams) -> Separation:
    """Tell dark ink from colored ink by lightness and color distance in CIE L*a*b*.

    How it works: lightness is divided by that of the paper nearby. The darkness that this leaves, less color_weight times the
    color distance from the paper, is each pixel's likeness to a trace; Otsu's threshold splits it, again and again until what
    is above it is no more than a trace can cover. Dark patches that are too small are dots of the grid. What is darker and more
    colored, together, than the paper's noise, and not at the rim of the trace, is grid.
    What works: grids of each color and of shades of grey, also in shadow (test_the_trace_is_found_on_each_grid_color,
    test_the_trace_is_found_in_black_and_white, test_a_shadow_is_no_ink). A desk around the sheet is left out
    (test_a_desk_is_neither_trace_nor_grid). Dark dots of a grid are told from the trace by their size
    (test_lab_takes_no_dots_for_trace).
    What didn't work: traces that cover more than 4.5 % of the page lose their paler parts (real/ecg00038.jpg); grids as dark as
    the trace stay in it (real/ecg00020.jpg).
    Changes: 0.1 first version.
    References: N. Otsu, A Threshold Selection Method from Gray-Level Histograms, IEEE Trans. SMC 9(1), 1979.
    """
    lightness, a, b = (np.asarray(channel, np.uint8) for channel in cv2.split(image))
    sheet = sheet_mask(lightness)
    darkness = _darkness(lightness)
    paper = _paper_color(sampled(image, sheet, COLOR_PIXELS), sampled(darkness, sheet, COLOR_PIXELS))
    colored = cv2.add(_distance(a, paper[1]), _distance(b, paper[2]))
    likeness = cv2.addWeighted(darkness, 1.0, colored, -p.color_weight, 0.0)
    dark: Mask = likeness > _trace_level(sampled(likeness, sheet))
    trace = _long_patches(on_sheet(dark, sheet), p.min_extent)
    ink = cv2.add(darkness, colored)
    grid = on_sheet(ink > above_noise(sampled(ink, sheet)), sheet) & ~widened(trace)
    color = typical_color(image, grid, ink)
    return separation(trace, grid, to_bgr(color, cv2.COLOR_LAB2BGR), to_bgr(paper, cv2.COLOR_LAB2BGR))


def _darkness(lightness: Pixels) -> Pixels:
    """Return 255 times the share of the paper's lightness that is missing."""
    cell = cell_side(lightness.shape)
    brightest = cv2.dilate(lightness, np.ones((cell, cell), np.uint8))[::SHRINKING, ::SHRINKING]
    bare = cv2.morphologyEx(brightest, cv2.MORPH_CLOSE, np.ones((COARSE_CLOSING, COARSE_CLOSING), np.uint8))
    paper = cv2.resize(cv2.blur(bare, (5, 5)), lightness.shape[::-1], interpolation=cv2.INTER_LINEAR)
    missing = cv2.subtract(paper, lightness)
    return np.asarray(cv2.divide(missing, np.maximum(paper, np.uint8(DARKEST_PAPER)), scale=255.0), np.uint8)


def _paper_color(colors: Levels, darkness: Levels) -> Floats:
    """Return the median color of the lightest third of the pixels."""
    return np.asarray(np.median(colors[darkness <= quantile(darkness, 0.33)], axis=0))


def _distance(channel: Pixels, center: float) -> Levels:
    """Return the distance of each pixel from `center`, by table."""
    return cv2.LUT(channel, np.abs(np.arange(256) - round(float(center))).astype(np.uint8))


def _trace_level(sample: Levels) -> float:
    """Return Otsu's threshold, taken again of what is above it until that is no more than a trace can cover."""
    above = sample[sample > FAINTEST_LIKENESS]
    level = FAINTEST_LIKENESS
    for _ in range(3):  # paper and fine lines, fine lines and bold, bold and trace
        if above.size <= MOST_TRACE * sample.size:
            break
        level = max(level, cv2.threshold(above, 0, 255, cv2.THRESH_OTSU)[0])
        above = above[above > level]
    # A pixel that ink covers by half is half as dark as the ink.
    return max(level, 0.5 * quantile(above, 0.75)) if above.size else 255.0


def _long_patches(mask: Mask, extent: float) -> Mask:
    """Return the patches whose width or height is at least `extent` of the picture's long side."""
    kept = mask.astype(np.uint8)
    outlines, tree = cv2.findContours(kept, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if not outlines:
        return mask
    outer = np.asarray(tree)[0, :, 3] < 0  # the others are holes in these
    least = extent * max(mask.shape)
    short = [each for each, is_outer in zip(outlines, outer, strict=True) if is_outer and max(cv2.boundingRect(each)[2:]) < least]
    cv2.drawContours(kept, short, -1, (0,), cv2.FILLED)
    return kept.view(np.bool_)
