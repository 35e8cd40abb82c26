"""How well edges, the content's box and the paper's corners were found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.metric import NOT_NEGATIVE, SHARE, Score, metric
from ecgbench.core.page import Box, Mask, Page, Pixels
from ecgbench.core.results import EdgeMap, Positions
from ecgbench.core.truth import Truth
from ecgbench.plugins.metrics.masks import count, grown, harmonic_mean, marks, outlines, pixels, ratio, shared, union, without
from ecgbench.plugins.metrics.stretches import stretches

TOLERANCE_MM = 0.25  # a quarter of a small square: 2 px at 200 dpi, and less than half way from ink to the next grid line
RIM_MM = 2.0  # width of the band along the paper's edge in which nothing is judged: paper is never quite straight


@metric(
    "content_box",
    task="edges",
    scores=[
        Score(
            "content_box_iou",
            "1",
            "higher",
            "overlap of the found content box with the true one (intersection over union)",
            limits=SHARE,
        )
    ],
)
def content_box(_page: Page, result: EdgeMap, truth: Truth) -> dict[str, float]:
    """Measure how well the content box was found: the area of the intersection over that of the union, 0 where no box was found.

    Source: P. Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11:37-50, 1912; M. Everingham et al.,
    "The Pascal Visual Object Classes (VOC) Challenge", Int. J. Comput. Vision 88:303-338, 2010, for boxes.
    """
    if truth.content_box is None:
        return {}
    found = result.bounding_box
    return {"content_box_iou": 0.0 if found is None else _box_iou(found, truth.content_box)}


def _box_iou(one: Box, other: Box) -> float:
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    shared_area = max(0, width) * max(0, height)
    union = one.width * one.height + other.width * other.height - shared_area
    return shared_area / union if union else 1.0


@metric(
    "corners",
    task="edges",
    scores=[
        Score(
            "corner_error_mm",
            "mm",
            "lower",
            "mean distance of the four found corners of the paper to the true ones",
            limits=NOT_NEGATIVE,
        )
    ],
)
def corners(_page: Page, result: EdgeMap, truth: Truth) -> dict[str, float]:
    """Measure how far the paper's corners were missed, where the method looks for them and the truth knows them.

    `corner_error_mm` = mean over the four corners of the length of (found - true), x and y divided by the px/mm of their axis. Both go
    around the paper the same way; which corner is named first is not judged: the smallest mean of the four beginnings counts.

    Source: definition of this project; the mean corner error is usual in document rectification (K. Javed, F. Shafait, "Real-time
    document localization in natural images by recursive application of a CNN", ICDAR 2017).
    """
    if result.corners is None or truth.corners is None or truth.px_per_mm_x is None or truth.px_per_mm_y is None:
        return {}
    scale = np.array([truth.px_per_mm_x, truth.px_per_mm_y])
    means = [_mean_distance(np.roll(result.corners, turn, axis=0) / scale, truth.corners / scale) for turn in range(4)]
    return {"corner_error_mm": min(means)}


def _mean_distance(one: Positions, other: Positions) -> float:
    return float(np.hypot(*(one - other).T).mean())


@metric(
    "boundaries",
    task="edges",
    scores=[
        Score("boundary_f1", "1", "higher", "harmonic mean of boundary precision and recall", limits=SHARE),
        Score("boundary_precision", "1", "higher", "share of the edge pixels within 0.25 mm of an outline of ink", limits=SHARE),
        Score("boundary_recall", "1", "higher", "share of the outlines of ink within 0.25 mm of an edge pixel", limits=SHARE),
        Score(
            "line_continuity",
            "1",
            "higher",
            "chance that of two moments of a lead's trace, edges join one to the other unbroken",
            limits=SHARE,
        ),
    ],
)
def boundaries(page: Page, result: EdgeMap, truth: Truth) -> dict[str, float]:
    """Measure how well edges outline the ink that is not grid: traces, labels, calibration pulses and separators, as far as known.

    With E edge pixels and B pixels of the outlines of that ink: precision = share of E within the tolerance of B, recall = share of B
    within the tolerance of E, `boundary_f1` = 2 p r / (p + r). The tolerance is 0.25 mm, at least 1 px, along rows and columns; any
    number of pixels may share a partner (BSDS pairs them one to one, at a hundred times the cost). Grid lines have outlines too, but
    nobody digitizes them, so that edges on them count against precision. Edges within 1 mm of the paper's edge are not judged, where
    the truth knows the paper's corners. Where E and B are both empty all are 1; where one is, 0.

    `line_continuity`: a sample of a lead is covered where an edge lies within 0.5 mm; with runs of r_i covered samples of n,
    it is the sum of (r_i / n)^2, the mean over the leads' drawn stretches: 1 where no gap is, 1/2 where one cuts the trace in halves.
    Edges of grid lines nearby cover a trace as well as its own, so that it is to be read beside the precision.

    Source: D. R. Martin, C. C. Fowlkes, J. Malik, "Learning to detect natural image boundaries using local brightness, color, and texture
    cues", IEEE Trans. Pattern Anal. Mach. Intell. 26:530-549, 2004, for precision and recall with a tolerance; J. A. G. Jaeger,
    "Landscape division, splitting index, and effective mesh size", Landscape Ecology 15:115-130, 2000, for the degree of coherence.
    """
    if truth.trace_mask is None or truth.px_per_mm_x is None or truth.px_per_mm_y is None:
        return {}
    true, found = _true_outlines(truth, page.shape), pixels(result.edges, page.shape)
    judged = without(found, true.rim)
    found_count, near_found = count(judged), grown(judged, true.reach)
    precision = ratio(shared(judged, true.near), found_count, true.count)
    recall = ratio(shared(true.mask, near_found), true.count, found_count)
    scores = {"boundary_f1": harmonic_mean(precision, recall), "boundary_precision": precision, "boundary_recall": recall}
    nearer = grown(near_found, true.reach)
    runs = [_coherence(nearer[y, x] != 0) for x, y in stretches(truth, page.shape) if x.size]
    return scores | ({"line_continuity": float(np.mean(runs))} if runs else {})


@dataclass(frozen=True, eq=False)
class TrueOutlines:
    """The true outlines as each method of a case is held against them, (H, W) uint8 of 0 and 1.

    `mask`, `count` of its pixels; `near`: within `reach` pixels of them; `rim`: along the paper's edge, None where it is not known.
    """

    mask: Pixels
    count: int
    near: Pixels
    reach: int
    rim: Pixels | None


@lru_cache(maxsize=1)  # by identity of the truth: the methods of a case are scored one after the other
def _true_outlines(truth: Truth, shape: tuple[int, ...]) -> TrueOutlines:
    if truth.trace_mask is None or truth.px_per_mm_x is None or truth.px_per_mm_y is None:
        raise ValueError("the truth has no trace or no scale")
    scale = (truth.px_per_mm_x + truth.px_per_mm_y) / 2
    trace, other = pixels(truth.trace_mask, shape), marks(truth, shape)
    mask = outlines(trace if other is None else union(trace, other))
    reach = max(1, round(TOLERANCE_MM * scale))
    return TrueOutlines(mask, count(mask), grown(mask, reach), reach, _rim(truth, shape, scale))


def _rim(truth: Truth, shape: tuple[int, ...], scale: float) -> Pixels | None:
    if truth.corners is None:
        return None
    rim = np.zeros(shape, np.uint8)
    cv2.polylines(rim, [np.rint(truth.corners).astype(np.int32)], True, 1, max(1, round(RIM_MM * scale)))
    return rim


def _coherence(covered: npt.NDArray[np.bool_]) -> float:
    """Return the chance that two of the samples lie in the same run of covered ones."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], covered, [False]])))
    return float(np.sum(((ends[1::2] - ends[::2]) / covered.size) ** 2))


@metric(
    "edge_texture",
    task="edges",
    scores=[
        Score("edge_density", "1", "none", "share of the page's pixels that are edge", limits=SHARE),
        Score(
            "edge_connectivity",
            "1",
            "higher",
            "share of the edge pixels that continue: two or more of the 8 around are edge",
            limits=SHARE,
        ),
        Score("isolated_pixel_noise", "1", "lower", "share of the edge pixels with no other edge pixel around", limits=SHARE),
    ],
)
def edge_texture(page: Page, result: EdgeMap, truth: Truth) -> dict[str, float]:
    """Describe edges by themselves: how many there are, and whether they hang together as lines do.

    With n the number of edge pixels among the 8 around an edge pixel: `edge_connectivity` = share of n >= 2 (it goes on to both sides,
    or is part of something thicker), `isolated_pixel_noise` = share of n = 0; neither is given where there are no edges. They tell noise
    from lines, not right lines from wrong ones, so pages of which nothing is known are not scored by them alone.

    Source: L. Kitchen, A. Rosenfeld, "Edge evaluation using local edge coherence", IEEE Trans. Syst. Man Cybern. 11:597-605, 1981, for
    judging edges by their continuation; the two shares are this project's plain form of it.
    """
    if truth.content_box is None:
        return {}
    edges = pixels(result.edges, page.shape)
    around = np.asarray(cv2.boxFilter(edges, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT))  # itself included
    total, alone, going_on = count(edges), _count(edges, around == 1), _count(edges, around >= 3)
    scores = {"edge_density": total / edges.size}
    if total:
        scores |= {"edge_connectivity": going_on / total, "isolated_pixel_noise": alone / total}
    return scores


def _count(edges: Pixels, where: Mask) -> int:
    return shared(edges, where.view(np.uint8))
