"""The built-in quality gates: whether a page is fit to be digitized, and what to do where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.core.page import Page
from ecgbench.core.params import param
from ecgbench.core.results import Gate, GridFit, Positions, QualityReport
from ecgbench.core.transformer import transformer
from ecgbench.plugins.grid import multiscale
from ecgbench.plugins.pages import open_page
from ecgbench.plugins.quality.hidden import hidden_share
from ecgbench.plugins.quality.legibility import legibility
from ecgbench.plugins.quality.pulses import px_per_mm_of_pulses
from ecgbench.plugins.quality.sharpness import edge_width_px, gray_quantiles
from ecgbench.plugins.quality.view import dark_share, view_ink

__all__ = ["GatesParams", "check_quality", "edge_width_px", "gates", "spacing_change"]

# The reasons name the labelled real pictures, 18 that can be digitized and 11 of which that is doubtful, and synthetic pages of
# development seeds, over which benchmarks/calibrate_quality.py sweeps each threshold.
MAX_BLUR_MM = (
    0.95  # a Gaussian of 0.35 mm, at which 1 mm lines merge, makes a step 0.88 mm wide; below 0.85 legible pages of 3 px/mm fail
)
MIN_PX_PER_MM = 3.0  # 3.45 or more, and 2.85 or less: below 3 a trace of 0.3 mm is thinner than a pixel
MIN_CONTRAST = 0.2  # 0.48 or more, also on crops; half of that leaves a third of the range for the grid between paper and ink
MIN_PAPER = 0.25  # 0.52 or more; half of that is a stop less light
MIN_GRID_SCORE = 0.2  # 0.5 or more; a grid of half of that is still found on drawn pages, and rightly
MAX_DARK_SHARE = 0.17  # 0.13 or less; pages drawn on black grids 0.07; a halftone as dark as the trace (ecg00020) 0.24
MAX_HIDDEN = 0.15  # 0 on the real pictures; of drawn mouldy pages on which a lead is lost, most have more, and few of the others
MAX_SPACING_CHANGE = (
    0.22  # 0.17 or less (ecg00040), the three keystoned sheets 0.28 or more: one scale then errs by 10 % at the ends
)

INK_SHARE = 0.001  # of all pixels: the core of traces and letters, on a page with a single thin one too
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
    max_hidden: float = param(MAX_HIDDEN, 0.0, 1.0, "largest share of a lead on which the page is too dark to show a trace")


@transformer("quality.gates", version="0.4.0")
def gates(page: Page, p: GatesParams) -> QualityReport:
    """Tell whether a page is sharp, large, rich in contrast, bright and flat enough to be digitized, with a scale to measure by.

    How it works: eight gates, each a measured value held against a threshold. Blur is the width of the steepest edges: the local
    contrast in a 7x7 window over the gradient, in mm, in 16 bands of rows. Resolution is the smaller px/mm of `grid.multiscale`;
    without a grid, that of the calibration pulses (upright legs, level, joined at the top, nothing between them); without either it is
    unknown and fails. Contrast is the median gray (paper) less the darkest thousandth, exposure the median gray, grid the score of
    the fit. Distinctness is the share of the page that is darker than the paper beside it by 0.45 of what ink is, in the brightest of
    the three colors, in which a colored grid is pale, on a page of 4 px/mm: traces and text cover some 3 % of the median tile. Flatness
    is how much wider the spacing of 1 mm lines is in the widest fifth of either midline than in the narrowest; with too few lines it is
    unknown and passes. Hidden is the largest share of a lead on which the page is as dark as ink over more than 2 mm: strokes are
    followed along the page, and where one leaves off and goes on beyond a dark place, it is hidden in between. A page passes where
    every gate does. The score, by which pages can be put in order, is how likely a person can read them, by resolution, blur and what is
    hidden alone; its curves are those of least log-loss on development pages.
    What works: drawn pages that fail one gate each, pulses of 5 and 10 mm within 5 % of the scale, and blots on a lead, told from ones beside
    it and from a desk; of the 29 labelled real pictures, on which the thresholds were chosen, the verdict is that of the label on 26, and
    none that can be digitized is rejected (tests/plugins/test_quality.py).
    On 324 evaluation pages, 64 of them illegible (`ecgbench run 'synthetic?count=216&seed=1401&severity=0.5..1&dpi=72..200'
    'synthetic?count=108&seed=1402&dpi=72..110' --methods quality.gates`), the AUC of the score is 0.962 (95 % interval over 36 records
    0.927 to 0.997); the verdict is right on 0.914 (0.886 to 0.941), on 0.904 of the legible pages and 0.953 of the others.
    Defaults by a sweep (`benchmarks/calibrate_quality.py`, 324 development pages, 47 illegible; share of legible pages that pass / of
    illegible ones that fail): blur 0.76 mm 0.82 / 0.96, 0.95 0.92 / 0.89, 1.4 0.93 / 0.87; resolution 2.7 px/mm 0.92 / 0.60, 3.0 0.92 /
    0.89, 3.3 0.84 / 0.89; hidden 0.105 0.90 / 0.92, 0.15 0.92 / 0.89, 0.225 0.93 / 0.85; flatness 0.176 0.90 / 0.92, 0.22 0.92 / 0.89;
    contrast up to 0.3 and exposure up to 0.375 change nothing there, nor does a grid's score up to 0.4.
    What didn't work: gradient energy (variance of the Laplacian), which follows the amount of ink on the page rather than its sharpness.
    The share of clipped pixels: 0 to 2 % on photos, 12 to 86 % on good scans of white paper. The score of the grid's fit against
    creases: a creased sheet (ecg00028) has 0.51, a good photo (ecg00032) 0.57. The area of dark patches against mould that hides leads:
    tables around a photographed sheet have as much. What is dark anywhere on the page against grids as dark as the trace (as in 0.2): black
    grids that a person reads, and mould on small pictures, had as much as a halftone. The margin of the worst gate as a score: a page
    whose scale is unknown stood below one of 2.9 px/mm, which nobody can read (AUC 0.90 where the score has 0.93, on 396 development pages and
    27 with neither grid nor pulse, seed=45).
    Changes: 0.4 peaks of QRS complexes are no pulses; the score's curves are those of least log-loss. 0.3 pulses tell the scale of pages
    without a grid; what hides a lead; distinctness by tiles; a score. 0.2 distinctness; blur up to 0.95 mm, since 0.75 failed legible
    pages of 3 px/mm; twice as fast. 0.1 first version.
    Limitations: creased sheets (ecg00028, ecg00036) and fragments (ecg00008) pass, and so do pages whose leads are torn or cut off, or
    hidden at the end of a row: what is hidden is seen between two pieces of a trace. Pages too blurred for a grid to be
    found, which a person still reads, fail where no pulse is seen. A pulse is taken for 10, 5 or 20 mm, whichever makes the page as
    large as pages are.
    References: Hu and de Haan, Low cost robust blur estimator, ICIP 2006, for edge width as local contrast over gradient.
    """
    known = page.findings.get(multiscale.name)  # of a pipeline, which may have looked for the grid before
    fit = known if isinstance(known, GridFit) else multiscale(page)
    gray, view = page.gray, view_ink(page.bgr)
    found = _px_per_mm(fit)
    scale, usual = found or px_per_mm_of_pulses(view), view.usual_scale * view.factor
    ink, paper = gray_quantiles(gray, (INK_SHARE, 0.5))
    width, hidden = edge_width_px(gray), hidden_share(view, scale)
    blur = None if width is None else width / (scale or usual)
    measured = (
        _blur_gate(blur, p.max_blur_mm),
        _resolution_gate(scale, p.min_px_per_mm),
        _contrast_gate(paper, ink, p.min_contrast),
        _exposure_gate(paper, p.min_paper),
        _grid_gate(fit, p.min_grid_score, by_pulses=found is None and scale is not None),
        _distinctness_gate(dark_share(view), p.max_dark_share),
        _flatness_gate(fit, p.max_spacing_change),
        _hidden_gate(hidden, p.max_hidden),
    )
    warnings = () if fit.found else (_told_by(scale),)
    return QualityReport(all(gate.passed for gate in measured), measured, warnings, legibility(scale, usual, blur, hidden))


def _told_by(scale: float | None) -> str:
    if scale is None:
        return "No grid was found, and no calibration pulse, so sizes are judged as if the picture showed a whole page."
    return f"No grid was found; by the calibration pulse, taken for 5, 10 or 20 mm, a millimeter has {scale:.1f} pixels."


def check_quality(image: Any, **params: Any) -> QualityReport:
    """Check whether a picture is fit to be digitized: a path, bytes, an array or a Page; thresholds by name.

    >>> report = check_quality(np.full((300, 400), 255, np.uint8))
    >>> report.passed, [gate.name for gate in report.gates]
    (False, ['blur', 'resolution', 'contrast', 'exposure', 'grid', 'distinctness', 'flatness', 'hidden'])
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


