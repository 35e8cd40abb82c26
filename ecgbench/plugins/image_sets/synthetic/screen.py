"""A page on a screen: stripes of red, green and blue, which a camera's pixels turn into moire."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Pixels


@dataclass(frozen=True)
class Screen:
    """A screen whose pixels are `pitch_mm` of the sheet wide and high, each of a red, a green and a blue stripe.

    `depth`: how much darker the light is between stripes than on them, as the camera's lens leaves it, 0 to 1. `black`: level of a
    black pixel, since the lamp behind it shines through.

    The stripes are finer than the camera's pixels or nearly so: sampled at those, their pattern comes back coarser (aliasing), in
    fringes that bend with the perspective.
    """

    pitch_mm: float
    depth: float
    black: float

    def show(self, pixels: Pixels, mm: npt.NDArray[np.float32]) -> Pixels:
        """Return the picture (H, W, 3) uint8 of a screen; `mm` (H, W, 2): where on the sheet each pixel lies."""
        turn = np.arange(256) / 256 * 2 * np.pi
        stripes = 1 - self.depth * (1 - np.cos(turn[:, None] - 2 * np.pi * np.array([2, 1, 0]) / 3)) / 2
        rows = 1 - 0.5 * self.depth * (1 - np.cos(turn)) / 2
        lifted = self.black + (255 - self.black) / 255 * np.arange(256)
        shown = cv2.LUT(pixels, np.rint(lifted).astype(np.uint8))
        shown = cv2.multiply(shown, self._looked_up(mm[..., 0], stripes), scale=1 / 255)
        level = self._looked_up(mm[..., 1], rows)
        return np.asarray(cv2.multiply(shown, cv2.merge([level, level, level]), scale=1 / 255), dtype=np.uint8)

    def _looked_up(self, mm: npt.NDArray[np.float32], table: npt.NDArray[np.float64]) -> Pixels:
        """Return the table's value, 0..255, at each pixel's place within a pixel of the screen."""
        phase = (mm * np.float32(256 / self.pitch_mm)).astype(np.int32).astype(np.uint8)  # keeps the last 8 bits
        return np.asarray(np.rint(table * 255).astype(np.uint8)[phase])
