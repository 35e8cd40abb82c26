"""Makes a drawing again, since pixels are never kept: finds the picture, runs the method with its params, and draws."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ecgbench.core.image_set import SpecError
from ecgbench.core.outcome import Outcome, Variant
from ecgbench.core.page import Bgr, Page, PageError
from ecgbench.core.params import ParamError
from ecgbench.core.results import Result
from ecgbench.core.truth import Case, CaseInfo
from ecgbench.measure import Method
from ecgbench.registry import Registry, RegistryError
from ecgbench.workers import one_line

CASES_SEARCHED = 1_000_000  # of an image set; an endless one has no end to reach


class RedoError(Exception):
    """A drawing that cannot be made again; the message is one sentence that says why, and what would help."""


@dataclass(frozen=True, eq=False)
class Redone:
    """What a method made of a page, once more. `drawing`: (H, W, 3) uint8 BGR, of the page's size."""

    page: Page
    result: Result
    drawing: Bgr


@dataclass(frozen=True)
class Source:
    """Where the picture of a case may be found: what `open_page` takes, and what is known of its content beforehand."""

    page: Any
    content_id: str | None = None


def redo(outcome: Outcome, specs: Sequence[str], registry: Registry) -> Redone:
    """Make the drawing of an outcome again, in this process.

    `specs` are those of the run (`run.plan["specs"]`); they are searched for cases whose source is no file. Raises RedoError where the
    outcome has no result to draw, the picture is gone or is another one now, or the method is not there as it was.
    """
    if not outcome.ok:
        raise RedoError(_nothing_to_draw(outcome))
    method = same_method(outcome.variant, registry)
    source = find_sources([outcome.case], specs, registry).get(outcome.case)
    page = open_again(outcome.case, source, registry.page_opener())
    return draw_again(method, page)


def _nothing_to_draw(outcome: Outcome) -> str:
    why = f": {outcome.error}" if outcome.error else "."
    return f"{outcome.variant.label} {outcome.status.value} on {outcome.case.name}{why}"


def same_method(variant: Variant, registry: Registry) -> Method:
    """Return the installed method with the variant's params; RedoError where it is gone or no longer the one that ran."""
    try:
        transformer = registry.method(variant.method)
    except RegistryError:
        raise RedoError(
            f"{variant.method} is not installed any more; install {variant.origin or 'its package'} to see it."
        ) from None
    if transformer.version != variant.version:
        raise RedoError(
            f"{variant.method} ran in version {variant.version}, but {transformer.version} is installed; run it again to see it."
        )
    if transformer.source_hash != variant.source_hash:
        raise RedoError(f"The source of {variant.method} has changed since it ran; run it again to see it.")
    try:
        return Method(transformer, transformer.make_params(variant.params))
    except ParamError as error:
        raise RedoError(f"{variant.label} does not take its params any more: {error}") from None


def find_sources(wanted: Collection[CaseInfo], specs: Iterable[str], registry: Registry) -> dict[CaseInfo, Source]:
    """Return where the picture of each case is: the file that it came from, or the case of that name in the image sets of `specs`.

    Cases that are nowhere are left out. Image sets are gone through once, and only where some case is not a file.
    """
    found = {case: Source(case.source) for case in wanted if _is_file(case.source)}
    missing: dict[str, list[CaseInfo]] = {}
    for case in wanted:
        if case not in found:
            missing.setdefault(case.name, []).append(case)
    namesakes: dict[CaseInfo, Source] = {}
    for here in _cases_of(specs, registry) if missing else ():
        source = Source(here.source, here.info.content_id)
        for case in missing.get(here.name, ()):
            (found if here.info.source == case.source else namesakes).setdefault(case, source)
        if all(case in found for case in wanted):
            break
    return {**namesakes, **found}


def find_case(wanted: CaseInfo, specs: Iterable[str], registry: Registry) -> Case | None:
    """Return the case of that name and source in the image sets of `specs`, with its truth; None where it is in none any more."""
    return next(
        (case for case in _cases_of(specs, registry) if (case.name, case.info.source) == (wanted.name, wanted.source)), None
    )


def _is_file(source: str) -> bool:
    try:
        return Path(source).is_file()
    except (OSError, ValueError):  # a source that no file could be called
        return False


def _cases_of(specs: Iterable[str], registry: Registry) -> Iterator[Case]:
    """Yield the cases of every image set that can still be opened: one may be gone while another holds the picture."""
    for spec in specs:
        with contextlib.suppress(SpecError, OSError):
            yield from islice(registry.open_images(spec), CASES_SEARCHED)


def open_again(case: CaseInfo, source: Source | None, open_page: Callable[[Any], Page]) -> Page:
    """Open the picture of a case; RedoError where it is gone, cannot be opened, or is not the one that was seen."""
    if source is None:
        raise RedoError(f"The picture {case.name} is gone: it is neither at {case.source} nor in the image sets of the run.")
    try:
        page = open_page(source.page)
    except PageError as error:
        raise RedoError(f"The picture {case.name} cannot be opened again: {error}") from None
    except Exception as error:
        raise RedoError(f"The picture {case.name} cannot be made again: {one_line(error)}") from error
    if case.content_id is not None and (source.content_id or page.content_id) != case.content_id:
        raise RedoError(f"The picture {case.name} has changed since the run; run it again to see what is there now.")
    return page


def draw_again(method: Method, page: Page) -> Redone:
    """Run a method on a page and draw what it found; RedoError where it fails, which it did not do in the run."""
    try:
        result: Result = method.transformer.run(page, method.params)
        result.check(page)
        return Redone(page, result, result.draw(page))
    except Exception as error:
        raise RedoError(f"{method.transformer.name} failed on {page.name} when it was run again: {one_line(error)}") from error
