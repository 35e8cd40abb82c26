"""Speed and memory of a method beside the built-in ones of its task, measured as the runner does, in one process and in turn."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import cv2

from ecgbench.core.page import Page
from ecgbench.core.truth import Case, CaseInfo
from ecgbench.measure import CaseTask, CaseWork, Cell, Method
from ecgbench.testing.calling import fresh_page
from ecgbench.testing.check import CannotTell, CheckFailed, Subject
from ecgbench.testing.pages import NAMES
from ecgbench.workers import Beat

ORDER = 10.0  # times the median of the task's built-in methods: an order of magnitude
REPEATS = 3


def keeps_pace(subject: Subject, beat: Beat) -> None:
    """Sets hold thousands of pages: a method that takes ten times as long as its task's usual one is left out of runs.

    The shortest of three times counts, against the median of the built-in methods' in the same process; what takes less than decoding
    the page is fast enough in any case.
    """
    page = fresh_page("ordinary")
    mine, others = _measured(subject, page, beat, repeats=REPEATS)
    own, usual = min(mine.seconds), median(min(each.seconds) for each in others)
    if own > ORDER * usual and own > _decoding_seconds(page):
        raise CheckFailed(
            f"it takes {own / usual:.3g} times as long as the median of {_names(subject)} ({_milliseconds(own)} to {_milliseconds(usual)}, "
            f"{page.shape[0]} x {page.shape[1]} pixels)"
        )


def keeps_to_memory(subject: Subject, beat: Beat) -> None:
    """A worker a core runs at once: ten times the memory of the task's usual method, and more than ten pages, ends runs on large scans."""
    page = fresh_page("ordinary")
    mine, others = _measured(subject, page, beat, repeats=1)
    known = [each.peak_memory_bytes for each in others if each.peak_memory_bytes is not None]
    own = mine.peak_memory_bytes
    if own is None or not known:
        raise CannotTell("this system does not tell how much memory a call takes")
    usual = median(known)
    if own > ORDER * usual and own > ORDER * page.bgr.nbytes:
        raise CheckFailed(
            f"it takes {own / 1e6:.0f} MB at its peak, the median of {_names(subject)} {usual / 1e6:.0f} MB ({page.bgr.nbytes / 1e6:.1f} MB page)"
        )


def _measured(subject: Subject, page: Page, beat: Beat, *, repeats: int) -> tuple[Cell, list[Cell]]:
    """Return what the runner measures of the method and of its peers on a page, called in turn."""
    peers = [each for each in subject.peers if each.name != subject.name]
    if not peers:
        raise CannotTell(f"there is no other built-in method of the task {subject.value.task!r} to compare it with")
    methods = [Method(each, each.make_params({})) for each in (subject.value, *peers)]
    work = CaseWork(methods, {}, open_page=_as_it_is, repeats=repeats)
    task = CaseTask(Case(CaseInfo(page.name, page.origin), page), tuple(range(len(methods))))
    cells = work(task, lambda _method: beat(NAMES.index(page.name))).cells
    mine, *others = (cells[index] for index in range(len(methods)))
    if not mine.seconds:
        raise CannotTell(f"it does not run as the runner calls it: {mine.error}")
    return mine, [each for each in others if each.seconds]


def _as_it_is(page: Any) -> Page:
    return page  # type: ignore[no-any-return]  # what was given as the case's source


def _decoding_seconds(page: Page) -> float:
    """Return the shortest time in which OpenCV decodes the page from PNG."""
    encoded = cv2.imencode(".png", page.bgr)[1]
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        times.append(time.perf_counter() - start)
    return min(times)


def _names(subject: Subject) -> str:
    names = [each.name for each in subject.peers if each.name != subject.name]
    return names[0] if len(names) == 1 else f"{len(names)} built-in {subject.value.task} methods"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms"
