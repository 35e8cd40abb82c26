"""How blurred, contrasty, noisy and unevenly lit a picture of an ECG is: measured alike on real and on synthetic ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Single = npt.NDArray[np.float32]

REBLUR_MM = 0.25  # about as wide as a trace's line: a much wider or finer blur would tell less
EDGES = 99.3  # percentile of gradients from which on they count as edges: some of the ink of traces and text
CONTRAST_MM, LIGHT_MM = 20.0, 10.0  # sizes of the squares that ink and paper are compared in
SPECTRUM_PX = 64  # size of the squares that noise is measured in


@dataclass(frozen=True)
class Look:
    """What was measured on one picture.

    `blur_mm`: standard deviation of the profile of inked lines, as a Gaussian: printed width, lens, motion and pixels together.
    `contrast`: (paper - ink) / paper. `noise`: standard deviation in gray levels. `light`: share by which the darkest twentieth of the
    paper falls behind the brightest.
    """

    blur_mm: float
    contrast: float
    noise: float
    light: float


def measure_picture(bgr: npt.NDArray[np.uint8], px_per_mm: float) -> Look:
    """Measure a picture (H, W, 3) uint8 that paper fills, with `px_per_mm` pixels in a millimeter.

    Blur and contrast are taken on the brightest channel of each pixel, where colored grids are faint and ink is dark.
    """
    value = bgr.max(axis=2).astype(np.float32)
    gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return Look(_blur_mm(value, px_per_mm), _contrast(value, px_per_mm), _noise(gray), _light(gray, px_per_mm))


def _blur_mm(value: Single, px_per_mm: float) -> float:
    """Blur again, and see how much flatter the steepest edges become (after Zhuo and Sim, Defocus map estimation, 2011).

    A line with a Gaussian profile of deviation s has edges whose steepness goes with 1 / s^2 once its ink is spread further:
    steepness before / after = (s^2 + r^2) / s^2, with r of the second blur.
    """
    blurred = np.asarray(cv2.GaussianBlur(value, (0, 0), REBLUR_MM * px_per_mm), dtype=np.float32)
    before, after = _steepness(value), _steepness(blurred)
    edges = after >= np.percentile(after, EDGES)
    near = np.ones((3, 3), np.uint8)
    ratio = float(np.median(cv2.dilate(before, near)[edges] / cv2.dilate(after, near)[edges]))
    return REBLUR_MM / float(np.sqrt(max(ratio - 1, 1e-3)))


def _steepness(levels: Single) -> Single:
    across, down = (cv2.Scharr(levels, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down), dtype=np.float32)


def _contrast(value: Single, px_per_mm: float) -> float:
    squares = _squares(value, round(CONTRAST_MM * px_per_mm))
    paper, ink = np.percentile(squares, 90, axis=1), np.percentile(squares, 0.5, axis=1)
    return float(np.percentile(1 - ink / np.maximum(paper, 1), 75))  # squares without ink say nothing


def _light(gray: Single, px_per_mm: float) -> float:
    paper = np.percentile(_squares(gray, round(LIGHT_MM * px_per_mm)), 80, axis=1)
    return float(1 - np.percentile(paper, 5) / max(float(np.percentile(paper, 95)), 1.0))


def _noise(gray: Single) -> float:
    """Measure the floor of the spectrum above half the highest frequency, where a grid has peaks and noise has not.

    The power of white noise at one frequency is distributed exponentially: its 20th percentile is -ln(0.8) of its mean, and hardly any
    peak of a grid reaches down there. Of all squares, the lower quartile counts: those with the least ink.
    """
    size = min(SPECTRUM_PX, *gray.shape)
    squares = _squares(gray, size).reshape(-1, size, size)
    window = np.hanning(size)[:, None] * np.hanning(size)
    power = np.abs(np.fft.rfft2((squares - squares.mean(axis=(1, 2), keepdims=True)) * window)) ** 2 / (window**2).sum()
    down, across = np.abs(np.fft.fftfreq(size))[:, None], np.fft.rfftfreq(size)
    band = (np.hypot(across, down) > 0.25) & (across > 0.05) & (down > 0.05) & (across < 0.48) & (down < 0.48)
    floor = np.percentile(power[:, band], 20, axis=1) / -np.log(0.8)
    return float(np.sqrt(np.percentile(floor, 25)))


def _squares(levels: Single, size: int) -> Single:
    """Cut a picture into squares of `size` pixels, (n, size * size); a picture smaller than one is one."""
    down, across = levels.shape[0] // size, levels.shape[1] // size
    if not (down and across):
        return levels.reshape(1, -1)
    cut: Any = levels[: down * size, : across * size].reshape(down, size, across, size)
    return np.asarray(cut.swapaxes(1, 2).reshape(-1, size * size), dtype=np.float32)
