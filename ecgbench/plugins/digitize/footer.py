"""Paper speed and gain as the page says them in print: "25 mm/s", "10 mm/mV"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.glyphs import FONTS, templates
from ecgbench.plugins.digitize.pieces import line_of
from ecgbench.plugins.digitize.reader import Reader, Said
from ecgbench.plugins.digitize.text_lines import find_strips

Plane = npt.NDArray[np.float32]

SAME_LINE_MM = 4.0  # from foot to foot


@dataclass(frozen=True)
class Printed:
    """What a page says of itself: paper speed and gain, None where nothing is said or it is in doubt; and what is in doubt."""

    mm_per_s: float | None = None
    mm_per_mv: float | None = None
    doubts: tuple[str, ...] = ()


def read_print(text: Plane, scale: int, fonts: Sequence[tuple[str | None, int]] = FONTS) -> Printed:
    """Read paper speed and gain from a page's print. `text`: (h, w) float32 coverage at `scale` pixels a millimeter."""
    said = list(find_said(text, scale, fonts))
    speed, gain = (sorted({one.value for one in said if one.unit == unit}) for unit in ("mm/s", "mm/mV"))
    doubts = tuple(
        f"The page says {' and '.join(f'{value:g}' for value in values)} {unit}: neither is taken."
        for values, unit in ((speed, "mm/s"), (gain, "mm/mV"))
        if len(values) > 1
    )
    return Printed(speed[0] if len(speed) == 1 else None, gain[0] if len(gain) == 1 else None, doubts)


def find_said(text: Plane, scale: int, fonts: Sequence[tuple[str | None, int]] = FONTS) -> Iterator[Said]:
    """Yield what the page says of paper speed and gain, from its foot up, until both are known and nothing more stands beside them.

    Lines are read as they are, and without their blur where that says nothing.
    """
    known = templates(tuple(fonts))
    units, foot = set[str](), np.inf
    for bottom, strip in find_strips(text, scale):
        if len(units) == 2 and bottom < foot - SAME_LINE_MM:
            return
        for sharpen in (False, True):
            line = line_of(strip, sharpen=sharpen)
            reader = None if line is None else Reader(line, known)
            said = [] if reader is None else reader.said()
            if said:
                yield from said
                units.update(one.unit for one in said)
                foot = bottom
            if len(units) == 2 or reader is None or not reader.promising:
                break
