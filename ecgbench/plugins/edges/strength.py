"""How strong an edge of ink is on a page, against one of the grid: taken from the page itself."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Gray, Mask, Pixels
from ecgbench.plugins.levels import levels_at

FAINTEST_STEP = 8.0  # gray levels; weaker steps are paper texture and JPEG blocks, not print
COMMON = (
    0.9  # a grid's edges cover 10 to 50 % of a page, ink's 1 to 4 %: what a tenth of the pixels exceeds is still a grid's edge,
)
STRONGEST = 0.995  # and what only 0.5 % exceed is ink's
TOP_SHARE = 0.8  # of the strongest edges, which all are about as strong as that where nothing is printed but a grid
QUIET = 0.1  # on densely ruled pages three pixels of four lie on some slope; the quietest tenth is bare paper
USUAL_SIDE = 2200.0  # pixels of the long side of a letter page at 200 dpi, to which sizes in pixels refer
SMOOTHING = 0.7  # pixels of such a page, the standard deviation of a 3x3 binomial kernel
SAMPLED_PIXELS = 500_000  # enough for a quantile to a level; a histogram of all pixels costs as much as the gradient
EIGHT_AROUND = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], np.uint8)


def scaled(pixels: float, gray: Gray) -> float:
    """Return a length in pixels of a page of 2200 in those of this page.

    >>> scaled(0.7, np.zeros((850, 1100), np.uint8))
    0.35
    """
    return float(pixels * max(gray.shape) / USUAL_SIDE)


def smoothed(gray: Gray) -> Pixels:
    """Return the page smoothed by a Gaussian of 0.7 pixels of a page of 2200, and in proportion where it is larger or smaller.

    So a print at 600 dpi has the same edges as at 200, and the noise in them is no stronger. Where less than half a pixel is left, the page
    comes back as it is.

    >>> fine = np.zeros((1700, 2200), np.uint8)
    >>> fine[800, 1000] = 160
    >>> smoothed(fine)[799:802, 999:1002].tolist()
    [[10, 20, 10], [20, 40, 20], [10, 20, 10]]
    """
    sigma = scaled(SMOOTHING, gray)
    if sigma < 0.5:
        return gray
    size = (3, 3) if abs(sigma - SMOOTHING) < 0.2 else (0, 0)  # the binomial kernel is three times as quick
    return np.asarray(cv2.GaussianBlur(gray, size, 0 if size[0] else sigma), np.uint8)


def strong_enough(levels: Pixels, factor: float, *, faintest: float, noise_factor: float = 0.0, common: float = COMMON) -> float:
    """Return how strong an edge of ink must be: `factor` times the geometric mean of what the grid's edges show and what ink's do.

    `levels`: (H, W) uint8, strength of the edge at each pixel. The grid's is what the share `common` of the pixels do not exceed, ink's what
    0.5 % exceed. The threshold is at most 0.8 of the latter, and never below `faintest` and `noise_factor` times what the quietest tenth stays
    below.

    >>> page = np.full((100, 100), 5, np.uint8)
    >>> page[:20], page[20:22] = 40, 160  # a fifth of it is grid, a fiftieth ink
    >>> strong_enough(page, 1.0, faintest=8)
    80.0
    """
    quiet, grid, ink = levels_at(levels[_spread_rows(levels)], [QUIET, common, STRONGEST])
    between = min(factor * float(np.sqrt(grid * ink)), TOP_SHARE * ink)
    return max(between, faintest + noise_factor * quiet)


def without_specks(edges: Pixels) -> Mask:
    """Return the edges, (H, W) uint8 of 0 and 1, less the pixels that have no other around them, as bool.

    >>> without_specks(np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], np.uint8)).astype(int).tolist()
    [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]
    """
    beside = cv2.dilate(edges, EIGHT_AROUND, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    return np.asarray(cv2.bitwise_and(edges, beside), np.uint8).view(np.bool_)


def gradient_lengths(dx: npt.NDArray[Any], dy: npt.NDArray[Any]) -> Pixels:
    """Return the length of the gradient on evenly spread rows, in units of four of `dx` and `dy` (H, W) int16; 255 at most."""
    rows = _spread_rows(dx)
    lengths = cv2.magnitude(dx[rows].astype(np.float32), dy[rows].astype(np.float32))
    return np.asarray(cv2.convertScaleAbs(lengths, alpha=0.25), np.uint8)


def _spread_rows(levels: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    return np.linspace(0, len(levels) - 1, min(len(levels), max(1, SAMPLED_PIXELS // levels.shape[1]))).astype(np.intp)
