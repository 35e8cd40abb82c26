"""What light, optics, scanners and coding do to a picture; each damage is a value that changes pixels and moves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.paper import Color

FIELD_STEP_PX = 32  # light and shadow are smooth: they are worked out on a grid this coarse


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
class Noise:
    """Gaussian noise of a sensor, as standard deviations in gray levels: `luma` in each pixel, `chroma` in blotches of 4 pixels."""

    luma: float
    chroma: float = 0.0

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture with noise."""
        height, width = pixels.shape[:2]
        luma = self._levels(rng, (height, width), self.luma)
        if self.chroma <= 0:
            return _added(pixels, cv2.merge([luma, luma, luma]))
        blotches = self._levels(rng, (-(-height // 4), -(-width // 4), 3), self.chroma)
        colored = cv2.resize(blotches, (width, height), interpolation=cv2.INTER_LINEAR)
        return _added(_added(pixels, cv2.merge([luma, luma, luma])), colored)

    @staticmethod
    def _levels(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> npt.NDArray[np.int16]:
        drawn = rng.standard_normal(shape, dtype=np.float32)
        drawn *= np.float32(sigma)
        return np.rint(drawn, out=drawn).astype(np.int16)


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
class Light:
    """Uneven light: `color` (blue, green, red; share that arrives), a linear falloff and a soft shadow's edge across the page.

    `falloff`: share of light lost from one side of the picture to the other, toward `toward_deg` (0 right, 90 down).
    `shadow`: share of light that the shadow takes. It lies beyond a line at `shadow_at` (-1 to 1 of the picture's half size
    from its center, toward `shadow_deg`), softened over `softness` of the half size.
    """

    color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    falloff: float = 0.0
    toward_deg: float = 0.0
    shadow: float = 0.0
    shadow_deg: float = 0.0
    shadow_at: float = 0.0
    softness: float = 0.3

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture in this light."""
        height, width = pixels.shape[:2]
        arrived = self.field(height, width)[..., None] * np.array(self.color)
        levels = np.rint(np.clip(arrived, 0, 1) * 255).astype(np.uint8)
        smooth = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.multiply(pixels, smooth, scale=1 / 255), dtype=np.uint8)

    def field(self, height: int, width: int) -> Float:
        """Return the share of light that arrives, float64, one value for FIELD_STEP_PX x FIELD_STEP_PX pixels."""
        rows, columns = max(2, height // FIELD_STEP_PX), max(2, width // FIELD_STEP_PX)
        y, x = np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)
        ramp = _toward(x, y, self.toward_deg)
        beyond = (_toward(x, y, self.shadow_deg) - self.shadow_at) / max(self.softness, 1e-6)
        return np.asarray((1 - self.falloff * (1 + ramp) / 2) * (1 - self.shadow / (1 + np.exp(-4 * beyond))), dtype=np.float64)


def _toward(x: Float, y: Float, angle_deg: float) -> Float:
    angle = np.deg2rad(angle_deg)
    return np.asarray((x * np.cos(angle) + y * np.sin(angle)) / (abs(np.cos(angle)) + abs(np.sin(angle))), dtype=np.float64)


def desk(shape: tuple[int, int], color: Color, rng: np.random.Generator) -> Pixels:
    """Return a table top (H, W, 3) uint8 of `color`, with streaks along its rows as wood has, and grain."""
    height, width = shape
    streaks = rng.standard_normal((max(2, height // 12), 6), dtype=np.float32) * np.float32(9)
    clouds = rng.standard_normal((5, 7), dtype=np.float32) * np.float32(6)
    size = (width, height)
    texture = cv2.resize(streaks, size, interpolation=cv2.INTER_LINEAR) + cv2.resize(clouds, size, interpolation=cv2.INTER_LINEAR)
    levels = np.rint(texture).astype(np.int16)
    return _added(np.full((height, width, 3), color, np.uint8), cv2.merge([levels, levels, levels]))


def drop_shadow(ground: Pixels, outline: Float, *, depth: float, spread_px: float, offset_px: tuple[float, float]) -> Pixels:
    """Darken the ground under a sheet's `outline` (4, 2) in pixels by the share `depth`, softened by `spread_px` and offset.

    The shadow is worked out at an eighth of the size, since it is smooth.
    """
    height, width = ground.shape[:2]
    small = np.full((max(1, height // 8), max(1, width // 8)), 255, np.uint8)
    points = np.rint((outline + offset_px) / 8).astype(np.int32)
    cv2.fillConvexPoly(small, points, round(255 * (1 - depth)))
    small = np.asarray(cv2.GaussianBlur(small, (0, 0), max(0.5, spread_px / 8)), dtype=np.uint8)
    light = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(ground, cv2.merge([light, light, light]), scale=1 / 255), dtype=np.uint8)
