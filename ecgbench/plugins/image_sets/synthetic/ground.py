"""What lies around a sheet in a picture: tables of wood, laminate or cloth, and the gray of a viewer's window on a screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.paper import Color
from ecgbench.plugins.image_sets.synthetic.surface import Single

WOODS: tuple[Color, ...] = ((62, 88, 122), (45, 60, 84), (70, 105, 150), (90, 130, 170), (40, 48, 60))
PLAIN: tuple[Color, ...] = (
    (96, 92, 88),
    (110, 78, 52),
    (70, 92, 78),
    (150, 160, 168),
    (190, 196, 200),
    (60, 58, 56),
    (120, 100, 60),
)
WINDOWS: tuple[Color, ...] = ((56, 54, 52), (82, 80, 80), (35, 32, 32), (205, 205, 205), (240, 240, 240))
SPECKS = 3.0  # gray levels by which spots of a table differ
SHADOW_SCALE, TEXTURE_SCALE = 8, 4  # shadows are soft and tables out of focus: they are worked out at a fraction of the size


@dataclass(frozen=True)
class Ground:
    """A ground of `color`: "wood" has streaks along its grain, "plain" clouds, "cloth" threads, and a "window" nothing at all."""

    kind: str
    color: Color
    seed: int

    def paint(self, shape: tuple[int, int]) -> Pixels:
        """Return the ground, (H, W, 3) uint8; details scale with the picture."""
        if self.kind == "window":
            return np.tile(np.array(self.color, np.uint8), (*shape, 1))
        rng, small = np.random.default_rng(self.seed), (-(-shape[0] // TEXTURE_SCALE), -(-shape[1] // TEXTURE_SCALE))
        texture = _clouds(small, rng) * np.float32(8) + rng.standard_normal(small, dtype=np.float32) * np.float32(SPECKS)
        if self.kind == "wood":
            texture += _turned(_streaks, small, rng) * np.float32(0.12 * max(self.color))
        if self.kind == "cloth":
            texture += _turned(_threads, small, rng) * np.float32(0.07 * max(self.color))
        painted = np.rint(np.clip(texture[..., None] + np.array(self.color, np.float32), 0, 255)).astype(np.uint8)
        return np.asarray(cv2.resize(painted, shape[::-1], interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def draw_table(rng: np.random.Generator) -> Ground:
    """Draw a table that somebody photographs a page on."""
    kind = ("wood", "plain", "plain", "plain", "cloth")[rng.integers(5)]
    colors = WOODS if kind == "wood" else PLAIN
    return Ground(kind, colors[rng.integers(len(colors))], int(rng.integers(2**31)))


def draw_window(rng: np.random.Generator) -> Ground:
    """Draw the window of a viewer that shows a page on a screen."""
    return Ground("window", WINDOWS[rng.integers(len(WINDOWS))], 0)


def _clouds(shape: tuple[int, int], rng: np.random.Generator) -> Single:
    coarse = rng.standard_normal((5, 7), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _turned(
    draw: Callable[[tuple[int, int], np.random.Generator], Single], shape: tuple[int, int], rng: np.random.Generator
) -> Single:
    """Return a texture as it lies before a camera: turned by any angle, and smaller further away."""
    side = 2 * max(shape)
    drawn, middle = draw((side, side), rng), np.array([side, side]) / 2
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    ends = np.array([(0, 0), (shape[1], 0), (shape[1], shape[0]), (0, shape[0])], np.float64)
    nearer = 1 + rng.uniform(0, 0.25, (4, 1))
    taken = (ends - np.array(shape[::-1]) / 2) * nearer @ turn.T + middle
    matrix = cv2.getPerspectiveTransform(taken.astype(np.float32), ends.astype(np.float32))
    return np.asarray(
        cv2.warpPerspective(drawn, matrix, shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), dtype=np.float32
    )


def _streaks(shape: tuple[int, int], rng: np.random.Generator) -> Single:
    """Return streaks along the rows on three scales, wavy as wood is."""
    height, width = shape
    total = np.zeros(shape, np.float32)
    for rows, share in ((24, 0.5), (90, 0.35), (260, 0.25)):
        drawn = rng.standard_normal((max(2, rows), 5), dtype=np.float32) * np.float32(share)
        total += cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR)
    return total


def _threads(shape: tuple[int, int], rng: np.random.Generator) -> Single:
    height, width = shape
    rows, columns = rng.standard_normal(max(2, height)), rng.standard_normal(max(2, width))
    across = cv2.resize(rows[:, None].astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    down = cv2.resize(columns[None].astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(across + down, dtype=np.float32)


def drop_shadow(ground: Pixels, outline: Float, *, depth: float, spread_px: float, offset_px: tuple[float, float]) -> Pixels:
    """Darken the ground under a sheet's `outline` (n, 2) in pixels by the share `depth`, softened by `spread_px` and offset.

    Where the sheet nearly touches the ground, at its edges, hardly any light comes in from any side.
    """
    height, width = ground.shape[:2]
    shape, soft = (max(1, height // SHADOW_SCALE), max(1, width // SHADOW_SCALE)), max(0.5, spread_px / SHADOW_SCALE)

    def under(points: Float) -> Pixels:
        light = np.full(shape, 255, np.uint8)
        cv2.fillPoly(light, [np.rint(points / SHADOW_SCALE * 16).astype(np.int32)], (round(255 * (1 - depth)),), cv2.LINE_AA, 4)
        return np.asarray(cv2.GaussianBlur(light, (0, 0), soft), dtype=np.uint8)

    light = cv2.resize(np.minimum(under(outline + offset_px), under(outline)), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.multiply(ground, cv2.merge([light, light, light]), scale=1 / 255), dtype=np.uint8)
