"""The separator `color.hsv`: value tells the trace, saturation the grid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.core.page import Hsv, Pixels
from ecgbench.core.params import param
from ecgbench.core.results import Separation
from ecgbench.core.transformer import transformer
from ecgbench.plugins.color.ink import (
    COLOR_PIXELS,
    DARKEST_PAPER,
    MOST_TRACE,
    Floats,
    Levels,
    cell_side,
    on_sheet,
    sampled,
    separation,
    to_bgr,
    typical_color,
)
from ecgbench.plugins.content_box import sheet_mask


@dataclass(frozen=True)
class HsvParams:
    """Parameters of `color.hsv`."""

    saturation: int = param(25, 5, 200, "saturation (0..255) beyond that of the paper from which ink counts as colored")
    darkness: float = param(0.1, 0.02, 0.9, "share of the paper's value that must be missing for ink that has no color")


@transformer("color.hsv")
def hsv(image: Hsv, p: HsvParams) -> Separation:
    """Tell the trace by its low value, which colored ink does not have, and the grid by its saturation.

    How it works: the value (the largest of the three channels) is divided by that of the paper nearby. Colored ink keeps much
    of it, black ink does not. A threshold midway between the means of its two sides is taken again of the dark side until that
    is no more than a trace can cover. Of the rest, what is more saturated or darker than the paper is grid.
    What works: grids of each color and of shades of grey, also in shadow (test_the_trace_is_found_on_each_grid_color,
    test_the_trace_is_found_in_black_and_white, test_a_shadow_is_no_ink). A desk around the sheet is left out
    (test_a_desk_is_neither_trace_nor_grid).
    What didn't work: brown and purple grids have a low value too and leave a thinner trace in photos; a pale grid on paper of
    its own hue is not seen (test_hsv_does_not_see_a_pale_grid_on_paper_of_its_hue). Black dots of a grid are taken for trace
    (real/nhothai_0607458_300dpi.jpg).
    Changes: 0.1 first version.
    References: T. W. Ridler and S. Calvard, Picture Thresholding Using an Iterative Selection Method, IEEE Trans. SMC 8(8),
    1978.
    """
    _, saturation, value = (np.asarray(channel, np.uint8) for channel in cv2.split(image))
    sheet = sheet_mask(value)
    share = _share_of_paper(value)
    paper = _paper_color(sampled(image, sheet, COLOR_PIXELS), sampled(share, sheet, COLOR_PIXELS))
    least = 255 * (1 - p.darkness)
    trace = on_sheet(share <= _trace_level(sampled(share, sheet), least), sheet)
    inked = on_sheet((share < least) | (saturation > paper[1] + p.saturation), sheet)
    grid = inked & (cv2.boxFilter(trace.view(np.uint8), cv2.CV_8U, (3, 3), normalize=False) == 0)
    ink = typical_color(image, grid, saturation)
    return separation(trace, grid, to_bgr(ink, cv2.COLOR_HSV2BGR), to_bgr(paper, cv2.COLOR_HSV2BGR))


def _paper_color(colors: Levels, share: Levels) -> Floats:
    """Return the median color of the two fifths of the pixels that are brightest against the paper nearby."""
    return np.asarray(np.median(colors[share >= np.quantile(share, 0.6)], axis=0))


def _share_of_paper(value: Pixels) -> Pixels:
    """Return the value as a share (0..255) of that of the paper nearby, found by closing every other pixel."""
    side = 2 * cell_side(value.shape)
    closed = cv2.morphologyEx(np.ascontiguousarray(value[::2, ::2]), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    paper = cv2.resize(cv2.blur(closed[::4, ::4], (5, 5)), value.shape[::-1], interpolation=cv2.INTER_LINEAR)
    missing = cv2.divide(cv2.subtract(paper, value), np.maximum(paper, np.uint8(DARKEST_PAPER)), scale=255.0)
    return np.asarray(cv2.bitwise_not(missing), np.uint8)


def _trace_level(share: Levels, paper: float) -> float:
    """Return the share up to which a value is that of the trace, where what is darker than `paper` is ink."""
    counts = np.bincount(share, minlength=256).astype(np.float64)
    dark = counts[: int(paper)]
    while dark.sum() > MOST_TRACE * counts.sum() and np.count_nonzero(dark) > 1:
        dark = dark[: int(_intermeans(dark)) + 1]
    if not dark.any():
        return -1.0
    ink = float(np.searchsorted(np.cumsum(dark), 0.25 * dark.sum()))
    return min(float(len(dark)), (ink + 255) / 2)  # a pixel that ink covers by half lies midway


def _intermeans(counts: Floats) -> float:
    """Return the level midway between the means of what is up to it and above it; at least two levels must be filled."""
    levels = np.arange(len(counts))
    level = float(np.average(levels, weights=counts))
    for _ in range(64):  # converges in fewer than ten
        below = levels <= level
        middle = float(np.mean([np.average(levels[side], weights=counts[side]) for side in (below, ~below)]))
        if abs(middle - level) < 0.5:
            break
        level = middle
    return level
