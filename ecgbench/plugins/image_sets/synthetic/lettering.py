"""Letters as devices print them: outlines, and the coarse dots of thermal heads, needles and old screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from ecgbench.core.page import Pixels

SMALLEST_PX = 4  # size of a font; smaller letters are no letters
MEASURED_PX = 20.0  # height of capitals whose lines are measured
FINER = 4  # times as large as they are printed, letters are drawn: at their own size each would be set to a whole pixel
DOT_DETAIL = 8  # pixels across a dot, before letters are brought to their size
DOT_SHARE = 0.42  # radius of a needle's dot by their distance: neighbors just do not touch
SMOOTH, HINTED, STEPPED = LETTERS = ("smooth", "hinted", "stepped")  # how outlines become pixels
FINEST = 8  # times as large as they are shown, hinted letters are drawn
OVERSHOOT = 0.02  # of round letters beyond flat ones, as a share of the height of capitals
BOLD_APART_PX = 10  # size up to which bold letters are no further apart than others
DARKER = np.rint(255 * (1 - (1 - np.arange(256) / 255) ** 1.8)).astype(
    np.uint8
)  # levels of their gray: screens draw them heavier than ink
BLANK = 0.26  # width of a blank of theirs, as a share of the font's size


@dataclass(frozen=True)
class Font:
    """A font: its file among those that come with matplotlib, None for the one that comes with Pillow (Aileron).

    `capital`: height of a capital letter, as a share of the font's size. `dots_px`: size at which its letters are cut into square
    dots, 0 where they keep their outline. `round_dots`: whether the dots are those of needles. `swell`: by how much of a dot heat spreads
    the ink on every side. `heft`: by what share of a capital's height lines are wider on either side than in the file: a bold face.
    """

    file: str | None
    capital: float
    dots_px: int = 0
    round_dots: bool = False
    swell: float = 0.0
    heft: float = 0.0


# The STIX fonts follow Times, cmtt10 a typewriter, Aileron the grotesques of most reports.
FONTS: Mapping[str, Font] = {
    "sans": Font("DejaVuSans.ttf", 0.73),
    "serif": Font("DejaVuSerif.ttf", 0.73),
    "mono": Font("DejaVuSansMono.ttf", 0.73),
    "plain": Font(None, 0.7),
    "plain-bold": Font(None, 0.7, heft=0.045),
    "times": Font("STIXGeneral.ttf", 0.662),
    "times-bold": Font("STIXGeneralBol.ttf", 0.676),
    "times-italic": Font("STIXGeneralItalic.ttf", 0.653),
    "teletype": Font("cmtt10.ttf", 0.611),
    "lean": Font("cmss10.ttf", 0.694),
    "times-thermal": Font("STIXGeneral.ttf", 0.662, dots_px=30, swell=0.16),
    "bitmap": Font("DejaVuSansMono-Bold.ttf", 0.73, dots_px=13),
    "dots": Font("DejaVuSansMono.ttf", 0.73, dots_px=10, round_dots=True),
}


class Stamp(NamedTuple):
    """A line of letters: how much of each pixel they cover, where its corner lies from the baseline's start, and the line's length."""

    coverage: Pixels
    right: int
    down: int
    length: float


@lru_cache(maxsize=1024)  # leads and units are the same on every page
def stamp_of(text: str, font: str, height_px: float, spread_px: float = 0.0, letters: str = SMOOTH) -> Stamp:
    """Return `text` in one of FONTS with capitals `height_px` high, whose ink has spread by `spread_px` on every side.

    `letters`: one of LETTERS: "smooth" ones have their exact size; those of a screen are of a whole size in pixels, and have no ink that
    spreads: feet and tops of "hinted" ones end with rows of pixels, "stepped" ones have no gray. Fonts of dots are the same in each.
    """
    known = FONTS[font]
    if letters != SMOOTH and not known.dots_px:
        return (_hinted if letters == HINTED else _stepped)(text, known, height_px)
    if known.heft:  # which makes capitals no higher
        spread_px, height_px = spread_px + known.heft * height_px, (1 - 2 * known.heft) * height_px
    if known.dots_px:
        return _of_dots(text, known, height_px, spread_px)
    if spread_px:
        return _spread(text, known, height_px, spread_px)
    return _evenly(text, known, height_px)


def length_mm(text: str, font: str, height_mm: float) -> float:
    """Return how long a line of text is, from its beginning to where the next letter would begin."""
    return stamp_of(text, font, MEASURED_PX).length / MEASURED_PX * height_mm


def _spread(text: str, font: Font, height_px: float, spread_px: float) -> Stamp:
    """Return letters whose ink has spread, by whole pixels and then by a part of one."""
    thin, right, down, length = _evenly(text, font, height_px)
    if not thin.size:
        return Stamp(thin, right, down, length)
    reach, part = int(spread_px), spread_px % 1
    room = reach + 1
    wide = cv2.copyMakeBorder(thin, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    if reach:
        wide = cv2.dilate(wide, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    wider = cv2.dilate(wide, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    return Stamp(np.asarray(cv2.addWeighted(wide, 1 - part, wider, part, 0), np.uint8), right - room, down - room, length)


def _evenly(text: str, font: Font, height_px: float) -> Stamp:
    """Return letters each of which stands where it should: they are drawn larger, and brought to their size by area."""
    large, right, down, length = _drawn(text, font, round(FINER * max(SMALLEST_PX, height_px / font.capital)), "L")
    if not large.size:
        return Stamp(large, 0, 0, length / FINER)
    left, top = right % FINER, down % FINER
    after, below = (-(side + room) % FINER for side, room in zip(large.shape[::-1], (left, top), strict=True))
    padded = cv2.copyMakeBorder(large, top, below, left, after, cv2.BORDER_CONSTANT, value=0)
    size = padded.shape[1] // FINER, padded.shape[0] // FINER
    small = np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _trimmed(small, right // FINER, down // FINER, length / FINER)


def _hinted(text: str, font: Font, height_px: float) -> Stamp:
    """Return letters whose feet, low and high tops end with whole rows of pixels, while stems stand where the font has them."""
    size = max(SMALLEST_PX, round(height_px / font.capital))
    large, right, down, length = _drawn(text, font, FINEST * size, "L")
    if not large.size:
        return Stamp(large, 0, 0, length / FINEST)
    wider = round(FINEST * font.heft * height_px)
    left = (right - wider) % FINEST
    after = -(left + large.shape[1] + 2 * wider) % FINEST
    padded = cv2.copyMakeBorder(large, 0, 0, left + wider, after + wider, cv2.BORDER_CONSTANT, value=0)
    if wider:
        padded = cv2.dilate(padded, np.ones((1, 2 * wider + 1), np.uint8))
    narrow = np.asarray(cv2.resize(padded, (padded.shape[1] // FINEST, len(large)), interpolation=cv2.INTER_AREA), np.uint8)
    small, top = _whole_rows(narrow, -down, _tops(font.file, FINEST * size))
    return _trimmed(np.asarray(cv2.LUT(small, DARKER), np.uint8), (right - wider) // FINEST, -top, length / FINEST)


def _whole_rows(high: Pixels, up: int, tops: tuple[int, int]) -> tuple[Pixels, int]:
    """Return a line (H, w) brought to its height so that feet and tops end with rows, and how many rows stand above the baseline.

    `up`: rows of `high` above the baseline; `tops`: height of low and of high letters in such rows.
    """
    over = OVERSHOOT * tops[1]  # by which round letters go beyond flat ones
    known = np.array([-over, *(top + over for top in tops)])
    rows = np.array([0.0, *(max(1, round(top / FINEST)) for top in tops)])
    above = int(np.ceil(rows[2] + max(0.0, up - known[2]) / FINEST))
    below = int(np.ceil(max(0.0, len(high) - up - over) / FINEST))
    edges = np.arange(above, -below - 1, -1.0)  # of small rows, above the baseline
    heights = np.interp(edges, rows, known) + FINEST * (np.maximum(edges - rows[2], 0) + np.minimum(edges, 0))
    sums = np.pad(np.cumsum(high, axis=0, dtype=np.float64), ((1, 1), (0, 0)), constant_values=0)
    place = np.clip(up - heights, 0, len(high))
    whole = place.astype(np.intp)
    reached = sums[whole] + (place - whole)[:, None] * (sums[np.minimum(whole + 1, len(high))] - sums[whole])
    return np.rint(np.diff(reached, axis=0) / np.diff(up - heights)[:, None]).clip(0, 255).astype(np.uint8), above


@lru_cache(maxsize=64)
def _tops(file: str | None, size: int) -> tuple[int, int]:
    """Return the height of low and of high letters in pixels."""
    low, high = (-_face(file, size).getbbox(letter, anchor="ls")[1] for letter in "xH")
    return int(low), int(high)


def _stepped(text: str, font: Font, height_px: float) -> Stamp:
    """Return letters on whole pixels, each all or nothing of a pixel; bold ones are drawn again beside."""
    size = max(SMALLEST_PX, round(height_px / font.capital))
    bolder = max(1, round(2 * font.heft * height_px)) if font.heft else 0
    canvas, x = np.zeros((3 * size, (2 * len(text) + 3) * size), np.uint8), 0
    for letter in text:
        if letter == " ":
            x += round(BLANK * size)
            continue
        stamp, right, down, _ = _drawn(letter, font, size, "1")
        for beside in range(bolder + 1):
            place = canvas[2 * size + down :, size + x + right + beside :][: stamp.shape[0], : stamp.shape[1]]
            np.maximum(place, stamp, out=place)
        x += round(_face(font.file, size).getlength(letter, "1")) + (bolder if size > BOLD_APART_PX else 0)
    return _trimmed(canvas, -size, -2 * size, float(x))


def _of_dots(text: str, font: Font, height_px: float, spread_px: float) -> Stamp:
    """Return letters that were cut into dots, brought to their size by area."""
    dots, right, down, length = _drawn(text, font, font.dots_px, "1")
    scale = max(1.0, height_px) / round(font.capital * font.dots_px)
    if not dots.size:
        return Stamp(dots, 0, 0, length * scale)
    cell = np.full((DOT_DETAIL, DOT_DETAIL), 255, np.uint8)
    if font.round_dots:
        middle = (DOT_DETAIL - 1) / 2
        y, x = np.mgrid[:DOT_DETAIL, :DOT_DETAIL] - middle
        cell = np.asarray((np.hypot(x, y) <= 2 * DOT_SHARE * DOT_DETAIL / 2) * np.uint8(255))
    fine, swell = np.kron(dots // 255, cell), font.swell + spread_px / scale
    if reach := round(swell * DOT_DETAIL):
        shape = cv2.MORPH_ELLIPSE if font.round_dots else cv2.MORPH_RECT
        widened = cv2.dilate(np.pad(fine, reach), cv2.getStructuringElement(shape, (2 * reach + 1, 2 * reach + 1)))
        fine = np.asarray(widened, np.uint8)
    size = max(1, round(fine.shape[1] / DOT_DETAIL * scale)), max(1, round(fine.shape[0] / DOT_DETAIL * scale))
    return Stamp(
        np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.uint8), round((right - swell) * scale),
        round((down - swell) * scale), length * scale,
    )  # fmt: skip


def _drawn(text: str, font: Font, size: int, mode: str) -> Stamp:
    """Return a line as it is drawn in a size: with `mode` "L" in levels, with "1" all or nothing of each pixel."""
    from PIL import Image, ImageDraw  # slow to import, and only pages with text need it

    face = _face(font.file, size)
    length, up = face.getlength(text), 2 * size
    canvas = Image.new("L", (round(length) + 2 * size, 3 * size))  # an array of a glyph's own picture is made pixel by pixel
    pen = ImageDraw.Draw(canvas)
    pen.fontmode = mode
    pen.text((size, up), text, 255, face, anchor="ls")
    return _trimmed(np.asarray(canvas, np.uint8), -size, -up, length)


def _trimmed(coverage: Pixels, right: int, down: int, length: float) -> Stamp:
    """Return a stamp without blank rows and columns around it; nobody may write to it."""
    x, y, width, height = cv2.boundingRect(coverage)
    part = coverage[y : y + height, x : x + width]
    part.setflags(write=False)
    return Stamp(part, right + x, down + y, length)


@lru_cache(maxsize=64)
def _face(file: str | None, size: int) -> Any:
    from PIL import ImageFont  # slow to import, and only pages with text need it

    if file is None:
        return ImageFont.load_default(size)
    import matplotlib as mpl  # its fonts are always there; Pillow brings a single one

    return ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / file), size)
