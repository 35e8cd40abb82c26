"""Printed words on a flat page: names of leads and marks that stand beside traces."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

INK = 0.5
LETTER_MM = (1.0, 5.5)  # height of letters
WIDEST_MM = 5.0  # of a letter, or of some that touch; less than what is seen of a trace
GAP_MM = 1.3  # between letters of a word


def find_words(
    coverage: Plane, scale: float, *, smallest_mm: float = LETTER_MM[0], widest_mm: float = WIDEST_MM, ink: float = INK
) -> Floats:
    """Return the boxes of words, (n, 4) of left, top, right, bottom in mm: ink of a letter's size, joined along the line.

    `smallest_mm`: height of the lowest letters. `widest_mm`: of a letter, or of some that touch. `ink`: coverage beyond which there is ink.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats((coverage > ink).view(np.uint8), connectivity=8)
    width, height = stats[:, cv2.CC_STAT_WIDTH] / scale, stats[:, cv2.CC_STAT_HEIGHT] / scale
    letter = (height >= smallest_mm) & (height <= LETTER_MM[1]) & (width <= widest_mm)
    letter[0] = False
    letters = letter[labels].view(np.uint8)
    joined = cv2.dilate(letters, np.ones((1, 2 * round(GAP_MM * scale / 2) + 1), np.uint8))
    outlines = cv2.findContours(joined, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    left, top, wide, high = np.array([cv2.boundingRect(outline) for outline in outlines], np.float64).reshape(-1, 4).T
    grown = round(GAP_MM * scale / 2)
    return np.column_stack([left + grown, top, left + wide - grown, top + high]) / scale
