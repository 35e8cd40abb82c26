"""The built-in quality gates: whether a page is fit to be digitized, and what to do where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ecgbench.core.page import Gray, Page
from ecgbench.core.params import param
from ecgbench.core.results import Gate, GridFit, QualityReport
from ecgbench.core.transformer import transformer
from ecgbench.plugins.grid import multiscale
from ecgbench.plugins.pages import open_page

STRONG_EDGE_SHARE = 0.005  # of all pixels: the steepest ones belong to traces and text, the sharpest things on a page
CONTRAST_WINDOW = 7  # pixels: wider than a printed edge, narrower than the gap between two lines
UNKNOWN_SCALE = 4.0  # px/mm by which blur is judged where no grid tells the scale: the median of the labelled real photos
SMALLEST_SIDE = CONTRAST_WINDOW + 1  # pixels; nothing can be measured on less


@dataclass(frozen=True)
class GatesParams:
    """Thresholds of `quality.gates`, in physical units."""

    max_blur_mm: float = param(0.75, 0.05, 5.0, "widest edge of ink, in mm, that still tells the flanks of a QRS complex apart")
    min_px_per_mm: float = param(3.0, 1.0, 40.0, "fewest pixels in a millimetre; below it traces are thinner than a pixel")
    min_contrast: float = param(0.2, 0.0, 1.0, "smallest difference of paper and ink, as a share of the gray range")
    min_paper: float = param(0.25, 0.0, 1.0, "darkest paper (median gray), as a share of the gray range")
    min_grid_score: float = param(0.2, 0.0, 1.0, "lowest score of the grid fit at which its scale is trusted")


@transformer("quality.gates")
def gates(page: Page, p: GatesParams) -> QualityReport:
    """Tell whether a page is sharp, large, rich in contrast and well exposed enough to be digitized, and has a grid to measure by.

    How it works: five gates, each a measured value held against a threshold. Blur is the width of the steepest edges: the local
    contrast in a 7x7 window over the gradient, in mm by the grid. Resolution is the smaller px/mm of `grid.multiscale`.
    Contrast is the median gray (paper) less the darkest thousandth, exposure the median gray, grid the score of the fit. A page passes
    where every gate does.
    What works: clean renders, and drawn pages that fail one gate each (tests/plugins/test_quality.py).
    What didn't work: gradient energy (variance of the Laplacian), which follows the amount of ink on the page rather than its sharpness.
    Changes: 0.1 first version.
    Limitations: a crumpled or strongly keystoned sheet passes, for nothing measures its shape; ink that is missing cannot be seen.
    References: Hu and de Haan, Low cost robust blur estimator, ICIP 2006, for edge width as local contrast over gradient.
    """
    gray = page.gray
    fit = multiscale(page)
    measured = (
        _blur_gate(gray, fit, p.max_blur_mm),
        _resolution_gate(fit, p.min_px_per_mm),
        _contrast_gate(gray, p.min_contrast),
        _exposure_gate(gray, p.min_paper),
        _grid_gate(fit, p.min_grid_score),
    )
    warnings = () if fit.found else ("No grid was found, so sizes are judged as if a millimetre had 4 pixels.",)
    return QualityReport(all(gate.passed for gate in measured), measured, warnings)


def check_quality(image: Any, **params: Any) -> QualityReport:
    """Check whether a picture is fit to be digitized: a path, bytes, an array or a Page; thresholds by name.

    >>> report = check_quality(np.full((300, 400), 255, np.uint8))
    >>> report.passed, [gate.name for gate in report.gates]
    (False, ['blur', 'resolution', 'contrast', 'exposure', 'grid'])
    """
    return gates(open_page(image), **params)


def edge_width_px(gray: Gray) -> float | None:
    """Return the median width, in pixels, of the steepest edges of a (H, W) uint8 picture; None where it has none.

    Width is local contrast over gradient (after Hu and de Haan 2006): a step blurred to w pixels has its contrast divided by w as its slope.
    Edges wider than the window (7 pixels) are told too narrow, yet wider than sharper ones.
    """
    if min(gray.shape) < SMALLEST_SIDE:
        return None
    dx, dy = cv2.spatialGradient(gray)
    slope = (
        cv2.magnitude(dx.astype(np.float32), dy.astype(np.float32)) / 8
    )  # Sobel's 3x3 weights add up to 8 a gray level a pixel
    steepest = float(
        np.partition(slope, -int(slope.size * STRONG_EDGE_SHARE) - 1, axis=None)[-int(slope.size * STRONG_EDGE_SHARE) - 1]
    )
    strong = slope >= max(steepest, 1.0)
    if not strong.any():
        return None
    window = np.ones((CONTRAST_WINDOW, CONTRAST_WINDOW), np.uint8)
    contrast = cv2.subtract(cv2.dilate(gray, window), cv2.erode(gray, window))
    return float(np.median(contrast[strong] / slope[strong]))


def _blur_gate(gray: Gray, fit: GridFit, most: float) -> Gate:
    width = edge_width_px(gray)
    if width is None:
        return Gate("blur", None, most, "mm", False, "There is no ink whose edges could be measured; is this the right picture?")
    millimetres = width / (_px_per_mm(fit) or UNKNOWN_SCALE)
    sharp = millimetres <= most
    advice = "Ink is sharp." if sharp else "Ink is blurred; focus on the paper, hold still, or scan it."
    return Gate("blur", millimetres, most, "mm", sharp, advice)


def _resolution_gate(fit: GridFit, least: float) -> Gate:
    found = _px_per_mm(fit)
    if found is None:
        return Gate("resolution", None, least, "px/mm", False, "Without a grid the scale is unknown; show the paper's grid.")
    enough = found >= least
    advice = (
        "The picture is large enough." if enough else "The picture is too small; scan at 200 dpi or go closer with the camera."
    )
    return Gate("resolution", found, least, "px/mm", enough, advice)


def _contrast_gate(gray: Gray, least: float) -> Gate:
    ink, paper = (float(value) for value in np.percentile(gray, [0.1, 50]))
    value = (paper - ink) / 255
    enough = value >= least
    advice = "Ink stands out from the paper." if enough else "Ink hardly stands out; use more light or a darker print."
    return Gate("contrast", value, least, "of gray range", enough, advice)


def _exposure_gate(gray: Gray, least: float) -> Gate:
    value = float(np.median(gray)) / 255
    enough = value >= least
    advice = "The paper is bright enough." if enough else "The paper is too dark; use more light."
    return Gate("exposure", value, least, "of gray range", enough, advice)


def _grid_gate(fit: GridFit, least: float) -> Gate:
    enough = fit.found and fit.quality_score >= least
    advice = "The grid can be measured." if enough else "The grid cannot be measured; avoid glare and show a large piece of it."
    return Gate("grid", fit.quality_score, least, "1", enough, advice)


def _px_per_mm(fit: GridFit) -> float | None:
    if fit.px_per_mm_x is None or fit.px_per_mm_y is None:
        return None
    return min(fit.px_per_mm_x, fit.px_per_mm_y)
