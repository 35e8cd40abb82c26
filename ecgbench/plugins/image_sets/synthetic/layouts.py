"""Where leads stand on a sheet, in millimeters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# Letter paper on its side: 2200x1700 pixels at 200 dpi.
LETTER_MM = (279.4, 215.9)
STRIP_MM = (279.4, 63.5)
TRACE_MM = 250.0  # a full row of traces: 10 s at 25 mm/s
# The geometry of ecg-image-kit's 3x4+rhythm page at 200 dpi, measured on renders that list each sample's pixel: the traces
# begin at x = 118.11 px, the three rows stand at 5, 7 and 9 twelfths of the height and the rhythm strip at 1534.71 px of 1700.
LEFT_MM = 15.0
ROWS_MM = (LETTER_MM[1] * 5 / 12, LETTER_MM[1] * 7 / 12, LETTER_MM[1] * 9 / 12)
RHYTHM_MM = LETTER_MM[1] * 1534.71 / 1700


@dataclass(frozen=True)
class Layout:
    """Where leads stand: `columns` from left to right, each with its leads from top to bottom, and full-length `rhythm` strips.

    `rows_mm`: the baselines of the columns' rows and then of the rhythm strips, from the paper's upper edge.
    `header_mm`: height at the top that no row needs. `size_mm`: width and height of the paper. `left_mm`: where rows begin.
    """

    name: str
    columns: tuple[tuple[str, ...], ...]
    rhythm: tuple[str, ...]
    rows_mm: tuple[float, ...]
    header_mm: float = 40.0
    size_mm: tuple[float, float] = LETTER_MM
    left_mm: float = LEFT_MM

    @property
    def leads(self) -> tuple[str, ...]:
        """The leads that are shown, each once."""
        return tuple(dict.fromkeys((*(lead for column in self.columns for lead in column), *self.rhythm)))


@dataclass(frozen=True)
class Place:
    """The place of one stretch of one lead: row, column of so many, and the baseline in mm from the paper's upper edge."""

    lead: str
    row: int
    column: int
    columns: int
    y_mm: float


def places(layout: Layout) -> list[Place]:
    """Return the places of a layout, column by column and then the rhythm strips.

    >>> [place.lead for place in places(LAYOUTS["3x4+1"])][:4], len(places(LAYOUTS["3x4+1"]))
    (['I', 'II', 'III', 'aVR'], 13)
    """
    rows = len(layout.columns[0])
    found = [
        Place(lead, row, column, len(layout.columns), layout.rows_mm[row])
        for column, leads in enumerate(layout.columns)
        for row, lead in enumerate(leads)
    ]
    return found + [Place(lead, rows + index, 0, 1, layout.rows_mm[rows + index]) for index, lead in enumerate(layout.rhythm)]


def _evenly(first: float, last: float, rows: int) -> tuple[float, ...]:
    return tuple(float(row) for row in np.linspace(first, last, rows))


_BY_THREE = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))
_BY_SIX = (("I", "II", "III", "aVR", "aVL", "aVF"), ("V1", "V2", "V3", "V4", "V5", "V6"))
_BY_TWELVE = ((*_BY_SIX[0], *_BY_SIX[1]),)
LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout("3x4+1", _BY_THREE, ("II",), (*ROWS_MM, RHYTHM_MM)),
        Layout("3x4", _BY_THREE, (), ROWS_MM),
        Layout("3x4+3", _BY_THREE, ("V1", "II", "V5"), _evenly(62, 196, 6)),
        Layout("6x2", _BY_SIX, (), _evenly(65, 195, 6)),
        Layout("6x2+1", _BY_SIX, ("II",), _evenly(60, 198, 7)),
        Layout("12x1", _BY_TWELVE, (), _evenly(33, 201, 12), header_mm=22.0),
        Layout("strip", (("II",),), (), (39.0,), header_mm=11.0, size_mm=STRIP_MM),
    )
}
