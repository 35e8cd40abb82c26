"""The scikit-image counterparts of built-in methods, at equal settings, and how well both outline ink."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import skimage

from ecgbench.core.page import Page
from ecgbench.core.results import EdgeMap
from ecgbench.core.truth import Truth
from ecgbench.plugins.edges.gradients import LEFT_BY_SMOOTHING, LEVELS_PER_SOBEL, NOISE_FACTOR, CannyParams
from ecgbench.plugins.edges.regions import COMMON, ContourParams
from ecgbench.plugins.edges.strength import FAINTEST_STEP, gradient_lengths, smoothed, strong_enough
from ecgbench.plugins.metrics.edges import boundaries
from ecgbench.registry import Registry

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
# Some of its functions have no annotations, which strict typing does not let us call otherwise.
color, feature, filters, measure, transform = (
    getattr(skimage, name) for name in ("color", "feature", "filters", "measure", "transform")
)
SMOOTHING = 0.707  # standard deviation of the 3x3 binomial kernel, in pixels


@dataclass(frozen=True)
class Counterpart:
    """A function of scikit-image by its `name`, and a call of it on a (H, W, 3) BGR picture."""

    name: str
    call: Callable[[Pixels], Any]


def gray_of(bgr: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)


def gradient_threshold(gray: Pixels) -> float:
    """Return the middle of the band of edges.canny, as it finds it itself, in units of a 3x3 Sobel kernel."""
    dx, dy = cv2.spatialGradient(smoothed(gray))
    faintest = FAINTEST_STEP * LEVELS_PER_SOBEL * LEFT_BY_SMOOTHING
    return 4 * strong_enough(gradient_lengths(dx, dy), CannyParams().level, faintest=faintest / 4, noise_factor=NOISE_FACTOR)


def canny(bgr: Pixels) -> Any:
    gray, half_width = gray_of(bgr), CannyParams().sigma
    middle = gradient_threshold(gray) / 255
    low, high = (1 - half_width) * middle, (1 + half_width) * middle
    return feature.canny(gray / 255.0, sigma=SMOOTHING, low_threshold=low, high_threshold=high)


def sobel(bgr: Pixels) -> Any:
    gray = gray_of(bgr)
    strength = filters.sobel(filters.gaussian(gray / 255.0, SMOOTHING))
    return strength > gradient_threshold(gray) / 255 / (4 * np.sqrt(2))  # it divides by 4, and by the root of its two directions


def laplace(bgr: Pixels) -> Any:
    """Mark where the Laplacian is as strong as the strongest 2 % are, since scikit-image has no zero crossings; the share is that of ink's edges."""
    second = np.abs(filters.laplace(filters.gaussian(gray_of(bgr) / 255.0, 1.4)))
    return second > np.quantile(second, 0.98)


def find_contours(bgr: Pixels) -> Any:
    gray = gray_of(bgr)
    side = round(ContourParams().window * max(gray.shape)) | 1
    darkness = np.asarray(cv2.subtract(cv2.boxFilter(gray, -1, (side, side)), gray), np.uint8)
    level = strong_enough(darkness, ContourParams().level, faintest=ContourParams().contrast, common=COMMON)
    edges = np.zeros(gray.shape, np.bool_)
    points = np.rint(np.vstack([*measure.find_contours(darkness, level), np.empty((0, 2))])).astype(np.intp)
    edges[points[:, 0], points[:, 1]] = True
    return edges


def rgb2lab(bgr: Pixels) -> Any:
    return color.rgb2lab(bgr[..., ::-1])


def rgb2hsv(bgr: Pixels) -> Any:
    return color.rgb2hsv(bgr[..., ::-1])


def separate_stains(bgr: Pixels) -> Any:
    return color.separate_stains(bgr[..., ::-1], color.hed_from_rgb)


def hough_line(bgr: Pixels) -> Any:
    """Look for lines within 5 degrees of rows and columns, at 0.1 degrees, in the edges that edges.canny starts from."""
    gray = gray_of(bgr)
    dx, dy = cv2.spatialGradient(gray)
    edges = cv2.Canny(dx, dy, 60, 120, L2gradient=True) > 0
    turns = np.deg2rad(np.arange(-5, 5.01, 0.1))
    return transform.hough_line(edges[::2, ::2], theta=np.concatenate([turns, turns + np.pi / 2]))


def blur_effect(bgr: Pixels) -> Any:
    return measure.blur_effect(gray_of(bgr))


COUNTERPARTS: Mapping[str, Counterpart] = {
    "edges.canny": Counterpart("feature.canny", canny),
    "edges.sobel": Counterpart("filters.sobel", sobel),
    "edges.laplacian": Counterpart("filters.laplace", laplace),
    "edges.contour": Counterpart("measure.find_contours", find_contours),
    "color.lab": Counterpart("color.rgb2lab alone", rgb2lab),
    "color.hsv": Counterpart("color.rgb2hsv alone", rgb2hsv),
    "color.skimage": Counterpart("color.separate_stains alone", separate_stains),
    "grid.multiscale": Counterpart("transform.hough_line", hough_line),
    "quality.gates": Counterpart("measure.blur_effect alone", blur_effect),
}


def edge_scores(names: Sequence[str], registry: Registry, spec: str) -> dict[str, tuple[float, float]]:
    """Return the mean boundary F1 of edge methods, and of their counterparts, over the pages of a spec."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for case in registry.open_images(spec) if names else ():
        page, truth = case.source.make_page(), case.read_truth()
        for name in names:
            theirs = EdgeMap(np.asarray(COUNTERPARTS[name].call(page.bgr), np.bool_), None)
            found[name].append((_f1(page, registry.method(name)(page), truth), _f1(page, theirs, truth)))
    return {name: (float(np.mean(pairs, axis=0)[0]), float(np.mean(pairs, axis=0)[1])) for name, pairs in found.items()}


def _f1(page: Page, edges: EdgeMap, truth: Truth) -> float:
    return boundaries.score(page, edges, truth)["boundary_f1"]
