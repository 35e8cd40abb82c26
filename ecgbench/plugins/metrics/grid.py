"""How well the paper's grid was fitted."""

from __future__ import annotations

import numpy as np

from ecgbench.core.metric import NOT_NEGATIVE, SHARE, Score, metric
from ecgbench.core.page import Page
from ecgbench.core.results import GridFit, Positions
from ecgbench.core.truth import Truth

FAMILY_TOLERANCE = 0.2  # 2 mm or 5 mm taken for 1 mm is off by 100 % or 400 %, half a millimeter by 50 %
WRONG_FAMILIES = np.array([5.0, 2.0, 0.5])  # multiples of 1 mm that are taken for it
TURN_DEG = 90  # a grid that is turned by it is the same grid


@metric(
    "grid_fit",
    task="grid",
    scores=[
        Score(
            "grid_detected",
            "1",
            "higher",
            "1 where a grid was found on a page that has one, or none on a page that has none; else 0",
            limits=SHARE,
        ),
        Score(
            "px_per_mm_error_pct",
            "%",
            "lower",
            "relative error of px/mm, mean of both axes, where a grid was found",
            limits=NOT_NEGATIVE,
        ),
        Score(
            "px_per_mm_x_error_pct",
            "%",
            "lower",
            "relative error of px/mm along rows, where a grid was found",
            limits=NOT_NEGATIVE,
        ),
        Score(
            "px_per_mm_y_error_pct",
            "%",
            "lower",
            "relative error of px/mm along columns, where a grid was found",
            limits=NOT_NEGATIVE,
        ),
        Score(
            "scale_family_right",
            "1",
            "higher",
            "1 where px/mm is within 20 % of the truth on both axes, else 0 (not found included)",
            limits=SHARE,
        ),
        Score(
            "scale_family_error",
            "1",
            "lower",
            "1 where 5 mm, 2 mm or half a millimeter was taken for 1 mm on an axis, else 0, where a grid was found",
            limits=SHARE,
        ),
        Score(
            "angle_error_deg",
            "deg",
            "lower",
            "difference of the found and the true angle, where a grid was found",
            limits=NOT_NEGATIVE,
        ),
        Score(
            "line_position_error_px",
            "px",
            "lower",
            "median distance of found 1 mm lines to true ones, where the scale is right",
            limits=NOT_NEGATIVE,
        ),
    ],
)
def grid_fit(_page: Page, result: GridFit, truth: Truth) -> dict[str, float]:
    """Measure how well the grid was fitted.

    `px_per_mm_x_error_pct` = 100 |found - true| / true, y alike, `px_per_mm_error_pct` is the mean of both; under perspective the true
    px/mm is that at the content's center. `scale_family_right` tells 1 mm from what is mistaken for it; `scale_family_error` is 1 where
    found / true is within 20 % of 5, 2 or 1/2 on an axis. Both are 0 where the error is another one. `angle_error_deg` =
    |found - true| modulo 90, since a grid that is turned by 90 degrees is the same. `line_position_error_px` = median over the found 1 mm
    lines of both axes of the distance to the nearest true line.
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
    scores |= _scale_scores(found_scales / true_scales)
    if truth.angle_deg is not None:
        scores["angle_error_deg"] = abs((result.angle_deg - truth.angle_deg + TURN_DEG / 2) % TURN_DEG - TURN_DEG / 2)
    distances = _line_distances(result, truth) if scores["scale_family_right"] else np.empty(0)
    return scores | ({"line_position_error_px": float(np.median(distances))} if distances.size else {})


def _scales(known: GridFit | Truth) -> Positions | None:
    """Return px/mm along x and y, (2,) float64; None where one is not known."""
    if known.px_per_mm_x is None or known.px_per_mm_y is None:
        return None
    return np.array([known.px_per_mm_x, known.px_per_mm_y], dtype=np.float64)


def _scale_scores(found_by_true: Positions) -> dict[str, float]:
    """Return the scores of both axes' found px/mm divided by the true one, (2,) float64."""
    errors = np.abs(found_by_true - 1)
    wrong = np.abs(found_by_true[:, None] / WRONG_FAMILIES - 1) <= FAMILY_TOLERANCE
    return {
        "px_per_mm_error_pct": 100 * float(errors.mean()),
        "px_per_mm_x_error_pct": 100 * float(errors[0]),
        "px_per_mm_y_error_pct": 100 * float(errors[1]),
        "scale_family_right": float((errors <= FAMILY_TOLERANCE).all()),
        "scale_family_error": float(wrong.any()),
    }


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
