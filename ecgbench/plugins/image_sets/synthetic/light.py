"""The light that a picture is taken in: how unevenly it falls, what casts shadows, and what it glares on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float

Share = tuple[float, float, float]

FIELD_STEP_PX = 12  # light is smooth but for the edges of shadows: it is worked out on a grid this coarse
BRIGHTEST = 1.5  # share of light, against that which makes white paper white: beyond it all is white anyway
SOFTNESS = (0.09, 0.4)  # of a shadow's edge, in halves of the picture: of 16 real photos none shows a harder one
HARD, HARDEST = 0.02, 0.03  # share of shadows of something that lies nearly on the sheet, and how soft theirs are
WARMTH = 0.042  # share by which blue light varies across a picture: lamps and windows have different colors
LOW, HIGH = 5, 95  # percentiles of the light in a picture that `loss` compares


@dataclass(frozen=True, eq=False)
class Light:
    """Uneven light: the picture's levels are multiplied by `field`, spread over the picture, and by `color` (BGR).

    `field`: (rows, columns), or (rows, columns, 3) where the light's color varies.
    """

    field: Float
    color: Share = (1.0, 1.0, 1.0)

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture in this light; what it makes brighter than white is white."""
        height, width = pixels.shape[:2]
        field = self.field if self.field.ndim == 3 else self.field[..., None]
        arrived = np.clip(field * np.array(self.color) / BRIGHTEST, 0, 1)
        smooth = cv2.resize(np.rint(arrived * 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.multiply(pixels, smooth, scale=BRIGHTEST / 255), dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Glare:
    """Light that is thrown back as from a mirror: pixels go toward white by `field` (rows, columns), 0 to 1, spread over the picture."""

    field: Float

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the picture with the glare on it."""
        height, width = pixels.shape[:2]
        left = cv2.resize(np.rint((1 - self.field) * 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
        dark = cv2.multiply(cv2.bitwise_not(pixels), cv2.merge([left, left, left]), scale=1 / 255)
        return np.asarray(cv2.bitwise_not(dark), dtype=np.uint8)


def field_axes(shape: tuple[int, int]) -> tuple[Float, Float]:
    """Return y (rows, 1) and x (columns,) of a field's nodes, from -1 to 1 across a picture of `shape`."""
    rows, columns = (max(2, size // FIELD_STEP_PX) for size in shape)
    return np.linspace(-1, 1, rows)[:, None], np.linspace(-1, 1, columns)


def uneven_field(shape: tuple[int, int], loss: float, rng: np.random.Generator, *, shadows: int = 2) -> Float:
    """Draw the light in a picture of `shape`: from one side, brightest in pools, with vignetting and up to `shadows` shadows.

    `loss`: share of light by which the dark parts fall behind the bright ones (1 - 5th / 95th percentile). The brightest is 1.
    """
    y, x = field_axes(shape)
    log_light = rng.uniform(0.3, 1) * _toward(x, y, rng.uniform(0, 360))
    for _ in range(2):
        middle_x, middle_y, width = rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.25, 0.9)
        log_light = log_light + rng.uniform(0, 0.7) * np.exp(-((x - middle_x) ** 2 + (y - middle_y) ** 2) / (2 * width**2))
    log_light = log_light - rng.uniform(0.1, 0.5) * (x**2 + y**2) / 2
    for _ in range(rng.integers(0, shadows + 1)):
        log_light = log_light - rng.uniform(0.3, 1.2) * _shadow(x, y, rng)
    low, high = np.percentile(log_light, (LOW, HIGH))
    log_light = (log_light - high) * (-np.log1p(-loss) / max(high - low, 1e-6))
    light = np.exp(np.minimum(log_light, 0.15))
    return np.asarray(light / np.percentile(light, HIGH), dtype=np.float64)


def tinted(field: Float, rng: np.random.Generator) -> Float:
    """Return the light of a `field` (rows, columns) as (rows, columns, 3) of blue, green and red: warmer on one side and in the shade, or colder."""
    y, x = field_axes((FIELD_STEP_PX * field.shape[0], FIELD_STEP_PX * field.shape[1]))
    warm = rng.uniform(0.2, 1) * _toward(x, y, rng.uniform(0, 360)) + rng.normal(0, 2) * np.log(np.maximum(field, 0.05))
    share = WARMTH * np.clip(warm, -2, 2)[..., None] * np.array((-1.0, -0.25, 0.3))
    return np.asarray(field[..., None] * (1 + share), dtype=np.float64)


def _shadow(x: Float, y: Float, rng: np.random.Generator) -> Float:
    """Draw a shadow, 0 to 1: of a wall or an arm beyond a wavy line, of a phone that reaches in from beyond the picture, or of one in a hand.

    The nearer to the sheet what casts it, the harder its edge.
    """
    angle, far = rng.uniform(0, 360), rng.random()
    softness = HARDEST if far < HARD else np.exp(np.interp(far, (HARD, 1), np.log(SOFTNESS)))
    along, across = _toward(x, y, angle), _toward(x, y, angle + 90)
    wave, kind, end = 0.2 * np.sin(across * rng.uniform(1, 3) + rng.uniform(0, 6)), rng.random(), rng.uniform(-0.2, 0.6)
    if kind < 0.4:
        away = along - rng.uniform(-0.6, 0.8) - wave
    elif kind < 0.75:
        half, corner = rng.uniform(0.25, 0.5), rng.uniform(4, 12)
        away = _slab(along + 0.3 * wave, across - rng.uniform(-0.7, 0.7), end, half, corner)
    else:
        half, aside = rng.uniform(0.2, 0.35), across - rng.uniform(-0.6, 0.6)
        hand, side = half * rng.uniform(0.55, 0.85), rng.choice((-1.0, 1.0))
        away = _slab(along, aside, end, half, rng.uniform(5, 9))
        away = np.maximum(
            away, _slab(along + 0.4 * wave, aside - side * (half + 0.1 * hand), end + rng.uniform(0, 0.3), hand, 2.2)
        )
    return np.asarray(1 / (1 + np.exp(-np.clip(away / softness * 2, -40, 40))), dtype=np.float64)


def _slab(along: Float, across: Float, end: float, half: float, corner: float) -> Float:
    """Return how far points lie within a rounded slab that begins at `end` along its axis; the higher `corner`, the sharper its corners."""
    beyond = np.clip(end - along + half, 0, None) / half
    return np.asarray(half * (1 - (beyond**corner + np.abs(across / half) ** corner) ** (1 / corner)), dtype=np.float64)


def glare_field(shape: tuple[int, int], strength: float, rng: np.random.Generator, *, spots: int, spread: float = 1.0) -> Float:
    """Draw `spots` reflections of lamps and windows: soft ellipses that throw back up to `strength` of white.

    `spread`: how many times as large they are on a duller surface than on a screen's glass.
    """
    y, x = field_axes(shape)
    field = np.zeros((y.shape[0], x.shape[0]))
    for _ in range(spots):
        angle, (middle_x, middle_y) = rng.uniform(0, np.pi), rng.uniform(-0.9, 0.9, 2)
        long, short = spread * rng.uniform(0.15, 0.5), spread * rng.uniform(0.06, 0.2)
        along = (x - middle_x) * np.cos(angle) + (y - middle_y) * np.sin(angle)
        away = (y - middle_y) * np.cos(angle) - (x - middle_x) * np.sin(angle)
        spot = strength * rng.uniform(0.5, 1) / (1 + ((along / long) ** 2 + (away / short) ** 2) ** 1.5)
        field = 1 - (1 - field) * (1 - spot)
    return np.asarray(field, dtype=np.float64)


def _toward(x: Float, y: Float, angle_deg: float) -> Float:
    angle = np.deg2rad(angle_deg)
    return np.asarray((x * np.cos(angle) + y * np.sin(angle)) / (abs(np.cos(angle)) + abs(np.sin(angle))), dtype=np.float64)
