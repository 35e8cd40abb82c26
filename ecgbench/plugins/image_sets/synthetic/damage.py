"""What lenses, sensors, scanners and coding do to a picture; each damage is a value that changes pixels and moves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.paper import Color

POOL = (
    1 << 18
)  # normal numbers that the rows of a noisy picture are taken from: drawing one for each pixel would cost 20 times as long
BLOTCH_PX = 6  # size of the blotches of a sensor's color noise after the camera smoothed it
STEPS_PER_PX = 8  # places along a motion that a blurred pixel is summed up from


class Damage(Protocol):
    """One change of a picture's pixels."""

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the changed picture, (H, W, 3) uint8; `pixels` may be written to. All chance comes from `rng`."""


@dataclass(frozen=True)
class Blur:
    """Gaussian blur of `sigma_px`, as of a lens out of focus."""

    sigma_px: float

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture blurred."""
        return pixels if self.sigma_px <= 0 else np.asarray(cv2.GaussianBlur(pixels, (0, 0), self.sigma_px), dtype=np.uint8)


@dataclass(frozen=True)
class MotionBlur:
    """Blur of a camera that moved by `length_px` toward `angle_deg` (0 right, 90 down) while it looked."""

    length_px: float
    angle_deg: float

    @property
    def sigma_px(self) -> float:
        """Standard deviation of the blur along the motion."""
        return float(self.length_px / np.sqrt(12))

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture blurred along the motion."""
        return pixels if self.length_px <= 0 else np.asarray(cv2.filter2D(pixels, -1, self._kernel()), dtype=np.uint8)

    def _kernel(self) -> Float:
        reach = int(np.ceil(self.length_px / 2)) + 1
        angle = np.deg2rad(self.angle_deg)
        along = np.linspace(-self.length_px / 2, self.length_px / 2, max(3, round(self.length_px * STEPS_PER_PX)))
        places, kernel = np.column_stack([np.sin(angle) * along, np.cos(angle) * along]) + reach, np.zeros((2 * reach + 1,) * 2)
        first = np.floor(places).astype(np.intp)
        share = places - first
        for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
            weight = np.abs(1 - down - share[:, 0]) * np.abs(1 - across - share[:, 1])
            np.add.at(kernel, (first[:, 0] + down, first[:, 1] + across), weight)
        return np.asarray(kernel / kernel.sum(), dtype=np.float64)


@dataclass(frozen=True)
class Downscale:
    """Loss of resolution: the picture was stored `factor` times smaller and enlarged again."""

    factor: float

    @property
    def sigma_px(self) -> float:
        """Standard deviation of the blur: the variances of a box of `factor` pixels, f^2 / 12, and of the linear interpolation, f^2 / 6."""
        return float(self.factor / 2) if self.factor > 1 else 0.0

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture with fewer details."""
        if self.factor <= 1:
            return pixels
        height, width = pixels.shape[:2]
        size = max(1, round(width / self.factor)), max(1, round(height / self.factor))
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


@dataclass(frozen=True)
class Sharpen:
    """The sharpening of a phone: `amount` times what a blur of `sigma_px` takes away is added, so that ink gets a bright seam."""

    amount: float
    sigma_px: float

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture sharpened."""
        soft = cv2.GaussianBlur(pixels, (0, 0), self.sigma_px)
        return np.asarray(cv2.addWeighted(pixels, 1 + self.amount, soft, -self.amount, 0), dtype=np.uint8)


@dataclass(frozen=True)
class Noise:
    """Gaussian noise of a sensor, as standard deviations in gray levels: `luma` in each pixel, `chroma` in blotches of some pixels."""

    luma: float
    chroma: float = 0.0

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture with noise."""
        height, width = pixels.shape[:2]
        luma = self._luma(height, width, rng)
        noisy = _added(pixels, cv2.merge([luma, luma, luma]))
        if self.chroma <= 0:
            return noisy
        blotches = rng.standard_normal((-(-height // BLOTCH_PX), -(-width // BLOTCH_PX), 3), dtype=np.float32)
        colored = cv2.resize(blotches * np.float32(self.chroma), (width, height), interpolation=cv2.INTER_LINEAR)
        return _added(noisy, np.rint(colored, out=colored).astype(np.int16))

    def _luma(self, height: int, width: int, rng: np.random.Generator) -> npt.NDArray[np.int16]:
        """Take each row from a pool of normal numbers, from a place of its own on."""
        drawn = rng.standard_normal(POOL + width, dtype=np.float32) * np.float32(self.luma)
        rows = np.lib.stride_tricks.sliding_window_view(np.rint(drawn).astype(np.int16), width)
        return np.asarray(rows[rng.integers(0, POOL, height)], dtype=np.int16)


def _added(pixels: Pixels, levels: Any) -> Pixels:
    return np.asarray(cv2.add(pixels, levels, dtype=cv2.CV_8U), dtype=np.uint8)


@dataclass(frozen=True)
class Jpeg:
    """Loss of JPEG compression at `quality`, 1 to 100."""

    quality: int

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture as it comes back from a JPEG file."""
        _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), dtype=np.uint8)


@dataclass(frozen=True)
class Gray:
    """Loss of color, as in a black-and-white scan."""

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture in shades of gray (ITU-R BT.601 luma), still in three channels."""
        gray = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), dtype=np.uint8)


@dataclass(frozen=True)
class Levels:
    """Contrast of a scanner or copier: levels up to `black` become 0, those from `white` on 255, between them it is linear."""

    black: float
    white: float

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture with its levels stretched."""
        table = np.clip((np.arange(256) - self.black) / (self.white - self.black) * 255, 0, 255)
        return np.asarray(cv2.LUT(pixels, np.rint(table).astype(np.uint8)), dtype=np.uint8)


@dataclass(frozen=True)
class Contrast:
    """Low or high contrast: levels lie `times` as far from `ground` (blue, green, red) as before, as of ink that paled or was stressed."""

    times: float
    ground: Color

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture with paler or darker ink."""
        levels, ground = np.arange(256)[:, None], np.array(self.ground)
        table = np.rint(np.clip(ground + (levels - ground) * self.times, 0, 255)).astype(np.uint8)
        return np.asarray(cv2.LUT(pixels, table.reshape(256, 1, 3)), dtype=np.uint8)
