"""Tears: how much of a sheet they leave, and where its corners are then."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.geometry import corners
from ecgbench.plugins.image_sets.synthetic.layouts import LETTER_MM
from ecgbench.plugins.image_sets.synthetic.tears import tear_sheet


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def area(outline: np.ndarray) -> float:
    x, y = outline.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def test_a_tear_leaves_most_of_a_sheet_and_stays_on_it() -> None:
    whole = LETTER_MM[0] * LETTER_MM[1]
    left = []
    for seed in range(40):
        torn = tear_sheet(LETTER_MM, chance(seed), severity=1.0)
        assert (torn.outline >= 0).all() and (torn.outline <= LETTER_MM).all()
        left.append(area(torn.outline) / whole)
    assert 0.85 < min(left) < 0.97 < max(left) <= 1.0


def test_without_severity_nothing_is_torn() -> None:
    torn = tear_sheet(LETTER_MM, chance(), severity=0.0)
    np.testing.assert_allclose(torn.corners, corners(0, 0, *LETTER_MM))
    assert area(torn.outline) == pytest.approx(LETTER_MM[0] * LETTER_MM[1])


def test_a_torn_corner_keeps_its_place_where_the_edges_would_have_met() -> None:
    cut = 0
    for seed in range(30):
        torn = tear_sheet(LETTER_MM, chance(seed), severity=0.8)
        gap = np.hypot(*(torn.outline[:, None] - torn.corners[None]).transpose(2, 0, 1)).min(axis=0)
        cut += int((gap > 4).sum())
        width, height = LETTER_MM
        assert (np.abs(torn.corners - corners(0, 0, width, height)) <= 0.021 * np.array(LETTER_MM)).all()
    assert cut > 20
