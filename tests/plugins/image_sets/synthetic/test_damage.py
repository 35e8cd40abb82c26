"""Each damage against what it should do to levels, and that none moves or breaks anything."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.damage import Blur, Damage, Gray, Jpeg, Levels, Light, Noise, desk, drop_shadow
from ecgbench.plugins.image_sets.synthetic.geometry import corners

ALL: tuple[Damage, ...] = (
    Blur(1.5), Noise(4, 2), Noise(4), Jpeg(60), Gray(), Levels(40, 220), Light((0.9, 0.95, 1), 0.3, 45, 0.4, 200, 0.1, 0.2),
)  # fmt: skip


def flat(level: int, shape: tuple[int, int] = (64, 96)) -> np.ndarray:
    return np.full((*shape, 3), level, np.uint8)


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("damage", ALL, ids=repr)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (50, 1), (33, 47)])
def test_a_damage_keeps_shape_and_type_and_depends_on_the_seed_alone(damage: Damage, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    once, again = (damage.apply(picture.copy(), chance()) for _ in range(2))
    assert once.shape == picture.shape and once.dtype == np.uint8
    np.testing.assert_array_equal(once, again)


def test_blur_keeps_the_ink_and_spreads_it_by_its_sigma() -> None:
    picture = flat(0)
    picture[:, 48] = 255
    spread = Blur(2.0).apply(picture, chance())[32, :, 0].astype(float)
    x = np.arange(96)
    assert spread.sum() == pytest.approx(255, rel=0.02) and (x * spread).sum() / spread.sum() == pytest.approx(48)
    assert np.sqrt((spread * (x - 48) ** 2).sum() / spread.sum()) == pytest.approx(2.0, rel=0.05)
    np.testing.assert_array_equal(Blur(0).apply(picture, chance()), picture)


def test_noise_has_its_standard_deviation_and_no_color_unless_asked() -> None:
    noisy = Noise(5.0).apply(flat(128, (300, 300)), chance()).astype(float)
    assert noisy.std() == pytest.approx(5.0, rel=0.05) and noisy.mean() == pytest.approx(128, abs=0.2)
    assert np.ptp(noisy, axis=2).max() == 0
    assert np.ptp(Noise(0.0, 4.0).apply(flat(128), chance()).astype(float), axis=2).max() > 4


def test_levels_stretch_linearly_between_black_and_white() -> None:
    picture = np.array([0, 50, 100, 150, 200, 255], np.uint8).reshape(1, 6, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(Levels(50, 200).apply(picture, chance())[0, :, 0], [0, 0, 85, 170, 255, 255])


def test_gray_is_the_luma_in_all_channels() -> None:
    picture = flat(0)
    picture[...] = (255, 0, 0)
    np.testing.assert_array_equal(np.unique(Gray().apply(picture, chance())), [29])  # 0.114 * 255


def test_full_light_changes_nothing_and_a_color_acts_on_its_channel() -> None:
    np.testing.assert_array_equal(Light().apply(flat(200), chance()), flat(200))
    tinted = Light(color=(0.5, 1, 1)).apply(flat(200), chance())
    assert np.abs(tinted[..., 0].astype(int) - 100).max() <= 1 and (tinted[..., 1:] == 200).all()


def test_light_falls_off_toward_its_angle() -> None:
    lit = Light(falloff=0.5, toward_deg=0).apply(flat(200, (400, 640)), chance())[..., 0].astype(int)
    assert abs(lit[:, 0].mean() - 200) <= 2 and abs(lit[:, -1].mean() - 100) <= 2
    assert np.abs(np.diff(lit, axis=0)).max() <= 1


def test_a_shadow_takes_its_share_beyond_its_edge() -> None:
    light = Light(shadow=0.6, shadow_deg=90, shadow_at=0.0, softness=0.1).apply(flat(200, (640, 640)), chance())[..., 0]
    assert abs(int(light[20, 320]) - 200) <= 2 and abs(int(light[620, 320]) - 80) <= 2


def test_jpeg_loses_more_at_lower_quality() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    lost = [np.abs(Jpeg(quality).apply(picture, chance()).astype(int) - picture).mean() for quality in (95, 50)]
    assert 0 < lost[0] < lost[1]


def test_a_desk_has_its_color_and_texture() -> None:
    table = desk((200, 300), (60, 90, 120), chance())
    np.testing.assert_allclose(table.reshape(-1, 3).mean(axis=0), (60, 90, 120), atol=8)
    assert table[..., 0].std() > 3


def test_a_sheet_shades_the_ground_beside_it() -> None:
    ground = drop_shadow(flat(200, (160, 200)), corners(40, 40, 120, 100), depth=0.5, spread_px=4, offset_px=(8, 8))
    assert abs(int(ground[80, 80, 0]) - 100) <= 2 and int(ground[104, 100, 0]) < 170 and abs(int(ground[10, 10, 0]) - 200) <= 2
