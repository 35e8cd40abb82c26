"""ecgbench against other ways to run methods over pages: the same methods, pages, repeats and cores, each tool in processes of its own.

    make .venv-peers/stamp && python benchmarks/peers/compare.py [--pages 200] [--rounds 4] [--targets-only]

The tools are a process pool by hand, joblib, dask by hand, pytest-benchmark and benchopt; tools.py says how each is started, the files beside it
are its configuration. Each round gives every tool the same part of the pages in turn. Targets: an overhead a cell of at most 1/20 of benchopt's;
at most 1/2 of benchopt's time and 1/3 of pytest-benchmark's for ten methods on 200 pages; at least 1.85x on 2 cores against 1.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[1]))  # the other benchmarks' pages and tables

# isort: split
from pages import write_benchmark_pages, write_tiny_pages
from tables import Table, present, spread, verdict
from tools import BENCHOPT, OURS, PEERS, PLAIN, POOL, PYTHON, Cost, Tool, cost_of

from ecgbench.workers import usable_cores

TOOLS = (OURS, *PEERS)
TARGETS = (OURS, POOL, PLAIN, BENCHOPT)  # what a target is about, and the loop that tells what the machine gives
# Pages of the method that does nothing, ten cells each; the difference drops the start. The more a cell costs, the fewer tell as much.
QUICK_CELLS, MEDIUM_CELLS, SLOW_CELLS = (10, 1010), (5, 105), (3, 33)
MEMORY_PAGES = 4


def parts(folder: Path, pages: Sequence[Path], rounds: int) -> list[Path]:
    """Deal the pages out to a folder a round."""
    folders = [folder / f"part{number}" for number in range(rounds)]
    for number, part in enumerate(folders):
        part.mkdir()
        for page in pages[number::rounds]:
            os.link(page, part / page.name)
    return folders


def checked(tool: Tool, pages: Path, *, methods: str = "ten", workers: int | None = None, look: bool = False) -> Cost:
    """Return what a job costs, after a look at whether all its cells are there; what fails is tried once more, and said.

    benchopt fails now and then, when its threads change a dictionary that is on its way to a worker.
    """
    try:
        cost = cost_of(tool, pages, methods=methods, workers=workers or usable_cores(), look=look)
    except RuntimeError as error:
        print(f"  {error}\n  {tool.name} failed and is tried again", file=sys.stderr, flush=True)
        cost = cost_of(tool, pages, methods=methods, workers=workers or usable_cores(), look=look)
    expected = 10 * len(list(pages.glob("*.png")))
    if cost.cells != expected:
        raise RuntimeError(f"{tool.name} left {cost.cells} cells of {expected}")
    print(f"  {tool.name}: {cost.seconds:.1f} s, {cost.cells} cells", file=sys.stderr, flush=True)
    return cost


def times(folders: Sequence[Path], tools: Sequence[Tool]) -> dict[str, list[Cost]]:
    """Give each part of the pages to every tool in turn."""
    found: dict[str, list[Cost]] = {tool.name: [] for tool in tools}
    for folder in folders:
        for tool in tools:
            found[tool.name].append(checked(tool, folder))
    return found


def overheads(place: Path, rounds: int) -> dict[str, list[float]]:
    """Return ms a cell of a method that does nothing on pages that are next to nothing, starts dropped, round by round."""
    counts = {count for each in (QUICK_CELLS, MEDIUM_CELLS, SLOW_CELLS) for count in each}
    folders = {count: write_tiny_pages(place / f"tiny{count}", count) for count in sorted(counts)}
    found: dict[str, list[float]] = {tool.name: [] for tool in TOOLS}
    for _ in range(rounds):
        for tool in TOOLS:
            sizes = SLOW_CELLS if tool.suffix == BENCHOPT.suffix else MEDIUM_CELLS if tool.one_core else QUICK_CELLS
            few, many = (checked(tool, folders[count], methods="nothing") for count in sizes)
            found[tool.name].append((many.seconds - few.seconds) / (many.cells - few.cells) * 1e3)
    return found


def ratios(found: Mapping[str, Sequence[float]], name: str) -> list[float]:
    """Return a tool's values over ecgbench's, round by round."""
    return [theirs / own for theirs, own in zip(found[name], found[OURS.name], strict=True)]


def time_row(tool: Tool, found: Mapping[str, Sequence[Cost]], memory_mb: float) -> list[str]:
    """Return a tool's cells: its time of ecgbench's, and the rest as it was in this run."""
    costs = found[tool.name]
    seconds = sum(cost.seconds for cost in costs)
    wall, busy = ("1" if tool is OURS else spread(ratios(each, tool.name)) for each in (seconds_of(found), busy_of(found)))
    rate, first = sum(cost.cells for cost in costs) / seconds, statistics.median(cost.first for cost in costs)
    return [tool.name, cores(tool), wall, busy, f"{seconds:.1f}", f"{rate:.1f}", f"{first:.2f}", f"{memory_mb:.0f}"]


def cores(tool: Tool) -> str:
    return "1" if tool.one_core else str(usable_cores())


def seconds_of(found: Mapping[str, Sequence[Cost]]) -> dict[str, list[float]]:
    return {name: [cost.seconds for cost in costs] for name, costs in found.items()}


def busy_of(found: Mapping[str, Sequence[Cost]]) -> dict[str, list[float]]:
    return {name: [cost.busy for cost in costs] for name, costs in found.items()}


def time_table(found: Mapping[str, Sequence[Cost]], memory: Mapping[str, float], pages: int) -> Table:
    """Show what ten methods on the pages take."""
    typical = {name: statistics.median(ratios(seconds_of(found), name)) for name in found}
    slower, plain = typical[BENCHOPT.name], typical[PLAIN.name]
    quicker = ", ".join(name for name, ratio in typical.items() if ratio < 1)
    return Table(
        f"Ten methods on {pages} pages of 2200x1700, one timed call a cell",
        [
            "tool",
            "cores",
            "time, of ecgbench's",
            "processor time, of ecgbench's",
            "seconds in all",
            "cells/s",
            "first result after s",
            "peak MB",
        ],
        [time_row(tool, found, memory[tool.name]) for tool in TOOLS if tool.name in found],
        [
            f"Rounds: {len(found[OURS.name])}, each on its own part of the pages; every tool's start and end are within its time. ecgbench's is "
            "that of the whole command: store, sums, leaderboard and one untimed call of each method in each worker. Memory is that of all "
            "processes, shared pages counted once, looked at in a run of its own. Processor time is that of all processes, which others on the "
            "machine change less.",
            f"benchopt takes {slower:.2f}x of ecgbench's time ({verdict(slower, at_least=2)}), "
            f"pytest-benchmark {plain:.2f}x ({verdict(plain, at_least=3)}).",
            f"Quicker than ecgbench here: {quicker or 'none of them'}.",
        ],
    )


def overhead_table(found: Mapping[str, Sequence[float]]) -> Table:
    """Show what a cell costs each tool."""
    share = statistics.median(ratios(found, BENCHOPT.name))
    rows = []
    for tool in TOOLS:
        ratio = "1" if tool is OURS else spread(ratios(found, tool.name), digits=1)
        rows.append([tool.name, cores(tool), spread(found[tool.name], " ms"), ratio])
    return Table(
        "What a cell costs beside its method",
        ["tool", "cores", "wall time a cell", "of ecgbench's"],
        rows,
        [
            "Ten copies of a method that does nothing on pages of 64x48 pixels: what more pages take, so that starts drop out. "
            f"benchopt's is {share:.0f}x of ecgbench's ({verdict(share, at_least=20)})."
        ],
    )


def scaling_table(folders: Sequence[Path], found: Mapping[str, Sequence[Cost]], rounds: int) -> Table:
    """Show what all cores gain against one: on the parts that were timed on all of them, and on these once more where rounds are left."""
    rows, gains = [], {}
    for tool in (OURS, POOL):
        turns = [folders[number % len(folders)] for number in range(rounds)]
        alone = [checked(tool, folder, workers=1).seconds for folder in turns]
        together = [*found[tool.name], *(checked(tool, folder) for folder in turns[len(folders) :])]
        gains[tool.name] = [one / all_.seconds for one, all_ in zip(alone, together, strict=False)]
        rows.append([tool.name, spread(gains[tool.name])])
    gain = statistics.median(gains[OURS.name])
    target = f" ({verdict(gain, at_least=1.85)})" if usable_cores() == 2 else ""
    return Table(
        f"{usable_cores()} cores against 1",
        ["tool", "gain"],
        rows,
        [f"Of whole commands, starts included: ecgbench {gain:.2f}x{target}. The loop by hand tells what the machine gives."],
    )


def tables(options: argparse.Namespace) -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        warm = parts(folder, write_benchmark_pages(folder, MEMORY_PAGES), 1)[0]
        tools = TARGETS if options.targets_only else TOOLS
        memory = {tool.name: checked(tool, warm, look=True).memory_mb for tool in tools}
        if options.overhead_rounds:
            yield overhead_table(overheads(folder, options.overhead_rounds))
        timed = Path(place) / "timed"
        timed.mkdir()
        folders = parts(timed, write_benchmark_pages(timed, options.pages), options.rounds)
        found = times(folders, tools)
        yield time_table(found, memory, options.pages)
        yield scaling_table(folders, found, options.scaling_rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=4, help="that the pages are dealt out to")
    parser.add_argument("--overhead-rounds", type=int, default=2, help="0: leave out what a cell costs")
    parser.add_argument("--scaling-rounds", type=int, default=2)
    parser.add_argument("--targets-only", action="store_true", help="only the tools that a target is about, over the pages")
    if not PYTHON.exists():
        sys.exit("The peers are installed by: make .venv-peers/stamp")
    present(parser, tables)


if __name__ == "__main__":
    main()
