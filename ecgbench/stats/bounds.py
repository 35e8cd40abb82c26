"""Bounds that a comparison is held to: "wall_median_s > 1.10x" says what may not be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ecgbench.stats.intervals import Interval
from ecgbench.stats.paired import Paired
from ecgbench.stats.summary import Summary

_GRAMMAR = re.compile(r"\s*([a-z][a-z0-9_]*)\s*([<>])\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([%x]?)\s*")


class BoundError(ValueError):
    """A bound that cannot be read; the message shows how one is written."""


@dataclass(frozen=True)
class BoundCheck:
    """Whether a bound was crossed, and a sentence that says by what."""

    crossed: bool
    sentence: str


@dataclass(frozen=True)
class Bound:
    """What may not be: that `metric` is less (<) or more (>) than `number`.

    `unit` "" is the metric's own, of the later side's mean; "%" is the change from the earlier to the later side in percent of the
    earlier one; "x" is the later side as a multiple of the earlier one.
    """

    metric: str
    operator: Literal["<", ">"]
    number: float
    unit: Literal["", "%", "x"] = ""

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {self.number:g}{self.unit}"

    def check(self, paired: Paired, later: Summary) -> BoundCheck:
        """Tell whether it was crossed, of the comparison of both sides and of the later one alone.

        It was where the whole 95 % interval lies beyond the number: a difference that chance explains fails nobody. Where there is no
        interval (one record) the value itself decides, and where there is not even a value it counts as crossed: a method that fails
        everywhere shall not pass.
        """
        if self.unit and paired.mean_a == 0 and paired.difference is not None:
            return self._check_from_zero(paired, paired.difference)
        value, interval = self._measured(paired, later)
        if value is None:
            return BoundCheck(True, f"{self}: crossed, since no case tells.")
        nearest = interval.low if self.operator == ">" else interval.high
        decides = value if nearest is None else nearest
        crossed = decides > self.number if self.operator == ">" else decides < self.number
        said = f"{value:.4g}{self.unit} ({_in_words(interval, self.unit)})"
        return BoundCheck(crossed, f"{self}: {'crossed' if crossed else 'kept'}, {said}.")

    def _check_from_zero(self, paired: Paired, difference: float) -> BoundCheck:
        """Tell of a change from 0, of which every number of % or x is the same: it crosses where it is shown to go that way."""
        nearest = paired.low if self.operator == ">" else paired.high
        decides = difference if nearest is None else nearest
        crossed = decides > 0 if self.operator == ">" else decides < 0
        said = f"from 0 to {difference:.4g} ({_in_words(Interval(paired.low, paired.high, paired.note), '')})"
        return BoundCheck(crossed, f"{self}: {'crossed' if crossed else 'kept'}, {said}.")

    def _measured(self, paired: Paired, later: Summary) -> tuple[float | None, Interval]:
        if not self.unit:
            return later.mean, Interval(later.low, later.high, later.note)
        scale, shift = (100.0, 0.0) if self.unit == "%" else (1.0, 1.0)
        value, low, high = (
            None if share is None else share * scale + shift
            for share in (paired.relative, paired.relative_low, paired.relative_high)
        )
        return value, Interval(low, high, paired.note)


def parse_bound(text: str) -> Bound:
    """Read METRIC (<|>) NUMBER[%|x].

    >>> parse_bound("wall_median_s > 1.10x")
    Bound(metric='wall_median_s', operator='>', number=1.1, unit='x')
    """
    found = _GRAMMAR.fullmatch(text)
    if found is None:
        raise BoundError(
            f"{text!r} is not a bound; write METRIC (< or >) NUMBER, and % for a change or x for a multiple: "
            "'trace_dice < 0.8', 'wall_median_s > 1.10x', 'px_per_mm_error_pct > 5%'."
        )
    metric, operator, number, unit = found.groups()
    return Bound(metric, "<" if operator == "<" else ">", float(number), _unit(unit))


def _unit(text: str) -> Literal["", "%", "x"]:
    return "%" if text == "%" else "x" if text == "x" else ""


def _in_words(interval: Interval, unit: str) -> str:
    if interval.low is None or interval.high is None:
        return interval.note or "no interval"
    return f"95 % interval {interval.low:.4g}{unit} to {interval.high:.4g}{unit}"
