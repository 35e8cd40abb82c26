"""Where the rows of a style stand on its paper, and the gain at which they have room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ecgbench.plugins.image_sets.synthetic.devices import DEVICES
from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS, LEFT_MM, LETTER_MM, TRACE_MM, Layout
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording
from ecgbench.plugins.image_sets.synthetic.style import Style

PAPERS_MM: Mapping[str, tuple[float, float]] = {"letter": LETTER_MM, "a4": (297.0, 210.0)}
ROLL_RIGHT_MM = 6.0  # of paper beyond the traces
# From row to row on a roll, by the number of rows: measured on real prints (31 to 37 mm of four rows, 22 mm of six), between them a guess.
PITCH_MM: Mapping[int, float] = {1: 36.0, 3: 39.0, 4: 33.0, 6: 21.5, 7: 19.5, 12: 13.5}
WIDEST_PITCH_MM = 50.0
HEADERS_MM: Mapping[str, float] = {"none": 3.0, "short": 21.0, "full": 36.0}
STRIP_HEADER_MM = 8.0
FOOTER_ROOM_MM = 9.0
DOWN = 0.6  # of a row's height lie above its baseline, where most of the complexes are
RIGHT_CUT = 0.45  # of what is cut off on the left and at the top is cut off on the right
LOWEST_GAIN = 5.0  # mm/mV, to which devices go down by themselves


def layout_of(style: Style) -> Layout:
    """Return where a style's rows stand: as in LAYOUTS, or spread over its paper; less what is cut off."""
    known = LAYOUTS[style.layout]
    spread = DEVICES[style.device].even or style.paper != "letter"
    return _cut(_spread(known, style) if spread else known, style.cut_mm)


def start_mm(style: Style) -> float:
    """Return where rows begin, so that a pulse on the right has as much room as one on the left."""
    layout = layout_of(style)
    if style.pulse != "right":
        return layout.left_mm
    return layout.size_mm[0] + RIGHT_CUT * style.cut_mm - LEFT_MM - TRACE_MM


def fitted(style: Style, recording: Recording) -> Style:
    """Return the style at the gain that its device takes: where it fits traces to their rows, half of a gain that lets them leave it."""
    rows = np.array(layout_of(style).rows_mm)
    if not style.fit or len(rows) < 2:
        return style
    shown = [recording.leads[lead] for lead in LAYOUTS[style.layout].leads if lead in recording.leads]
    highest = max((float(np.abs(lead[np.isfinite(lead)]).max(initial=0)) for lead in shown), default=0.0)
    gain = style.gain
    while gain > LOWEST_GAIN and gain * highest > float(np.diff(rows).min()):
        gain /= 2
    return replace(style, gain=gain)


def _spread(known: Layout, style: Style) -> Layout:
    rows = len(known.rows_mm)
    header = min(HEADERS_MM[style.header], STRIP_HEADER_MM) if rows == 1 else HEADERS_MM[style.header]
    left, above, right, below = DEVICES[style.device].around_mm if style.paper == "roll" else (0.0, 0.0, 0.0, 0.0)
    header += above
    width, height = PAPERS_MM.get(style.paper, (LEFT_MM + left + TRACE_MM + ROLL_RIGHT_MM + right, 0.0))
    if height and rows > 1:
        pitch = min((height - header - FOOTER_ROOM_MM) / rows, WIDEST_PITCH_MM) * min(1.0, style.apart)
    else:
        pitch = style.apart * PITCH_MM[rows]
        height = header + rows * pitch + FOOTER_ROOM_MM + below
    stand = tuple(header + pitch * (row + DOWN) for row in range(rows))
    return replace(known, rows_mm=stand, header_mm=header, size_mm=(width, height), left_mm=known.left_mm + left)


def _cut(layout: Layout, cut_mm: float) -> Layout:
    """Take an edge off the paper, at its top, on its left and, less, on its right."""
    width, height = layout.size_mm
    return replace(
        layout, rows_mm=tuple(row - cut_mm for row in layout.rows_mm), header_mm=max(0.0, layout.header_mm - cut_mm),
        size_mm=(width - (1 + RIGHT_CUT) * cut_mm, height - cut_mm), left_mm=layout.left_mm - cut_mm,
    )  # fmt: skip
