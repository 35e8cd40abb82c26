"""Photos that are stored small: no blurrier in millimeters, less noisy, sharpened again."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.storage import CALIBRATED_PX_PER_MM, focus_px, resharpened, stored_noise


@pytest.mark.parametrize("px_per_mm", [CALIBRATED_PX_PER_MM, 12.0])
def test_nothing_is_changed_at_the_resolution_of_calibration_and_above(px_per_mm: float) -> None:
    assert focus_px(px_per_mm, 0.12) == pytest.approx(0.12 * px_per_mm)
    assert stored_noise(px_per_mm, 4.6, 0.5) == pytest.approx(4.6) and resharpened(px_per_mm, 0.5) == 0


def test_coarse_pixels_stand_for_a_part_of_the_blur() -> None:
    """At 4.4 px/mm, pixels have a variance of 0.25 / 4.4^2 mm^2 and at 7.87 px/mm of 0.25 / 7.87^2; the rest is left to the lens."""
    spared = 0.25 * (1 / 4.4**2 - 1 / CALIBRATED_PX_PER_MM**2)
    assert focus_px(4.4, 0.12) == pytest.approx(4.4 * np.sqrt(0.12**2 - spared))


def test_a_lens_further_out_of_focus_blurs_more_at_every_resolution() -> None:
    for px_per_mm in (2.8, 4.0, 6.0):
        blurs = [focus_px(px_per_mm, sigma) for sigma in (0.01, 0.05, 0.1, 0.2, 0.3)]
        assert blurs == sorted(set(blurs)) and blurs[0] > 0


def test_noise_fades_in_small_pictures_but_not_in_the_worst_and_small_ones_are_sharpened() -> None:
    half = CALIBRATED_PX_PER_MM / 2
    assert stored_noise(half, 4.0, 0.0) == pytest.approx(4.0 * 0.5**2) and stored_noise(half, 4.0, 1.0) == pytest.approx(4.0)
    assert resharpened(half, 0.5) == pytest.approx(0.3) and resharpened(half, 0.0) == 0
