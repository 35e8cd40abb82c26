"""What is spilled on paper and what grows on it: rings of cups, blots, tide marks of water, and mould."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.synthetic.surface import PER_MM, Single, roughness

# Optical density of a stain in blue, green and red light, where the strongest is 1: brown liquids swallow blue light most.
COFFEE, TEA, WATER, INK = (1.0, 0.62, 0.34), (1.0, 0.5, 0.22), (1.0, 0.66, 0.45), (0.35, 0.85, 1.0)
MOULD, RUST, PINK_MOULD = (0.95, 0.88, 1.0), (1.0, 0.68, 0.36), (0.82, 1.0, 0.62)
Tint = tuple[float, float, float]


@dataclass(frozen=True)
class Spill:
    """A liquid that dried on the paper, at (`x`, `y`) as shares of its width and height: `body` and `rim` are optical densities.

    `radius_mm`: its size. `rim_mm`: width of the rim, where most of what was dissolved is left behind (the coffee-ring effect, Deegan et
    al. 1997). `ragged`: how far its outline departs from a circle. `broken`: how far the rim varies around it, 0 to 1.
    """

    x: float
    y: float
    radius_mm: float
    body: float
    rim: float
    rim_mm: float
    ragged: float
    broken: float
    tint: Tint
    seed: int

    def lay(self, field: Single) -> None:
        """Take out the light that the stain swallows."""
        rng = np.random.default_rng(self.seed)
        rows, columns = field.shape[:2]
        reach = self.radius_mm * (1.3 + 2 * self.ragged) + 4 * self.rim_mm
        part = tuple(
            slice(max(0, round(place * size - reach * PER_MM)), max(0, round(place * size + reach * PER_MM)))
            for place, size in ((self.y, rows), (self.x, columns))
        )
        window = field[part]
        if window.size == 0:
            return
        y = (np.arange(rows)[part[0]] - self.y * rows)[:, None] / PER_MM
        x = (np.arange(columns)[part[1]] - self.x * columns) / PER_MM
        density = self._density(y.astype(np.float32), x.astype(np.float32), rng)
        window *= np.exp(-density[..., None] * np.array(self.tint, np.float32))

    def _density(self, y: Single, x: Single, rng: np.random.Generator) -> Single:
        angle, distance = np.arctan2(y, x), np.hypot(x, y)
        wave, around = np.zeros_like(angle), np.zeros_like(angle)
        for k in range(1, 8):
            wave += np.cos(k * angle + np.float32(rng.uniform(0, 2 * np.pi))) * np.float32(rng.normal() / k)
            around += np.cos(k * angle + np.float32(rng.uniform(0, 2 * np.pi))) * np.float32(rng.normal() / np.sqrt(k))
        rough = roughness((angle.shape[0], angle.shape[1]), rng, (6.0, 2.0, 0.8))
        outline = self.radius_mm * (1 + self.ragged * (0.6 * wave + 0.15 * rough))
        inward = outline - distance
        rim = np.exp(-np.where(inward > 0, inward / (2.5 * self.rim_mm), -inward / (0.5 * self.rim_mm)))
        strength = np.clip(1 + self.broken * (0.9 * around - 0.3), 0, 2)
        within = 1 / (1 + np.exp(-np.clip(inward / (0.3 * self.rim_mm), -30, 30)))
        density = self.rim * strength * rim + self.body * within * np.clip(1 + 0.25 * rough, 0, None)
        return np.asarray(density, dtype=np.float32)


def cup_ring(rng: np.random.Generator, strength: float) -> Spill:
    """Draw the ring that a wet cup leaves: 60 to 90 mm across, thin, and seldom closed."""
    x, y = rng.uniform(0.05, 0.95, 2)
    return Spill(
        float(x), float(y), float(rng.uniform(30, 45)), 0.04 * strength, float(strength * rng.uniform(0.35, 0.8)),
        float(rng.uniform(0.7, 1.6)), 0.012, 0.9, (COFFEE, TEA)[rng.integers(2)], int(rng.integers(2**31)),
    )  # fmt: skip


def blot(rng: np.random.Generator, strength: float) -> Spill:
    """Draw a spilled drop of coffee, tea or ink: ragged, with a dark rim."""
    x, y = rng.uniform(0.02, 0.98, 2)
    tint = (COFFEE, TEA, COFFEE, INK)[rng.integers(4)]
    return Spill(
        float(x), float(y), float(np.exp(rng.uniform(np.log(1.5), np.log(22)))), float(strength * rng.uniform(0.12, 0.4)),
        float(strength * rng.uniform(0.15, 0.5)), float(rng.uniform(0.4, 1.2)), 0.16, 0.4, tint, int(rng.integers(2**31)),
    )  # fmt: skip


def tide_mark(rng: np.random.Generator, strength: float) -> Spill:
    """Draw where water crept in, mostly from an edge: a wide pale area with a thin brown line around it."""
    x, y = rng.uniform(0.1, 0.9, 2)
    if rng.random() < 0.7:
        x, y = ((x, float(rng.integers(2))), (float(rng.integers(2)), y))[rng.integers(2)]
    return Spill(
        float(x), float(y), float(rng.uniform(25, 80)), float(strength * rng.uniform(0.03, 0.12)),
        float(strength * rng.uniform(0.12, 0.3)), float(rng.uniform(0.5, 1.5)), 0.2, 0.6, WATER, int(rng.integers(2**31)),
    )  # fmt: skip


@dataclass(frozen=True)
class Mould:
    """Colonies of mould: clusters of spots with fuzzy rims, small and many or large and few, on paper that it stains around them.

    `colonies`: number of clusters. `strength`: optical density of a spot's middle. `tint`: of the spots.
    """

    colonies: int
    strength: float
    tint: Tint
    seed: int

    def lay(self, field: Single) -> None:
        """Take out the light that spots and stained paper swallow."""
        rng = np.random.default_rng(self.seed)
        rows, columns = field.shape[:2]
        rough = roughness((rows, columns), rng, (8.0, 2.5, 0.8))
        fine, coarse = (np.zeros((rows, columns), np.uint8) for _ in range(2))
        for _ in range(self.colonies):
            _colony(fine, coarse, rng)
        spots = cv2.GaussianBlur(fine, (0, 0), 0.35 * PER_MM).astype(np.float32) / 255
        patches = cv2.GaussianBlur(coarse, (0, 0), 1.4 * PER_MM).astype(np.float32) / 255
        patches = np.clip(patches * (1 + 0.8 * rough) - 0.12, 0, 1.2)
        halo = cv2.GaussianBlur(coarse, (0, 0), 4 * PER_MM).astype(np.float32) / 255
        density = np.float32(self.strength) * (spots * np.clip(1 + 0.35 * rough, 0.2, 2) + 0.55 * patches)
        field *= np.exp(-density[..., None] * np.array(self.tint, np.float32))
        stained = np.float32(0.35 * self.strength) * halo * np.clip(1 + 0.3 * rough, 0, None)
        field *= np.exp(-stained[..., None] * np.array(RUST, np.float32))


def _colony(fine: npt.NDArray[np.uint8], coarse: npt.NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Add a cluster of spots to `fine`, and to `coarse` the few of them that have grown into patches."""
    rows, columns = fine.shape
    middle, spread = rng.uniform(0, (columns, rows)), rng.uniform(4, 22) * PER_MM
    count = int(rng.integers(15, 90))
    places = middle + spread * rng.standard_normal((count, 2)) * rng.uniform(0.3, 1.0, 2)
    radii = np.exp(rng.normal(np.log(0.45), 0.6, count)) * PER_MM
    levels = rng.integers(90, 256, count)
    for (x, y), radius, level in zip(np.rint(places * 16).astype(int), np.rint(radii * 16).astype(int), levels, strict=True):
        cv2.circle(fine, (int(x), int(y)), int(radius), int(level), -1, cv2.LINE_AA, 4)
        if radius > 0.6 * PER_MM * 16:
            cv2.circle(coarse, (int(x), int(y)), 3 * int(radius), int(level), -1, cv2.LINE_AA, 4)
