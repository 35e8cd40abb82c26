"""Grid fits against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.core.page import Page
from ecgbench.core.results import GridFit
from ecgbench.core.truth import Truth
from ecgbench.plugins.metrics import grid_fit

PAGE = Page(np.full((20, 30, 3), 255, np.uint8))


def fit(x: float | None, y: float | None, **more: object) -> GridFit:
    return GridFit(x, y, **more)  # type: ignore[arg-type]


def test_grid_errors_are_relative_to_the_truth_and_averaged_over_the_axes() -> None:
    truth = Truth(px_per_mm_x=8.0, px_per_mm_y=10.0, has_grid=True, angle_deg=1.0)
    scores = grid_fit.score(PAGE, fit(8.08, 9.7, angle_deg=-0.5), truth)
    assert scores == {
        "grid_detected": 1.0,
        "px_per_mm_error_pct": pytest.approx((1 + 3) / 2),
        "px_per_mm_x_error_pct": pytest.approx(1),
        "px_per_mm_y_error_pct": pytest.approx(3),
        "scale_family_right": 1.0,
        "scale_family_error": 0.0,
        "angle_error_deg": pytest.approx(1.5),
    }


@pytest.mark.parametrize(
    ("factor", "right"), [(1.19, 1.0), (0.81, 1.0), (1.21, 0.0), (0.79, 0.0), (5.0, 0.0), (2.0, 0.0), (0.5, 0.0)]
)
def test_the_family_is_right_within_a_fifth(factor: float, right: float) -> None:
    truth = Truth(px_per_mm_x=8.0, px_per_mm_y=8.0, has_grid=True)
    assert grid_fit.score(PAGE, fit(8 * factor, 8.0), truth)["scale_family_right"] == right
    assert grid_fit.score(PAGE, fit(8.0, 8 * factor), truth)["scale_family_right"] == right


@pytest.mark.parametrize(
    ("factor", "error"),
    [(1.0, 0.0), (5.0, 1.0), (2.0, 1.0), (0.5, 1.0), (4.1, 1.0), (2.3, 1.0), (0.41, 1.0), (3.0, 0.0), (0.2, 0.0), (10.0, 0.0)],
)
def test_taking_5_mm_2_mm_or_half_a_millimeter_for_1_mm_is_an_error_of_its_own(factor: float, error: float) -> None:
    truth = Truth(px_per_mm_x=8.0, px_per_mm_y=8.0, has_grid=True)
    assert grid_fit.score(PAGE, fit(8 * factor, 8.0), truth)["scale_family_error"] == error
    assert grid_fit.score(PAGE, fit(8.0, 8 * factor), truth)["scale_family_error"] == error


def test_lines_are_measured_to_the_nearest_true_line_where_the_family_is_right() -> None:
    truth = Truth(
        px_per_mm_x=10.0, px_per_mm_y=10.0, has_grid=True, fine_x=np.array([10.0, 20.0, 30.0]), fine_y=np.array([5.0, 15.0])
    )
    found = fit(10.0, 10.0, fine_x=np.array([10.5, 19.0, 42.0]), fine_y=np.array([3.0, 14.75]))
    scores = grid_fit.score(PAGE, found, truth)
    assert scores["line_position_error_px"] == pytest.approx(np.median([0.5, 1.0, 12.0, 2.0, 0.25]))
    of_5_mm = fit(50.0, 50.0, fine_x=np.array([10.0]), fine_y=np.array([5.0]))
    assert "line_position_error_px" not in grid_fit.score(PAGE, of_5_mm, truth)


def test_no_lines_give_no_line_error() -> None:
    truth = Truth(px_per_mm_x=10.0, px_per_mm_y=10.0, has_grid=True, fine_x=np.array([10.0]), fine_y=np.empty(0))
    assert "line_position_error_px" not in grid_fit.score(PAGE, fit(10.0, 10.0), truth)
    assert "line_position_error_px" not in grid_fit.score(PAGE, fit(10.0, 10.0, fine_y=np.array([1.0])), truth)


def test_a_grid_that_was_not_found_is_a_wrong_family_and_gives_no_error() -> None:
    truth = Truth(px_per_mm_x=8.0, px_per_mm_y=8.0, has_grid=True, angle_deg=0.0)
    assert grid_fit.score(PAGE, fit(None, None), truth) == {"grid_detected": 0.0, "scale_family_right": 0.0}
    assert grid_fit.score(PAGE, fit(8.0, None), truth) == {"grid_detected": 0.0, "scale_family_right": 0.0}


def test_on_a_page_without_a_grid_only_finding_none_is_right() -> None:
    assert grid_fit.score(PAGE, fit(None, None), Truth(has_grid=False)) == {"grid_detected": 1.0}
    assert grid_fit.score(PAGE, fit(8.0, 8.0), Truth(has_grid=False)) == {"grid_detected": 0.0}


def test_a_known_scale_means_a_grid() -> None:
    assert grid_fit.score(PAGE, fit(None, None), Truth(px_per_mm_x=8.0, px_per_mm_y=8.0))["grid_detected"] == 0.0


@pytest.mark.parametrize(
    ("found", "true", "error"), [(-2.0, 1.0, 3.0), (44.5, -44.5, 1.0), (-45.0, 45.0, 0.0), (30.0, -10.0, 40.0)]
)
def test_a_grid_that_is_turned_by_a_right_angle_is_the_same(found: float, true: float, error: float) -> None:
    truth = Truth(px_per_mm_x=8.0, px_per_mm_y=8.0, has_grid=True, angle_deg=true)
    assert grid_fit.score(PAGE, fit(8.0, 8.0, angle_deg=found), truth)["angle_error_deg"] == pytest.approx(error)
