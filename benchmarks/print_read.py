"""How often `digitize.classical` reads paper speed and gain in print: rightly, not at all, or wrongly; pulses are not asked.

    python benchmarks/print_read.py 'synthetic?seed=77&count=60&types=0001,0003&speed=25,50&gain=5,10,20&pulse=none&header=short,full&severity=0.5'

Prints what was read wrongly, a line for each type of picture, and the time of reading as a share of laying flat, tracing and reading.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from time import process_time

import cv2

from ecgbench.plugins.digitize.footer import read_print
from ecgbench.plugins.digitize.glyphs import templates
from ecgbench.plugins.digitize.paper_map import even_map, map_from_grid
from ecgbench.plugins.digitize.stages import SCALE, flatten, trace_rows
from ecgbench.registry import default_registry

DPI_PX_PER_MM = 200 / 25.4  # of pages without a grid


def verdict_on(said: float | None, true: float | None) -> str:
    """Return what to think of one reading."""
    return "not read" if said is None else "right" if said == true else "wrong"


def main(spec: str) -> None:
    cv2.setNumThreads(1)
    templates()
    registry = default_registry()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    reading = together = 0.0
    for case in registry.open_images(spec):
        page, truth = registry.page_opener()(case.source), case.read_truth()
        begun = process_time()
        paper = map_from_grid(page.gray) or even_map(page.shape, DPI_PX_PER_MM)
        coverage = flatten(page, paper, SCALE)[2]
        trace_rows(coverage, SCALE)
        before = process_time()
        found = read_print(coverage.text, SCALE)
        reading, together = reading + process_time() - before, together + process_time() - begun
        for unit, said, true in (("mm/s", found.mm_per_s, truth.mm_per_s), ("mm/mV", found.mm_per_mv, truth.mm_per_mv)):
            verdict = verdict_on(said, true)
            counts[f"{case.info.type} {unit}"][verdict] += 1
            if verdict == "wrong":
                print(f"{case.name}: {said:g} {unit} was read, {true} is true", flush=True)
    for name, count in sorted(counts.items()):
        print(f"{name:12s} {count['right']:4d} right {count['not read']:4d} not read {count['wrong']:4d} wrong")
    print(f"reading takes {100 * reading / max(together, 1e-9):.1f} % of the time")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "synthetic?seed=77&count=10&types=0001&pulse=none&header=short,full")
