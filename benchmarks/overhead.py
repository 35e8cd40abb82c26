"""What a cell costs beyond decoding and the method, what a rerun costs where all is there, and whether the parent's memory is flat.

    python benchmarks/overhead.py [--tiny 100000]

Targets: at most 0.5 ms a cell in parent and worker together; at most 0.2 ms a cell of a rerun; parent memory flat over 100,000 tiny cases.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pages import write_benchmark_pages

from ecgbench import Case, CaseInfo
from ecgbench.execution import Execution
from ecgbench.plan import Plan, make_plan
from ecgbench.store import Store

METHODS = "edges.canny,edges.sobel,edges.laplacian,edges.contour"


@dataclass(frozen=True)
class TinyPages:
    """Pages of 8x8 pixels: work that is all overhead."""

    length: int
    name: str = "tiny"

    def __iter__(self) -> Iterator[Case]:
        page = np.zeros((8, 8), np.uint8)
        for index in range(self.length):
            yield Case(CaseInfo(f"{index}", "memory", content_id=f"tiny:{index}"), page)

    def count(self) -> int:
        return self.length


def overhead_of_pages(folder: Path, count: int) -> tuple[float, float]:
    """Return ms a cell beyond decode, conversion and method on one worker, and ms a cell of a rerun."""
    with tempfile.TemporaryDirectory() as place, Store(Path(place) / "runs.db") as store:
        plan = make_plan([str(folder)], methods=METHODS, workers=1)
        start = time.perf_counter()
        outcomes = list(Execution(plan, store=store, name="run").outcomes())
        wall = time.perf_counter() - start
        methods = sum(sum(outcome.seconds) + outcome.convert_seconds for outcome in outcomes)
        loads = sum({outcome.case.name: outcome.load_seconds for outcome in outcomes}.values())
        first_calls = sum(max(outcome.seconds) for outcome in outcomes[: len(plan.methods)])  # each method's untimed first call
        start_up = start_of_a_pool()
        cells = len(outcomes)
        start = time.perf_counter()
        again = Execution(plan, store=store, name="run", resume=True)
        assert not list(again.outcomes())
        assert again.reused == cells == count * len(plan.methods)
        rerun = time.perf_counter() - start
    return (wall - methods - loads - first_calls - start_up) / cells * 1e3, (rerun - start_up) / cells * 1e3


def start_of_a_pool() -> float:
    """Return the seconds that starting and ending the workers takes."""
    start = time.perf_counter()
    plan = replace(make_plan([], methods=METHODS, workers=1), images=(TinyPages(1),))
    list(Execution(plan).outcomes())
    return time.perf_counter() - start


def resident_mb() -> float:
    """Return this process's resident memory in MB (proc(5))."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this kernel does not tell the resident memory")


def tiny_cases(count: int) -> None:
    """Run one method over many tiny pages and print memory and throughput a tenth at a time."""
    plan: Plan = replace(make_plan([], methods="edges.canny"), images=(TinyPages(count),))
    with tempfile.TemporaryDirectory() as place, Store(Path(place) / "runs.db") as store:
        memory, start = [], time.perf_counter()
        for index, _ in enumerate(Execution(plan, store=store, name="tiny").outcomes(), start=1):
            if index % max(1, count // 10) == 0:
                memory.append(resident_mb())
        seconds = time.perf_counter() - start
    growth = memory[-1] - memory[1]
    print(
        f"{count} tiny cases: parent memory {', '.join(f'{each:.0f}' for each in memory)} MB; growth after the first fifth {growth:.1f} MB"
    )
    print(f"  {seconds / count * 1e3:.3f} ms a cell, all in all")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--tiny", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = write_benchmark_pages(Path(place), options.pages)[0].parent
        start_of_a_pool()
        for _ in range(3):
            overhead, rerun = overhead_of_pages(folder, options.pages)
            print(f"overhead {overhead:.2f} ms a cell (target 0.5); rerun {rerun:.3f} ms a cell (target 0.2)")
    tiny_cases(options.tiny)


if __name__ == "__main__":
    main()
