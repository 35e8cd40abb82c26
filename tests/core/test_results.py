"""Tests of results: they refuse what they do not declare, are written as JSON and drawn at the size of the page."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgbench import Box, EdgeMap, Gate, GridFit, Page, QualityReport, Result, Separation, Signals
from ecgbench.core.results import BLUE, ORANGE, ResultError

SHAPES = [(1, 1), (1, 50), (50, 1), (40, 60), (5, 3000)]


def page_of(shape: tuple[int, int]) -> Page:
    return Page(np.full((*shape, 3), 200, np.uint8))


def mask(shape: tuple[int, int]) -> np.ndarray:
    return np.indices(shape).sum(axis=0) % 7 == 0


def results_of(shape: tuple[int, int]) -> list[Result]:
    lines = np.arange(0, max(shape), 8.0)
    gate = Gate("blur", np.float32(12.5), 10, "1", np.bool_(True), "sharp enough")
    return [
        EdgeMap(mask(shape), Box(0, 0, shape[1], shape[0])),
        EdgeMap(np.zeros(shape, bool), None),
        Separation(mask(shape), ~mask(shape), "red"),
        GridFit(np.float64(7.87), 7.9, np.float32(1.5), lines, lines, lines[::5], lines[::5], 0.9),
        GridFit(None, None),
        QualityReport(np.bool_(True), (gate, Gate("px/mm", None, 3, "px/mm", False, "no grid was found")), ("dim",)),
        QualityReport(False, ()),
        Signals(500.0, {"I": np.zeros(100, np.float32), "II": np.full(100, np.nan, np.float32)}, "3x4+1"),
        Signals(500.0, {"I": np.zeros(0, np.float32), "II": np.zeros(1, np.float32)}),
        Signals(np.float64(500), {}),
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_result_of_any_page_passes_its_own_check_is_json_and_is_drawn_at_the_size_of_the_page(shape):
    page = page_of(shape)
    for result in results_of(shape):
        result.check(page)
        written = result.to_dict()
        assert json.loads(json.dumps(written, allow_nan=False)) == written
        picture = result.draw(page)
        assert (picture.shape, picture.dtype) == ((*shape, 3), np.uint8), result
        assert picture.flags.writeable


def test_drawing_changes_neither_page_nor_result():
    shape = (40, 60)
    page = page_of(shape)
    for result in results_of(shape):
        before = json.dumps(result.to_dict())
        result.draw(page)
        assert json.dumps(result.to_dict()) == before
    assert (page.bgr == 200).all()


def test_an_edge_map_counts_pixels_and_outer_contours():
    edges = np.zeros((30, 40), bool)
    edges[5:15, 5:15] = True
    edges[8:12, 8:12] = False  # a hole: its inner contour does not count
    edges[20, 20:30] = True
    found = EdgeMap(edges, Box(5, 5, 25, 16))
    assert found.edge_pixels == 100 - 16 + 10
    assert found.edge_count == 2
    assert found.to_dict() == {"bounding_box": [5, 5, 25, 16], "corners": None, "edge_pixels": 94, "edge_count": 2}
    assert all(contour.dtype == np.int32 and contour.shape[1:] == (1, 2) for contour in found.contours)


def test_contours_are_found_once_and_only_when_asked_for(monkeypatch):
    calls = []
    find = cv2.findContours
    monkeypatch.setattr(cv2, "findContours", lambda *arguments: calls.append(1) or find(*arguments))
    edges = np.zeros((9, 9), bool)
    edges.setflags(write=False)
    found = EdgeMap(edges, None)
    found.check(page_of((9, 9)))
    assert calls == []
    assert (found.edge_count, found.edge_count, found.contours) == (0, 0, ())
    assert calls == [1]


def test_contours_of_a_strided_mask_are_those_of_its_copy():
    edges = np.zeros((30, 40), bool)
    edges[4:9:2, 3:30:3] = True
    view = edges[::2, ::3]
    assert EdgeMap(view, None).edge_count == EdgeMap(view.copy(), None).edge_count == 1


@pytest.mark.parametrize(
    "edges",
    [
        np.zeros((4, 6), np.uint8),
        np.zeros((6, 4), bool),
        np.zeros((4, 6, 1), bool),
        [[False] * 6] * 4,
        None,
    ],
)
def test_a_mask_of_another_size_or_type_is_refused_by_name(edges):
    page = page_of((4, 6))
    good = np.zeros((4, 6), bool)
    with pytest.raises(ResultError, match=r"EdgeMap\.edges must be a bool array of shape \(4, 6\), got"):
        EdgeMap(edges, None).check(page)
    with pytest.raises(ResultError, match=r"Separation\.trace"):
        Separation(edges, good, None).check(page)
    with pytest.raises(ResultError, match=r"Separation\.grid"):
        Separation(good, edges, None).check(page)


def test_edges_are_drawn_where_they_are():
    edges = np.zeros((9, 9), bool)
    edges[4, 2:7] = True
    picture = EdgeMap(edges, None).draw(page_of((9, 9)))
    assert np.array_equal((picture == BLUE).all(axis=2), edges)


def test_the_trace_is_drawn_over_the_grid():
    trace, grid = np.eye(5, dtype=bool), np.ones((5, 5), bool)
    picture = Separation(trace, grid, "red").draw(page_of((5, 5)))
    assert np.array_equal((picture == BLUE).all(axis=2), trace)
    assert np.array_equal((picture == ORANGE).all(axis=2), ~trace)


GOOD_GRID = GridFit(7.87, 7.87, 0.0, quality_score=0.5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"px_per_mm_x": 0.0}, "px_per_mm_x must be positive or None"),
        ({"px_per_mm_y": -1.0}, "px_per_mm_y must be positive or None"),
        ({"px_per_mm_x": float("nan")}, "px_per_mm_x must be positive or None"),
        ({"px_per_mm_y": float("inf")}, "px_per_mm_y must be positive or None"),
        ({"quality_score": 1.01}, "quality_score must lie in 0..1"),
        ({"quality_score": float("nan")}, "quality_score must lie in 0..1"),
        ({"angle_deg": float("nan")}, "angle_deg must lie in -45..45"),
        ({"angle_deg": 90.0}, "angle_deg must lie in -45..45"),
        ({"fine_x": [1.0, 2.0]}, r"fine_x must be a float64 array of shape \(n,\)"),
        ({"fine_y": np.zeros(3, np.float32)}, "fine_y must be a float64 array"),
        ({"bold_x": np.zeros((3, 1))}, "bold_x must be a float64 array"),
        ({"bold_y": np.array([1.0, np.nan])}, "bold_y must hold finite positions"),
    ],
)
def test_a_grid_that_cannot_be_is_refused_by_name(change, sentence):
    page = page_of((4, 6))
    GOOD_GRID.check(page)
    with pytest.raises(ResultError, match=sentence):
        replace(GOOD_GRID, **change).check(page)


def test_a_grid_is_found_where_both_axes_have_a_scale():
    assert GOOD_GRID.found
    assert not replace(GOOD_GRID, px_per_mm_y=None).found
    assert not GridFit(None, None).found


def test_grid_lines_cross_the_midlines_at_their_positions():
    page = page_of((101, 101))
    fit = GridFit(10.0, 10.0, 5.0, bold_x=np.array([30.0]), bold_y=np.array([70.0]))
    ground = GridFit(None, None).draw(page).astype(int)
    changed = np.abs(fit.draw(page) - ground).sum(axis=2) > 60
    assert changed[50, 30]
    assert changed[70, 50]
    # Positive is clockwise as seen: the vertical line leans right at its top, the horizontal one falls to the right.
    assert np.flatnonzero(changed[0]).mean() == pytest.approx(30 + 50 * np.tan(np.deg2rad(5)), abs=1.5)
    assert np.flatnonzero(changed[:, 100]).mean() == pytest.approx(70 + 50 * np.tan(np.deg2rad(5)), abs=1.5)


def test_the_fit_of_a_part_moves_to_the_whole_picture():
    whole, box = (200, 300), Box(40, 30, 120, 90)
    slope = np.tan(np.deg2rad(3))
    x, y = 110.0, 80.0  # where a vertical and a horizontal line of the grid cross the midlines of the whole
    x_in_part = x - slope * (box.y + box.height / 2 - whole[0] / 2) - box.x
    y_in_part = y + slope * (box.x + box.width / 2 - whole[1] / 2) - box.y
    vertical, horizontal = np.array([x_in_part]), np.array([y_in_part])
    moved = GridFit(8.0, 8.0, 3.0, fine_x=vertical, bold_x=vertical, fine_y=horizontal).moved(box, whole)
    assert (moved.fine_x[0], moved.bold_x[0], moved.fine_y[0]) == pytest.approx((x, x, y))
    assert (moved.px_per_mm_x, moved.angle_deg, moved.bold_y.size) == (8.0, 3.0, 0)


def test_gates_need_names_of_their_own_and_numbers_that_exist():
    page = page_of((4, 6))
    gate = Gate("blur", 1.0, 2.0, "1", False, "blurred")
    QualityReport(False, (gate, replace(gate, name="contrast", value=None))).check(page)
    with pytest.raises(ResultError, match="a name of its own"):
        QualityReport(False, (gate, gate)).check(page)
    with pytest.raises(ResultError, match="must be Gate values"):
        QualityReport(False, (gate, "blur")).check(page)
    with pytest.raises(ResultError, match="blur must have a finite value or None"):
        QualityReport(False, (replace(gate, value=float("nan")),)).check(page)


@pytest.mark.parametrize(
    ("signals", "sentence"),
    [
        (Signals(0.0, {}), "fs must be positive"),
        (Signals(float("nan"), {}), "fs must be positive"),
        (Signals(500.0, {"II": np.zeros(5)}), r"leads\['II'\] must be a float32 array"),
        (Signals(500.0, {"II": np.zeros((5, 1), np.float32)}), r"leads\['II'\] must be a float32 array"),
        (Signals(500.0, {"II": [0.0]}), r"leads\['II'\] must be a float32 array"),
    ],
)
def test_signals_that_are_not_float32_rows_are_refused_by_name(signals, sentence):
    with pytest.raises(ResultError, match=sentence):
        signals.check(page_of((4, 6)))


def test_signals_tell_how_much_of_each_lead_is_known():
    lead = np.array([0.1, np.nan, 0.2, np.nan], np.float32)
    assert Signals(500.0, {"II": lead}, "strip").to_dict() == {
        "fs": 500.0,
        "layout": "strip",
        "leads": {"II": {"samples": 4, "known": 0.5}},
    }


def test_results_are_frozen():
    for result in results_of((4, 6)):
        with pytest.raises(AttributeError):
            result.task = "other"
        with pytest.raises(AttributeError):
            result.anything = 1


def test_each_result_names_its_task():
    assert [kind.task for kind in (EdgeMap, Separation, GridFit, QualityReport, Signals)] == [
        "edges",
        "color",
        "grid",
        "quality",
        "digitize",
    ]


def test_a_result_that_cannot_be_written_or_drawn_cannot_be_made():
    class Half(Result):
        task = "edges"

        def to_dict(self):
            return {}

    with pytest.raises(TypeError, match="draw"):
        Half()
