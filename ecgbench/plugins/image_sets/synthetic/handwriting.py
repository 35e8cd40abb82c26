"""Notes that a pen leaves on a page: words in a hand, rings, arrows and ticks, as strokes in millimeters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.paper import Color
from ecgbench.plugins.image_sets.synthetic.sheet import Stroke

# Letters as a pen draws them: points (x, y) of two digits each, a stroke ends at a comma. The baseline is y = 3, small letters
# reach up to 6 and tall ones to 9.
LETTERS = {
    "a": "46 26 15 14 23 33 45 46 44 53", "b": "19 13 , 15 26 36 45 44 33 14", "c": "46 36 15 14 23 43",
    "d": "46 26 15 14 23 33 45 49 44 53", "e": "14 45 46 26 15 14 23 33 44", "f": "48 39 28 23 , 16 36",
    "g": "46 26 15 14 23 33 45 46 42 31 11", "h": "19 13 , 14 26 36 45 43", "i": "26 24 33 , 28 28",
    "k": "19 13 , 46 14 , 25 43", "l": "29 24 33", "m": "16 13 , 15 26 35 33 , 35 46 55 53", "n": "16 13 , 15 26 36 45 43",
    "o": "36 26 15 14 23 33 44 45 36", "p": "16 10 , 15 26 36 45 44 33 14", "q": "46 26 15 14 23 33 45 , 46 40 51",
    "r": "16 13 , 15 26 46", "s": "46 36 26 15 34 43 33 13", "t": "29 24 33 43 , 17 47", "u": "16 14 23 33 45 , 46 43 53",
    "v": "16 23 46", "w": "16 23 35 43 56", "x": "16 43 , 46 13", "y": "16 14 23 43 , 46 42 31 11",
    "0": "39 27 15 14 23 33 45 47 39", "1": "17 29 23", "2": "17 28 39 48 46 13 43", "3": "18 29 39 47 36 26 , 36 45 44 33 13",
    "4": "38 15 45 , 47 42", "5": "49 19 16 36 45 44 33 13", "6": "49 27 14 23 33 44 45 36 15", "7": "19 49 23",
    "8": "39 28 27 45 44 33 23 14 15 47 48 39", "9": "47 38 28 17 26 36 48 43",
    "/": "12 49", ":": "24 24 , 26 26", ".": "23 23", "-": "15 45", "+": "15 45 , 37 33", "?": "18 29 39 47 26 25 , 23 23",
}  # fmt: skip
PHRASES = (
    "hr", "st elev?", "see old ecg", "repeat", "normal", "ok", "lead off", "pt moved", "qtc", "for review", "bp", "chest pain",
    "no change", "compare", "af?", "lbbb", "copy", "seen", "urgent", "pre op",
)  # fmt: skip
COUNTED = ("hr", "qtc", "bp", "pr")
PENS: tuple[Color, ...] = ((140, 50, 25), (150, 70, 40), (45, 42, 40), (60, 55, 58), (45, 40, 170))
PEN_MM = (0.35, 0.6)
PRESSURE, PRESSED_POINTS = 0.22, 9  # deviation of the logarithm of a line's width, and after how many points it is another one
PER_PIECE = 6  # points between two of a letter's
BASELINE = 3.0  # of the letters above, in their own units
APART, BLANK = 0.9, 3.5  # from one letter to the next, and the width of a blank


@dataclass(frozen=True, eq=False)
class Note:
    """What one pen wrote: a stroke (broken where its points are NaN) and its color."""

    stroke: Stroke
    color: Color


def draw_notes(size_mm: tuple[float, float], count: int, rng: np.random.Generator) -> tuple[Note, ...]:
    """Draw `count` notes somewhere on a sheet of `size_mm` (width, height): two of three are words, the others marks."""
    pen, width = PENS[rng.integers(len(PENS))], float(rng.uniform(*PEN_MM))
    notes = []
    for _ in range(count):
        mark = words(_phrase(rng), rng) if rng.random() < 0.65 else (_ring, _arrow, _tick)[rng.integers(3)](rng)
        place = rng.uniform((0.03, 0.06), (0.85, 0.95)) * np.array(size_mm)
        notes.append(Note(Stroke(mark + place, _pressed(len(mark), width, rng)), pen))
    return tuple(notes)


def draw_mark(at_mm: Float, rng: np.random.Generator) -> Note:
    """Draw one thing that somebody wrote at `at_mm` (2,): a word or two, a ring, an arrow, a tick, a cross, an underline or a scribble."""
    pen, width = PENS[rng.integers(len(PENS))], float(rng.uniform(*PEN_MM))
    drawn = (
        words(_phrase(rng), rng)
        if rng.random() < 0.4
        else (_ring, _arrow, _tick, _cross, _underline, _scribble)[rng.integers(6)](rng)
    )
    return Note(Stroke(drawn + at_mm, _pressed(len(drawn), width, rng)), pen)


def _pressed(count: int, width_mm: float, rng: np.random.Generator) -> Float:
    """Return the width (count,) of a line in mm, as a hand presses a pen harder and lighter along its way."""
    turns = rng.normal(0, PRESSURE, count // PRESSED_POINTS + 2)
    share = np.interp(np.arange(count) / PRESSED_POINTS, np.arange(len(turns)), turns)
    return np.asarray(width_mm * np.exp(share), dtype=np.float64)


def words(text: str, rng: np.random.Generator) -> Float:
    """Return `text` in a hand, (n, 2) in mm from the start of its baseline, NaN between strokes; letters without a form are blanks."""
    size, slant = rng.uniform(0.55, 1.1), rng.normal(0.15, 0.15)
    climb, sway = rng.normal(0, 0.06), rng.uniform(0, 0.4)
    strokes: list[Float] = []
    at = 0.0
    for letter in text:
        paths = [np.array([(float(pair[0]) - 1, float(pair[1]) - BASELINE) for pair in path]) for path in _paths(letter)]
        strokes += [_smooth(points + rng.normal(0, 0.18, points.shape) + (at, rng.normal(0, sway))) for points in paths]
        at += (max(points[:, 0].max() for points in paths) + APART if paths else BLANK) * rng.uniform(0.9, 1.1)
    lines = np.vstack([part for stroke in strokes for part in (stroke, [(np.nan, np.nan)])] or [np.empty((0, 2))])
    x = lines[:, 0] + slant * lines[:, 1]
    return np.column_stack([x, -(lines[:, 1] + climb * x)]) * size


def _paths(letter: str) -> list[list[str]]:
    return [path.split() for path in LETTERS[letter].split(",")] if letter in LETTERS else []


def _phrase(rng: np.random.Generator) -> str:
    day = f"{rng.integers(1, 31)}/{rng.integers(1, 13)}"
    said = PHRASES[rng.integers(len(PHRASES))]
    number = str(rng.integers(40, 200))
    counted = COUNTED[rng.integers(len(COUNTED))]
    return (said, f"{counted} {number}", f"{said} {day}", day, f"{rng.integers(0, 24)}:{rng.integers(10, 60)}")[rng.integers(5)]


def _smooth(points: Float) -> Float:
    """Return a Catmull-Rom curve through `points` (n, 2); a single point becomes a dot."""
    if len(points) < 2:
        return points
    before, after = np.vstack([points[:1], points[:-1]]), np.vstack([points[1:], points[-1:]])
    slope = (after - before) / 2
    t = (np.arange(PER_PIECE) / PER_PIECE)[None, :, None]
    start, end = points[:-1, None], points[1:, None]
    leave, arrive = slope[:-1, None], slope[1:, None]
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * leave + (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * arrive
    )
    return np.vstack([curve.reshape(-1, 2), points[-1:]])


def _ring(rng: np.random.Generator) -> Float:
    """Return a ring drawn around something, which overshoots where it closes."""
    turns = np.linspace(0, 2 * np.pi * rng.uniform(1.0, 1.15), 60)
    long, short = rng.uniform(8, 22), rng.uniform(5, 12)
    drift = 1 + 0.08 * np.sin(turns * rng.uniform(0.4, 1.6) + rng.uniform(0, 6)) + np.linspace(0, rng.uniform(-0.1, 0.15), 60)
    return np.column_stack([long * drift * np.cos(turns), short * drift * np.sin(turns)])


def _arrow(rng: np.random.Generator) -> Float:
    angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(10, 30)
    shaft = _smooth(np.array([(0.0, 0.0), (length / 2, rng.normal(0, 1.5)), (length, 0.0)]))
    head = np.array([(length - 3.2, -2.0), (length, 0.0), (length - 3.0, 2.2)])
    points = np.vstack([shaft, [(np.nan, np.nan)], head])
    turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    return np.asarray(points @ turn, dtype=np.float64)


def _tick(rng: np.random.Generator) -> Float:
    return _smooth(
        np.array([(0.0, 0.0), (2.0, 3.5), (4.5, -1.0), (9.0, -7.0)]) * rng.uniform(0.6, 1.6) + rng.normal(0, 0.3, (4, 2))
    )


def _cross(rng: np.random.Generator) -> Float:
    size = rng.uniform(2, 5)
    ends = np.array([(-1.0, -1.0), (1.0, 1.0), (np.nan, np.nan), (1.0, -1.0), (-1.0, 1.0)]) * size
    return np.asarray(ends + rng.normal(0, 0.4, ends.shape), dtype=np.float64)


def _underline(rng: np.random.Generator) -> Float:
    """Return a line that is drawn once or twice."""
    length, rows = rng.uniform(15, 60), int(rng.integers(1, 3))
    lines = []
    for row in range(rows):
        x = np.linspace(0, length * rng.uniform(0.9, 1.05), 5)
        lines += [_smooth(np.column_stack([x, 1.6 * row + rng.normal(0, 0.35, 5).cumsum()])), np.full((1, 2), np.nan)]
    return np.vstack(lines)


def _scribble(rng: np.random.Generator) -> Float:
    """Return a signature of sorts: loops that run on to the right."""
    turns = np.arange(int(rng.integers(10, 26)))
    high = np.exp(rng.normal(0.6, 0.5, len(turns))) * np.where(turns % 2, 1.0, -0.6)
    return _smooth(
        np.column_stack([turns * rng.uniform(0.7, 1.4) + rng.normal(0, 0.7, len(turns)), high]) * rng.uniform(0.8, 1.6)
    )
