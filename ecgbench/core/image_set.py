"""Named, possibly endless, iterables of cases, and the openers that make them from a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ecgbench.core.truth import Case


class SpecError(ValueError):
    """A spec that names nothing that can be opened; the message says what would."""


@runtime_checkable
class ImageSet(Protocol):
    """A named, possibly endless, iterable of cases; iterating it twice gives the same cases in the same order."""

    @property
    def name(self) -> str:
        """What reports call the set."""

    def __iter__(self) -> Iterator[Case]:
        """Yield the cases in a fixed order, making each only when it is asked for."""

    def count(self) -> int | None:
        """Return the number of cases, None where it is not known or endless."""


@dataclass(frozen=True)
class ImageSetOpener:
    """Opens specs of one form: `form` shows it to people ("synthetic?count=..&seed=.."), `doc` is a sentence.

    `open(spec)` returns an ImageSet, or None where the spec is not of this form. It raises SpecError where it is, but is wrong.
    `example`: a spec that opens a few cases on any machine, which `ecgbench check` tries; None where there is none.
    """

    name: str
    form: str
    doc: str
    open: Callable[[str], ImageSet | None]
    example: str | None = None
