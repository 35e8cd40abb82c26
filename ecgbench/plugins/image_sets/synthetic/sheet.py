"""A printed ECG in millimeters: its paper, where each lead stands, and everything that is inked on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecgbench.plugins.image_sets.synthetic.heart import Float, Leads

Color = tuple[int, int, int]

# Letter paper on its side: 2200x1700 pixels at 200 dpi.
WIDTH_MM, HEIGHT_MM = 279.4, 215.9
PAPER_SPEED_MM_S, GAIN_MM_MV = 25.0, 10.0
SECONDS = 10.0
# The geometry of ecg-image-kit's 3x4+rhythm page at 200 dpi, measured on renders that list each sample's pixel: the traces
# begin at x = 118.11 px, the three rows stand at 5, 7 and 9 twelfths of the height and the rhythm strip at 1534.71 px of 1700.
LEFT_MM = 15.0
ROWS_MM = (HEIGHT_MM * 5 / 12, HEIGHT_MM * 7 / 12, HEIGHT_MM * 9 / 12)
RHYTHM_MM = HEIGHT_MM * 1534.71 / 1700


@dataclass(frozen=True)
class Layout:
    """Where leads stand: `columns` from left to right, each with its leads from top to bottom, and full-length `rhythm` strips.

    `rows_mm`: the baselines of the columns' rows and then of the rhythm strips, from the paper's upper edge.
    """

    name: str
    columns: tuple[tuple[str, ...], ...]
    rhythm: tuple[str, ...]
    rows_mm: tuple[float, ...]


_BY_THREE = (("I", "II", "III"), ("aVR", "aVL", "aVF"), ("V1", "V2", "V3"), ("V4", "V5", "V6"))
_BY_SIX = (("I", "II", "III", "aVR", "aVL", "aVF"), ("V1", "V2", "V3", "V4", "V5", "V6"))
LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout("3x4+1", _BY_THREE, ("II",), (*ROWS_MM, RHYTHM_MM)),
        Layout("3x4", _BY_THREE, (), ROWS_MM),
        Layout("6x2", _BY_SIX, (), tuple(float(row) for row in np.linspace(65, 195, 6))),
    )
}


@dataclass(frozen=True)
class Paper:
    """Colors of a paper (blue, green, red), and the widths of its 1 mm and 5 mm lines in mm."""

    ground: Color
    fine: Color
    bold: Color
    fine_mm: float = 0.12
    bold_mm: float = 0.22


PAPERS: Mapping[str, Paper] = {
    "red": Paper((255, 255, 255), (185, 185, 248), (125, 125, 235)),
    "pink": Paper((243, 238, 253), (212, 200, 246), (178, 158, 236)),
    "blue": Paper((255, 255, 255), (243, 220, 190), (228, 172, 115)),
    "green": Paper((240, 252, 242), (182, 222, 178), (132, 190, 122)),
    "grey": Paper((255, 255, 255), (208, 208, 208), (160, 160, 160)),
    "black": Paper((255, 255, 255), (150, 150, 150), (45, 45, 45), 0.08, 0.16),
}


@dataclass(frozen=True)
class Frame:
    """The part of the paper that bears the grid, in mm; lines stand at whole mm from `anchor`, its upper left corner by default."""

    left: float
    top: float
    right: float
    bottom: float
    anchor: tuple[float, float] | None = None

    @property
    def x0(self) -> float:
        """Where a 5 mm line stands that runs down the paper."""
        return self.left if self.anchor is None else self.anchor[0]

    @property
    def y0(self) -> float:
        """Where a 5 mm line stands that runs across the paper."""
        return self.top if self.anchor is None else self.anchor[1]


FRAMES: Mapping[str, Frame] = {
    "full": Frame(0.0, 0.0, WIDTH_MM, HEIGHT_MM),  # grid to the paper's edge, as in Kaggle's type 0001
    "framed": Frame(5.0, 40.0, 275.0, 210.0),  # white margin, and the header on white
}


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line of ink: `points` (n, 2) float64 of (x, y) in mm, and its width in mm."""

    points: Float
    width_mm: float


