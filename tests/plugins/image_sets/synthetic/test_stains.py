"""Layers on paper: how much light a stain takes, where it lies, and that a layer takes no more than there is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.creases import Creases, Fold
from ecgbench.plugins.image_sets.synthetic.folding import Handling, draw_relief
from ecgbench.plugins.image_sets.synthetic.relief import BEYOND_MM, Relief
from ecgbench.plugins.image_sets.synthetic.stains import COFFEE, MOULD, Mould, Spill, blot, cup_ring, tide_mark
from ecgbench.plugins.image_sets.synthetic.surface import PER_MM, Age, Grain, Layer, Shading, lit_surface, roughness

SIZE_MM = (120.0, 90.0)
SHAPE = (round(SIZE_MM[1] * PER_MM), round(SIZE_MM[0] * PER_MM))
RING = Spill(0.5, 0.5, 30.0, 0.0, 0.6, 1.0, 0.0, 0.0, COFFEE, 1)
RELIEF = draw_relief(SIZE_MM, Handling(curl_mm=2, wrinkles=5, kinks=5), np.random.default_rng(0))
ALL: tuple[Layer, ...] = (
    RING, Mould(4, 1.0, MOULD, 3), Grain(0.01, 0.005, 1), Age(0.1, 0.2, 2), Shading(RELIEF, 30.0, 40.0, 0.6, 1.0),
    Creases(6, 0.2, 5),
    Fold(20.0, 15.0, 80.0, 0.2, 0.1, 12.0, 3),
)  # fmt: skip


def laid(*layers: Layer, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    field = np.ones((*shape, 3), np.float32)
    for layer in layers:
        layer.lay(field)
    return field


def at(field: np.ndarray, x_mm: float, y_mm: float) -> np.ndarray:
    return np.asarray(field[round(y_mm * PER_MM - 0.5), round(x_mm * PER_MM - 0.5)])


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("shape", [(2, 2), (2, 300), (200, 3), SHAPE])
def test_a_layer_takes_light_and_depends_on_its_values_alone(layer: Layer, shape: tuple[int, int]) -> None:
    once, again = laid(layer, shape=shape), laid(layer, shape=shape)
    np.testing.assert_array_equal(once, again)
    assert np.isfinite(once).all() and once.min() >= 0 and once.max() < 1.4


def test_a_ring_is_dark_on_its_rim_clear_within_and_without_and_browner_than_gray() -> None:
    field = laid(RING)
    rim = np.mean([at(field, 60 + 29.5 * np.cos(angle), 45 + 29.5 * np.sin(angle)) for angle in np.linspace(0, 6.2, 40)], axis=0)
    assert rim[0] < 0.72 and rim[0] < rim[1] < rim[2]
    assert at(field, 60, 45).min() > 0.99 and at(field, 98, 45).min() > 0.99


def test_a_blot_swallows_what_its_density_says() -> None:
    """Beer and Lambert: a density of d lets exp(-d) through, here of blue light, which coffee swallows wholly."""
    field = laid(replace(RING, body=0.5, rim=0.0))
    assert np.median(field[SHAPE[0] // 2 - 20 : SHAPE[0] // 2 + 20, SHAPE[1] // 2 - 20 : SHAPE[1] // 2 + 20, 0]) == pytest.approx(
        np.exp(-0.5), abs=0.05
    )


def test_a_spill_beyond_the_edge_does_nothing() -> None:
    assert (laid(replace(RING, x=9.0, y=-9.0)) == 1).all()


@pytest.mark.parametrize("make", [cup_ring, blot, tide_mark])
def test_stronger_spills_are_the_same_but_darker(make) -> None:  # type: ignore[no-untyped-def]
    for seed in range(5):
        mild, strong = (make(np.random.default_rng(seed), strength) for strength in (0.3, 1.2))
        assert strong == replace(mild, body=strong.body, rim=strong.rim) and strong.rim > 2 * mild.rim
        assert laid(strong).mean() <= laid(mild).mean()


def test_more_colonies_cover_more_paper_and_leave_the_rest_alone() -> None:
    few, many = (laid(Mould(colonies, 1.0, MOULD, 5)) for colonies in (1, 12))
    assert (many < 0.7).mean() > 3 * (few < 0.7).mean() > 0
    assert np.median(few) > 0.97


def test_grain_has_its_deviation_and_no_color() -> None:
    field = laid(Grain(0.02, 0.0, 1))
    assert field.std() == pytest.approx(0.02, rel=0.05) and np.ptp(field, axis=2).max() == 0


def test_age_takes_blue_light_and_more_of_it_at_the_edges() -> None:
    field = laid(Age(0.1, 0.3, 1))
    middle, edge = field[60:-60, 60:-60].mean(axis=(0, 1)), field[0].mean(axis=0)
    assert middle[0] < middle[1] < middle[2] < 1 and edge[0] < middle[0] - 0.15


@pytest.mark.parametrize(("toward_deg", "brighter"), [(0.0, False), (180.0, True)])
def test_a_slope_that_faces_the_lamp_is_brighter_than_flat_paper(toward_deg: float, brighter: bool) -> None:
    """A ramp rises to the right: from the right, its face is turned away."""
    columns = int(SIZE_MM[0] + 2 * BEYOND_MM) + 2
    ramp = Relief(np.tile(np.arange(columns) * 0.1, (int(SIZE_MM[1] + 2 * BEYOND_MM) + 2, 1)))
    shade = laid(Shading(ramp, toward_deg, 45.0, 1.0))[20:-20, 20:-20]
    expected = (1.1 if brighter else 0.9) / np.sqrt(1.01)
    np.testing.assert_allclose(shade, expected, atol=1e-3)
    np.testing.assert_allclose(laid(Shading(Relief(np.zeros((120, 150))), toward_deg, 45.0)), 1.0, atol=1e-6)


def test_roughness_has_a_deviation_of_about_one() -> None:
    assert roughness((600, 800), np.random.default_rng(0)).std() == pytest.approx(0.7, abs=0.2)


def test_a_print_without_layers_is_left_alone_and_one_with_is_multiplied() -> None:
    printed = np.full((300, 400, 3), 200, np.uint8)
    assert lit_surface(printed, 5.0, ()) is printed
    dark = lit_surface(printed, 5.0, (replace(RING, radius_mm=500.0, body=np.log(2), rim=0.0, tint=(1.0, 1.0, 1.0)),))
    assert abs(float(np.median(dark)) - 100) < 12 and (printed == 200).all()


def test_creases_have_a_dark_and_a_bright_side_and_leave_the_rest_of_the_paper() -> None:
    field = laid(Creases(5, 0.3, 4))[..., 0]
    assert 0.6 < field.min() < 0.97 and 1.01 < field.max() < 1.2
    assert (field == 1).mean() > 0.9
    assert np.array_equal(laid(Creases(0, 0.3, 4)), np.ones((*SHAPE, 3), np.float32))


def test_a_fold_has_a_light_side_and_a_dark_one_and_a_dark_edge_between_them() -> None:
    field = laid(Fold(SHAPE[1] / PER_MM / 2, 0.0, 90.0, depth=0.3, light=0.1, reach_mm=20.0, seed=1))[..., 0]
    middle, near, far = SHAPE[1] // 2, round(3 * PER_MM), round(0.45 * SHAPE[1])
    one, other = field[:, middle - near].mean(), field[:, middle + near].mean()
    assert abs(one - other) > 0.1 and (one - 1) * (other - 1) < 0
    assert field[:, middle - 3 : middle + 4].min(axis=1).mean() < min(one, other)
    assert abs(field[:, middle - far].mean() - 1) < abs(one - 1)
