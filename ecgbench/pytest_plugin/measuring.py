"""Times and scores one cell in this process, as a worker of the runner does, with one decode for all cells of a case."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import cv2

from ecgbench.core.outcome import Outcome, Variant
from ecgbench.core.page import Page
from ecgbench.core.truth import Case, Truth
from ecgbench.measure import CaseTask, CaseWork, Method, known_by, outcome_of
from ecgbench.plan import variant_of
from ecgbench.registry import Registry
from ecgbench.workers import one_thread_each

T = TypeVar("T")


class CaseCache:
    """Holds the page and the truth of one case, so that all its cells share them; errors are held too."""

    def __init__(self, open_page: Callable[[Any], Page]) -> None:
        self._open_page = open_page
        self._case: Case | None = None
        self._page: Page | Exception | None = None
        self._truth: Truth | Exception | None = None
        self.load_seconds = 0.0

    def enter(self, case: Case) -> None:
        """Make this the case that is held; what is known of another one is dropped."""
        if case is not self._case:
            self._case, self._page, self._truth, self.load_seconds = case, None, None, 0.0

    def page(self, source: Any) -> Page:
        """Return the page of the case that is held, whose source this is; raise what opening it raised."""
        if self._page is None:
            start = time.perf_counter()
            self._page = _attempt(partial(self._open_page, source))
            self.load_seconds = time.perf_counter() - start
        return _value(self._page)

    def truth(self, case: Case) -> Truth:
        """Return the truth of the case that is held; raise what reading it raised."""
        if self._truth is None:
            self._truth = _attempt(case.read_truth)
        return _value(self._truth)


def _attempt(function: Callable[[], T]) -> T | Exception:
    try:
        return function()
    except Exception as error:
        return error


def _value(found: T | Exception) -> T:
    if isinstance(found, Exception):
        raise found.with_traceback(None)
    return found


class Meter:
    """Measures methods on cases with the runner's clock and scores; each method's first call in a process is never timed."""

    def __init__(self, registry: Registry, *, repeats: int = 1) -> None:
        self.registry = registry
        self.cases = CaseCache(registry.page_opener())
        self._methods: list[Method] = []
        self._known: dict[int, tuple[int, Variant]] = {}
        self._work = CaseWork(self._methods, {}, self.cases.page, repeats, warmup=int(repeats > 1))

    def measure(self, method: Method, case: Case) -> Outcome:
        """Return what a method made of a case; a failure is an outcome too."""
        number, variant = self._identify(method)
        self.cases.enter(case)
        self._work.metrics = {variant.task: self.registry.metrics_of(variant.task)}
        shared = replace(case, truth=partial(self.cases.truth, case))
        threads = cv2.getNumThreads()
        one_thread_each()
        try:
            report = self._work(CaseTask(shared, (number,)), _nobody_waits)
        finally:
            cv2.setNumThreads(threads)
        return outcome_of(variant, known_by(case.info, report.content_id), report.cells[number], self.cases.load_seconds)

    def page(self, case: Case) -> Page:
        """Return the decoded page of a case, shared by its cells."""
        self.cases.enter(case)
        return self.cases.page(case.source)

    def truth(self, case: Case) -> Truth:
        """Return what is known of a case, shared by its cells."""
        self.cases.enter(case)
        return self.cases.truth(case)

    def _identify(self, method: Method) -> tuple[int, Variant]:
        """Return the number that a method has in this process, and what the store calls it."""
        if id(method) not in self._known:
            self._known[id(method)] = len(self._methods), variant_of(method, self.registry)
            self._methods.append(method)  # held, so that no other one gets its id
        return self._known[id(method)]


def _nobody_waits(_label: int) -> None:
    """Take the signs of life that deadlines are held by; this process has none."""
