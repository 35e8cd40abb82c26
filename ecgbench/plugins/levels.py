"""Gray levels by how many pixels do not exceed them: counted, which is faster than a sort."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Pixels


def pixels_up_to(levels: Pixels) -> npt.NDArray[np.float64]:
    """Return how many of the uint8 pixels do not exceed each level, (256,); OpenCV counts them ten times as quickly as numpy."""
    counts = cv2.calcHist([np.ascontiguousarray(levels)], [0], None, [256], [0, 256]).ravel()
    return np.cumsum(counts, dtype=np.float64)


def levels_at(levels: Pixels, shares: Sequence[float]) -> list[int]:
    """Return for each share (0..1) the level (0..255) that at least so many of the uint8 pixels do not exceed.

    >>> levels_at(np.arange(200, dtype=np.uint8).reshape(10, 20), [0.1, 0.5])
    [19, 99]
    """
    summed = pixels_up_to(levels)
    return [int(level) for level in np.searchsorted(summed, np.array(shares) * summed[-1])]
