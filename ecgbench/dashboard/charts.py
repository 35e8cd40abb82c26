"""Charts of boards, breakdowns and differences, by a grammar of graphics; each saves itself as PNG or SVG by its own menu."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from ecgbench.core.metric import Score
from ecgbench.dashboard.theme import BETTER, INK, NEUTRAL, PALETTE, WORSE
from ecgbench.leaderboard import Breakdown, Leaderboard
from ecgbench.report.wording import axis_title, in_shown_unit, with_unit

MOST_COLORS = len(PALETTE)  # methods in one chart; more cannot be told apart by color
SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke"]  # beside colors, never colors alone
PICK = "pick"  # the selection of the chart of score against cost
SAME_HEIGHT = 0.05  # of a chart's: nearer names stand on each other
ORDERED = ("dpi", "severity")  # facts that are numbers: their points are joined
# The chart's menu saves a picture in the browser; its other entries would send the chart to a site elsewhere.
MENU = {"embedOptions": {"actions": {"export": True, "source": False, "compiled": False, "editor": False}}}

Labels = Mapping[int, str]


def interval_chart(board: Leaderboard, named: Labels) -> alt.LayerChart:
    """Draw the score that ranks, a bar a method with its 95 % interval, in the order of the board."""
    score = board.ranked_by
    rows, order = [], []
    for row in board.rows:
        found = row.scores.get(score.name)
        if found is not None and found.mean is not None:
            low, mean, high = (in_shown_unit(score, each) for each in (found.low, found.mean, found.high))
            told = with_unit(score, found.mean)
            order.append(named[row.variant_id])
            rows.append({"method": named[row.variant_id], "low": low, "mean": mean, "high": high, "value": told, "n": found.n})
    y = alt.Y("method:N", sort=order, title=None, axis=alt.Axis(labelLimit=220, labelOverlap=False))
    base = alt.Chart(_data(rows)).encode(y=y, tooltip=_tooltip("method", "value", "low", "high", "n"))
    bars = base.mark_bar(color=BETTER, height={"band": 0.6}).encode(x=alt.X("mean:Q", title=axis_title(score)))
    ends = base.mark_rule(strokeWidth=2, color=INK).encode(x=alt.X("low:Q"), x2=alt.X2("high"))
    return _finished(alt.layer(bars, ends), height=max(120, 34 * len(rows)))


def cost_chart(board: Leaderboard, named: Labels) -> alt.LayerChart | None:
    """Draw score against time with the Pareto front; points are picked by a click, more with Shift. None where there is no time or judgment."""
    score = board.ranked_by
    points: list[dict[str, Any]] = []
    for row in board.rows:
        found = row.scores.get(score.name)
        if row.on_front is not None and row.wall_median_s and found is not None:
            ms = 1e3 * row.wall_median_s
            points.append({"method": named[row.variant_id], "ms": ms, "score": in_shown_unit(score, found.ranked), "front": row.on_front,
                           "low": in_shown_unit(score, found.ranked_low), "high": in_shown_unit(score, found.ranked_high)})  # fmt: skip
    if len(points) < 2:
        return None
    _place_names(points, rising=score.direction == "higher")
    pick = alt.selection_point(PICK, fields=["method"], toggle="event.shiftKey")
    x = alt.X("ms:Q", scale=alt.Scale(type="log", nice=False, padding=24), title="time per page (ms), lower is better")
    y = alt.Y("score:Q", scale=alt.Scale(zero=False, padding=16), title=axis_title(score))
    base = alt.Chart(_data(points)).encode(x=x, y=y)
    front = base.transform_filter("datum.front").mark_line(color=NEUTRAL, strokeDash=[4, 3], interpolate="step-after")
    ends = base.mark_rule(strokeWidth=1.5, opacity=0.6, color=INK).encode(
        y=alt.Y("low:Q", title=axis_title(score)), y2=alt.Y2("high")
    )
    dots = (
        base.mark_point(size=130, filled=True, opacity=1)
        .encode(
            color=alt.Color("front:N", scale=alt.Scale(domain=[True, False], range=[BETTER, NEUTRAL]), legend=None),
            shape=alt.Shape("front:N", scale=alt.Scale(domain=[True, False], range=["diamond", "circle"]), legend=None),
            opacity=_picked(0.25),
            tooltip=_tooltip("method", "ms", "score", "low", "high"),
        )
        .add_params(pick)
    )
    names = base.mark_text(
        align={"expr": "datum.left ? 'right' : 'left'"}, dx={"expr": "datum.left ? -9 : 9"}, dy={"expr": "datum.below ? 12 : -10"},
        fontSize=12, color=INK,
    ).encode(text=alt.Text("method:N"), opacity=_picked(0.4))  # fmt: skip
    return _finished(alt.layer(front, ends, dots, names), height=320)


def _picked(others: float) -> alt.OpacityValue:
    """Return an opacity that is 1 of what is picked. Channels are given as such: altair takes a tenth of a second to find out what a text is."""
    return alt.OpacityValue(others, condition={"param": PICK, "value": 1.0})


def _place_names(points: Sequence[dict[str, Any]], *, rising: bool) -> None:
    """Say of each point on which side its name stands: towards the middle, where no front goes on, and apart from a neighbor's on its height."""
    middle = math.sqrt(min(each["ms"] for each in points) * max(each["ms"] for each in points))
    spread = max(each["high"] or each["score"] for each in points) - min(each["low"] or each["score"] for each in points)
    before: dict[str, Any] = {}
    for each in sorted(points, key=lambda each: each["ms"]):
        each["left"] = each["ms"] > middle
        each["below"] = each["left"] != rising
        level = before and abs(before["score"] - each["score"]) <= SAME_HEIGHT * spread
        if level and before["left"] == each["left"] and before["below"] == each["below"]:
            each["below"] = not each["below"]
        before = each


