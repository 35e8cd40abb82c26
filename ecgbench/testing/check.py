"""What a check is: a small function with a name that reads as a promise, and a docstring that says why the promise matters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ecgbench.core.page import Page
from ecgbench.workers import Beat

Kind = Literal["method", "metric", "image set"]
Status = Literal["passed", "failed", "skipped", "expected failure", "unexpectedly passed"]


class CheckFailed(AssertionError):  # noqa: N818 - a verdict, as in pytest: not an error of the kit
    """A promise that is not kept; the message says what was seen and what to do."""


class CannotTell(Exception):  # noqa: N818 - not an error: what a check needs is not there
    """A check that does not apply; the message says why."""


@dataclass(frozen=True)
class Subject:
    """What is checked: one method, metric or image set, small enough to travel to a worker.

    `value`: the Transformer, Metric or ImageSetOpener. `origin`: who brought it. `peers`: the built-in methods of the same task.
    `methods`: methods whose results a metric can be tried on. `spec`: what an image set is opened with, None where nobody said.
    `open_page`: makes a page of a case's source, as the runner would. `left_out`: sample pages on which the method was lost before.
    """

    kind: Kind
    name: str
    value: Any
    origin: str = "you"
    peers: tuple[Any, ...] = ()
    methods: tuple[Any, ...] = ()
    spec: str | None = None
    open_page: Callable[[Any], Page] | None = None
    left_out: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """How reports and test items call it: a method by its name, the rest with their kind before it, since kinds may share a name."""
        return self.name if self.kind == "method" else f"{self.kind.replace(' ', '_')}:{self.name}"


CheckFunction = Callable[[Subject, Beat], None]


@dataclass(frozen=True)
class Check:
    """One promise: `function(subject, beat)` returns where it is kept, raises CheckFailed where not and CannotTell where it does not apply.

    `role`: the "first" check of a kind is made before those that rest on it, which are skipped where it does not pass; what is
    "declared" is looked at without a call, and so in any case.
    """

    name: str
    kind: Kind
    function: CheckFunction
    role: Literal["first", "declared", "rests on first"]

    @property
    def why(self) -> str:
        """Why the promise matters: the function's docstring, on one line."""
        return " ".join((inspect.getdoc(self.function) or "").split())


@dataclass(frozen=True)
class Verdict:
    """What became of a check on a subject: `message` says what was seen (empty where there is nothing to say), `why` why it matters."""

    subject: Subject
    check: Check
    status: Status
    message: str = ""
    seconds: float = 0.0

    @property
    def id(self) -> str:
        """Subject and check: "edges.hello::leaves_its_input_alone"."""
        return f"{self.subject.id}::{self.check.name}"

    @property
    def ok(self) -> bool:
        """Whether nothing is to be done: it passed, does not apply, or fails as expected."""
        return self.status in ("passed", "skipped", "expected failure")

    @property
    def fit(self) -> bool:
        """Whether the checks that rest on this one make sense."""
        return self.status in ("passed", "unexpectedly passed")

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON-safe values."""
        return {
            "id": self.id,
            "subject": self.subject.name,
            "kind": self.subject.kind,
            "origin": self.subject.origin,
            "check": self.check.name,
            "status": self.status,
            "message": self.message,
            "why": self.check.why,
            "seconds": round(self.seconds, 4),
        }


def sentence(message: str) -> str:
    """Return what was seen as a sentence.

    >>> sentence("it hung on the page 'white 1x1'")
    "It hung on the page 'white 1x1'."
    """
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."


def checks_of(
    kind: Kind, *, first: CheckFunction, declared: tuple[CheckFunction, ...], called: tuple[CheckFunction, ...]
) -> tuple[Check, ...]:
    """Make the checks of a kind of functions: the one that the `called` ones rest on, and those of what is `declared`."""
    return (
        Check(first.__name__, kind, first, "first"),
        *(Check(each.__name__, kind, each, "declared") for each in declared),
        *(Check(each.__name__, kind, each, "rests on first") for each in called),
    )
