"""Devices that print ECGs, named after where they stand: how each marks its rows, and what it usually prints on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ecgbench.plugins.image_sets.synthetic.choice import Choice, Within, of


@dataclass(frozen=True)
class Device:
    """How a kind of device prints.

    `pulse_s`: width of its calibration pulse. `gap_mm`: from there to the trace. `label_mm`: height of the leads' names. `apart_mm`: by
    which the "a" of aVR, aVL and aVF stands further from the V than in other words. `below_mm`, `above_mm`: from a trace's baseline to
    that of its name. `text_mm`: height of all other text. `even`: whether rows are spread over the paper, or stand where ecg-image-kit has
    them. `around_mm`: paper of a roll on the left, above, on the right and below, more than others leave. `strip`: what a rhythm strip is
    called, with its lead. `usual`: how often fields of Style are drawn, where it is not as for all devices.
    """

    pulse_s: float = 0.2
    gap_mm: float = 0.0
    label_mm: float = 2.8
    apart_mm: float = 0.0
    below_mm: float = 6.95
    above_mm: float = -5.0
    text_mm: float = 2.4
    even: bool = True
    around_mm: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    strip: str = "{}"
    usual: Mapping[str, Choice] = field(default_factory=dict)


def _some(**weights: float) -> Choice:
    return of([name.replace("_", "-") for name in weights], list(weights.values()))


def _layouts(weights: Mapping[str, float]) -> Choice:
    return of(list(weights), list(weights.values()))


_RED = _some(red=0.4, pink=0.4, orange=0.05, grey=0.05, blue=0.04, green=0.03, black=0.03)
_CLOSE = of((0.0, 3.0, 6.0, 9.0, 11.0), (0.4, 0.15, 0.15, 0.15, 0.15))
_APART = Within(0.94, 1.1)  # 31 to 36 mm between four rows, on real prints
_OLD = of((0.0, 0.1, 0.2), (0.92, 0.05, 0.03))  # prints and copies of the time before color
# Of devices whose reports a computer shows and prints as well: its letters, lines and colors.
_SHOWN: Mapping[str, Choice] = {
    "letters": _some(smooth=0.75, hinted=0.17, stepped=0.08), "crisp": of((False, True), (0.85, 0.15)), "shade": _some(print=0.8, screen=0.2),
}  # fmt: skip
_UNCUT = of((0.0, 4.0), (0.85, 0.15))
# What each does is as seen on real prints, photos and exports (labeled in development); how often, a guess at what lies about in clinics.
DEVICES: Mapping[str, Device] = {
    "plain": Device(even=False, usual={
        "paper": of(("letter",)), "cut_mm": of((0.0,)), "font": _some(sans=0.5, serif=0.2, mono=0.3), "fade": of((0.0,)),
        "separators": _some(bar=0.6, none=0.4), "labels": _some(below=0.8, above=0.2), "offset_mm": of((0.0,)), "foot_mm": of((0.0,)),
    }),
    "bedside": Device(gap_mm=0.6, label_mm=2.25, below_mm=6.0, text_mm=2.3, usual={
        **_SHOWN, "apart": _APART, "blotch": _OLD, "rest_mm": Within(0.4, 0.8),
        "foot_mm": Within(0.3, 0.65), "slant_mm": Within(0, 0.45),
        "font": _some(times=0.7, times_bold=0.15, plain=0.06, plain_bold=0.09), "labels": _some(below=0.92, above=0.08),
        "pulse": _some(left=0.95, none=0.05), "separators": _some(none=0.75, tick=0.25), "header": _some(full=0.4, short=0.2, none=0.4),
        "frame": _some(framed=0.4, full=0.6), "color": _RED, "grid": _some(lines=0.9, dotted=0.07, none=0.03),
        "trace_mm": Within(0.22, 0.42),
        "layout": _layouts({"3x4+1": 0.45, "3x4+3": 0.2, "3x4": 0.2, "6x2": 0.05, "6x2+1": 0.05, "12x1": 0.05}), "cut_mm": _CLOSE,
        "antialias": of((True, False), (0.8, 0.2)),
    }),
    "cart": Device(label_mm=2.6, above_mm=-5.0, text_mm=2.4, usual={
        **_SHOWN, "apart": _APART,
        "foot_mm": Within(0.6, 1.1), "slant_mm": Within(0, 0.15),
        "font": _some(plain=0.75, plain_bold=0.15, lean=0.1), "labels": _some(above=1.0), "pulse": _some(right=0.92, none=0.08),
        "heavy_mm": of((0.0, 0.45, 0.6), (0.65, 0.2, 0.15)),
        "separators": _some(split=0.85, bar=0.15), "frame": _some(framed=0.3, boxed=0.4, full=0.3), "color": _RED,
        "grid": _some(lines=0.92, cells=0.04, none=0.04), "cut_mm": _UNCUT, "bold_mm": Within(0.2, 0.4),
        "faint": of((0.0, 0.2, 0.4), (0.7, 0.2, 0.1)),
    }),
    "portable": Device(pulse_s=0.12, gap_mm=3.8, label_mm=2.6, apart_mm=0.27, above_mm=-1.0, text_mm=2.5, around_mm=(10.0, 6.0, 13.0, 4.0), usual={
        "foot_mm": Within(0.8, 1.2), "slant_mm": Within(0, 0.3), "split_mm": of((0.0, 0.05, 0.08, 0.11), (0.1, 0.3, 0.3, 0.3)),
        "font": _some(times_thermal=0.78, times=0.08, times_italic=0.06, bitmap=0.08), "thinning": Within(0, 0.12),
        "paling": Within(0, 0.2), "spread_mm": Within(0, 0.03), "head_mm": of((0.125,)),
        "labels": _some(above=0.9, below=0.1), "pulse": _some(left=1.0),
        "trace_mm": Within(0.2, 0.27), "bold_mm": Within(0.2, 0.32), "strength": Within(0.9, 1.3),
        "separators": _some(dots=0.85, tick=0.15), "frame": _some(full=0.9, boxed=0.1),
        "color": _some(red=0.45, pink=0.35, orange=0.05, green=0.08, grey=0.07), "grid": _some(cells=0.62, lines=0.28, dotted=0.1),
        "paper": _some(roll=0.85, a4=0.15), "header": _some(full=0.15, short=0.5, none=0.35),
        "layout": _layouts({"3x4+1": 0.72, "3x4": 0.1, "6x2": 0.1, "6x2+1": 0.04, "12x1": 0.04}), "cut_mm": _UNCUT, "fade": Within(0, 0.35),
        "antialias": of((True,)),
    }),
    "desktop": Device(strip="Rhythm[{}]", pulse_s=0.14, gap_mm=3.0, label_mm=2.6, above_mm=-6.5, text_mm=2.3, usual={
        **_SHOWN,
        "foot_mm": Within(0.9, 1.4),
        "font": _some(teletype=0.6, lean=0.4), "labels": _some(above=1.0), "pulse": _some(left=1.0), "separators": _some(none=0.6, tick=0.4),
        "frame": _some(full=0.4, framed=0.6), "color": _some(grey=0.35, black=0.15, green=0.2, red=0.2, blue=0.1),
        "grid": _some(dotted=0.6, lines=0.3, none=0.1), "ink": _some(dark_grey=0.25, black=0.75), "trace_mm": Within(0.2, 0.34),
        "faint": of((0.0, 0.2, 0.4), (0.4, 0.3, 0.3)),
    }),
    "system": Device(gap_mm=0.8, label_mm=2.6, above_mm=-4.5, below_mm=6.0, text_mm=2.2, usual={
        **_SHOWN,
        "foot_mm": Within(0.3, 1), "slant_mm": Within(0, 0.3),
        "font": _some(plain=0.6, plain_bold=0.2, times_bold=0.1, lean=0.1), "labels": _some(above=0.6, below=0.4),
        "pulse": _some(left=0.5, right=0.5), "separators": _some(tick=0.6, none=0.4), "color": _some(red=0.5, pink=0.3, blue=0.1, green=0.1),
    }),
    "thermal": Device(pulse_s=0.2, gap_mm=1.5, label_mm=2.4, above_mm=-3.5, text_mm=2.2, usual={
        "blotch": _OLD,
        "foot_mm": Within(0.5, 1.1), "slant_mm": Within(0, 0.4),
        "font": _some(dots=0.4, bitmap=0.6), "labels": _some(above=0.8, below=0.2), "pulse": _some(left=0.9, none=0.1), "paper": of(("roll",)),
        "layout": _layouts({"strip": 0.5, "3x4": 0.2, "6x2": 0.15, "3x4+1": 0.15}), "ink": _some(dark_grey=0.5, blue_black=0.2, black=0.3),
        "frame": _some(full=0.8, boxed=0.2), "grid": _some(lines=0.6, dotted=0.15, none=0.25), "header": _some(short=0.7, none=0.3),
        "fade": Within(0, 0.5), "head_mm": of((0.125,)),
    }),
    "screen": Device(gap_mm=0.8, label_mm=2.8, above_mm=-4.0, text_mm=2.6, usual={
        "foot_mm": Within(0.3, 0.8), "slant_mm": Within(0, 0.2),
        "font": _some(bitmap=0.4, plain=0.3, sans=0.3), "antialias": of((False, True), (0.8, 0.2)), "trace_mm": of((0.13, 0.26)),
        "ink": _some(black=0.8, dark_blue=0.2), "paper": _some(roll=0.8, letter=0.2), "header": _some(none=0.6, short=0.4), "cut_mm": _CLOSE,
        "separators": _some(none=0.6, tick=0.4), "thinning": of((0.0,)), "paling": of((0.0,)), "mottle": of((0.0,)), "spread_mm": of((0.0,)),
        "fade": of((0.0,)), "letters": _some(smooth=0.2, hinted=0.45, stepped=0.35), "crisp": of((True,)),
        "shade": of(("screen",)),
        "frame": _some(full=0.9, boxed=0.1), "grid": _some(lines=0.85, none=0.1, dotted=0.05),
    }),
}  # fmt: skip
