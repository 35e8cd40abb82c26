"""Plots as SVG text: they scale, their letters stay letters, and they take the reader's light or dark colors."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ecgbench.leaderboard import pareto_front

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

# Okabe and Ito's palette (jfly.uni-koeln.de/color) without black and yellow, which vanish on dark and on white paper.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")  # 7 markers and 6 colors make 42 different pairs
WIDTH_INCHES = 4.9  # two fit side by side on a laptop, and one on a phone keeps letters of 10 px
ROW_INCHES = 0.27
SHOWN = 24  # rows of a plot; more cannot be read
STRIP_POINTS = 120  # of one method; they are quantiles, so that a million cases look as they should
LABEL_LETTERS = 30
LETTER_POINTS, LEGEND_MARKER_POINTS = 5.6, 40  # width of a letter in the mean, and of a marker with its margins

# Colors that stand for the page's own: the first for letters and axes, the second for rules.
_INK, _RULE = "#010203", "#010204"
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "path.simplify": False,  # it would leave out lines without length, see _draw_dots
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "text.color": _INK,
    "text.parse_math": False,  # a dollar in a label is a dollar
    "axes.edgecolor": _RULE,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "grid.color": _RULE,
    "grid.linewidth": 0.5,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "ytick.major.size": 0.0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
}


@dataclass(frozen=True)
class Mark:
    """One method in a plot: its label, its value, and the interval or range around it where there is one."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CostMark:
    """One method in the plot of score against cost; `better` is "higher" or "lower"."""

    label: str
    seconds: float
    score: float


def interval_plot(marks: Sequence[Mark], *, axis: str, title: str) -> str:
    """Draw each method's value as a dot with its interval as a bar, the first on top."""

    def draw(axes: Axes) -> None:
        for row, mark in enumerate(marks):
            color, marker = style_of(row)
            if mark.low is not None and mark.high is not None:
                axes.plot([mark.low, mark.high], [row, row], color=color, linewidth=3, alpha=0.55, solid_capstyle="round")
            axes.plot([mark.value], [row], color=color, marker=marker, markersize=7, linestyle="none")
        _label_rows(axes, [mark.label for mark in marks])
        axes.set_xlabel(axis)

    return _svg(draw, rows=len(marks), title=title)


def time_plot(marks: Sequence[Mark], *, axis: str, title: str) -> str:
    """Draw each method's median time as a bar from zero, with the middle half of its cases as a whisker."""

    def draw(axes: Axes) -> None:
        for row, mark in enumerate(marks):
            color, _ = style_of(row)
            axes.barh(row, mark.value, height=0.62, color=color)
            if mark.low is not None and mark.high is not None:
                axes.plot([mark.low, mark.high], [row, row], color=_INK, linewidth=1.4, marker="|", markersize=6)
        _label_rows(axes, [mark.label for mark in marks])
        axes.set_xlim(left=0)
        axes.set_xlabel(axis)

    return _svg(draw, rows=len(marks), title=title)


def distribution_plot(values: Mapping[str, Floats], *, axis: str, title: str) -> str:
    """Draw how each method's values are spread: a box of quartiles with whiskers at 5 and 95 %, and points at even quantiles."""

    def draw(axes: Axes) -> None:
        for row, column in enumerate(values.values()):
            _draw_spread(axes, row, column[np.isfinite(column)])
        _label_rows(axes, list(values))
        axes.set_xlabel(axis)

    return _svg(draw, rows=len(values), title=title)


