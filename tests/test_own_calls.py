"""What `benchmarks/own_calls.py` records of a method's calls into OpenCV, and makes again."""

import cv2
import numpy as np
import pytest

from benchmarks import own_calls


def method(gray):
    """Make three calls: one takes the result of another, and the last one draws into an array that numpy changed."""
    soft = cv2.GaussianBlur(gray, (5, 5), 0)
    edges = cv2.Canny(soft, 50, 100)
    drawn = edges + 1
    cv2.rectangle(drawn, (0, 0), (9, 9), 7, -1)
    return drawn


@pytest.fixture
def gray():
    page = np.full((40, 40), 255, np.uint8)
    page[10:20, 10:30] = 0
    return page


def test_every_call_is_recorded_and_made_again_with_what_it_was_given(gray):
    blur, expected = cv2.GaussianBlur, method(gray)
    with own_calls.recording() as recorded:
        given = method(gray)
    assert cv2.GaussianBlur is blur and np.array_equal(given, expected)
    assert [call.function.__name__ for call in recorded.calls] == ["GaussianBlur", "Canny", "rectangle"]
    assert recorded.calls[1].args[0] == own_calls.Given(0, None)
    drawn = recorded.calls[2].args[0]
    recorded()
    assert np.array_equal(drawn, expected)
    recorded.prepare()
    assert np.array_equal(drawn, cv2.Canny(cv2.GaussianBlur(gray, (5, 5), 0), 50, 100) + 1)


def test_a_result_that_was_changed_since_is_given_as_it_was_then(gray):
    with own_calls.recording() as recorded:
        soft = cv2.GaussianBlur(gray, (5, 5), 0)
        soft[:] = 9
        cv2.Canny(soft, 50, 100)
    assert np.array_equal(recorded.calls[1].args[0], np.full_like(gray, 9))


def test_a_function_that_is_held_by_another_name_is_refused(monkeypatch):
    from ecgbench.plugins import content_box

    monkeypatch.setattr(content_box, "blur", cv2.blur, raising=False)
    with pytest.raises(RuntimeError, match=r"would be missed: ecgbench\.plugins\.content_box\.blur"), own_calls.recording():
        pass
