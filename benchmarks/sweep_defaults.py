"""Sweeps the main parameters of color.* and grid.multiscale over synthetic development pages, and writes what they change to their pages.

One parameter after the other takes other values while the rest keep their defaults. Some of what is swept is no parameter but a constant of a
module, named as such. Each value is held against the default on the same pages. The result goes to docs/functions/sweeps.json, of which
`ecgbench docs` makes the tables of each method's page; methods that are not named keep what is there.
Run it again when a method or the generator changes:

    python benchmarks/sweep_defaults.py [--methods color.lab,color.hsv] [--jobs 2]
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.core.page import Page
from ecgbench.core.results import GridFit, Separation
from ecgbench.core.truth import Case, Truth
from ecgbench.method_pages import Swept, SweptParameter, SweptScore, SweptValue
from ecgbench.plugins.image_sets.synthetic.split import DEVELOPMENT, split_of
from ecgbench.plugins.metrics.color import separation
from ecgbench.plugins.metrics.grid import grid_fit
from ecgbench.registry import default_registry
from ecgbench.stats import compare_paired
from ecgbench.workers import parallel_map

SWEEPS_FILE = Path(__file__).parents[1] / "docs" / "functions" / "sweeps.json"
COLOR_PAGES = (
    "synthetic?count=45&seed=71&severity=0.5&types=0001,0003,0005,0009,0011",
    "synthetic?count=12&seed=72&severity=0.5&colors=black&types=0001,0003",
)
GRID_PAGES = (
    "synthetic?count=54&seed=73&severity=0.5",
    "synthetic?count=54&seed=74&severity=0.5..1&dpi=72..150",
    "synthetic?count=18&seed=75&grid=none",
)
TRACE_SCORES = {"trace_f1_1px": "F1 of the trace within 1 px"}
HSV_SCORES = TRACE_SCORES | {"grid_f1_1px": "the same of the grid, which saturation tells"}
GRID_SCORES = {
    "grid_right": "share of pages with the right family, or with no grid where there is none",
    "px_per_mm_error_pct": "error of px/mm in % where the family is right",
}


@dataclass(frozen=True)
class Knob:
    """A parameter, or (where `module` is given) a constant in a module of `ecgbench.plugins`, and the values that it is to take."""

    name: str
    values: tuple[float, ...]
    module: str = ""

    @property
    def label(self) -> str:
        """The name as a page shows it."""
        return f"{self.module}.{self.name}" if self.module else self.name


SWEEPS: Mapping[str, tuple[Knob, ...]] = {
    "color.lab": (Knob("color_weight", (0.5, 1.0, 1.5, 2.0, 3.0)), Knob("min_extent", (0.003, 0.0045, 0.006, 0.009, 0.012))),
    "color.hsv": (Knob("saturation", (10, 15, 25, 40, 60)), Knob("darkness", (0.05, 0.07, 0.1, 0.14, 0.2))),
    "color.opencv": (
        Knob("coverage", (0.2, 0.26, 0.33, 0.4, 0.5)),
        Knob("rim", (0.5, 0.56, 0.62, 0.68, 0.74)),
        Knob("min_extent_mm", (0.75, 1.0, 1.5, 2.0, 3.0)),
        Knob("SPOT_INK", (1.0, 1.2, 1.4, 1.7), "color.morphology"),
        Knob("BEYOND", (0.01, 0.4, 0.8, 1.0), "color.ruling"),
    ),
    "color.pillow": (Knob("colors", (16, 32, 64, 128, 256)),),
    "color.skimage": (Knob("min_size", (1e-6, 3e-6, 1e-5, 3e-5, 1e-4)),),
    "grid.multiscale": (
        Knob("max_angle_deg", (5.0, 10.0, 15.0, 20.0)),
        Knob("CAP", (1.0, 1.5, 2.0, 3.0, 4.0), "grid.ink"),
        Knob("MOST_TILES", (2, 3, 4, 6), "grid.spectrum"),
        Knob("SMOOTH", (0.5, 1.0, 2.0), "grid.follow"),
        Knob("UNEXPLAINED_WEIGHT", (0.4, 0.55, 0.7, 0.85, 1.0), "grid.family"),
    ),
}


def pages_of(method: str) -> tuple[str, ...]:
    """Return the sets on which a method is swept."""
    return COLOR_PAGES if method.startswith("color.") else GRID_PAGES


def scores_of(method: str) -> dict[str, str]:
    """Return the scores by which a method is swept, and what they are."""
    if method == "color.hsv":
        return HSV_SCORES
    return TRACE_SCORES if method.startswith("color.") else GRID_SCORES


@contextmanager
def turned(knob: Knob, value: float) -> Iterator[dict[str, float]]:
    """Give a constant another value for a while, and give the parameters that the method is to be called with."""
    if not knob.module:
        yield {knob.name: value}
        return
    module = import_module(f"ecgbench.plugins.{knob.module}")
    usual = getattr(module, knob.name)
    setattr(module, knob.name, value)
    try:
        yield {}
    finally:
        setattr(module, knob.name, usual)


def default_of(method: str, knob: Knob) -> float:
    """Return the value that a knob has by default."""
    if knob.module:
        return float(getattr(import_module(f"ecgbench.plugins.{knob.module}"), knob.name))
    return float(next(spec.default for spec in default_registry().method(method).params if spec.name == knob.name))


def score(page: Page, result: Any, truth: Truth) -> Mapping[str, float]:
    """Return a result's scores by name; one that is not defined is left out."""
    if isinstance(result, Separation):
        return separation.score(page, result, truth)
    if not isinstance(result, GridFit):
        raise TypeError(f"{type(result).__name__} is not scored here")
    found = grid_fit.score(page, result, truth)
    right = found["scale_family_right"] if truth.has_grid else found["grid_detected"]
    error = {"px_per_mm_error_pct": found["px_per_mm_error_pct"]} if truth.has_grid and right else {}
    return {"grid_right": right} | error


