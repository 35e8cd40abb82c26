"""What the color separators share: levels of a page's pixels, and the name of an ink's color."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Mask, Pixels
from ecgbench.core.results import Separation
from ecgbench.plugins.levels import levels_at

Levels = npt.NDArray[Any]
Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.intp]

SAMPLED_PIXELS = 200_000  # of evenly spread rows: enough for thresholds, at a fraction of the whole page's cost
COLOR_PIXELS = 20_000  # enough for a median color
CELL = 240  # a picture's long side in windows that reach from a grid line to bare paper: about a millimeter of a page
DARKEST_PAPER = 40  # 8-bit levels; what is darker is a desk, and noise there must not be blown up to ink
MOST_TRACE = 0.045  # share of the page; traces, text and pulses cover 1 to 4 %, the lines of a grid 5 % and more
LEAST_GRID = 0.01  # share of the page; a grid covers more (dotted ones about 3 %), the fringe of a trace less

GREY_BALANCE = 0.7  # least over most density of the three channels; ink without color stays above it after JPEG
BROWN_BALANCE = 0.25  # orange ink that takes some of the red light too is called brown
BLACK_DENSITY = 1.05  # ink without color that sends back less than 35 % of the paper's light is called black
PALE_DENSITY = 0.6  # red ink that sends back more than 55 % of the light of the channel it takes most of is called pink
HUES = (
    (15, "red"),
    (70, "orange"),
    (170, "green"),
    (255, "blue"),
    (310, "purple"),
    (345, "pink"),
    (361, "red"),
)  # degrees, up to


def cell_side(shape: tuple[int, ...]) -> int:
    """Return the side in pixels of a window that reaches from a grid line to bare paper."""
    return max(3, round(max(shape[:2]) / CELL))


def sampled_rows(shape: tuple[int, ...], pixels: int = SAMPLED_PIXELS) -> Rows:
    """Return evenly spread rows of a picture that hold about so many pixels."""
    count = min(shape[0], max(1, pixels // shape[1]))
    return np.linspace(0, shape[0] - 1, count).astype(np.intp)


def quantile(levels: Levels, share: float) -> float:
    """Return the level (0..255) that `share` of the uint8 pixels do not exceed."""
    return float(levels_at(levels, [share])[0])


def sampled(levels: Levels, sheet: Mask | None, pixels: int = SAMPLED_PIXELS) -> Levels:
    """Return about so many pixels, (n,) or (n, 3), from evenly spread rows of the sheet (of the whole picture where it is None)."""
    rows = sampled_rows(levels.shape, pixels)
    part = levels[rows]
    return part.reshape(-1, *levels.shape[2:]) if sheet is None else part[sheet[rows]]


def above_noise(sample: Levels, spread: float = 4.0) -> float:
    """Return the level of darkness that paper noise stays below, told by uint8 pixels of the page; `spread` in about its sigmas."""
    paper, lowest = quantile(sample, 0.15), quantile(sample, 0.02)
    # On a page that is all paper these are 1 and 2 sigma below its mean, where ink leaves 40 % of it 0.3 and 1.6: with 4, the sum is 3 to 5 above.
    return paper + max(8.0, spread * (paper - lowest))


def widened(mask: Mask) -> Mask:
    """Return the mask grown by a pixel on each side."""
    return np.asarray(cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8)), np.uint8).view(np.bool_)


def enlarged(mask: Pixels, factor: int) -> Pixels:
    """Return a mask whose pixels are squares of `factor` (2 or 4) by as many: a byte said so often is a number; resize takes four times as long.

    >>> enlarged(np.array([[0, 255]], np.uint8), 2).tolist()
    [[0, 0, 255, 255], [0, 0, 255, 255]]
    """
    wide, same = (np.uint16, 0x0101) if factor == 2 else (np.uint32, 0x01010101)
    numbers: Levels = np.multiply(mask, same, dtype=wide)
    return np.repeat(numbers.view(np.uint8), factor, axis=0)


def typical_color(image: Levels, mask: Mask, strength: Levels) -> Floats:
    """Return the median color of the strongest fifth of the masked pixels: lines at their core, not at their rim."""
    rows = sampled_rows(mask.shape, COLOR_PIXELS)
    colors, strengths = image[rows][mask[rows]], strength[rows][mask[rows]]
    if not len(colors):
        return np.zeros(3)
    return np.asarray(np.median(colors[strengths >= np.quantile(strengths, 0.8)], axis=0))


def to_bgr(color: Floats, code: int) -> Floats:
    """Return one color, converted as OpenCV's `code` says, as BGR in 0..255."""
    pixel = np.clip(np.rint(color), 0, 255).astype(np.uint8)[None, None]
    return np.asarray(cv2.cvtColor(pixel, code)[0, 0], np.float64)


def on_sheet(mask: Mask, sheet: Mask | None) -> Mask:
    """Return the mask less what lies beside the sheet."""
    return mask if sheet is None else mask & sheet


def separation(trace: Mask, grid: Mask, ink: Floats, paper: Floats) -> Separation:
    """Return trace and grid with the grid's color named from ink and paper in BGR; what is too little to be a grid is none."""
    if np.count_nonzero(grid) < LEAST_GRID * grid.size:
        return Separation(trace, np.zeros_like(grid), None)
    return Separation(trace, grid, color_name(ink, paper))


def color_name(ink: Floats, paper: Floats) -> str:
    """Return what people call an ink (blue, green, red in 0..255) on a paper of another color.

    >>> white, green = np.array([255, 255, 255]), np.array([200, 240, 205])
    >>> color_name(np.array([60, 60, 215]), white), color_name(np.array([190, 180, 250]), white)
    ('red', 'pink')
    >>> color_name(np.array([120, 144, 123]), green)
    'grey'
    """
    shares = (np.asarray(ink, np.float64) + 1) / (np.asarray(paper, np.float64) + 1)
    density = -np.log(
        np.clip(shares, 1e-3, 1)
    )  # keeps its balance of channels where a line is thinned out by blur, unlike the color
    most = max(1e-3, float(density.max()))
    if density.min() > GREY_BALANCE * most:
        return "black" if most > BLACK_DENSITY else "grey"
    vivid: Pixels = np.rint(255 * np.exp(-density / most)).astype(np.uint8)[None, None]
    hue = 2 * float(cv2.cvtColor(vivid, cv2.COLOR_BGR2HSV)[0, 0, 0])
    name = next(name for degrees, name in HUES if hue < degrees)
    if name == "orange" and density.min() > BROWN_BALANCE * most:
        return "brown"
    return "pink" if name == "red" and most < PALE_DENSITY else name
