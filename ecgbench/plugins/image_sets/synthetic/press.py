"""A grid as an old press, or a copier, has laid it: with more ink in some dots and less in others."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.synthetic.paper import Color

BLOTCH_MM = 0.22  # standard deviation of the blotches' blur: on a gray scan they are about as wide as half a square
TILE_PX = 512  # of the pattern, which is laid side by side
BLOTCH_SEED = 10
EVEN = 128  # of 255: where as much ink lies as there should


def blotched(grid: Pixels, ground: Color, blotch: float, px_per_mm: float) -> Pixels:
    """Return a printed grid (H, W, 3) uint8, no color of which is brighter than `ground`, with its ink laid unevenly.

    `blotch`: by what share of it, as a standard deviation.
    """
    height, width = grid.shape[:2]
    levels = np.clip(EVEN * (1 + blotch * _pattern(round(BLOTCH_MM * px_per_mm, 2))), 0, 255).astype(np.uint8)
    laid = np.tile(levels, (height // TILE_PX + 1, width // TILE_PX + 1))[:height, :width]
    white = np.full_like(grid, ground)
    ink = cv2.multiply(cv2.subtract(white, grid), cv2.merge([laid] * 3), scale=1 / EVEN)
    return np.asarray(cv2.subtract(white, ink), dtype=np.uint8)


@lru_cache(maxsize=2)
def _pattern(sigma_px: float) -> np.ndarray:
    """Return blotches (TILE_PX, TILE_PX) float32, without a seam, of mean 0 and standard deviation 1."""
    dots = np.random.default_rng(BLOTCH_SEED).standard_normal((TILE_PX, TILE_PX), dtype=np.float32)
    room = int(4 * sigma_px) + 1
    smooth = cv2.GaussianBlur(np.pad(dots, room, mode="wrap"), (0, 0), max(sigma_px, 0.01))[room:-room, room:-room]
    return np.asarray((smooth - smooth.mean()) / smooth.std(), dtype=np.float32)
