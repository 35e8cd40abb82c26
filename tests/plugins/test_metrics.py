"""Every built-in metric against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.core.page import Box, Page
from ecgbench.core.results import EdgeMap, Gate, GridFit, QualityReport, Separation
from ecgbench.core.truth import Truth
from ecgbench.plugins.metrics import content_box, ecgbench_metrics, grid_fit, separation, verdict

PAGE = Page(np.full((20, 30, 3), 255, np.uint8))


def mask(*pixels: tuple[int, int]) -> np.ndarray:
    drawn = np.zeros(PAGE.shape, np.bool_)
    for row, column in pixels:
        drawn[row, column] = True
    return drawn


def edge_map(box: Box | None) -> EdgeMap:
    return EdgeMap(mask(), box)


def fit(x: float | None, y: float | None, **more: object) -> GridFit:
    return GridFit(x, y, **more)  # type: ignore[arg-type]


def report(passed: bool, *gates: bool) -> QualityReport:
    return QualityReport(passed, tuple(Gate(str(i), 1.0, 1.0, "1", gate, "") for i, gate in enumerate(gates)))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Box(0, 0, 10, 10), 1.0),
        (Box(5, 0, 10, 10), 50 / 150),  # half of each is shared
        (Box(0, 0, 5, 5), 25 / 100),
        (Box(10, 0, 5, 5), 0.0),  # side by side
        (Box(20, 15, 5, 5), 0.0),  # apart on both axes
        (None, 0.0),
    ],
)
def test_content_box_iou_is_shared_area_over_joint_area(found: Box | None, expected: float) -> None:
    scores = content_box.score(PAGE, edge_map(found), Truth(content_box=Box(0, 0, 10, 10)))
    assert scores == {"content_box_iou": pytest.approx(expected)}


def test_trace_scores_count_pixels() -> None:
    true = mask((5, 5), (5, 6), (5, 7), (5, 8))
    found = mask((5, 5), (5, 6), (9, 20))
    scores = separation.score(PAGE, Separation(found, mask(), None), Truth(trace_mask=true))
    assert scores == {
        "trace_dice": pytest.approx(2 * 2 / (3 + 4)),
        "trace_precision": pytest.approx(2 / 3),
        "trace_recall": pytest.approx(2 / 4),
        # two of three found pixels are near a true one; (5, 5), (5, 6) and, one to the right, (5, 7) are near a found one
        "trace_f1_1px": pytest.approx(2 * (2 / 3) * (3 / 4) / (2 / 3 + 3 / 4)),
    }


@pytest.mark.parametrize(("shift", "expected"), [((1, 0), 1.0), ((0, 1), 1.0), ((1, 1), 1.0), ((2, 0), 0.0), ((0, 2), 0.0)])
def test_a_pixel_may_be_one_off_in_any_direction_but_not_two(shift: tuple[int, int], expected: float) -> None:
    found = mask((8 + shift[0], 8 + shift[1]))
    scores = separation.score(PAGE, Separation(found, mask(), None), Truth(trace_mask=mask((8, 8))))
    assert scores["trace_f1_1px"] == expected
    assert scores["trace_dice"] == 0.0


def test_grid_dice_counts_grid_pixels() -> None:
    true, found = mask((1, 1), (1, 2)), mask((1, 2), (1, 3), (1, 4))
    scores = separation.score(PAGE, Separation(mask(), found, "red"), Truth(grid_mask=true))
    assert scores == {"grid_dice": pytest.approx(2 * 1 / (2 + 3))}


def test_nothing_found_where_there_is_nothing_is_right_and_where_there_is_something_is_wrong() -> None:
    nothing = Separation(mask(), mask(), None)
    right = separation.score(PAGE, nothing, Truth(trace_mask=mask(), grid_mask=mask()))
    assert set(right.values()) == {1.0} and len(right) == 5
    wrong = separation.score(PAGE, nothing, Truth(trace_mask=mask((1, 1)), grid_mask=mask((1, 1))))
    assert set(wrong.values()) == {0.0} and len(wrong) == 5
    invented = separation.score(PAGE, Separation(mask((1, 1)), mask((1, 1)), None), Truth(trace_mask=mask(), grid_mask=mask()))
    assert set(invented.values()) == {0.0} and len(invented) == 5


def test_masks_of_another_size_are_an_error_that_names_both_sizes() -> None:
    with pytest.raises(ValueError, match=r"\(3, 3\).*\(20, 30\)"):
        separation.score(PAGE, Separation(mask(), mask(), None), Truth(trace_mask=np.zeros((3, 3), np.bool_)))


def test_read_only_and_column_ordered_masks_are_scored_alike() -> None:
    true = mask((5, 5), (6, 9))
    true.setflags(write=False)
    scores = separation.score(PAGE, Separation(np.asfortranarray(true), mask(), None), Truth(trace_mask=true))
    assert scores["trace_dice"] == scores["trace_f1_1px"] == 1.0


def test_grid_errors_are_relative_to_the_truth_and_averaged_over_the_axes() -> None:
    truth = Truth(px_per_mm_x=8.0, px_per_mm_y=10.0, has_grid=True, angle_deg=1.0)
    scores = grid_fit.score(PAGE, fit(8.08, 9.7, angle_deg=-0.5), truth)
    assert scores == {
        "grid_detected": 1.0,
        "px_per_mm_error_pct": pytest.approx((1 + 3) / 2),
        "scale_family_right": 1.0,
        "angle_error_deg": pytest.approx(1.5),
    }


@pytest.mark.parametrize(
    ("factor", "right"), [(1.19, 1.0), (0.81, 1.0), (1.21, 0.0), (0.79, 0.0), (5.0, 0.0), (2.0, 0.0), (0.5, 0.0)]
)
def test_the_family_is_right_within_a_fifth(factor: float, right: float) -> None:
    truth = Truth(px_per_mm_x=8.0, px_per_mm_y=8.0, has_grid=True)
    assert grid_fit.score(PAGE, fit(8 * factor, 8.0), truth)["scale_family_right"] == right
    assert grid_fit.score(PAGE, fit(8.0, 8 * factor), truth)["scale_family_right"] == right


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


@pytest.mark.parametrize(("found", "true", "error"), [(89.5, -90.0, 0.5), (-2.0, 1.0, 3.0), (179.0, 0.0, 1.0)])
def test_angles_have_no_direction(found: float, true: float, error: float) -> None:
    truth = Truth(px_per_mm_x=8.0, px_per_mm_y=8.0, has_grid=True, angle_deg=true)
    assert grid_fit.score(PAGE, fit(8.0, 8.0, angle_deg=found), truth)["angle_error_deg"] == pytest.approx(error)


@pytest.mark.parametrize(
    ("passed", "legible", "right"), [(True, True, 1.0), (False, False, 1.0), (True, False, 0.0), (False, True, 0.0)]
)
def test_a_verdict_is_right_where_it_agrees_with_legibility(passed: bool, legible: bool, right: float) -> None:
    assert verdict.score(PAGE, report(passed), Truth(legible=legible)) == {"verdict_right": right}


def test_gates_passed_is_a_share() -> None:
    assert verdict.score(PAGE, report(False, True, True, False, True), Truth()) == {"gates_passed": 0.75}


@pytest.mark.parametrize(
    ("metric", "result"),
    [
        (content_box, edge_map(Box(0, 0, 1, 1))),
        (separation, Separation(mask(), mask(), None)),
        (grid_fit, fit(8.0, 8.0)),
        (verdict, report(True)),
    ],
)
def test_where_nothing_is_known_nothing_is_scored(metric: object, result: object) -> None:
    assert metric.score(PAGE, result, Truth()) == {}  # type: ignore[attr-defined]


def test_every_score_that_is_given_is_declared_and_every_one_that_is_declared_is_given() -> None:
    truth = Truth(
        Box(0, 0, 5, 5), mask((1, 1)), mask((2, 2)), 8.0, 8.0, True, 0.0, np.array([1.0]), np.array([1.0]), legible=True
    )
    results = {
        "edges": edge_map(Box(0, 0, 5, 5)),
        "color": Separation(mask((1, 1)), mask((2, 2)), "red"),
        "grid": fit(8.0, 8.0, fine_x=np.array([1.0])),
        "quality": report(True, True),
    }
    for metric in ecgbench_metrics():
        given = metric.score(PAGE, results[metric.task], truth)
        assert set(given) == {score.name for score in metric.scores}
        assert all(type(value) is float for value in given.values())
        assert "Source:" in metric.doc


def test_a_page_of_one_pixel_is_scored() -> None:
    page = Page(np.zeros((1, 1, 3), np.uint8))
    one = np.ones((1, 1), np.bool_)
    assert set(separation.score(page, Separation(one, one, None), Truth(trace_mask=one, grid_mask=one)).values()) == {1.0}
