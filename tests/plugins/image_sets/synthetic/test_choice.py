"""Choices: what text means, what is drawn, and what a wrong text is told."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.plugins.image_sets.synthetic.choice import OneOf, Within, of, read_choice, text_of

GRIDS = of(("lines", "dotted", "none"))
SWITCH = of((True, False))
WIDTHS = Within(0.1, 1.0)


def draws(choice: OneOf | Within, count: int = 2000) -> list[object]:
    rng = np.random.default_rng(0)
    return [choice.draw(rng) for _ in range(count)]


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("dotted", GRIDS, OneOf(("dotted",))),
        ("none,lines", GRIDS, OneOf(("none", "lines"))),
        ("off", SWITCH, OneOf((False,))),
        ("on,off", SWITCH, OneOf((True, False))),
        ("25", of((25.0, 50.0)), OneOf((25.0,))),
        ("0.3", WIDTHS, OneOf((0.3,))),
        ("0.3,1", WIDTHS, OneOf((0.3, 1.0))),
        ("0.2..0.4", WIDTHS, Within(0.2, 0.4)),
    ],
)
def test_text_is_read_as_what_is_known(text: str, known: OneOf | Within, expected: OneOf | Within) -> None:
    assert read_choice("key", text, known) == expected


@pytest.mark.parametrize(
    ("text", "known", "says"),
    [
        ("dots", GRIDS, "lines, dotted, none"), ("", GRIDS, "lines"), ("lines,lines", GRIDS, "each once"), ("yes", SWITCH, "on, off"),
        ("2", WIDTHS, "0.1 to 1"), ("nan", WIDTHS, "0.1 to 1"), ("thick", WIDTHS, "0.1 to 1"), ("0.4..0.2", WIDTHS, "0.1 to 1"),
        ("0.2..5", WIDTHS, "0.1 to 1"), ("0.2..0.3..0.4", WIDTHS, "0.1 to 1"), ("0.2,0.2", WIDTHS, "0.1 to 1"), ("", WIDTHS, "0.1 to 1"),
    ],
)  # fmt: skip
def test_a_wrong_text_is_told_what_is_known(text: str, known: OneOf | Within, says: str) -> None:
    with pytest.raises(SpecError) as error:
        read_choice("width", text, known)
    assert '"width"' in str(error.value) and says in str(error.value)


def test_values_are_drawn_as_often_as_their_weights_say() -> None:
    drawn = draws(of(("a", "b", "c"), (6.0, 3.0, 1.0)))
    assert [round(drawn.count(name) / len(drawn), 1) for name in "abc"] == [0.6, 0.3, 0.1]
    evenly = draws(of(("a", "b")))
    assert 0.45 < evenly.count("a") / len(evenly) < 0.55


def test_a_range_is_drawn_from_end_to_end_to_three_decimals() -> None:
    drawn = [float(str(value)) for value in draws(Within(0.2, 0.4))]
    assert min(drawn) < 0.205 and max(drawn) > 0.395 and all(round(value, 3) == value for value in drawn)
    assert Within(0.2, 0.4).holds(0.3) and not Within(0, 1).holds(True) and not Within(0, 1).holds("1")


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-9, 200.0, 0.123456789])
def test_text_tells_numbers_apart(value: float) -> None:
    assert float(text_of(value)) == value
