"""Numbers, names and sentences as reports show them, the same in every form of a report."""

from __future__ import annotations

import math

from ecgbench.core.metric import Score

MISSING = "–"
DIGITS = 3  # significant ones: more than any interval here can hold
ARROWS = {"higher": "↑", "lower": "↓", "none": ""}
DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "none": "describes, does not judge"}
WITHOUT_UNIT = ("1", "-", "ratio", "?")


def number(value: float | None) -> str:
    """Return a number with three significant digits, without an exponent where it can be read at a glance.

    >>> [number(value) for value in (0.91234, 12.3456, 1234.5, 0.0, 1.2e-7, None, float("nan"))]
    ['0.912', '12.3', '1230', '0', '1.2e-07', '–', '–']
    """
    if value is None or math.isnan(value):
        return MISSING
    if value == 0 or not 1e-4 <= abs(value) < 1e7:
        return f"{value:.{DIGITS}g}"
    rounded = float(f"{value:.{DIGITS - 1}e}")
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:.{decimals}f}"


def unit_of(score: Score) -> str:
    """Return the unit that a score is shown in: times are in ms, "" is a bare number."""
    if score.unit == "s":
        return "ms"
    return "" if score.unit in WITHOUT_UNIT else score.unit


def in_shown_unit(score: Score, value: float | None) -> float | None:
    """Return a value in the unit that the score is shown in."""
    return value * 1e3 if value is not None and score.unit == "s" else value


def score_text(score: Score, value: float | None) -> str:
    """Return a value of a score as text, without its unit.

    >>> score_text(Score("wall_median_s", "s", "lower", "median wall time"), 0.01234)
    '12.3'
    """
    return number(in_shown_unit(score, value))


def with_unit(score: Score, value: float | None) -> str:
    """Return a value of a score as text with its unit."""
    text, unit = score_text(score, value), unit_of(score)
    return f"{text} {unit}" if unit and text != MISSING else text


def heading(score: Score) -> str:
    """Return a score's column heading: name, unit, and an arrow that points to the better end.

    >>> heading(Score("wall_median_s", "s", "lower", "median wall time"))
    'wall_median_s (ms) ↓'
    """
    unit = unit_of(score)
    parts = (score.name, f"({unit})" if unit and not score.name.endswith(f"_{unit.lower()}") else "", ARROWS[score.direction])
    return " ".join(part for part in parts if part)


def axis_title(score: Score) -> str:
    """Return what an axis of this score says: name, unit, and which direction is better."""
    unit = unit_of(score)
    return f"{score.name}{f' ({unit})' if unit else ''}, {DIRECTIONS[score.direction]}"


def short_method(label: str, task: str) -> str:
    """Return a method's label without its task, where the task is known from what stands around it.

    >>> short_method("edges.canny[sigma=0.5]", "edges")
    'canny[sigma=0.5]'
    """
    return label.removeprefix(f"{task}.")


def count(n: int, noun: str, plural: str = "") -> str:
    """Return a number and its noun.

    >>> count(1, "page"), count(0, "page"), count(2, "box", "boxes")
    ('1 page', '0 pages', '2 boxes')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
