"""Tests of the example's detector: pages with known truth, and what its documentation says of it."""

import numpy as np
from ecgbench_hello import hello

from ecgbench import Box


def white(height: int = 60, width: int = 80) -> np.ndarray:
    return np.full((height, width), 255, np.uint8)


def test_a_line_is_found_within_two_pixels_and_the_box_holds_it():
    page = white()
    page[30:32, 10:70] = 0
    found = hello(page)
    rows, columns = np.nonzero(found.edges)
    assert found.edges[30:32, 12:68].all()
    assert rows.min() >= 28
    assert rows.max() <= 33
    assert columns.min() >= 8
    assert columns.max() <= 71
    assert found.bounding_box == Box(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)


def test_a_line_is_found_on_paper_that_darkens():
    page = np.tile(np.linspace(250, 90, 80).astype(np.uint8), (60, 1))
    page[30:32] -= 60
    assert hello(page).edges[30:32, 4:76].all()
    assert not hello(page).edges[:20].any()


def test_only_the_rim_of_thick_ink_is_marked():
    page = white()
    page[15:45, 20:60] = 0
    found = hello(page).edges
    assert found[15:45, 20].all()
    assert not found[25:35, 30:50].any()


def test_a_speck_widens_the_box():
    page = white()
    page[30:32, 30:50] = 0
    assert hello(page).bounding_box.x > 20
    page[5:7, 5:7] = 0
    assert hello(page).bounding_box.x < 8


def test_pages_without_lines_give_no_edges():
    for page in (white(1, 1), white(1, 50), white(), np.zeros((60, 80), np.uint8), white(8, 4000)):
        found = hello(page)
        assert (found.edge_pixels, found.bounding_box) == (0, None)


def test_less_contrast_marks_more():
    page = white()
    page[30, 10:70] = 225
    assert hello(page, contrast=20).edge_pixels < hello(page, contrast=2).edge_pixels
