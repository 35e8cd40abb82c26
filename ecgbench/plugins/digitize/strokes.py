"""The upright strokes of "mm", by which lines that may tell paper speed or gain are told from others before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.glyphs import HIGH, WIDE, Templates, face_of

Plane = npt.NDArray[np.float32]

STEMS = 14  # places along an m at which its strokes are compared
BAND = (0.5, 0.85)  # of a small letter's height: below its arches, above its feet
LINE_BAND = (0.55, 0.85)  # the same of a line, which is as high as its capitals or its slash
PAIR_FONTS = ("DejaVuSans.ttf", "DejaVuSansMono.ttf", "STIXGeneral.ttf", "cmss10.ttf", "cmtt10.ttf", None)
PAIR_WIDTHS = (1.5, 1.7, 1.95, 2.2, 2.5, 2.85)  # of "mm", by the line's height
SOFTENED_PX = 1.5  # sigma of their blur, in pixels of RENDERED_PX
STEP_PX = 2  # columns of a line that are taken together, where it is high enough
HIGH_PX = 14
FLAT = 1e-3  # norm of strokes about their mean, below which there are none


def stems_of(letters: Sequence[Plane]) -> Plane:
    """Return the ink along small letters below their middle, where an m shows three strokes: (n, STEMS), mean 0 and norm 1."""
    along = np.empty((len(letters), STEMS), np.float32)
    for number, letter in enumerate(letters):
        top = int(BAND[0] * len(letter))
        band = letter[top : max(top + 1, round(BAND[1] * len(letter)))]
        along[number] = cv2.resize(band, (STEMS, 1), interpolation=cv2.INTER_AREA)
    along -= along.mean(axis=1, keepdims=True)
    return np.asarray(along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6), np.float32)


@lru_cache(maxsize=4)
def stems_of_m(known: Templates) -> Plane:
    """Return the strokes of each template of an m, as `stems_of` gives them."""
    first, last = known.range_of("m")
    letters = []
    for shape in known.shapes[first:last].reshape(-1, HIGH, WIDE):
        x, y, width, height = cv2.boundingRect((shape > shape[0, 0]).astype(np.uint8))
        letters.append(shape[y : y + height, x : x + width] - shape[0, 0])
    return stems_of(letters)


def pair_likeness(line: Plane, height: float) -> float:
    """Return how like the strokes somewhere along a line are to those of "mm", 0 to 1. `height`: of the line within its cut-out."""
    margin = (len(line) - height) / 2
    band = line[round(margin + LINE_BAND[0] * height) : max(1, round(margin + LINE_BAND[1] * height))]
    step = STEP_PX if height >= HIGH_PX else 1
    along = cv2.resize(band, (band.shape[1] // step, 1), interpolation=cv2.INTER_AREA)[0]
    widths = [round(ratio * height / step) for ratio in PAIR_WIDTHS]
    return max((_correlation(along, _pairs(width)) for width in widths if width <= len(along)), default=0.0)


def _correlation(along: Plane, pairs: Plane) -> float:
    """Return the best correlation of strokes (n,) somewhere with some patterns (k, w) of mean 0 and norm 1, 0 to 1."""
    windows = np.lib.stride_tricks.sliding_window_view(along, pairs.shape[1])
    spread = np.sqrt(np.maximum(np.square(windows).sum(axis=1) - np.square(windows.sum(axis=1)) / pairs.shape[1], 0))
    likeness = (windows @ pairs.T).max(axis=1)
    return float(np.max(likeness[spread > FLAT] / spread[spread > FLAT], initial=0.0))


@lru_cache(maxsize=256)
def _pairs(width: int) -> Plane:
    """Return the strokes along "mm" in some fonts, `width` places long, (k, width) of mean 0 and norm 1."""
    pairs = np.vstack([cv2.resize(pair, (width, 1), interpolation=cv2.INTER_AREA) for pair in _drawn_pairs()])
    pairs -= pairs.mean(axis=1, keepdims=True)
    return np.asarray(pairs / np.maximum(np.linalg.norm(pairs, axis=1, keepdims=True), 1e-6), np.float32)


@lru_cache(maxsize=1)
def _drawn_pairs() -> tuple[Plane, ...]:
    """Return the strokes along "mm" in some fonts, (1, w) each."""
    pairs = []
    for font in PAIR_FONTS:
        glyphs = face_of(font).getmask("mm", mode="L")
        coverage = np.asarray(glyphs, np.float32).reshape(glyphs.size[::-1])
        soft = cv2.GaussianBlur(coverage, (0, 0), SOFTENED_PX)
        pairs.append(np.asarray(soft[int(BAND[0] * len(soft)) : int(BAND[1] * len(soft))].mean(axis=0)[None], np.float32))
    return tuple(pairs)
