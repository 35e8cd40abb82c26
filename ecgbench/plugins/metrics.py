"""The built-in metrics: how edges, separations, grids and verdicts are held against what is known of a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np

from ecgbench.core.metric import Metric, Score, metric
from ecgbench.core.page import Box, Mask, Page, Pixels
from ecgbench.core.results import EdgeMap, GridFit, Positions, QualityReport, Separation
from ecgbench.core.transformer import hookimpl
from ecgbench.core.truth import Truth

FAMILY_TOLERANCE = 0.2  # 2 mm or 5 mm taken for 1 mm is off by 100 % or 400 %, half a millimeter by 50 %
NEIGHBORS = np.ones((3, 3), np.uint8)  # all pixels within 1 px, diagonals included


@metric(
    "content_box",
    task="edges",
    scores=[
        Score("content_box_iou", "1", "higher", "overlap of the found content box with the true one (intersection over union)")
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
    shared = max(0, width) * max(0, height)
    union = one.width * one.height + other.width * other.height - shared
    return shared / union if union else 1.0


@metric(
    "separation",
    task="color",
    scores=[
        Score("trace_dice", "1", "higher", "overlap of found and true trace pixels (Dice), each pixel counting as it is"),
        Score("trace_f1_1px", "1", "higher", "harmonic mean of trace precision and recall where a pixel may be 1 px off"),
        Score("trace_precision", "1", "higher", "share of the found trace pixels that are trace"),
        Score("trace_recall", "1", "higher", "share of the true trace pixels that were found"),
        Score("grid_dice", "1", "higher", "overlap of found and true grid pixels (Dice), each pixel counting as it is"),
    ],
)
def separation(page: Page, result: Separation, truth: Truth) -> dict[str, float]:
    """Measure how well trace and grid were told apart, pixel by pixel.

    With F found and T true pixels: Dice = 2 |F and T| / (|F| + |T|), precision = |F and T| / |F|, recall = |F and T| / |T|.
    `trace_f1_1px` = 2 p r / (p + r), with p the share of F within 1 px of T (diagonals included) and r the share of T within 1 px of F.
    Where F and T are both empty all are 1; where one is, all that are not defined are 0.

    Source: L. R. Dice, "Measures of the amount of ecologic association between species", Ecology 26:297-302, 1945; D. R. Martin,
    C. C. Fowlkes, J. Malik, "Learning to detect natural image boundaries", IEEE Trans. Pattern Anal. Mach. Intell. 26:530-549, 2004,
    for precision and recall with a tolerance.
    """
    scores: dict[str, float] = {}
    if truth.trace_mask is not None:
        scores |= _trace_scores(_pixels(result.trace, page), _pixels(truth.trace_mask, page))
    if truth.grid_mask is not None:
        found, true = _pixels(result.grid, page), _pixels(truth.grid_mask, page)
        scores["grid_dice"] = _ratio(2 * _shared(found, true), cv2.countNonZero(found) + cv2.countNonZero(true), 0)
    return scores


def _pixels(mask: Mask, page: Page) -> Pixels:
    """Return a mask as OpenCV takes it, (H, W) uint8 of 0 and 1; ValueError where it is not of the page's size."""
    if mask.shape != page.shape:
        raise ValueError(f"a mask of shape {mask.shape} does not fit the page {page.name} of shape {page.shape}")
    return np.asarray(mask, dtype=np.bool_, order="C").view(np.uint8)


def _shared(one: Pixels, other: Any) -> int:
    return cv2.countNonZero(cv2.bitwise_and(one, other))


def _trace_scores(found: Pixels, true: Pixels) -> dict[str, float]:
    found_count, true_count, hits = cv2.countNonZero(found), cv2.countNonZero(true), _shared(found, true)
    near_true = _ratio(_shared(found, cv2.dilate(true, NEIGHBORS)), found_count, true_count)
    near_found = _ratio(_shared(true, cv2.dilate(found, NEIGHBORS)), true_count, found_count)
    return {
        "trace_dice": _ratio(2 * hits, found_count + true_count, 0),
        "trace_f1_1px": 2 * near_true * near_found / (near_true + near_found) if near_true + near_found else 0.0,
        "trace_precision": _ratio(hits, found_count, true_count),
        "trace_recall": _ratio(hits, true_count, found_count),
    }


def _ratio(part: int, whole: int, other: int) -> float:
    """Return part / whole; of nothing it is 1 where the `other` side has nothing either, else 0."""
    return part / whole if whole else float(other == 0)


