"""How a print becomes a picture: what is done to the paper, where it comes to lie, and what is done to the pixels then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from ecgbench.core.page import Mask, Pixels
from ecgbench.plugins.image_sets.synthetic.covers import Front, Patch
from ecgbench.plugins.image_sets.synthetic.damage import Blur, Damage, Downscale, MotionBlur
from ecgbench.plugins.image_sets.synthetic.geometry import Geometry, Map, corners, inside_of, warp
from ecgbench.plugins.image_sets.synthetic.ground import Ground, drop_shadow
from ecgbench.plugins.image_sets.synthetic.handwriting import Note
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.ink import ink_text
from ecgbench.plugins.image_sets.synthetic.paper import Color
from ecgbench.plugins.image_sets.synthetic.relief import Bend
from ecgbench.plugins.image_sets.synthetic.render import lay_ink, lay_strokes
from ecgbench.plugins.image_sets.synthetic.screen import Screen
from ecgbench.plugins.image_sets.synthetic.sheet import Text
from ecgbench.plugins.image_sets.synthetic.surface import Layer, lit_surface
from ecgbench.plugins.image_sets.synthetic.tears import RIM_MM, TornSheet

STAMP_INK: Color = (70, 62, 60)  # of a text that was printed over the page later
SHARP_PX_PER_MM = 6.5  # below it, lines are so few pixels wide that linear interpolation would make them pale
FINER = 2.0  # times as fine as such a picture a print is that a camera takes it of
APERTURE_PX = 0.33  # deviation of what a pixel of that camera sees, in its pixels
FIBERS: Color = (244, 247, 248)  # white of a tear's rim


@dataclass(frozen=True, eq=False)
class Scene:
    """All that becomes of a print with geometry `flat`, in this order.

    On the paper: `patches` are stuck on it, `notes` written and `overprint` printed, then `ageing` changes all pixels, then `layers`
    take light away. `torn`: what is left of the sheet. Geometry: `bend` of the paper, then `matrix` (3, 3) from the print's pixels to
    the picture's, None where it stays as it is; `window` (x, y, width, height) is the part of that picture which is kept, None for all
    of it. `desk`: the ground around a sheet whose edges are seen; None where it is the paper's own color. `fronts` lie between it and
    the camera. `aperture_px`: deviation, in pixels of a print that is finer than the picture, of what one of the picture's pixels sees.
    In the camera: `screen` that shows the page, then `damages` in turn.
    """

    flat: Geometry
    patches: tuple[Patch, ...] = ()
    notes: tuple[Note, ...] = ()
    overprint: tuple[Text, ...] = ()
    ageing: tuple[Damage, ...] = ()
    layers: tuple[Layer, ...] = ()
    torn: TornSheet | None = None
    bend: Bend | None = None
    matrix: Float | None = None
    window: tuple[int, int, int, int] | None = None
    desk: Ground | None = None
    aperture_px: float = 0.0
    fronts: tuple[Front, ...] = ()
    screen: Screen | None = None
    damages: tuple[Damage, ...] = ()

    @property
    def blur_px(self) -> float:
        """Standard deviation of all blurs together, in pixels of the picture."""
        blurs = (damage.sigma_px for damage in self.damages if isinstance(damage, Blur | MotionBlur | Downscale))
        return float(np.sqrt(sum(sigma**2 for sigma in blurs)))

    @cached_property
    def geometry(self) -> Geometry:
        """Where the millimeters of the sheet lie in the picture, which is as large as the print where there is no window."""
        if self.matrix is None:
            return self.flat
        if self.window is None:
            return self.flat.moved(self.matrix, self.flat.shape, self.bend)
        left, top, width, height = self.window
        shift = np.array([(1.0, 0.0, -left), (0.0, 1.0, -top), (0.0, 0.0, 1.0)])
        return self.flat.moved(shift @ self.matrix, (height, width), self.bend)

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the sheet."""
        width, height = self.flat.to_mm(np.array([(self.flat.shape[1] - 0.5, self.flat.shape[0] - 0.5)]))[0]
        return float(width), float(height)

    @property
    def print_times(self) -> float:
        """How many times as fine as the sheet lies in `flat` the print should be: a camera does not see where a print has its pixels."""
        return FINER if self.desk is not None and self.flat.matrix[0, 0] < SHARP_PX_PER_MM else 1.0

    def printed(self, print_of: Geometry) -> Scene:
        """Return the scene with a print of another geometry, whose picture is the same."""
        if np.array_equal(print_of.matrix, self.flat.matrix):
            return replace(self, flat=print_of)
        assert self.matrix is not None
        finer = self.flat.matrix @ np.linalg.inv(print_of.matrix)
        height, width = self.flat.shape
        return replace(
            self, flat=print_of, matrix=self.matrix @ finer, window=self.window or (0, 0, width, height),
            aperture_px=APERTURE_PX / float(finer[0, 0]),
        )  # fmt: skip

    @property
    def outline(self) -> Float:
        """The outline (n, 2) of what is left of the sheet, in mm."""
        return corners(0.0, 0.0, *self.size_mm) if self.torn is None else self.torn.outline

    @property
    def corners(self) -> Float:
        """The corners (4, 2) of what is left of the sheet, in mm: on a torn-off edge, and where the edges of a torn-off corner meet."""
        return corners(0.0, 0.0, *self.size_mm) if self.torn is None else self.torn.corners

    def take(self, pixels: Pixels, paper: Color, rng: np.random.Generator) -> Pixels:
        """Return the picture of a print, (H, W, 3) uint8 each; `paper` is the color of its ground. `pixels` are left as they are."""
        pixels = self._on_paper(pixels, rng)
        if self.matrix is not None:
            mm = self.geometry.mm_map()
            pixels = self._laid(pixels, paper, mm, rng)
            if self.screen is not None:
                pixels = self.screen.show(pixels, mm)
            for front in self.fronts:
                front.lay(pixels)
        for damage in self.damages:
            pixels = damage.apply(pixels, rng)
        return pixels

    def move(self, coverage: Pixels, mm: Map | None) -> Pixels:
        """Return where ink of a print, (H, W) or (H, W, n) uint8 of how much it covers each pixel, lies in the picture.

        `mm`: the geometry's `mm_map`, which serves all layers of ink and the grid; None for a picture that is the print itself.
        """
        return coverage if mm is None else warp(coverage, self.flat, mm, np.zeros((*mm.shape[:2], *coverage.shape[2:]), np.uint8))

    def written(self) -> Pixels | None:
        """Return how much of each of the print's pixels notes and overprint cover, (H, W) uint8; None where there are none."""
        if not (self.notes or self.overprint):
            return None
        coverage = self._stamped()
        lay_strokes(coverage, [note.stroke for note in self.notes], self.flat)
        return coverage

    def uncovered(self, coverage: Pixels) -> Pixels:
        """Return how much of each of the print's pixels its own ink covers, (H, W) uint8, but where something is stuck on it."""
        if not self.patches:
            return coverage
        coverage = coverage.copy()
        for patch in self.patches:
            patch.uncover(coverage, float(self.flat.matrix[0, 0]))
        return coverage

    def left(self) -> Mask | None:
        """Return (H, W) bool, the picture's pixels that show the sheet; None where nothing of it was torn off."""
        return None if self.torn is None else inside_of(self.geometry, self.torn.outline)

    def _on_paper(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        scale = float(self.flat.matrix[0, 0])
        pixels = self._with_notes(pixels) if self.patches or self.notes or self.overprint else pixels
        for damage in self.ageing:
            pixels = damage.apply(pixels, rng)
        pixels = lit_surface(pixels, scale, self.layers)
        if self.torn is None:
            return pixels
        rim = [np.rint(self.flat.to_pixels(self.torn.outline) * 16).astype(np.int32)]
        return np.asarray(cv2.polylines(pixels.copy(), rim, True, FIBERS, max(1, round(2 * RIM_MM * scale)), cv2.LINE_AA, 4))

    def _with_notes(self, pixels: Pixels) -> Pixels:
        pixels = pixels.copy()
        for patch in self.patches:
            patch.lay(pixels, float(self.flat.matrix[0, 0]))
        for color in dict.fromkeys(note.color for note in self.notes):
            coverage = np.zeros(self.flat.shape, np.uint8)
            lay_strokes(coverage, [note.stroke for note in self.notes if note.color == color], self.flat)
            lay_ink(pixels, coverage, color)
        if self.overprint:
            lay_ink(pixels, self._stamped(), STAMP_INK)
        return pixels

    def _stamped(self) -> Pixels:
        coverage, scale = np.zeros(self.flat.shape, np.uint8), float(self.flat.matrix[0, 0])
        for text in self.overprint:
            ink_text(coverage, text.text, text.x_mm * scale, text.y_mm * scale, text.height_mm * scale)
        return coverage

    def _laid(self, pixels: Pixels, paper: Color, mm: Map, rng: np.random.Generator) -> Pixels:
        """Lay the print on its ground."""
        if self.desk is None:
            return warp(pixels, self.flat, mm, np.full((*self.geometry.shape, 3), paper, np.uint8))
        if self.aperture_px:
            pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), self.aperture_px), np.uint8)
        ground = self.desk.paint(self.geometry.shape)
        if self.screen is None:
            lift = self.geometry.shape[1] * rng.uniform(0.002, 0.008)
            outline, depth = self.geometry.path_to_pixels(self.outline), rng.uniform(0.2, 0.5)
            ground = drop_shadow(ground, outline, depth=depth, spread_px=2 * lift, offset_px=(lift, 1.5 * lift))
        left, sharp = self.left(), bool(self.flat.matrix[0, 0] < SHARP_PX_PER_MM)
        laid = warp(pixels, self.flat, mm, ground if left is None else ground.copy(), sharp=sharp)
        return laid if left is None else np.asarray(cv2.copyTo(laid, left.view(np.uint8), ground), dtype=np.uint8)
