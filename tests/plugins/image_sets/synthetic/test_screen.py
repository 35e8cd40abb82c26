"""Screens: the color of their stripes, and the fringes that a camera makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.screen import Screen


def test_a_screen_keeps_its_mean_color_and_lifts_black() -> None:
    """Seen by a camera with three pixels to one of the screen, the stripes are red, green and blue."""
    mm = np.stack(np.meshgrid(np.arange(300) / 3, np.arange(60) / 3), axis=-1).astype(np.float32)
    shown = Screen(1.0, 1.0, 0).show(np.full((60, 300, 3), 255, np.uint8), mm)
    assert (np.argmax(shown[0, :6], axis=1) == [2, 1, 0, 2, 1, 0]).all()
    np.testing.assert_allclose(shown.reshape(-1, 3).mean(axis=0), shown.mean(), rtol=0.02)
    black = Screen(1.0, 0.0, 30).show(np.zeros((60, 300, 3), np.uint8), mm)
    assert (black == 30).all()


def test_stripes_that_are_nearly_as_wide_as_the_cameras_pixels_beat_against_them() -> None:
    """A screen's pixel of 1 / 1.02 of a camera's pixel beats once in 50 pixels."""
    mm = np.stack(np.meshgrid(np.arange(500.0), np.arange(4.0)), axis=-1).astype(np.float32)
    green = Screen(1 / 1.02, 0.4, 0).show(np.full((4, 500, 3), 255, np.uint8), mm)[0, :, 1].astype(float)
    spectrum = np.abs(np.fft.rfft(green - green.mean()))
    assert 500 / spectrum.argmax() == pytest.approx(50, abs=1) and np.ptp(green) > 80
