"""Edges by the second derivative: zero crossings of a Laplacian of Gaussian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Gray
from ecgbench.core.params import param
from ecgbench.core.results import EdgeMap
from ecgbench.core.transformer import transformer
from ecgbench.plugins.content_box import find_content
from ecgbench.plugins.edges.strength import FAINTEST_STEP, scaled, strong_enough, without_specks

STEP_DROP = 0.6  # half the drop of the 3x3 Laplacian across a step of one gray level, smoothed by 1 px; it falls with sigma cubed (measured)
ROUNDING_DROP = 6.0  # half the drop that rounding the smoothed picture to whole gray levels makes at worst on slopes (measured)
USUAL_SIGMA = 1.4  # pixels, the default on a page of 2200
FINE_SIGMA = 2.1  # pixels; from there on rounding to 8 bits shows in the second derivative
HEADROOM = np.int16(16)  # 8 * 255 * 16, the largest Laplacian of a page so many times as bright, still fits in 16 bits


@dataclass(frozen=True)
class LaplacianParams:
    """Parameters of `edges.laplacian`."""

    sigma: float = param(
        1.4, 0.3, 3.0, "standard deviation of the Gaussian that smooths the page first, in pixels of a page of 2200"
    )
    level: float = param(0.9, 0.1, 5.0, "how steep a crossing must be, as a multiple of the mean of the grid's and the ink's")
    noise_factor: float = param(3.0, 0.0, 50.0, "how many times steeper than in the page's quiet parts it must also be")


@transformer("edges.laplacian", version="0.2.0")
def laplacian(gray: Gray, p: LaplacianParams) -> EdgeMap:
    """Mark thin ink itself and the rim of thick ink, by zero crossings of the smoothed second derivative.

    How it works: the 3x3 Laplacian of the page smoothed by a Gaussian (in 16 bits on fine scans, where rounding to 8 would show). A pixel is an
    edge where the Laplacian is positive and crosses zero toward one of its eight neighbors by a drop of more than `level` times the geometric
    mean of what a tenth and what 0.5 % of the pixels drop by, and more than rounding and noise_factor times the page's quietest tenth
    do. Pixels without another one around are dropped. Content box and corners are those that all edge methods share. The default of level
    is from a sweep over development pages (ecgbench run 'synthetic?count=27&seed=700&severity=0.5' -m edges.laplacian --param
    edges.laplacian.level=...): boundary F1 0.703, 0.879, 0.959, 0.951, 0.918, 0.882 at 0.6, 0.75, 0.9, 1.05, 1.2, 1.5.
    What works: pictures of about 100 dpi, on which traces are one or two pixels wide and gradients lie beside them; clean renders
    (test_edges_are_those_of_ink_and_not_of_the_grid_around_it). On the 90 evaluation pages of `edges.canny`'s run: boundary F1 0.952 (95 %
    interval 0.917 to 0.975), precision 0.936, recall 0.971, line continuity 0.847. Take it on small pictures.
    What didn't work: the second derivative sees noise most of all four, so that traces have the most gaps (see line continuity) and one page in
    90 falls to F1 0.62; thin
    lines fainter than about 60 gray levels are lost (test_laplacian_loses_thin_lines_of_little_contrast). Tried and dropped: joining weak
    crossings to strong ones, kernels of 5x5 and 7x7 instead of the Gaussian, and smoothing in 32 bits on usual pages.
    Changes: 0.2 the threshold comes from the page's own crossings, sigma grows with the page, corners are found. 0.1 first version.
    References: D. Marr and E. Hildreth, Theory of Edge Detection, Proc. R. Soc. Lond. B 207, 1980.
    """
    second, unit = _second_derivative(gray, max(p.sigma, scaled(p.sigma, gray)))
    lowest = cv2.erode(second, np.ones((3, 3), np.uint8))
    drop = np.asarray(cv2.convertScaleAbs(cv2.subtract(second, lowest), alpha=0.5 * unit), np.uint8)
    faintest = ROUNDING_DROP + STEP_DROP * FAINTEST_STEP / max(p.sigma, 0.6) ** 3
    threshold = strong_enough(drop, p.level, faintest=faintest, noise_factor=p.noise_factor)
    crossing = (second > 0) & (lowest < 0) & (drop > int(threshold))
    return EdgeMap(without_specks(crossing.view(np.uint8)), *find_content(gray))


def _second_derivative(gray: Gray, sigma: float) -> tuple[npt.NDArray[np.int16], float]:
    """Return the Laplacian of the smoothed page, and how many of its units make one of a page that is smoothed by USUAL_SIGMA.

    It falls with sigma cubed, so that on fine scans 8 bits round it away; they are smoothed in 16.
    """
    if sigma < FINE_SIGMA:
        return _laplacian(cv2.GaussianBlur(gray, (0, 0), sigma)), 1.0
    wide = cv2.GaussianBlur(gray.astype(np.int16) * HEADROOM, (0, 0), sigma)
    return _laplacian(wide), (sigma / USUAL_SIGMA) ** 3 / HEADROOM


def _laplacian(page: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    return np.asarray(cv2.Laplacian(page, cv2.CV_16S, ksize=3), np.int16)
