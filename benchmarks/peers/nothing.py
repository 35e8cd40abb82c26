"""A method that does next to nothing: what a tool takes for a cell of it is the tool's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgbench import EdgeMap, Gray, param, transformer

COPIES = 10  # values of its parameter, so that a page has as many cells as with the ten methods


@dataclass(frozen=True)
class NothingParams:
    """Parameters of `edges.nothing`."""

    number: int = param(0, 0, COPIES - 1, "tells one copy from the others")


@transformer("edges.nothing", version="0.1.0")
def nothing(gray: Gray, _: NothingParams) -> EdgeMap:
    """Mark no edges.

    How it works: it does not.
    What works: telling what a cell costs beside its method.
    What didn't work: anything else.
    Changes: 0.1 first version.
    """
    return EdgeMap(np.zeros(gray.shape, np.bool_), None)
