"""A line of print taken apart: pieces of ink that are characters, parts of one, or several that touch and were cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.glyphs import shape_of
from ecgbench.plugins.digitize.strokes import stems_of
from ecgbench.plugins.digitize.text_lines import FAINTEST, MARGIN_PX

Plane = npt.NDArray[np.float32]
Owners = npt.NDArray[np.int32]

INK = 0.35  # of a line's darkest print
DARKEST = 95.0  # percentile of what is inked
SHARP_STEPS, BLUR_PX = 8, 1.4  # iterations, and the blur that they take away: scanners of the sample set have 1 to 2.5 pixels
SPECK = 0.02  # of the square of a line's height; less ink is dirt
WIDE = 0.75  # a piece that is wider, by the line's height, may be several characters that touch
VALLEY = 0.85  # of the ink in the columns beside it, where two characters may touch
APART = 0.15  # between such places, by the line's height
PIECES = 6  # of which a character may consist
WIDEST = 2.3  # a character, by the line's height


class Piece(NamedTuple):
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
    """A line of print, taken apart.

    `coverage`: (h, w). `owners`: (h, w), whose ink each pixel is, a piece's number from 1, else 0. `pieces`: from left to right.
    `height`: of its characters, in pixels. `ink`: coverage beyond which there is ink.
    """

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

    def runs_from(self, first: int) -> Iterator[tuple[int, Piece]]:
        """Yield the last of all pieces from `first` on that may be one character, and their box."""
        box = self.pieces[first] if first < len(self.pieces) else None
        for last in range(first, min(first + PIECES, len(self.pieces))):
            assert box is not None
            box = box.with_(self.pieces[last])
            if box.width > WIDEST * self.height:
                return
            yield last, box

    def runs_to(self, last: int) -> Iterator[tuple[int, Piece]]:
        """Yield the first of all pieces up to `last`, included, that may be one character, and their box."""
        box = self.pieces[last] if last >= 0 else None
        for first in range(last, max(-1, last - PIECES), -1):
            assert box is not None
            box = box.with_(self.pieces[first])
            if box.width > WIDEST * self.height:
                return
            yield first, box


def line_of(strip: Plane, *, sharpen: bool) -> Line | None:
    """Take a line's ink apart into pieces, after its blur was taken away where `sharpen`; None where there is too little ink."""
    coverage = _sharpened(strip) if sharpen else strip
    inked = coverage[coverage > FAINTEST]
    if not inked.size:
        return None
    ink = INK * float(np.percentile(inked, DARKEST))
    _, found_labels, stats, _ = cv2.connectedComponentsWithStats((coverage > ink).view(np.uint8), connectivity=8)
    labels = np.asarray(found_labels, np.int32)
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
    inner = ink[reach : width - reach]
    before, behind = ink[reach - 1 : width - reach - 1], ink[reach + 1 : width - reach + 1]
    lowest = reach + np.flatnonzero((inner <= before) & (inner <= behind))
    for column in lowest[np.argsort(ink[lowest], kind="stable")]:
        if any(abs(column + x - cut) < reach for cut in cuts):
            continue
        beside = min(ink[max(0, column - 2 * reach) : column].max(), ink[column + 1 : column + 1 + 2 * reach].max())
        if ink[column] <= VALLEY * beside:
            cuts.append(int(column + x))
    return sorted(cuts)
