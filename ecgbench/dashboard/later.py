"""What takes longer than a click: worked out in a process of its own, so that pages stay quick meanwhile, and remembered."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from typing import Any

from ecgbench.dashboard.kept_workers import KeptWorkers
from ecgbench.workers import Beat, Lost, Raised

NICENESS = 10  # of a process that works nothing out that is waited for alone
REMEMBERED = 256  # answers: some kilobytes each


class LaterError(Exception):
    """A question that could not be answered; the message is a sentence."""


@dataclass(frozen=True)
class Question:
    """A function of a module, called by name in another process, and its arguments, by which the answer is remembered."""

    function: Callable[..., Any]
    arguments: tuple[Hashable, ...]


def answer(question: Question, _beat: Beat) -> Any:
    """Work a question out, with what the pages that are drawn meanwhile, and the browser beside them, leave of the processor."""
    _stand_back()
    return question.function(*question.arguments)


@cache
def _stand_back() -> None:
    if hasattr(os, "nice"):  # not on Windows
        os.nice(NICENESS)


class Later:
    """Answers questions one after the other, and remembers the last REMEMBERED answers."""

    def __init__(self) -> None:
        self._workers = KeptWorkers(lambda: answer, most=1)
        self._lock = threading.Lock()
        self._asked: OrderedDict[Question, Future[Any]] = OrderedDict()
        self._alone: dict[Hashable, tuple[Question, Future[Any]]] = {}

    def ask(self, question: Question) -> Future[Any]:
        """Return the future of the answer; a question that was asked before is not worked out again."""
        with self._lock:
            known = self._asked.get(question)
            if known is None:
                known = self._asked[question] = self._workers.submit(question)
                if len(self._asked) > REMEMBERED:
                    self._asked.popitem(last=False)
            self._asked.move_to_end(question)
            return known

    def found(self, question: Question) -> Any:
        """Return the answer, None as long as it is not there; raise LaterError where it could not be worked out."""
        future = self.ask(question)
        return _told(future.result()) if future.done() else None

    def see_to(self, name: Hashable, question: Question) -> None:
        """Have something done that leaves its result elsewhere, unless what bears that name is being done already.

        LaterError where the same question has failed before.
        """
        with self._lock:
            asked, future = self._alone.get(name, (None, None))
            if future is None or (future.done() and asked != question):
                self._alone[name] = question, self._workers.submit(question)
                return
        if future.done():
            _told(future.result())


def _told(value: Any) -> Any:
    """Return an answer as it is; who asks again is told what is wrong, instead of waiting."""
    if isinstance(value, Lost):
        raise LaterError(f"This could not be worked out: {value.reason}.")
    if isinstance(value, Raised):
        raise LaterError(f"This could not be worked out: {value.error}")
    return value
