"""What is known of a page, and a page together with what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ecgbench.core.page import Box, Mask, Page

if TYPE_CHECKING:
    from ecgbench.core.results import Positions, Signals


@dataclass(frozen=True, eq=False)
class TraceTruth:
    """One drawn stretch of one lead; a page shows lead II twice where it is the rhythm strip too.

    `points`: float64 (n, 2), the (x, y) pixel position of each sample, sub-pixel, pixel centers at whole numbers. `start_s`: the time of
    the first sample within the recording, in seconds. `box`: the area of the page that the stretch was given. `fs`: samples per second.
    """

    lead: str
    points: Positions
    fs: float
    start_s: float = 0.0
    box: Box | None = None


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of a page; None is "not known", and a metric that needs it gives no score.

    `corners`: float64 (4, 2), (x, y) of the paper's corners, clockwise from its upper left one. `label_mask`, `pulse_mask`, `separator_mask`:
    (H, W) bool, ink of text, calibration pulses and lead separators, which is not trace. `traces`: each drawn stretch of a lead.
    `mm_per_s`, `mm_per_mv`: paper speed and gain.
    `content_box`: Box of the paper or printed content, in pixels. `trace_mask`: (H, W) bool, ink coverage of at least 50 %.
    `grid_mask`: (H, W) bool. `px_per_mm_x`, `px_per_mm_y`: pixels in a millimetre at the content's center.
    `has_grid`: False on pages known to show none. `angle_deg`: as in GridFit. `fine_x` .. `bold_y`: line positions as in GridFit.
    `legible`: whether a person could digitize the page. `signals`: leads in mV. `layout`: "3x4+1", ...
    """

    content_box: Box | None = None
    trace_mask: Mask | None = None
    grid_mask: Mask | None = None
    px_per_mm_x: float | None = None
    px_per_mm_y: float | None = None
    has_grid: bool | None = None
    angle_deg: float | None = None
    fine_x: Positions | None = None
    fine_y: Positions | None = None
    bold_x: Positions | None = None
    bold_y: Positions | None = None
    legible: bool | None = None
    signals: Signals | None = None
    layout: str | None = None
    corners: Positions | None = None
    label_mask: Mask | None = None
    pulse_mask: Mask | None = None
    separator_mask: Mask | None = None
    traces: tuple[TraceTruth, ...] | None = None
    mm_per_s: float | None = None
    mm_per_mv: float | None = None


@runtime_checkable
class PageMaker(Protocol):
    """A picklable recipe of a page: it makes the page where it is needed, so that pixels need not travel."""

    def make_page(self) -> Page:
        """Make the page; the same recipe gives the same bytes."""


@runtime_checkable
class RemotePage(PageMaker, Protocol):
    """A recipe of a page that lies on another machine."""

    def fetch_ahead(self) -> bool:
        """Bring what it is made of to this machine, for whoever makes it later; return whether it came. Never raises for what it could not bring."""

    def make_file(self) -> Path:
        """Bring it to this machine as a file; raise PageError where that cannot be done."""


@dataclass(frozen=True)
class CaseInfo:
    """What the store keeps of a case; small, JSON-safe, and without pixels.

    `name` is unique within its image set. `content_id` identifies the pixels ("sha256:..." of a file's bytes, or generator,
    version, seed and index), None until somebody has read them. `record` is the unit that confidence intervals resample:
    nine damages of one record are one unit. The rest breaks results down.
    """

    name: str
    source: str
    content_id: str | None = None
    record: str | None = None
    type: str | None = None
    layout: str | None = None
    grid_color: str | None = None
    dpi: float | None = None
    severity: float | None = None


@dataclass(frozen=True)
class Case:
    """A page, or how to load it, plus its truth.

    `source`: what `open_page` takes: a path, bytes, an array, a Page or a PageMaker. `truth`: a Truth, or a picklable
    function that gives one (called in the worker, after the page was made).
    """

    info: CaseInfo
    source: Any
    truth: Truth | Callable[[], Truth] = Truth()

    @property
    def name(self) -> str:
        """The case's name within its image set."""
        return self.info.name

    def read_truth(self) -> Truth:
        """Return the truth, reading it where it is not at hand."""
        return self.truth if isinstance(self.truth, Truth) else self.truth()
