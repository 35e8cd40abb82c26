"""Light against levels that can be worked out, and the fields that are drawn against the loss that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.light import Glare, Light, field_axes, glare_field, tinted, uneven_field


def flat(level: int, shape: tuple[int, int] = (160, 240)) -> np.ndarray:
    return np.full((*shape, 3), level, np.uint8)


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_full_light_changes_nothing_and_a_color_acts_on_its_channel() -> None:
    np.testing.assert_array_equal(Light(np.ones((4, 5))).apply(flat(200), chance()), flat(200))
    tinted = Light(np.ones((4, 5)), (0.5, 1, 1)).apply(flat(200), chance())
    assert np.abs(tinted[..., 0].astype(int) - 100).max() <= 1 and (tinted[..., 1:] == 200).all()


def test_light_falls_off_as_its_field_does_and_is_white_at_most() -> None:
    y, x = field_axes((400, 640))
    lit = Light(np.ones_like(y) * (1 - (x + 1) / 4)).apply(flat(200, (400, 640)), chance())[..., 0].astype(int)
    assert abs(lit[:, 0].mean() - 200) <= 2 and abs(lit[:, -1].mean() - 100) <= 2
    assert np.abs(np.diff(lit, axis=0)).max() <= 2
    assert (Light(np.full((3, 3), 1.4)).apply(flat(200), chance()) == 255).all()


@pytest.mark.parametrize("loss", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3000), (1700, 2200)])
def test_the_light_that_is_drawn_loses_what_was_asked(loss: float, shape: tuple[int, int]) -> None:
    for seed in range(5):
        field = uneven_field(shape, loss, chance(seed))
        low, high = np.percentile(field, (5, 95))
        assert 1 - low / high == pytest.approx(loss, abs=0.01) and high == pytest.approx(1, abs=0.01)
        assert (field > 0).all() and field.max() < 1.2


def test_glare_brightens_toward_white_as_far_as_its_field_says() -> None:
    half = Glare(np.full((4, 5), 0.5)).apply(flat(100), chance())
    assert np.abs(half.astype(int) - 177).max() <= 1
    np.testing.assert_array_equal(Glare(np.zeros((4, 5))).apply(flat(100), chance()), flat(100))


def test_glare_is_as_strong_as_asked_and_leaves_most_of_a_picture_alone() -> None:
    for seed in range(5):
        field = glare_field((800, 1000), 0.6, chance(seed), spots=1)
        assert 0.25 < field.max() <= 0.6 and np.median(field) < 0.1


def test_tinted_light_is_as_bright_in_green_and_varies_most_in_blue() -> None:
    field = uneven_field((600, 900), 0.2, chance(3))
    for seed in range(6):
        light = tinted(field, chance(seed))
        assert light.shape == (*field.shape, 3)
        blue, green, red = (np.ptp(light[..., channel] / field) for channel in range(3))
        assert green < blue < 0.15 and green <= red < blue
        np.testing.assert_allclose(light, field[..., None].repeat(3, axis=2), rtol=0.08)


def test_shadows_have_soft_edges() -> None:
    """Half of a shadow's edge is no narrower than a hundredth of the picture, but for the rare ones of what lies nearly on the sheet."""
    steepest = []
    for seed in range(60):
        field = np.log(uneven_field((600, 900), 0.15, chance(seed)))
        steepest.append(max(np.abs(np.diff(field, axis=axis)).max() for axis in (0, 1)))
    assert np.mean(np.array(steepest) > 0.15) < 0.1 and np.median(steepest) < 0.05
