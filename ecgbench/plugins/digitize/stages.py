"""The stages of the classical digitizer, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Page
from ecgbench.core.results import Signals
from ecgbench.plugins.digitize.columns import Extent, choose_layout, common_extent, extents, rows_alike
from ecgbench.plugins.digitize.coverage import Coverage, cover, light_evenly
from ecgbench.plugins.digitize.curve import FINE, Curve, measure_curves
from ecgbench.plugins.digitize.footer import read_print
from ecgbench.plugins.digitize.layouts import LAYOUTS, LEADS, ROW_MM, Layout
from ecgbench.plugins.digitize.marks import behind_mark
from ecgbench.plugins.digitize.paper_map import FlatPage, PaperMap, even_map, lay_flat, map_from_grid
from ecgbench.plugins.digitize.paper_scale import MM_PER_S, PaperScale, settle
from ecgbench.plugins.digitize.path import find_paths
from ecgbench.plugins.digitize.pulses import Pulse, find_pulses, typical_pulse
from ecgbench.plugins.digitize.rhythm import name_strips
from ecgbench.plugins.digitize.rows import find_rows, rows_unlike_traces
from ecgbench.plugins.digitize.sheet import paper_of, straightened
from ecgbench.plugins.digitize.signals import Stretch, merged
from ecgbench.plugins.digitize.verdict import judge, nothing_seen
from ecgbench.plugins.digitize.words import find_words, without_names

Floats = npt.NDArray[np.float64]

SCALE = 8  # pixels of the flat page in a millimeter: about 200 dpi
SMALLEST_PX = 24  # of a picture's side: the height of a trace of 1 mV at 2.4 px/mm
LETTER_MM = 279.4  # longer side of letter paper


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a flat page: levels in mm from its top, the course of each trace, and its pulse where it has one."""

    levels: Floats
    curves: list[Curve]
    pulses: list[Pulse | None]
    extents: list[Extent | None]


@dataclass(frozen=True, eq=False)
class Placed:
    """Where leads stand: the layout, the common extent of its rows, and paper speed and gain with what they were read from."""

    layout: Layout
    rows: list[int]
    extent: Extent
    scale: PaperScale


def trace_rows(coverage: Coverage, scale: int) -> Rows:
    """Find the rows, follow and measure their traces."""
    values = coverage.values
    levels = find_rows(values, scale)
    if levels.size == 0:
        return Rows(levels, [], [], [])
    paths = find_paths(without_names(values, scale), coverage.blots, levels, scale)
    pulses = find_pulses(values, coverage.paper, levels, scale)
    curves = measure_curves(values, paths, scale)
    found = extents(curves, pulses, coverage.paper, scale)
    for index in rows_unlike_traces(values, levels, curves, [pulse is not None for pulse in pulses], scale):
        found[index] = None
    kept = rows_alike(found, levels, curves, scale)
    return Rows(levels[kept], [curves[i] for i in kept], [pulses[i] for i in kept], [found[i] for i in kept])


def place_leads(rows: Rows, coverage: Coverage, scale: int, told: str) -> Placed | None:
    """Find the layout (or take the one that was told), and paper speed and gain from pulses and print; None without rows."""
    known = [extent for extent in rows.extents if extent is not None]
    if not known:
        return None
    extent = common_extent(known, rows.pulses)
    layout = LAYOUTS.get(told)
    chosen = list(range(len(rows.levels)))
    if layout is None:
        layout = choose_layout(rows.curves, rows.levels, lambda: find_words(coverage.values, scale), extent, scale)
    chosen = chosen[: layout.rows]
    pulse = typical_pulse([pulse for pulse in rows.pulses if pulse is not None])
    return Placed(layout, chosen, extent, settle(pulse, read_print(coverage.text, scale)))


def cut_stretches(rows: Rows, placed: Placed, scale: int) -> tuple[list[Stretch], list[str]]:
    """Cut each row's curve into the stretches of its leads, in mV from the row's zero; and say which could not be cut, and why."""
    layout, length = placed.layout, placed.extent.end - placed.extent.start
    columns, deep, failures = len(layout.columns), len(layout.columns[0]), list[str]()
    places = [
        (row, layout.columns[column][row], column * length / columns, (column + 1) * length / columns)
        for column in range(columns)
        for row in range(min(deep, len(placed.rows)))
    ]
    shorts = [_stretch_or_none(rows, placed, *place, scale, failures) for place in places]
    strip_rows = range(deep, min(layout.rows, len(placed.rows)))
    strips = [
        _stretch_or_none(rows, placed, row, lead, 0.0, length, scale, failures)
        for row, lead in zip(strip_rows, layout.rhythm, strict=False)
    ]
    short, long = [each for each in shorts if each is not None], [each for each in strips if each is not None]
    names = name_strips(long, short, [each.lead for each in long])
    return short + [replace(each, lead=name) for each, name in zip(long, names, strict=True)], failures


