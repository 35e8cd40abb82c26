"""What a camera's hold says of the picture, measured on the geometry that it gives."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.camera import Hold, held, keystone, on_glass
from ecgbench.plugins.image_sets.synthetic.geometry import Geometry, corners, flat_geometry

SIZES = [(279.4, 215.9), (279.4, 64.0), (100.0, 200.0)]


def angle_deg(geometry: Geometry, point: np.ndarray) -> float:
    row = geometry.jacobian(point)[:, 0]
    return float(np.rad2deg(np.arctan2(row[1], row[0])))


@pytest.mark.parametrize("size_mm", SIZES)
@pytest.mark.parametrize("toward_deg", [0, 70, 135, 200, 290])
@pytest.mark.parametrize(("tilt", "wanted"), [(0.1, 0.01), (-3.8, 0.265)])
def test_a_picture_has_the_tilt_and_the_keystone_of_its_hold(
    size_mm: tuple[float, float], toward_deg: float, tilt: float, wanted: float
) -> None:
    flat = flat_geometry(100, size_mm)
    matrix, slant_deg = held(flat, Hold(tilt, wanted, toward_deg, 0.9, (0.5, -0.5)))
    geometry = flat.moved(matrix, flat.shape)
    assert angle_deg(geometry, np.array(size_mm) / 2) == pytest.approx(tilt, abs=0.02)
    if slant_deg < 50:  # a strip is too low for so much keystone from above or below
        assert keystone(geometry) == pytest.approx(wanted, abs=1e-3)
    assert 0 <= slant_deg <= 50


@pytest.mark.parametrize("fill", [0.8, 0.95, 1.03])
def test_a_sheet_fills_what_its_hold_says_and_the_side_where_the_camera_is_looks_larger(fill: float) -> None:
    flat = flat_geometry(100)
    matrix, _ = held(flat, Hold(1.0, 0.1, 90.0, fill, (1.0, -1.0)))
    geometry = flat.moved(matrix, flat.shape)
    outline = geometry.to_pixels(corners(0, 0, 279.4, 215.9))
    extent = np.ptp(outline, axis=0) / flat.shape[::-1]
    assert extent.max() == pytest.approx(fill, rel=1e-6)
    if fill < 1:
        assert outline[:, 0].max() == pytest.approx(flat.shape[1] - 0.5, abs=0.6)  # shifted to the right, and to the top
        assert outline[:, 1].min() == pytest.approx(-0.5, abs=0.6)
    upper, lower = (np.hypot(*(outline[b] - outline[a])) for a, b in ((0, 1), (3, 2)))
    assert lower > 1.01 * upper


def test_without_slant_a_hold_only_turns_scales_and_moves() -> None:
    flat = flat_geometry(100)
    matrix, slant_deg = held(flat, Hold(2.0, 0.0, 33.0, 0.9, (0.0, 0.0)))
    geometry = flat.moved(matrix, flat.shape)
    assert slant_deg == 0 and keystone(geometry) < 1e-9
    jacobian = geometry.jacobian(np.array([10.0, 20.0]))
    np.testing.assert_allclose(
        jacobian @ jacobian.T, np.eye(2) * geometry.size_at(np.array([200.0, 100.0])) ** 2, rtol=1e-9, atol=1e-9
    )


def test_a_scanned_sheet_is_turned_about_its_center_and_moved_by_millimeters() -> None:
    flat = flat_geometry(100)
    geometry = flat.moved(on_glass(flat, 1.5, (2.0, -1.0)), flat.shape)
    middle = np.array([139.7, 107.95])
    assert angle_deg(geometry, middle) == pytest.approx(1.5)
    assert geometry.size_at(middle) == pytest.approx(100 / 25.4)
    np.testing.assert_allclose(
        geometry.to_pixels(middle[None]) - flat.to_pixels(middle[None]), [np.array([2, -1]) * 100 / 25.4], atol=1e-6
    )
