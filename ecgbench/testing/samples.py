"""Results and truths that metrics are tried on: everything known, one thing unknown, nothing found, pages of a pixel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ecgbench.core.page import Box, Mask, Page
from ecgbench.core.results import EdgeMap, Gate, GridFit, QualityReport, Result, Separation, Signals
from ecgbench.core.truth import TraceTruth, Truth

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
FS, SECONDS = 100.0, 2.5
SHAPE, TINY_SHAPES = (90, 140), ((1, 1), (1, 40), (40, 1))
PX_PER_MM = 4.0
SEED = 21


@dataclass(frozen=True)
class Sample:
    """A result with what is known of its page; `name` says in words what is special."""

    name: str
    page: Page
    result: Result
    truth: Truth


def _dots(shape: tuple[int, int], step: int) -> Mask:
    mask = np.zeros(shape, np.bool_)
    mask.reshape(-1)[::step] = True
    return mask


def _leads(noise: float) -> dict[str, Any]:
    time, drawn = np.arange(round(FS * SECONDS)) / FS, np.random.default_rng(SEED)
    return {
        name: (np.sin(6 * time + index) + noise * drawn.standard_normal(time.size)).astype(np.float32)
        for index, name in enumerate(LEADS)
    }


def _corners(shape: tuple[int, int]) -> Any:
    height, width = shape
    return np.array([(0.0, 0.0), (width - 1.0, 0.0), (width - 1.0, height - 1.0), (0.0, height - 1.0)])


def _lines(length: int, step_mm: int) -> Any:
    return np.arange(0.0, length, PX_PER_MM * step_mm)


def known_truth(shape: tuple[int, int] = SHAPE, *, legible: bool = True) -> Truth:
    """Return a truth of a page of `shape` in which every field is known."""
    height, width = shape
    row = np.column_stack([np.linspace(0, width - 1, 50), np.full(50, (height - 1) / 2)])
    return Truth(
        content_box=Box(0, 0, width, height), trace_mask=_dots(shape, 5), grid_mask=_dots(shape, 4),
        px_per_mm_x=PX_PER_MM, px_per_mm_y=PX_PER_MM, has_grid=True, angle_deg=0.0,
        fine_x=_lines(width, 1), fine_y=_lines(height, 1), bold_x=_lines(width, 5), bold_y=_lines(height, 5),
        legible=legible, signals=Signals(FS, _leads(0.0), "3x4"), layout="3x4", corners=_corners(shape),
        label_mask=_dots(shape, 17), pulse_mask=_dots(shape, 19), separator_mask=_dots(shape, 23),
        traces=tuple(TraceTruth(lead, row, FS, 0.0, Box(0, 0, width, height)) for lead in LEADS[:2]),
        mm_per_s=25.0, mm_per_mv=10.0,
    )  # fmt: skip


def _found(shape: tuple[int, int]) -> dict[str, Result]:
    """Return a result of each task that found something, nearly right."""
    height, width = shape
    gates = (Gate("blur", 0.3, 0.5, "mm", True, "sharp"), Gate("scale", 2.0, 3.0, "px/mm", False, "too small"))
    x, y = _lines(width, 1) + 0.3, _lines(height, 1)
    return {
        "edges": EdgeMap(_dots(shape, 3), Box(0, 0, width, height), _corners(shape)),
        "color": Separation(_dots(shape, 5), _dots(shape, 6), "red"),
        "grid": GridFit(PX_PER_MM * 1.01, PX_PER_MM, 0.2, x, y, x[::5], y[::5], 0.8),
        "quality": QualityReport(False, gates, ("a warning",)),
        "digitize": Signals(FS, _leads(0.05), "3x4"),
    }


def _nothing_found(shape: tuple[int, int]) -> dict[str, Result]:
    empty = np.zeros(shape, np.bool_)
    unknown = {name: np.full(round(FS * SECONDS), np.nan, np.float32) for name in LEADS}
    return {
        "edges": EdgeMap(empty, None),
        "color": Separation(empty, empty, None),
        "grid": GridFit(None, None),
        "quality": QualityReport(True, ()),
        "digitize": Signals(FS, unknown),
    }


def _page(shape: tuple[int, int]) -> Page:
    return Page(np.random.default_rng(SEED).integers(150, 256, (*shape, 3), np.uint8), "sample", "ecgbench.testing")


Maker = Callable[[Page], Result]


def samples(task: str, other: Maker | None = None) -> Iterator[Sample]:
    """Yield what a metric of `task` is tried on with everything known; `other` makes results of a task that is not built in."""
    page = _page(SHAPE)
    found = _found(SHAPE).get(task) or (other(page) if other else None)
    if found is None:
        return
    yield Sample("a result that is nearly right", page, found, known_truth())
    yield Sample("a page that nobody can read", page, found, known_truth(legible=False))
    if task in _nothing_found(SHAPE):
        yield Sample("a result in which nothing was found", page, _nothing_found(SHAPE)[task], known_truth())


def partial_samples(task: str, other: Maker | None = None) -> Iterator[Sample]:
    """Yield samples in which one field of the truth is unknown, and one in which all are."""
    for sample in samples(task, other):
        for field in fields(Truth):
            yield replace(
                sample, name=f"{sample.name}, `{field.name}` unknown", truth=replace(sample.truth, **{field.name: None})
            )
        yield replace(sample, name=f"{sample.name}, nothing known", truth=Truth())


def tiny_samples(task: str, other: Maker | None = None) -> Iterator[Sample]:
    """Yield samples of pages that are a pixel high or wide."""
    for shape in TINY_SHAPES:
        page = _page(shape)
        results = [each[task] for each in (_found(shape), _nothing_found(shape)) if task in each]
        if not results and other:
            results = [other(page)]
        for result in results:
            yield Sample(f"a page of {shape[0]}x{shape[1]}", page, result, known_truth(shape))
