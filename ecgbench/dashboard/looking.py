"""Pictures of what methods see, large enough to compare: drawn again in workers, so that a method that dies costs only its own picture."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ecgbench.core.outcome import Variant
from ecgbench.core.page import Page
from ecgbench.core.truth import CaseInfo, Truth
from ecgbench.dashboard.kept_workers import KeptWorkers
from ecgbench.dashboard.memory import remembered
from ecgbench.measure import Method
from ecgbench.registry import default_registry
from ecgbench.report.differences import draw_difference
from ecgbench.report.pictures import DRAWING_SECONDS, PAGE, Picture, Sight, Sights, draw_cases, encode
from ecgbench.report.redrawing import RedoError, draw_again, find_case, open_again
from ecgbench.workers import Beat, Finished, Work

FIT = (1400, 1400)  # pixels: twice as wide as two pictures side by side on a laptop
MEMORY_BYTES = 4 << 30  # of a worker, as `ecgbench run` has it
WORKERS = 2  # that draw, and never more than cores
NO_TRUTH = "Nothing is known of this picture that a result could be held against."


def difference_of(number: int) -> int:
    """Return the number that the difference of a variant from the truth has among the pictures of a case.

    >>> difference_of(3) not in (3, PAGE)
    True
    """
    return -1 - number


@dataclass(frozen=True)
class LookWork:
    """What a worker does with a Sight: the page, each method's drawing, and where that differs from the truth."""

    methods: Mapping[int, Method]
    open_page: Callable[[Any], Page]
    truth: Truth | Callable[[], Truth] | None
    fit: tuple[int, int]

    def __call__(self, sight: Sight, beat: Beat) -> Sights:
        """Return the pictures of a case; each that cannot be made is a sentence."""
        try:
            page = open_again(sight.case, sight.source, self.open_page)
        except RedoError as error:
            return dict.fromkeys((PAGE, *sight.methods), str(error))
        truth = self.truth() if callable(self.truth) else self.truth
        made: Sights = {PAGE: encode(page.bgr, fit=self.fit)}
        for number in sight.methods:
            beat(number)
            try:
                redone = draw_again(self.methods[number], page)
            except RedoError as error:
                made[number] = str(error)
                continue
            made[number] = encode(redone.drawing, fit=self.fit)
            seen = NO_TRUTH if truth is None else draw_difference(page, redone.result, truth)
            made[difference_of(number)] = seen if isinstance(seen, str) else encode(seen, fit=self.fit)
        return made


def look(case: CaseInfo, variants: Mapping[int, Variant], specs: tuple[str, ...]) -> Sights:
    """Return the page (PAGE), what each variant (by number) sees on it, and where that differs from the truth (`difference_of`)."""
    return _look(case, tuple((number, variant.key, _Held(variant)) for number, variant in sorted(variants.items())), specs)


def small_pictures(cases: tuple[CaseInfo, ...], number: int, variant: Variant, specs: tuple[str, ...]) -> list[Picture | str]:
    """Return a small picture of what a variant saw on each page, or why there is none."""
    return _small_pictures(cases, number, variant.key, _Held(variant), specs)


@dataclass(frozen=True)
class _Held:
    """A variant that takes no part in telling requests apart, since its params cannot be hashed; its key does."""

    variant: Variant

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


@dataclass(frozen=True)
class _Errand:
    """What a kept worker is to do with a sight."""

    work: Work
    sight: Sight


def _do_errand(errand: _Errand, beat: Beat) -> Sights:
    made: Sights = errand.work(errand.sight, beat)
    return made


_workers = KeptWorkers(lambda: _do_errand, most=WORKERS, timeout=DRAWING_SECONDS, memory_bytes=MEMORY_BYTES)


def _by_kept_workers(work: Work, sights: Iterable[Sight], retries: deque[Sight]) -> Iterator[list[Finished]]:
    waiting = list(sights)
    while waiting:
        values = _workers.do([_Errand(work, sight) for sight in waiting])
        yield [Finished(sight, value) for sight, value in zip(waiting, values, strict=True)]
        waiting = list(retries)
        retries.clear()


@remembered(40)  # requests; some 200 kB a picture
def _look(case: CaseInfo, held: tuple[tuple[int, str, _Held], ...], specs: tuple[str, ...]) -> Sights:
    registry = default_registry()
    found = find_case(case, specs, registry)
    variants = {number: each.variant for number, _, each in held}
    make_work = partial(LookWork, truth=found.truth if found is not None else None, fit=FIT)
    drawn = draw_cases({case: list(variants)}, variants, specs, registry, make_work=make_work, do=_by_kept_workers)
    return drawn[case]


@remembered(20)
def _small_pictures(
    cases: tuple[CaseInfo, ...], number: int, _key: str, held: _Held, specs: tuple[str, ...]
) -> list[Picture | str]:
    wanted = {case: [number] for case in cases}
    drawn = draw_cases(wanted, {number: held.variant}, specs, default_registry(), do=_by_kept_workers)
    return [drawn[case].get(number) or drawn[case][PAGE] for case in cases]
