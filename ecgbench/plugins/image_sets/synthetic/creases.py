"""Fine creases that hands leave in paper: short, curved, and seen only by their bright and their dark side."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.surface import PER_MM, Single

SHIFT = 4  # bits of a node that a crease's place is told to
POINTS = 12  # of a crease's course
SIDE_MM = 0.35  # from a crease's dark side to its bright one


@dataclass(frozen=True)
class Creases:
    """`count` creases of up to `depth`, the share of light that the dark side of one loses."""

    count: int
    depth: float
    seed: int

    def lay(self, field: Single) -> None:
        """Draw the creases."""
        rng = np.random.default_rng(self.seed)
        for _ in range(self.count):
            course, toward = _course((field.shape[1] / PER_MM, field.shape[0] / PER_MM), rng)
            depth = float(self.depth * rng.uniform(0.25, 1))
            for side, share in ((-0.5, -depth), (0.5, 0.6 * depth)):
                _lay_line(field, course + side * SIDE_MM * toward, np.float32(share))


def _course(size_mm: tuple[float, float], rng: np.random.Generator) -> tuple[Float, Float]:
    """Draw where a crease runs, (n, 2) in mm, a bow of some 5 to 50 mm, and the direction (2,) in which it throws light."""
    angle, length = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(np.log(5), np.log(50)))
    turn = rng.normal(0, 0.5) + np.linspace(0, rng.normal(0, 0.9), POINTS) + rng.normal(0, 0.12, POINTS)
    step = np.column_stack([np.cos(angle + turn), np.sin(angle + turn)]) * length / POINTS
    start = rng.uniform((0, 0), size_mm)
    normal = np.array([-np.sin(angle), np.cos(angle)])
    return np.asarray(start + np.cumsum(step, axis=0), dtype=np.float64), normal


def _lay_line(field: Single, course_mm: Float, share: np.float32) -> None:
    """Multiply the field along a course by 1 + share, softly, and less toward its ends."""
    mask = np.zeros(field.shape[:2], np.uint8)
    nodes = np.rint((course_mm * PER_MM - 0.5) * 2**SHIFT).astype(np.int32)
    strength = np.sin(np.linspace(0.15, np.pi - 0.15, len(nodes) - 1))
    for start, end, level in zip(nodes[:-1], nodes[1:], strength, strict=True):
        cv2.line(mask, start.tolist(), end.tolist(), int(255 * level), 1, cv2.LINE_AA, SHIFT)
    low, high = nodes.min(axis=0) // 2**SHIFT - 3, nodes.max(axis=0) // 2**SHIFT + 4
    rows, columns = slice(max(0, low[1]), max(0, high[1])), slice(max(0, low[0]), max(0, high[0]))
    if mask[rows, columns].size:
        soft = cv2.GaussianBlur(mask[rows, columns], (3, 3), 0.6).astype(np.float32) / 255
        field[rows, columns] *= (1 + share * soft)[..., None]
