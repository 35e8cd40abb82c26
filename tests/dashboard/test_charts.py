"""Charts are what Vega-Lite takes, whole, since the dashboard draws them without looking; and names on them stand apart."""

import numpy as np
import pytest

from ecgbench.dashboard import chart_specs, queries
from ecgbench.dashboard.bench import open_bench
from ecgbench.dashboard.charts import _place_names, breakdown_chart, cost_chart, delta_chart, interval_chart
from ecgbench.dashboard.memory import Itself
from ecgbench.report.board_plots import plot_labels


@pytest.fixture(scope="module")
def board(filled):
    bench = open_bench(str(filled))
    return queries.board_of(bench.view(bench.find_run("before")), "color", None).board


@pytest.fixture(scope="module")
def severities(filled):
    bench = open_bench(str(filled))
    return queries.breakdown_of(bench.view(bench.find_run("before")), "color", None, "severity")


def test_every_chart_keeps_to_the_schema(board, severities):
    named = plot_labels(board)
    for chart in (
        interval_chart(board, named),
        cost_chart(board, named),
        breakdown_chart(severities, named, list(named)),
        delta_chart(np.array([0.1, -0.2, np.nan]), board.ranked_by, a="a", b="b"),
    ):
        assert chart.to_dict()["layer"]  # which holds it against the schema


def test_what_the_browser_is_sent_is_the_chart_and_made_once(board, severities):
    sent = chart_specs.groups_of(Itself(severities), Itself(board), tuple(plot_labels(board)))
    checked = breakdown_chart(severities, plot_labels(board), list(plot_labels(board))).to_dict()
    assert sent["data"] == checked["data"] and [each["mark"] for each in sent["layer"]] == [
        each["mark"] for each in checked["layer"]
    ]
    assert chart_specs.groups_of(Itself(severities), Itself(board), tuple(plot_labels(board))) is sent


def test_names_of_neighbors_on_one_height_stand_on_two_sides_of_it():
    points = [{"ms": ms, "score": 0.9, "low": 0.8, "high": 1.0} for ms in (10.0, 11.0, 90.0)]
    _place_names(points, rising=True)
    assert [each["left"] for each in points] == [False, False, True]
    assert points[0]["below"] != points[1]["below"]
