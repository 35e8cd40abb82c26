"""Fine dark lines on paper: scratches of nails, which thermal paper turns gray along, and hairs that lie on it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float

SHIFT = 4  # bits of a node that a line's place is told to
POINTS = 16  # of a line's course
WIDTH_MM = (0.1, 0.22)
LENGTH_MM = (4.0, 40.0)
BUNDLE_MM = 12.0  # deviation of scratches from the middle of their bundle: a nail goes to and fro
HAIRS = 0.25  # share of lines that are hairs: darker, and curled


@dataclass(frozen=True)
class Scratches:
    """`count` fine lines in a bundle or two on a sheet of `width_mm`, of up to `depth`, the share of light that one takes away."""

    count: int
    depth: float
    width_mm: float
    seed: int

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """Return the print with the lines on it; `pixels` are left as they are, and all chance comes from the seed."""
        if not self.count:
            return pixels
        own, scratched = np.random.default_rng(self.seed), pixels.copy()
        px_per_mm = pixels.shape[1] / self.width_mm
        size_mm = np.array(pixels.shape[1::-1]) / px_per_mm
        bundles = own.uniform((0, 0), size_mm, (2, 2))
        angles = own.uniform(0, np.pi, 2)
        for _ in range(self.count):
            bundle = int(own.random() < 0.4)
            start = bundles[bundle] + own.normal(0, BUNDLE_MM, 2)
            hair = own.random() < HAIRS
            angle = own.uniform(0, np.pi) if hair else angles[bundle] + own.normal(0, 0.35)
            course = _course(start, angle, curl=1.6 if hair else 0.25, rng=own)
            depth = self.depth * (own.uniform(1.0, 1.8) if hair else own.uniform(0.2, 1.0))
            width = own.uniform(*WIDTH_MM) * (0.7 if hair else 1.0)
            _draw(scratched, course * px_per_mm - 0.5, width * px_per_mm, min(0.8, depth))
        return scratched


def _course(start: Float, angle: float, *, curl: float, rng: np.random.Generator) -> Float:
    """Draw where a line runs, (n, 2) in mm: a bow that turns by some `curl` radians on its way."""
    length = np.exp(rng.uniform(*np.log(LENGTH_MM)))
    turn = angle + np.linspace(0, rng.normal(0, curl), POINTS) + rng.normal(0, 0.03, POINTS).cumsum()
    step = np.column_stack([np.cos(turn), np.sin(turn)]) * length / POINTS
    return np.asarray(start + np.cumsum(step, axis=0), dtype=np.float64)


def _draw(pixels: Pixels, course: Float, width_px: float, depth: float) -> None:
    """Darken pixels along a course, less toward its ends; a line thinner than a pixel takes less light."""
    low = np.maximum(np.floor(course.min(axis=0)).astype(int) - 3, 0)
    high = np.minimum(np.ceil(course.max(axis=0)).astype(int) + 4, pixels.shape[1::-1])
    if (high <= low).any():
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    nodes = np.rint((course - low) * 2**SHIFT).astype(np.int32)
    strength = np.sin(np.linspace(0.3, np.pi - 0.3, len(nodes) - 1)) * min(1.0, width_px)
    for start, end, level in zip(nodes[:-1], nodes[1:], strength, strict=True):
        cv2.line(mask, start.tolist(), end.tolist(), int(255 * level), max(1, round(width_px)), cv2.LINE_AA, SHIFT)
    part = pixels[low[1] : high[1], low[0] : high[0]]
    part[:] = np.rint(part * (1 - np.float32(depth / 255) * mask)[..., None]).astype(np.uint8)