def breakdown_chart(found: Breakdown, named: Labels, chosen: Sequence[int]) -> alt.LayerChart:
    """Draw the score of up to MOST_COLORS methods by what pictures are: joined points over numbers, rows of points over kinds."""
    shown = list(chosen)[:MOST_COLORS]
    rows = [point for number in shown for point in _points(found, number, named[number])]
    names = [named[number] for number in shown]
    color = alt.Color("method:N", scale=alt.Scale(domain=names, range=list(PALETTE)), title=None, legend=_legend())
    shape = alt.Shape("method:N", scale=alt.Scale(domain=names, range=SHAPES), title=None, legend=_legend())
    base = alt.Chart(_data(rows)).encode(color=color)
    y = alt.Y("mean:Q", scale=alt.Scale(zero=False, padding=8), title=axis_title(found.score))
    tooltip = _tooltip("method", "group", "mean", "low", "high", "n")
    if found.by in ORDERED:
        at: dict[str, Any] = {"x": alt.X("group:Q", title=found.by, scale=alt.Scale(zero=False, padding=12))}
        joined = [
            base.mark_line(strokeWidth=2).encode(y=y, **at),
            base.mark_area(opacity=0.12).encode(y=alt.Y("low:Q"), y2=alt.Y2("high"), **at),
        ]
    else:
        x = alt.X(
            "group:N", sort=list(found.groups), title=found.by.replace("_", " "), axis=alt.Axis(labelAngle=0, labelLimit=140)
        )
        at = {"x": x, "xOffset": alt.XOffset("method:N", sort=names)}
        joined = [base.mark_rule(strokeWidth=1.5).encode(y=alt.Y("low:Q"), y2=alt.Y2("high"), **at)]
    dots = base.mark_point(size=60, filled=True, opacity=1).encode(y=y, shape=shape, tooltip=tooltip, **at)
    return _finished(alt.layer(*joined, dots), height=420)


def delta_chart(deltas: npt.ArrayLike, score: Score, *, a: str, b: str) -> alt.LayerChart:
    """Draw how differences of b from a, (n,) in the score's own unit, are spread over the pictures: a bar a range, blue where b is better."""
    better = 1 if score.direction == "higher" else -1
    colored = {1: BETTER, -1: WORSE} if score.direction != "none" else {1: NEUTRAL, -1: NEUTRAL}
    shown = np.asarray(deltas, np.float64) * (in_shown_unit(score, 1.0) or 1.0)
    rows: list[dict[str, Any]] = [{"low": low, "high": high, "pictures": n} for low, high, n in _ranges(shown)]
    for row in rows:
        row["color"] = colored[better if row["low"] >= 0 else -better]
    unit = axis_title(score).partition(",")[0]
    bars = alt.Chart(_data(rows)).mark_bar().encode(
        x=alt.X("low:Q", title=f"{b} minus {a}: {unit}", bin="binned"), x2=alt.X2("high"),
        y=alt.Y("pictures:Q", title="pictures", axis=alt.Axis(tickMinStep=1, format="d")),
        color=alt.Color("color:N", scale=None), tooltip=_tooltip("low", "high", "pictures"),
    )  # fmt: skip
    zero = alt.Chart(_data([{"at": 0}])).mark_rule(strokeDash=[4, 3], color=NEUTRAL).encode(x=alt.X("at:Q"))
    return _finished(alt.layer(bars, zero), height=200)


def _ranges(values: npt.NDArray[np.float64]) -> list[tuple[float, float, int]]:
    """Return how many values lie in each of some 24 ranges that meet at 0."""
    values = values[np.isfinite(values)]
    if not values.size:
        return []
    reach = float(np.abs(values).max()) or 1.0
    counts, ends = np.histogram(values, bins=np.linspace(-reach, reach, 25))
    return [(float(low), float(high), int(n)) for low, high, n in zip(ends[:-1], ends[1:], counts, strict=True) if n]


def _points(found: Breakdown, number: int, method: str) -> list[dict[str, Any]]:
    """Return what a chart shows of one method: a point a group that it has a number of."""
    points = []
    for group in found.groups:
        each = found.values[number].get(group)
        if each is not None and each.mean is not None:
            low, mean, high = (in_shown_unit(found.score, value) for value in (each.low, each.mean, each.high))
            at: Any = float(group) if found.by in ORDERED else group
            points.append({"method": method, "group": at, "low": low, "mean": mean, "high": high, "n": each.n})
    return points


def _data(rows: Sequence[Mapping[str, Any]]) -> Any:
    return alt.Data(values=list(rows))  # type: ignore[no-untyped-call]


def _legend() -> alt.Legend:
    return alt.Legend(orient="bottom", columns=5, labelLimit=220)


def _tooltip(*fields: str) -> list[alt.Tooltip]:
    numbers = ("low", "high", "mean", "score", "ms")
    return [alt.Tooltip(f"{field}:Q", format=".4g") if field in numbers else alt.Tooltip(f"{field}:N") for field in fields]


def _finished(chart: Any, *, height: int) -> alt.LayerChart:
    finished: alt.LayerChart = chart.properties(height=height, usermeta=MENU)
    return finished
