"""Tests of words on a flat page, and of a page without the names that stand beside its traces."""

import cv2
import numpy as np
import pytest

from ecgbench.plugins.digitize.path import find_paths
from ecgbench.plugins.digitize.words import without_names

SCALE = 8
LEVEL = 300  # row of the trace
NAME = slice(325, 375), slice(190, 300)


def page(*, darkness: float = 1.0) -> np.ndarray:
    """Return the coverage of a level trace, and of a dark name below it."""
    letters = np.zeros((600, 500), np.uint8)
    cv2.putText(letters, "V3", (200, 365), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 3)
    coverage = (letters > 127).astype(np.float32)
    coverage[LEVEL - 1 : LEVEL + 2] = darkness
    return coverage


def test_a_name_below_a_trace_is_taken_away_and_the_trace_is_not() -> None:
    left = without_names(page(), SCALE)
    assert page()[NAME].sum() > 300
    assert left[NAME].max() < 0.36
    assert np.array_equal(left[: LEVEL + 5], page()[: LEVEL + 5])


@pytest.mark.parametrize("away", ["the trace is missing", "the trace is far"])
def test_letters_away_from_traces_stay(away: str) -> None:
    coverage = page()
    coverage[: LEVEL + 5] = 0
    if away == "the trace is far":
        coverage[200:203] = 1
    assert np.array_equal(without_names(coverage, SCALE), coverage)


def test_a_path_stays_on_a_pale_trace_instead_of_a_dark_name() -> None:
    coverage = page(darkness=0.4)
    coverage[LEVEL : LEVEL + 40, 180:184] = coverage[LEVEL : LEVEL + 40, 300:304] = 1  # marks that lead there
    blots = np.zeros_like(coverage)
    tempted = find_paths(coverage, blots, np.array([LEVEL / SCALE]), SCALE)[0]
    stayed = find_paths(without_names(coverage, SCALE), blots, np.array([LEVEL / SCALE]), SCALE)[0]
    assert np.abs(tempted[200:280] - LEVEL).max() > 30
    assert np.abs(stayed[200:280] - LEVEL).max() < 3


def test_a_page_of_a_pixel_has_no_names() -> None:
    assert without_names(np.ones((1, 1), np.float32), SCALE).tolist() == [[1.0]]
