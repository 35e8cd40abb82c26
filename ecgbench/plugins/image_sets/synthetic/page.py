"""The recipe of a synthetic page: a heart, its printed sheet and what became of it, with the truth of all three."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from zlib import crc32

import numpy as np

from ecgbench.core.image_set import SpecError
from ecgbench.core.page import Box, Mask, Page, Pixels
from ecgbench.core.results import Signals
from ecgbench.core.truth import Case, CaseInfo, Truth
from ecgbench.plugins.image_sets.synthetic.geometry import Geometry, box_around, corners, crossings, grid_mask
from ecgbench.plugins.image_sets.synthetic.heart import Float, draw_heart, make_leads
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS, Scene
from ecgbench.plugins.image_sets.synthetic.render import Print, ink_coverage, render
from ecgbench.plugins.image_sets.synthetic.sheet import FRAMES, HEIGHT_MM, LAYOUTS, PAPERS, WIDTH_MM, Sheet, print_sheet

GENERATOR_VERSION = "1"  # part of every content id: raise it whenever the same recipe gives other pixels or another truth

FS = 500.0  # Hz
DPI_RANGE = (72.0, 600.0)
HALF_COVERED = 128  # of 255: ink coverage of at least one half

# A page is legible where a person can count 1 mm squares and follow the trace. Below 3 px/mm neighboring lines merge; a Gaussian
# blur of s mm leaves exp(-2 (pi s)^2) of the contrast of a 1 mm grating: 9 % at 0.35 mm, about what an eye can still make out.
FINEST_PX_PER_MM = 3.0
BLUR_LIMIT_MM = 0.35


@dataclass(frozen=True)
class SyntheticPage:
    """A recipe of one page: the same recipe gives the same bytes and the same truth, in any process.

    `seed`, `record`: which heart, and how its sheet was printed. `kind`: what became of the sheet ("0001" a render, "0003" a color
    scan, "0004" a black-and-white scan, "0005" a photo), from mild (`severity` 0) to severe (1). `dpi`: 72 to 600. `layout`: "3x4+1",
    "3x4" or "6x2". `color`: of the paper's grid. `frame`: "full" (grid to the paper's edge) or "framed" (white margin).
    Raises SpecError where one of them is not known.

    >>> page = SyntheticPage(dpi=100).make_page()
    >>> page.shape, page.content_id
    ((850, 1100), 'synthetic:1:seed=0:record=0:kind=0001:severity=0.0:dpi=100.0:layout=3x4+1:color=red:frame=framed')
    """

    seed: int = 0
    record: int = 0
    kind: str = "0001"
    severity: float = 0.0
    dpi: float = 200.0
    layout: str = "3x4+1"
    color: str = "red"
    frame: str = "framed"

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", float(self.severity))
        object.__setattr__(self, "dpi", float(self.dpi))
        for name, known in (("kind", KINDS), ("layout", LAYOUTS), ("color", PAPERS), ("frame", FRAMES)):
            value = getattr(self, name)
            if value not in known:
                raise SpecError(f"{value!r} is no {name} of a synthetic page; take one of {', '.join(known)}.")
        if self.seed < 0 or self.record < 0:
            raise SpecError("The seed and the record of a synthetic page are whole numbers from 0.")
        if not 0 <= self.severity <= 1:
            raise SpecError(f"The severity of a synthetic page lies in 0..1, got {self.severity:g}.")
        if not DPI_RANGE[0] <= self.dpi <= DPI_RANGE[1]:
            raise SpecError(f"A synthetic page has {DPI_RANGE[0]:g} to {DPI_RANGE[1]:g} dpi, got {self.dpi:g}.")

    @property
    def name(self) -> str:
        """Record and kind, as Kaggle names its files: "00012-0005"."""
        return f"{self.record:05d}-{self.kind}"

    @property
    def content_id(self) -> str:
        """The generator's version and every field of the recipe: equal ids mean equal pixels."""
        values = (f"{field.name}={getattr(self, field.name)}" for field in fields(self))
        return ":".join((f"synthetic:{GENERATOR_VERSION}", *values))

    def make_page(self) -> Page:
        """Make the page; its `dpi` is known but for photos, whose scale depends on the camera's distance."""
        picture = _picture(self)
        return Page(picture.pixels, self.name, self.content_id, None if picture.scene.desk else self.dpi, self.content_id)

    def read_truth(self) -> Truth:
        """Return what is known of the page: all of it."""
        return _picture(self).truth

    def to_case(self, name: str | None = None) -> Case:
        """Return the page as a case, named `name` or after its record and kind."""
        info = CaseInfo(
            name or self.name, self.content_id, self.content_id, f"synthetic:{self.seed}:{self.record}", self.kind,
            self.layout, self.color, self.dpi, self.severity,
        )  # fmt: skip
        return Case(info, self, self.read_truth)


