"""The built-in grid detector: pixels per millimeter, angle and lines of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ecgbench.core.page import Gray
from ecgbench.core.params import param
from ecgbench.core.results import GridFit, Positions
from ecgbench.core.transformer import transformer
from ecgbench.plugins.grid.ink import ink_levels
from ecgbench.plugins.grid.lines import bold_number, continuity, line_positions, sharpness
from ecgbench.plugins.grid.paper import PaperMap
from ecgbench.plugins.grid.search import DECISIVE, AxisFit, PageFit, best_fit

__all__ = ["MultiscaleParams", "PaperMap", "detect_grid", "map_paper", "multiscale"]

# What is a grid. Measured on labelled pictures and their crops, and on 320 pictures without a grid: pages without one, photos, texts,
# noise, drawings of beats, and parts of them. What "none" and "most" say below is of these 320.
USUAL_RATIO = 1.12  # of the spacings along both axes; labelled pictures have 1.056 or less
LARGEST_RATIO = 1.2  # the same where the score leaves no doubt: a camera tilted by 33 degrees
LARGEST_SKEW_DEG = 15.0  # between rows and columns at the center; corners moved by 8 % of the sides give more than 8, photos 1.7
LEAST_SHARPNESS = -0.2  # rows of letters are thicker than their gaps: -1.0 to -0.5; labelled pictures have -0.05 or more
BOLD_SCORE = 25.0  # dB; labelled pictures with bold lines have 28 or more; most is 28, where rows are thicker than gaps, else 23
# Small crops, faint and blurred pages score less. Their lines must run through everywhere and be square: none that did so and
# scored as much had a sharpness above 0. Of 82 crops of labelled pictures as small as 10 mm, 4 have not.
LEAST_CONTINUITY = 0.85  # labelled crops have 0.95 or more
SQUARE_SCORE, SQUARE_SHARPNESS, SQUARE_LOCK, SQUARE_SKEW_DEG = 16.0, 0.0, 0.9, 8.0
# A crop of 12 x 9 mm without visible bold lines scores 9 dB, with a sharpness of 0.68; noise and text are never that sharp.
THIN_SCORE, THIN_SHARPNESS, THIN_RATIO = 8.0, 0.6, 1.05
BOLD_DB = 4.0  # over the noise, which alone gives 1 dB; less is no evidence of which lines are the 5 mm ones
FULL_SCORE = 50.0  # dB, what sharp, complete grids reach


@dataclass(frozen=True)
class MultiscaleParams:
    """Parameters of `grid.multiscale`."""

    min_px_per_mm: float = param(2.0, 1.5, 40.0, "a grid with fewer pixels in a millimeter is not reported")
    max_px_per_mm: float = param(40.0, 2.0, 80.0, "a grid with more pixels in a millimeter is not reported")
    max_angle_deg: float = param(15.0, 1.0, 20.0, "largest tilt of the grid's lines to either side, in degrees")


@transformer("grid.multiscale", version="0.2.0")
def multiscale(gray: Gray, p: MultiscaleParams) -> GridFit:
    """Measure the paper's grid: pixels per millimeter along both axes, angle, and where each 1 mm and 5 mm line lies.

    How it works: The darkness of the page against its paper, capped so that traces weigh no more than lines, is averaged down to up to
    four sizes. At each, spectra of strips in overlapping tiles show which periods stand out along rows and columns alike. The
    lines of the best three are followed over the page: demodulation against a plane gives the phase that it leaves, and so a
    polynomial surface of phase that tilt, perspective and bent paper bend. Where lines do not lock to it, spectra of parts of the page
    say where to begin. Along the surface the page is rectified and summed; in the spectrum of that sum the hypotheses "the period
    is 1, 1/2, 1/3, 1/4, 1/5, 2 or 5 mm, or 5 mm by 2, 3 or 4" are weighed. For one speak the slow waves of a 5 mm pattern, its
    fifth wave if it rises above the course of its neighbors (1 mm lines do that even where blur hides them), and that wave's
    overtone; against it speak waves that only other hypotheses explain, above all ones stronger than the 1 mm wave, most where they
    show along both axes; and more than 26 px/mm, which few scanners give. The surface, in millimeters, is followed once more. What
    it leaves in blocks of 5 mm, smoothed, is the bend of the paper that no polynomial follows; on flat pages it is nothing.
    Scales and angle are slopes of surface and bend at the picture's center; lines lie where a surface, corrected by what it
    leaves near the midline, is whole; bold is each fifth line if the median of these is darker than that of the others.
    px_per_mm is the length of a millimeter along the grid's own rows and columns, so that turning a page does not change it.
    `map_paper` takes any pixel of a page to millimeters by the same surface and bend.

    What works: On 162 evaluation pages of the generator's version 5, all nine types, severity 0.5 (`ecgbench run
    'synthetic?seed=1001&count=36&severity=0.5' --methods grid.multiscale`, alike seeds 1006 to 1009 with count=27 and seed=1005 with
    layouts=strip and count=18), medians with 95 % intervals over records: px/mm within 0.0042 % (0.0028 to 0.0079) on renders,
    0.0055 % (0.0033 to 0.0074) on scans, 0.057 % (0.045 to 0.091) on photos, lines within 0.036 px (0.033 to 0.044), angle within
    0.0022 degrees (0.0013 to 0.0037); no grid was missed and no scale family wrong. Without a grid (seed=1004, count=27 and
    seed=1010, count=36, both with grid=none) all 63 gave None; of those of seed 1004 one was taken for a grid by a rule for faint
    lines that was then left out. Again on 216 other pages of version 6 (`ecgbench run 'synthetic?seed=1601&count=108&severity=0.5'
    'synthetic?seed=1602&count=54&severity=0.5&layouts=strip' 'synthetic?seed=1603&count=54&severity=0.5&header=none' --methods
    grid.multiscale`): 215 were found, none in a wrong family, a worn strip was not; px/mm is off by 0.015 % in the median, by 0.67 % at
    most. All of 108 without a grid gave None (`ecgbench run 'synthetic?seed=1604&count=108&grid=none&severity=0..1' --methods
    grid.multiscale`).
    Drawn grids of 3 to 24 px/mm at -3 to 3 degrees, with x and y spacing 5 % apart, as lines or dots, under traces: scale
    within 0.1 %, angle within 0.05 degrees, every line within 1 px (test_a_drawn_grid_is_measured, test_a_dotted_grid_is_measured).
    Perspective of up to 8 % of the page's sides: scale at the center within 0.1 %
    (test_a_page_in_perspective_is_measured_at_its_center), any place within 0.05 mm
    (test_a_map_takes_pixels_of_a_page_in_perspective_to_millimeters). Blank, black, noisy and written pages give None
    (test_a_page_without_a_grid_gives_none). Of the 41 labelled real pictures, on which thresholds were chosen, all get the
    right family, 40 both spacings within 1 % of the label and all within 3 % (test_real_pictures_get_the_right_family); of the 29 whole
    pictures among them 28 within 1 %, and the creased ecg00028 within 1.5 %.

    What didn't work: Taking the strongest period for the millimeter: bold lines, overtones, half-millimeter dots and blur each make
    another one strongest somewhere. Ranking hypotheses by the comb's energy alone: it prefers 5 mm where the pattern is blurred.
    Holding the fifth wave against the larger of its neighbors, following each hypothesis anew at 1 mm, and letting what one axis
    leaves unexplained count in full (all three as in 0.1): 8 of 252 synthetic pages (version 4, seeds 3 to 11) were read at 5 mm, all of them
    blurred scans, since there the 1 mm lines alone cannot be followed, and rows of traces repeat along columns; now none.
    A polynomial alone: 0.12 to 0.24 % off on photos of bent paper, where bends of 5 mm blocks leave 0.06 to 0.13 %; the same bends
    on flat pages would be noise (0.02 to 0.04 % in place of 0.005 %). Waves of the 5 mm pattern for telling bold lines: a trace on a
    low strip is such a wave (11 of 288 pages). A median over swaths of the page in place of the mean, against traces: no gain.
    A cap by a percentile of the darkness: sparse, binarised grids were lost. A local mean as the paper's brightness: its halos
    around traces drown faint grids. A prior for pages of usual size: crops of single leads were read too fine.

    Changes: 0.2 families are told by the fifth wave's rise over its neighbors, with overtones of 5 mm lines among the hypotheses; bends of
    the paper are followed; bold lines are told by medians; small crops and faint grids are found; half the time; `map_paper`. Later
    coarser sizes are looked at only where a finer one leaves a doubt, for the same results in 0.73 of the time. 0.1 first version.

    Limitations: Below about 2.5 px/mm only the 5 mm lines may be seen, and they are then taken for 1 mm. Pages turned by more than 17
    degrees give None or, seldom, a diagonal of the grid. Paper that leaves the cubic surface by more than 0.3 mm within some
    centimeters loses or gains a line there, so lines beyond a crease may be misnumbered (ecg00028, ecg00036). Worn strips of severity
    0.8 may give None (3 of 63 pages of that severity), and so may grids printed at a third of the usual strength (8 of 27). Squared
    paper without 5 mm lines counts as a grid of 1 mm. The scale is that at the picture's center, not at the content's: on photos in
    perspective that show much desk the two differ by 0.05 %, seldom by 1 %; `map_paper` gives it anywhere.

    References: P. Welch, The use of fast Fourier transform for the estimation of power spectra, IEEE Trans. Audio Electroacoust.
    15(2), 1967. M. Takeda and K. Mutoh, Fourier transform profilometry for the automatic measurement of 3-D object shapes, Applied
    Optics 22(24), 1983.
    """
    found = _paper(gray, p)
    return GridFit(None, None) if found is None else found.grid


def detect_grid(image: Any, **params: Any) -> GridFit:
    """Find the grid of a path, encoded bytes, an array or a Page; parameters are those of MultiscaleParams, by name.

    `GridFit.found` is False where there is no grid. Raises PageError for what is no picture, ParamError for a wrong parameter.

    >>> paper = np.full((400, 600), 250, np.uint8)
    >>> paper[::8], paper[:, ::8] = 200, 200  # a line every 8 pixels
    >>> paper[::40], paper[:, ::40] = 150, 150
    >>> grid = detect_grid(paper)
    >>> round(grid.px_per_mm_x, 2), round(grid.px_per_mm_y, 2), len(grid.bold_x)
    (8.0, 8.0, 15)
    """
    from ecgbench.plugins.pages import open_page

    return multiscale(open_page(image), **params)


def map_paper(image: Any, **params: Any) -> PaperMap | None:
    """Map pixels of a page to millimeters of its paper; None where no grid is found.

    Takes what `detect_grid` takes, and holds what it returns as `grid`, at no further cost.

    >>> paper = np.full((400, 600), 250, np.uint8)
    >>> paper[::8], paper[:, ::8] = 200, 200
    >>> paper[::40], paper[:, ::40] = 150, 150
    >>> found = map_paper(paper)
    >>> first, second = found.to_mm(np.array([[80.0, 40.0], [240.0, 120.0]]))
    >>> [round(float(mm), 2) for mm in second - first]
    [20.0, 10.0]
    >>> found.px_per_mm(np.array([[300.0, 200.0]])).round(2).tolist()
    [[8.0, 8.0]]
    """
    from ecgbench.plugins.pages import open_page

    return _paper(open_page(image).gray, multiscale.make_params(params))


def _paper(gray: Gray, p: MultiscaleParams) -> PaperMap | None:
    found = best_fit(ink_levels(gray), largest_tilt=float(np.tan(np.deg2rad(p.max_angle_deg))))
    if found is None or not _is_grid(found.merit, found.fit):
        return None
    fit = found.fit
    if min(fit.periods) < p.min_px_per_mm or max(fit.periods) > p.max_px_per_mm:
        return None
    x = _lines(fit, fit.along, fit.level.center[0], with_bold=fit.weights.bold_along[0] >= BOLD_DB)
    y = _lines(fit, fit.across, fit.level.center[1], with_bold=fit.weights.bold_across[0] >= BOLD_DB)
    grid = GridFit(*fit.periods, fit.angle_deg, x.fine, y.fine, x.bold, y.bold, _quality(found.merit, fit))
    return PaperMap(grid, fit, (x.origin, y.origin))


def _is_grid(score: float, fit: PageFit) -> bool:
    """Return whether what repeats most is a grid: its score decides where it is high, else lines must be those of a grid."""
    ratio, sharp = max(fit.periods) / min(fit.periods), min(sharpness(fit.along), sharpness(fit.across))
    if ratio > LARGEST_RATIO or abs(fit.skew_deg) > LARGEST_SKEW_DEG:
        return False
    if score >= DECISIVE or (score >= BOLD_SCORE and sharp >= LEAST_SHARPNESS and ratio <= USUAL_RATIO):
        return True
    return score >= THIN_SCORE and _runs_through(fit) and _is_square(score, fit, ratio, sharp)


def _runs_through(fit: PageFit) -> bool:
    return min(continuity(fit.along), continuity(fit.across)) >= LEAST_CONTINUITY


def _is_square(score: float, fit: PageFit, ratio: float, sharp: float) -> bool:
    if sharp >= THIN_SHARPNESS and ratio <= THIN_RATIO:
        return True
    straight = ratio <= USUAL_RATIO and abs(fit.skew_deg) <= SQUARE_SKEW_DEG and fit.lock >= SQUARE_LOCK
    return straight and score >= SQUARE_SCORE and sharp >= SQUARE_SHARPNESS


class _Lines(NamedTuple):
    """Lines of an axis in pixels of the page, and the number of one that 5 mm lines are counted from."""

    fine: Positions
    bold: Positions
    origin: float


def _lines(fit: PageFit, axis: AxisFit, center: float, *, with_bold: bool) -> _Lines:
    """Return the 1 mm and 5 mm lines of an axis; no 5 mm lines where none stand out."""
    positions, numbers = line_positions(axis)
    fine = (positions + center) * fit.level.scale - 0.5
    rest = bold_number(axis, numbers) if with_bold else None
    return _Lines(fine, np.empty(0), 0.0) if rest is None else _Lines(fine, fine[numbers % 5 == rest], float(rest))


def _quality(score: float, fit: PageFit) -> float:
    """Return the geometric mean of how clearly the grid shows and how well its lines keep to their surface."""
    return float(np.sqrt(np.clip(score / FULL_SCORE, 0, 1) * np.clip(fit.lock, 0, 1)))
