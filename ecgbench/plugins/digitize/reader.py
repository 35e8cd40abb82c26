"""Reads a line of print: which of its pieces are characters, and which of these a number and its unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.glyphs import Templates
from ecgbench.plugins.digitize.pieces import PIECES, WIDEST, Line, Piece
from ecgbench.plugins.digitize.strokes import stems_of_m

Plane = npt.NDArray[np.float32]

SPEEDS = (12.5, 25.0, 50.0)  # mm/s that devices print; 100 is left out, since it is 10.0 without its point
GAINS = (2.5, 5.0, 10.0, 20.0)  # mm/mV
# Set on synthetic pages of development seeds, on which nothing is read wrong with them.
LIKE = 0.7  # correlation of a character with one of its templates, at least
STEMS_LIKE = 0.6  # the same of the strokes of an m
LIKE_ALL = 0.8  # of all characters of a number or of its unit, in the mean
RIVALS = 0.08  # a digit that is less like the ink than another one by more is no reading of it
CLEARER = 0.04  # than the next number that the same ink may say
ANOTHER = 0.03  # by which a letter may be less like print than another one
# Characters that are too like to be told apart once the size is lost; what stands around them tells.
TWINS = {"m": ".", "/": "17", "s": ".5839aegR", "V": ".v79", "e": ".coag0896"}
# All that follows by the height of an m.
M_WIDE = (0.8, 2.2)  # its width, at least and at most
BROKEN = 0.2  # between its parts, where print is faint
TALL = (1.15, 1.85)  # digits and V
SLASH = (0.5, 1.15)  # what is seen of it, where its foot touches a letter, at least; how high it reaches above the line's foot
DOT = 0.5  # a point, at most
LEVEL = 0.25  # from the line's foot to that of a character
ALIKE = 0.25  # between feet, and between heads, of small letters
OVERLAP = 0.7  # of slanted characters
LETTERS_APART = 0.7  # at most
WORDS_APART = 0.3  # at least
DIGITS_APART = 0.8  # at most
BLANK_BEFORE_UNIT = 1.9
FREE = 0.4  # before a number
CLEAN = 1.4  # there, by what is ink: specks of the grid are no strokes
LONGEST = 5  # characters of a number


@dataclass(frozen=True)
class Said:
    """A number with its unit, "mm/s" or "mm/mV": how like print it is, and from which piece of its line to which it stands."""

    value: float
    unit: str
    likeness: float
    first: int
    last: int


@dataclass(frozen=True)
class Character:
    """A character that was read: from which piece of the line to which, its box, and how like it is."""

    text: str
    first: int
    last: int
    box: Piece
    likeness: float


@dataclass(frozen=True)
class Number:
    """A number that was read, the first piece of the line that it stands on, and how like print it is."""

    text: str
    first: int
    likeness: float


class Reader:
    """Reads one line of print; what it has looked at it knows."""

    def __init__(self, line: Line, known: Templates) -> None:
        self.line, self.known = line, known
        self.shapes: dict[tuple[int, int], Plane] = {}
        self.likeness: dict[tuple[int, int], Plane] = {}
        self.digits: dict[tuple[int, int], Plane] = {}
        self.promising = False  # whether something on the line may be two m

    def said(self) -> list[Said]:
        """Return each number that stands before a unit; of readings that share ink the one that is most like print."""
        found = [said for one, two in self._pairs() for said in self._of_pair(one, two)]
        kept: list[Said] = []
        for said in sorted(found, key=lambda one: -one.likeness):
            if all(said.first > other.last or said.last < other.first for other in kept):
                kept.append(said)
        return kept

    def _pairs(self) -> Iterator[tuple[Character, Character]]:
        """Yield each m with another one beside it."""
        line = self.line
        wide = _neighbors(_wide_runs(line))
        if not wide:
            return
        stems = line.stems([box for _, _, box in wide]) @ stems_of_m(self.known).T
        likely = _neighbors([run for run, like in zip(wide, stems.max(axis=1), strict=True) if like >= STEMS_LIKE])
        self.promising = bool(likely)
        ms = self._letters("m", [(first, last) for first, last, _ in likely])
        for one in ms:
            for two in ms:
                if two.first == one.last + 1 and _alike(one.box, two.box):
                    yield one, two

    def _of_pair(self, one: Character, two: Character) -> Iterator[Said]:
        """Yield what is said by a pair of m: a unit behind it and a number before it."""
        x_height, base = (one.box.height + two.box.height) / 2, (one.box.bottom + two.box.bottom) / 2
        units = list(self._units(two, x_height, base))
        numbers = list(self._numbers(one, x_height, base)) if units else []
        for unit, behind in units:
            number = _chosen(numbers, unit)
            together = _mean([one, two, *behind])
            if number is not None and min(together, number.likeness) >= LIKE_ALL:
                yield Said(float(number.text), unit, (together + number.likeness) / 2, number.first, behind[-1].last)

    def _units(self, two: Character, x_height: float, base: float) -> Iterator[tuple[str, list[Character]]]:
        """Yield "mm/s" and "mm/mV" with what stands behind the second m, where it does."""
        for slash in self._next("/", two, x_height):
            if slash.box.height < SLASH[0] * x_height or slash.box.top > base - SLASH[1] * x_height:
                continue
            for small in self._next("s", slash, x_height):
                if _alike(small.box, two.box) and self._ends(small, x_height):
                    yield "mm/s", [slash, small]
            for third in self._next("m", slash, x_height):
                if _alike(third.box, two.box):
                    for volt in self._next("V", third, x_height):
                        if self._is_tall(volt.box, x_height, base):
                            yield "mm/mV", [slash, third, volt]

    def _ends(self, small: Character, x_height: float) -> bool:
        """Whether a unit ends with an s, or goes on as "sec" does: else the s is a part of something else."""
        behind = small.last + 1
        if behind >= len(self.line.pieces) or self.line.pieces[behind].left - small.box.right >= WORDS_APART * x_height:
            return True
        return any(_alike(small.box, other.box) for other in self._next("e", small, x_height))

    def _numbers(self, one: Character, x_height: float, base: float) -> Iterator[Number]:
        """Yield each number that may stand before an m."""
        stack: list[list[Character]] = [[one]]
        while stack:
            read = stack.pop()
            begun = read[0]
            more: list[list[Character]] = []
            last = begun.first - 1
            for first, box in self.line.runs_to(last):
                gap = (begun.box.left - box.right) / x_height
                if not -OVERLAP <= gap <= (BLANK_BEFORE_UNIT if begun is one else DIGITS_APART):
                    continue
                more.extend([character, *read] for character in self._digits(first, last, box, x_height, base))
            if len(read) <= LONGEST:
                stack.extend(more)
            if begun is not one and begun.text != "." and not more and self._stands_free(begun, x_height, base):
                digits = read[:-1]
                yield Number("".join(digit.text for digit in digits), begun.first, _mean(digits))

    def _digits(self, first: int, last: int, box: Piece, x_height: float, base: float) -> Iterator[Character]:
        if box.height <= DOT * x_height and box.width <= DOT * x_height and abs(box.bottom - base) <= LEVEL * x_height:
            if not self._is_colon(box, x_height):
                yield Character(".", first, last, box, 1.0)
            return
        if not self._is_tall(box, x_height, base) or box.width > box.height:
            return
        if (first, last) not in self.digits:
            self.digits[first, last] = self.known.likeness(self._shape(first, last)[None], 11)[0, 1:]
        likeness = self.digits[first, last]
        least = max(LIKE, float(likeness.max()) - RIVALS)
        for number in np.argsort(-likeness)[:3]:
            if likeness[number] >= least:
                yield Character("0123456789"[number], first, last, box, float(likeness[number]))

    def _is_colon(self, point: Piece, x_height: float) -> bool:
        """Whether another point stands above one."""
        top = max(0, point.top - round(x_height))
        above = self.line.coverage[top : point.top - 1, point.left : point.right]
        return bool((above > self.line.ink).any())

    def _stands_free(self, begun: Character, x_height: float, base: float) -> bool:
        """Whether nothing is inked close before a number."""
        top, bottom = begun.box.top, round(base)
        right = begun.box.left - 1
        before = self.line.coverage[top:bottom, max(0, right - round(FREE * x_height)) : right]
        return not bool((before > CLEAN * self.line.ink).any())

    def _is_tall(self, box: Piece, x_height: float, base: float) -> bool:
        return TALL[0] * x_height <= box.height <= TALL[1] * x_height and abs(box.bottom - base) <= LEVEL * x_height

    def _next(self, text: str, before: Character, x_height: float) -> list[Character]:
        """Return the runs right behind a character that are another one."""
        begin = before.last + 1
        gaps = ((last, (box.left - before.box.right) / x_height) for last, box in self.line.runs_from(begin))
        return self._letters(text, [(begin, last) for last, gap in gaps if -OVERLAP <= gap <= LETTERS_APART])

    def _letters(self, text: str, runs: Sequence[tuple[int, int]]) -> list[Character]:
        """Return those of some runs that are a character: like it, and no less than like any of its rivals."""
        if not runs:
            return []
        own = self.known.likeness_to(text, np.stack([self._shape(*run) for run in runs]))
        like = [(run, float(likeness)) for run, likeness in zip(runs, own, strict=True) if likeness >= LIKE]
        rivals = _rivals(self.known.characters, text)
        return [
            Character(text, *run, self.line.box(*run), likeness)
            for (run, likeness), every in zip(like, self._look([run for run, _ in like]), strict=True)
            if likeness >= float(every[rivals].max()) - ANOTHER
        ]

    def _look(self, runs: Sequence[tuple[int, int]]) -> list[Plane]:
        """Return how like each run is to each character; all at once, which is faster."""
        new = [run for run in runs if run not in self.likeness]
        if new:
            self.likeness.update(zip(new, self.known.likeness(np.stack([self._shape(*run) for run in new])), strict=True))
        return [self.likeness[run] for run in runs]

    def _shape(self, first: int, last: int) -> Plane:
        if (first, last) not in self.shapes:
            self.shapes[first, last] = self.line.shape(first, last)
        return self.shapes[first, last]


def _wide_runs(line: Line) -> list[tuple[int, int, Piece]]:
    """Return first and last of all pieces that touch and have the proportions of an m together, and their box."""
    sides = np.array(line.pieces, np.intp).reshape(-1, 4)
    low, high, gap = sides[:, :2], sides[:, 2:], np.full(len(sides), -np.inf)
    found: list[tuple[int, int, Piece]] = []
    for length in range(min(PIECES, len(sides))):
        if length:
            low, high = np.minimum(low[:-1], sides[length:, :2]), np.maximum(high[:-1], sides[length:, 2:])
            gap = np.maximum(gap[:-1], sides[length:, 0] - sides[length - 1 : -1, 2])
        width, height = (high - low).T
        wide = (M_WIDE[0] * height <= width) & (width <= np.minimum(M_WIDE[1] * height, WIDEST * line.height))
        chosen = np.flatnonzero(wide & (2 * height > line.height) & (gap <= BROKEN * height))
        found.extend((int(first), int(first) + length, Piece(*low[first].tolist(), *high[first].tolist())) for first in chosen)
    return sorted(found)


@lru_cache(maxsize=8)
def _rivals(characters: str, text: str) -> list[int]:
    return [number for number, other in enumerate(characters) if other not in TWINS[text]]


def _neighbors(runs: Sequence[tuple[int, int, Piece]]) -> list[tuple[int, int, Piece]]:
    """Return the runs that have another one right before or behind them."""
    firsts, lasts = {first for first, _, _ in runs}, {last for _, last, _ in runs}
    return [run for run in runs if run[1] + 1 in firsts or run[0] - 1 in lasts]


def _alike(one: Piece, two: Piece) -> bool:
    """Whether two small letters stand on one line and are as high."""
    off = ALIKE * max(one.height, two.height)
    return abs(one.bottom - two.bottom) <= off and abs(one.top - two.top) <= off


def _mean(characters: Sequence[Character]) -> float:
    """Return how like print some characters are, each by its width."""
    widths = [character.box.width for character in characters]
    return float(np.average([character.likeness for character in characters], weights=widths))


def _chosen(numbers: Sequence[Number], unit: str) -> Number | None:
    """Return the number that is most like print, where devices print it before this unit, and it is clearly more so than another such one."""
    best = max(numbers, key=lambda number: number.likeness, default=None)
    if best is None or not _is_printed(best.text, unit):
        return None
    rivals = [one.likeness for one in numbers if _is_printed(one.text, unit) and float(one.text) != float(best.text)]
    return best if best.likeness - max(rivals, default=0.0) >= CLEARER else None


def _is_printed(text: str, unit: str) -> bool:
    known = SPEEDS if unit == "mm/s" else GAINS
    return any(text in (f"{value:g}", f"{value:.1f}") for value in known)
