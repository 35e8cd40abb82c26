"""Grids that are laid unevenly: as dark on the whole, and nothing but the grid."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.press import blotched

GROUND = (250, 245, 255)


@pytest.mark.parametrize("blotch", [0.1, 0.3])
def test_ink_varies_by_the_share_that_is_asked_and_is_as_much_on_the_whole(blotch: float) -> None:
    lines = np.full((600, 700, 3), (150, 145, 155), np.uint8)
    ink = (np.array(GROUND) - blotched(lines, GROUND, blotch, 5.0)).mean(axis=2) / 100
    assert ink.mean() == pytest.approx(1, abs=0.03) and ink.std() == pytest.approx(blotch, rel=0.15)


def test_paper_without_ink_stays_as_it_is() -> None:
    bare = np.full((40, 50, 3), GROUND, np.uint8)
    np.testing.assert_array_equal(blotched(bare, GROUND, 0.5, 8.0), bare)
