"""Values to choose from: named ones or a range, read from a spec's text and drawn by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ecgbench.core.image_set import SpecError

Value: TypeAlias = str | float | bool


@dataclass(frozen=True)
class OneOf:
    """Some values, of which one is drawn; each as often as its weight says, or all alike."""

    values: tuple[Value, ...]
    weights: tuple[float, ...] | None = None

    def draw(self, rng: np.random.Generator) -> Value:
        """Draw a value."""
        if len(self.values) == 1:
            return self.values[0]
        shares = None if self.weights is None else np.array(self.weights) / sum(self.weights)
        return self.values[int(rng.choice(len(self.values), p=shares))]

    def holds(self, value: object) -> bool:
        """Tell whether `value` is one of them; 1 is not True."""
        return any(value == known and isinstance(value, bool) is isinstance(known, bool) for known in self.values)

    def __str__(self) -> str:
        return ", ".join(text_of(value) for value in self.values)


@dataclass(frozen=True)
class Within:
    """All numbers from `low` to `high`, of which one is drawn evenly, to three decimals."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> Value:
        """Draw a value."""
        return round(float(rng.uniform(self.low, self.high)), 3)

    def holds(self, value: object) -> bool:
        """Tell whether `value` is a number in the range."""
        return isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}"


Choice: TypeAlias = OneOf | Within


def text_of(value: Value) -> str:
    """Return a value as specs and content ids write it.

    >>> text_of(True), text_of(0.30), text_of("dotted")
    ('on', '0.3', 'dotted')
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def read_choice(key: str, text: str, known: Choice) -> Choice:
    """Read "lines,dotted", "10", "0.2,0.3" or, where numbers are known by their range, "0.2..0.4".

    Raises SpecError that names `key` and what is known.

    >>> read_choice("trace_mm", "0.2..0.4", Within(0.1, 1.0))
    Within(low=0.2, high=0.4)
    """
    parts = text.split("..") if isinstance(known, Within) and ".." in text else None
    if parts is not None and len(parts) == 2:
        low, high = (_number(part) for part in parts)
        if low <= high and known.holds(low) and known.holds(high):
            return Within(low, high)
        raise SpecError(_expected(key, text, known))
    values = [_value(part, known) for part in text.split(",")]
    if len(set(values)) < len(values) or not all(known.holds(value) for value in values):
        raise SpecError(_expected(key, text, known))
    return OneOf(tuple(values))


def _value(text: str, known: Choice) -> Value:
    if isinstance(known, Within):
        return _number(text)
    return {text_of(value): value for value in known.values}.get(text, text)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")  # which no range holds


def _expected(key: str, text: str, known: Choice) -> str:
    if isinstance(known, Within):
        return f'"{key}" is a number from {known.low:g} to {known.high:g}, or several (1,2), or a range (1..2); got "{text}".'
    return f'"{key}" names some of {known}, each once; got "{text}".'


def of(values: Sequence[Value], weights: Sequence[float] | None = None) -> OneOf:
    """Return the choice among `values`."""
    return OneOf(tuple(values), None if weights is None else tuple(weights))
