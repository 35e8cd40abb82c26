"""Masks as metrics count them, and the skeletons of ink."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.morphology import skeletonize

from ecgbench.core.truth import Truth
from ecgbench.plugins.metrics.masks import grown, harmonic_mean, marks, outlines, pixels, ratio
from ecgbench.plugins.metrics.skeletons import skeleton


def square(size: int, left: int, right: int) -> np.ndarray:
    mask = np.zeros((size, size), np.uint8)
    mask[left:right, left:right] = 1
    return mask


def test_a_mask_of_another_size_is_an_error_that_names_both_sizes() -> None:
    with pytest.raises(ValueError, match=r"\(3, 3\).*\(20, 30\)"):
        pixels(np.zeros((3, 3), np.bool_), (20, 30))


def test_growing_is_by_a_square() -> None:
    assert np.array_equal(grown(square(9, 4, 5), 2), square(9, 2, 7))


def test_the_outline_of_a_square_is_its_rim() -> None:
    assert np.array_equal(outlines(square(9, 2, 7)), square(9, 2, 7) - square(9, 3, 6))


def test_the_rim_of_the_picture_is_no_outline() -> None:
    assert not outlines(np.ones((5, 6), np.uint8)).any()


def test_marks_are_all_ink_that_is_not_trace() -> None:
    one, two, three = (np.eye(3, k=k, dtype=np.bool_) for k in (-1, 0, 1))
    found = marks(Truth(label_mask=one, pulse_mask=two, separator_mask=three), (3, 3))
    assert np.array_equal(found, (one | two | three).view(np.uint8))
    assert np.array_equal(marks(Truth(pulse_mask=two), (3, 3)), two.view(np.uint8))
    assert marks(Truth(trace_mask=two), (3, 3)) is None


def test_shares_of_nothing_are_all_or_none() -> None:
    assert (ratio(0, 0, 0), ratio(0, 0, 3), ratio(1, 2, 0)) == (1.0, 0.0, 0.5)
    assert harmonic_mean(0.25, 0.75) == 2 * 0.25 * 0.75


def test_thin_lines_are_their_own_skeleton() -> None:
    cross = np.zeros((20, 20), np.uint8)
    cross[10] = cross[:, 7] = 1
    cv2.line(cross, (0, 0), (19, 19), 1)
    assert np.array_equal(skeleton(cross) | cross, cross)
    assert skeleton(cross)[10, 12:18].all() and np.diag(skeleton(cross))[13:].all()


def test_the_skeleton_of_a_wide_line_is_its_middle() -> None:
    bar = np.zeros((21, 60), np.uint8)
    bar[8:13, 5:55] = 1
    found = skeleton(bar)
    assert found[10, 10:50].all()
    assert not found[[8, 9, 11, 12], 10:50].any()


def test_skeletons_are_near_those_of_thinning() -> None:
    x = np.arange(0, 400)
    y = 50 + 30 * np.sin(x / 15)
    drawn = np.zeros((100, 400), np.uint8)
    cv2.polylines(drawn, [np.rint(np.column_stack([x, y])).astype(np.int32)], False, 1, 4)
    ours, thinned = skeleton(drawn), skeletonize(drawn.view(np.bool_)).view(np.uint8)
    assert (grown(thinned, 1)[ours > 0]).mean() > 0.99
    assert (grown(ours, 1)[thinned > 0]).mean() > 0.95


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (300, 40)])
def test_what_is_never_thin_counts_as_it_is(shape: tuple[int, int]) -> None:
    found = skeleton(np.ones(shape, np.uint8))
    assert found.any() and found.max() == 1
    assert not skeleton(np.zeros(shape, np.uint8)).any()
