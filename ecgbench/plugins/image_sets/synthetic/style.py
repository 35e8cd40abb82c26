"""How a sheet is printed: each choice by its name, what is known of it, and how often it is drawn where nobody says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ecgbench.core.image_set import SpecError
from ecgbench.plugins.image_sets.synthetic.choice import Choice, Within, of, text_of
from ecgbench.plugins.image_sets.synthetic.devices import DEVICES
from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS
from ecgbench.plugins.image_sets.synthetic.lettering import FONTS, LETTERS, SMOOTH
from ecgbench.plugins.image_sets.synthetic.paper import INKS, PAPERS

FILTERS_HZ = (0.0, 25.0, 35.0, 40.0, 100.0, 150.0)  # upper limits that devices offer, 0 for none


@dataclass(frozen=True)
class Style:
    """How a sheet is printed; every field is known by `FIELDS`, which says what it may be. Raises SpecError for anything else.

    `layout`: "3x4+1", ... `color`: of the grid. `grid`: "lines", "dotted" (dots at 1 mm, lines at 5 mm), "cells" (gray dots on
    tinted squares) or "none". `strength`: of the grid's colors, 1 as listed. `fine_mm`, `bold_mm`: widths of its lines. `frame`:
    "full" (grid to the paper's edge), "boxed" (white margin) or "framed" (white margin, and the header on white). `margin_mm`: width
    of that margin. `speed`: mm/s. `gain`: mm/mV, halved by devices that `fit` traces to their rows. `ink`: of traces and text.
    `trace_mm`: width of the trace. `antialias`: whether pixels are inked in part. `labels`: "below" or "above" the trace's start.
    `pulse`: "left" or "right" of each row. `separators`: a "bar", a thin "tick", a bar "split" by the trace or a line of "dots" where a
    lead ends and the next begins. `header`: "short" or "full". Each of these four may be "none". `font`: of all text.
    `device`: whose header, pulses and rows these are. `paper`: "letter", "a4" or "roll". `cut_mm`: how much of the paper's edge is
    missing. `offset_mm`: of the grid from the paper's corner, where it is "full". `fade`: share by which the grid is paler in places.
    `thinning`, `paling`: share of the trace's width and of its ink that it loses where it is fastest. `mottle`: how unevenly all ink is
    laid, as the share that is missing in places. `spread_mm`: by how much the ink of letters spreads on every side.
    `heavy_mm`: width of every fifth 5 mm line down the sheet, 0 where it is as the others. `split_mm`: of the gap between the two rows of dots
    that a 5 mm line of "cells" is made of, 0 where it is one row. `foot_mm`: of the baseline on either side of a calibration pulse.
    `slant_mm`: by how much the lower end of its flanks stands further out than the upper one. `head_mm`: from dot to dot of the thermal
    head that traces are printed by, in steps of which they rise and fall, 0 for a pen or a head too fine to be seen. `letters`: "smooth", or
    those of a screen: "hinted", with some gray, or "stepped", with none. `faint`: share of ink that traces have less than all else.
    `filter_hz`: upper limit of the filter that the device has passed the leads through, and says so, 0 for none. `apart`: how far rows are
    apart, by the usual, if the paper has room for it. `footer`: whether there is a line below the rows. `crisp`: whether the grid and pulses
    fill whole pixels where traces need not. `blotch`: how unevenly the grid is laid from place to place, as a share of its ink. `shade`: of
    red, pink and blue grids, that of a "print" or of a "screen". `rest_mm`: between the end of a lead and the next one in its row.
    """

    layout: str = "3x4+1"
    color: str = "red"
    grid: str = "lines"
    strength: float = 1.0
    fine_mm: float = 0.12
    bold_mm: float = 0.22
    frame: str = "framed"
    margin_mm: float = 5.0
    speed: float = 25.0
    gain: float = 10.0
    ink: str = "black"
    trace_mm: float = 0.3
    antialias: bool = True
    labels: str = "below"
    pulse: str = "left"
    separators: str = "bar"
    header: str = "short"
    font: str = "sans"
    device: str = "plain"
    paper: str = "letter"
    cut_mm: float = 0.0
    fit: bool = False
    offset_mm: float = 0.0
    fade: float = 0.0
    thinning: float = 0.0
    paling: float = 0.0
    mottle: float = 0.0
    spread_mm: float = 0.0
    heavy_mm: float = 0.0
    split_mm: float = 0.0
    foot_mm: float = 0.0
    slant_mm: float = 0.0
    head_mm: float = 0.0
    letters: str = "smooth"
    faint: float = 0.0
    filter_hz: float = 0.0
    apart: float = 1.0
    footer: bool = True
    crisp: bool = False
    blotch: float = 0.0
    shade: str = "print"
    rest_mm: float = 0.0

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            value = getattr(self, name)
            if not field.known.holds(value):
                raise SpecError(f"{value!r} is no {name} of a synthetic page; it takes {field.known}.")
            if isinstance(field.known, Within) or name in ("speed", "gain", "filter_hz"):
                object.__setattr__(self, name, float(value))

    @property
    def grid_color(self) -> str:
        """The grid's color, "none" where there is no grid."""
        return "none" if self.grid == "none" else self.color

    def said(self) -> str:
        """Return every field as text, as content ids hold it: "layout=3x4+1:color=red:..."."""
        return ":".join(f"{field.name}={text_of(getattr(self, field.name))}" for field in fields(self))


@dataclass(frozen=True)
class Field:
    """What a field of Style may be, how it is drawn where nobody says, and its name in a spec."""

    known: Choice
    drawn: Choice
    key: str


def _names(key: str, **weights: float) -> Field:
    names = of([name.replace("_", "-") for name in weights], list(weights.values()))
    return Field(names, names, key)


def _range(key: str, known: tuple[float, float], drawn: tuple[float, float]) -> Field:
    return Field(Within(*known), Within(*drawn), key)


# How often each is drawn is a guess at what lies about in clinics, with rare ones often enough to be seen among 100 pages; devices have
# their own ways, which go before these.
_LAYOUT = of(list(LAYOUTS), [4 if name == "3x4+1" else 1 for name in LAYOUTS])
FIELDS: Mapping[str, Field] = {
    "layout": Field(_LAYOUT, _LAYOUT, "layouts"),
    "color": Field(of(list(PAPERS)), of(list(PAPERS), (0.32, 0.27, 0.11, 0.09, 0.06, 0.09, 0.06)), "colors"),
    "grid": _names("grid", lines=0.8, dotted=0.1, cells=0.05, none=0.05),
    "strength": _range("strength", (0.2, 1.5), (0.7, 1.35)),
    "fine_mm": _range("fine_mm", (0.05, 0.3), (0.09, 0.2)),
    "bold_mm": _range("bold_mm", (0.05, 0.5), (0.16, 0.3)),
    "frame": _names("frame", full=0.4, framed=0.4, boxed=0.2),
    "margin_mm": _range("margin_mm", (2, 15), (3, 8)),
    "speed": Field(of((25.0, 50.0)), of((25.0, 50.0), (0.94, 0.06)), "speed"),
    "gain": Field(of((5.0, 10.0, 20.0)), of((5.0, 10.0, 20.0), (0.04, 0.92, 0.04)), "gain"),
    "ink": Field(of(list(INKS)), of(list(INKS), (0.7, 0.16, 0.08, 0.06)), "ink"),
    "trace_mm": _range("trace_mm", (0.1, 1.0), (0.32, 0.5)),
    "antialias": Field(of((True, False)), of((True, False), (0.85, 0.15)), "antialias"),
    "labels": _names("labels", below=0.5, above=0.45, none=0.05),
    "pulse": _names("pulse", left=0.65, right=0.2, none=0.15),
    "separators": _names("separators", bar=0.3, tick=0.2, split=0.1, dots=0.2, none=0.2),
    "header": _names("header", short=0.3, full=0.4, none=0.3),
    "font": Field(of(list(FONTS)), of(list(FONTS)), "font"),
    "device": Field(of(list(DEVICES)), of(list(DEVICES), (0.04, 0.27, 0.13, 0.23, 0.08, 0.1, 0.06, 0.09)), "device"),
    "paper": _names("paper", letter=0.35, a4=0.2, roll=0.45),
    "cut_mm": Field(Within(0, 12), of((0.0, 4.0, 8.0), (0.7, 0.15, 0.15)), "cut_mm"),
    "fit": Field(of((True, False)), of((True, False), (0.9, 0.1)), "fit"),
    "offset_mm": _range("offset_mm", (0, 5), (0, 5)),
    "fade": _range("fade", (0, 0.8), (0.05, 0.45)),
    "thinning": _range("thinning", (0, 0.7), (0.05, 0.4)),
    "paling": _range("paling", (0, 0.8), (0, 0.4)),
    "mottle": _range("mottle", (0, 0.5), (0.03, 0.2)),
    "spread_mm": _range("spread_mm", (0, 0.25), (0, 0.1)),
    "heavy_mm": Field(Within(0, 1), of((0.0,)), "heavy_mm"),
    "split_mm": Field(Within(0, 0.2), of((0.0,)), "split_mm"),
    "foot_mm": Field(Within(0, 2), of((0.0,)), "foot_mm"),
    "slant_mm": Field(Within(0, 0.6), of((0.0,)), "slant_mm"),
    "head_mm": Field(Within(0, 0.25), of((0.0,)), "head_mm"),
    "letters": Field(of(LETTERS), of((SMOOTH,)), "letters"),
    "faint": Field(Within(0, 0.8), of((0.0,)), "faint"),
    "filter_hz": Field(of(FILTERS_HZ), of(FILTERS_HZ, (0.45, 0.03, 0.04, 0.2, 0.1, 0.18)), "filter_hz"),
    "apart": Field(Within(0.7, 1.3), of((1.0,)), "apart"),
    "footer": Field(of((True, False)), of((True, False), (0.8, 0.2)), "footer"),
    "crisp": Field(of((True, False)), of((False,)), "crisp"),
    "blotch": Field(Within(0, 0.8), of((0.0,)), "blotch"),
    "shade": Field(of(("print", "screen")), of(("print",)), "shade"),
    "rest_mm": Field(Within(0, 2), of((0.0,)), "rest_mm"),
}

# The geometry of Kaggle's type 0001, which is that of ecg-image-kit at 200 dpi: 2200x1700 pixels, 7.874 px/mm, 78.74 px/mV,
# 196.85 px/s, rows and columns where `layouts` puts them, the grid from the lower left corner of the paper.
KAGGLE_DRAWN = frozenset({"color", "strength", "fine_mm", "bold_mm", "margin_mm", "ink", "trace_mm", "antialias"})
KAGGLE: Mapping[str, Choice] = {
    **{name: of((getattr(Style(), name),)) for name in FIELDS if name not in KAGGLE_DRAWN},
    "frame": of(("full",)),
}
PRESETS: Mapping[str, Mapping[str, Choice]] = {"kaggle": KAGGLE}


def draw_style(given: Mapping[str, Choice], chance: Callable[[str], np.random.Generator]) -> Style:
    """Draw a style: each field from what is `given` for it, else from what is usual for the device, else from what is usual.

    `chance(name)` gives the source of chance for a field: each has its own, so that giving one leaves the others as they are, but for
    the device, which has its ways, and the gain: who gives one wants it, and no device to choose another.
    """
    device = str(given.get("device", FIELDS["device"].drawn).draw(chance("device")))
    known = ({"fit": of((False,))} if "gain" in given else {}) | dict(given) | {"device": of((device,))}
    usual = {name: field.drawn for name, field in FIELDS.items()} | dict(DEVICES[device].usual) | known
    drawn: dict[str, Any] = {name: usual[name].draw(chance(name)) for name in FIELDS}
    return Style(**drawn)
