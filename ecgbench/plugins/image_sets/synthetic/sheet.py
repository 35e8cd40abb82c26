"""A printed ECG in millimeters: its paper, where each lead stands, and everything that is inked on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ecgbench.plugins.image_sets.synthetic.devices import DEVICES
from ecgbench.plugins.image_sets.synthetic.heart import Float, Leads
from ecgbench.plugins.image_sets.synthetic.layouts import TRACE_MM, Layout, Place, places
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording
from ecgbench.plugins.image_sets.synthetic.lettering import length_mm
from ecgbench.plugins.image_sets.synthetic.paper import (
    CELL_DOT,
    CELL_DOT_MM,
    CELL_GRAY,
    CELL_PALE,
    CELL_TINT,
    DOT_TIMES,
    INKS,
    PAPERS,
    SCREEN_PAPERS,
    WHITE,
    Color,
    Frame,
    Paper,
    frame_of,
)
from ecgbench.plugins.image_sets.synthetic.placement import layout_of, start_mm
from ecgbench.plugins.image_sets.synthetic.style import Style

__all__ = ["Sheet", "Stroke", "Text", "Trace", "paper_of", "print_sheet", "start_mm"]

PULSE_MV = 1.0
BAR_MM, TICK_MM = (7.0, 0.78), (4.0, 0.25)  # height and width of separators; the bar's are measured on ecg-image-kit's renders
SPLIT_MM = (5.1, 0.7, 2.4)  # height and width of each half of a split bar, and from the baseline to either: on two real exports
SPLIT_LINES = 3  # that a half is drawn with
PULSE_GAP_MM = 1.5  # between the end of a row and a pulse on its right
DOTS_APART_MM, DOTS_BEYOND_MM = 1.0, 20.0  # of a dotted line between columns, and how far it goes on above and below the rows
LINE_DOT_MM = (0.28, 0.27)  # length and width of its dots, round ends apart
DOT_LEVEL = 0.75  # of the lines' color: dots of a dotted grid are darker in print, where paler ones would not be seen
LABEL_ASIDE_MM: Mapping[str, float] = {"split": 2.1, "dots": 0.9}  # of names beside a mark that is as high as they
LABEL_DOWN = 0.36  # of the way to the next row at most, where rows are close
FOOTER_FREE_MM = 7.0  # below a grid that does not reach the paper's edge, where a device prints its line
ROLL_MARGIN_MM = 2.0  # white beside the grid of a roll, which is hardly wider than its traces
BODIES: Mapping[str, str] = {"plain-bold": "plain"}  # of all text but the leads' names, where these are bold
FAST_MM = 0.9  # way of the pen in 2 ms, from which on it is at its fastest: 1 mV in 45 ms at 10 mm/mV is an R wave's flank


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line of ink: `points` (n, 2) float64 of (x, y) in mm, broken where they are NaN, and its width in mm, or that from each on (n,).

    `step_mm`: what its ink rises and falls by, where dots print it; 0 where it follows the points.
    """

    points: Float
    width_mm: float | Float
    step_mm: float = field(default=0.0, kw_only=True)

    @property
    def inked(self) -> Float:
        """Where its ink is laid, (n, 2): at its points, or at the nearest dots above or below them."""
        if not self.step_mm:
            return self.points
        return np.column_stack([self.points[:, 0], self.step_mm * np.rint(self.points[:, 1] / self.step_mm)])


@dataclass(frozen=True, eq=False)
class Trace(Stroke):
    """One stretch of one lead: a point for each sample, the time of the first in seconds, and the area it was given (mm).

    `box_mm`: left, top, right, bottom.
    """

    lead: str
    start_s: float
    box_mm: tuple[float, float, float, float]


