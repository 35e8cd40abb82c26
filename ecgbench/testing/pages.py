"""The pages that methods are tried on: an ordinary one, and those that hardly are pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Page, Pixels

WHITE, BLACK, MIDDLE_GRAY = 255, 0, 128
HEIGHT, WIDTH = 550, 850  # half a letter sheet at 100 dpi: quick, and all that a page has is on it
PX_PER_MM = 4
RED_GRID, BOLD_GRID, INK = (190, 190, 250), (140, 140, 240), (35, 25, 25)  # BGR of usual red paper and black ink
SEED = 20  # of noise: any would do, but it must be the same in every process


def _flat(height: int, width: int, level: int = WHITE) -> Pixels:
    return np.full((height, width, 3), level, np.uint8)


def _ordinary() -> Pixels:
    """Draw red paper with four leads of nine or ten beats, labels, and a white margin."""
    page, edge, top, bottom = _flat(HEIGHT, WIDTH, 250), 5 * PX_PER_MM, 5 * PX_PER_MM, HEIGHT - 6 * PX_PER_MM
    for step, color in ((PX_PER_MM, RED_GRID), (5 * PX_PER_MM, BOLD_GRID)):
        page[top:bottom, edge : WIDTH - edge : step] = color
        page[top:bottom:step, edge : WIDTH - edge] = color
    x = np.arange(edge + 8, WIDTH - edge - 8)
    for row, label in enumerate(("I", "II", "III", "V1")):
        middle = 90 + 115 * row
        wave = np.column_stack([x, middle - _beats(x, row) * 10 * PX_PER_MM])
        cv2.polylines(page, [np.rint(wave).astype(np.int32)], False, INK, 2, cv2.LINE_AA)
        cv2.putText(page, label, (edge + 10, middle - 50), cv2.FONT_HERSHEY_SIMPLEX, 0.5, INK, 1, cv2.LINE_AA)
    return page


def _beats(x: npt.NDArray[np.int64], row: int) -> npt.NDArray[np.float64]:
    """Return mV at each column: P, QRS and T as bells, a beat every 0.8 s at 25 mm/s."""
    phase = (x / (25.0 * PX_PER_MM) + 0.1 * row) % 0.8
    bells = ((0.12, 0.03, 0.12), (0.28, 0.012, 0.9), (0.31, 0.012, -0.3), (0.5, 0.05, 0.25))
    sizes = np.stack([size * np.exp(-(((phase - at) / width) ** 2)) for at, width, size in bells])
    return np.asarray(sizes.sum(axis=0), dtype=np.float64)


def _noise(height: int, width: int) -> Pixels:
    return np.random.default_rng(SEED).integers(0, 256, (height, width, 3), np.uint8)


def _specks() -> Pixels:
    page, drawn = _flat(200, 301), np.random.default_rng(SEED).random((200, 301))
    page[drawn < 0.05] = BLACK
    return page


def _checkerboard() -> Pixels:
    return np.repeat((np.indices((101, 150)).sum(axis=0) % 2 * WHITE).astype(np.uint8)[..., None], 3, axis=2)


def _cut(height: int, width: int) -> Pixels:
    return np.ascontiguousarray(_ordinary()[40 : 40 + height, 30 : 30 + width])


def _turned() -> Pixels:
    return np.ascontiguousarray(np.rot90(_ordinary()))


MAKERS: dict[str, Callable[[], Pixels]] = {
    "ordinary": _ordinary,
    "ordinary, upright": _turned,
    "blank white 400x600": lambda: _flat(400, 600),
    "blank gray 200x300": lambda: _flat(200, 300, MIDDLE_GRAY),
    "all black 200x300": lambda: _flat(200, 300, BLACK),
    "white 1x1": lambda: _flat(1, 1),
    "black 1x1": lambda: _flat(1, 1, BLACK),
    "white 1x50": lambda: _flat(1, 50),
    "noise 1x50": lambda: _noise(1, 50),
    "noise 50x1": lambda: _noise(50, 1),
    "noise 2x2": lambda: _noise(2, 2),
    "noise 3x5": lambda: _noise(3, 5),
    "331x517": lambda: _cut(331, 517),
    "97x101": lambda: _cut(97, 101),
    "strip 8x4000": lambda: np.ascontiguousarray(np.tile(_cut(8, 400), (1, 10, 1))),
    "strip 4000x8": lambda: np.ascontiguousarray(np.tile(_cut(400, 8), (10, 1, 1))),
    "white 1x20000": lambda: _flat(1, 20_000),
    "noise 200x301": lambda: _noise(200, 301),
    "specks 200x301": _specks,
    "checkerboard 101x150": _checkerboard,
}
NAMES = tuple(MAKERS)  # a page's place among them is the label that a worker beats with

BLANK = ("blank white 400x600", "blank gray 200x300")
DARK = ("all black 200x300",)
TINY = ("white 1x1", "black 1x1", "white 1x50", "noise 1x50", "noise 50x1", "noise 2x2", "noise 3x5")
ODD = ("ordinary, upright", "331x517", "97x101")
LONG = ("strip 8x4000", "strip 4000x8", "white 1x20000")
NOISY = ("noise 200x301", "specks 200x301", "checkerboard 101x150")


@cache
def sample_page(name: str) -> Page:
    """Return a page of MAKERS, the same pixels in every process.

    >>> sample_page("noise 50x1").shape
    (50, 1)
    """
    return Page(MAKERS[name](), name=name, origin="ecgbench.testing")
