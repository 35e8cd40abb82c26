"""How dark a page is against its paper, at the sizes in which a grid is sought."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import floor, log2, sqrt
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Gray

Ink: TypeAlias = npt.NDArray[np.float32]

FINEST_SIDE = (
    900.0  # pixels; a page is halved until the root of its area is below twice this: a page of 500 x 330 mm still has 2.2 px/mm
)
SMALLEST_SIDE = 24  # pixels; below, not even two 5 mm squares of the smallest sought grid fit
MOST_LEVELS = 4  # the coarsest is an eighth of the finest
BACKGROUND_STEP = 8  # pixels averaged to one before the paper's brightness is taken
BACKGROUND_MEDIAN = 15  # such steps: wide enough that no trace or letter passes for paper
BACKGROUND_BLUR = 5  # such steps, against the blocks that a median leaves
CAP = 2.0  # times the mean darkness: traces then weigh about what lines do (1.5, 2, 3, 4 and 8 found 40, 41, 39, 38 and 36 labelled families)
LEAST_CAP = 0.005  # of the paper's brightness: about one gray level
DARKEST_PAPER = 16.0  # gray levels; keeps the ratio to the paper's brightness finite
NARROW_STRIP, WIDE_STRIP = 4, 8  # pixels of a level that are averaged to one across lines; wide ones are two narrow ones


@dataclass(frozen=True, eq=False)
class InkLevel:
    """The page's ink, averaged down by `scale`.

    `ink`: (h, w) float32, the share of the paper's light that is missing; capped, 0 on plain paper. Pixel i of a row covers
    columns i * scale to (i + 1) * scale of the page; `center` is the page's center (x, y) in pixels of the level, counted from the edge.
    """

    ink: Ink
    scale: int
    center: tuple[float, float]

    @cached_property
    def rows(self) -> Ink:
        """Each `NARROW_STRIP` rows averaged to one, (h // 4, w) float32; what is left at the end is dropped."""
        height, width = self.ink.shape
        size = (width, height // NARROW_STRIP)
        return np.asarray(cv2.resize(self.ink[: size[1] * NARROW_STRIP], size, interpolation=cv2.INTER_AREA), np.float32)

    @cached_property
    def columns(self) -> Ink:
        """Each `NARROW_STRIP` columns averaged to one, as rows: (w // 4, h) float32."""
        height, width = self.ink.shape
        size = (width // NARROW_STRIP, height)
        averaged = cv2.resize(self.ink[:, : size[0] * NARROW_STRIP], size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.transpose(averaged), np.float32)


def ink_levels(gray: Gray) -> list[InkLevel]:
    """Return the page's ink at falling sizes, each half the one before; the first has at most about 3 megapixels.

    >>> [level.scale for level in ink_levels(np.full((1700, 2200), 255, np.uint8))]
    [2, 4, 8, 16]
    >>> ink_levels(np.zeros((1, 1), np.uint8))
    []
    """
    height, width = gray.shape
    if min(height, width) < SMALLEST_SIDE:
        return []
    scale = 2 ** max(0, floor(log2(sqrt(height * width) / FINEST_SIDE)))
    while scale > 1 and min(height, width) // scale < 4 * SMALLEST_SIDE:
        scale //= 2
    ink = _ink(_averaged(gray, scale))
    levels: list[InkLevel] = []
    while min(ink.shape) >= SMALLEST_SIDE and len(levels) < MOST_LEVELS:
        levels.append(InkLevel(ink, scale, (width / 2 / scale, height / 2 / scale)))
        ink, scale = np.asarray(_averaged(ink, 2), dtype=np.float32), scale * 2
    return levels


def _averaged(pixels: npt.NDArray[np.uint8] | Ink, scale: int) -> npt.NDArray[np.uint8] | Ink:
    """Average blocks of `scale` x `scale` pixels; what is left at the right and lower edge is dropped."""
    if scale == 1:
        return pixels
    height, width = (side // scale for side in pixels.shape)
    whole = pixels[: height * scale, : width * scale]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _ink(gray: npt.NDArray[np.uint8] | Ink) -> Ink:
    ink = np.asarray(cv2.divide(gray, _paper_light(gray), dtype=cv2.CV_32F), np.float32)
    np.subtract(1, ink, out=ink)
    cap = max(CAP * float(np.abs(ink[::4, ::4]).mean()), LEAST_CAP)
    return np.clip(ink, -cap, cap, out=ink)


def _paper_light(gray: npt.NDArray[np.uint8] | Ink) -> Ink:
    """Return how bright the paper is at each pixel, in gray levels."""
    height, width = gray.shape
    size = (max(1, width // BACKGROUND_STEP), max(1, height // BACKGROUND_STEP))
    paper = cv2.medianBlur(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), BACKGROUND_MEDIAN)
    paper = cv2.blur(paper, (BACKGROUND_BLUR, BACKGROUND_BLUR), borderType=cv2.BORDER_REPLICATE)
    light = np.asarray(cv2.resize(paper.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    return light if paper.min() >= DARKEST_PAPER else np.maximum(light, np.float32(DARKEST_PAPER))
