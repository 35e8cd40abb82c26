"""Printed characters, told by their shape: templates rendered from fonts that come with packages the bench needs anyway."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]

HIGH, WIDE = 16, 28  # pixels that characters are brought to, with their proportions: a wide m is 1.7 times as wide as high
RENDERED_PX = 32  # size of the fonts that templates are cut from
SOFTENED_PX = (0.8, 1.9)  # sigma of a template's blur, sharp pages and soft ones: scans of the sample set have up to 0.3 mm
EDGE = 0.5  # of the darkest ink of a template, where it is cut out; pages are cut there as well
STRETCHES = (0.86, 1.0, 1.16)  # of a template's width: narrow and wide fonts
WANTED = "m0123456789.s/V"  # what numbers and units are written with
OTHERS = "cnhuwvxrkaegoBDHNRWA"  # what is near to them in shape, so that it is known for something else
# Grotesques, typewriters and serifs of matplotlib, and the font that comes with Pillow (None); each with how much its strokes are
# thickened, in pixels of RENDERED_PX: devices print the same letters light and bold.
FONTS: tuple[tuple[str | None, int], ...] = (
    ("DejaVuSans.ttf", 0), ("DejaVuSans-Bold.ttf", 0), ("DejaVuSansMono.ttf", 0), ("DejaVuSansMono-Bold.ttf", 0), ("DejaVuSerif.ttf", 0),
    ("STIXGeneral.ttf", 0), ("STIXGeneral.ttf", 1), ("STIXGeneralItalic.ttf", 0), ("cmss10.ttf", 0), ("cmss10.ttf", 1), ("cmtt10.ttf", 0),
    (None, 0), (None, 1),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Templates:
    """Shapes, (n, HIGH * WIDE) float32 as `shape_of` gives them, those of one character one after the other from `first` on."""

    characters: str
    shapes: Plane
    first: npt.NDArray[np.intp]

    def range_of(self, character: str) -> tuple[int, int]:
        """Return which shapes are those of a character: from the first to behind the last."""
        number = self.characters.index(character)
        return int(self.first[number]), int(self.first[number + 1]) if number + 1 < len(self.first) else len(self.shapes)

    def likeness_to(self, character: str, shapes: Plane) -> Plane:
        """Return how like each shape (m, HIGH * WIDE) is to one character, (m,): the best correlation, -1 to 1."""
        first, last = self.range_of(character)
        return np.asarray((shapes @ self.shapes[first:last].T).max(axis=1), np.float32)

    def likeness(self, shapes: Plane, count: int | None = None) -> Plane:
        """Return how like each shape (m, HIGH * WIDE) is to each of the first `count` characters, (m, count): the best correlation, -1 to 1."""
        end = len(self.shapes) if count is None or count >= len(self.first) else self.first[count]
        return np.asarray(np.maximum.reduceat(shapes @ self.shapes[:end].T, self.first[:count], axis=1), np.float32)


def shape_of(letter: Plane) -> Plane:
    """Return a character's coverage, cut to its ink, brought to HIGH x WIDE pixels with its proportions, mean 0 and norm 1."""
    height, width = letter.shape
    scale = min(HIGH / height, WIDE / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(letter, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    shape = np.zeros((HIGH, WIDE), np.float32)
    top, left = (HIGH - size[1]) // 2, (WIDE - size[0]) // 2
    shape[top : top + size[1], left : left + size[0]] = small
    flat = shape.ravel() - shape.mean()
    return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-6), np.float32)


@lru_cache(maxsize=4)
def templates(fonts: Sequence[tuple[str | None, int]] = FONTS) -> Templates:
    """Render all characters in some fonts; made once a process, in a tenth of a second."""
    faces = [(face_of(font), thicker) for font, thicker in fonts]
    shapes = [
        [shape for face in faces for shape in _shapes(*face, character, STRETCHES if character in WANTED else (1.0,))]
        for character in WANTED + OTHERS
    ]
    first = np.concatenate([[0], np.cumsum([len(some) for some in shapes])[:-1]])
    return Templates(WANTED + OTHERS, np.vstack([np.vstack(some) for some in shapes]), first)


def _shapes(face: Any, thicker: int, character: str, stretches: Sequence[float]) -> list[Plane]:
    glyph = face.getmask(character, mode="L", stroke_width=thicker)
    coverage = np.asarray(glyph, np.float32).reshape(glyph.size[::-1]) / 255
    _, _, _, height = cv2.boundingRect((coverage > EDGE).astype(np.uint8))
    border = RENDERED_PX // 4
    wide = cv2.copyMakeBorder(coverage, border, border, border, border, cv2.BORDER_CONSTANT)
    softened = [cv2.GaussianBlur(wide, (0, 0), sigma * height / HIGH) for sigma in SOFTENED_PX]
    return [
        shape_of(np.asarray(cv2.resize(cut, (max(1, round(cut.shape[1] * by)), cut.shape[0])), np.float32))
        for soft in softened
        for cut in [_cut_out(np.asarray(soft, np.float32))]
        for by in stretches
    ]


def _cut_out(coverage: Plane) -> Plane:
    x, y, width, height = cv2.boundingRect((coverage > EDGE * coverage.max()).astype(np.uint8))
    return coverage[y : y + height, x : x + width]


def face_of(font: str | None) -> Any:
    """Return a font of FONTS, RENDERED_PX high."""
    from PIL import ImageFont  # slow to import

    if font is None:
        return ImageFont.load_default(RENDERED_PX)
    found = importlib.util.find_spec("matplotlib")  # its fonts are read without the package, which takes long to import
    assert found is not None and found.origin is not None
    return ImageFont.truetype(str(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / font), RENDERED_PX)
