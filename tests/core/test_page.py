"""Tests of pages and boxes: their forms, what they are made of, and that nobody can write to them."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ecgbench import Box, Page, PageError, page_from_array
from ecgbench.core.page import KINDS


def colored(height: int = 6, width: int = 9) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_each_form_is_what_opencv_makes_of_the_page():
    bgr = colored()
    page = Page(bgr)
    assert np.array_equal(page.gray, cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY))
    assert np.array_equal(page.lab, cv2.cvtColor(bgr, cv2.COLOR_BGR2LAB))
    assert np.array_equal(page.hsv, cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV))
    assert page.shape == (6, 9)


def test_each_form_is_made_at_most_once_and_only_when_asked_for(monkeypatch):
    made = []
    convert = cv2.cvtColor
    monkeypatch.setattr(cv2, "cvtColor", lambda image, code: made.append(code) or convert(image, code))
    page = Page(colored())
    assert made == []
    for _ in range(3):
        for kind in KINDS:
            page.as_kind(kind)
    assert made == [cv2.COLOR_BGR2GRAY, cv2.COLOR_BGR2LAB, cv2.COLOR_BGR2HSV]


def test_a_form_is_asked_for_by_name():
    page = Page(colored())
    assert page.as_kind("page") is page
    assert page.as_kind("bgr") is page.bgr
    assert page.as_kind("lab") is page.lab


@pytest.mark.parametrize("kind", ["bgr", "gray", "lab", "hsv"])
def test_no_form_can_be_written_to(kind):
    array = Page(colored()).as_kind(kind)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 0
    with pytest.raises(cv2.error):
        cv2.rectangle(array, (0, 0), (2, 2), (0, 0, 0))


@pytest.mark.parametrize("kind", ["bgr", "gray", "lab", "hsv"])
def test_a_form_that_is_ours_cannot_be_made_writable(kind):
    for array in (colored()[..., 0], np.dstack([colored(), colored()[..., 0]])):
        with pytest.raises(ValueError, match="cannot set WRITEABLE flag"):
            page_from_array(array).as_kind(kind).setflags(write=True)


def test_the_array_of_the_caller_stays_writable():
    mine = colored()
    page_from_array(mine)
    mine[0, 0] = 7
    assert mine.flags.writeable


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_a_page_holds_bgr_bytes_and_nothing_else(array):
    with pytest.raises(PageError, match=r"needs a non-empty \(H, W, 3\) uint8 array, got"):
        Page(array)


@pytest.mark.parametrize(
    ("array", "bgr"),
    [
        (np.array([[7]], np.uint8), [7, 7, 7]),
        (np.array([[[7]]], np.uint8), [7, 7, 7]),
        (np.array([[[1, 2, 3]]], np.uint8), [1, 2, 3]),
        (np.array([[True]]), [255, 255, 255]),
        (np.array([[65535]], np.uint16), [255, 255, 255]),
        (np.array([[0x1234]], np.uint16), [0x12, 0x12, 0x12]),
        (np.array([[0.5]], np.float64), [128, 128, 128]),
        (np.array([[[0.0, 1.0, 0.2]]], np.float32), [0, 255, 51]),
        (np.array([[[10, 20, 30, 255]]], np.uint8), [10, 20, 30]),
        (np.array([[[10, 20, 30, 0]]], np.uint8), [255, 255, 255]),
        (np.array([[[0, 0, 0, 51]]], np.uint8), [204, 204, 204]),
    ],
)
def test_an_array_becomes_the_page_that_print_would_show(array, bgr):
    assert page_from_array(array).bgr.tolist() == [[bgr]]


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros(5), "got shape"),
        (np.zeros((2, 2, 2)), "got shape"),
        (np.zeros((0, 3)), "not empty"),
        (np.zeros((2, 2), np.int32), "must be uint8, uint16, bool or float, got int32"),
        (np.full((2, 2), np.nan), "NaN or infinite"),
        (np.full((2, 2), 255.0), "must lie in 0..1, this one spans 255..255"),
        ("page.png", "got shape"),
        (None, "got shape"),
    ],
)
def test_an_array_that_is_no_picture_is_an_error_that_says_why(array, sentence):
    with pytest.raises(PageError, match=sentence):
        page_from_array(array)


def test_strided_arrays_make_whole_pages():
    big = colored(8, 12)
    for view in (big[::2, ::3], big[:, ::-1], np.asfortranarray(big), big[..., 0], big[::2, :, 1]):
        page = page_from_array(view)
        assert page.bgr.flags.c_contiguous
        assert np.array_equal(page.bgr[..., 0], view if view.ndim == 2 else view[..., 0])


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(4))))
def test_transparency_mixes_with_white_as_the_formula_says(bgra):
    alpha = bgra[..., 3:].astype(float) / 255
    expected = bgra[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(page_from_array(bgra).bgr - expected).max() <= 0.5


def test_a_crop_keeps_name_origin_and_resolution_but_is_other_content():
    page = Page(colored(), "ecg", "scans/ecg.png", 200.0, "sha256:1")
    part = page.crop(Box(2, 1, 4, 3))
    assert np.array_equal(part.bgr, page.bgr[1:4, 2:6])
    assert (part.name, part.origin, part.dpi, part.content_id) == ("ecg", "scans/ecg.png", 200.0, None)


def test_a_padded_box_stays_within_the_picture():
    assert Box(10, 20, 30, 40).padded(5, (100, 200, 3)) == Box(5, 15, 40, 50)
    assert Box(0, 0, 100, 50).padded(9, (50, 100)) == Box(0, 0, 100, 50)
    assert Box(3, 3, 1, 1).padded(0, (10, 10)) == Box(3, 3, 1, 1)
