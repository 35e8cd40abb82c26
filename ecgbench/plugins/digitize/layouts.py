"""The layouts that are known: how many rows of how many columns, and which leads stand where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
ROW_MM = 250.0  # a full row: 10 s at 25 mm/s


@dataclass(frozen=True)
class Layout:
    """Leads by row and column, then full-length rhythm strips.

    `columns`: from left to right, each with its leads from top to bottom. `rhythm`: the strips' usual leads.
    """

    name: str
    columns: tuple[tuple[str, ...], ...]
    rhythm: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows in all."""
        return len(self.columns[0]) + len(self.rhythm)

    @property
    def leads(self) -> tuple[str, ...]:
        """The leads that are shown, each once."""
        return tuple(dict.fromkeys((*(lead for column in self.columns for lead in column), *self.rhythm)))


_BY_THREE = tuple(LEADS[first : first + 3] for first in (0, 3, 6, 9))
_BY_SIX = (LEADS[:6], LEADS[6:])
LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout("3x4", _BY_THREE),
        Layout("3x4+1", _BY_THREE, ("II",)),
        Layout("3x4+2", _BY_THREE, ("V1", "II")),
        Layout("3x4+3", _BY_THREE, ("II", "V1", "V5")),
        Layout("6x2", _BY_SIX),
        Layout("6x2+1", _BY_SIX, ("II",)),
        Layout("12x1", (LEADS,)),
        Layout("strip", (("II",),)),
    )
}
