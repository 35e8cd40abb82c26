"""The checks of a method: what the runner, the reports and the people who read them take for granted."""

from __future__ import annotations

import json
import math
import pickle
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ecgbench.core.page import Box, Page
from ecgbench.core.params import ParamError, ParamSpec
from ecgbench.core.results import ResultError
from ecgbench.core.transformer import Transformer
from ecgbench.testing.calling import (
    answer,
    answers,
    call,
    contents,
    differing,
    fresh_page,
    place_of,
    survive,
    writable_input,
)
from ecgbench.testing.check import CheckFailed, Subject, checks_of
from ecgbench.testing.fresh import in_a_fresh_process
from ecgbench.testing.pace import keeps_pace, keeps_to_memory
from ecgbench.testing.pages import BLANK, DARK, LONG, NAMES, NOISY, ODD, TINY
from ecgbench.workers import Beat, one_line

ORDINARY = "ordinary"
COMPARED = (ORDINARY, "noise 200x301")  # enough to see a state that one page leaves for the next
THREADS = 4
FEWEST_WORDS = 2  # of a section: less is a placeholder
PLACEHOLDER = re.compile(r"\b(todo|tbd|fixme|lorem ipsum|xxx)\b|^\W*$", re.IGNORECASE)
NOTHING = re.compile(r"^\W*(nothing|none|n/?a|no known (issues|problems|limitations))\W*$", re.IGNORECASE)


def answers_an_ordinary_page(subject: Subject, beat: Beat) -> None:
    """All else rests on it: a clean drawing of red paper with four leads, 550 x 850 pixels, must give a result of the declared type."""
    survive(subject.value, [ORDINARY], beat)


def tells_its_story(subject: Subject, _beat: Beat) -> None:
    """The five sections are how others decide whether a method is for their pages.

    A placeholder tells them nothing, and a method that fails nowhere has not been tried enough.
    """
    told = subject.value.documentation
    sections = {
        "Purpose": told.purpose,
        "How it works": told.how_it_works,
        "What works": told.what_works,
        "What didn't work": told.what_didnt_work,
        "Changes": told.changes,
    }
    if NOTHING.match(told.what_didnt_work):
        raise CheckFailed("What didn't work says that there is nothing; name a kind of page on which it fails")
    empty = [name for name, text in sections.items() if PLACEHOLDER.search(text) or len(text.split()) < FEWEST_WORDS]
    if empty:
        raise CheckFailed(f"nothing is said under {', '.join(empty)}; write a sentence")
    if not re.search(r"\d", told.changes):
        raise CheckFailed('Changes names no version; write "0.1 first version.", say')


def starts_within_its_bounds(subject: Subject, _beat: Beat) -> None:
    """Whoever gives no parameters gets the defaults; where these are refused, nobody can run the method as it comes."""
    try:
        params = subject.value.params_type()
    except Exception as error:
        raise CheckFailed(f"its parameters cannot be made from their defaults: {one_line(error)}") from None
    for spec in subject.value.params:
        try:
            spec.check(getattr(params, spec.name))
        except ParamError as error:
            raise CheckFailed(f"the default that it starts with is not allowed: {error}") from None


def runs_at_its_bounds(subject: Subject, beat: Beat) -> None:
    """A sweep goes to the bounds, so every value up to and including them must run, each with the other parameters at their defaults."""
    method, failures = subject.value, []
    for name, value in _extremes(method):
        beat(NAMES.index(ORDINARY))
        try:
            answer(method, ORDINARY, **{name: value})
        except Exception as error:
            said = str(error) if isinstance(error, CheckFailed) else f"{one_line(error)}{place_of(error, method)}"
            failures.append(f"with {name}={value!r}: {said}")
    if failures:
        raise CheckFailed(
            f"it fails within its bounds {'; '.join(failures)}; narrow the bounds in param() or handle these values"
        )


def _extremes(method: Transformer[Any]) -> Iterator[tuple[str, Any]]:
    """Yield each parameter's name with both bounds, or with each choice."""
    for spec in method.params:
        for value in _ends(spec):
            yield spec.name, value


def _ends(spec: ParamSpec) -> tuple[Any, ...]:
    if spec.choices is not None:
        return spec.choices
    return (
        (True, False) if spec.type is bool else tuple(end for end in (spec.low, spec.high) if end is None or math.isfinite(end))
    )