@dataclass(frozen=True)
class Text:
    """A line of print: the left end of its baseline and the height of its capitals, in mm.

    `anchor`: "right" or "middle" where its right end or its middle is at `x_mm`. `font`: one of lettering.FONTS where it is not the
    style's.
    """

    x_mm: float
    y_mm: float
    height_mm: float
    text: str
    anchor: str = "left"
    font: str | None = None


@dataclass(frozen=True, eq=False)
class Sheet:
    """A printed ECG: its paper and style, the grid's frame, and all that is inked.

    `size_mm`: width and height. `fs`: of the traces, in Hz. `shown`: each lead of the layout as float32 (n,) in mV from the
    beginning of the sheet on, NaN where the sheet does not show it.
    """

    style: Style
    size_mm: tuple[float, float]
    paper: Paper
    frame: Frame
    ink: Color
    traces: tuple[Trace, ...]
    pulses: tuple[Stroke, ...]
    separators: tuple[Stroke, ...]
    texts: tuple[Text, ...]
    fs: float
    shown: Leads


def print_sheet(recording: Recording, style: Style, header: tuple[Text, ...] = ()) -> Sheet:
    """Lay a recording out on a sheet: its first 10 s at 25 mm/s, 5 s at 50 mm/s; each column shows the time after the one before.

    Leads that were not recorded are left out. `header`: texts besides the leads' labels.
    """
    layout = layout_of(style)
    margin_mm = min(style.margin_mm, ROLL_MARGIN_MM) if style.paper == "roll" else style.margin_mm
    footer_mm = FOOTER_FREE_MM if DEVICES[style.device].even else 0.0
    frame = frame_of(style.frame, layout.size_mm, margin_mm, layout.header_mm, style.offset_mm, footer_mm)
    stood = [place for place in places(layout) if place.lead in recording.leads]
    traces = tuple(_trace(place, layout, recording, style) for place in stood)
    return Sheet(
        style, layout.size_mm, paper_of(style), frame, INKS[style.ink], traces, _pulses(layout, style),
        _separators(stood, style), (*_labels(stood, layout, style), *_in_body(header, style)), recording.fs,
        _shown(layout, recording, traces, seconds=TRACE_MM / style.speed),
    )  # fmt: skip


def _in_body(texts: tuple[Text, ...], style: Style) -> tuple[Text, ...]:
    """Return texts in the face that a device has for all but the leads' names, where that is another one."""
    body = BODIES.get(style.font)
    return texts if body is None else tuple(replace(text, font=text.font or body) for text in texts)


def paper_of(style: Style) -> Paper:
    """Return the paper that a style is printed on."""
    shades = SCREEN_PAPERS if style.shade == "screen" else {}
    paper = shades.get(style.color, PAPERS[style.color]).with_strength(style.strength)
    fine, fine_mm = paper.fine, style.fine_mm
    if style.grid == "dotted":
        fine, fine_mm = _darker(paper.bold), DOT_TIMES * style.fine_mm
    if style.grid == "cells":
        fine, fine_mm = CELL_DOT, CELL_DOT_MM
    beyond = WHITE if style.frame != "full" and DEVICES[style.device].even else None
    bold = _toward(_toward(paper.bold, CELL_DOT, CELL_GRAY), paper.ground, CELL_PALE) if style.grid == "cells" else paper.bold
    blue, green, red = (round(share * level) for share, level in zip(CELL_TINT, paper.ground, strict=True))
    split_mm = style.split_mm if style.grid == "cells" else 0.0
    return Paper(
        paper.ground,
        fine,
        bold,
        fine_mm,
        style.bold_mm + split_mm,
        style.grid,
        (blue, green, red),
        style.fade,
        beyond,
        style.heavy_mm,
        split_mm,
    )


def _toward(color: Color, other: Color, share: float) -> Color:
    blue, green, red = (round((1 - share) * one + share * two) for one, two in zip(color, other, strict=True))
    return blue, green, red


def _darker(color: Color) -> Color:
    blue, green, red = (round(DOT_LEVEL * level) for level in color)
    return blue, green, red