def _blur_gate(millimeters: float | None, most: float) -> Gate:
    if millimeters is None:
        return Gate("blur", None, most, "mm", False, "There is no ink whose edges could be measured; is this the right picture?")
    sharp = millimeters <= most
    advice = "Ink is sharp." if sharp else "Ink is blurred; focus on the paper, hold still, or scan it."
    return Gate("blur", millimeters, most, "mm", sharp, advice)


def _resolution_gate(scale: float | None, least: float) -> Gate:
    if scale is None:
        unknown = "Without a grid or a calibration pulse the scale is unknown; show the paper's grid."
        return Gate("resolution", None, least, "px/mm", False, unknown)
    enough = scale >= least
    advice = (
        "The picture is large enough." if enough else "The picture is too small; scan at 200 dpi or go closer with the camera."
    )
    return Gate("resolution", scale, least, "px/mm", enough, advice)


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


def _grid_gate(fit: GridFit, least: float, *, by_pulses: bool) -> Gate:
    if by_pulses:
        return Gate("grid", None, least, "1", True, "There is no grid to measure, but a calibration pulse tells the scale.")
    enough = fit.found and fit.quality_score >= least
    advice = "The grid can be measured." if enough else "The grid cannot be measured; avoid glare and show a large piece of it."
    return Gate("grid", fit.quality_score, least, "1", enough, advice)


def _distinctness_gate(value: float, most: float) -> Gate:
    enough = value <= most
    advice = (
        "The trace is darker than the rest."
        if enough
        else "The grid is as dark as the trace; scan in color, or lighten the copy."
    )
    return Gate("distinctness", value, most, "of the page", enough, advice)


def _hidden_gate(value: float, most: float) -> Gate:
    shown = value <= most
    advice = (
        "Nothing dark hides a lead." if shown else "Something dark hides a part of a lead; clean the page or find another copy."
    )
    return Gate("hidden", value, most, "of a lead", shown, advice)


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
