"""A difference shows what was missed in blue and what is not there in vermilion, and says where nothing can be told."""

import numpy as np
import pytest

from ecgbench import EdgeMap, GridFit, Page, QualityReport, Separation, Truth
from ecgbench.report.differences import draw_difference

PAGE = Page(np.full((120, 160, 3), 255, np.uint8))


def mask(row):
    made = np.zeros(PAGE.shape, bool)
    made[row, 20:140] = True
    return made


def reddish(picture):
    return picture[:, :, 2].astype(int) - picture[:, :, 0] > 40


def test_a_trace_that_is_too_low_is_extra_there_and_missed_where_it_belongs():
    picture = draw_difference(PAGE, Separation(mask(90), mask(0), None), Truth(trace_mask=mask(30), px_per_mm_x=4.0))
    assert reddish(picture)[90, 80] and not reddish(picture)[30, 80]
    assert picture[30, 80, 0].astype(int) - picture[30, 80, 2] > 40  # blue
    assert np.array_equal(picture[60, 80], [255, 255, 255])


def test_what_is_within_a_quarter_of_a_millimeter_is_right():
    picture = draw_difference(PAGE, Separation(mask(31), mask(0), None), Truth(trace_mask=mask(30), px_per_mm_x=4.0))
    assert (picture == 255).all()


def test_edges_are_held_against_outlines_and_grids_against_lines():
    outline = mask(30)
    assert (draw_difference(PAGE, EdgeMap(outline, None), Truth(trace_mask=outline, px_per_mm_x=4.0)) == 255).all()
    lines = {"fine_x": np.arange(10.0, 150, 8), "fine_y": np.arange(10.0, 110, 8)}
    true = Truth(px_per_mm_x=8.0, px_per_mm_y=8.0, **lines)
    assert (draw_difference(PAGE, GridFit(8.0, 8.0, **lines), true) == 255).all()
    shifted = draw_difference(PAGE, GridFit(8.0, 8.0, fine_x=lines["fine_x"] + 4, fine_y=lines["fine_y"]), true)
    assert reddish(shifted).any()


@pytest.mark.parametrize("result", [Separation(mask(1), mask(0), None), EdgeMap(mask(1), None), GridFit(None, None)])
def test_what_the_truth_does_not_know_is_a_sentence(result):
    assert draw_difference(PAGE, result, Truth()).startswith("The truth of this picture says nothing of its")


def test_a_verdict_has_no_pixels():
    assert "no pixels" in draw_difference(PAGE, QualityReport(True, (), ()), Truth())