def _column_mm(place: Place, style: Style) -> float:
    return start_mm(style) + place.column * TRACE_MM / place.columns


def _trace(place: Place, layout: Layout, recording: Recording, style: Style) -> Trace:
    """Draw the stretch that a place shows: the samples from its column's first moment to the next column's, or to the gap before it."""
    fs, signal = recording.fs, recording.leads[place.lead]
    seconds = TRACE_MM / place.columns / style.speed
    first, last = (round((place.column + side) * seconds * fs) for side in (0, 1))
    if place.column < place.columns - 1:
        last -= round(style.rest_mm / style.speed * fs)
    part = signal[first:last].astype(np.float64)
    x = start_mm(style) + (first + np.arange(len(part))) / fs * style.speed
    points = np.column_stack([x, place.y_mm - style.gain * part])
    width_mm, box_mm = _width_mm(points, fs, style), _box(place, layout, style)
    return Trace(points, width_mm, place.lead, first / fs, box_mm, step_mm=style.head_mm)


def _width_mm(points: Float, fs: float, style: Style) -> float | Float:
    """Return the width of a trace from each point on: where the pen is fast, its ink is spread thin."""
    if not style.thinning or len(points) < 2:
        return style.trace_mm
    quick = quickness(points, fs)
    return np.asarray(style.trace_mm * (1 - style.thinning * np.append(quick, quick[-1])), dtype=np.float64)


def quickness(points: Float, fs: float) -> Float:
    """Return how fast the pen goes from each of `points` (n, 2) in mm to the next, (n - 1,): 0 at rest, 1 at its fastest."""
    step = np.diff(points, axis=0)
    quick = np.minimum(np.hypot(step[:, 0], step[:, 1]) * fs / 500 / FAST_MM, 1)
    quick[np.isnan(quick)] = 0
    return np.asarray(quick, dtype=np.float64)


def _box(place: Place, layout: Layout, style: Style) -> tuple[float, float, float, float]:
    """Return the area of a place: its column, and down and up to halfway between its row and the next."""
    rows = np.array(layout.rows_mm)
    middles = (rows[1:] + rows[:-1]) / 2
    half = float(np.diff(rows).min()) / 2 if len(rows) > 1 else layout.size_mm[1] / 3
    top = float(middles[place.row - 1]) if place.row else float(rows[0]) - half
    bottom = float(middles[place.row]) if place.row < len(rows) - 1 else float(rows[-1]) + half
    left = _column_mm(place, style)
    return left, max(0.0, top), left + TRACE_MM / place.columns, min(layout.size_mm[1], bottom)


def _shown(layout: Layout, recording: Recording, traces: tuple[Trace, ...], *, seconds: float) -> Leads:
    """Return what can be read from the sheet: the samples that were drawn and lie on the paper."""
    size = round(seconds * recording.fs)
    shown = {lead: np.full(size, np.nan, np.float32) for lead in layout.leads if lead in recording.leads}
    for trace in traces:
        first = round(trace.start_s * recording.fs)
        on_paper = ((trace.points >= 0) & (trace.points <= layout.size_mm)).all(axis=1)
        part = slice(first, first + len(trace.points))
        shown[trace.lead][part] = np.where(on_paper, recording.leads[trace.lead][part], shown[trace.lead][part])
    return shown


def _pulses(layout: Layout, style: Style) -> tuple[Stroke, ...]:
    """Return a calibration pulse beside each row: 1 mV, for as long as the device makes it; its feet lie on the row's zero."""
    if style.pulse == "none":
        return ()
    device = DEVICES[style.device]
    width, height, foot, slant = device.pulse_s * style.speed, PULSE_MV * style.gain, style.foot_mm, style.slant_mm / 2
    left = start_mm(style) - width - slant - foot - device.gap_mm
    if style.pulse == "right":
        left = start_mm(style) + TRACE_MM + PULSE_GAP_MM + foot + slant
    flank = np.array([(-foot - slant, 0.0), (-slant, 0.0), (slant, -height)])
    pulse = np.vstack([flank, (flank * (-1, 1) + (width, 0.0))[::-1]])
    pulse = pulse if foot else pulse[1:-1]
    return tuple(Stroke(pulse + np.array([left, y_mm]), style.trace_mm) for y_mm in layout.rows_mm)


