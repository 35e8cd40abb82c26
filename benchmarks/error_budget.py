"""Where `digitize.classical` loses decibels: the score as stage after stage is given the truth in place of what it finds.

    python benchmarks/error_budget.py 'synthetic?preset=kaggle&seed=5&count=4&types=0001,0003,0005&severity=0.5'

Prints a line a page and the mean of each type. Columns, in dB of Kaggle's metric: `found` (nothing given), `+map` (where the paper's
millimeters lie in the picture), `+place` (layout, rows, their begin, paper speed and gain), `+path` (which way each trace runs). What is left
after that is lost in measuring the pen's center and in the resolution of the picture.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import Any

import cv2
import numpy as np

from ecgbench.core.page import Page
from ecgbench.core.results import Signals
from ecgbench.core.truth import Case, Truth
from ecgbench.plugins.digitize.columns import Extent
from ecgbench.plugins.digitize.coverage import Coverage, cover, light_evenly
from ecgbench.plugins.digitize.curve import measure_curves
from ecgbench.plugins.digitize.layouts import LAYOUTS
from ecgbench.plugins.digitize.paper_map import NODE_MM, FlatPage, PaperMap, lay_flat
from ecgbench.plugins.digitize.paper_scale import PaperScale
from ecgbench.plugins.digitize.path import find_paths
from ecgbench.plugins.digitize.sheet import paper_of
from ecgbench.plugins.digitize.signals import merged
from ecgbench.plugins.digitize.stages import SCALE, Placed, Rows, cut_stretches, digitize_page, place_leads, trace_rows
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage, _picture
from ecgbench.plugins.metrics.digitize import kaggle
from ecgbench.registry import default_registry

STAGES = ("found", "+map", "+place", "+path")
FS = 500.0


def true_map(recipe: SyntheticPage, truth: Truth) -> PaperMap:
    """Return the map that the page was made by."""
    picture = _picture(recipe)
    width, height = picture.flat.sheet.size_mm
    x, y = np.meshgrid(np.arange(-20, width + 20, NODE_MM), np.arange(-20, height + 20, NODE_MM))
    nodes = picture.geometry.to_pixels(np.column_stack([x.ravel(), y.ravel()])).reshape(*x.shape, 2)
    return PaperMap(nodes.astype(np.float32), -20.0, -20.0, (truth.px_per_mm_x or 1.0, truth.px_per_mm_y or 1.0), lines=True)


def flat_by(page: Page, paper: PaperMap) -> tuple[FlatPage, Coverage]:
    flat = lay_flat(page.bgr, paper, SCALE)
    lit = light_evenly(flat)
    return flat, cover(flat, lit, paper_of(lit.match(SCALE), flat))


def true_rows(recipe: SyntheticPage, flat: FlatPage, mm_per_mv: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows' levels in mm from the flat page's top, and the course of each row's traces in its pixels."""
    traces = _picture(recipe).flat.sheet.traces
    layout = LAYOUTS[recipe.style.layout]
    signals = recipe.leads.read().leads
    columns = np.arange(flat.bgr.shape[1])
    levels, paths = np.zeros(layout.rows), np.zeros((layout.rows, len(columns)))
    order = [row for _ in layout.columns for row in range(len(layout.columns[0]))]
    order += list(range(len(layout.columns[0]), layout.rows))
    points: dict[int, list[np.ndarray]] = defaultdict(list)
    for row, trace in zip(order, traces, strict=True):
        first = round(trace.start_s * recipe.leads.read().fs)
        mv = signals[trace.lead][first : first + len(trace.points)]
        levels[row] = float(np.nanmedian(trace.points[:, 1] + mm_per_mv * mv)) - flat.top_mm
        points[row].append(trace.points)
    for row, parts in points.items():
        place = np.vstack(parts)
        paths[row] = np.interp((columns + 0.5) / SCALE + flat.left_mm, place[:, 0], place[:, 1] - flat.top_mm) * SCALE - 0.5
    return levels, paths


def true_place(recipe: SyntheticPage, flat: FlatPage, truth: Truth) -> Placed:
    x = [trace.points[:, 0] for trace in _picture(recipe).flat.sheet.traces]
    start = min(float(part[0]) for part in x) - flat.left_mm
    layout = LAYOUTS[recipe.style.layout]
    scale = PaperScale(truth.mm_per_s or 25, truth.mm_per_mv or 10, "truth", "truth")
    return Placed(layout, list(range(layout.rows)), Extent(start, start + 250), scale)


def read_with(recipe: SyntheticPage, page: Page, truth: Truth, stage: str) -> Signals:
    """Digitize a page with the stages up to `stage` given."""
    if stage == "found":
        return digitize_page(page, layout="auto", fs=FS)
    flat, coverage = flat_by(page, true_map(recipe, truth))
    if stage == "+map":
        rows = trace_rows(coverage, SCALE)
        placed = place_leads(rows, coverage, SCALE, "auto")
        if placed is None:
            return Signals(FS, {})
    else:
        levels, paths = true_rows(recipe, flat, truth.mm_per_mv or 10.0)
        if stage == "+place":
            paths = find_paths(coverage.values, coverage.blots, levels, SCALE)
        curves = measure_curves(coverage.values, paths, SCALE)
        rows, placed = Rows(levels, curves, [None] * len(levels), [None] * len(levels)), true_place(recipe, flat, truth)
    return Signals(FS, merged(cut_stretches(rows, placed, SCALE)[0], FS, placed.scale.mm_per_s), placed.layout.name)


def budget(case: Case) -> dict[str, float]:
    """Return the score of one page with ever more stages given."""
    recipe: Any = case.source
    page, truth = recipe.make_page(), case.read_truth()
    return {stage: kaggle.score(page, read_with(recipe, page, truth, stage), truth)["kaggle_snr_db"] for stage in STAGES}


def main(spec: str) -> None:
    cv2.setNumThreads(1)
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    print(f"{'page':28s}" + "".join(f"{stage:>9s}" for stage in STAGES))
    for case in default_registry().open_images(spec):
        scores = budget(case)
        rows[str(case.info.type)].append(scores)
        print(f"{case.name:28s}" + "".join(f"{scores[stage]:9.2f}" for stage in STAGES), flush=True)
    for kind, found in rows.items():
        means = [10 * np.log10(np.mean([10 ** (scores[stage] / 10) for scores in found])) for stage in STAGES]
        print(f"{'mean of ' + kind:28s}" + "".join(f"{mean:9.2f}" for mean in means))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "synthetic?preset=kaggle&seed=5&count=2&types=0001,0003,0005,0010&severity=0.5")
