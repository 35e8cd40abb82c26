"""Planes of millions of pixels, some rows at a time: what fits into a processor's cache is worked on several times as fast."""

from __future__ import annotations

from collections.abc import Iterator

ROWS = 64  # of a page of 2,000 columns, float32: half a megabyte


def slabs(height: int, rows: int = ROWS) -> Iterator[slice]:
    """Yield slices of `rows` rows each, the last one of what is left, that make up `height` rows."""
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))
