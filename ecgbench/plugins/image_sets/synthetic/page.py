"""The recipe of a synthetic page: whose leads, how they are printed, and what becomes of the print."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ecgbench.core.image_set import SpecError
from ecgbench.core.page import Page, frozen
from ecgbench.core.truth import Case, CaseInfo, Truth
from ecgbench.plugins.image_sets.synthetic.accidents import with_accidents
from ecgbench.plugins.image_sets.synthetic.choice import text_of
from ecgbench.plugins.image_sets.synthetic.filtering import passed
from ecgbench.plugins.image_sets.synthetic.framing import FRAMINGS, come_close
from ecgbench.plugins.image_sets.synthetic.geometry import flat_geometry
from ecgbench.plugins.image_sets.synthetic.header import header_of
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.lead_source import LeadSource, SeededHeart, stream
from ecgbench.plugins.image_sets.synthetic.picture import Picture
from ecgbench.plugins.image_sets.synthetic.placement import fitted
from ecgbench.plugins.image_sets.synthetic.render import render
from ecgbench.plugins.image_sets.synthetic.sheet import print_sheet
from ecgbench.plugins.image_sets.synthetic.style import Style

GENERATOR_VERSION = "10"  # part of every content id: raise it whenever the same recipe gives other pixels or another truth

DPI_RANGE = (72.0, 600.0)
USUAL = Style()


@dataclass(frozen=True)
class SyntheticPage:
    """A recipe of one page: the same recipe gives the same bytes and the same truth, in any process.

    `seed`, `record`: all chance comes from them. `kind`: what became of the sheet ("0001" a render, "0003" a color scan, "0004" a
    black-and-white scan, "0005" a photo, ...), from mild (`severity` 0) to severe (1). `dpi`: 72 to 600. `style`: how the sheet is
    printed. `source`: whose leads it shows, a heart drawn by seed and record where it is None. `framing`: "close" cuts the picture to
    the traces and what stands around them, "whole" leaves it, "any" does either with photos.
    Raises SpecError where one of them is not known.

    >>> page = SyntheticPage(dpi=100).make_page()
    >>> page.shape, page.content_id
    ((850, 1100), 'synthetic:10:seed=0:record=0:kind=0001:severity=0:dpi=100:source=heart:framing=any:layout=3x4+1:color=red:...')
    """

    seed: int = 0
    record: int = 0
    kind: str = "0001"
    severity: float = 0.0
    dpi: float = 200.0
    style: Style = USUAL
    source: LeadSource | None = None
    framing: str = "any"

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", float(self.severity))
        object.__setattr__(self, "dpi", float(self.dpi))
        if self.kind not in KINDS:
            raise SpecError(f"{self.kind!r} is no kind of a synthetic page; take one of {', '.join(KINDS)}.")
        if self.seed < 0 or self.record < 0:
            raise SpecError("The seed and the record of a synthetic page are whole numbers from 0.")
        if self.framing not in FRAMINGS:
            raise SpecError(f"{self.framing!r} is no framing of a synthetic page; take one of {', '.join(FRAMINGS)}.")
        if not 0 <= self.severity <= 1:
            raise SpecError(f"The severity of a synthetic page lies in 0..1, got {self.severity:g}.")
        if not DPI_RANGE[0] <= self.dpi <= DPI_RANGE[1]:
            raise SpecError(f"A synthetic page has {DPI_RANGE[0]:g} to {DPI_RANGE[1]:g} dpi, got {self.dpi:g}.")

    @property
    def leads(self) -> LeadSource:
        """Whose leads the page shows."""
        return SeededHeart(self.seed, self.record) if self.source is None else self.source

    @property
    def name(self) -> str:
        """Record and kind, as Kaggle names its files: "00012-0005"."""
        return f"{self.leads.name}-{self.kind}"

    @property
    def content_id(self) -> str:
        """The generator's version and every field of the recipe: equal ids mean equal pixels."""
        source = "heart" if self.source is None else self.source.content_id
        fields = (
            f"seed={self.seed}:record={self.record}:kind={self.kind}:severity={text_of(self.severity)}:"
            f"dpi={text_of(self.dpi)}:source={source}:framing={self.framing}"
        )
        return f"synthetic:{GENERATOR_VERSION}:{fields}:{self.style.said()}"

    def make_page(self) -> Page:
        """Make the page; its `dpi` is known but for photos, whose scale depends on the camera's distance."""
        picture = _picture(self)
        return Page(frozen(picture.pixels), self.name, self.content_id, None if picture.scene.desk else self.dpi, self.content_id)

    def read_truth(self) -> Truth:
        """Return what is known of the page: all of it."""
        return _picture(self).truth

    def to_case(self, name: str | None = None) -> Case:
        """Return the page as a case, named `name` or after its record and kind."""
        identity = self.content_id  # one text, which travels once
        info = CaseInfo(
            name or self.name, identity, identity, self.leads.record, self.kind, self.style.layout,
            self.style.grid_color, self.dpi, self.severity,
        )  # fmt: skip
        return Case(info, self, self.read_truth)


@lru_cache(maxsize=2)  # a page and its truth are asked for one after the other; two, for two threads
def _picture(recipe: SyntheticPage) -> Picture:
    recording = passed(recipe.leads.read(), recipe.style.filter_hz)
    style = fitted(recipe.style, recording)
    header = header_of(recording, style, stream(recipe.seed, recipe.record, "header"))
    sheet = print_sheet(recording, style, header)
    rng, lies = stream(recipe.seed, recipe.record, recipe.kind), flat_geometry(recipe.dpi, sheet.size_mm)
    scene = KINDS[recipe.kind](lies, recipe.severity, rng)
    flat = render(sheet, scene.print_times * recipe.dpi)
    scene = scene.printed(flat.geometry)
    marks = sheet.pulses if style.pulse == "right" else ()  # on the left, they are cut off as often as not
    inked = np.vstack([*(stroke.points for stroke in (*sheet.traces, *marks)), np.empty((0, 2))])
    scene = come_close(scene, inked, stream(recipe.seed, recipe.record, "framing"), recipe.framing)
    scene = with_accidents(scene, inked, recipe.kind, recipe.severity, stream(recipe.seed, recipe.record, "accidents"))
    return Picture(flat, scene, scene.take(flat.pixels, sheet.paper.edge, rng))
