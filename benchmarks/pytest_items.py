"""Items a second of `pytest --benchmark` against plain parametrization, what an item costs beside its method, and what -n 2 gains.

    python benchmarks/pytest_items.py [--pages 40] [--scaling-pages 200] [--rounds 3]

Targets: 1.8x of a parametrized test that decodes for each of 8 methods; at most 2 ms an item; -n 2 at least 1.7x of -n 0. Two bare processes
are held against one beside the last, since a machine that others use too has no second core to give.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from pages import write_benchmark_pages
from throughput import hand_written

from ecgbench.store import Store

# Eight methods: each of edges.* with two values of a parameter, none of which changes what it costs by much.
SWEEP = {
    "edges.canny.sigma": (0.2, 0.33),
    "edges.sobel.noise_factor": (5.0, 6.0),
    "edges.laplacian.noise_factor": (5.0, 6.0),
    "edges.contour.contrast": (10.0, 15.0),
}
PLAIN = """
import sys, time
import cv2, pytest
from pathlib import Path
from ecgbench.plugins import edges

cv2.setNumThreads(1)  # as our items have it
SWEEP = {sweep!r}
METHODS = [(path.split(".")[1], path.split(".")[2], value) for path, values in SWEEP.items() for value in values]

@pytest.mark.parametrize("page", sorted(Path({folder!r}).glob("*.png")), ids=lambda path: path.name)
@pytest.mark.parametrize("method", METHODS, ids=lambda each: f"{{each[0]}}-{{each[2]}}")
def test_method(page, method):
    name, param, value = method
    picture = cv2.imread(str(page))
    start = time.perf_counter()
    found = getattr(edges, name)(picture, **{{param: value}})
    assert time.perf_counter() > start and found.edges.any()
"""
TINY = (48, 64)  # pixels of a page on which methods take next to nothing, and of which the rest is overhead


def pytest_seconds(folder: Path, *words: str) -> float:
    """Return the seconds that a pytest process takes, its start included; it has to pass."""
    quiet = ("-q", "-p", "no:cacheprovider", "-p", "no:anyio", "-p", "no:hypothesispytest")
    line = [sys.executable, "-m", "pytest", *quiet, *words]
    start = time.perf_counter()
    done = subprocess.run(
        line, cwd=folder, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(line)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return seconds


def params() -> list[str]:
    """Return the words that ask for the eight methods."""
    sweep = [f"--ecg-param={path}={','.join(map(str, values))}" for path, values in SWEEP.items()]
    return ["--ecg-methods=edges.canny,edges.sobel,edges.laplacian,edges.contour", *sweep]


def ours(place: Path, pages: Path, *words: str) -> float:
    """Return the seconds of our items, with their scores, table and run."""
    return pytest_seconds(place, f"--benchmark={pages}", *params(), *words)


def plain(place: Path, pages: Path) -> float:
    """Return the seconds of the same methods on the same pages in a parametrized test."""
    (place / "test_plain.py").write_text(PLAIN.format(folder=str(pages), sweep=SWEEP))
    return pytest_seconds(place, "test_plain.py")


def ratios(rounds: int, theirs: Callable[[], float], own: Callable[[], float]) -> tuple[float, float, float]:
    """Return min, median and max of their seconds over ours, measured in turn."""
    found = []
    for _ in range(rounds):
        reference = theirs()
        found.append(reference / own())
    return min(found), statistics.median(found), max(found)


def write_tiny_pages(folder: Path, count: int) -> Path:
    """Write pages that cost next to nothing to decode."""
    folder.mkdir()
    page = np.full((*TINY, 3), 255, np.uint8)
    cv2.rectangle(page, (8, 8), (40, 30), (0, 0, 0), 1)
    for index in range(count):
        cv2.imwrite(str(folder / f"{index:04d}.png"), page)
    return folder


def unexplained(place: Path, pages: Path) -> tuple[float, int]:
    """Return the processor seconds of a session that neither opening pages, converting nor methods took, and its number of items."""
    with tempfile.TemporaryDirectory() as kept:
        path = Path(kept) / "runs.db"
        before = os.times()
        ours(place, pages, f"--ecg-store={path}")
        after = os.times()
        with Store(path, create=False) as store:
            outcomes = list(store.outcomes(store.find_run().id))
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    loads = {outcome.case.source: outcome.load_seconds for outcome in outcomes}
    methods = sum(sum(outcome.cpu_seconds) + outcome.convert_seconds for outcome in outcomes)
    return busy - methods - sum(loads.values()), len(outcomes)


def overhead_ms(place: Path, few: Path, many: Path) -> float:
    """Return ms of processor time an item beside decoding, conversion and method: what more pages cost, so that pytest's start drops out.

    On a machine that others use too, seconds on the wall are mostly theirs; on a quiet one the two are the same.
    """
    (rest_few, items_few), (rest_many, items_many) = unexplained(place, few), unexplained(place, many)
    return (rest_many - rest_few) / (items_many - items_few) * 1e3


def said(found: Sequence[float]) -> str:
    low, median, high = found
    return f"{median:.2f}x (min {low:.2f}, max {high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--scaling-pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        some = write_benchmark_pages(place / "some", options.pages)[0].parent
        found = ratios(options.rounds, partial(plain, place, some), partial(ours, place, some))
        print(f"8 methods on {options.pages} pages: {said(found)} of plain parametrization (target 1.8x)", flush=True)
        few, many = write_tiny_pages(place / "few", 20), write_tiny_pages(place / "many", 120)
        costs = [overhead_ms(place, few, many) for _ in range(options.rounds)]
        shown = ", ".join(f"{each:.2f}" for each in costs)
        print(f"overhead {statistics.median(costs):.2f} ms of processor time an item (of {shown}; target 2)", flush=True)
        paths = write_benchmark_pages(place / "all", options.scaling_pages)
        folder = paths[0].parent
        scaling = ratios(options.rounds, partial(ours, place, folder, "-n0"), partial(ours, place, folder, "-n2"))
        bare = ratios(
            options.rounds,
            partial(hand_written, paths, [0, 1, 2, 3], workers=1),
            partial(hand_written, paths, [0, 1, 2, 3], workers=2),
        )
        print(
            f"-n 2 on {options.scaling_pages} pages: {said(scaling)} of -n 0 (target 1.7x); two bare processes: {said(bare)} of one"
        )


if __name__ == "__main__":
    main()
