"""The OpenCV calls that a method really makes, recorded on one page and made again bare: what of its time is OpenCV's.

A call's arguments are what they were when it was made. One that an earlier call gave, and that nobody has changed since, is taken from that
call's repetition, as hot in the processor's cache as it was in the method; others are copies, made before the clock runs. Results are let go
after their last use, as a method lets go of its own. Calls into numpy are no calls of OpenCV and are not repeated.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Given:
    """An argument that is a result of an earlier call: the number of the call, and the place in what it gave (None for all of it)."""

    call: int
    place: int | None


@dataclass
class Call:
    """One call: the function, its arguments (arrays, Given, or what they were), and the calls whose results nobody needs after it."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    last_use_of: list[int] = field(default_factory=list)


class Recording:
    """The calls of OpenCV that were made while `recording` was under way; calling it makes them again."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._given: dict[int, tuple[Array, bytes, Given]] = {}  # by id of the array, which is held so that the id stays its own
        self._copies: dict[bytes, Array] = {}
        self._restored: dict[int, tuple[Array, Array]] = {}  # arguments that a call wrote into, and what they were

    def record(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Make a call, and note it down."""
        call = Call(function, tuple(self._kept(each) for each in args), {name: self._kept(each) for name, each in kwargs.items()})
        result = function(*args, **kwargs)
        for given, kept in zip((*args, *kwargs.values()), (*call.args, *call.kwargs.values()), strict=True):
            if (
                isinstance(given, np.ndarray)
                and isinstance(kept, np.ndarray)
                and not np.array_equal(given, kept, equal_nan=given.dtype.kind == "f")
            ):
                self._restored[id(kept)] = (kept, kept.copy())
        number = len(self.calls)
        self.calls.append(call)
        for place, each in enumerate(result) if isinstance(result, tuple) else [(None, result)]:
            if isinstance(each, np.ndarray):
                self._given[id(each)] = (each, _digest(each), Given(number, place))
        return result

    def _kept(self, argument: Any) -> Any:
        if isinstance(argument, list):
            return [self._kept(each) for each in argument]
        if not isinstance(argument, np.ndarray):
            return argument
        digest = _digest(argument)
        known = self._given.get(id(argument))
        if known is not None and known[1] == digest:
            return known[2]
        if digest not in self._copies:
            self._copies[digest] = argument.copy(order="K")
        return self._copies[digest]

    def finish(self) -> None:
        """Let go of what only recording needed, and find out when each result is used last."""
        self._given.clear()
        last = {number: number for number in range(len(self.calls))}
        for number, call in enumerate(self.calls):
            last.update({given.call: number for given in _results_in([*call.args, *call.kwargs.values()])})
        for given_by, number in last.items():
            self.calls[number].last_use_of.append(given_by)

    def prepare(self) -> None:
        """Undo what the last repetition wrote into its arguments; not to be timed."""
        for argument, before in self._restored.values():
            np.copyto(argument, before)

    def __call__(self) -> None:
        """Make all calls again."""
        results: list[Any] = [None] * len(self.calls)
        for number, call in enumerate(self.calls):
            results[number] = call.function(
                *[_found(each, results) for each in call.args],
                **{name: _found(each, results) for name, each in call.kwargs.items()},
            )
            for done in call.last_use_of:
                results[done] = None


def _found(argument: Any, results: list[Any]) -> Any:
    if isinstance(argument, Given):
        return results[argument.call] if argument.place is None else results[argument.call][argument.place]
    if isinstance(argument, list):
        return [_found(each, results) for each in argument]
    return argument


def _results_in(arguments: list[Any]) -> Iterator[Given]:
    for each in arguments:
        if isinstance(each, Given):
            yield each
        elif isinstance(each, list):
            yield from _results_in(each)


def _digest(array: Array) -> bytes:
    content = np.ascontiguousarray(array)
    return hashlib.blake2b(content.tobytes() + repr((array.shape, array.dtype.str)).encode(), digest_size=16).digest()


@contextmanager
def recording() -> Iterator[Recording]:
    """Record every call of a function of the module cv2; RuntimeError where somebody holds one by a name of his own, which would be missed."""
    functions = {name: each for name, each in vars(cv2).items() if inspect.isbuiltin(each)}
    if held := held_elsewhere(functions):
        raise RuntimeError(f"Calls of OpenCV would be missed: {', '.join(held)}. Have them called as cv2.NAME.")
    found = Recording()
    for name, function in functions.items():
        setattr(cv2, name, functools.partial(found.record, function))
    try:
        yield found
    finally:
        for name, function in functions.items():
            setattr(cv2, name, function)
        found.finish()


def held_elsewhere(functions: dict[str, Any]) -> list[str]:
    """Return who holds a function of cv2 other than as its attribute: names of our modules, and partial functions."""
    ours = {id(function): name for name, function in functions.items()}
    modules = [(name, module) for name, module in list(sys.modules.items()) if name.partition(".")[0] == "ecgbench"]
    named = [f"{name}.{key}" for name, module in modules for key, value in list(vars(module).items()) if id(value) in ours]
    partials = [
        f"partial(cv2.{ours[id(each.func)]})"
        for each in gc.get_objects()
        if isinstance(each, functools.partial) and id(each.func) in ours
    ]
    return named + partials
