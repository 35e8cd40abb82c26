"""Each damage of pixels against what it should do to levels, and that none moves or breaks anything."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.damage import (
    Blur,
    Contrast,
    Damage,
    Downscale,
    Gray,
    Jpeg,
    Levels,
    MotionBlur,
    Noise,
    Sharpen,
)
from ecgbench.plugins.image_sets.synthetic.light import Glare, Light

ALL: tuple[Damage, ...] = (
    Blur(1.5), MotionBlur(4.0, 30.0), Downscale(2.3), Sharpen(0.5, 1.2), Noise(4, 2), Noise(4), Jpeg(60), Gray(), Levels(40, 220),
    Contrast(0.7, (250, 240, 245)), Contrast(1.4, (255, 255, 255)), Light(np.full((3, 4), 0.8)), Glare(np.full((3, 4), 0.3)),
)  # fmt: skip
BLURS = (Blur(2.0), MotionBlur(7.0, 0.0), Downscale(4.0))


def flat(level: int, shape: tuple[int, int] = (64, 96)) -> np.ndarray:
    return np.full((*shape, 3), level, np.uint8)


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("damage", ALL, ids=lambda damage: type(damage).__name__)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (50, 1), (33, 47)])
def test_a_damage_keeps_shape_and_type_and_depends_on_the_seed_alone(damage: Damage, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    once, again = (damage.apply(picture.copy(), chance()) for _ in range(2))
    assert once.shape == picture.shape and once.dtype == np.uint8
    np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize("damage", ALL, ids=lambda damage: type(damage).__name__)
def test_no_damage_moves_what_is_drawn(damage: Damage) -> None:
    """The center of a dark disk stays within 0.3 pixels."""
    row, column = np.mgrid[:81, :101]
    disk = np.hypot(row - 40, column - 50) < 9
    picture = np.where(disk[..., None], 40, 220).astype(np.uint8).repeat(3, axis=2)
    found = damage.apply(picture, chance())[..., 1].astype(np.float64)
    ink = np.clip(np.median(found) - found - 40, 0, None) * (np.hypot(row - 40, column - 50) < 20)
    assert (row * ink).sum() / ink.sum() == pytest.approx(40, abs=0.3)
    assert (column * ink).sum() / ink.sum() == pytest.approx(50, abs=0.3)


@pytest.mark.parametrize("blur", BLURS, ids=repr)
def test_a_blur_keeps_the_ink_and_spreads_it_by_its_sigma(blur: Blur | MotionBlur | Downscale) -> None:
    """Summed over lines at all places within a pixel of the smaller picture, since those are not alike for each."""
    spreads = []
    for column in range(46, 50):
        picture = flat(0)
        picture[:, column] = 255
        profile = blur.apply(picture, chance())[32, :, 0].astype(float)
        x = np.arange(96)
        assert profile.sum() == pytest.approx(255, rel=0.03)
        spreads.append((profile * (x - column) ** 2).sum() / profile.sum())
    assert np.sqrt(np.mean(spreads)) == pytest.approx(blur.sigma_px, rel=0.1)


def test_motion_blurs_along_its_direction_only() -> None:
    picture = flat(0)
    picture[32] = 255
    along, across = (MotionBlur(8.0, angle).apply(picture.copy(), chance())[32, 48, 0] for angle in (0.0, 90.0))
    assert along == 255 and across < 60


@pytest.mark.parametrize("damage", [Blur(0), MotionBlur(0, 30), Downscale(1.0), Downscale(0.0)], ids=repr)
def test_a_blur_of_nothing_changes_nothing(damage: Damage) -> None:
    picture = chance().integers(0, 256, (20, 30, 3), dtype=np.uint8)
    np.testing.assert_array_equal(damage.apply(picture.copy(), chance()), picture)


def test_sharpening_gives_ink_a_bright_seam_and_leaves_plain_paper() -> None:
    picture = flat(180)
    picture[:, 40:50] = 60
    seam = Sharpen(0.8, 1.5).apply(picture, chance())[32, :, 0]
    assert seam[38:40].max() > 190 and seam[40:50].min() < 50 and (seam[:30] == 180).all()


def test_noise_has_its_standard_deviation_and_no_color_unless_asked() -> None:
    noisy = Noise(5.0).apply(flat(128, (300, 300)), chance()).astype(float)
    assert noisy.std() == pytest.approx(5.0, rel=0.05) and noisy.mean() == pytest.approx(128, abs=0.2)
    assert np.ptp(noisy, axis=2).max() == 0
    assert np.ptp(Noise(0.0, 4.0).apply(flat(128), chance()).astype(float), axis=2).max() > 4


def test_rows_of_noise_have_nothing_in_common() -> None:
    rows = Noise(20.0).apply(flat(128, (200, 500)), chance())[..., 0].astype(float) - 128
    alike = np.corrcoef(rows)[np.triu_indices(200, 1)]
    assert abs(alike.mean()) < 0.005 and np.abs(alike).max() < 0.3


def test_levels_stretch_linearly_between_black_and_white() -> None:
    picture = np.array([0, 50, 100, 150, 200, 255], np.uint8).reshape(1, 6, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(Levels(50, 200).apply(picture, chance())[0, :, 0], [0, 0, 85, 170, 255, 255])


def test_contrast_moves_levels_away_from_the_ground_or_nearer_to_it() -> None:
    picture = np.array([(200, 210, 220), (100, 110, 120)], np.uint8).reshape(1, 2, 3)
    np.testing.assert_array_equal(Contrast(0.5, (200, 210, 220)).apply(picture, chance())[0], [(200, 210, 220), (150, 160, 170)])
    np.testing.assert_array_equal(Contrast(1.5, (200, 210, 220)).apply(picture, chance())[0], [(200, 210, 220), (50, 60, 70)])
    np.testing.assert_array_equal(Contrast(1.0, (200, 210, 220)).apply(picture, chance()), picture)


def test_gray_is_the_luma_in_all_channels() -> None:
    picture = flat(0)
    picture[...] = (255, 0, 0)
    np.testing.assert_array_equal(np.unique(Gray().apply(picture, chance())), [29])  # 0.114 * 255


def test_jpeg_loses_more_at_lower_quality() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    lost = [np.abs(Jpeg(quality).apply(picture, chance()).astype(int) - picture).mean() for quality in (95, 50)]
    assert 0 < lost[0] < lost[1]
