"""Masks as metrics count them: pixels set, shared, and within reach of one another."""

from __future__ import annotations

from functools import reduce

import cv2
import numpy as np

from ecgbench.core.page import Mask, Pixels
from ecgbench.core.truth import Truth

MARKS = ("label_mask", "pulse_mask", "separator_mask")  # ink of the truth that is not trace


def pixels(mask: Mask, shape: tuple[int, ...]) -> Pixels:
    """Return a mask as OpenCV takes it, (H, W) uint8 of 0 and 1; ValueError where it is not of the page's `shape`."""
    if mask.shape != shape:
        raise ValueError(f"a mask of shape {mask.shape} does not fit a page of shape {shape}")
    return np.asarray(mask, dtype=np.bool_, order="C").view(np.uint8)


def count(mask: Pixels) -> int:
    """Count the pixels that are set."""
    return cv2.countNonZero(mask)


def shared(one: Pixels, other: Pixels) -> int:
    """Count the pixels that are set in both."""
    return cv2.countNonZero(cv2.bitwise_and(one, other))


def grown(mask: Pixels, reach: int) -> Pixels:
    """Set every pixel within `reach` pixels of one that is set, diagonals included: a square, which OpenCV grows quickest."""
    side = 2 * reach + 1
    return np.asarray(cv2.dilate(mask, np.ones((side, side), np.uint8)), dtype=np.uint8)


def outlines(mask: Pixels) -> Pixels:
    """Return the pixels of a mask that touch one outside it, diagonals included; the picture's rim is no outline."""
    return np.asarray(cv2.subtract(mask, cv2.erode(mask, np.ones((3, 3), np.uint8))), dtype=np.uint8)


def union(one: Pixels, other: Pixels) -> Pixels:
    """Return the pixels that are set in either."""
    return np.asarray(cv2.bitwise_or(one, other), dtype=np.uint8)


def without(one: Pixels, other: Pixels | None) -> Pixels:
    """Return the pixels that are set in one, and not in the other."""
    return one if other is None else np.asarray(cv2.subtract(one, other), dtype=np.uint8)


def marks(truth: Truth, shape: tuple[int, ...]) -> Pixels | None:
    """Return the ink that is known not to be trace (text, calibration pulses, separators), (H, W) uint8; None where none is known."""
    known = [pixels(mask, shape) for name in MARKS if (mask := getattr(truth, name)) is not None]
    return reduce(union, known) if known else None


def ratio(part: float, whole: float, other: float) -> float:
    """Return part / whole; of nothing it is 1 where the `other` side has nothing either, else 0.

    >>> ratio(1, 4, 9), ratio(0, 0, 0), ratio(0, 0, 9)
    (0.25, 1.0, 0.0)
    """
    return part / whole if whole else float(other == 0)


def harmonic_mean(one: float, other: float) -> float:
    """Return the harmonic mean of two shares, 0 where both are 0.

    >>> harmonic_mean(1.0, 0.5), harmonic_mean(0.0, 0.0)
    (0.6666666666666666, 0.0)
    """
    return 2 * one * other / (one + other) if one + other else 0.0