def _separators(stood: list[Place], style: Style) -> tuple[Stroke, ...]:
    """Return a mark where a lead ends and the next begins."""
    if style.separators == "none":
        return ()
    if style.separators == "dots":
        return _dotted_lines(stood, style)
    if style.separators == "split":
        height, width, away = SPLIT_MM
        width /= SPLIT_LINES  # beside each other, which end nearly square
        half = np.array([(0.0, away + width / 2), (0.0, away + height - width / 2), (np.nan, np.nan)])
        beside = width * (np.arange(SPLIT_LINES) - (SPLIT_LINES - 1) / 2)
        ends = np.vstack([side * half + (x, 0.0) for side in (-1, 1) for x in beside])
    else:
        height, width = BAR_MM if style.separators == "bar" else TICK_MM
        reach = (height - width) / 2  # strokes end round
        ends = np.array([(0.0, -reach), (0.0, reach)])
    return tuple(Stroke(ends + np.array([_column_mm(place, style), place.y_mm]), width) for place in stood if place.column)


def _dotted_lines(stood: list[Place], style: Style) -> tuple[Stroke, ...]:
    """Return a dotted line between columns, from above the first row to below the last that has several."""
    rows = [place.y_mm for place in stood if place.columns > 1]
    y = np.arange(min(rows, default=0.0) - DOTS_BEYOND_MM, max(rows, default=0.0) + DOTS_BEYOND_MM, DOTS_APART_MM)
    dot = np.array([(0.0, 0.0), (0.0, LINE_DOT_MM[0]), (np.nan, np.nan)])
    dots = (dot + np.column_stack([np.zeros_like(y), y])[:, None]).reshape(-1, 2)
    return tuple(
        Stroke(dots + np.array([x, 0.0]), LINE_DOT_MM[1])
        for x in sorted({_column_mm(place, style) for place in stood if place.column})
    )


def _labels(stood: list[Place], layout: Layout, style: Style) -> tuple[Text, ...]:
    if style.labels == "none":
        return ()
    device = DEVICES[style.device]
    down = device.below_mm if style.labels == "below" else device.above_mm
    if device.even and len(layout.rows_mm) > 1:
        down = min(down, LABEL_DOWN * float(np.diff(layout.rows_mm).min()))
    aside, first = LABEL_ASIDE_MM.get(style.separators, 0.0), style.separators == "split"
    strips = _strip_names(layout, device.strip)
    return tuple(
        text
        for place in stood
        for text in _name(
            Text(
                _column_mm(place, style) + (aside if place.column or first else 0.0), place.y_mm + down, device.label_mm,
                strips.get(place.row, place.lead),
            ),
            style,
        )
    )  # fmt: skip


def _strip_names(layout: Layout, said: str) -> dict[int, str]:
    """Return by row what rhythm strips below other rows are called, `said` with the lead's name in it."""
    first = len(layout.columns[0])
    return {first + index: said.format(lead) for index, lead in enumerate(layout.rhythm)}


def _name(name: Text, style: Style) -> tuple[Text, ...]:
    """Return a lead's name as a device sets it: in one, or its "a" apart from the rest."""
    apart_mm = DEVICES[style.device].apart_mm
    if not apart_mm or not name.text.startswith("a"):
        return (name,)
    right = length_mm("a", style.font, name.height_mm) + apart_mm
    return replace(name, text="a"), replace(name, x_mm=name.x_mm + right, text=name.text[1:])