@dataclass(frozen=True)
class Text:
    """A line of print: the left end of its baseline and the height of its capitals, in mm."""

    x_mm: float
    y_mm: float
    height_mm: float
    text: str


@dataclass(frozen=True, eq=False)
class Sheet:
    """A printed ECG: paper, grid frame, traces, other marks (calibration pulses, separators), texts and the color of the ink.

    `shown`: each of the 12 leads as float32 (n,) in mV, NaN where the sheet does not show it.
    """

    layout: Layout
    paper: Paper
    frame: Frame
    ink: Color
    traces: tuple[Stroke, ...]
    marks: tuple[Stroke, ...]
    texts: tuple[Text, ...]
    shown: Leads


def print_sheet(
    leads: Leads, layout: Layout, paper: Paper, frame: Frame, *, ink: Color, trace_mm: float, title: str, fs: float = 500.0
) -> Sheet:
    """Lay 10 s of 12 leads out on a sheet at 25 mm/s and 10 mm/mV; each column shows the time that follows the one before it.

    `leads`: name -> float32 (fs * 10,) in mV. `trace_mm`: width of the trace.
    """
    shown = {name: np.full_like(signal, np.nan) for name, signal in leads.items()}
    traces = []
    for lead, column, columns, y_mm in _strips(layout):
        samples = len(leads[lead]) // columns
        part = slice(column * samples, (column + 1) * samples)
        shown[lead][part] = leads[lead][part]
        x = LEFT_MM + np.arange(part.start, part.stop) / fs * PAPER_SPEED_MM_S
        traces.append(Stroke(np.column_stack([x, y_mm - GAIN_MM_MV * leads[lead][part].astype(np.float64)]), trace_mm))
    return Sheet(layout, paper, frame, ink, tuple(traces), _marks(layout, trace_mm), _texts(layout, frame, title), shown)


def _strips(layout: Layout) -> list[tuple[str, int, int, float]]:
    """Return lead, column, number of columns in its row and baseline (mm) of each strip."""
    strips = [
        (lead, column, len(layout.columns), layout.rows_mm[row])
        for column, leads in enumerate(layout.columns)
        for row, lead in enumerate(leads)
    ]
    below = layout.rows_mm[len(layout.columns[0]) :]
    return strips + [(lead, 0, 1, y_mm) for lead, y_mm in zip(layout.rhythm, below, strict=True)]


def _column_mm(column: int, columns: int) -> float:
    return LEFT_MM + column * SECONDS / columns * PAPER_SPEED_MM_S


def _marks(layout: Layout, trace_mm: float) -> tuple[Stroke, ...]:
    """Return the calibration pulses (1 mV for 0.2 s) left of each row, and a bar where a lead ends and the next begins."""
    pulse = np.array([(-5.0, 0.0), (-5.0, -GAIN_MM_MV), (0.0, -GAIN_MM_MV), (0.0, 0.0)])
    pulses = [Stroke(pulse + np.array([LEFT_MM, y_mm]), trace_mm) for y_mm in layout.rows_mm]
    bars = [
        Stroke(np.array([(x_mm, y_mm - 3.5), (x_mm, y_mm + 3.5)]), 0.6)
        for lead, column, columns, y_mm in _strips(layout)
        if column
        for x_mm in (_column_mm(column, columns),)
    ]
    return (*pulses, *bars)


def _texts(layout: Layout, frame: Frame, title: str) -> tuple[Text, ...]:
    """Return the lead labels, a header, and a footer that states speed and gain."""
    labels = [Text(_column_mm(column, columns) + 1, y_mm + 7.5, 2.6, lead) for lead, column, columns, y_mm in _strips(layout)]
    header = [Text(LEFT_MM, 12 + 6 * row, 2.6, line) for row, line in enumerate(title.splitlines())]
    footer = Text(LEFT_MM + 35, min(frame.bottom, HEIGHT_MM) - 3.5, 2.4, f"{PAPER_SPEED_MM_S:g} mm/s   {GAIN_MM_MV:g} mm/mV")
    return (*labels, *header, footer)
