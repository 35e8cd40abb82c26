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
PALE_INK = 0.35  # of letters and traces that are told apart by their size: parts of either hold together by their pale rims
NAME_MM = 1.5  # height of the lowest letters of a lead's name
BESIDE_MM = 9.0  # above or below a lead's name runs its trace
BESIDE_TRACE = 0.8  # of a letter's ink


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


def without_names(coverage: Plane, scale: float) -> Plane:
    """Return the coverage without letters above or below a trace, where a path could take them for a part of it.

    Nothing is taken away that has no longer ink above or below it: it may be a piece of a broken trace. Sought at half the size, which suffices.
    """
    size = coverage.shape[1] // 2, coverage.shape[0] // 2
    if min(size) == 0:
        return coverage
    half, scale = cv2.resize(coverage[: 2 * size[1], : 2 * size[0]], size, interpolation=cv2.INTER_AREA), scale / 2
    _, labels, stats, _ = cv2.connectedComponentsWithStats((half > PALE_INK).view(np.uint8), connectivity=8)
    width, height = stats[:, cv2.CC_STAT_WIDTH] / scale, stats[:, cv2.CC_STAT_HEIGHT] / scale
    trace = width > WIDEST_MM
    trace[0] = False
    kept, reach = coverage.copy(), round(BESIDE_MM * scale)
    for number in np.flatnonzero((height >= NAME_MM) & (height <= LETTER_MM[1]) & (width <= WIDEST_MM)):
        left, top, wide, high, area = stats[number]
        columns = slice(left, left + wide)
        letter = labels[top : top + high, columns] == number
        passed = trace[labels[max(0, top - reach) : top + high + reach, columns]].any(axis=0)
        if np.count_nonzero(letter[:, passed]) > BESIDE_TRACE * area:
            ink = cv2.dilate(letter.view(np.uint8).repeat(2, axis=0).repeat(2, axis=1), np.ones((3, 3), np.uint8))
            kept[2 * top : 2 * (top + high), 2 * left : 2 * (left + wide)][ink > 0] = 0
    return kept
