"""Edges by the first derivative: Canny's, joined by hysteresis, and the crests of Sobel's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.core.page import Gray, Mask, Pixels
from ecgbench.core.params import param
from ecgbench.core.results import EdgeMap
from ecgbench.core.transformer import transformer
from ecgbench.plugins.content_box import find_content
from ecgbench.plugins.edges.strength import FAINTEST_STEP, gradient_lengths, smoothed, strong_enough, without_specks

LEVELS_PER_SOBEL = 4.0  # a step of one gray level gives 4 in a 3x3 Sobel kernel (weights 1, 2, 1)
LEFT_BY_SMOOTHING = 0.75  # of that, where the step went through the 3x3 binomial kernel
NOISE_FACTOR = 5.0  # of Gaussian noise the gradient is longer than five times its lowest tenth once in 15 pixels


@dataclass(frozen=True)
class CannyParams:
    """Parameters of `edges.canny`."""

    sigma: float = param(0.15, 0.0, 1.0, "half-width of the hysteresis band, as a share of its middle")
    level: float = param(0.9, 0.1, 5.0, "middle of the band, as a multiple of the mean of the grid's gradient and the ink's")


@transformer("edges.canny", version="0.2.0")
def canny(gray: Gray, p: CannyParams) -> EdgeMap:
    """Outline ink, and not the grid that it is printed on, with thin, connected edges.

    How it works: the page is smoothed lightly (binomial kernel of 3x3 on a page of 2200 pixels, wider on finer scans). Sobel gradients in 16
    bits, non-maximum suppression along the gradient, then hysteresis around a middle: edges start where the gradient exceeds (1 + sigma)
    times that and go on while it exceeds (1 - sigma) times it. The middle is `level` times the geometric mean of the gradients that a
    tenth and that 0.5 % of the page's pixels exceed: the former are mostly the grid's, the latter the ink's. The gradients are made apart from
    the hysteresis, because the call that does both crashes on some pictures on one thread in OpenCV 4.14 and 5.0. Content box and
    corners are those that all edge methods share: the sheet's four sides where it lies on a desk, else the box of what is printed.
    Defaults are from sweeps over development pages (ecgbench run 'synthetic?count=27&seed=700&severity=0.5' -m edges.canny --param
    edges.canny.level=...; the same with sigma): boundary F1 0.808, 0.966, 0.979, 0.975, 0.963, 0.936 at level 0.6, 0.75, 0.9, 1.05, 1.2, 1.5; with
    level 1.0, 0.975, 0.976, 0.977, 0.973, 0.943 at sigma 0.05, 0.15, 0.25, 0.33, 0.5.
    What works: ink on grids of any color, at any size and contrast, faint or in shadow, since the threshold moves with the page
    (test_edges_are_those_of_ink_and_not_of_the_grid_around_it, test_a_fine_noisy_scan_has_the_edges_of_a_coarse_one); a lower level
    lets the grid in (test_a_low_level_lets_the_grid_in). Every edge lies within 2 px of a drawn circle, and no gaps open in it
    (test_edges_lie_within_two_pixels_of_a_drawn_circle, test_canny_leaves_no_gap_in_a_circle). A page that crashes the plain
    call gives a result (test_canny_survives_the_page_that_crashes_the_plain_call). On 90 evaluation pages of all types
    (ecgbench run 'synthetic?count=90&seed=1001&severity=0.5' -m 'edges.*'): boundary F1 0.971 (95 % interval 0.958 to 0.981),
    precision 0.975, recall 0.968, line continuity 0.927: the best of the four in each but recall, where all are alike; content box IoU 0.994
    (0.991 to 0.998). On 80 photos and the same options but seed=1000&preset=kaggle&types=0005,0006,0009,0010&count=80: IoU 0.998 (0.997
    to 0.999); corners on 19 of the 21 that show all four sides, 0.38 mm off (0.26 to 0.54), 1.3 mm at worst. Take it unless there is a
    reason for another one.
    What didn't work: grids as dark as the trace are outlined with it (test_a_grid_as_dark_as_the_trace_is_outlined_too): F1 0.28 to 0.32
    on the one such record of the photos above. Mould counts as ink: F1 0.945 on mouldy scans, 0.980 on photos. A trace that
    is much paler than the text around it loses pieces. Tried and dropped: thresholds around the median gray level (they let half
    of all grids in), a share of the strongest edges alone, Otsu's threshold of the gradients' logarithms, and the brightest
    channel instead of gray (the same best threshold on most pages, at twice the conversion).
    Changes: 0.2 the threshold comes from the page's own edges, corners are found, sigma is a share of it. 0.1 first version.
    References: J. Canny, A Computational Approach to Edge Detection, IEEE PAMI 8(6), 1986.
    """
    dx, dy = cv2.spatialGradient(smoothed(gray))
    faintest = FAINTEST_STEP * LEVELS_PER_SOBEL * LEFT_BY_SMOOTHING
    middle = 4 * strong_enough(gradient_lengths(dx, dy), p.level, faintest=faintest / 4, noise_factor=NOISE_FACTOR)
    found = cv2.Canny(dx, dy, (1 - p.sigma) * middle, (1 + p.sigma) * middle, L2gradient=True)
    return EdgeMap(found > 0, *find_content(gray))


@dataclass(frozen=True)
class SobelParams:
    """Parameters of `edges.sobel`."""

    level: float = param(0.9, 0.1, 5.0, "how strong an edge must be, as a multiple of the mean of the grid's edges and the ink's")
    noise_factor: float = param(3.0, 0.0, 50.0, "how many times stronger than the page's quiet parts it must also be")


@transformer("edges.sobel", version="0.2.0")
def sobel(gray: Gray, p: SobelParams) -> EdgeMap:
    """Mark where brightness changes steeply, ink before grid, without joining anything.

    How it works: the page is smoothed as for `edges.canny`; the gradient's strength is the sum of the absolute horizontal and vertical Sobel
    responses, in gray levels. A pixel is an edge where it is at least as strong as its two neighbors along the stronger axis, and
    stronger than `level` times the geometric mean of what a tenth and what 0.5 % of the pixels exceed, 8 gray levels, and noise_factor times
    what the quietest tenth stays below. Pixels without another one around are dropped. Content box and corners are those that all edge
    methods share. The default of level is from a sweep over development pages (ecgbench run 'synthetic?count=27&seed=700&severity=0.5' -m
    edges.sobel --param edges.sobel.level=...): boundary F1 0.810, 0.964, 0.976, 0.969, 0.948, 0.886 at 0.6, 0.75, 0.9, 1.05, 1.2, 1.5.
    What works: the same pages as for `edges.canny`, one threshold instead of two, so that what is marked can be told from the
    strength of a pixel alone (test_edges_are_those_of_ink_and_not_of_the_grid_around_it); faint grids where nothing is stronger
    (test_a_faint_grid_is_seen_where_nothing_is_stronger); noise, which it adapts to (test_noise_alone_gives_few_edges,
    test_single_pixels_are_no_edges). On the 90 evaluation pages of `edges.canny`'s run: boundary F1 0.968 (95 % interval 0.956 to 0.977),
    precision 0.972, recall 0.965, line continuity 0.920. Take it where edges must not depend on what they are joined to.
    What didn't work: there is no hysteresis, so that a line that fades comes and goes. Mould counts as ink (F1 0.936 on mouldy scans).
    Joining weaker crests within 3 px of strong ones was tried: it closed gaps no better than a lower level.
    Changes: 0.2 the threshold comes from the page's own edges, corners are found. 0.1 first version.
    References: I. Sobel, An Isotropic 3x3 Image Gradient Operator, 1968 (published 2014, doi:10.13140/RG.2.1.1912.4965).
    """
    dx, dy = cv2.spatialGradient(smoothed(gray))
    scale = 0.5 / (LEVELS_PER_SOBEL * LEFT_BY_SMOOTHING)
    across, down = cv2.convertScaleAbs(dx, alpha=scale), cv2.convertScaleAbs(dy, alpha=scale)
    strength = np.asarray(
        cv2.add(across, down), np.uint8
    )  # in units of two gray levels, so that the strongest edge fits in 8 bits
    threshold = strong_enough(strength, p.level, faintest=FAINTEST_STEP / 2, noise_factor=p.noise_factor)
    crest, other = _crest(strength, strength.shape[1]), _crest(strength, 1)
    other ^= crest
    other &= across >= down
    crest ^= other  # `other` where the edge is upright; np.where takes ten times as long
    crest &= strength > int(threshold)  # against a float numpy would turn all pixels into float64
    return EdgeMap(without_specks(crest.view(np.uint8)), *find_content(gray))


def _crest(strength: Pixels, step: int) -> Mask:
    """Mark what is not weaker than the pixel `step` before it and stronger than the one behind, row after row; not the picture's rim.

    1 goes along rows, the width of the picture down columns: pixels as one long row are compared three times as quickly as views of them.
    """
    crest = np.zeros(strength.size, np.bool_)
    pixels = strength.ravel()
    inner, middle = crest[step:-step], pixels[step:-step]
    np.greater_equal(middle, pixels[: -2 * step], out=inner)
    inner &= middle > pixels[2 * step :]
    marks = crest.reshape(strength.shape)
    marks[:, 0] = marks[:, -1] = False
    return marks
