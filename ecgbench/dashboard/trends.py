"""A score of methods over runs of the same images: whether anything has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import altair as alt
import pyarrow as pa

from ecgbench.core.metric import Score
from ecgbench.leaderboard import leaderboard
from ecgbench.leaderboard.labels import labels
from ecgbench.registry import Registry
from ecgbench.report.wording import axis_title, in_shown_unit
from ecgbench.store import Run, Store, StoreError

MOST_RUNS = 60  # of a chart: more marks than a reader tells apart


@dataclass(frozen=True)
class Mark:
    """One method's score in one run: the mean with its 95 % interval where there is one, of `n` pictures and `failures` more."""

    run: str
    started_at: datetime
    method: str
    version: str
    mean: float
    low: float | None
    high: float | None
    n: int
    failures: int


def refresh(store: Store, run: Run, registry: Registry) -> None:
    """Compute what is not computed yet of a run; one that goes on changes too fast, and one without outcomes has nothing to compute."""
    if run.state == "running":
        return
    try:
        leaderboard(store, run, metrics=registry.metrics.values())
    except StoreError:
        if store.written(run.id):
            raise


def marks_of(store: Store, run: Run, metric: str, task: str) -> list[Mark]:
    """Return the marks of a run, of each variant of the task that has the score."""
    variants = {number: variant for number, variant in store.variants(run.id).items() if variant.task == task}
    names = labels(variants)
    return [
        Mark(
            run.name, run.started_at, names[each.variant_id], variants[each.variant_id].version, each.mean, each.low, each.high, each.n,
            each.failures,
        )
        for each in store.summaries(run.id)
        if each.variant_id in variants and each.metric == metric and each.mean is not None
    ]  # fmt: skip


def trend_rows(marks: Iterable[Mark], score: Score) -> list[dict[str, Any]]:
    """Return the marks as a table, in the unit that the score is shown in, the oldest run first."""
    return [
        {
            "run": mark.run,
            "started": mark.started_at,
            "method": mark.method,
            "version": mark.version,
            score.name: in_shown_unit(score, mark.mean),
            "low": in_shown_unit(score, mark.low),
            "high": in_shown_unit(score, mark.high),
            "pictures": mark.n,
            "without a value": mark.failures,
        }
        for mark in sorted(marks, key=lambda mark: (mark.started_at, mark.method))
    ]


def _domain(rows: Sequence[dict[str, Any]], score: Score) -> list[float]:
    """Return what the axis spans: every mark with its interval, and something around it also where all are alike."""
    values = [row[name] for row in rows for name in (score.name, "low", "high") if row[name] is not None]
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return [max(0.0, low - margin) if low >= 0 else low - margin, high + margin]


def trend_chart(rows: Sequence[dict[str, Any]], score: Score, *, palette: Sequence[str]) -> Any:
    """Draw the score over runs in the order in which they began: a line a method with its intervals."""
    order = list(dict.fromkeys(row["run"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    colors = [palette[index % len(palette)] for index in range(len(methods))]
    x = alt.X("run:N", sort=order, title="run, the oldest first", axis=alt.Axis(labelAngle=-30 if len(order) > 6 else 0))
    scale = alt.Scale(domain=_domain(rows, score), nice=True, zero=False)
    y = alt.Y(f"{score.name}:Q", title=axis_title(score), scale=scale)
    color = alt.Color("method:N", scale=alt.Scale(domain=methods, range=colors), legend=alt.Legend(orient="bottom", columns=3))
    names = [alt.Tooltip(f"{name}:N") for name in ("run", "method", "version")]
    numbers = [alt.Tooltip(f"{name}:Q", format=".4~g") for name in (score.name, "pictures", "without a value")]
    tooltip = [*names, *numbers]
    base = alt.Chart(pa.Table.from_pylist(list(rows))).encode(x=x, color=color, tooltip=tooltip)
    line = base.mark_line(strokeWidth=2).encode(y=y)
    point = base.mark_point(filled=True, size=60, opacity=1).encode(y=y, shape=alt.Shape("method:N", legend=None))
    interval = base.mark_rule(opacity=0.55).encode(y=alt.Y("low:Q", title=axis_title(score), scale=scale), y2="high:Q")
    return alt.layer(interval, line, point)
