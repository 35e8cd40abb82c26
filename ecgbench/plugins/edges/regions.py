"""Edges as the outlines of regions: what is darker than its neighborhood is ink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.core.page import Gray
from ecgbench.core.params import param
from ecgbench.core.results import EdgeMap
from ecgbench.core.transformer import transformer
from ecgbench.plugins.content_box import find_content
from ecgbench.plugins.edges.strength import scaled, smoothed, strong_enough

NOISY_SCALE = 1.4  # of a page of 2200; on finer pictures the noise of single pixels tears regions apart
COMMON = 0.95  # a grid's lines cover 5 to 30 % of a page, less than their edges do
SPECK = 4  # pixels of ink in a square of 5x5 that a line has at least


@dataclass(frozen=True)
class ContourParams:
    """Parameters of `edges.contour`."""

    window: float = param(0.02, 0.002, 0.5, "side of the neighborhood that ink is held against, as a share of the long side")
    level: float = param(
        0.9, 0.1, 5.0, "how dark a region must be, as a multiple of the mean of the grid's darkness and the ink's"
    )
    contrast: float = param(10.0, 1.0, 128.0, "gray levels by which ink is darker than its neighborhood at least")


@transformer("edges.contour", version="0.2.0")
def contour(gray: Gray, p: ContourParams) -> EdgeMap:
    """Draw the outlines of inked regions, whatever the light that falls on the page.

    How it works: darkness is how much darker a pixel is than the mean of its neighborhood, which evens out shadows. Ink is what is
    darker than `level` times the geometric mean of what 5 % and what 0.5 % of the pixels exceed (the grid's lines, and the ink's), and than
    `contrast`. Points with too little ink around them are dropped as specks, and the inner rim of what remains (ink that touches bare paper)
    is the outline. Fine scans are smoothed first. Content box and corners are those that all edge methods share. The default
    of level is from a sweep over development pages (ecgbench run 'synthetic?count=27&seed=700&severity=0.5' -m edges.contour --param
    edges.contour.level=...): boundary F1 0.884, 0.970, 0.976, 0.964, 0.925, 0.887 at 0.6, 0.75, 0.9, 1.05, 1.2, 1.5.
    What works: closed outlines that lie on the ink, not beside it, so that they can be filled again
    (test_edges_are_those_of_ink_and_not_of_the_grid_around_it). Uneven light: a shadow's rim gives no outline
    (test_a_soft_shadow_gives_no_outline), single specks neither (test_contour_drops_single_specks). On the 90
    evaluation pages of `edges.canny`'s run: boundary F1 0.959 (95 % interval 0.947 to 0.970), precision 0.951, recall 0.970, line
    continuity 0.890; on scans without mould 0.977, the best of the four. Take it for scans in which regions of ink are wanted, or outlines
    to the pixel.
    What didn't work: mould and stains are darker than their neighborhood too, and are outlined (F1 0.90 on mouldy scans). Dark areas wider than the
    neighborhood are hollow, so that a desk or a black bar shows its rim only on the inside. Ink crowded closer than the neighborhood is less
    dark against it, and pieces of it are lost.
    Changes: 0.2 the threshold comes from the page's own ink, fine scans are smoothed, corners are found. 0.1 first version.
    References: D. Bradley and G. Roth, Adaptive Thresholding using the Integral Image, J. Graphics Tools 12(2), 2007; J.-F.
    Rivest, P. Soille and S. Beucher, Morphological gradients, J. Electronic Imaging 2(4), 1993.
    """
    side = max(3, round(p.window * max(gray.shape))) | 1
    page = smoothed(gray) if scaled(1.0, gray) > NOISY_SCALE else gray
    darkness = np.asarray(cv2.subtract(cv2.boxFilter(page, -1, (side, side)), page), np.uint8)
    threshold = strong_enough(darkness, p.level, faintest=p.contrast, common=COMMON)
    ink = (darkness > int(threshold)).view(np.uint8)
    company = cv2.boxFilter(ink, cv2.CV_8U, (5, 5), normalize=False)
    ink = np.asarray(cv2.bitwise_and(ink, (company >= SPECK).view(np.uint8)), np.uint8)
    inside = cv2.erode(ink, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    return EdgeMap(ink > inside, *find_content(gray))
