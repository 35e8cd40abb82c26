"""Where lines of print stand on a flat page, of those that may say "mm"."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.strokes import pair_likeness
from ecgbench.plugins.digitize.words import find_words

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

FAINTEST = 0.3  # coverage of light print
SMALLEST_MM = 0.6  # height of an m where capitals have 1 mm
WIDEST_MM = 14.0  # of letters that touch: a whole "mm/mV" of 4 mm
BLANK = 1.6  # between words of a line, by their height
SHARED, TALLER = 0.6, 2.2  # of the lower word's height: what words of a line share, and how high the other may be
SMALLEST_PX = 8  # of a page that has room for print
SHORTEST = 2.5  # a line's length by its height
PAIR_LIKE = 0.62  # correlation of a line's strokes with those of "mm"; lines of sample pages that can be read have 0.79 or more
MOST_LINES = 150  # of a page; a full header has 40
MARGIN_PX, ASIDE_PX = 3, 10  # of a line's cut-out: strokes are blurred beyond their ink, and what stands beside a number counts


def find_strips(text: Plane, scale: int) -> Iterator[tuple[float, Plane]]:
    """Yield lines of print that may say "mm" on a page of `scale` pixels a millimeter, from its foot up: the line's foot in mm, and its cut-out."""
    if min(text.shape) < SMALLEST_PX:
        return
    coarse = cv2.resize(text, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # enough to find lines, and four times as fast
    words = find_words(np.asarray(coarse, np.float32), scale / 2, smallest_mm=SMALLEST_MM, widest_mm=WIDEST_MM, ink=FAINTEST)
    boxes = _joined(words)
    lengths = (boxes[:, 2] - boxes[:, 0]) / np.maximum(boxes[:, 3] - boxes[:, 1], 1e-6)
    lines = boxes[lengths >= SHORTEST]
    for box in lines[np.argsort(-lines[:, 3])][:MOST_LINES]:
        left, top, right, bottom = (round(float(side) * scale) for side in box)
        part = slice(max(0, top - MARGIN_PX), bottom + MARGIN_PX), slice(max(0, left - ASIDE_PX), right + ASIDE_PX)
        strip = np.clip(text[part], 0, 1)
        if pair_likeness(strip, bottom - top) >= PAIR_LIKE:
            yield float(box[3]), strip


def _joined(words: Floats) -> Floats:
    """Return the boxes of lines: words that stand beside each other with no more than a blank between them."""
    lines, count = np.empty((len(words), 4)), 0
    heights = words[:, 3] - words[:, 1]
    for number in np.argsort(words[:, 0]):
        word, high = words[number], heights[number]
        begun = lines[:count]
        tall = begun[:, 3] - begun[:, 1]
        low = np.minimum(tall, high)
        shared = np.minimum(begun[:, 3], word[3]) - np.maximum(begun[:, 1], word[1])
        apart = word[0] - begun[:, 2]
        fits = np.flatnonzero(
            (shared >= SHARED * low) & (np.maximum(tall, high) <= TALLER * low) & (apart <= BLANK * np.maximum(tall, high))
        )
        if fits.size:
            line = begun[fits[-1]]
            line[:2], line[2:] = np.minimum(line[:2], word[:2]), np.maximum(line[2:], word[2:])
        else:
            lines[count] = word
            count += 1
    return lines[:count]
