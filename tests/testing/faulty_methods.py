"""Methods that each break one promise and keep all others: a plugin for tests."""

import ctypes
import math
import time
from dataclasses import dataclass

import numpy as np

from ecgbench import Box, EdgeMap, Gray, Page, param, transformer

STORY = """Break {name}.

How it works: it is like the others but for one thing.
What works: all other checks (test_method_checks.py).
What didn't work: the check that it is named after.
Changes: 0.1 first version.
"""
ORDINARY = (550, 850)
EXPECTED_FAILURES = {}


def method(name, story=STORY):
    def decorate(function):
        function.__doc__ = story.format(name=name)
        return transformer(f"edges.{name}")(function)

    return decorate


def nothing(gray):
    return EdgeMap(np.zeros(gray.shape, bool), None)


@method("tells_its_story", STORY.replace("it is like the others but for one thing.", "TODO"))
def silent(gray: Gray) -> EdgeMap:
    return nothing(gray)


@method("tells_its_story_of_failures", STORY.replace("the check that it is named after", "Nothing"))
def flawless(gray: Gray) -> EdgeMap:
    return nothing(gray)


@method("tells_its_story_of_versions", STORY.replace("0.1 first", "The first"))
def timeless(gray: Gray) -> EdgeMap:
    return nothing(gray)


def _closed():
    @method("travels_by_name")
    def hidden(gray: Gray) -> EdgeMap:
        return nothing(gray)

    return hidden


hidden = _closed()


def plain(gray: Gray) -> EdgeMap:
    return nothing(gray)


decorated_later = method("travels_by_name_of_another")(plain)


@dataclass(frozen=True)
class Drifting:
    level: float = param(0.5, 0.0, 1.0, "a level")

    def __post_init__(self):
        object.__setattr__(self, "level", self.level + 1)


@method("starts_within_its_bounds")
def drifting(gray: Gray, p: Drifting) -> EdgeMap:
    return nothing(gray)


@dataclass(frozen=True)
class Divided:
    by: int = param(2, 0, 9, "what is divided by")


@method("runs_at_its_bounds")
def dividing(gray: Gray, p: Divided) -> EdgeMap:
    return EdgeMap(gray < 255 // p.by, None)


@dataclass(frozen=True)
class Boundless:
    level: float = param(0.5, 0.0, math.inf, "a level")


@method("refuses_what_lies_beyond_its_bounds")
def boundless(gray: Gray, p: Boundless) -> EdgeMap:
    return nothing(gray)


@method("leaves_its_input_alone")
def scribbling(gray: Gray) -> EdgeMap:
    if gray.flags.writeable:
        gray[0] = 0
    return nothing(gray)


@method("takes_read_only_arrays")
def demanding(gray: Gray) -> EdgeMap:
    gray[:1] = gray[:1]
    return nothing(gray)


@method("returns_what_it_declares")
def misspelled(gray: Gray) -> EdgeMap:
    return EdgeMap(np.zeros(gray.shape, np.uint8), None)


@method("returns_what_it_declares_of_blank_pages")
def shortcut(gray: Gray) -> EdgeMap:
    return nothing(gray) if np.ptp(gray) else EdgeMap(np.zeros((1, 1, 1), bool), None)


@method("returns_what_it_declares_of_boxes")
def boxing(gray: Gray) -> EdgeMap:
    return EdgeMap(np.zeros(gray.shape, bool), Box(0, 0, 0, 0))


@method("answers_the_same_twice")
def rolling(gray: Gray) -> EdgeMap:
    return EdgeMap(np.random.default_rng().random(gray.shape) < 0.5, None)


@method("answers_the_same_in_a_fresh_process")
def hashing(gray: Gray) -> EdgeMap:
    found = np.zeros(gray.shape, bool)
    found.reshape(-1)[hash("seed") % gray.size] = True
    return EdgeMap(found, None)


scratch = np.zeros(1)


@method("answers_the_same_in_threads")
def sharing(gray: Gray) -> EdgeMap:
    scratch[0] = gray.sum()
    time.sleep(0.002)
    return EdgeMap(gray < scratch[0] / gray.size, None)


def raising_where(condition):
    def run(gray: Gray) -> EdgeMap:
        if condition(gray):
            raise RuntimeError("no such page was expected")
        return nothing(gray)

    return run


@method("survives_blank_pages")
def no_blank(gray: Gray) -> EdgeMap:
    return raising_where(lambda gray: gray.size > 9000 and not np.ptp(gray) and gray.max() and min(gray.shape) > 1)(gray)


@method("survives_black_pages")
def no_black(gray: Gray) -> EdgeMap:
    return raising_where(lambda gray: gray.size > 100 and not gray.max())(gray)


@method("survives_tiny_pages")
def no_tiny(gray: Gray) -> EdgeMap:
    return raising_where(lambda gray: gray.size < 100)(gray)


@method("survives_odd_sizes")
def no_odd(gray: Gray) -> EdgeMap:
    return raising_where(lambda gray: gray.shape in ((331, 517), (97, 101)))(gray)


@method("survives_long_strips")
def no_strips(gray: Gray) -> EdgeMap:
    return raising_where(lambda gray: max(gray.shape) > 3000)(gray)


@method("survives_noise")
def no_noise(gray: Gray) -> EdgeMap:
    return raising_where(lambda gray: gray.shape in ((200, 301), (101, 150)))(gray)


class Unwritable(EdgeMap):
    def to_dict(self):
        return {"share": np.float32(0.5)}


@method("can_be_written_as_json")
def unwritable(gray: Gray) -> Unwritable:
    return Unwritable(np.zeros(gray.shape, bool), None)


class Undrawable(EdgeMap):
    def draw(self, page: Page):
        return page.gray


@method("can_be_drawn")
def undrawable(gray: Gray) -> Undrawable:
    return Undrawable(np.zeros(gray.shape, bool), None)


@method("keeps_pace")
def dawdling(gray: Gray) -> EdgeMap:
    if gray.shape == ORDINARY:
        time.sleep(0.6)
    return nothing(gray)


@method("keeps_to_memory")
def hoarding(gray: Gray) -> EdgeMap:
    if gray.shape == ORDINARY:
        np.ones(150_000_000, np.uint8)
    return nothing(gray)


@method("answers_an_ordinary_page")
def raising(gray: Gray) -> EdgeMap:
    raise RuntimeError("out of\nideas")


@method("answers_an_ordinary_page_with_its_type")
def lying(gray: Gray) -> EdgeMap:
    return {"edges": gray}


@method("crashes_on_a_pixel")
def crashing(gray: Gray) -> EdgeMap:
    if gray.shape == (1, 1):
        ctypes.string_at(0)
    return nothing(gray)


@method("hangs_on_black_pages")
def hanging(gray: Gray) -> EdgeMap:
    if gray.size > 100 and not gray.max():
        time.sleep(600)
    return nothing(gray)


@method("quits_on_black_pages")
def quitting(gray: Gray) -> EdgeMap:
    if gray.size > 100 and not gray.max():
        raise SystemExit(3)
    return nothing(gray)
