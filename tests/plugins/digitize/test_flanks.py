"""Tests of flanks told by the ink's spread, on drawn waves whose strokes blur has joined."""

import cv2
import numpy as np
import pytest

from ecgbench.plugins.digitize.curve import FINE
from ecgbench.plugins.digitize.flanks import Spread, apart, spread_along, waves_of, with_flanks

SCALE = 8
FINER = 8  # of what is drawn, before it is averaged to pixels
WIDTH, HEIGHT, FOOT = 260, 130, 110
STROKE, BLUR = 2.5, 1.8  # pixels
TIPS, HALVES = (
    (60, 140, 210),
    (10.0, 3.5, 3.5),
)  # of waves, in columns: the first one's flanks lie apart, those of the others don't


def wave_row(x: np.ndarray) -> np.ndarray:
    """Return the row at columns: triangles that stand on FOOT."""
    return FOOT - sum(80 * np.clip(1 - np.abs(x - tip) / half, 0, None) for tip, half in zip(TIPS, HALVES, strict=True))


def page(blur: float = BLUR) -> np.ndarray:
    """Return the blurred coverage of strokes as thin along each row as a fast pen leaves them."""
    fine = np.zeros((HEIGHT * FINER, WIDTH * FINER), np.float32)
    rows, columns = (np.indices(fine.shape) + 0.5) / FINER
    for tip, half in zip(TIPS, HALVES, strict=True):
        depth = rows - (FOOT - 80)
        beside = np.abs(np.abs(columns - tip) - depth / 80 * half)
        fine = np.maximum(fine, (beside < STROKE / 2) & (depth >= 0) & (rows < FOOT))
    fine = np.maximum(fine, np.abs(rows - FOOT) < 1.5).astype(np.float32)
    coverage = fine.reshape(HEIGHT, FINER, WIDTH, FINER).mean(axis=(1, 3))
    return np.asarray(cv2.GaussianBlur(coverage, (0, 0), blur)) if blur else coverage


def seen(squeezed: float) -> np.ndarray:
    """Return the curve as it is seen: the flanks of narrow waves are `squeezed` columns nearer to each other than they are."""
    x = np.arange(FINE * (WIDTH - 1) + 1) / FINE + 0.5
    line = np.full(len(x), float(FOOT))
    for tip, half in zip(TIPS, HALVES, strict=True):
        narrow = squeezed if half < 5 else 0.0
        line = np.minimum(line, FOOT - 80 * np.clip(1 - (np.abs(x - tip) + narrow / 2 * (np.abs(x - tip) > 0.5)) / half, 0, None))
    return line - 0.5


def off(line: np.ndarray, tip: int) -> float:
    """Return by how many columns both flanks of a wave are off, in the median over rows that are neither tip nor foot."""
    truth = wave_row(np.arange(FINE * (WIDTH - 1) + 1) / FINE + 0.5) - 0.5
    rows = np.arange(FOOT - 62, FOOT - 22)
    errors = []
    for side in (slice(tip * FINE, (tip - 8) * FINE, -1), slice(tip * FINE, (tip + 8) * FINE)):
        places = np.arange(8 * FINE, dtype=np.float64)
        found, true = (np.interp(rows, np.maximum.accumulate(each[side]), places) / FINE for each in (line, truth))
        errors.append(np.abs(found - true))
    return float(np.median(errors))


@pytest.mark.parametrize("squeezed", [-1.0, 0.0, 1.0, 1.5])
def test_flanks_that_blur_has_joined_are_found_to_an_eighth_of_a_column(squeezed: float) -> None:
    (line,) = with_flanks([seen(squeezed)], page(), FINE, SCALE)
    for tip in TIPS[1:]:
        assert off(seen(squeezed), tip) == pytest.approx(abs(squeezed) / 2, abs=0.1)
        assert off(line, tip) < 0.125


def test_what_is_no_narrow_wave_stays_as_it_was() -> None:
    line = seen(1.0)
    (changed,) = with_flanks([line], page(), FINE, SCALE)
    wide = slice((TIPS[0] - 14) * FINE, (TIPS[0] + 14) * FINE)
    assert np.abs(changed[wide] - line[wide]).max() < 1.5  # a sixth of a column on its flanks, 8 rows a column
    level = slice(90 * FINE, 125 * FINE)
    assert np.array_equal(changed[level], line[level])


def test_flanks_beside_other_ink_stay_where_they_were_seen() -> None:
    crowded = page()
    crowded[:FOOT, TIPS[1] + 4 : TIPS[1] + 7] = 1
    line = seen(1.0)
    (changed,) = with_flanks([line], crowded, FINE, SCALE)
    near = slice((TIPS[1] - 5) * FINE, (TIPS[1] + 5) * FINE)
    assert np.array_equal(changed[near], line[near])
    assert off(changed, TIPS[2]) < 0.125


def test_nothing_is_moved_where_no_flank_stands_alone() -> None:
    alone = [np.minimum(seen(1.0), FOOT - 0.5)]
    alone[0][: 100 * FINE] = FOOT - 0.5
    (changed,) = with_flanks(alone, page(), FINE, SCALE)
    assert np.array_equal(changed, alone[0])
    assert with_flanks([], page(), FINE, SCALE) == []


def test_a_curve_with_gaps_has_waves_between_them() -> None:
    line = seen(0.0)
    line[: 80 * FINE] = line[180 * FINE :] = np.nan
    assert [wave.tip // FINE for wave in waves_of(line, FINE, SCALE)] == [139]
    assert waves_of(np.full(100, np.nan), FINE, SCALE) == []


def test_the_spread_of_ink_is_that_of_its_profile() -> None:
    profile = np.array([0, 0, 0, 0, 0.5, 1, 0.5, 0, 0, 0, 0], np.float32)
    found = spread_along(profile[None], np.zeros(1, np.intp), np.array([1.0]), np.array([9.0]))
    assert found == Spread(pytest.approx([2.0]), pytest.approx([5.0]), pytest.approx([0.5]), np.array([True]))


def test_strokes_are_as_far_apart_as_their_variance_says() -> None:
    x = np.linspace(-12, 12, 2401)
    for distance in (0.5, 2.0, 4.0, 8.0):
        ink = (np.minimum(np.abs(x - distance / 2), np.abs(x + distance / 2)) < 1.5).astype(float)
        variance = float((ink * x**2).sum() / ink.sum())
        assert apart(np.array([variance + 3.0]), width=3.0, single=9 / 12 + 3.0)[0] == pytest.approx(distance, abs=0.05)
