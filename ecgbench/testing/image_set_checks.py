"""The checks of an image set: what the runner, the store and everybody who resumes a run take for granted of its cases."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from itertools import islice
from typing import Any

import numpy as np

from ecgbench.core.image_set import ImageSet, SpecError
from ecgbench.core.page import Page
from ecgbench.core.truth import Case, CaseInfo, Truth
from ecgbench.plugins.pages import ecgbench_open_page
from ecgbench.testing.calling import contents, differing
from ecgbench.testing.check import CannotTell, CheckFailed, Subject, checks_of
from ecgbench.testing.fresh import in_a_fresh_process
from ecgbench.workers import Beat, one_line

LISTED = 500  # cases that are listed but not opened: enough to see a name twice, few enough of an endless set
OPENED = 2  # cases whose pages are made
MOST_KEPT = 8  # pages: some 100 MB
FOREIGN = "ecgbench-testing-nobody://knows?this=spec"
LIGHT_BYTES = 64_000  # of a case on its way to a worker; a page's pixels are a hundred times that
MASKS = ("trace_mask", "grid_mask", "label_mask", "pulse_mask", "separator_mask")
POSITIVE = ("px_per_mm_x", "px_per_mm_y", "mm_per_s", "mm_per_mv")
LINES = ("fine_x", "fine_y", "bold_x", "bold_y")


def opens_its_example(subject: Subject, _beat: Beat) -> None:
    """All else rests on it: the spec that the opener shows, or that you name with --images, opens a set that has a name and a case."""
    opened = _opened(subject)
    if not isinstance(opened, ImageSet):
        raise CheckFailed(f"{subject.spec} gives {type(opened).__name__}; an image set has a name, __iter__() and count()")
    if not opened.name or next(iter(opened), None) is None:
        raise CheckFailed(f"{subject.spec} opens a set without a {'case' if opened.name else 'name'}")


def leaves_other_specs_to_others(subject: Subject, _beat: Beat) -> None:
    """Openers are asked in turn: one that raises or takes what is not of its form keeps those after it from being asked."""
    for spec in (FOREIGN, ""):
        try:
            taken = subject.value.open(spec)
        except Exception as error:
            raise CheckFailed(f"open({spec!r}) raised {one_line(error)}; give None for what is not of your form") from None
        if taken is not None:
            raise CheckFailed(f"open({spec!r}) gave {type(taken).__name__}; give None for what is not of your form")


def counts_as_many_as_it_gives(subject: Subject, _beat: Beat) -> None:
    """Progress, time left and --dry-run go by count(); None says that nobody knows."""
    opened = _opened(subject)
    told = opened.count()
    if told is not None and (not isinstance(told, int) or told < 0):
        raise CheckFailed(f"count() gives {told!r}; it must be a whole number, or None where that is not known")
    given = sum(1 for _ in islice(opened, LISTED + 1))
    if told is not None and told != given and min(told, given) <= LISTED:
        raise CheckFailed(f"count() says {told}, but there are {'more' if given > LISTED else given}")


def names_are_unique(subject: Subject, _beat: Beat) -> None:
    """A case is found again by its name within its set: --resume, comparisons and pictures of failures go by it."""
    seen: set[str] = set()
    for case in _cases(subject, LISTED):
        if case.name in seen:
            raise CheckFailed(f"two cases are named {case.name!r}")
        seen.add(case.name)


def tells_what_its_cases_are(subject: Subject, _beat: Beat) -> None:
    """The store keeps each case's info in columns and breaks results down by them: texts are texts, numbers finite, and nothing is a page."""
    for case in _cases(subject, LISTED):
        if not isinstance(case, Case) or not isinstance(case.info, CaseInfo):
            raise CheckFailed(f"it gives {type(case).__name__}; a case is Case(CaseInfo(name, source), source, truth)")
        _check_info(case.info)


