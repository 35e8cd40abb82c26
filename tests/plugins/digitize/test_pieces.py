"""Tests of lines of print: where they stand, how they are taken apart, and which character a piece of them is."""

import cv2
import numpy as np
from PIL import ImageFont

from ecgbench.plugins.digitize.glyphs import shape_of, templates
from ecgbench.plugins.digitize.pieces import line_of
from ecgbench.plugins.digitize.strokes import pair_likeness
from ecgbench.plugins.digitize.text_lines import MARGIN_PX, PAIR_LIKE, find_strips

SCALE = 8


def drawn(text: str, height_px: int = 18) -> np.ndarray:
    """Return the coverage of a line of print, with a margin of MARGIN_PX around it."""
    glyphs = ImageFont.load_default(round(height_px / 0.7)).getmask(text, mode="L")
    letters = np.asarray(glyphs, np.float32).reshape(glyphs.size[::-1]) / 255
    x, y, width, height = cv2.boundingRect((letters > 0.5).astype(np.uint8))
    return np.pad(letters[y : y + height, x : x + width], MARGIN_PX)


def test_lines_that_may_say_mm_are_found_from_the_foot_of_the_page_up() -> None:
    page = np.zeros((400, 900), np.float32)
    for top, text in ((50, "25 mm/s"), (150, "= = 7 = 7"), (300, "10 mm/mV")):
        line = drawn(text)
        page[top : top + line.shape[0], 100 : 100 + line.shape[1]] = line
    page[220:223, 40:860] = 1.0
    feet = [foot for foot, _ in find_strips(page, SCALE)]
    assert len(feet) == 2
    assert feet[0] > 300 / SCALE > feet[1]
    assert list(find_strips(np.zeros((2, 2), np.float32), SCALE)) == []


def test_mm_is_told_by_its_strokes() -> None:
    say, other = drawn("25 mm/s"), drawn("= = 7 = 7")
    assert pair_likeness(say, len(say) - 2 * MARGIN_PX) > 0.8
    assert pair_likeness(other, len(other) - 2 * MARGIN_PX) < PAIR_LIKE


def test_characters_that_touch_are_cut() -> None:
    strip = np.asarray(cv2.blur(drawn("mm/s"), (5, 1)), np.float32)
    line = line_of(strip, sharpen=False)
    assert line is not None
    touching, *_ = cv2.connectedComponents((strip > line.ink).astype(np.uint8))
    assert touching - 1 < 4
    known = templates()
    runs = [(first, last) for first in range(len(line.pieces)) for last, _ in line.runs_from(first)]
    likeness = known.likeness(np.stack([line.shape(*run) for run in runs]))[:, known.characters.index("m")]
    ms = [run for run, like in zip(runs, likeness, strict=True) if like > 0.8]
    assert any(one[1] + 1 == two[0] for one in ms for two in ms)


def test_a_character_is_most_like_itself() -> None:
    known = templates()
    for character in "0123456789mV":
        shape = shape_of(drawn(character, 24)[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX])
        assert known.characters[int(known.likeness(shape[None])[0].argmax())] == character


def test_a_blank_strip_is_no_line() -> None:
    assert line_of(np.zeros((20, 100), np.float32), sharpen=True) is None
