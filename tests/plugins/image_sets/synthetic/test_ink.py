"""Ink coverage against areas worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.ink import ink_stroke, ink_text, line_coverage, near_lines


def stroke(points: list[tuple[float, float]], width: float, shape: tuple[int, int] = (60, 80)) -> np.ndarray:
    coverage = np.zeros(shape, np.uint8)
    ink_stroke(coverage, np.array(points, dtype=np.float64), width)
    return coverage


@pytest.mark.parametrize("width", [1.0, 1.5, 2.0, 3.25])
@pytest.mark.parametrize("offset", [0.0, 0.2, 0.5, 0.9])
def test_a_line_along_rows_or_columns_covers_exactly_its_area(width: float, offset: float) -> None:
    y = 30 + offset
    pixels = np.arange(60)
    overlap = np.clip(np.minimum(pixels + 0.5, y + width / 2) - np.maximum(pixels - 0.5, y - width / 2), 0, 1)
    along_rows = stroke([(10.0, y), (70.0, y)], width)[:, 40]
    np.testing.assert_allclose(along_rows / 255, overlap, atol=0.5 / 255 + 1e-9)
    along_columns = stroke([(y, 10.0), (y, 50.0)], width)[30, :60]
    np.testing.assert_array_equal(along_columns, along_rows)


@pytest.mark.parametrize("slope", [0.1, 0.7, 1.0, 3.0, 40.0])
def test_a_slanted_line_holds_as_much_ink_as_its_length_and_width_say(slope: float) -> None:
    length, width = 40.0, 2.0
    across, down = length / np.hypot(1, slope), length * slope / np.hypot(1, slope)
    ink = stroke([(15.3, 10.1), (15.3 + across, 10.1 + down)], width).sum() / 255
    assert ink == pytest.approx(length * width + np.pi * (width / 2) ** 2, rel=0.03)  # with its two round ends


def test_coverage_of_one_half_is_where_the_center_lies_within_half_a_width() -> None:
    rng = np.random.default_rng(0)
    points = np.column_stack([np.linspace(5, 75, 30), 30 + rng.normal(0, 6, 30)])
    coverage = stroke([(float(x), float(y)) for x, y in points], 2.2)
    y, x = np.mgrid[:60, :80]
    distance = np.full(coverage.shape, np.inf)
    for start, end in pairwise(points):
        along = end - start
        share = np.clip(((x - start[0]) * along[0] + (y - start[1]) * along[1]) / (along**2).sum(), 0, 1)
        distance = np.minimum(distance, np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1]))
    np.testing.assert_array_equal(coverage >= 128, distance < 1.1 + 0.5 - 127.5 / 255)


def test_ink_that_is_there_stays_and_ink_beyond_the_picture_is_dropped() -> None:
    coverage = np.zeros((10, 10), np.uint8)
    coverage[5, 5] = 255
    ink_stroke(coverage, np.array([(-20.0, 5.4), (40.0, 5.4)]), 1.0)
    assert coverage[5, 5] == 255 and coverage[5, 0] == coverage[5, 9] == round(0.6 * 255)
    ink_stroke(coverage, np.array([(-20.0, -30.0), (-20.0, 90.0)]), 3.0)
    assert np.count_nonzero(coverage[[0, 9]]) == 0


def test_a_stroke_that_stands_still_is_a_dot() -> None:
    coverage = stroke([(20.0, 20.0), (20.0, 20.0)], 2.0)
    assert coverage[20, 20] == 255 and 0 < np.count_nonzero(coverage) <= 9


def test_line_coverage_is_the_area_that_lines_cover() -> None:
    covered = line_coverage(8, np.array([2.0, 5.25]), 1.0)
    np.testing.assert_allclose(covered, [0, 0, 1, 0, 0, 0.75, 0.25, 0])
    np.testing.assert_allclose(line_coverage(4, np.array([-0.75, 3.5]), 1.0), [0.25, 0, 0, 0.5])
    np.testing.assert_allclose(line_coverage(4, np.empty(0), 1.0), 0)


def test_near_lines_marks_centers_within_reach() -> None:
    np.testing.assert_array_equal(near_lines(7, np.array([1.4, 4.5]), 0.5), [False, True, False, False, True, True, False])


def test_text_lies_in_its_box_and_the_box_is_no_larger() -> None:
    coverage = np.zeros((60, 200), np.uint8)
    x0, y0, x1, y1 = ink_text(coverage, "aVR 25", 20.0, 40.0, 14.0)
    rows, columns = np.flatnonzero(coverage.any(axis=1)), np.flatnonzero(coverage.any(axis=0))
    assert (x0, y0, x1, y1) == (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert 13 <= y1 - y0 <= 16 and abs(y1 - 40) <= 1


def test_text_beyond_the_picture_is_cut_off() -> None:
    coverage = np.zeros((20, 30), np.uint8)
    ink_text(coverage, "V1", -8.0, 25.0, 20.0)
    assert coverage.any()
    ink_text(coverage, "V1", 400.0, 300.0, 20.0)
    ink_text(coverage, "V1", -400.0, -300.0, 20.0)