def look(method: str, case: Case) -> list[list[list[float]]]:
    """Score a method on one page with each value of each knob, (knobs, values, scores), not a number where undefined; runs in a worker."""
    registry = default_registry()
    page, truth, chosen = registry.open_page(case.source), case.read_truth(), registry.method(method)

    def scored(**params: float) -> list[float]:
        found = score(page, chosen(page, **params), truth)
        return [found.get(name, np.nan) for name in scores_of(method)]

    usual = scored()
    rows = []
    for knob in SWEEPS[method]:
        row = []
        for value in knob.values:
            if value == default_of(method, knob):
                row.append(usual)
                continue
            with turned(knob, value) as params:
                row.append(scored(**params))
        rows.append(row)
    return rows


def sweep(method: str, jobs: int) -> Swept:
    """Sweep a method over its pages."""
    cases = [case for spec in pages_of(method) for case in default_registry().open_images(spec)]
    records = [case.info.record or case.name for case in cases]
    if any(split_of(record) != DEVELOPMENT for record in records):
        raise ValueError("defaults are chosen on development pages; take seeds below 1000")
    seen = list(parallel_map(partial(look, method), cases, workers=jobs))
    names = list(scores_of(method))
    parameters = []
    for at, knob in enumerate(SWEEPS[method]):
        found = np.array([page[at] for page in seen], np.float64)  # (pages, values, scores)
        default = default_of(method, knob)
        usual = found[:, knob.values.index(default)]
        values = []
        for number, value in enumerate(knob.values):
            compared = [_compared(usual[:, each], found[:, number, each], records) for each in range(len(names))]
            values.append(SweptValue(value=value, scores=dict(zip(names, compared, strict=True))))
        parameters.append(SweptParameter(name=knob.label, default=default, values=values))
    where = " and ".join(f"`{spec}`" for spec in pages_of(method))
    command = f"python benchmarks/sweep_defaults.py --methods {method} && ecgbench docs"
    return Swept(command=command, pages=f"{len(cases)} of {where}", scores=dict(scores_of(method)), parameters=parameters)


def _compared(usual: Any, other: Any, records: Sequence[str]) -> SweptScore:
    """Compare the scores with a value to those with the default, page by page."""
    paired = compare_paired(usual, other, records)
    interval = None if paired.low is None or paired.high is None else [_short(paired.low), _short(paired.high)]
    change = None if paired.difference is None else _short(paired.difference)
    finite = other[np.isfinite(other)]
    return SweptScore(mean=_short(float(finite.mean())) if finite.size else None, change=change, interval=interval)


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def main() -> None:
    """Sweep the chosen methods and write the result, method by method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default="*", help="names with wildcards, separated by commas")
    parser.add_argument("--jobs", type=int, help="processes; one a core by default")
    parser.add_argument("--output", type=Path, default=SWEEPS_FILE, help="where the result is written")
    given = parser.parse_args()
    chosen = [name for name in SWEEPS if any(fnmatch.fnmatch(name, pattern) for pattern in given.methods.split(","))]
    if not chosen:
        sys.exit(f"No method matches {given.methods}; there are: {', '.join(SWEEPS)}.")
    for name in chosen:
        swept = sweep(name, given.jobs)
        known = json.loads(given.output.read_text(encoding="utf-8")) if given.output.is_file() else {}
        given.output.write_text(json.dumps(known | {name: swept}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{name}: swept on {swept['pages']}; see {given.output}", flush=True)


if __name__ == "__main__":
    main()
