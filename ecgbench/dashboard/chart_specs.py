"""Charts as Vega-Lite, which is what the browser is sent: made without checks, and once for all who look at the same.

Altair holds each part of a chart against Vega-Lite's schema, which takes two thirds of the time of a click; tests hold whole charts
against it instead (tests/dashboard/test_charts.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

import pandas  # type: ignore[import-untyped]  # noqa: F401 - altair asks it for its types, and would meet one that another thread is only half done with
from altair.utils import schemapi

from ecgbench.dashboard.charts import breakdown_chart, cost_chart, delta_chart, interval_chart
from ecgbench.dashboard.memory import Itself, remembered
from ecgbench.leaderboard import Breakdown, ComparisonRow, Leaderboard
from ecgbench.report.board_plots import plot_labels
from ecgbench.store import Pairs

Given = ParamSpec("Given")
Spec = dict[str, Any]


def spec_of(draw: Callable[Given, Any], *args: Given.args, **kwargs: Given.kwargs) -> Spec | None:
    """Return what `draw` draws as Vega-Lite, None where it draws nothing."""
    with schemapi.debug_mode(False):
        chart = draw(*args, **kwargs)
        return None if chart is None else chart.to_dict(validate=False)


@remembered(64)
def intervals_of(board: Itself[Leaderboard]) -> Spec | None:
    """Return the chart of a board's scores with their intervals."""
    return spec_of(interval_chart, board.value, plot_labels(board.value))


@remembered(64)
def costs_of(board: Itself[Leaderboard]) -> Spec | None:
    """Return the chart of score against time; None where there is nothing to weigh."""
    return spec_of(cost_chart, board.value, plot_labels(board.value))


@remembered(64)
def groups_of(found: Itself[Breakdown], board: Itself[Leaderboard], chosen: tuple[int, ...]) -> Spec | None:
    """Return the chart of a breakdown, of the chosen methods of its board."""
    return spec_of(breakdown_chart, found.value, plot_labels(board.value), chosen)


@remembered(64)
def differences_of(pairs: Itself[Pairs], row: Itself[ComparisonRow]) -> Spec | None:
    """Return the chart of how differences are spread, picture by picture."""
    compared = row.value
    return spec_of(delta_chart, pairs.value.b - pairs.value.a, compared.score, a=compared.a, b=compared.b)
