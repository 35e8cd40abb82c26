"""Reliefs and the bends they make: splines against their own derivatives, displacement against the rule of parallax."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.folding import STEEPEST, Handling, draw_relief
from ecgbench.plugins.image_sets.synthetic.relief import BEYOND_MM, FINE_MM, Bend, Relief

SIZE = (120.0, 90.0)
CRUMPLED = Handling(4, 0.5, 8, 0.8, 2, 0.1, 30, 0.2)


def relief(handling: Handling = CRUMPLED, seed: int = 0) -> Relief:
    return draw_relief(SIZE, handling, np.random.default_rng(seed))


def points(count: int = 300) -> np.ndarray:
    return np.random.default_rng(5).uniform((0, 0), SIZE, (count, 2))


def test_a_spline_with_equal_knots_is_flat_and_one_with_a_ramp_is_a_ramp() -> None:
    np.testing.assert_allclose(Relief(np.full((40, 50), 3.0)).height(points() / 4), 3.0)
    ramp = Relief(np.tile(np.arange(60) * 0.2, (50, 1)))
    at = points() / 4
    np.testing.assert_allclose(ramp.height(at), 0.2 * (at[:, 0] + BEYOND_MM))
    np.testing.assert_allclose(ramp.slope(at), np.tile((0.2, 0.0), (len(at), 1)), atol=1e-12)


def test_slopes_are_the_derivatives_of_heights() -> None:
    found, at, step = relief(), points(), 1e-5
    for axis in range(2):
        aside = np.eye(2)[axis] * step
        measured = (found.height(at + aside) - found.height(at - aside)) / (2 * step)
        np.testing.assert_allclose(found.slope(at)[:, axis], measured, atol=1e-6)


def test_the_raster_and_the_slopes_at_knots_agree_with_the_spline() -> None:
    found = relief()
    rows, columns = found.raster.shape
    y, x = (np.arange(count) * FINE_MM - BEYOND_MM for count in (rows, columns))
    for row in (0, 17, rows // 2, rows - 1):
        exact = found.height(np.column_stack([x, np.full(columns, y[row])]))
        np.testing.assert_allclose(found.raster[row], exact, atol=1e-4)
    at = np.array([(12.0, 30.0), (100.0, 55.0)])
    row, column = np.rint(at + BEYOND_MM).astype(int)[:, ::-1].T
    np.testing.assert_allclose(found.knot_slopes[row, column], found.slope(at), atol=0.03)


def test_what_is_higher_moves_away_from_the_point_below_the_camera() -> None:
    """A point at height h and distance r from the foot is seen h / distance * r further out."""
    bend = Bend(Relief(np.full((110, 140), 6.0)), np.array([60.0, 45.0]), 300.0)
    at = points()
    np.testing.assert_allclose(bend.displaced(at), at + 0.02 * (at - (60.0, 45.0)))
    np.testing.assert_allclose(bend.jacobian(at[0]), np.eye(2) * 1.02, atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_a_bend_can_be_undone(seed: int) -> None:
    bend, at = Bend(relief(seed=seed), np.array([130.0, 160.0]), 150.0), points()
    assert np.abs(bend.displaced(at) - at).max() > 0.2
    np.testing.assert_allclose(bend.restored(bend.displaced(at)), at, atol=1e-6)
    grid = bend.displaced(at).reshape(20, 15, 2).astype(np.float32)
    np.testing.assert_allclose(bend.restored_map(grid).reshape(-1, 2), at, atol=0.03)


def test_a_sheet_that_was_not_touched_is_flat_and_one_that_was_is_no_steeper_than_paper() -> None:
    assert not relief(Handling()).knots.any()
    wild = relief(Handling(50, 5, 60, 9, 6, 1.5, 100, 2.0))
    assert 0.9 * STEEPEST < np.abs(wild.knot_slopes).max() <= STEEPEST * 1.001


@pytest.mark.parametrize(
    "handling",
    [Handling(curl_mm=3), Handling(cockle_mm=0.5), Handling(wrinkles=6), Handling(folds=2), Handling(kinks=20)],
    ids=lambda handling: repr([name for name, value in vars(handling).items() if value])[:40],
)
def test_every_way_to_handle_a_sheet_leaves_a_trace_and_depends_on_the_seed(handling: Handling) -> None:
    assert np.ptp(relief(handling).knots) > 0.2
    np.testing.assert_array_equal(relief(handling).knots, relief(handling).knots)
    assert not np.array_equal(relief(handling).knots, relief(handling, seed=1).knots)


def test_a_small_sheet_can_be_crumpled_too() -> None:
    tiny = draw_relief((3.0, 2.0), CRUMPLED, np.random.default_rng(0))
    assert np.isfinite(tiny.knots).all() and min(tiny.knots.shape) > 10
