"""Image sets that each break one promise and keep all others: a plugin for tests."""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ecgbench import Box, Case, CaseInfo, ImageSetOpener, Page, Truth, hookimpl, page_from_array

SHAPE = (30, 40)


@dataclass(frozen=True)
class Level:
    """The recipe of a page of one gray level."""

    level: int

    def make_page(self):
        return page_from_array(np.full(SHAPE, self.level, np.uint8))


@dataclass(frozen=True)
class Rolling:
    def make_page(self):
        return page_from_array(np.random.default_rng().integers(0, 9, SHAPE, np.uint8))


@dataclass(frozen=True)
class Hashing:
    def make_page(self):
        return page_from_array(np.full(SHAPE, hash("seed") % 256, np.uint8))


@dataclass(frozen=True)
class Broken:
    def make_page(self):
        raise OSError("the disk is gone")


class Stubborn(Level):
    def __reduce__(self):
        raise TypeError("a lock cannot be pickled")


def case(level, **truth):
    return Case(CaseInfo(f"level-{level}", "faulty", f"level {level}"), Level(level), Truth(**truth))


@dataclass(frozen=True)
class Few:
    name: str
    cases: tuple = ()
    told: int | None = 2

    def __iter__(self):
        return iter(self.cases or (case(1), case(2)))

    def count(self):
        return self.told


def misnamed(**changes):
    return (Case(replace(case(1).info, **changes), Level(1)), case(2))


SETS = {
    "without_fault": (),
    "names_are_unique": (case(1), case(1)),
    "tells_what_its_cases_are": misnamed(dpi=math.nan),
    "tells_what_its_cases_are_as_text": misnamed(type=3),
    "tells_what_its_cases_are_as_cases": (Level(1), Level(2)),
    "cases_travel_light": (Case(case(1).info, Page(np.zeros((200, 300, 3), np.uint8))), case(2)),
    "cases_travel_light_at_all": (Case(case(1).info, Stubborn(1)), case(2)),
    "pages_open": (Case(case(1).info, Broken()), case(2)),
    "truth_fits_its_page": (case(1, trace_mask=np.zeros((3, 4), bool)), case(2)),
    "truth_fits_its_page_in_kind": (case(1, grid_mask=np.zeros(SHAPE, np.uint8)), case(2)),
    "truth_fits_its_page_in_place": (case(1, content_box=Box(0, 0, 41, 30)), case(2)),
    "truth_fits_its_page_in_scale": (case(1, px_per_mm_x=0.0), case(2)),
    "gives_the_same_twice": (Case(case(1).info, Rolling()), case(2)),
    "gives_the_same_in_a_fresh_process": (Case(case(1).info, Hashing()), case(2)),
}


OPENED = {name: Few(name, cases) for name, cases in SETS.items()} | {
    "counts_as_many_as_it_gives": Few("few", told=3),
    "counts_as_many_as_it_gives_in_numbers": Few("few", told="two"),
    "opens_its_example": [case(1)],
    "opens_its_example_with_a_name": Few(""),
}


def open_it(name, spec):
    return OPENED[name] if spec == name else None


def raising(spec):
    raise RuntimeError(f"{spec} is not there")


def greedy(spec):
    return Few("greedy")


@hookimpl
def ecgbench_image_sets():
    for name in OPENED:
        yield ImageSetOpener(name, f"{name}?", "A faulty set.", partial(open_it, name), name)
    yield ImageSetOpener("opens_its_example_or_says_why", "raising", "A faulty set.", lambda spec: spec == "it" or None, "other")
    yield ImageSetOpener("leaves_other_specs_to_others", "greedy", "A faulty set.", greedy, "greedy")
    yield ImageSetOpener("leaves_other_specs_to_others_in_peace", "raising", "A faulty set.", _only_own, "raising")
    yield FILES


def _only_own(spec):
    return Few("raising") if spec == "raising" else raising(spec)


def open_files(spec):
    return Few(spec) if spec.startswith("files:") else None


FILES = ImageSetOpener("without_example", "files:DIR", "A set of files.", open_files)
