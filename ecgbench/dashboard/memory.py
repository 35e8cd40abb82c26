"""Remembers what was computed of a store until its stamp changes, for all sessions alike, and computes nothing twice at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeVar

Given = ParamSpec("Given")
Found = TypeVar("Found")
Held = TypeVar("Held")


@dataclass(frozen=True, eq=False)
class Itself(Generic[Held]):
    """An argument that cannot be hashed, such as what another remembered function gave: it is the same as itself alone.

    >>> rows = [1, 2]
    >>> Itself(rows) == Itself(rows), Itself(rows) == Itself([1, 2])
    (True, False)
    """

    value: Held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


def remembered(most: int) -> Callable[[Callable[Given, Found]], Callable[Given, Found]]:
    """Remember the last `most` results of a function by its arguments, which are hashable; its results are not changed by anybody.

    Who asks for what another thread is computing waits for that. What raises is not remembered.

    >>> @remembered(2)
    ... def double(number: int) -> int:
    ...     print("computing")
    ...     return 2 * number
    >>> double(4), double(4)
    computing
    (8, 8)
    """

    def decorate(function: Callable[Given, Found]) -> Callable[Given, Found]:
        lock = threading.Lock()
        found: OrderedDict[Hashable, Future[Found]] = OrderedDict()

        def recall(*args: Given.args, **kwargs: Given.kwargs) -> Found:
            key = (args, tuple(sorted(kwargs.items())))
            with lock:
                known = found.get(key)
                if known is not None:
                    found.move_to_end(key)
                else:
                    mine = found[key] = Future()
                    if len(found) > most:
                        found.popitem(last=False)
            if known is not None:
                return known.result()
            try:
                mine.set_result(function(*args, **kwargs))
            except BaseException as error:
                with lock:
                    found.pop(key, None)
                mine.set_exception(error)
            return mine.result()

        recall.__doc__, recall.__name__ = function.__doc__, function.__name__
        return recall

    return decorate
