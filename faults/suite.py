"""What the cases of the suite have in common: what each promises, what it found, and how they are listed.

A case is a module of `faults.cases` with

    PROMISE = "one sentence: what holds while this breaks"
    SHORT = True                       # whether the tests run it too, in its short form of a second or two

    def run(*, short: bool) -> Found:  # breaks things; raises Broken where the promise does not hold, NotTried where it cannot be tried here

Nothing else is to be done for a new one.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

from faults import cases
from faults.buckets import BucketService, bucket_service


class Broken(AssertionError):  # noqa: N818 - what happened to a promise
    """A promise that did not hold; the message says how."""


class NotTried(Exception):  # noqa: N818 - no error of the project's
    """A case that this machine has no means for; the message says which."""


@dataclass(frozen=True)
class Found:
    """What a case found.

    `sent`: outcomes, requests or files that were asked for. `lost`: how many of them ended without an answer of their own.
    `recovery_s`: seconds from the fault until work went on, None where nothing had to recover. `note`: figures beside.
    """

    sent: int
    lost: int
    recovery_s: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Case:
    """A case by its name."""

    name: str
    promise: str
    short: bool
    run: Callable[..., Found]


@contextmanager
def storage() -> Iterator[BucketService]:
    """Serve an empty Google Cloud Storage; raises NotTried where its emulator is not installed."""
    for package in ("gcp_storage_emulator", "google.cloud.storage"):
        try:
            import_module(package)
        except ImportError:
            raise NotTried("it needs gcp-storage-emulator and the extra gcs.") from None
    with bucket_service() as service:
        yield service


def require(holds: object, otherwise: str) -> None:
    """Raise Broken with a sentence unless something holds."""
    if not holds:
        raise Broken(otherwise)


def every_case() -> list[Case]:
    """Return the cases in the order of their names."""
    return [case_named(each.name) for each in pkgutil.iter_modules(cases.__path__)]


def case_named(name: str) -> Case:
    """Return one case."""
    module = import_module(f"faults.cases.{name}")
    return Case(name, module.PROMISE, module.SHORT, module.run)
