"""Scratches and hairs: thin dark lines that leave the rest of the print alone."""

from __future__ import annotations

import numpy as np

from ecgbench.plugins.image_sets.synthetic.scratches import Scratches

PAPER = np.full((400, 900, 3), 230, np.uint8)


def scratched(count: int, seed: int = 3, depth: float = 0.4) -> np.ndarray:
    return Scratches(count, depth, 225.0, seed).apply(PAPER, np.random.default_rng(0))


def test_lines_darken_little_of_the_print_and_lighten_nothing() -> None:
    made = scratched(8)
    assert (made <= PAPER).all() and made.min() < 200
    assert 0 < (made < PAPER).any(axis=2).mean() < 0.03
    assert (PAPER == 230).all()


def test_the_same_seed_gives_the_same_lines_and_more_of_them_keep_the_first() -> None:
    few, many = scratched(3), scratched(9)
    np.testing.assert_array_equal(few, scratched(3))
    assert (many <= few).all() and (many < few).any()
    assert (scratched(3, seed=4) != few).any()


def test_deeper_lines_are_darker_and_none_leave_the_print_as_it_is() -> None:
    assert scratched(5, depth=0.5).mean() < scratched(5, depth=0.2).mean() < PAPER.mean()
    assert scratched(0) is PAPER


def test_lines_beyond_the_edge_are_cut_off_there() -> None:
    tiny = np.full((3, 5, 3), 200, np.uint8)
    for seed in range(40):
        assert Scratches(6, 0.5, 1.25, seed).apply(tiny, np.random.default_rng(0)).shape == tiny.shape
