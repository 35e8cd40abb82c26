"""Where millimeters lie in a picture: scales, crossings, boxes and grid masks, against drawn points and hand-worked values."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ecgbench.core.page import Box
from ecgbench.plugins.image_sets.synthetic.camera import Hold, held
from ecgbench.plugins.image_sets.synthetic.folding import Handling, draw_relief
from ecgbench.plugins.image_sets.synthetic.geometry import (
    Geometry,
    box_around,
    crossings,
    flat_geometry,
    grid_lines_mm,
    grid_mask,
    inside_of,
    warp,
)
from ecgbench.plugins.image_sets.synthetic.paper import Frame
from ecgbench.plugins.image_sets.synthetic.relief import Bend

SCALE = 200 / 25.4
FRAMES = {"full": Frame(0.0, 0.0, 279.4, 215.9), "framed": Frame(5.0, 40.0, 275.0, 210.0)}
FLAT = flat_geometry(200)


def tilted(angle_deg: float, flat: Geometry = FLAT) -> Geometry:
    """Turn a picture about its center, clockwise as seen."""
    angle, (height, width) = np.deg2rad(angle_deg), flat.shape
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    return flat.moved(np.vstack([np.column_stack([turn, middle - turn @ middle]), (0, 0, 1)]), flat.shape)


def seen(seed: int = 1, dpi: float = 200, *, bent: bool = False) -> Geometry:
    """Return the geometry of a photo from a steep angle, of a flat or of a crumpled sheet."""
    flat, rng = flat_geometry(dpi), np.random.default_rng(seed)
    matrix, _ = held(flat, Hold(float(rng.uniform(-4, 4)), 0.25, float(rng.uniform(0, 360)), 0.9, (0.2, -0.3)))
    relief = draw_relief((279.4, 215.9), Handling(4, 0.5, 8, 0.8, 2, 0.1, 20, 0.15), rng)
    return flat.moved(matrix, flat.shape, Bend(relief, np.array([150.0, 180.0]), 330.0) if bent else None)


def test_a_flat_page_at_200_dpi_has_the_known_geometry() -> None:
    assert FLAT.shape == (1700, 2200) and FLAT.is_flat
    np.testing.assert_allclose(FLAT.jacobian(np.array([100.0, 100.0])), [[SCALE, 0], [0, SCALE]])
    assert pytest.approx(7.874, abs=5e-4) == SCALE
    np.testing.assert_allclose(FLAT.to_pixels(np.array([(0.0, 0.0), (15.0, 25.4)])), [(-0.5, -0.5), (117.61, 199.5)], atol=0.01)


@pytest.mark.parametrize("bent", [False, True])
def test_mm_and_pixels_are_each_others_inverse(bent: bool) -> None:
    geometry = seen(bent=bent)
    points = np.random.default_rng(0).uniform(0, 215, (500, 2))
    np.testing.assert_allclose(geometry.to_mm(geometry.to_pixels(points)), points, atol=1e-6)


@pytest.mark.parametrize("bent", [False, True])
def test_the_jacobian_is_the_local_scale(bent: bool) -> None:
    geometry = seen(bent=bent)
    point, step = np.array([60.0, 150.0]), 1e-4
    around = geometry.to_pixels(point + np.array([(step, 0), (-step, 0), (0, step), (0, -step)]))
    measured = np.column_stack([around[0] - around[1], around[2] - around[3]]) / (2 * step)
    np.testing.assert_allclose(geometry.jacobian(point), measured, atol=1e-6)


@pytest.mark.parametrize("bent", [False, True])
@pytest.mark.parametrize("dpi", [72, 200, 300])
def test_the_map_of_all_pixels_agrees_with_the_exact_way_back(bent: bool, dpi: float) -> None:
    geometry = seen(dpi=dpi, bent=bent)
    mm = geometry.mm_map()
    assert mm.shape == (*geometry.shape, 2) and mm.dtype == np.float32
    row, column = np.random.default_rng(0).integers(0, geometry.shape, (2000, 2)).T
    exact = geometry.to_mm(np.column_stack([column, row]).astype(np.float64))
    off = (mm[row, column] - exact)[((exact > 0) & (exact < (279.4, 215.9))).all(axis=1)]
    off_px = np.hypot(*off.T) * geometry.size_at(np.array([140.0, 108.0]))
    assert np.percentile(off_px, 99) < 0.05 and off_px.max() < 0.25  # the worst are on the edges of the sharpest folds


@pytest.mark.parametrize("bent", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_drawn_points_land_where_the_geometry_says(seed: int, bent: bool) -> None:
    geometry = seen(seed, bent=bent)
    points = np.array([(20.0, 20.0), (139.7, 108.0), (250.0, 30.0), (40.0, 200.0), (260.0, 190.0)])
    drawn = np.zeros((*FLAT.shape, 3), np.uint8)
    for x, y in np.rint(FLAT.to_pixels(points) * 256).astype(int):
        cv2.circle(drawn, (int(x), int(y)), 6 * 256, (255, 255, 255), -1, cv2.LINE_AA, 8)
    laid = warp(drawn, FLAT, geometry.mm_map(), np.zeros_like(drawn))[..., 0].astype(np.float64)
    for x, y in geometry.to_pixels(points):
        left, top = round(x) - 12, round(y) - 12
        spot = laid[top : top + 25, left : left + 25]
        row, column = np.mgrid[top : top + 25, left : left + 25]
        assert (column * spot).sum() / spot.sum() == pytest.approx(x, abs=0.2)
        assert (row * spot).sum() / spot.sum() == pytest.approx(y, abs=0.2)


def test_a_line_across_a_bent_sheet_is_drawn_as_its_many_points() -> None:
    geometry = seen(bent=True)
    ends = np.array([(10.0, 50.0), (270.0, 50.0), (np.nan, np.nan), (10.0, 60.0), (10.0, 61.0)])
    path = geometry.path_to_pixels(ends)
    back = geometry.to_mm(path[np.isfinite(path).all(axis=1)])
    first = back[:-2]
    assert len(first) == 261
    np.testing.assert_allclose(first, np.column_stack([np.arange(10, 271), np.full(261, 50.0)]), atol=1e-5)
    np.testing.assert_allclose(back[-2:], ends[-2:], atol=1e-5)
    assert len(flat_geometry(200).path_to_pixels(ends)) == len(ends)


@pytest.mark.parametrize("bent", [False, True])
def test_the_inside_of_an_outline_is_what_lies_within_it_on_the_sheet(bent: bool) -> None:
    geometry = seen(dpi=100, bent=bent)
    mask = inside_of(geometry, np.array([(20.0, 30.0), (200.0, 30.0), (200.0, 150.0), (20.0, 150.0)]))
    mm = geometry.mm_map()
    beyond = np.maximum((20.0, 30.0) - mm, mm - (200.0, 150.0)).max(axis=2)
    sure = np.abs(beyond) > 0.5
    np.testing.assert_array_equal(mask[sure], beyond[sure] < 0)


def test_grid_lines_stand_at_whole_mm_from_the_frame_and_include_its_edges() -> None:
    xs, ys = grid_lines_mm(FRAMES["framed"])
    assert xs[0] == 5 and xs[-1] == 275 and len(xs) == 271
    assert ys[0] == 40 and ys[-1] == 210 and len(ys) == 171
    xs, _ = grid_lines_mm(FRAMES["full"], 5)
    np.testing.assert_array_equal(xs, np.arange(0, 276, 5))


def test_lines_of_a_flat_page_cross_its_midlines_at_their_mm() -> None:
    fine_x, fine_y = crossings(FLAT, FRAMES["framed"], 1)
    np.testing.assert_allclose(fine_x, np.arange(5, 276) * SCALE - 0.5)
    np.testing.assert_allclose(fine_y, np.arange(40, 211) * SCALE - 0.5)


@pytest.mark.parametrize("angle", [3.0, -2.0])
def test_lines_of_a_turned_page_cross_the_midlines_further_apart(angle: float) -> None:
    geometry = tilted(angle)
    for lines in crossings(geometry, FRAMES["full"], 5):
        np.testing.assert_allclose(np.diff(lines), 5 * SCALE / np.cos(np.deg2rad(angle)))
    rows = geometry.jacobian(np.array([0.0, 0.0]))[:, 0]
    assert np.rad2deg(np.arctan2(rows[1], rows[0])) == pytest.approx(angle)  # positive is clockwise: y points down


@pytest.mark.parametrize("bent", [False, True])
def test_crossings_lie_on_their_lines_in_a_photo(bent: bool) -> None:
    geometry = seen(bent=bent)
    height, width = geometry.shape
    fine_x, fine_y = crossings(geometry, FRAMES["framed"], 1)
    on_midline = geometry.to_mm(np.column_stack([fine_x, np.full(len(fine_x), (height - 1) / 2)]))
    np.testing.assert_allclose(on_midline[:, 0], np.arange(5, 276), atol=1e-3)
    on_midline = geometry.to_mm(np.column_stack([np.full(len(fine_y), (width - 1) / 2), fine_y]))
    np.testing.assert_allclose(on_midline[:, 1], np.arange(40, 211), atol=1e-3)


def test_lines_that_end_before_the_midline_are_left_out() -> None:
    fine_x, fine_y = crossings(FLAT, Frame(20, 20, 100, 90), 1)  # the midlines lie at 139.7 and 107.95 mm
    assert fine_x.size == 0 and fine_y.size == 0


def test_a_box_holds_every_pixel_that_the_hull_touches() -> None:
    points = np.array([(2.4, 3.6), (7.5, 9.51)])
    assert box_around(points, (100, 100)) == Box(2, 4, 6, 7)  # columns 2..7, rows 4..10
    assert box_around(np.array([(-9.0, -9.0), (500.0, 500.0)]), (100, 80)) == Box(0, 0, 80, 100)


@pytest.mark.parametrize("frame", ["full", "framed"])
def test_both_ways_to_make_a_grid_mask_agree(frame: str) -> None:
    flat = flat_geometry(150)
    nudged = flat.moved(np.array([(1, 1e-13, 0), (0, 1, 0), (0, 0, 1)]), flat.shape)
    assert not nudged.is_flat
    differing = grid_mask(flat, FRAMES[frame], 0.12, 0.22) != grid_mask(nudged, FRAMES[frame], 0.12, 0.22)
    assert differing.mean() < 5e-3  # pixels whose center lies on the very edge of a line: each 127 mm all of a line's


def test_a_grid_mask_under_perspective_holds_the_pixels_near_lines_and_no_others() -> None:
    geometry = seen(dpi=100)
    frame = FRAMES["framed"]
    mask = grid_mask(geometry, frame, 0.12, 0.6)
    y, x = np.mgrid[: mask.shape[0] : 7, : mask.shape[1] : 7]
    mm = geometry.to_mm(np.column_stack([x.ravel(), y.ravel()]).astype(np.float64))
    half_pixel = 0.5 / geometry.size_at(np.array([140.0, 125.0]))
    near_fine = (np.abs(mm - np.rint(mm)) <= half_pixel).any(axis=1)
    near_bold = (np.abs(mm / 5 - np.rint(mm / 5)) * 5 <= 0.3).any(axis=1)
    beyond = np.maximum((frame.left, frame.top) - mm, mm - (frame.right, frame.bottom)).max(axis=1)
    agree = mask[y, x].ravel() == ((near_fine | near_bold) & (beyond < 0))
    assert agree[np.abs(beyond) > 0.5].mean() > 0.9995  # the frame's own edge may be drawn up to a pixel outside
