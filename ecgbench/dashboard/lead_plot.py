"""Digitized leads as a 12-lead plot: the columns of a printed page, all at one scale, and the longest lead below."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ecgbench.core.results import Signals

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
COLUMNS = 4
POINTS = 600  # of a curve: more than it has pixels, so that narrow waves keep their height
ROW_PIXELS, CELL_PIXELS, GAP_PIXELS = 92, 160, 40
LOWEST_SPAN_MV = 1.0  # of the axis: what is flat shall look flat

Samples = npt.NDArray[np.float32]


Curve = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Seconds from the first known sample, and mV; each (n,)."""


def lead_curves(signals: Signals) -> dict[str, Curve]:
    """Return what is to be plotted of each lead that was seen, by name in the order of a page: from its first known sample to its last.

    >>> seconds, millivolts = lead_curves(Signals(2.0, {"II": np.array([np.nan, 0.5, 1.0], np.float32)}))["II"]
    >>> seconds.tolist(), millivolts.tolist()
    ([0.0, 0.5], [0.5, 1.0])
    """
    names = [name for name in (*LEADS, *(each for each in signals.leads if each not in LEADS)) if name in signals.leads]
    curves = {name: _curve(np.asarray(signals.leads[name]), signals.fs) for name in names}
    return {name: curve for name, curve in curves.items() if curve[0].size}


def _curve(signal: Samples, fs: float) -> Curve:
    known = np.flatnonzero(np.isfinite(signal))
    if known.size == 0:
        return np.empty(0), np.empty(0)
    part = signal[known[0] : known[-1] + 1].astype(np.float64)
    return np.arange(part.size) / fs, part


def lead_records(signals: Signals) -> list[dict[str, object]]:
    """Return the curves as rows: lead, seconds, mV; what is not known within a lead has None."""
    return [
        {"lead": name, "seconds": float(second), "mV": float(value) if np.isfinite(value) else None}
        for name, (seconds, millivolts) in lead_curves(signals).items()
        for second, value in zip(seconds, millivolts, strict=True)
    ]


def lead_chart(signals: Signals, *, color: str) -> Any:
    """Return the plot, an altair chart; None where no lead was seen."""
    curves = lead_curves(signals)
    if not curves:
        return None
    spans = {name: float(seconds[-1]) for name, (seconds, _) in curves.items()}
    usual = float(np.median(list(spans.values())))
    low = min(float(np.nanmin(millivolts)) for _, millivolts in curves.values())
    high = max(float(np.nanmax(millivolts)) for _, millivolts in curves.values())
    half = max(LOWEST_SPAN_MV, high - low) * 0.525
    scale = alt.Scale(domain=[round((low + high) / 2 - half, 3), round((low + high) / 2 + half, 3)])
    short = [_row(name, curve, usual, scale, color) for name, curve in curves.items()]
    lines = [
        alt.hconcat(*_by_column(short, line)) for line in range(3 if len(short) == len(LEADS) else -(-len(short) // COLUMNS))
    ]
    longest = max(spans, key=lambda name: spans[name])
    if spans[longest] > 1.5 * usual:
        lines.append(alt.hconcat(_row(longest, curves[longest], spans[longest], scale, color, wide=True)))
    return alt.vconcat(*lines)


def _by_column(charts: list[Any], line: int) -> list[Any]:
    """Return the charts of one line: twelve leads go down the columns, as they are printed."""
    if len(charts) == len(LEADS):
        return charts[line::3]
    return charts[line * COLUMNS : (line + 1) * COLUMNS]


def _row(name: str, curve: Curve, seconds: float, scale: alt.Scale, color: str, *, wide: bool = False) -> Any:
    shown = curve[0] <= seconds
    step = max(1, int(shown.sum()) // (POINTS * (COLUMNS if wide else 1)))
    own = pa.table({"seconds": curve[0][shown][::step], "mV": curve[1][shown][::step]})
    x = alt.X("seconds:Q", title="s" if wide else None, axis=alt.Axis(tickCount=10 if wide else 3))
    y = alt.Y("mV:Q", title=None, scale=scale, axis=alt.Axis(tickCount=3))
    tooltip = [alt.Tooltip("seconds:Q", format=".3f"), alt.Tooltip("mV:Q", format=".3f")]
    width = COLUMNS * CELL_PIXELS + (COLUMNS - 1) * GAP_PIXELS if wide else CELL_PIXELS
    title = f"{name}, {seconds:.3g} s" if wide else name
    mark: Any = alt.Chart(own).mark_line(color=color, strokeWidth=1, clip=True)
    return mark.encode(x=x, y=y, tooltip=tooltip).properties(title=title, width=width, height=ROW_PIXELS)
