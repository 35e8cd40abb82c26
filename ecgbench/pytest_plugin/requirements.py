"""Bounds that a single score must keep: --ecg-min 'trace_dice>=0.8'."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ecgbench.core.outcome import Outcome

_GRAMMAR = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(>=|<=|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class RequirementError(ValueError):
    """A requirement that cannot be read, or whose score nobody gives; the message shows what there is."""


@dataclass(frozen=True)
class Requirement:
    """What must be: `score` of an item is `sign` `number`, in the score's own unit."""

    score: str
    sign: str
    number: float

    def __str__(self) -> str:
        return f"{self.score} {self.sign} {self.number:g}"

    def miss(self, outcome: Outcome) -> str | None:
        """Return in words how an outcome misses it, None where it keeps it. A score that is not known, or no number, misses it.

        >>> from ecgbench.core.outcome import Status, Variant
        >>> from ecgbench.core.truth import CaseInfo
        >>> found = Outcome(Variant("color.lab", "color", "1", ""), CaseInfo("a", "a"), Status.DONE, scores={"trace_dice": 0.72})
        >>> read_requirement("trace_dice>=0.8").miss(found)
        'trace_dice is 0.72, but >= 0.8 is asked for'
        """
        value = outcome.scores.get(self.score)
        if value is None:
            return f"{self} is asked for, but there is no {self.score} here: no truth is known, or nothing was found"
        if math.isnan(value) or not _HOLDS[self.sign](value, self.number):
            return f"{self.score} is {value:.4g}, but {self.sign} {self.number:g} is asked for"
        return None


def read_requirement(text: str) -> Requirement:
    """Read SCORE (>=|>|<=|<) NUMBER; RequirementError shows how it is written."""
    found = _GRAMMAR.fullmatch(text)
    if found is None:
        raise RequirementError(
            f"--ecg-min {text!r} cannot be read; write SCORE, one of >= > <= <, and a NUMBER: 'trace_dice>=0.8', 'wall_median_s<0.1'."
        )
    score, sign, number = found.groups()
    return Requirement(score, sign, float(number))


def read_requirements(texts: Iterable[str], known: Iterable[str]) -> tuple[Requirement, ...]:
    """Read several; RequirementError where a score is none of the `known` ones."""
    found = tuple(map(read_requirement, texts))
    names = list(known)
    for requirement in found:
        if requirement.score not in names:
            raise RequirementError(
                f"--ecg-min: no method here has a score {requirement.score!r}; known ones: {', '.join(names)}."
            )
    return found