def _stretch_or_none(
    rows: Rows, placed: Placed, row: int, lead: str, start: float, end: float, scale: int, failures: list[str]
) -> Stretch | None:
    try:
        return _stretch(rows, placed, row, lead, start, end, scale)
    except Exception as error:  # one lead that cannot be read shall not lose the others
        failures.append(f"Lead {lead} could not be read: {type(error).__name__}: {error}")
        return None


def _stretch(rows: Rows, placed: Placed, row: int, lead: str, start: float, end: float, scale: int) -> Stretch:
    index = placed.rows[row]
    curve, pulse = rows.curves[index], rows.pulses[index]
    columns = np.arange(len(curve.y)) / FINE
    x = (columns + 0.5) / scale - placed.extent.start
    part = slice(*np.searchsorted(x, (start, end)))
    seen = curve
    for side in (start, end):
        seen = replace(seen, y=behind_mark(seen, placed.extent.start + side, scale))
    y = (seen.y[part] + 0.5) / scale
    zero = pulse.foot if pulse is not None else _zero(curve, scale)
    course = np.column_stack([columns[part], seen.y[part]])
    return Stretch(lead, row, x[part], (zero - y) / placed.scale.mm_per_mv, start, end, course)


def _zero(curve: Curve, scale: int) -> float:
    known = curve.y[np.isfinite(curve.y)]
    return (float(np.median(known)) + 0.5) / scale if known.size else 0.0


def digitize_page(page: Page, *, layout: str, fs: float) -> Signals:
    """Run all stages on a page; of a page that shows nothing the leads are missing, and the report says why."""
    if min(page.shape) < SMALLEST_PX:
        return _nothing(fs, layout, "The picture is too small to show a trace", "scan the page at 200 dpi or more")
    paper = map_from_grid(page.gray) or _without_grid(page)
    paper, flat, coverage = flatten(page, paper, SCALE)
    rows = trace_rows(coverage, SCALE)
    placed = place_leads(rows, coverage, SCALE, layout)
    if placed is None:
        return _nothing(fs, layout, "No trace was found", "see that the picture shows an ECG, right side up")
    stretches, failures = cut_stretches(rows, placed, SCALE)
    leads = merged(stretches, fs, placed.scale.mm_per_s)
    seen = {stretch.lead: stretch.share_seen for stretch in reversed(stretches)}
    report = judge(
        px_per_mm=min(paper.px_per_mm), grid=paper.lines, layout=placed.layout.name, known_layout=placed.layout.name in LAYOUTS,
        expected=placed.layout.leads, seen=seen, noise=coverage.noise, scale=placed.scale, failures=failures,
    )  # fmt: skip
    return Signals(
        fs,
        leads,
        placed.layout.name,
        seen,
        tuple((stretch.lead, paper.to_pixels(flat.to_mm(stretch.course))) for stretch in stretches),
        placed.scale.mm_per_s,
        placed.scale.mm_per_mv,
        report,
    )


def flatten(page: Page, paper: PaperMap, scale: int) -> tuple[PaperMap, FlatPage, Coverage]:
    """Lay a page flat, straighten bends that its grid still shows, and measure the pen's coverage of what is paper."""
    flat = lay_flat(page.bgr, paper, scale)
    lit = light_evenly(flat)
    if not paper.lines:
        return paper, flat, cover(flat, lit, flat.inside)
    match = lit.match(scale)
    better = straightened(paper, flat, match)
    if better is not None:
        paper, flat = better, lay_flat(page.bgr, better, scale)
        lit = light_evenly(flat)
        match = lit.match(scale)
    return paper, flat, cover(flat, lit, paper_of(match, flat))


def _without_grid(page: Page) -> PaperMap:
    """Return the map of a page without a grid: by its resolution where that is known, else as if its rows had their usual length."""
    if page.dpi:
        return even_map(page.shape, page.dpi / 25.4)
    guess = even_map(page.shape, max(page.shape) / LETTER_MM)
    found = [extent for extent in trace_rows(flatten(page, guess, SCALE)[2], SCALE).extents if extent is not None]
    if not found:
        return guess
    length = common_extent(found).end - common_extent(found).start
    return even_map(page.shape, guess.px_per_mm[0] * float(np.clip(length / ROW_MM, 0.5, 1.5)))


def _nothing(fs: float, layout: str, reason: str, hint: str) -> Signals:
    """Return the leads that a page should have shown, all unknown, and why."""
    known = LAYOUTS.get(layout)
    missing = np.full(round(fs * ROW_MM / MM_PER_S), np.nan, np.float32)
    leads = {lead: missing.copy() for lead in (known.leads if known else LEADS)}
    return Signals(fs, leads, None, dict.fromkeys(leads, 0.0), (), None, None, nothing_seen(reason, hint))
