"""Lines of print on a flat page, and what in them may be a character: pieces of ink, alone or several together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.glyphs import shape_of, stems_of
from ecgbench.plugins.digitize.words import find_words

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Owners = npt.NDArray[np.int32]

FAINTEST = 0.4  # coverage of light print, where lines are sought
INK = 0.35  # of a line's darkest print
DARKEST = 95.0  # percentile of what is inked
SMALLEST_MM = 0.75  # height of an m where capitals have 1.1 mm
WIDEST_MM = 14.0  # of letters that touch: a whole "mm/mV" of 4 mm
BLANK = 1.6  # between words of a line, by their height
SHORTEST = 2.5  # a line's length by its height
MOST_LINES = 150  # of a page; a full header has 40
SHARP_STEPS, BLUR_PX = 8, 1.4
MARGIN_PX, ASIDE_PX = 3, 10  # of a line's cut-out: strokes are blurred beyond their ink, and what stands beside a number counts
SPECK = 0.02  # of the square of a line's height; less ink is dirt
WIDE = 0.75  # a piece that is wider, by the line's height, may be several characters that touch
VALLEY = 0.85  # of the ink in the columns beside it, where two characters may touch
APART = 0.15  # between such places, by the line's height
PIECES = 6  # of which a character may consist
WIDEST = 2.3  # a character, by the line's height


@dataclass(frozen=True)
class Piece:
    """A box of ink in pixels of its line, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns of the box."""
        return self.right - self.left

    def with_(self, other: Piece) -> Piece:
        """Return the box of both."""
        return Piece(
            min(self.left, other.left), min(self.top, other.top), max(self.right, other.right), max(self.bottom, other.bottom)
        )


@dataclass(frozen=True, eq=False)
class Line:
    """A line of print: its coverage (h, w), whose ink each pixel is (a piece's number from 1, else 0), its pieces from left
    to right, its height in pixels, and what coverage is ink."""

    coverage: Plane
    owners: Owners
    pieces: tuple[Piece, ...]
    height: float
    ink: float

    def box(self, first: int, last: int) -> Piece:
        """Return the box of the pieces from `first` to `last`."""
        found = self.pieces[first]
        for piece in self.pieces[first + 1 : last + 1]:
            found = found.with_(piece)
        return found

    def shape(self, first: int, last: int) -> Plane:
        """Return the shape of the pieces from `first` to `last`, without what belongs to others."""
        box = self.box(first, last)
        part = slice(box.top, box.bottom), slice(box.left, box.right)
        owners = self.owners[part]
        others = (owners > 0) & ((owners <= first) | (owners > last + 1))
        return shape_of(np.where(others, np.float32(0), self.coverage[part]))

    def stems(self, boxes: Sequence[Piece]) -> Plane:
        """Return the strokes along boxes, as `stems_of` gives them."""
        return stems_of([self.coverage[box.top : box.bottom, box.left : box.right] for box in boxes])

    def runs(self, begin: int, end: int) -> Iterator[tuple[int, int, Piece]]:
        """Yield first and last of all pieces from `begin` up to `end`, excluded, that may be one character, and their box."""
        for first in range(max(0, begin), min(end, len(self.pieces))):
            box = self.pieces[first]
            for last in range(first, min(first + PIECES, end, len(self.pieces))):
                box = box.with_(self.pieces[last])
                if box.width > WIDEST * self.height:
                    break
                yield first, last, box


def find_strips(text: Plane, scale: int) -> Iterator[tuple[float, Plane]]:
    """Yield what may be lines of print on a page of `scale` pixels a millimeter, from its foot up: where a line's foot is in mm, and its cut-out."""
    coarse = cv2.resize(text, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # enough to find lines, and four times as fast
    words = find_words(
        np.asarray(coarse, np.float32), scale / 2, smallest_mm=SMALLEST_MM, widest_mm=WIDEST_MM, ink=FAINTEST
    )
    boxes = _joined(words)
    lengths = (boxes[:, 2] - boxes[:, 0]) / np.maximum(boxes[:, 3] - boxes[:, 1], 1e-6)
    lines = boxes[lengths >= SHORTEST]
    for box in lines[np.argsort(-lines[:, 3])][:MOST_LINES]:
        left, top, right, bottom = (round(float(side) * scale) for side in box)
        part = slice(max(0, top - MARGIN_PX), bottom + MARGIN_PX), slice(max(0, left - ASIDE_PX), right + ASIDE_PX)
        yield float(box[3]), np.clip(text[part], 0, 1)


def _joined(words: Floats) -> Floats:
    """Return the boxes of lines: words that stand beside each other with no more than a blank between them."""
    lines: list[Floats] = []
    for word in words[np.argsort(words[:, 0])]:
        for number in range(len(lines) - 1, -1, -1):
            line = lines[number]
            low, high = sorted((line[3] - line[1], word[3] - word[1]))
            shared = min(line[3], word[3]) - max(line[1], word[1])
            if shared >= 0.6 * low and high <= 2.2 * low and word[0] - line[2] <= BLANK * high:
                lines[number] = np.concatenate([np.minimum(line[:2], word[:2]), np.maximum(line[2:], word[2:])])
                break
        else:
            lines.append(word)
    return np.array(lines).reshape(-1, 4)


def line_of(strip: Plane, *, sharpen: bool) -> Line | None:
    """Take a line's ink apart into pieces, after its blur was taken away where `sharpen`; None where there is too little ink."""
    coverage = _sharpened(strip) if sharpen else strip
    inked = coverage[coverage > FAINTEST]
    if not inked.size:
        return None
    ink = INK * float(np.percentile(inked, DARKEST))
    _, labels, stats, _ = cv2.connectedComponentsWithStats((coverage > ink).view(np.uint8), connectivity=8)
    tall = stats[1:, cv2.CC_STAT_HEIGHT]
    letters = tall[tall > 0.4 * (len(strip) - 2 * MARGIN_PX)]
    if len(letters) < 2:
        return None
    height = float(np.median(letters))
    found: list[tuple[Piece, int]] = []
    for label in range(1, len(stats)):
        x, y, width, high, area = (int(value) for value in stats[label])
        if area < max(3.0, SPECK * height**2):
            continue
        cuts = _cuts(coverage, labels, label, (x, y, width, high), height) if width > WIDE * height else []
        found.extend((piece, label) for piece in _pieces(labels, label, Piece(x, y, x + width, y + high), cuts))
    found.sort(key=lambda piece: piece[0].left + piece[0].right)
    owners = np.zeros(labels.shape, np.int32)
    for number, (piece, label) in enumerate(found, start=1):
        part = slice(piece.top, piece.bottom), slice(piece.left, piece.right)
        owners[part][labels[part] == label] = number
    return Line(coverage, owners, tuple(piece for piece, _ in found), height, ink)


def _sharpened(coverage: Plane) -> Plane:
    """Take away the blur of scanners and cameras (Richardson and Lucy's iteration), so that neighbors part."""
    found = coverage = np.maximum(coverage, np.float32(1e-3))
    for _ in range(SHARP_STEPS):
        ratio = coverage / cv2.GaussianBlur(found, (0, 0), BLUR_PX)
        found = found * cv2.GaussianBlur(ratio, (0, 0), BLUR_PX)
    return np.asarray(np.clip(found, 0, 1), np.float32)


def _pieces(labels: Owners, label: int, box: Piece, cuts: Sequence[int]) -> Iterator[Piece]:
    """Yield the parts of a piece of ink that is cut at some columns."""
    if not cuts:
        yield box
        return
    for left, right in pairwise([box.left, *cuts, box.right]):
        rows = np.flatnonzero((labels[box.top : box.bottom, left:right] == label).any(axis=1))
        if rows.size:
            yield Piece(left, box.top + int(rows[0]), right, box.top + int(rows[-1]) + 1)


def _cuts(coverage: Plane, labels: Owners, label: int, box: tuple[int, ...], height: float) -> list[int]:
    """Return the columns at which a wide piece may be two characters that touch: where there is less ink than to both sides."""
    x, y, width, high = box
    part = slice(y, y + high), slice(x, x + width)
    inked = np.where(labels[part] == label, coverage[part], 0).sum(axis=0)
    ink = np.convolve(inked, (0.25, 0.5, 0.25), mode="same")
    reach = max(1, round(APART * height))
    cuts: list[int] = []
    for column in np.argsort(ink, kind="stable"):
        if column < reach or column >= width - reach or any(abs(column + x - cut) < reach for cut in cuts):
            continue
        beside = min(ink[max(0, column - 2 * reach) : column].max(), ink[column + 1 : column + 1 + 2 * reach].max())
        if ink[column] <= VALLEY * beside:
            cuts.append(int(column + x))
    return sorted(cuts)