def _check_info(info: CaseInfo) -> None:
    told = asdict(info)
    for name, value in told.items():
        wanted: Any = (int, float) if name in ("dpi", "severity") else str
        if value is None and name not in ("name", "source"):
            continue
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise CheckFailed(f"info.{name} of the case {info.name!r} is {type(value).__name__}")
        if value == "" or (isinstance(value, float) and not math.isfinite(value)):
            raise CheckFailed(f"info.{name} of the case {info.name!r} is {value!r}; give None where it is not known")
    try:
        json.dumps(told, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise CheckFailed(f"the info of the case {info.name!r} is no JSON: {one_line(error)}") from None


def cases_travel_light(subject: Subject, _beat: Beat) -> None:
    """Cases are sent to workers: a case is a path or a recipe, and its pixels are made where they are needed."""
    for case in _cases(subject, OPENED):
        try:
            message = pickle.dumps(case)
            pickle.loads(message)  # noqa: S301 - what was just written
        except Exception as error:
            raise CheckFailed(f"the case {case.name!r} cannot be pickled: {one_line(error)}") from None
        if len(message) > LIGHT_BYTES:
            raise CheckFailed(
                f"the case {case.name!r} takes {len(message) / 1e6:.1f} MB; give a recipe with make_page() for its source"
            )


def pages_open(subject: Subject, _beat: Beat) -> None:
    """A case whose page cannot be made fails in every run, for every method."""
    for case in _cases(subject, OPENED):
        _first_page(subject, case)


def truth_fits_its_page(subject: Subject, _beat: Beat) -> None:
    """Metrics hold a result and the truth against each other pixel by pixel; another shape or dtype is an error there, or a wrong score."""
    for case in _cases(subject, OPENED):
        page, truth = _first_page(subject, case), _truth(case)
        for name in MASKS:
            mask = getattr(truth, name)
            if mask is not None and (getattr(mask, "dtype", None) != np.bool_ or mask.shape != page.shape):
                got = f"{mask.dtype} {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
                raise CheckFailed(f"{name} of the case {case.name!r} must be bool {page.shape}, like its page, got {got}")
        _check_numbers(case, truth)
        _check_places(case, truth, page)


def _check_numbers(case: Case, truth: Truth) -> None:
    for name in POSITIVE:
        value = getattr(truth, name)
        if value is not None and not (np.isfinite(value) and value > 0):
            raise CheckFailed(f"{name} of the case {case.name!r} must be positive or None, got {value}")
    for name in LINES:
        lines = getattr(truth, name)
        if lines is not None and not (lines.dtype == np.float64 and lines.ndim == 1 and np.isfinite(lines).all()):
            raise CheckFailed(f"{name} of the case {case.name!r} must be finite float64 (n,)")
    if truth.signals is not None:
        for lead, signal in truth.signals.leads.items():
            if signal.dtype != np.float32 or signal.ndim != 1:
                raise CheckFailed(
                    f"signals[{lead!r}] of the case {case.name!r} must be float32 (n,), got {signal.dtype} {signal.shape}"
                )


def _check_places(case: Case, truth: Truth, page: Page) -> None:
    box = truth.content_box
    if box is not None and box.padded(0, page.shape) != box:
        raise CheckFailed(f"content_box of the case {case.name!r}, {tuple(box)}, does not lie within its page of {page.shape}")
    corners = truth.corners
    if corners is not None and (corners.shape != (4, 2) or not np.isfinite(corners).all()):
        raise CheckFailed(f"corners of the case {case.name!r} must be finite (4, 2)")
    for trace in truth.traces or ():
        if trace.points.ndim != 2 or trace.points.shape[1] != 2:
            raise CheckFailed(
                f"the trace of {trace.lead} of the case {case.name!r} must have points (n, 2), got {trace.points.shape}"
            )


def gives_the_same_twice(subject: Subject, _beat: Beat) -> None:
    """A run that is resumed or repeated meets the cases again: the same in the same order, with the same pixels and truth."""
    _compare(_digests(subject, _first_page), _digests(subject, _page), "the second time")


def gives_the_same_in_a_fresh_process(subject: Subject, _beat: Beat) -> None:
    """Tomorrow's run holds its numbers against today's: names, pixels and truth must not depend on what ran before."""
    _compare(_digests(subject, _first_page), in_a_fresh_process(_digests, subject, _page), "in another process")


def _compare(one: dict[str, dict[str, str]], other: dict[str, dict[str, str]], when: str) -> None:
    if list(one) != list(other):
        raise CheckFailed(f"its first cases are {', '.join(one)}, and {', '.join(other)} {when}")
    for name, digests in one.items():
        changed = differing(digests, other[name])
        if changed:
            raise CheckFailed(f"{changed} of the case {name!r} came out otherwise {when}")


def _digests(subject: Subject, page_of: Callable[[Subject, Case], Page]) -> dict[str, dict[str, str]]:
    """Return digests of info, pixels and truth of the first cases, by name."""
    found = {}
    for case in _cases(subject, OPENED):
        truth = _truth(case)
        known = {field.name: getattr(truth, field.name) for field in fields(truth)}
        found[case.name] = contents({"info": asdict(case.info), "pixels": page_of(subject, case).bgr, **known})
    return found


def _opened(subject: Subject) -> ImageSet:
    if subject.spec is None:
        raise CannotTell(f"nobody said what it opens; name a spec of the form {subject.value.form} with --images")
    try:
        opened = subject.value.open(subject.spec)
    except SpecError as error:
        raise CheckFailed(f"{subject.spec} is refused: {error}") from None
    except Exception as error:
        raise CheckFailed(f"open({subject.spec!r}) raised {one_line(error)}; raise SpecError with a sentence") from None
    if opened is None:
        raise CheckFailed(f"open({subject.spec!r}) gave None: it does not know its own form")
    return opened  # type: ignore[no-any-return]


def _cases(subject: Subject, number: int) -> Iterator[Case]:
    return islice(_opened(subject), number)


_pages: dict[tuple[str, str], Page] = {}  # by set and case, in this process: making one may take a second


def _first_page(subject: Subject, case: Case) -> Page:
    """Return the page as it was when it was first opened in this process, for checks that do not mind."""
    key = subject.id, case.name
    if key not in _pages:
        if len(_pages) >= MOST_KEPT:
            _pages.clear()
        _pages[key] = _page(subject, case)
    return _pages[key]


def _page(subject: Subject, case: Case) -> Page:
    try:
        page = (subject.open_page or ecgbench_open_page)(case.source)
    except Exception as error:
        raise CheckFailed(f"the page of the case {case.name!r} cannot be opened: {one_line(error)}") from None
    if not isinstance(page, Page):
        raise CheckFailed(f"nothing opens the source of the case {case.name!r}, a {type(case.source).__name__}")
    return page


def _truth(case: Case) -> Truth:
    try:
        truth = case.read_truth()
    except Exception as error:
        raise CheckFailed(f"the truth of the case {case.name!r} cannot be read: {one_line(error)}") from None
    if not isinstance(truth, Truth):
        raise CheckFailed(f"the truth of the case {case.name!r} is {type(truth).__name__}, not Truth")
    return truth


IMAGE_SET_CHECKS = checks_of(
    "image set",
    first=opens_its_example,
    declared=(leaves_other_specs_to_others,),
    called=(
        counts_as_many_as_it_gives, names_are_unique, tells_what_its_cases_are, cases_travel_light, pages_open,
        truth_fits_its_page, gives_the_same_twice, gives_the_same_in_a_fresh_process,
    ),
)  # fmt: skip
