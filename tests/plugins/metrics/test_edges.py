"""Edge maps against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.core.page import Box, Page
from ecgbench.core.results import EdgeMap
from ecgbench.core.truth import TraceTruth, Truth
from ecgbench.plugins.metrics import boundaries, content_box, corners, edge_texture

PAGE = Page(np.full((40, 60, 3), 255, np.uint8))
SQUARE = np.array([(10.0, 5.0), (50.0, 5.0), (50.0, 35.0), (10.0, 35.0)])


def mask(*pixels: tuple[int, int]) -> np.ndarray:
    drawn = np.zeros(PAGE.shape, np.bool_)
    for row, column in pixels:
        drawn[row, column] = True
    return drawn


def row_of(row: int, first: int = 0, last: int = 60) -> np.ndarray:
    return mask(*((row, column) for column in range(first, last)))


def bounds(edges: np.ndarray, truth: Truth) -> dict[str, float]:
    return dict(boundaries.score(PAGE, EdgeMap(edges, None), truth))


def inked(trace: np.ndarray, px_per_mm: float = 4.0, **more: object) -> Truth:
    return Truth(trace_mask=trace, px_per_mm_x=px_per_mm, px_per_mm_y=px_per_mm, **more)  # type: ignore[arg-type]


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
    scores = content_box.score(PAGE, EdgeMap(mask(), found), Truth(content_box=Box(0, 0, 10, 10)))
    assert scores == {"content_box_iou": pytest.approx(expected)}


def corner_error(found: np.ndarray | None, **truth: object) -> dict[str, float]:
    return dict(corners.score(PAGE, EdgeMap(mask(), None, found), Truth(**truth)))  # type: ignore[arg-type]


def test_corner_errors_are_distances_in_millimeters_of_each_axis() -> None:
    off = SQUARE + np.array([(3.0, 0.0), (0.0, 8.0), (3.0, 8.0), (0.0, 0.0)])
    found = corner_error(off, corners=SQUARE, px_per_mm_x=1.0, px_per_mm_y=2.0)
    assert found == {"corner_error_mm": pytest.approx((3 + 4 + 5 + 0) / 4)}


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_which_corner_is_named_first_is_not_judged(turn: int) -> None:
    found = corner_error(np.roll(SQUARE, turn, axis=0), corners=SQUARE, px_per_mm_x=8.0, px_per_mm_y=8.0)
    assert found == {"corner_error_mm": 0.0}


def test_corners_are_judged_only_where_both_sides_and_the_scale_are_known() -> None:
    assert corner_error(None, corners=SQUARE, px_per_mm_x=8.0, px_per_mm_y=8.0) == {}
    assert corner_error(SQUARE, px_per_mm_x=8.0, px_per_mm_y=8.0) == {}
    assert corner_error(SQUARE, corners=SQUARE) == {}


def test_boundaries_count_edge_pixels_near_the_outline_and_outline_near_edges() -> None:
    truth = inked(row_of(20))  # one pixel thin: its own outline; a tolerance of 1 px
    found = bounds(row_of(21, 0, 30) | row_of(23, 0, 10), truth)
    precision, recall = 30 / 40, 31 / 60  # the edge's last pixel is near one more
    assert found == {
        "boundary_precision": pytest.approx(precision),
        "boundary_recall": pytest.approx(recall),
        "boundary_f1": pytest.approx(2 * precision * recall / (precision + recall)),
    }


@pytest.mark.parametrize(("px_per_mm", "reach"), [(0.5, 1), (4.0, 1), (8.0, 2), (16.0, 4)])
def test_the_tolerance_is_a_quarter_of_a_millimeter_and_at_least_a_pixel(px_per_mm: float, reach: int) -> None:
    truth = inked(row_of(20), px_per_mm)
    assert bounds(row_of(20 - reach), truth)["boundary_f1"] == 1.0
    assert bounds(row_of(20 - reach - 1), truth)["boundary_f1"] == 0.0


@pytest.mark.parametrize("name", ["label_mask", "pulse_mask", "separator_mask"])
def test_all_ink_but_the_grid_has_boundaries(name: str) -> None:
    edges = row_of(20) | row_of(5)
    assert bounds(edges, inked(row_of(20)))["boundary_precision"] == 0.5
    assert bounds(edges, inked(row_of(20), **{name: row_of(5)}))["boundary_precision"] == 1.0
    assert bounds(edges, inked(row_of(20), grid_mask=row_of(5)))["boundary_precision"] == 0.5


def test_the_inside_of_wide_ink_is_no_boundary() -> None:
    truth = inked(row_of(17) | row_of(18) | row_of(19) | row_of(20) | row_of(21) | row_of(22) | row_of(23))
    assert bounds(row_of(20), truth)["boundary_f1"] == 0.0
    assert bounds(row_of(17) | row_of(23), truth)["boundary_f1"] == 1.0


def test_edges_of_the_paper_are_not_judged() -> None:
    edges = row_of(20) | row_of(6, 12, 48)
    assert bounds(edges, inked(row_of(20)))["boundary_precision"] == 60 / 96
    assert bounds(edges, inked(row_of(20), corners=SQUARE))["boundary_precision"] == 1.0


def test_no_edges_where_there_is_no_ink_is_right_and_where_there_is_some_is_wrong() -> None:
    assert set(bounds(mask(), inked(mask())).values()) == {1.0}
    assert set(bounds(mask(), inked(row_of(20))).values()) == {0.0}
    assert set(bounds(row_of(20), inked(mask())).values()) == {0.0}


def test_line_continuity_is_the_chance_that_two_samples_are_joined() -> None:
    lead = TraceTruth("I", np.column_stack([np.arange(60.0), np.full(60, 20.0)]), 500.0)
    truth = inked(row_of(20), traces=(lead,))
    assert bounds(row_of(20), truth)["line_continuity"] == 1.0
    assert bounds(mask(), truth)["line_continuity"] == 0.0
    # edges reach 2 px (0.5 mm) beyond their ends: 22 and 22 samples of 60 are covered
    gap = bounds(row_of(20, 0, 20) | row_of(20, 40, 60), truth)["line_continuity"]
    assert gap == pytest.approx(2 * (22 / 60) ** 2)
    twice = inked(row_of(20), traces=(lead, TraceTruth("II", lead.points - [0.0, 15.0], 500.0)))
    assert bounds(row_of(20), twice)["line_continuity"] == 0.5


def test_leads_outside_the_picture_have_no_continuity() -> None:
    away = TraceTruth("I", np.array([(100.0, 5.0), (np.nan, 3.0)]), 500.0)
    assert "line_continuity" not in bounds(row_of(20), inked(row_of(20), traces=(away,)))


def texture(edges: np.ndarray) -> dict[str, float]:
    return dict(edge_texture.score(PAGE, EdgeMap(edges, None), Truth(content_box=Box(0, 0, 1, 1))))


def test_a_line_goes_on_but_at_its_ends_and_a_dot_does_not() -> None:
    found = texture(row_of(20, 0, 10) | mask((5, 5), (39, 59)))
    assert found == {"edge_density": 12 / 2400, "edge_connectivity": 8 / 12, "isolated_pixel_noise": 2 / 12}


def test_diagonal_neighbors_are_neighbors() -> None:
    assert texture(np.eye(40, 60, dtype=np.bool_))["isolated_pixel_noise"] == 0.0


def test_a_page_of_which_nothing_is_known_is_not_scored_by_its_edges_alone() -> None:
    assert dict(edge_texture.score(PAGE, EdgeMap(mask(), None), Truth())) == {}


def test_a_page_without_edges_has_no_texture() -> None:
    assert texture(mask()) == {"edge_density": 0.0}
    full = texture(np.ones(PAGE.shape, np.bool_))
    assert full == {"edge_density": 1.0, "edge_connectivity": 1.0, "isolated_pixel_noise": 0.0}


def test_what_is_kept_of_one_truth_is_not_taken_for_another() -> None:
    one, other = inked(row_of(20)), inked(row_of(10))
    assert [bounds(row_of(20), truth)["boundary_f1"] for truth in (one, other, one)] == [1.0, 0.0, 1.0]
