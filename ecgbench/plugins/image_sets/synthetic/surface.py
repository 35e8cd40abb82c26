"""What paper itself does to the light that falls on it: its grain, its relief's shading, age and dirt, as layers on one coarse field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.relief import BEYOND_MM, KNOT_MM, Relief

Single = npt.NDArray[np.float32]

PER_MM = 2.5  # nodes of the field in a millimeter: enough for the rim of a stain
BRIGHTEST = 1.25  # share of the light that a slope may throw back, against flat white paper


class Layer(Protocol):
    """Something on or in the paper that takes light away."""

    def lay(self, field: Single) -> None:
        """Multiply `field`, (rows, columns, 3) float32 of the share of blue, green and red light that comes back, in place."""


def lit_surface(pixels: Pixels, px_per_mm: float, layers: tuple[Layer, ...]) -> Pixels:
    """Return the print (H, W, 3) uint8 with layers on it, all in one multiplication; as it is where there are none."""
    if not layers:
        return pixels
    height, width = pixels.shape[:2]
    shape = (max(2, round(height / px_per_mm * PER_MM)), max(2, round(width / px_per_mm * PER_MM)))
    field = np.ones((*shape, 3), np.float32)
    for layer in layers:
        layer.lay(field)
    levels = cv2.convertScaleAbs(np.minimum(field, np.float32(BRIGHTEST)), alpha=255 / BRIGHTEST)
    smooth = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(pixels, smooth, scale=BRIGHTEST / 255), dtype=np.uint8)


def cloud(shape: tuple[int, int], size_mm: float, rng: np.random.Generator) -> Single:
    """Return a field (rows, columns) float32 of smooth noise whose bumps are some `size_mm` wide; its nodes have a deviation of 1."""
    coarse = (max(2, round(shape[0] / PER_MM / size_mm) + 1), max(2, round(shape[1] / PER_MM / size_mm) + 1))
    drawn = rng.standard_normal(coarse, dtype=np.float32)
    return np.asarray(cv2.resize(drawn, shape[::-1], interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def roughness(shape: tuple[int, int], rng: np.random.Generator, sizes_mm: tuple[float, ...] = (12.0, 4.0, 1.3)) -> Single:
    """Return noise on several scales, (rows, columns) float32, with a deviation of about 1: the larger the scale, the stronger."""
    total = np.zeros(shape, np.float32)
    for octave, size_mm in enumerate(sizes_mm):
        total += np.float32(0.75 * 0.6**octave) * cloud(shape, size_mm, rng)
    return total


@dataclass(frozen=True)
class Grain:
    """Paper's fibers and uneven coating, as standard deviations of the share of light: `fiber` in each node, `cloudy` over some mm."""

    fiber: float
    cloudy: float
    seed: int

    def lay(self, field: Single) -> None:
        """Add the grain; each fiber shades all three colors alike."""
        rng = np.random.default_rng(self.seed)
        shape = (field.shape[0], field.shape[1])
        share = 1 + np.float32(self.fiber) * rng.standard_normal(shape, dtype=np.float32)
        share += np.float32(self.cloudy) * roughness(shape, rng, (9.0, 3.0))
        field *= share[..., None]


@dataclass(frozen=True, eq=False)
class Shading:
    """Light on a relief (Lambert's cosine law), from a lamp toward `toward_deg` (0 right, 90 down) at `elevation_deg` above the table.

    `depth`: share of the full effect, since a room lights from all sides. `worn`: darkening of edges by handling, per unit of curvature.
    """

    relief: Relief
    toward_deg: float
    elevation_deg: float
    depth: float = 0.6
    worn: float = 0.0

    def lay(self, field: Single) -> None:
        """Shade the field."""
        slope = self.relief.knot_slopes
        lamp, azimuth = np.deg2rad(self.elevation_deg), np.deg2rad(self.toward_deg)
        toward_lamp = (slope[..., 0] * np.cos(azimuth) + slope[..., 1] * np.sin(azimuth)) / np.tan(lamp)
        cosine = (1 - toward_lamp) / np.sqrt(1 + (slope**2).sum(axis=-1))
        shade = 1 + self.depth * (np.clip(cosine, 0, None) - 1)
        if self.worn > 0:
            curvature = np.gradient(slope[..., 0], KNOT_MM, axis=1) + np.gradient(slope[..., 1], KNOT_MM, axis=0)
            shade *= np.exp(-self.worn * np.minimum(np.abs(curvature), 0.3))
        field *= _on_field(shade, field.shape[0], field.shape[1])[..., None]


def _on_field(knots: Float, rows: int, columns: int) -> Single:
    """Return values at a relief's knots as values at the nodes of a field."""
    step = 1 / (PER_MM * KNOT_MM)
    start = (0.5 / PER_MM + BEYOND_MM) / KNOT_MM
    back = np.array([(step, 0.0, start), (0.0, step, start)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(knots.astype(np.float32), back, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)


@dataclass(frozen=True)
class Age:
    """Yellowed paper: `yellow` is the share of blue light lost (green loses a third of it), and `edges` adds to it toward the edges."""

    yellow: float
    edges: float
    seed: int

    def lay(self, field: Single) -> None:
        """Tint the field, unevenly."""
        rng = np.random.default_rng(self.seed)
        rows, columns = field.shape[:2]
        y, x = np.arange(rows, dtype=np.float32)[:, None], np.arange(columns, dtype=np.float32)
        inward_mm = np.minimum(np.minimum(x, columns - 1 - x), np.minimum(y, rows - 1 - y)) / PER_MM
        uneven = 1 + 0.25 * roughness((rows, columns), rng)
        lost = np.clip((self.yellow + self.edges * np.exp(-inward_mm / 12)) * uneven, 0, 0.9)
        field *= 1 - lost[..., None] * np.array([1, 0.36, 0.12], np.float32)
