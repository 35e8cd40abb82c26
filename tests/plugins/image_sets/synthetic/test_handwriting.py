"""Notes in a hand: letters, words and where they are written."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.handwriting import LETTERS, PHRASES, draw_mark, draw_notes, words
from ecgbench.plugins.image_sets.synthetic.layouts import LETTER_MM


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_every_letter_of_the_phrases_has_a_form() -> None:
    assert {letter for phrase in PHRASES for letter in phrase if letter != " "} <= set(LETTERS)
    assert set("0123456789/:") <= set(LETTERS)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_is_as_large_as_a_hand_writes(letter: str) -> None:
    drawn = words(letter, chance())
    known = drawn[np.isfinite(drawn).all(axis=1)]
    extent = np.ptp(known, axis=0)
    assert len(known) >= 2 and 0 < extent.max() < 12 and np.isnan(drawn[-1]).all()


def test_words_run_from_left_to_right_and_unknown_letters_are_blanks() -> None:
    one, more = (np.nanmax(words(text, chance())[:, 0]) for text in ("no", "no change"))
    assert more > 2 * one > 5
    assert words("", chance()).shape == words("@", chance()).shape == (0, 2)


def test_notes_are_as_many_as_asked_and_begin_on_the_sheet() -> None:
    for seed in range(10):
        notes = draw_notes(LETTER_MM, 6, chance(seed))
        assert len(notes) == 6 and len({note.color for note in notes}) == 1
        for note in notes:
            middle = np.nanmedian(note.stroke.points, axis=0)
            assert (middle > -30).all() and (middle < np.array(LETTER_MM) + 60).all()
    assert draw_notes(LETTER_MM, 0, chance()) == ()


def test_a_mark_is_near_its_place_and_of_many_forms() -> None:
    at, sizes = np.array([140.0, 90.0]), set()
    for seed in range(30):
        points = draw_mark(at, chance(seed)).stroke.points
        known = points[np.isfinite(points).all(axis=1)]
        assert len(known) >= 2 and np.abs(known - at).min(axis=0).max() < 12 and np.ptp(known, axis=0).max() < 110
        sizes.add(len(points))
    assert len(sizes) > 8


def test_a_pen_is_pressed_harder_here_and_lighter_there() -> None:
    for seed in range(10):
        stroke = draw_mark(np.zeros(2), chance(seed)).stroke
        width = np.asarray(stroke.width_mm)
        assert width.shape == (len(stroke.points),) and (width > 0.1).all() and (width < 1.3).all()
        if len(width) > 30:
            assert width.max() > 1.15 * width.min() and np.abs(np.diff(width)).max() < 0.2
