"""Image sets of synthetic pages, and how their specs are read: `demo` and `synthetic?count=..&types=..&seed=..`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count as count_up
from itertools import islice
from zlib import crc32

from ecgbench.core.image_set import SpecError
from ecgbench.core.truth import Case
from ecgbench.plugins.image_sets.synthetic.choice import Choice, Within, of
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.lead_source import LeadSource, SeededHeart, stream
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.settings import read_settings
from ecgbench.plugins.image_sets.synthetic.style import Style, draw_style

KAGGLE_DPI, ANY_SEVERITY = of((200.0,)), Within(0, 1)


@dataclass(frozen=True)
class SyntheticSet:
    """Records, each printed once and shown as every one of `types`; endless where `pages` is None.

    Each record draws its `dpi` and its style, the latter from what is `given` for a field of Style and else from what is usual;
    each page draws its `severity`. `framing`: of all pages, as in SyntheticPage. `sources`: whose leads the records show, each in
    turn; where there are none, seeded hearts, which are drawn but for what `hearts` gives for a field of Heart.

    >>> [case.name for case in SyntheticSet(pages=3, types=("0001", "0005"))]
    ['00000-0001', '00000-0005', '00001-0001']
    """

    name: str = "synthetic"
    pages: int | None = 100
    types: tuple[str, ...] = tuple(KINDS)
    seed: int = 0
    dpi: Choice = KAGGLE_DPI
    severity: Choice = ANY_SEVERITY
    framing: str = "any"
    given: tuple[tuple[str, Choice], ...] = ()
    sources: tuple[LeadSource, ...] = ()
    hearts: tuple[tuple[str, Choice], ...] = ()

    def __iter__(self) -> Iterator[Case]:
        """Yield the cases, record by record."""
        records = range(len(self.sources)) if self.sources else count_up()
        return islice((page.to_case() for record in records for page in self._pages(record)), self.pages)

    def count(self) -> int | None:
        """Return the number of pages, None where the set is endless."""
        if not self.sources:
            return self.pages
        known = len(self.sources) * len(self.types)
        return known if self.pages is None else min(known, self.pages)

    def _pages(self, record: int) -> Iterator[SyntheticPage]:
        source = self._source(record)
        if self.sources and source is not None:  # what is drawn for a recording is its own, whatever else lies in the folder
            record = crc32(source.content_id.encode())
        style = draw_style(dict(self.given), lambda name: stream(self.seed, record, f"style {name}"))
        dpi = float(self.dpi.draw(stream(self.seed, record, "dpi")))
        for kind in self.types:
            severity = float(self.severity.draw(stream(self.seed, record, f"severity {kind}")))
            yield SyntheticPage(self.seed, record, kind, severity, dpi, style, source, self.framing)

    def _source(self, record: int) -> LeadSource | None:
        if self.sources:
            return self.sources[record]
        fixed = tuple((name, choice.draw(stream(self.seed, record, f"heart {name}"))) for name, choice in self.hearts)
        return SeededHeart(self.seed, record, fixed) if fixed else None


@dataclass(frozen=True)
class DemoSet:
    """Twelve pages of all nine kinds, seven grid colors and several layouts, from mild to severe; some at 150 dpi to keep it quick."""

    name: str = "demo"

    def __iter__(self) -> Iterator[Case]:
        """Yield the cases."""
        return (page.to_case() for page in demo_pages())

    def count(self) -> int:
        """Return 12."""
        return len(_DEMO)


DEMO_SEED = 25  # of development: methods may have been tuned on what everybody looks at
_DEMO = (
    ("0001", 0.0, 200, "3x4+1", "red", "framed"),
    ("0003", 0.2, 200, "3x4+1", "pink", "framed"),
    ("0004", 0.2, 150, "3x4", "grey", "framed"),
    ("0005", 0.2, 200, "3x4+1", "red", "framed"),
    ("0001", 0.0, 150, "6x2", "blue", "full"),
    ("0006", 0.4, 150, "6x2", "green", "boxed"),
    ("0012", 0.4, 200, "3x4+1", "black", "framed"),
    ("0009", 0.5, 150, "3x4+3", "blue", "full"),
    ("0001", 0.0, 200, "12x1", "black", "full"),
    ("0003", 1.0, 150, "3x4+1", "orange", "full"),
    ("0010", 0.6, 150, "6x2+1", "pink", "boxed"),
    ("0011", 1.0, 200, "3x4+1", "green", "framed"),
)


@lru_cache(maxsize=1)
def demo_pages() -> tuple[SyntheticPage, ...]:
    """Return the recipes of the demo's pages."""
    return tuple(
        SyntheticPage(DEMO_SEED, record, kind, severity, dpi, Style(layout=layout, color=color, frame=frame))
        for record, (kind, severity, dpi, layout, color, frame) in enumerate(_DEMO, start=1)
    )


def open_demo(spec: str) -> DemoSet | None:
    """Open "demo"."""
    name, _, settings = spec.partition("?")
    if name != "demo":
        return None
    if settings:
        raise SpecError(f'The set "demo" takes no settings, got "{settings}"; use synthetic?{settings} for pages of your own.')
    return DemoSet()


def open_synthetic(spec: str) -> SyntheticSet | None:
    """Open "synthetic" or "synthetic?count=..&types=..": see settings.KEYS. Raises SpecError that lists what is known.

    >>> open_synthetic("synthetic?count=endless&types=0001,0005&seed=7").count() is None
    True
    """
    name, _, settings = spec.partition("?")
    return SyntheticSet(name=spec, **read_settings(settings, spec)) if name == "synthetic" else None
