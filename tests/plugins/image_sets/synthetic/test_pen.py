"""Ink that is paler on fast strokes and uneven, while what it covers stays as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.lead_source import SeededHeart
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.render import Print, render
from ecgbench.plugins.image_sets.synthetic.sheet import print_sheet, quickness
from ecgbench.plugins.image_sets.synthetic.style import Style

BARE = Style(grid="none", header="none", labels="none", pulse="none", separators="none", layout="12x1", trace_mm=0.5)


def printed(style: Style) -> Print:
    return render(print_sheet(SeededHeart(1, 2, (("rhythm", "sinus"), ("noise_uv", 0.0))).read(), style), 200)


def darkness(made: Print, *, quick: bool) -> float:
    """Return how dark the middle of the traces is, 0 to 255, where the pen was at its fastest, or hardly moved."""
    levels = []
    for trace in made.sheet.traces:
        speed = quickness(trace.points, made.sheet.fs)
        at = np.flatnonzero(speed > 0.9 if quick else speed < 0.08)
        x, y = np.rint(made.geometry.to_pixels(trace.points[at])).astype(int).T
        inside = (x >= 0) & (x < made.pixels.shape[1]) & (y >= 0) & (y < made.pixels.shape[0])
        levels.append(255.0 - made.pixels[y[inside], x[inside]].mean(axis=1))
    return float(np.median(np.concatenate(levels)))


def test_fast_strokes_are_paler_by_the_share_that_is_asked_and_slow_ones_are_not() -> None:
    even, pale = printed(BARE), printed(replace(BARE, paling=0.5))
    assert darkness(pale, quick=True) == pytest.approx(0.5 * darkness(even, quick=True), rel=0.12)
    assert darkness(pale, quick=False) == darkness(even, quick=False)


def test_mottled_ink_is_uneven_and_lacks_about_as_much_as_is_asked() -> None:
    even, mottled = (255.0 - printed(replace(BARE, mottle=share)).pixels.mean(axis=2) for share in (0.0, 0.3))
    inked = even > 200
    lacking = 1 - mottled[inked] / even[inked]
    assert 0.05 < lacking.mean() < 0.25 and lacking.std() > 0.08 and lacking.max() <= 0.65


@pytest.mark.parametrize("uneven", [{"paling": 0.8}, {"mottle": 0.5}, {"faint": 0.5}])
def test_how_dark_ink_is_changes_nothing_of_the_truth(uneven: dict[str, float]) -> None:
    plain, other = (SyntheticPage(1, 2, "0003", 0.3, 100, style).read_truth() for style in (Style(), replace(Style(), **uneven)))  # type: ignore[arg-type]
    for name in ("trace_mask", "label_mask", "pulse_mask", "separator_mask", "grid_mask"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(other, name))
    assert plain.legible and other.legible


def test_a_pen_at_rest_is_slow_and_breaks_are_not_fast() -> None:
    points = np.array([(0.0, 0.0), (0.05, 0.0), (0.1, 3.0), (np.nan, np.nan), (0.2, 0.0)])
    found = quickness(points, 500.0)
    assert found[0] < 0.1 and found[1] == 1 and (found[2:] == 0).all()


def test_faint_traces_lack_the_share_of_ink_that_is_asked_and_letters_do_not() -> None:
    style = replace(BARE, labels="above")
    even, faint = printed(style), printed(replace(style, faint=0.4))
    ink, left = (255.0 - made.pixels.mean(axis=2) for made in (even, faint))
    trace, letters = even.trace == 255, (even.text == 255) & (even.trace == 0)
    assert letters.any() and trace.any()
    np.testing.assert_allclose(left[trace], 0.6 * ink[trace], rtol=0.02)
    np.testing.assert_array_equal(left[letters], ink[letters])
