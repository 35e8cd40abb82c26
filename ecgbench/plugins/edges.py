"""The built-in edge detectors, and the crop of a picture to its content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Bgr, Gray, Mask
from ecgbench.core.params import param
from ecgbench.core.results import EdgeMap
from ecgbench.core.transformer import Transformer, transformer
from ecgbench.plugins.content_box import find_content, quantile
from ecgbench.plugins.pages import open_page

LEVELS_PER_SOBEL = 4.0  # a step of one gray level gives 4 in a 3x3 Sobel kernel (weights 1, 2, 1)
FAINTEST_STEP = 8.0  # gray levels; weaker steps are paper texture and JPEG blocks, not print
QUIET_QUANTILE = 0.1  # on densely ruled pages three pixels of four lie on some slope; the quietest tenth is bare paper
STEP_DROP = 0.6  # half the drop of the 3x3 Laplacian across a step of one gray level, smoothed by 1 px; it falls with sigma cubed (measured)
ROUNDING_DROP = 8.0  # half the drop that rounding the smoothed picture to whole gray levels makes at worst


@dataclass(frozen=True)
class CannyParams:
    """Parameters of `edges.canny`."""

    sigma: float = param(0.33, 0.0, 1.0, "half-width of the hysteresis band around the median gray level")


@transformer("edges.canny")
def canny(gray: Gray, p: CannyParams) -> EdgeMap:
    """Outline ink and paper borders with thin, connected edges.

    How it works: Sobel gradients in 16 bits, non-maximum suppression along the gradient, then hysteresis: edges start where the
    gradient exceeds (1 + sigma) times the median gray level and go on while it exceeds (1 - sigma) times it. The gradients are
    made apart from the hysteresis, because the call that does both crashes on some pictures on one thread in OpenCV 4.14 and
    5.0.
    What works: ink of strong contrast, also round shapes: every edge lies within 2 px of a drawn circle, and no gaps open in it
    (test_edges_lie_within_two_pixels_of_a_drawn_circle, test_canny_leaves_no_gap_in_a_circle). A page that crashes the plain
    call gives a result (test_canny_survives_the_page_that_crashes_the_plain_call).
    What didn't work: faint grids on white paper: the median there is 255, so that lines of less than about 60 gray levels
    contrast are left out (test_canny_leaves_out_a_grid_that_is_fainter_than_its_band).
    Changes: 0.1 first version.
    References: J. Canny, A Computational Approach to Edge Detection, IEEE PAMI 8(6), 1986. The band around the median is A.
    Rosebrock's "Zero-parameter, automatic Canny edge detection" (PyImageSearch, 2015).
    """
    middle = quantile(gray, 0.5)
    floor = FAINTEST_STEP * LEVELS_PER_SOBEL
    low, high = max(floor, (1 - p.sigma) * middle), max(2 * floor, min(255.0, (1 + p.sigma) * middle))
    dx, dy = cv2.spatialGradient(gray)
    found = cv2.Canny(dx, dy, low, high, L2gradient=True)
    return EdgeMap(found > 0, *find_content(gray))


@dataclass(frozen=True)
class SobelParams:
    """Parameters of `edges.sobel`."""

    noise_factor: float = param(5.0, 0.0, 50.0, "how many times stronger than the page's quiet parts an edge must be")


@transformer("edges.sobel")
def sobel(gray: Gray, p: SobelParams) -> EdgeMap:
    """Mark where brightness changes steeply, down to faint grid lines.

    How it works: the gradient's strength is the sum of the absolute horizontal and vertical Sobel responses, in gray levels. A
    pixel is an edge where it is at least as strong as its two neighbors along the stronger axis, and stronger than 8 gray
    levels plus noise_factor times the strength that the quietest tenth of the page stays below.
    What works: faint grids on clean pages, and noise that it adapts to (test_sobel_and_laplacian_see_a_faint_grid,
    test_noise_alone_gives_few_edges).
    What didn't work: there is no hysteresis, so that a line that fades comes and goes. On pages ruled so densely that less than
    a tenth is bare the threshold rises and faint lines are lost.
    Changes: 0.1 first version.
    References: I. Sobel, An Isotropic 3x3 Image Gradient Operator, 1968 (published 2014, doi:10.13140/RG.2.1.1912.4965).
    """
    across = cv2.convertScaleAbs(cv2.Sobel(gray, cv2.CV_16S, 1, 0), alpha=0.5 / LEVELS_PER_SOBEL)
    down = cv2.convertScaleAbs(cv2.Sobel(gray, cv2.CV_16S, 0, 1), alpha=0.5 / LEVELS_PER_SOBEL)
    strength = cv2.add(across, down)  # in units of two gray levels, so that the strongest edge still fits in 8 bits
    threshold = FAINTEST_STEP / 2 + p.noise_factor * quantile(strength, QUIET_QUANTILE)
    upright = across >= down
    crest = (upright & _crest(strength, 1)) | (~upright & _crest(strength, 0))  # np.where costs ten times as much
    return EdgeMap(crest & (strength > threshold), *find_content(gray))


def _crest(strength: npt.NDArray[Any], axis: int) -> Mask:
    """Mark what is not weaker than the neighbor before it and stronger than the one behind it, along `axis`."""
    crest = np.zeros(strength.shape, np.bool_)
    along, marks = (strength, crest) if axis == 1 else (strength.T, crest.T)
    middle = along[:, 1:-1]
    np.logical_and(middle >= along[:, :-2], middle > along[:, 2:], out=marks[:, 1:-1])
    return crest


@dataclass(frozen=True)
class LaplacianParams:
    """Parameters of `edges.laplacian`."""

    sigma: float = param(1.0, 0.3, 3.0, "standard deviation in pixels of the Gaussian that smooths the page first")
    noise_factor: float = param(5.0, 0.0, 50.0, "how many times steeper than in the page's quiet parts the crossing must be")


@transformer("edges.laplacian")
def laplacian(gray: Gray, p: LaplacianParams) -> EdgeMap:
    """Mark thin ink itself and the rim of thick ink, by zero crossings of the smoothed second derivative.

    How it works: a Gaussian smooths the page, a 3x3 Laplacian is taken, and a pixel is an edge where the Laplacian is positive
    (the darker side) with a negative one beside it. The drop between the two must exceed what rounding makes, that of a step of
    8 gray levels, and noise_factor times the drop that the quietest tenth of the page stays below, together.
    What works: closed, one pixel wide outlines, and faint grids (test_sobel_and_laplacian_see_a_faint_grid); traces up to about
    two sigma wide come out as one line, not two.
    What didn't work: the drop falls with the cube of sigma, so that more smoothing soon loses thin lines
    (test_a_wide_laplacian_loses_a_faint_grid).
    Changes: 0.1 first version.
    References: D. Marr and E. Hildreth, Theory of Edge Detection, Proc. R. Soc. Lond. B 207, 1980.
    """
    smooth = cv2.GaussianBlur(gray, (0, 0), p.sigma)
    second = cv2.Laplacian(smooth, cv2.CV_16S, ksize=3)
    lowest = cv2.erode(second, np.ones((3, 3), np.uint8))
    drop = cv2.convertScaleAbs(cv2.subtract(second, lowest), alpha=0.5)
    step = STEP_DROP * FAINTEST_STEP / max(p.sigma, 0.6) ** 3
    threshold = ROUNDING_DROP + step + p.noise_factor * quantile(drop, QUIET_QUANTILE)
    return EdgeMap((second > 0) & (lowest < 0) & (drop > threshold), *find_content(gray))


@dataclass(frozen=True)
class ContourParams:
    """Parameters of `edges.contour`."""

    window: float = param(0.02, 0.002, 0.5, "side of the neighborhood that ink is held against, as a share of the long side")
    contrast: float = param(10.0, 1.0, 128.0, "gray levels by which ink is darker than its neighborhood")


@transformer("edges.contour")
def contour(gray: Gray, p: ContourParams) -> EdgeMap:
    """Draw the outlines of inked regions, whatever the light that falls on the page.

    How it works: ink is what is darker than the mean of its neighborhood by `contrast`, which evens out shadows. Points with
    too little ink around them are dropped as specks, and the inner rim of what remains (ink that touches bare paper) is the
    outline.
    What works: uneven light: a shadow's rim gives no outline (test_a_soft_shadow_gives_no_outline), single specks neither
    (test_contour_drops_single_specks).
    What didn't work: dark areas wider than the neighborhood are hollow, so that a desk or a black bar shows its rim only on the
    inside.
    Changes: 0.1 first version.
    References: D. Bradley and G. Roth, Adaptive Thresholding using the Integral Image, J. Graphics Tools 12(2), 2007; J.-F.
    Rivest, P. Soille and S. Beucher, Morphological gradients, J. Electronic Imaging 2(4), 1993.
    """
    side = max(3, round(p.window * max(gray.shape))) | 1
    ink = cv2.adaptiveThreshold(gray, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, side, p.contrast)
    company = cv2.boxFilter(ink, cv2.CV_8U, (5, 5), normalize=False)
    ink[company < 4] = 0  # less than a line of four pixels in 5x5 is a speck
    inside = cv2.erode(ink, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    return EdgeMap(ink > inside, *find_content(gray))


METHODS: dict[str, Transformer[EdgeMap]] = {"canny": canny, "sobel": sobel, "laplacian": laplacian, "contour": contour}


def detect_edges(image: Any, method: str = "canny", **params: Any) -> EdgeMap:
    """Find the edges of an image and the box of its content.

    `image`: a Page, a path, encoded bytes, or an array ((H, W) gray, (H, W, 3) BGR, (H, W, 4) BGRA). `params` are those of the
    method. Raises ValueError for a method that does not exist (the message lists those that do) or a parameter out of bounds,
    PageError for an image that cannot be read.

    >>> picture = np.full((300, 400), 255, np.uint8)
    >>> _ = cv2.rectangle(picture, (50, 60), (349, 239), 0, -1)
    >>> detect_edges(picture, method="sobel").to_dict()["bounding_box"]
    [50, 60, 300, 180]
    >>> detect_edges(picture, method="prewitt")
    Traceback (most recent call last):
    ...
    ValueError: There is no edge method 'prewitt'; known ones: canny, sobel, laplacian, contour.
    """
    if method not in METHODS:
        raise ValueError(f"There is no edge method {method!r}; known ones: {', '.join(METHODS)}.")
    return METHODS[method](open_page(image), **params)


def crop_to_content(image: Any, padding: int = 10, *, method: str = "canny") -> Bgr:
    """Return the part of an image that holds its content and `padding` pixels around it, as (H, W, 3) uint8 BGR.

    The whole picture comes back where there is no content. `image` and errors are those of `detect_edges`.

    >>> picture = np.full((300, 400, 3), 255, np.uint8)
    >>> _ = cv2.rectangle(picture, (50, 60), (349, 239), (0, 0, 0), -1)
    >>> crop_to_content(picture, padding=5).shape
    (190, 310, 3)
    """
    page = open_page(image)
    box = detect_edges(page, method).bounding_box
    part = page.bgr if box is None else page.crop(box.padded(padding, page.shape)).bgr
    return np.array(part)
