"""What lies around a sheet, and the shadow that it casts there."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.geometry import corners
from ecgbench.plugins.image_sets.synthetic.ground import Ground, draw_table, draw_window, drop_shadow


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("kind", ["wood", "plain", "cloth", "window"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (200, 300)])
def test_a_ground_has_its_color_and_its_texture(kind: str, shape: tuple[int, int]) -> None:
    painted = Ground(kind, (60, 90, 120), 1).paint(shape)
    assert painted.shape == (*shape, 3) and painted.dtype == np.uint8
    np.testing.assert_array_equal(painted, Ground(kind, (60, 90, 120), 1).paint(shape))
    if shape == (200, 300):
        np.testing.assert_allclose(painted.reshape(-1, 3).mean(axis=0), (60, 90, 120), atol=10)
        assert (painted.std() == Ground(kind, (60, 90, 120), 2).paint(shape).std()) == (kind == "window")


def test_tables_and_windows_are_drawn() -> None:
    assert {draw_table(chance(seed)).kind for seed in range(30)} == {"wood", "plain", "cloth"}
    assert {draw_window(chance(seed)).kind for seed in range(5)} == {"window"}


def test_a_sheet_shades_the_ground_beside_it() -> None:
    flat = np.full((160, 200, 3), 200, np.uint8)
    ground = drop_shadow(flat, corners(40, 40, 120, 100), depth=0.5, spread_px=4, offset_px=(8, 8))
    assert abs(int(ground[80, 80, 0]) - 100) <= 2 and int(ground[104, 100, 0]) < 170 and abs(int(ground[10, 10, 0]) - 200) <= 2


def test_a_sheet_shades_the_ground_on_all_of_its_sides() -> None:
    flat = np.full((160, 200, 3), 200, np.uint8)
    ground = drop_shadow(flat, corners(40, 40, 120, 100), depth=0.5, spread_px=8, offset_px=(4, 4)).astype(int)[..., 0]
    assert ground[70, 36] < 170 and ground[36, 80] < 170 and ground[70, 124] < 170 and ground[104, 80] < 170
