"""What pools take and give back, what goes wrong with it, and doing one task in this process."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Beat = Callable[[int], None]
Work = Callable[[Any, Beat], Any]

START = -1  # the label before the first beat
LABEL, SINCE, WORN = (
    0,
    1,
    2,
)  # places in the memory that a worker shares with its parent: last beat, its time.monotonic(), worn out or not
IN_HAND = 2  # tasks given to a worker at a time: one runs, one waits, so that the pipe's delay is hidden


class PoolError(RuntimeError):
    """A pool that cannot work; the message says why and what to do."""


@dataclass(frozen=True)
class Lost:
    """What became of a payload whose worker was lost: `label` is the last beat, `reason` a sentence, `timed_out` a missed deadline."""

    label: int
    reason: str
    timed_out: bool = False


@dataclass(frozen=True)
class Raised:
    """What became of a payload whose work raised: the error in one line, and its traceback."""

    error: str
    traceback: str


@dataclass(frozen=True)
class Finished:
    """A payload and what became of it: the work's value, Raised or Lost."""

    payload: Any
    value: Any


@dataclass(frozen=True)
class UnderWay:
    """What a worker does: the payload in its hands (None where it waits), the label of its last beat, and the seconds since."""

    payload: Any = None
    label: int = START
    seconds: float = 0.0


class Pool(Protocol):
    """Takes payloads, gives back Finished ones."""

    @property
    def room(self) -> int:
        """How many more payloads keep every worker busy."""

    def submit(self, payload: Any) -> None:
        """Hand a payload to the workers."""

    def collect(self, timeout: float | None = None) -> list[Finished]:
        """Wait until something has finished, at most `timeout` seconds, and return it; [] where nothing has or is under way."""

    def close(self) -> None:
        """End the workers; what is under way is given up."""


def usable_cores() -> int:
    """Return the number of cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pool_error(saying: str, raised: Raised) -> PoolError:
    """Return the error of a worker as one of its pool, with the worker's traceback for whoever asks for it."""
    error = PoolError(f"{saying}{raised.error}")
    error.add_note(raised.traceback)
    return error


def attempt(work: Work, payload: Any, beat: Beat) -> Any:
    """Return what the work makes of a payload; Raised where it raises."""
    try:
        return work(payload, beat)
    except Exception as error:
        return Raised(one_line(error), traceback.format_exc())


def attempt_here(work: Work, payload: Any) -> Any:
    """Attempt it in this process, which a method that calls sys.exit must not end."""
    try:
        return attempt(work, payload, lambda _label: None)
    except SystemExit as error:
        return Raised(one_line(error), traceback.format_exc())


def one_line(error: BaseException) -> str:
    """Return an error as "Type: message" on one line."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def one_thread_each() -> None:
    """Keep OpenCV on the calling thread: the bench is parallel over cases, and threads within a call would fight for the same cores."""
    import cv2

    cv2.setNumThreads(1)