@metric(
    "grid_fit",
    task="grid",
    scores=[
        Score(
            "grid_detected",
            "1",
            "higher",
            "1 where a grid was found on a page that has one, or none on a page that has none; else 0",
        ),
        Score(
            "px_per_mm_error_pct", "%", "lower", "relative error of the found px/mm, mean of both axes, where a grid was found"
        ),
        Score(
            "scale_family_right",
            "1",
            "higher",
            "1 where px/mm is within 20 % of the truth on both axes, else 0 (not found included)",
        ),
        Score(
            "angle_error_deg", "deg", "lower", "difference of the found and the true angle of the grid, where a grid was found"
        ),
        Score(
            "line_position_error_px", "px", "lower", "median distance of found 1 mm lines to true ones, where the scale is right"
        ),
    ],
)
def grid_fit(_page: Page, result: GridFit, truth: Truth) -> dict[str, float]:
    """Measure how well the grid was fitted.

    `px_per_mm_error_pct` = mean over the axes of 100 |found - true| / true. `scale_family_right` tells 1 mm from what is mistaken for it:
    5 mm, 2 mm or half a millimeter. `angle_error_deg` = |found - true| modulo 180, since a line has no direction.
    `line_position_error_px` = median over the found 1 mm lines of both axes of the distance to the nearest true line.
    On a page without a grid, and where the truth of a number is not known, the number is not given.

    Source: definitions of this project; the family error is the classic failure of comb fits, which all multiples of a period satisfy.
    """
    true_scales = _scales(truth)
    has_grid = True if truth.has_grid is None and true_scales is not None else truth.has_grid
    scores: dict[str, float] = {} if has_grid is None else {"grid_detected": float(result.found == has_grid)}
    if not has_grid or true_scales is None:
        return scores
    found_scales = _scales(result)
    if found_scales is None:
        return scores | {"scale_family_right": 0.0}
    errors = np.abs(found_scales / true_scales - 1)
    right = bool((errors <= FAMILY_TOLERANCE).all())
    scores |= {"px_per_mm_error_pct": float(100 * errors.mean()), "scale_family_right": float(right)}
    if truth.angle_deg is not None:
        scores["angle_error_deg"] = abs((result.angle_deg - truth.angle_deg + 90) % 180 - 90)
    distances = _line_distances(result, truth) if right else np.empty(0)
    return scores | ({"line_position_error_px": float(np.median(distances))} if distances.size else {})


def _scales(known: GridFit | Truth) -> Positions | None:
    """Return px/mm along x and y, (2,) float64; None where one is not known."""
    if known.px_per_mm_x is None or known.px_per_mm_y is None:
        return None
    return np.array([known.px_per_mm_x, known.px_per_mm_y], dtype=np.float64)


def _line_distances(result: GridFit, truth: Truth) -> Positions:
    """Return the distance of each found 1 mm line to the nearest true one, (n,) float64, of the axes on which lines are known."""
    pairs = ((result.fine_x, truth.fine_x), (result.fine_y, truth.fine_y))
    distances = [_to_nearest(found, true) for found, true in pairs if true is not None and true.size]
    return np.concatenate([*distances, np.empty(0)])


def _to_nearest(found: Positions, true: Positions) -> Positions:
    found, true = found[np.isfinite(found)], np.sort(true)
    after = np.searchsorted(true, found).clip(0, len(true) - 1)
    before = np.maximum(after - 1, 0)
    return np.asarray(np.minimum(np.abs(found - true[after]), np.abs(found - true[before])), dtype=np.float64)


@metric(
    "verdict",
    task="quality",
    scores=[
        Score(
            "verdict_right",
            "1",
            "higher",
            "1 where a page passed that a person can digitize, or one failed that nobody can; else 0",
        ),
        Score("gates_passed", "1", "none", "share of the quality gates that the page passed"),
    ],
)
def verdict(_page: Page, result: QualityReport, truth: Truth) -> dict[str, float]:
    """Measure whether the verdict on a page is right: `verdict_right` = 1 where passed = legible; its mean over a set is the accuracy.

    `gates_passed` = passed gates / gates; it needs no truth and describes the pages rather than the method.

    Source: definitions of this project.
    """
    scores: dict[str, float] = {}
    if truth.legible is not None:
        scores["verdict_right"] = float(bool(result.passed) == truth.legible)
    if result.gates:
        scores["gates_passed"] = sum(bool(gate.passed) for gate in result.gates) / len(result.gates)
    return scores


@hookimpl
def ecgbench_metrics() -> Iterable[Metric]:
    """Offer the built-in metrics."""
    return (content_box, separation, grid_fit, verdict)