def refuses_what_lies_beyond_its_bounds(subject: Subject, _beat: Beat) -> None:
    """A value out of bounds must be an error that says so, not a result that looks like any other; a bound that is infinite bounds nothing."""
    for spec in subject.value.params:
        for end in (spec.low, spec.high):
            if end is not None and not math.isfinite(end):
                raise CheckFailed(f"the parameter {spec.name} goes from {spec.bounds}; say in param() how far it makes sense")
        for value in _beyond(spec):
            try:
                subject.value.make_params({spec.name: value})
            except ParamError:
                continue
            raise CheckFailed(f"{spec.name}={value!r} was taken, though it goes from {spec.bounds}")


def _beyond(spec: ParamSpec) -> tuple[Any, ...]:
    if spec.low is None or spec.high is None:
        return ("no such choice",)
    if spec.type is int:
        return int(spec.low) - 1, int(spec.high) + 1
    return math.nextafter(spec.low, -math.inf), math.nextafter(spec.high, math.inf), math.nan


def leaves_its_input_alone(subject: Subject, beat: Beat) -> None:
    """A page's pixels are handed to every method of a case: what one writes into them, all that come after would measure."""
    method = subject.value
    for name, _ in answers(subject, COMPARED, beat):
        given, untouched = writable_input(method, name), writable_input(method, name)
        call(method, given, method.make_params({}))
        pairs = [(given, untouched)] if method.kind != "page" else [(given.bgr, untouched.bgr), (given.gray, untouched.gray)]
        changed = max(int(np.count_nonzero(one != other)) for one, other in pairs)
        if changed:
            raise CheckFailed(
                f"it changed {changed} of {pairs[0][0].size} values of its input on the page {name!r}; work on a copy"
            )


def takes_read_only_arrays(subject: Subject, beat: Beat) -> None:
    """The runner gives arrays that cannot be written to; a method that needs to write must copy them first."""
    method = subject.value
    for name, _ in answers(subject, COMPARED, beat):
        try:
            call(method, fresh_page(name).as_kind(method.kind), method.make_params({}))
        except Exception as error:
            place = place_of(error, method)
            raise CheckFailed(
                f"given an array that cannot be written to, it raised {one_line(error)}{place}; work on a copy: `image = image.copy()`"
            ) from None


def answers_the_same_twice(subject: Subject, beat: Beat) -> None:
    """A leaderboard of a method that answers otherwise each time is chance; seed what is drawn, and keep nothing from page to page."""
    first = _contents(subject, beat)
    for name in first:
        beat(NAMES.index(name))
        changed = differing(first[name], contents(answer(subject.value, name)))
        if changed:
            raise CheckFailed(
                f"{changed} came out otherwise the second time on the page {name!r}; seed what is random in each call"
            )


def _contents(subject: Subject, beat: Beat) -> dict[str, dict[str, str]]:
    return {name: contents(result) for name, result in answers(subject, COMPARED, beat)}


def _contents_quietly(subject: Subject) -> dict[str, dict[str, str]]:
    return _contents(subject, lambda _label: None)


def answers_the_same_in_a_fresh_process(subject: Subject, beat: Beat) -> None:
    """Workers, machines and days differ in what ran before and in the order of sets of texts; a result must not."""
    here = _contents(subject, beat)
    beat(NAMES.index(ORDINARY))
    there = in_a_fresh_process(_contents_quietly, subject)
    for name in here:
        changed = differing(here[name], there.get(name, {}))
        if changed:
            raise CheckFailed(
                f"{changed} came out otherwise in another process on the page {name!r}; look for hash(), sets of texts, and what is kept"
            )


def answers_the_same_in_threads(subject: Subject, beat: Beat) -> None:
    """`--executor threads` and the server run a method on several pages at once; arrays that it keeps in its module would get mixed up."""
    alone = _contents(subject, beat)
    beat(NAMES.index(ORDINARY))
    with ThreadPoolExecutor(THREADS) as threads:
        tasks = [*alone, *alone]
        together = list(threads.map(lambda name: contents(answer(subject.value, name)), tasks))
    for name, each in zip(tasks, together, strict=True):
        changed = differing(alone[name], each)
        if changed:
            raise CheckFailed(
                f"{changed} came out otherwise beside other calls on the page {name!r}; keep no arrays between calls"
            )


def returns_what_it_declares(subject: Subject, beat: Beat) -> None:
    """Metrics, drawings and the server index arrays by the declared dtypes and shapes; another dtype counts, inverts and indexes otherwise."""
    for name, result in answers(subject, NAMES, beat):
        page = fresh_page(name)
        try:
            result.check(page)
        except ResultError as error:
            raise CheckFailed(f"{str(error).rstrip('.')} (on the page {name!r})") from None
        except Exception as error:
            raise CheckFailed(f"its result cannot be checked: {one_line(error)} (on the page {name!r})") from None
        _check_box(getattr(result, "bounding_box", None), page)


