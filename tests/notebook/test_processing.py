"""Pictures in a notebook: one, and many in parallel."""

import os
import signal

import numpy as np
import pytest

from ecgbench.core.page import page_from_array
from ecgbench.notebook import (
    notebook_process_batch,
    notebook_process_image,
    process_batch_for_submission,
    process_image_for_submission,
)
from ecgbench.pipeline import OptionError

STEPS = ["edge_detection", "color_separation", "grid_detection", "quality_check", "digitize"]


def test_by_default_every_step_is_done_and_the_signals_come_at_the_rate_of_test_csv(beside):
    result = notebook_process_image("1004.png")
    assert (result["success"], result["error"], result["image"]) == (True, None, "1004.png")
    assert list(result["steps"]) == STEPS
    assert result["fs"] == 250
    assert np.isfinite(result["signals"]["II"]).sum() > 2000
    shown = result._repr_html_()
    assert "data:image/jpeg;base64," in shown
    assert shown.count("<path") == 13
    assert "3x4+1" in shown


def test_results_come_in_order_and_an_error_is_its_own(apart, blank, blank_file):
    results = notebook_process_batch([blank_file, "gone <b>.png", blank, b"no picture"], {"edge_detection": True})
    assert [result["success"] for result in results] == [True, False, True, False]
    assert [result["image"] for result in results] == ["blank.png", "gone <b>.png", "ndarray", "bytes"]
    assert "There is no file gone <b>.png" in results[1]["error"]
    assert list(results[0]["steps"]) == ["edge_detection", "digitize"]
    assert set(results[0]) == set(results[1])
    table = results._repr_html_()
    assert "4 pictures, 2 failed" in table
    assert "gone &lt;b&gt;.png" in table
    assert "<b>.png" not in table + results[1]._repr_html_()
    assert "not seen" not in results[1]._repr_html_()


def test_what_was_not_asked_for_is_not_done(blank):
    result = process_image_for_submission(blank, {"quality_check": True, "digitize": False})
    assert list(result["steps"]) == ["quality_check"]
    assert (result["fs"], result["signals"]) == (None, {})
    result._repr_html_()
    with pytest.raises(OptionError, match="no option 'edges'"):
        process_batch_for_submission([blank], {"edges": True})
    with pytest.raises(TypeError, match="must be a list of pictures"):
        process_batch_for_submission("one.png")


def test_the_wanted_rate_is_given(blank):
    assert process_image_for_submission(blank, {}, fs=360)["fs"] == 360


def test_what_is_not_reached_in_time_says_so(blank):
    told = []
    results = process_batch_for_submission([blank] * 3, max_seconds=0, progress=lambda done, total: told.append((done, total)))
    assert {result["error"] for result in results} == {"The time was over before it was digitized."}
    assert told == [(1, 3), (2, 3), (3, 3)]


class Deadly:
    """A picture whose opening ends the process that opens it."""

    def make_page(self):
        os.kill(os.getpid(), signal.SIGKILL)
        return page_from_array(np.zeros((9, 9), np.uint8))


def test_a_picture_that_ends_its_process_costs_itself(blank):
    from ecgbench.core.truth import PageMaker

    assert isinstance(Deadly(), PageMaker)
    results = process_batch_for_submission([blank, Deadly(), blank], {})
    assert [result["success"] for result in results] == [True, False, True]
    assert "killed by SIGKILL" in results[1]["error"]
