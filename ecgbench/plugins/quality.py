"""The built-in quality gates: whether a page is fit to be digitized, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Bgr, Gray, Page
from ecgbench.core.params import param
from ecgbench.core.results import Gate, GridFit, Positions, QualityReport
from ecgbench.core.transformer import transformer
from ecgbench.plugins.grid import multiscale
from ecgbench.plugins.pages import open_page

# The reasons name the labelled real pictures, 18 that can be digitized and 11 of which that is doubtful, and synthetic pages of
# development seeds, over which benchmarks/calibrate_quality.py sweeps each threshold.
MAX_BLUR_MM = (
    0.95  # a Gaussian of 0.35 mm, at which 1 mm lines merge, makes a step 0.88 mm wide; below 0.85 legible pages of 3 px/mm fail
)
MIN_PX_PER_MM = 3.0  # 3.45 or more, and 2.85 or less: below 3 a trace of 0.3 mm is thinner than a pixel
MIN_CONTRAST = 0.2  # 0.48 or more, also on crops; half of that leaves a third of the range for the grid between paper and ink
MIN_PAPER = 0.25  # 0.52 or more; half of that is a stop less light
MIN_GRID_SCORE = 0.2  # 0.5 or more; a grid of half of that is still found on drawn pages, and rightly
MAX_DARK_SHARE = (
    0.15  # 0.10 or less, 0.14 on legible pages drawn; a grid of 0.1 mm lines as dark as the trace covers 0.19 (ecg00020: 0.16)
)
MAX_SPACING_CHANGE = (
    0.22  # 0.17 or less (ecg00040), the three keystoned sheets 0.28 or more: one scale then errs by 10 % at the ends
)

STRONG_EDGE_SHARE = 0.005  # of all pixels: the steepest ones belong to traces and text, the sharpest things on a page
INK_SHARE = 0.001  # of all pixels: the core of traces and letters, on a page with a single thin one too
BANDS, BAND_ROWS = 16, 32  # of rows, evenly spread over the page: thousands of edges, at a third of the cost of a 200 dpi scan
DARK = 0.3  # of the darkness of ink, from which on a grid line is taken for a trace
# A median over 120 pixels, wider than any line and narrower than a shadow, on a small copy of the page.
PAPER_SCALE, PAPER_WINDOW = 8, 15
INK_IN_BAND = 0.002  # of all pixels: the core of traces, where the paper's own brightness was taken off
SLOPE_UNIT = 8  # Sobel's 3x3 weights make 8 of a gray level a pixel
CONTRAST_WINDOW = 7  # pixels: wider than a printed edge, narrower than the gap between two lines
Levels = npt.NDArray[np.int16]
UNKNOWN_SCALE = 4.0  # px/mm by which blur is judged where no grid tells the scale: the median of the labelled real photos
SMALLEST_SIDE = CONTRAST_WINDOW + 1  # pixels; nothing can be measured on less
PARTS = 5  # of the page along each axis, between which the spacing of lines is compared
LEAST_LINES = 5 * PARTS  # 1 mm lines; with fewer a trace that crosses some of them moves the mean spacing of a part


@dataclass(frozen=True)
class GatesParams:
    """Thresholds of `quality.gates`, in physical units."""

    max_blur_mm: float = param(
        MAX_BLUR_MM, 0.05, 5.0, "widest edge of ink, in mm, that still tells the flanks of a QRS complex apart"
    )
    min_px_per_mm: float = param(
        MIN_PX_PER_MM, 1.0, 40.0, "fewest pixels in a millimeter; below it traces are thinner than a pixel"
    )
    min_contrast: float = param(MIN_CONTRAST, 0.0, 1.0, "smallest difference of paper and ink, as a share of the gray range")
    min_paper: float = param(MIN_PAPER, 0.0, 1.0, "darkest paper (median gray), as a share of the gray range")
    min_grid_score: float = param(MIN_GRID_SCORE, 0.0, 1.0, "lowest score of the grid fit at which its scale is trusted")
    max_dark_share: float = param(
        MAX_DARK_SHARE,
        0.0,
        1.0,
        "largest share of the page that is nearly as dark as ink, in the light that its grid reflects most",
    )
    max_spacing_change: float = param(
        MAX_SPACING_CHANGE, 0.0, 2.0, "largest change of the grid's spacing from one part of the page to another"
    )


@transformer("quality.gates")
def gates(page: Page, p: GatesParams) -> QualityReport:
    """Tell whether a page is sharp, large, rich in contrast, bright and flat enough to be digitized, and has a grid to measure by.

    How it works: seven gates, each a measured value held against a threshold. Blur is the width of the steepest edges: the local
    contrast in a 7x7 window over the gradient, in mm by the grid, in 16 bands of rows. Resolution is the smaller px/mm of
    `grid.multiscale`; without a grid it is unknown and fails. Contrast is the median gray (paper) less the darkest thousandth,
    exposure the median gray, grid the score of the fit. Distinctness is the share of the page that is darker than its surroundings by
    0.3 of what ink is, in the brightest of the three colors, in which a colored grid is pale: traces and text cover some 5 %.
    Flatness is how much wider the spacing of 1 mm lines is in the widest fifth of either midline than in the narrowest; with too few
    lines it is unknown and passes. A page passes where every gate does.
    What works: drawn pages that fail one gate each; of the 29 labelled real pictures, on which the thresholds were chosen, the
    verdict is that of the label on 26, and none that can be digitized is rejected (tests/plugins/test_quality.py).
    What didn't work: gradient energy (variance of the Laplacian), which follows the amount of ink on the page rather than its sharpness.
    The share of clipped pixels: 0 to 2 % on photos, 12 to 86 % on good scans of white paper. The score of the grid's fit against
    creases: a creased sheet (ecg00028) has 0.51, a good photo (ecg00032) 0.57. The area of dark patches against mould that hides leads:
    tables around a photographed sheet have as much.
    Changes: 0.2 distinctness; blur up to 0.95 mm, since 0.75 failed legible pages of 3 px/mm; twice as fast. 0.1 first version.
    Limitations: creased sheets (ecg00028, ecg00036) and fragments (ecg00008) pass, and so do pages on which mould or a tear hides a
    lead: ink that is missing cannot be seen. A page without a grid fails, though its calibration pulse may tell a person the scale.
    References: Hu and de Haan, Low cost robust blur estimator, ICIP 2006, for edge width as local contrast over gradient.
    """
    gray = page.gray
    fit = multiscale(page)
    ink, paper = gray_quantiles(gray, (INK_SHARE, 0.5))
    measured = (
        _blur_gate(gray, fit, p.max_blur_mm),
        _resolution_gate(fit, p.min_px_per_mm),
        _contrast_gate(paper, ink, p.min_contrast),
        _exposure_gate(paper, p.min_paper),
        _grid_gate(fit, p.min_grid_score),
        _distinctness_gate(page.bgr, p.max_dark_share),
        _flatness_gate(fit, p.max_spacing_change),
    )
    warnings = () if fit.found else ("No grid was found, so sizes are judged as if a millimetre had 4 pixels.",)
    return QualityReport(all(gate.passed for gate in measured), measured, warnings)


def check_quality(image: Any, **params: Any) -> QualityReport:
    """Check whether a picture is fit to be digitized: a path, bytes, an array or a Page; thresholds by name.

    >>> report = check_quality(np.full((300, 400), 255, np.uint8))
    >>> report.passed, [gate.name for gate in report.gates]
    (False, ['blur', 'resolution', 'contrast', 'exposure', 'grid', 'distinctness', 'flatness'])
    """
    return gates(open_page(image), **params)


def spacing_change(lines: Positions) -> float | None:
    """Return by which share lines lie further apart in the widest fifth of them than in the narrowest; None for fewer than 25.

    >>> spacing_change(np.arange(0.0, 100.0, 4.0)), spacing_change(np.arange(10.0))
    (0.0, None)
    """
    if len(lines) < LEAST_LINES:
        return None
    spacings = [float(part.mean()) for part in np.array_split(np.diff(lines), PARTS)]
    return max(spacings) / min(spacings) - 1


def edge_width_px(gray: Gray) -> float | None:
    """Return the median width, in pixels, of the steepest edges of a (H, W) uint8 picture; None where it has none.

    Width is local contrast over gradient (after Hu and de Haan 2006): a step blurred to w pixels has its contrast divided by w as its slope.
    Edges wider than the window (7 pixels) are told too narrow, yet wider than sharper ones.
    """
    if min(gray.shape) < SMALLEST_SIDE:
        return None
    slopes, contrasts = zip(*(_edges_in(gray[band]) for band in bands(gray.shape[0])), strict=True)
    slope, contrast = np.concatenate(slopes), np.concatenate(contrasts)
    rank = -int(slope.size * STRONG_EDGE_SHARE) - 1
    steep = slope >= max(int(np.partition(slope, rank)[rank]), SLOPE_UNIT)
    if not steep.any():
        return None
    return float(np.median(contrast[steep] * SLOPE_UNIT / slope[steep]))


def bands(height: int) -> list[slice]:
    """Return up to 16 bands of 32 rows, evenly spread over a picture of `height` rows; all rows in one where there are no more.

    >>> bands(100), len(bands(1700))
    ([slice(0, 100, None)], 16)
    """
    if height <= BANDS * BAND_ROWS:
        return [slice(0, height)]
    return [slice(start, start + BAND_ROWS) for start in np.linspace(0, height - BAND_ROWS, BANDS).astype(int).tolist()]


def _edges_in(gray: Gray) -> tuple[Levels, Levels]:
    """Return (n,) int16 slope, in SLOPE_UNIT of a gray level a pixel, and local contrast of the pixels of a band that have all neighbors."""
    dx, dy = cv2.spatialGradient(gray)
    slope = np.rint(cv2.magnitude(dx.astype(np.float32), dy.astype(np.float32))).astype(np.int16)
    window = np.ones((CONTRAST_WINDOW, CONTRAST_WINDOW), np.uint8)
    contrast = cv2.subtract(cv2.dilate(gray, window), cv2.erode(gray, window)).astype(np.int16)
    rim = CONTRAST_WINDOW // 2
    inner = (slice(rim, -rim), slice(rim, -rim))
    return slope[inner].ravel(), contrast[inner].ravel()


def gray_quantiles(gray: Gray, shares: Sequence[float]) -> list[int]:
    """Return for each share the gray level that at least so many of the pixels, of a picture's bands of rows, do not exceed.

    >>> gray_quantiles(np.arange(200, dtype=np.uint8).reshape(10, 20), [0.1, 0.5])
    [19, 99]
    """
    summed = np.cumsum(_histogram(gray[band] for band in bands(gray.shape[0])))
    return [int(level) for level in np.searchsorted(summed, np.array(shares) * summed[-1])]


def _histogram(parts: Iterable[Gray]) -> npt.NDArray[np.float64]:
    counts = np.zeros(256)
    for part in parts:
        counts += cv2.calcHist([np.ascontiguousarray(part)], [0], None, [256], [0, 256]).ravel()
    return counts


def dark_share(bgr: Bgr) -> float:
    """Return the share of a (H, W, 3) uint8 page that is darker than its surroundings by 0.3 of what ink is, in the brightest color.

    Measured in bands of rows. In the brightest of blue, green and red a colored line is as pale as paper, and black ink is black.
    """
    height, width = bgr.shape[:2]
    paper = cv2.medianBlur(_brightest(np.ascontiguousarray(bgr[::PAPER_SCALE, ::PAPER_SCALE])), PAPER_WINDOW)
    darkness = []
    for band in bands(height):
        rows = np.arange(band.start, band.stop) // PAPER_SCALE
        here = cv2.resize(paper[rows], (width, len(rows)), interpolation=cv2.INTER_NEAREST)
        darkness.append(np.asarray(cv2.subtract(here, _brightest(bgr[band])), dtype=np.uint8))
    counts = _histogram(darkness)
    above = np.cumsum(counts[::-1])[::-1] / counts.sum()  # share of pixels of at least each darkness
    ink = int(np.flatnonzero(above >= INK_IN_BAND)[-1])
    return float(above[min(255, int(DARK * ink) + 1)]) if ink else 0.0


def _brightest(bgr: Bgr) -> Gray:
    blue, green, red = cv2.split(bgr)
    return np.asarray(cv2.max(cv2.max(blue, green), red), dtype=np.uint8)


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


def _contrast_gate(paper: int, ink: int, least: float) -> Gate:
    value = (paper - ink) / 255
    enough = value >= least
    advice = "Ink stands out from the paper." if enough else "Ink hardly stands out; use more light or a darker print."
    return Gate("contrast", value, least, "of gray range", enough, advice)


def _exposure_gate(paper: int, least: float) -> Gate:
    value = paper / 255
    enough = value >= least
    advice = "The paper is bright enough." if enough else "The paper is too dark; use more light."
    return Gate("exposure", value, least, "of gray range", enough, advice)


def _grid_gate(fit: GridFit, least: float) -> Gate:
    enough = fit.found and fit.quality_score >= least
    advice = "The grid can be measured." if enough else "The grid cannot be measured; avoid glare and show a large piece of it."
    return Gate("grid", fit.quality_score, least, "1", enough, advice)


def _distinctness_gate(bgr: Bgr, most: float) -> Gate:
    value = dark_share(bgr)
    enough = value <= most
    advice = (
        "The trace is darker than the rest."
        if enough
        else "The grid is as dark as the trace; scan in color, or lighten the copy."
    )
    return Gate("distinctness", value, most, "of the page", enough, advice)


def _flatness_gate(fit: GridFit, most: float) -> Gate:
    changes = [change for change in map(spacing_change, (fit.fine_x, fit.fine_y)) if change is not None]
    if not changes:
        return Gate("flatness", None, most, "1", True, "There are too few grid lines to tell whether the sheet is flat.")
    flat = max(changes) <= most
    advice = "The sheet is flat." if flat else "The sheet is seen from the side; hold the camera straight above it, or scan it."
    return Gate("flatness", max(changes), most, "1", flat, advice)


def _px_per_mm(fit: GridFit) -> float | None:
    if fit.px_per_mm_x is None or fit.px_per_mm_y is None:
        return None
    return min(fit.px_per_mm_x, fit.px_per_mm_y)