def cost_plot(marks: Sequence[CostMark], *, axis: str, title: str, higher_is_better: bool) -> str:
    """Draw score against time (log scale); the line joins the methods that no other beats in both."""

    def draw(axes: Axes) -> None:
        front = pareto_front([(mark.seconds, mark.score) for mark in marks], higher_is_better=higher_is_better)
        best = [marks[index] for index in front]
        times, scores = [mark.seconds * 1e3 for mark in best], [mark.score for mark in best]
        axes.plot(times, scores, color=_INK, linewidth=1, linestyle="--", drawstyle="steps-post", alpha=0.6, label="_front")
        for row, mark in enumerate(marks):
            color, marker = style_of(row)
            axes.plot(
                [mark.seconds * 1e3], [mark.score], color=color, marker=marker, markersize=8, linestyle="none", label=mark.label
            )
        axes.set_xscale("log")
        _plain_log_ticks(axes)
        axes.grid(True, axis="both")
        axes.margins(x=0.12, y=0.12)
        axes.set_xlabel("time per page, median (ms)")
        axes.set_ylabel(axis)
        _legend(axes, labels)

    labels = [mark.label for mark in marks]
    return _svg(draw, rows=10 + len(labels) // _legend_columns(labels), title=title)


def breakdown_plot(values: Mapping[str, Mapping[str, float]], *, axis: str, title: str) -> str:
    """Draw each method's mean (method -> type of image -> value) in a row a type, all methods in it told apart by color and marker."""
    kinds = list(dict.fromkeys(kind for by_kind in values.values() for kind in by_kind))

    def draw(axes: Axes) -> None:
        for index, (label, by_kind) in enumerate(values.items()):
            color, marker = style_of(index)
            rows = [kinds.index(kind) for kind in by_kind]
            axes.plot(
                list(by_kind.values()), rows, color=color, marker=marker, markersize=6, linestyle="none", alpha=0.85, label=label
            )
        _label_rows(axes, kinds)
        axes.grid(True, axis="y")
        axes.set_xlabel(axis)
        _legend(axes, list(values))

    return _svg(draw, rows=len(kinds) + 1 + len(values) // _legend_columns(list(values)), title=title)


def style_of(index: int) -> tuple[str, str]:
    """Return the color and the marker of a row: 42 differ."""
    return COLORS[index % len(COLORS)], MARKERS[index % len(MARKERS)]


def _draw_spread(axes: Axes, row: int, values: Floats) -> None:
    if not values.size:
        return
    color, _ = style_of(row)
    p5, p25, p50, p75, p95 = np.percentile(values, [5, 25, 50, 75, 95])
    points = np.quantile(values, np.linspace(0, 1, STRIP_POINTS)) if values.size > STRIP_POINTS else np.sort(values)
    shift = 0.24 * np.sin(np.arange(points.size) * 2.4)  # the golden angle: neighbors lie apart, and the same ones at each run
    _draw_dots(axes, points, row + shift, color)
    axes.plot([p5, p95], [row, row], color=color, linewidth=1)
    axes.barh(row, p75 - p25, left=p25, height=0.56, facecolor=color, alpha=0.3, edgecolor="none")
    axes.plot([p50, p50], [row - 0.3, row + 0.3], color=color, linewidth=2.2)


def _draw_dots(axes: Axes, x: Floats, y: Floats, color: str) -> None:
    """Draw dots as the round ends of lines without length: one element of the picture instead of one a dot."""
    gaps = np.full_like(x, np.nan)
    axes.plot(
        np.column_stack([x, x, gaps]).ravel(),
        np.column_stack([y, y, gaps]).ravel(),
        linewidth=2.6,
        alpha=0.5,
        solid_capstyle="round",
        color=color,
    )


def _label_rows(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.spines["left"].set_visible(False)


def _legend(axes: Axes, labels: Sequence[str]) -> None:
    axes.figure.legend(loc="outside lower center", ncols=_legend_columns(labels), handletextpad=0.2)


def _legend_columns(labels: Sequence[str]) -> int:
    """Return how many columns of labels fit beside each other."""
    return max(1, min(3, int(72 * WIDTH_INCHES / (LEGEND_MARKER_POINTS + LETTER_POINTS * max(map(len, labels), default=0)))))


def shortened(label: str, letters: int = LABEL_LETTERS) -> str:
    """Return a label of at most `letters`, its middle left out where it is longer.

    >>> shortened("canny[low_threshold=0.25,high_threshold=0.75]", 20)
    'canny[low_…old=0.75]'
    """
    if len(label) <= letters:
        return label
    half = letters // 2
    return f"{label[:half]}…{label[half + 1 - letters :]}"


def _plain_log_ticks(axes: Axes) -> None:
    """Write 1, 10, 100 instead of powers, and the steps between where there are few decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axes.get_xlim()
    if high < 4 * low:  # too narrow to hold two ticks
        middle = math.sqrt(low * high)
        low, high = middle / 2, middle * 2
        axes.set_xlim(low, high)
    steps = (1.0, 2.0, 5.0) if high < 300 * low else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(10.0, subs=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _svg(draw: Any, *, rows: int, title: str) -> str:
    """Draw on a new figure, and return it as an <svg> element that takes the text color and `--rule` of where it stands."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**_SETTINGS, "svg.hashsalt": title}):
        figure = Figure(figsize=(WIDTH_INCHES, 0.75 + ROW_INCHES * max(2, rows)), layout="constrained")
        draw(figure.subplots())
        return _cleaned(_written(figure), title)


def _written(figure: Figure) -> str:
    with io.StringIO() as file:
        figure.savefig(file, format="svg", metadata={"Date": None})
        return file.getvalue()


def _cleaned(svg: str, title: str) -> str:
    """Leave out what an <svg> within a page needs not, and what would clash with another one there."""
    svg = svg[svg.index("<svg") :].rstrip()
    svg = re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if f"#{found[1]}" in svg else "", svg)
    svg = re.sub(r' d="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), svg)  # hundredths of a point are enough
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = svg.replace(_INK, "currentColor").replace(_RULE, "var(--rule, #999)").replace("'DejaVu Sans'", "system-ui")
    svg = svg.replace(COLORS[0].lower(), f"var(--blue, {COLORS[0]})")  # too dark for dark paper, where a page may give another
    label = escape(title, quote=True)
    return svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1).replace(">", f"><title>{label}</title>", 1)
