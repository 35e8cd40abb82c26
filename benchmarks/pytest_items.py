"""Items a second of `pytest --benchmark` against plain parametrization, what an item costs beside its method, and what -n 2 gains.

    python benchmarks/pytest_items.py [--pages 40] [--scaling-pages 200] [--rounds 3]

Targets: 1.8x of a parametrized test that decodes for each of 8 methods; at most 2 ms an item; -n 2 at least 1.7x of -n 0. On a machine that
others use too, seconds on the wall are partly theirs: so what one process does is also told in processor time, and two bare processes are held
against one beside -n 2 against -n 0, since such a machine has no second core to give.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pages import write_benchmark_pages, write_tiny_pages
from tables import Table, present, spread, verdict
from throughput import hand_written

from ecgbench.store import Store

# Eight methods: each of edges.* with two values of a parameter, none of which changes what it costs by much.
SWEEP = {
    "edges.canny.sigma": (0.15, 0.2),
    "edges.sobel.level": (0.9, 1.0),
    "edges.laplacian.level": (0.9, 1.0),
    "edges.contour.level": (0.9, 1.0),
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


class Seconds(NamedTuple):
    """What a process took: on the wall, and of processors, its children's included."""

    wall: float
    busy: float


def pytest_seconds(folder: Path, *words: str) -> Seconds:
    """Return what a pytest process takes, its start included; it has to pass."""
    quiet = ("-q", "-p", "no:cacheprovider", "-p", "no:anyio", "-p", "no:hypothesispytest")
    line = [sys.executable, "-m", "pytest", *quiet, *words]
    usual = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }  # or pytest compiles all anew
    before = os.times()
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False, env=usual | {"OMP_NUM_THREADS": "1"})
    after = os.times()
    if done.returncode:
        raise RuntimeError(f"{' '.join(line)} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return Seconds(after.elapsed - before.elapsed, busy)


def params() -> list[str]:
    """Return the words that ask for the eight methods."""
    sweep = [f"--ecg-param={path}={','.join(map(str, values))}" for path, values in SWEEP.items()]
    return ["--ecg-methods=edges.canny,edges.sobel,edges.laplacian,edges.contour", *sweep]


def ours(place: Path, pages: Path, *words: str) -> Seconds:
    """Return the seconds of our items, with their scores, table and run."""
    return pytest_seconds(place, f"--benchmark={pages}", *params(), *words)


def plain(place: Path, pages: Path) -> Seconds:
    """Return the seconds of the same methods on the same pages in a parametrized test."""
    (place / "test_plain.py").write_text(PLAIN.format(folder=str(pages), sweep=SWEEP))
    return pytest_seconds(place, "test_plain.py")


def in_turn(rounds: int, theirs: Callable[[], Seconds], own: Callable[[], Seconds]) -> list[Seconds]:
    """Return their seconds over ours of each round, measured in turn."""
    found = []
    for _ in range(rounds):
        reference, mine = theirs(), own()
        found.append(Seconds(reference.wall / mine.wall, reference.busy / mine.busy))
    return found


def by_hand(paths: Sequence[Path], workers: int) -> Seconds:
    """Return what a hand-written pool takes for the edges.* on each page."""
    return Seconds(hand_written(paths, [0, 1, 2, 3], workers=workers), 1.0)


def unexplained(place: Path, pages: Path) -> tuple[float, int]:
    """Return the processor seconds of a session that neither opening pages, converting nor methods took, and its number of items."""
    with tempfile.TemporaryDirectory() as kept:
        path = Path(kept) / "runs.db"
        busy = ours(place, pages, f"--ecg-store={path}").busy
        with Store(path, create=False) as store:
            outcomes = list(store.outcomes(store.find_run().id))
    loads = {outcome.case.source: outcome.load_seconds for outcome in outcomes}
    methods = sum(sum(outcome.cpu_seconds) + outcome.convert_seconds for outcome in outcomes)
    return busy - methods - sum(loads.values()), len(outcomes)


def overhead_ms(place: Path, few: Path, many: Path) -> float:
    """Return ms of processor time an item beside decoding, conversion and method: what more pages cost, so that pytest's start drops out."""
    (rest_few, items_few), (rest_many, items_many) = unexplained(place, few), unexplained(place, many)
    return (rest_many - rest_few) / (items_many - items_few) * 1e3


def against_plain(place: Path, count: int, rounds: int) -> Table:
    """Tell items a second against plain parametrization."""
    pages = write_benchmark_pages(place, count)[0].parent
    one = write_tiny_pages(place / "one", 1)
    ours(place, one), plain(place, one)  # what pytest compiles is compiled once
    found = in_turn(rounds, partial(plain, place, pages), partial(ours, place, pages))
    walls, busy = [each.wall for each in found], spread(each.busy for each in found)
    return Table(
        f"`pytest --benchmark` against plain parametrization: 8 methods on {count} pages",
        ["items/s, of plain tests'", "in processor time", "target"],
        [[spread(walls), busy, verdict(statistics.median(walls), at_least=1.8)]],
    )


def overhead(place: Path, rounds: int) -> Table:
    """Tell what an item costs."""
    few, many = write_tiny_pages(place / "few", 20), write_tiny_pages(place / "many", 120)
    costs = [overhead_ms(place, few, many) for _ in range(rounds)]
    return Table(
        "What an item of `pytest --benchmark` costs beside its method",
        ["ms of processor time", "target"],
        [[spread(costs, ""), verdict(statistics.median(costs), at_most=2)]],
    )


def scaling(place: Path, count: int, rounds: int) -> Table:
    """Tell what a second worker gains, and what a second bare process does on this machine."""
    paths = write_benchmark_pages(place, count)
    pages = paths[0].parent
    found = in_turn(rounds, partial(ours, place, pages, "-n0"), partial(ours, place, pages, "-n2"))
    bare = in_turn(rounds, partial(by_hand, paths, 1), partial(by_hand, paths, 2))
    gains = [each.wall for each in found]
    return Table(
        f"`pytest --benchmark -n 2` on {count} pages",
        ["of -n 0", "target", "for this much of its processor time", "two bare processes, of one"],
        [
            [
                spread(gains),
                verdict(statistics.median(gains), at_least=1.7),
                spread(1 / each.busy for each in found),
                spread(each.wall for each in bare),
            ]
        ],
    )


def tables(options: argparse.Namespace) -> Iterator[Table]:
    parts = {
        "plain": partial(against_plain, count=options.pages, rounds=options.rounds),
        "overhead": partial(overhead, rounds=options.rounds),
        "scaling": partial(scaling, count=options.scaling_pages, rounds=options.rounds),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as place:
                yield part(Path(place))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--scaling-pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["plain", "overhead", "scaling"])
    present(parser, tables)


if __name__ == "__main__":
    main()
