"""What hides a part of a sheet is where it says it is, and throws a shadow beside it."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.covers import Finger, Front, OtherSheet, Patch
from ecgbench.plugins.image_sets.synthetic.geometry import corners

SHAPE = (300, 400)


def gray() -> np.ndarray:
    return np.full((*SHAPE, 3), 200, np.uint8)


FRONTS: dict[str, Front] = {
    "finger": Finger(150.0, 60.0, 265.0, 30.0, (110, 140, 190), nail=True),
    "sheet": OtherSheet(np.array([(-40.0, -40.0), (-40.0, 30.0), (440.0, 55.0), (440.0, -40.0)]), (250, 250, 250), 4.0, 0.3),
}


@pytest.mark.parametrize("name", FRONTS)
def test_what_is_hidden_is_painted_and_all_else_is_as_it_was_or_in_shadow(name: str) -> None:
    picture, hidden = gray(), FRONTS[name].hides(SHAPE)
    FRONTS[name].lay(picture)
    changed = np.abs(picture.astype(int) - 200).max(axis=2)
    assert 0.01 < hidden.mean() < 0.3 and (changed[hidden] > 2).mean() > 0.97
    assert (picture[~hidden] <= 201).mean() > 0.99  # a shadow is never brighter than the paper; edges are of both
    assert (changed[200:] == 0).all() and (picture[~hidden].min() < 190)


def test_a_finger_is_a_rounded_shape_that_comes_from_beyond_the_picture() -> None:
    hidden = FRONTS["finger"].hides(SHAPE)
    rows = hidden.sum(axis=1)
    assert hidden[0].any() and not hidden[62:].any() and rows[20] == pytest.approx(62, abs=6) and rows[55] < rows[30]


def test_what_lies_outside_of_the_picture_changes_nothing() -> None:
    picture = gray()
    far = Finger(-500.0, 60.0, 180.0, 20.0, (110, 140, 190), nail=False)
    far.lay(picture)
    assert (picture == 200).all() and not far.hides(SHAPE).any()


def test_a_patch_covers_its_outline_and_takes_ink_out_from_below_it() -> None:
    picture, ink = gray(), np.full(SHAPE, 255, np.uint8)
    patch = Patch(corners(10.0, 8.0, 30.0, 16.0), (240, 250, 230))
    patch.lay(picture, 10.0)
    patch.uncover(ink, 10.0)
    assert (picture[85:155, 105:295] == (240, 250, 230)).all() and (picture[162, 120:290] < 199).all()
    assert (ink == 0).sum() == pytest.approx(200 * 80, rel=0.03) and not ink[90:150, 110:290].any()
