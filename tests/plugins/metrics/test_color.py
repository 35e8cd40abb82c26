"""Separations against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.core.page import Page
from ecgbench.core.results import Separation
from ecgbench.core.truth import TraceTruth, Truth
from ecgbench.plugins.metrics import separation

PAGE = Page(np.full((20, 30, 3), 255, np.uint8))


def mask(*pixels: tuple[int, int]) -> np.ndarray:
    drawn = np.zeros(PAGE.shape, np.bool_)
    for row, column in pixels:
        drawn[row, column] = True
    return drawn


def row_of(row: int, first: int, last: int) -> np.ndarray:
    return mask(*((row, column) for column in range(first, last)))


def score(trace: np.ndarray, truth: Truth, grid: np.ndarray | None = None) -> dict[str, float]:
    return dict(separation.score(PAGE, Separation(trace, mask() if grid is None else grid, None), truth))


def lead(points: list[tuple[float, float]]) -> TraceTruth:
    return TraceTruth("I", np.array(points, dtype=np.float64).reshape(-1, 2), 500.0)


def test_trace_scores_count_pixels() -> None:
    true = mask((5, 5), (5, 6), (5, 7), (5, 8))
    found = mask((5, 5), (5, 6), (9, 20))
    assert score(found, Truth(trace_mask=true)) == {
        "trace_dice": pytest.approx(2 * 2 / (3 + 4)),
        "trace_iou": pytest.approx(2 / 5),
        "trace_precision": pytest.approx(2 / 3),
        "trace_recall": pytest.approx(2 / 4),
        # two of three found pixels are near a true one; (5, 5), (5, 6) and, one to the right, (5, 7) are near a found one
        "trace_f1_1px": pytest.approx(2 * (2 / 3) * (3 / 4) / (2 / 3 + 3 / 4)),
        # lines one pixel thin are their own skeletons
        "trace_cldice": pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4)),
    }


def test_grid_scores_count_pixels() -> None:
    true, found = mask((1, 1), (1, 2), (8, 8)), mask((1, 2), (1, 3), (1, 4))
    assert score(mask(), Truth(grid_mask=true), found) == {
        "grid_dice": pytest.approx(2 * 1 / (3 + 3)),
        "grid_iou": pytest.approx(1 / 5),
        "grid_f1_1px": pytest.approx(2 / 3),  # 2 of 3 found are near a true one, 2 of 3 true ones near a found one
    }


@pytest.mark.parametrize(("shift", "expected"), [((1, 0), 1.0), ((0, 1), 1.0), ((1, 1), 1.0), ((2, 0), 0.0), ((0, 2), 0.0)])
def test_a_pixel_may_be_one_off_in_any_direction_but_not_two(shift: tuple[int, int], expected: float) -> None:
    found = mask((8 + shift[0], 8 + shift[1]))
    scores = score(found, Truth(trace_mask=mask((8, 8)), grid_mask=mask((8, 8))), found)
    assert scores["trace_f1_1px"] == scores["grid_f1_1px"] == expected
    assert scores["trace_dice"] == scores["grid_dice"] == 0.0


def test_center_lines_forgive_the_width_of_the_trace_but_not_its_gaps() -> None:
    thin = row_of(10, 2, 28)
    wide = row_of(9, 2, 28) | thin | row_of(11, 2, 28)
    as_wide = score(wide, Truth(trace_mask=thin))
    assert as_wide["trace_dice"] == pytest.approx(2 * 26 / (26 + 78))
    assert as_wide["trace_cldice"] == 1.0
    halved = score(row_of(10, 2, 15), Truth(trace_mask=thin))
    assert halved["trace_cldice"] == pytest.approx(2 * 1 * 0.5 / 1.5)


@pytest.mark.parametrize("name", ["label_mask", "pulse_mask", "separator_mask"])
def test_ink_that_is_known_not_to_be_trace_is_not_judged(name: str) -> None:
    true, label = row_of(10, 2, 10), mask((4, 20), (4, 21))
    found = true | label | mask((5, 22))  # the last one touches the label
    clean = score(found, Truth(trace_mask=true, **{name: label}))
    assert set(clean.values()) == {1.0}
    assert score(found, Truth(trace_mask=true))["trace_precision"] == pytest.approx(8 / 11)
    far = score(found | mask((7, 22)), Truth(trace_mask=true, **{name: label}))
    assert far["trace_precision"] == pytest.approx(8 / 9)


def test_trace_that_runs_along_a_label_is_judged() -> None:
    true = row_of(10, 2, 10)
    truth = Truth(trace_mask=true, label_mask=row_of(11, 2, 10))
    assert score(true, truth)["trace_recall"] == 1.0
    assert score(mask(), truth)["trace_recall"] == 0.0


def test_what_is_lost_of_a_lead_is_a_share_of_its_samples() -> None:
    found = row_of(10, 0, 11)
    points = [(float(x), 11.4) for x in range(20)]  # one row below the found trace: its first 12 samples are within 1 px
    assert score(found, Truth(traces=(lead(points),))) == {"trace_lost_pct": pytest.approx(40.0)}
    other = lead([(5.0, 10.0), (6.0, 10.0)])
    assert score(found, Truth(traces=(lead(points), other)))["trace_lost_pct"] == pytest.approx(20.0)


def test_samples_outside_the_picture_or_unknown_are_not_lost() -> None:
    points = [(0.0, 10.0), (np.nan, np.nan), (-3.0, 5.0), (40.0, 10.0), (5.0, 300.0)]
    assert score(row_of(10, 0, 5), Truth(traces=(lead(points),)))["trace_lost_pct"] == 0.0
    assert score(mask(), Truth(traces=(lead([(np.nan, 1.0)]), lead([])))) == {}
    assert score(mask(), Truth(traces=())) == {}


def test_nothing_found_where_there_is_nothing_is_right_and_where_there_is_something_is_wrong() -> None:
    right = score(mask(), Truth(trace_mask=mask(), grid_mask=mask()), mask())
    assert set(right.values()) == {1.0} and len(right) == 9
    wrong = score(mask(), Truth(trace_mask=mask((1, 1)), grid_mask=mask((1, 1))), mask())
    assert set(wrong.values()) == {0.0} and len(wrong) == 9
    invented = score(mask((1, 1)), Truth(trace_mask=mask(), grid_mask=mask()), mask((1, 1)))
    assert set(invented.values()) == {0.0} and len(invented) == 9


def test_read_only_and_column_ordered_masks_are_scored_alike() -> None:
    true = mask((5, 5), (6, 9))
    true.setflags(write=False)
    scores = score(np.asfortranarray(true), Truth(trace_mask=true))
    assert scores["trace_dice"] == scores["trace_f1_1px"] == scores["trace_cldice"] == 1.0


def test_what_is_kept_of_one_truth_is_not_taken_for_another() -> None:
    one, other = Truth(trace_mask=row_of(3, 0, 9)), Truth(trace_mask=row_of(9, 0, 9))
    found = row_of(3, 0, 9)
    assert [score(found, truth)["trace_dice"] for truth in (one, other, one)] == [1.0, 0.0, 1.0]


def test_a_page_of_one_pixel_is_scored() -> None:
    page = Page(np.zeros((1, 1, 3), np.uint8))
    one = np.ones((1, 1), np.bool_)
    scores = separation.score(page, Separation(one, one, None), Truth(trace_mask=one, grid_mask=one))
    assert set(scores.values()) == {1.0}