def _check_box(box: Any, page: Page) -> None:
    if box is None:
        return
    if not isinstance(box, Box) or box.width < 1 or box.height < 1 or box.padded(0, page.shape) != box:
        shown = tuple(box) if isinstance(box, tuple) else box
        raise CheckFailed(
            f"bounding_box must be a Box within the page of {page.shape}, or None where nothing was found, got {shown} (on the page {page.name!r})"
        )


def survives_blank_pages(subject: Subject, beat: Beat) -> None:
    """Folders hold empty sheets; "nothing found" is an answer, an exception is a failed page."""
    survive(subject.value, BLANK, beat)


def survives_black_pages(subject: Subject, beat: Beat) -> None:
    """A scan without a sheet, or a photo with the lens covered, is all black: ratios to the paper's brightness divide by zero there."""
    survive(subject.value, DARK, beat)


def survives_tiny_pages(subject: Subject, beat: Beat) -> None:
    """Crops and thumbnails may be a pixel high or wide, too small for any kernel or second difference."""
    survive(subject.value, TINY, beat)


def survives_odd_sizes(subject: Subject, beat: Beat) -> None:
    """Sizes are seldom even or a multiple of 8; steps that halve and double a page must come back to the same size."""
    survive(subject.value, ODD, beat)


def survives_long_strips(subject: Subject, beat: Beat) -> None:
    """A rhythm strip may be 8 pixels high and thousands wide; sizes taken from one side must hold for the other."""
    survive(subject.value, LONG, beat)


def survives_noise(subject: Subject, beat: Beat) -> None:
    """Damaged pages hold thousands of specks; a search that takes each for a candidate would not come to an end."""
    survive(subject.value, NOISY, beat)


def can_be_written_as_json(subject: Subject, beat: Beat) -> None:
    """The command line and the server send `to_dict()`; numpy's numbers, NaN and arrays are no JSON."""
    for name, result in answers(subject, NAMES, beat, sound=True):
        try:
            json.dumps(result.to_dict(), allow_nan=False)
        except Exception as error:
            kind = type(result).__name__
            raise CheckFailed(f"{kind}.to_dict() is not JSON on the page {name!r}: {one_line(error)}") from None


def can_be_drawn(subject: Subject, beat: Beat) -> None:
    """People judge by looking: `draw(page)` must give a BGR picture of the page's size, uint8, and leave the page as it was."""
    for name, result in answers(subject, NAMES, beat, sound=True):
        page = fresh_page(name)
        try:
            picture = result.draw(page)
        except Exception as error:
            raise CheckFailed(f"{type(result).__name__}.draw(page) raised {one_line(error)} on the page {name!r}") from None
        is_bgr = isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.shape == (*page.shape, 3)
        if not is_bgr:
            got = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
            raise CheckFailed(f"draw(page) must give uint8 {(*page.shape, 3)} on the page {name!r}, got {got}")


def travels_by_name(subject: Subject, _beat: Beat) -> None:
    """A method is sent to workers by its module and name; otherwise its code travels with each message and its edits are not seen."""
    method = subject.value
    function = method.function
    try:
        returned = pickle.loads(pickle.dumps(method))  # noqa: S301 - what was just written
    except Exception as error:
        raise CheckFailed(f"it cannot be pickled: {one_line(error)}; decorate a function at the top of a module") from None
    if returned is not method:
        where = f"{function.__module__}.{function.__qualname__}"
        raise CheckFailed(f"{where} does not lead back to it; decorate a function at the top of a module and keep its name")


METHOD_CHECKS = checks_of(
    "method",
    first=answers_an_ordinary_page,
    declared=(tells_its_story, travels_by_name, starts_within_its_bounds, refuses_what_lies_beyond_its_bounds),
    called=(
        runs_at_its_bounds, leaves_its_input_alone, takes_read_only_arrays, returns_what_it_declares,
        answers_the_same_twice, answers_the_same_in_a_fresh_process, answers_the_same_in_threads,
        survives_blank_pages, survives_black_pages, survives_tiny_pages, survives_odd_sizes, survives_long_strips, survives_noise,
        can_be_written_as_json, can_be_drawn, keeps_pace, keeps_to_memory,
    ),
)  # fmt: skip
