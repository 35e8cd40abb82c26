"""Plots are SVG elements that can stand in a page beside each other, in light and in dark."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from ecgbench.report.plots import (
    COLORS,
    MARKERS,
    CostMark,
    Mark,
    breakdown_plot,
    cost_plot,
    distribution_plot,
    interval_plot,
    style_of,
    time_plot,
)  # fmt: skip

MARKS = [Mark("<b> & co", 0.9, 0.85, 0.95), Mark("sobel", 0.5), Mark("laplacian", 0.4, 0.4, 0.4)]
PLOTS = {
    "interval": lambda: interval_plot(MARKS, axis="box_iou", title="<scores> & more"),
    "time": lambda: time_plot(MARKS, axis="ms", title="times"),
    "spread": lambda: distribution_plot(
        {"a": np.linspace(0, 1, 1000), "b": np.array([]), "c": np.array([np.nan, 1.0])}, axis="x", title="s"
    ),
    "cost": lambda: cost_plot(
        [CostMark("a", 0.01, 0.5), CostMark("b", 0.0101, 0.6)], axis="y", title="cost", higher_is_better=True
    ),
    "breakdown": lambda: breakdown_plot({"a": {"scan": 0.1, "photo": 0.2}, "b": {"photo": 0.3}}, axis="x", title="types"),
}


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_a_plot_is_one_element_with_text_and_without_a_color_of_its_own_for_it(plot):
    svg = plot()
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("viewBox") and root.get("width") is None
    texts = root.findall(".//{http://www.w3.org/2000/svg}text")
    assert texts and all("currentColor" in text.get("style") for text in texts)
    assert root.get("aria-label")
    assert not re.findall(r'(?:href|src)="(?!#)', svg) and "metadata" not in svg


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)
def test_a_plot_is_the_same_each_time(plot):
    assert plot() == plot()


def test_a_plot_names_its_methods_as_they_are():
    words = "".join(ET.fromstring(PLOTS["interval"]()).itertext())
    assert "<b> & co" in words and "<scores> & more" in words


def test_only_ids_that_are_referred_to_are_left():
    svg = PLOTS["cost"]()
    assert all(f"#{each}" in svg for each in re.findall(r' id="([^"]*)"', svg))


def test_a_time_axis_too_narrow_for_powers_of_ten_has_ticks():
    words = [text.text for text in ET.fromstring(PLOTS["cost"]()).iter("{http://www.w3.org/2000/svg}text")]
    assert {"10", "20"} <= set(words) or {"5", "10"} <= set(words)


def test_a_million_values_make_no_bigger_a_plot_than_a_hundred():
    rng = np.random.default_rng(1)
    small, large = (len(distribution_plot({"a": rng.normal(size=n)}, axis="x", title="s")) for n in (200, 200_000))
    assert large < 1.2 * small


def test_rows_are_told_apart_by_color_and_by_marker():
    assert len({style_of(index) for index in range(42)}) == len(COLORS) * len(MARKERS) == 42
    assert all(style_of(index)[1] != style_of(index + 1)[1] for index in range(41))


def test_more_labels_than_fit_beside_each_other_stand_below_each_other():
    marks = [CostMark(f"a_method_with_a_long_name_{index:02}", 0.01 * index + 0.01, 0.5) for index in range(6)]
    root = ET.fromstring(cost_plot(marks, axis="y", title="cost", higher_is_better=True))
    names = [each for each in root.iter("{http://www.w3.org/2000/svg}text") if (each.text or "").startswith("a_method")]
    assert len(names) == 6 and len({each.get("y") for each in names}) == 6
