"""Images a second of the runner against a hand-written process pool doing the same work, in turn within one run.

    python benchmarks/throughput.py [--pages 200] [--rounds 3]

Targets: one method at least 0.95x of the hand-written loop; the four edges.* at least 2x of a loop that decodes for each method.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
from pages import write_benchmark_pages
from tables import Table, present, spread, verdict

from ecgbench.execution import Execution
from ecgbench.plan import make_plan
from ecgbench.plugins import edges
from ecgbench.store import Store
from ecgbench.workers import usable_cores

EDGES = (edges.canny, edges.sobel, edges.laplacian, edges.contour)


def by_hand(task: tuple[str, int]) -> int:
    """Decode a page and call one method on it, as a hand-written loop would."""
    path, index = task
    picture = cv2.imread(path)
    assert picture is not None
    return EDGES[index](picture).edge_pixels


def one_thread() -> None:
    """Give each worker of the hand-written pool one OpenCV thread, as ours have."""
    cv2.setNumThreads(1)


def hand_written(paths: Sequence[Path], methods: Sequence[int], *, workers: int | None = None) -> float:
    """Return the seconds that a ProcessPoolExecutor takes, its start included."""
    tasks = [(str(path), index) for path in paths for index in methods]
    start = time.perf_counter()
    with ProcessPoolExecutor(workers or usable_cores(), mp_context=get_context("forkserver"), initializer=one_thread) as pool:
        done = sum(1 for _ in pool.map(by_hand, tasks, chunksize=4))
    assert done == len(tasks)
    return time.perf_counter() - start


def ours(folder: Path, methods: str, cells: int) -> float:
    """Return the seconds that a run takes, its start, its scores and its store included."""
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        with Store(Path(place) / "runs.db") as store:
            done = sum(outcome.ok for outcome in Execution(make_plan([str(folder)], methods=methods), store=store).outcomes())
        assert done == cells
        return time.perf_counter() - start


def ratios(rounds: int, theirs: Callable[[], float], own: Callable[[], float]) -> list[float]:
    """Return their seconds over ours, measured in turn."""
    return [theirs() / own() for _ in range(rounds)]


def tables(options: argparse.Namespace) -> Iterator[Table]:
    rows = []
    with tempfile.TemporaryDirectory() as place:
        paths = write_benchmark_pages(Path(place), options.pages)
        for label, methods, target in (("edges.canny", [0], 0.95), ("edges.*", [0, 1, 2, 3], 2.0)):
            names = ",".join(EDGES[index].name for index in methods)
            theirs = partial(hand_written, paths, methods)
            found = ratios(options.rounds, theirs, partial(ours, paths[0].parent, names, len(paths) * len(methods)))
            rows.append([label, spread(found), verdict(statistics.median(found), at_least=target)])
    yield Table(
        f"The runner against a loop that decodes for each method, {options.pages} pages",
        ["methods", "images/s, of the loop's", "target"],
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    present(parser, tables)


if __name__ == "__main__":
    main()
