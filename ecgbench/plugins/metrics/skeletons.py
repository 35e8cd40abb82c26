"""Skeletons of ink: its center lines."""

from __future__ import annotations

import cv2
import numpy as np

from ecgbench.core.page import Pixels
from ecgbench.plugins.metrics.masks import count, grown, union, without

CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
DEEPEST = 8  # erosions: ink wider than 16 px is no trace, at 600 dpi neither


def skeleton(mask: Pixels) -> Pixels:
    """Return the center lines of a mask (H, W) uint8 of 0 and 1, in the same form.

    Of each erosion of the mask, the skeleton holds what opening takes away: Lantuéjoul's morphological skeleton (Serra, Image Analysis
    and Mathematical Morphology, 1982, ch. 11), eroded by a cross and dilated by a square as in the soft skeleton of Shit et al. (clDice,
    CVPR 2021, algorithm 1), of which this is the form for masks. It is not always one pixel thin nor connected, and takes a fifth of the time
    of thinning. What is left after 8 erosions counts as it is.

    >>> bar = np.zeros((5, 7), np.uint8)
    >>> bar[1:4, 1:6] = 1
    >>> skeleton(bar)[2]
    array([0, 0, 1, 1, 1, 0, 0], dtype=uint8)
    """
    found, rest = np.zeros_like(mask), mask
    for _ in range(DEEPEST):
        eroded = np.asarray(cv2.erode(rest, CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0), dtype=np.uint8)
        found = union(found, without(rest, grown(eroded, 1)))
        if not count(eroded):
            return found
        rest = eroded
    return union(found, rest)
