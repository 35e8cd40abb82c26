"""Creases that hands leave in paper, fine and curved, and hard folds: seen by their bright and their dark side."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.surface import PER_MM, Single

SHIFT = 4  # bits of a node that a crease's place is told to
POINTS = 12  # of a crease's course
SIDE_MM = 0.35  # from a crease's dark side to its bright one
EDGE_MM = 0.5  # half-width of a fold's edge
ROUND_MM = (1.0, 3.0)  # half-width of the bend that an opened fold leaves beside its edge
FADES = 2.2  # light on a fold's sides is gone after so many times its reach
WAVE_MM = 25.0  # along which a fold's depth varies
WANDER_MM = 1.2  # by which it leaves a straight line


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


@dataclass(frozen=True)
class Fold:
    """A hard fold across the sheet, through (`x_mm`, `y_mm`) along `angle_deg` (0 to the right, 90 down), opened again.

    `depth`: share of light that its edge loses, here more, there less. `light`: share by which the paper on one side is brighter and on
    the other darker, here more, there less, and less with every `reach_mm` from the edge.
    """

    x_mm: float
    y_mm: float
    angle_deg: float
    depth: float
    light: float
    reach_mm: float
    seed: int

    def lay(self, field: Single) -> None:
        """Shade both sides, and draw the edge."""
        rng, angle = np.random.default_rng(self.seed), np.deg2rad(self.angle_deg)
        rows, columns = field.shape[:2]
        x = ((np.arange(columns) + 0.5) / PER_MM - self.x_mm).astype(np.float32)
        y = ((np.arange(rows) + 0.5) / PER_MM - self.y_mm).astype(np.float32)[:, None]
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        along, away = x * cos + y * sin, y * cos - x * sin
        turns = along / np.float32(WAVE_MM) + np.float32(rng.uniform(0, 6))
        away += np.float32(WANDER_MM) * (np.sin(0.31 * turns) + np.float32(0.3) * np.sin(turns))
        near = np.abs(away)
        share = np.tanh(away / np.float32(rng.uniform(*ROUND_MM)))
        share *= np.float32(self.light) * (np.float32(0.85) + np.float32(0.4) * np.sin(0.53 * turns))
        share *= np.square(np.clip(1 - near / np.float32(FADES * self.reach_mm), 0, 1))
        edge = near < 4 * EDGE_MM
        uneven = 0.65 + 0.35 * np.sin(2.3 * turns[edge] + rng.uniform(0, 6))
        share[edge] -= np.float32(self.depth) * uneven * np.exp(-((away[edge] / EDGE_MM) ** 2))
        share[edge] += np.float32(0.6 * self.depth) * uneven * np.exp(-((away[edge] / EDGE_MM - 1.7) ** 2))
        field *= (1 + share)[..., None]


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
