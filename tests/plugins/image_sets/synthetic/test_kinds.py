"""The kinds of picture: where sheets come to lie, and that severity makes things worse."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.damage import Blur, Jpeg, Noise
from ecgbench.plugins.image_sets.synthetic.geometry import corners, flat_geometry
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS, Scene, homography
from ecgbench.plugins.image_sets.synthetic.layouts import LETTER_MM

FLAT = flat_geometry(100)


def scene(kind: str, severity: float, seed: int = 0) -> Scene:
    return KINDS[kind](FLAT.shape, severity, np.random.default_rng(seed))


def test_a_homography_takes_four_points_to_four_others() -> None:
    source, target = corners(0, 0, 100, 80), np.array([(3.0, 5.0), (90.0, -4.0), (105.0, 83.0), (-7.0, 70.0)])
    mapped = np.column_stack([source, np.ones(4)]) @ homography(source, target).T
    np.testing.assert_allclose(mapped[:, :2] / mapped[:, 2:], target, atol=1e-9)


@pytest.mark.parametrize("severity", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(20))
def test_the_whole_sheet_stays_in_a_photo(severity: float, seed: int) -> None:
    geometry = scene("0005", severity, seed).geometry(FLAT)
    outline = geometry.to_pixels(corners(0, 0, *LETTER_MM))
    assert (outline > 0).all() and (outline < (FLAT.shape[1], FLAT.shape[0])).all()


@pytest.mark.parametrize("kind", ["0003", "0004"])
@pytest.mark.parametrize(("severity", "expected"), [(0.0, 0.2), (1.0, 2.0)])
def test_scans_are_tilted_by_what_their_severity_says(kind: str, severity: float, expected: float) -> None:
    for seed in range(6):
        rows = scene(kind, severity, seed).geometry(FLAT).jacobian(np.array([100.0, 100.0]))[:, 0]
        assert abs(np.rad2deg(np.arctan2(rows[1], rows[0]))) == pytest.approx(expected)
        assert np.hypot(*rows) == pytest.approx(100 / 25.4)  # a scanner keeps the scale


@pytest.mark.parametrize("kind", ["0003", "0004", "0005"])
def test_more_severe_means_blurrier_noisier_and_more_compressed(kind: str) -> None:
    mild, severe = scene(kind, 0.0), scene(kind, 1.0)
    assert mild.blur_px < severe.blur_px
    for damage, value in ((Noise, "luma"), (Jpeg, "quality")):
        low, high = (next(getattr(d, value) for d in s.damages if isinstance(d, damage)) for s in (mild, severe))
        assert low < high if damage is Noise else low > high


def test_blurs_add_up_as_variances() -> None:
    assert Scene(damages=(Blur(3), Noise(1), Blur(4))).blur_px == pytest.approx(5)


def test_a_render_is_left_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    np.testing.assert_array_equal(scene("0001", 1.0).take(picture.copy(), (255, 255, 255), np.random.default_rng(0)), picture)
