"""Numbers read the same wherever they stand."""

import pytest

from ecgbench import Score
from ecgbench.report.wording import axis_title, heading, number, with_unit

TIME = Score("wall_median_s", "s", "lower", "time")
IOU = Score("box_iou", "1", "higher", "overlap")
ERROR = Score("px_per_mm_error_pct", "%", "lower", "error")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.9996, "1.00"),
        (99.96, "100"),
        (-0.0123456, "-0.0123"),
        (123456.0, "123000"),
        (5e-5, "5e-05"),
        (2e7, "2e+07"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_have_three_significant_digits(value, text):
    assert number(value) == text


def test_times_are_in_milliseconds_and_bare_numbers_have_no_unit():
    assert with_unit(TIME, 0.0123) == "12.3 ms"
    assert with_unit(IOU, 0.5) == "0.500"
    assert with_unit(ERROR, 3.0) == "3.00 %"
    assert with_unit(TIME, None) == "–"


def test_headings_say_unit_and_the_better_direction():
    assert (heading(IOU), heading(ERROR)) == ("box_iou ↑", "px_per_mm_error_pct (%) ↓")
    assert heading(Score("gates_passed", "1", "none", "share")) == "gates_passed"
    assert heading(Score("edge_error_px", "px", "lower", "distance")) == "edge_error_px ↓"
    assert axis_title(TIME) == "wall_median_s (ms), lower is better"