@dataclass(frozen=True, eq=False)
class _Picture:
    """A made page before it is handed out: its sheet, its print, and what became of it."""

    sheet: Sheet
    flat: Print
    scene: Scene
    pixels: Pixels

    @cached_property
    def truth(self) -> Truth:
        """All that is known, worked out from the sheet's millimeters through the picture's geometry."""
        geometry, frame, paper = self.geometry, self.sheet.frame, self.sheet.paper
        box = self._content_box()
        center = geometry.to_mm(np.array([(box.x + (box.width - 1) / 2, box.y + (box.height - 1) / 2)]))[0]
        rows, columns = geometry.jacobian(center).T
        fine_x, fine_y = crossings(geometry, frame, 1)
        bold_x, bold_y = crossings(geometry, frame, 5)
        trace = self._trace()
        grid = grid_mask(geometry, frame, paper.fine_mm, paper.bold_mm) & ~self._inked(trace)
        for mask in (trace, grid):
            mask.setflags(write=False)
        return Truth(
            content_box=box,
            trace_mask=trace,
            grid_mask=grid,
            px_per_mm_x=float(np.hypot(*rows)),
            px_per_mm_y=float(np.hypot(*columns)),
            has_grid=True,
            angle_deg=float(np.rad2deg(np.arctan2(rows[1], rows[0]))),
            fine_x=fine_x, fine_y=fine_y, bold_x=bold_x, bold_y=bold_y,
            legible=self._legible(float(np.sqrt(np.hypot(*rows) * np.hypot(*columns)))),
            signals=Signals(FS, self.sheet.shown, self.sheet.layout.name),
            layout=self.sheet.layout.name,
        )  # fmt: skip

    @cached_property
    def geometry(self) -> Geometry:
        """Where the sheet's millimeters lie in the picture."""
        return self.scene.geometry(self.flat.geometry)

    def _trace(self) -> Mask:
        moved = self.scene.matrix is not None
        coverage = ink_coverage(self.sheet.traces, self.geometry) if moved else self.flat.trace
        return np.asarray(coverage >= HALF_COVERED)

    def _inked(self, trace: Mask) -> Mask:
        """Return where ink hides the grid: traces, calibration pulses, separators and text."""
        return np.asarray((self.scene.move(self.flat.ink) >= HALF_COVERED) | trace)

    def _content_box(self) -> Box:
        """Return the box of the sheet where its edges are seen (on a desk), else of everything that is printed on it."""
        shape = self.geometry.shape
        if self.scene.desk is not None:
            return box_around(self.geometry.to_pixels(corners(0, 0, WIDTH_MM, HEIGHT_MM)), shape)
        frame, half_line = self.sheet.frame, self.sheet.paper.bold_mm / 2
        edges = corners(frame.left - half_line, frame.top - half_line, frame.right + half_line, frame.bottom + half_line)
        texts = [corners(*box) for box in self.flat.text_boxes_mm]
        strokes: list[Float] = [stroke.points for stroke in (*self.sheet.traces, *self.sheet.marks)]
        return box_around(self.geometry.to_pixels(np.vstack([edges, *texts, *strokes])), shape)

    def _legible(self, px_per_mm: float) -> bool:
        return px_per_mm >= FINEST_PX_PER_MM and self.scene.blur_px <= BLUR_LIMIT_MM * px_per_mm


def stream(seed: int, record: int, purpose: str) -> np.random.Generator:
    """Return the source of chance for one purpose of one record; new purposes leave the others as they are."""
    return np.random.default_rng([seed, record, crc32(purpose.encode())])


@lru_cache(maxsize=2)  # a page and its truth are asked for one after the other; two, for two threads
def _picture(recipe: SyntheticPage) -> _Picture:
    sheet = _sheet(recipe)
    flat = render(sheet, recipe.dpi)
    rng = stream(recipe.seed, recipe.record, recipe.kind)
    scene = KINDS[recipe.kind](flat.geometry.shape, recipe.severity, rng)
    pixels = scene.take(flat.pixels, sheet.paper.ground, rng)
    return _Picture(sheet, flat, scene, pixels)


def _sheet(recipe: SyntheticPage) -> Sheet:
    rng = stream(recipe.seed, recipe.record, "sheet")
    heart = draw_heart(rng)
    leads = make_leads(heart, rng, fs=FS)
    gray = round(rng.uniform(0, 60))
    return print_sheet(
        leads,
        LAYOUTS[recipe.layout],
        PAPERS[recipe.color],
        FRAMES[recipe.frame],
        ink=(gray + 10, gray, gray),
        trace_mm=float(rng.uniform(0.2, 0.4)),
        title=f"ID: {recipe.seed}-{recipe.record:05d}\nRate {heart.rate_bpm:.0f} bpm",
        fs=FS,
    )
