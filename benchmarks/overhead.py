"""What a cell costs beyond decoding and the method, what a rerun costs where all is there, and whether the parent's memory is flat.

    python benchmarks/overhead.py [--tiny 100000]

Targets: at most 0.5 ms a cell in parent and worker together; at most 0.2 ms a cell of a rerun; parent memory flat over 100,000 tiny cases.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from pages import write_benchmark_pages
from tables import Table, present, spread, verdict

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


def unexplained(folder: Path) -> tuple[float, int]:
    """Return the seconds of a run on one worker that neither decoding, converting nor methods took, and its number of cells."""
    with tempfile.TemporaryDirectory() as place, Store(Path(place) / "runs.db") as store:
        plan = make_plan([str(folder)], methods=METHODS, workers=1)
        start = time.perf_counter()
        outcomes = list(Execution(plan, store=store, name="run").outcomes())
        wall = time.perf_counter() - start
    methods = sum(sum(outcome.seconds) + outcome.convert_seconds for outcome in outcomes)
    loads = sum({outcome.case.name: outcome.load_seconds for outcome in outcomes}.values())
    return wall - methods - loads, len(outcomes)


def overhead_of_pages(few: Path, many: Path) -> float:
    """Return ms a cell beyond decode, conversion and method: what more pages cost, so that starts and first calls drop out."""
    (rest_few, cells_few), (rest_many, cells_many) = unexplained(few), unexplained(many)
    return (rest_many - rest_few) / (cells_many - cells_few) * 1e3


def rerun(folder: Path) -> float:
    """Return ms a cell of a run in which everything is there already, its start included."""
    with tempfile.TemporaryDirectory() as place, Store(Path(place) / "runs.db") as store:
        plan = make_plan([str(folder)], methods=METHODS, workers=1)
        cells = sum(1 for _ in Execution(plan, store=store, name="run").outcomes())
        start = time.perf_counter()
        again = Execution(plan, store=store, name="run", resume=True)
        assert not list(again.outcomes())
        assert again.reused == cells
        return (time.perf_counter() - start) / cells * 1e3


def resident_mb() -> float:
    """Return this process's resident memory in MB (proc(5))."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this kernel does not tell the resident memory")


def tiny_cases(count: int) -> Table:
    """Run one method over many tiny pages; tell the parent's memory and processor time a tenth at a time, and what a cell takes."""
    plan: Plan = replace(make_plan([], methods="edges.canny"), images=(TinyPages(count),))
    with tempfile.TemporaryDirectory() as place, Store(Path(place) / "runs.db") as store:
        memory, processor, start = [], [time.process_time()], time.perf_counter()
        for index, _ in enumerate(Execution(plan, store=store, name="tiny").outcomes(), start=1):
            if index % max(1, count // 10) == 0:
                memory.append(resident_mb())
                processor.append(time.process_time())
        seconds = time.perf_counter() - start
    growth = memory[-1] - memory[1]
    each_tenth = [(after - before) / (count / 10) * 1e3 for before, after in pairwise(processor)]
    return Table(
        f"{count:,} tiny cases",
        [
            "parent's memory, a tenth at a time (MB)",
            "growth after the first fifth (MB)",
            "parent's processor ms a cell, a tenth at a time",
            "ms a cell, all in all",
        ],
        [
            [
                ", ".join(f"{each:.0f}" for each in memory),
                f"{growth:.1f}",
                ", ".join(f"{each:.3f}" for each in each_tenth),
                f"{seconds / count * 1e3:.3f}",
            ]
        ],
    )


def tables(options: argparse.Namespace) -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        small = write_benchmark_pages(Path(few), options.pages)[0].parent
        large = write_benchmark_pages(Path(many), 3 * options.pages)[0].parent
        beyond = [overhead_of_pages(small, large) for _ in range(options.rounds)]
        again = [rerun(large) for _ in range(options.rounds)]
    yield Table(
        "What a cell of a run costs beside decoding, conversion and method, on one worker",
        ["", "ms a cell", "target"],
        [
            ["a run", spread(beyond, ""), verdict(statistics.median(beyond), at_most=0.5)],
            [
                "a rerun with everything there, its start included",
                spread(again, "", 3),
                verdict(statistics.median(again), at_most=0.2),
            ],
        ],
    )
    yield tiny_cases(options.tiny)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiny", type=int, default=100_000)
    present(parser, tables)


if __name__ == "__main__":
    main()
