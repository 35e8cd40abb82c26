"""Letters: those of a hot head are heavier than the outlines that they follow, and stand on the same line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from ecgbench.plugins.image_sets.synthetic.lettering import LETTERS, stamp_of


@pytest.mark.parametrize("height_px", [11.0, 20.0, 60.0])
def test_heat_makes_letters_heavier_but_hardly_larger(height_px: float) -> None:
    light, heavy = (stamp_of("aVF", font, height_px) for font in ("times", "times-thermal"))
    assert heavy.coverage.sum() > 1.15 * light.coverage.sum()
    assert heavy.coverage.shape[0] == pytest.approx(light.coverage.shape[0], abs=2 + 0.06 * height_px)
    assert heavy.down == pytest.approx(light.down, abs=1 + 0.05 * height_px)
    assert heavy.length == pytest.approx(light.length, rel=0.06)


@pytest.mark.parametrize("font", ["times", "plain", "bitmap", "dots"])
def test_spread_ink_widens_letters_on_every_side_by_what_is_asked(font: str) -> None:
    thin, wide, wider = (stamp_of("V1", font, 20.0, spread) for spread in (0.0, 0.7, 1.5))
    assert thin.coverage.sum() < wide.coverage.sum() < wider.coverage.sum()
    assert wider.length == thin.length
    assert wider.down == pytest.approx(thin.down - 1.5, abs=1.1) and wider.right == pytest.approx(thin.right - 1.5, abs=1.1)
    assert wider.coverage.shape[0] == pytest.approx(thin.coverage.shape[0] + 3, abs=1.6)


def test_a_bold_face_is_heavier_and_no_higher() -> None:
    light, bold = (stamp_of("aVF", font, 40.0) for font in ("plain", "plain-bold"))
    assert bold.coverage.sum() > 1.3 * light.coverage.sum()
    assert bold.coverage.shape[0] == pytest.approx(light.coverage.shape[0], abs=3)


@pytest.mark.parametrize("height_px", [9.0, 13.6, 17.3])
def test_small_letters_stand_as_large_ones_do(height_px: float) -> None:
    """Where each of "l l l l" begins, in heights of a capital."""

    def begins(height_px: float) -> npt.NDArray[np.float64]:
        stamp = stamp_of("l l l l", "times", height_px)
        weight, column = stamp.coverage.sum(axis=0, dtype=np.float64), np.arange(stamp.coverage.shape[1])
        parts = np.split(column, np.flatnonzero(np.diff((weight > 0).astype(int)) == 1) + 1)
        return np.array([np.average(part, weights=weight[part]) for part in parts]) / height_px

    np.testing.assert_allclose(np.diff(begins(height_px)), np.diff(begins(200.0)), atol=0.3 / height_px)


@pytest.mark.parametrize("font", ["times", "plain", "plain-bold", "sans"])
def test_letters_of_a_screen_are_as_long_and_stand_on_the_same_line(font: str) -> None:
    smooth, hinted, stepped = (stamp_of("HIL 25", font, 11.0, 0.0, letters) for letters in LETTERS)
    assert set(np.unique(stepped.coverage)) == {0, 255} and len(np.unique(hinted.coverage)) > 5
    assert hinted.length == pytest.approx(smooth.length, rel=0.13) and stepped.length == pytest.approx(smooth.length, rel=0.32)
    assert max(abs(made.down - smooth.down) for made in (hinted, stepped)) <= 1


@pytest.mark.parametrize("font", ["times", "plain"])
@pytest.mark.parametrize("height_px", [7.3, 8.4, 11.0])
def test_hinted_letters_fill_whole_rows_from_their_feet_to_their_tops(font: str, height_px: float) -> None:
    stamp = stamp_of("HIH", font, height_px, 0.0, "hinted")
    rows = stamp.coverage.max(axis=1)
    assert stamp.down == -len(rows) and (rows > 150).all() and len(rows) == pytest.approx(height_px, abs=1)
    low = stamp_of("x", font, height_px, 0.0, "hinted")
    assert low.down == -len(low.coverage) and low.coverage[[0, -1]].max(axis=1).min() > 150


def test_hinted_letters_are_darker_than_smooth_ones_and_as_high_where_they_hang_below_the_line() -> None:
    smooth, hinted = (stamp_of("gQj", "times", 12 * 0.662, 0.0, letters) for letters in LETTERS[:2])
    assert hinted.coverage.sum() > 1.1 * smooth.coverage.sum()
    assert hinted.down + len(hinted.coverage) == pytest.approx(smooth.down + len(smooth.coverage), abs=1)


def test_a_blank_line_of_a_screen_has_no_letters() -> None:
    assert stamp_of("  ", "times", 10.0, 0.0, "hinted").coverage.size == 0


def test_dots_of_a_head_are_the_same_on_a_screen() -> None:
    np.testing.assert_array_equal(*(stamp_of("V1", "bitmap", 20.0, 0.0, letters).coverage for letters in LETTERS[:2]))
