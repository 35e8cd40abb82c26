"""Image sets of synthetic pages, and their openers: `demo` and `synthetic?count=..&types=..&seed=..`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count as count_up
from itertools import islice
from typing import Any
from urllib.parse import unquote

from ecgbench.core.image_set import ImageSetOpener, SpecError
from ecgbench.core.truth import Case
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage, stream
from ecgbench.plugins.image_sets.synthetic.sheet import FRAMES, LAYOUTS, PAPERS


@dataclass(frozen=True)
class SyntheticSet:
    """Records of seeded hearts, each printed once and shown as every one of `types`; endless where `pages` is None.

    `layouts`, `colors`: each record draws one. `severity`: of all pages, drawn anew for each page where it is None.

    >>> [case.name for case in SyntheticSet(pages=3, types=("0001", "0005"))]
    ['00000-0001', '00000-0005', '00001-0001']
    """

    name: str = "synthetic"
    pages: int | None = 100
    types: tuple[str, ...] = tuple(KINDS)
    seed: int = 0
    dpi: float = 200.0
    layouts: tuple[str, ...] = tuple(LAYOUTS)
    colors: tuple[str, ...] = tuple(PAPERS)
    severity: float | None = None

    def __iter__(self) -> Iterator[Case]:
        """Yield the cases, record by record."""
        return islice((self._page(record, kind).to_case() for record in count_up() for kind in self.types), self.pages)

    def count(self) -> int | None:
        """Return the number of pages, None where the set is endless."""
        return self.pages

    def _page(self, record: int, kind: str) -> SyntheticPage:
        choose = stream(self.seed, record, "style")
        layout, color, frame = (str(choose.choice(names)) for names in (self.layouts, self.colors, tuple(FRAMES)))
        severity = self.severity
        if severity is None:
            severity = round(float(stream(self.seed, record, f"severity {kind}").uniform(0, 1)), 3)
        return SyntheticPage(self.seed, record, kind, severity, self.dpi, layout, color, frame)


@dataclass(frozen=True)
class DemoSet:
    """Twelve pages of four kinds, six grid colors and three layouts, from mild to severe; some at 150 dpi to keep it quick."""

    name: str = "demo"

    def __iter__(self) -> Iterator[Case]:
        """Yield the cases."""
        return (page.to_case() for page in DEMO_PAGES)

    def count(self) -> int:
        """Return 12."""
        return len(DEMO_PAGES)


DEMO_SEED = 2025
DEMO_PAGES = tuple(
    SyntheticPage(DEMO_SEED, record, *style)
    for record, style in enumerate(
        (
            ("0001", 0.0, 200, "3x4+1", "red", "framed"),
            ("0003", 0.2, 200, "3x4+1", "pink", "framed"),
            ("0004", 0.2, 150, "3x4", "grey", "framed"),
            ("0005", 0.2, 200, "3x4+1", "red", "framed"),
            ("0001", 0.0, 150, "6x2", "blue", "full"),
            ("0003", 0.6, 150, "6x2", "green", "framed"),
            ("0004", 0.6, 200, "3x4+1", "black", "framed"),
            ("0005", 0.5, 150, "3x4", "blue", "full"),
            ("0001", 0.0, 200, "3x4+1", "black", "full"),
            ("0003", 1.0, 150, "3x4+1", "grey", "full"),
            ("0004", 1.0, 150, "6x2", "pink", "framed"),
            ("0005", 1.0, 200, "3x4+1", "green", "framed"),
        ),
        start=1,
    )
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
    """Open "synthetic" or "synthetic?count=..&types=..": see SETTINGS. Raises SpecError that lists what is known.

    >>> open_synthetic("synthetic?count=endless&types=0001,0005&seed=7").count() is None
    True
    """
    name, _, settings = spec.partition("?")
    if name != "synthetic":
        return None
    values: dict[str, Any] = {"name": spec}
    for setting in filter(None, settings.split("&")):
        key, _, text = setting.partition("=")
        if key not in SETTINGS:
            raise SpecError(f'A synthetic set knows no setting "{key}"; it knows {", ".join(SETTINGS)}.')
        field, read = SETTINGS[key]
        if field in values:
            raise SpecError(f'"{key}" stands twice in {spec}; give it once.')
        values[field] = read(key, unquote(text))
    return SyntheticSet(**values)


def _whole(key: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise SpecError(f'"{key}" of a synthetic set is a whole number from 0, got "{text}".')
    return int(text)


def _pages(key: str, text: str) -> int | None:
    if text == "endless":
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SpecError(f'"{key}" of a synthetic set is a number of pages from 1, or endless, got "{text}".')
    return int(text)


def _within(low: float, high: float) -> Callable[[str, str], float]:
    def read(key: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise SpecError(f'"{key}" of a synthetic set is a number from {low:g} to {high:g}, got "{text}".')
        return value

    return read


def _some_of(known: Mapping[str, Any]) -> Callable[[str, str], tuple[str, ...]]:
    def read(key: str, text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if len(set(names)) < len(names) or not set(names) <= set(known):
            raise SpecError(f'"{key}" of a synthetic set names some of {",".join(known)}, each once, got "{text}".')
        return names

    return read


# What a spec may set: its name, the field of SyntheticSet, and how it is read.
SETTINGS: Mapping[str, tuple[str, Callable[[str, str], Any]]] = {
    "count": ("pages", _pages),
    "types": ("types", _some_of(KINDS)),
    "seed": ("seed", _whole),
    "dpi": ("dpi", _within(72, 600)),
    "layouts": ("layouts", _some_of(LAYOUTS)),
    "colors": ("colors", _some_of(PAPERS)),
    "severity": ("severity", _within(0, 1)),
}

DEMO = ImageSetOpener("demo", "demo", "Twelve small synthetic pages of four kinds, with truth.", open_demo)
SYNTHETIC = ImageSetOpener(
    "synthetic",
    "synthetic?count=100&types=0001,0003,0004,0005&seed=0&dpi=200",
    "Synthetic pages with truth, as many as you like (count=endless); also layouts=, colors= and severity=.",
    open_synthetic,
)
