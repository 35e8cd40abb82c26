"""Where the drawn stretches of leads lie in the picture, pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ecgbench.core.truth import Truth

Columns: TypeAlias = npt.NDArray[np.intp]


def stretches(truth: Truth, shape: tuple[int, ...]) -> Iterator[tuple[Columns, Columns]]:
    """Yield for each drawn stretch of a lead the (x, y) pixels that its samples lie in, two arrays (n,), in the order of time.

    Samples that are unknown or outside a picture of `shape` (H, W) are left out, so that a stretch may be empty.
    """
    for trace in truth.traces or ():
        x, y = (np.where(np.isfinite(axis), np.rint(axis), -1) for axis in trace.points.T)
        inside = (x >= 0) & (x < shape[1]) & (y >= 0) & (y < shape[0])
        yield x[inside].astype(np.intp), y[inside].astype(np.intp)
