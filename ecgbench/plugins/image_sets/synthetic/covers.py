"""What hides a part of a sheet: labels and holes on its paper, and fingers and other sheets before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from ecgbench.core.page import Mask, Pixels
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.paper import Color
from ecgbench.plugins.image_sets.synthetic.surface import Single

SHIFT = 4  # bits of a pixel that outlines are told to
ARC = 24  # points of a finger's round end
DARK_SIDES = 0.38  # share of light that a finger's sides lose
BLUSH = np.array((1.3, 1.15, 0.75), np.float32)  # where skin is darker it is redder, since light has passed through it
BLOTCHES = 0.03
NAIL_LIGHT = 0.16  # share by which a nail is brighter than skin
FINEST_BLUR_PX = 1.5  # soft shadows are worked out at a fraction of the size, at which their blur is as wide
THINNEST_PX = 1.2  # of a label's shadow


@dataclass(frozen=True, eq=False)
class Patch:
    """Something flat that is stuck on paper, or a hole in it: its closed `outline` (n, 2) in mm of the sheet, and its color.

    `shadow_mm`: how far the shadow of its edge falls to the right and down, and `depth`, the share of light that the shadow takes.
    """

    outline: Float
    color: Color
    shadow_mm: float = 0.25
    depth: float = 0.3

    def lay(self, pixels: Pixels, px_per_mm: float) -> None:
        """Lay it on a print (H, W, 3) uint8 of `px_per_mm`, in place."""
        outline, offset = self.outline * px_per_mm - 0.5, max(THINNEST_PX, self.shadow_mm * px_per_mm)
        _shade(pixels, outline + offset, self.depth, offset)
        cv2.fillPoly(pixels, [_fixed(outline)], self.color, cv2.LINE_AA, SHIFT)

    def uncover(self, coverage: Pixels, px_per_mm: float) -> None:
        """Take out of `coverage`, (H, W) uint8 of ink on a print of `px_per_mm`, what lies under it, in place."""
        cv2.fillPoly(coverage, [_fixed(self.outline * px_per_mm - 0.5)], (0,), cv2.LINE_8, SHIFT)


class Front(Protocol):
    """Something between the camera and the sheet."""

    def lay(self, pixels: Pixels) -> None:
        """Draw it over a picture (H, W, 3) uint8, in place."""

    def hides(self, shape: tuple[int, int]) -> Mask:
        """Return (H, W) bool, the pixels of a picture of `shape` that it hides."""


@dataclass(frozen=True, eq=False)
class OtherSheet:
    """Another sheet that lies over an edge of the picture: its `outline` (n, 2) in pixels, and its color.

    `shadow_px`: width of its shadow, and `depth`, the share of light that the shadow takes.
    """

    outline: Float
    color: Color
    shadow_px: float
    depth: float

    def lay(self, pixels: Pixels) -> None:
        """Draw the sheet and the shadow of its edge."""
        _shade(pixels, self.outline, self.depth, self.shadow_px)
        cv2.fillPoly(pixels, [_fixed(self.outline)], self.color, cv2.LINE_AA, SHIFT)

    def hides(self, shape: tuple[int, int]) -> Mask:
        """Return which pixels it hides."""
        return _within(self.outline, shape)


@dataclass(frozen=True)
class Finger:
    """A finger from beyond the picture: its tip (`x`, `y`) in pixels, where it comes from in degrees (0 right, 90 down), half its width.

    `skin`: its color. `nail`: whether its nail is seen, as that of a thumb which holds the sheet from above.
    """

    x: float
    y: float
    from_deg: float
    half_px: float
    skin: Color
    nail: bool

    @property
    def outline(self) -> Float:
        """Its outline (n, 2) in pixels: a round tip, and sides that part slowly; it ends far outside of the picture."""
        turn = np.linspace(np.pi / 2, 3 * np.pi / 2, ARC)
        tip = np.column_stack([1.25 * (1 + np.cos(turn)), np.sin(turn)])
        sides = np.array([(4.0, -1.12), (40.0, -1.5), (40.0, 1.5), (4.0, 1.12)])
        return self._placed(np.vstack([tip, sides]))

    def lay(self, pixels: Pixels) -> None:
        """Draw the finger, darker toward its sides, and the shadow that it throws on the paper."""
        _shade(pixels, self.outline + 0.25 * self.half_px, 0.4, 0.35 * self.half_px)
        window, mask = _window(self.outline, pixels.shape[:2], 2.0)
        if not mask.size:
            return
        y, x = np.mgrid[window].astype(np.float32)
        along, across = self._seen(x, y)
        end = np.clip(1 - along / 1.25, 0, 1)
        share = (1 - DARK_SIDES * np.clip(across**2 + end**2, 0, 1.3) ** 1.5).astype(np.float32)
        if self.nail:
            away = ((along - 1.15) / 0.95) ** 2 + (across / 0.66) ** 2
            share *= (
                1
                + np.float32(NAIL_LIGHT) * np.clip(4 * (1 - away), 0, 1)
                - np.float32(0.1) * np.exp(-(((away - 1.1) / 0.16) ** 2))
            )
        drawn = np.random.default_rng(round(self.x)).standard_normal((7, 7), dtype=np.float32)
        blotch = cv2.resize(drawn, mask.shape[::-1], interpolation=cv2.INTER_CUBIC)
        share *= 1 + np.float32(BLOTCHES) * blotch
        painted = np.clip(share[..., None] ** BLUSH * np.array(self.skin, np.float32), 0, 255)
        part, covered = pixels[window], (mask.astype(np.float32) / 255)[..., None]
        part[:] = np.rint(part + covered * (painted - part)).astype(np.uint8)

    def hides(self, shape: tuple[int, int]) -> Mask:
        """Return which pixels it hides."""
        return _within(self.outline, shape)

    def _placed(self, own: Float) -> Float:
        """Return points (n, 2), along the finger from its tip and across it in half widths, as pixels."""
        angle = np.deg2rad(self.from_deg)
        turned = own @ np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
        return np.asarray(self.half_px * turned + (self.x, self.y), dtype=np.float64)

    def _seen(self, x: Single, y: Single) -> tuple[Single, Single]:
        angle, off_x, off_y = np.deg2rad(self.from_deg), (x - self.x) / self.half_px, (y - self.y) / self.half_px
        cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        return np.asarray(off_x * cos + off_y * sin), np.asarray(off_y * cos - off_x * sin)


def _fixed(outline: Float) -> np.ndarray:
    return np.asarray(np.rint(outline * 2**SHIFT), dtype=np.int32)


def _within(outline: Float, shape: tuple[int, int]) -> Mask:
    """Return (H, W) bool, the pixels within an outline (n, 2) in pixels."""
    return np.asarray(cv2.fillPoly(np.zeros(shape, np.uint8), [_fixed(outline)], (1,), cv2.LINE_8, SHIFT).view(np.bool_))


def _window(outline: Float, shape: tuple[int, int], beyond_px: float) -> tuple[tuple[slice, slice], Pixels]:
    """Return the part of a picture of `shape` around an outline, and how much of each of its pixels the outline covers, 255 is full."""
    low = np.clip(np.floor(outline.min(axis=0) - beyond_px), 0, shape[::-1]).astype(int)
    high = np.clip(np.ceil(outline.max(axis=0) + beyond_px) + 1, 0, shape[::-1]).astype(int)
    window, mask = (slice(low[1], high[1]), slice(low[0], high[0])), np.zeros(np.maximum(0, high - low)[::-1], np.uint8)
    if mask.size:
        cv2.fillPoly(mask, [_fixed(outline - low)], (255,), cv2.LINE_AA, SHIFT)
    return window, mask


def _shade(pixels: Pixels, outline: Float, depth: float, spread_px: float) -> None:
    """Darken a picture within an outline by the share `depth`, softened by `spread_px`, in place."""
    window, mask = _window(outline, pixels.shape[:2], 3 * spread_px)
    if not mask.size:
        return
    step = max(1, round(spread_px / FINEST_BLUR_PX))
    small = cv2.resize(mask, (-(-mask.shape[1] // step), -(-mask.shape[0] // step)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(cv2.convertScaleAbs(small, alpha=depth), (0, 0), max(0.5, spread_px / step))
    light, part = cv2.resize(cv2.bitwise_not(small), mask.shape[::-1], interpolation=cv2.INTER_LINEAR), pixels[window]
    part[:] = cv2.multiply(part, cv2.merge([light, light, light]), scale=1 / 255)
