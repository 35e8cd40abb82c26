"""Run every benchmark in turn, each in a process of its own, and write what they found to RESULTS.md: what `make bench` does.

    python benchmarks/run_all.py [--quick] [--only peers,server] [--output benchmarks/RESULTS.md]

A benchmark that fails is named in its section, the others stand, and the exit code is 1. With --only the sections of the others stay as they
were in the file.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from results import Section, results_page, sections_of
from tables import read_tables

HERE = Path(__file__).parent
PEERS_PYTHON = HERE.parent / ".venv-peers" / "bin" / "python"


@dataclass(frozen=True)
class Benchmark:
    """A script, its section's title, and its words for a full and a quick run."""

    name: str
    title: str
    full: Sequence[str] = ()
    quick: Sequence[str] = ()
    script: str = ""
    python: Path = Path(sys.executable)

    def command(self, *, quick: bool) -> list[str]:
        return [str(self.python), str(HERE / (self.script or f"{self.name}.py")), *(self.quick if quick else self.full)]


BENCHMARKS = (
    Benchmark(
        "peers",
        "Against other tools",
        ["--pages=40", "--rounds=1", "--overhead-rounds=2"],
        ["--pages=8", "--rounds=1", "--overhead-rounds=1", "--scaling-rounds=1"],
        script="peers/compare.py",
    ),
    Benchmark(
        "many_pages",
        "Against other tools, 200 pages",
        ["--pages=200", "--rounds=1", "--overhead-rounds=0", "--targets-only"],  # all tools take an hour and a half
        ["--pages=12", "--rounds=1", "--overhead-rounds=0", "--scaling-rounds=1", "--targets-only"],
        script="peers/compare.py",
    ),
    Benchmark("throughput", "The runner", ["--pages=80"], ["--pages=20", "--rounds=1"]),
    Benchmark("overhead", "Overhead and memory", ["--pages=15", "--tiny=50000"], ["--pages=5", "--rounds=1", "--tiny=5000"]),
    Benchmark("earlier", "The earlier scripts' table", ["--rounds=5"], ["--rounds=1"]),
    Benchmark("methods", "Built-in methods", ["--rounds=9"], ["--rounds=3"]),
    Benchmark("startup", "Starts and imports", ["--rounds=7"], ["--rounds=2"]),
    Benchmark("decoders", "Decoders", ["--rounds=30"], ["--rounds=10"], script="peers/decoders.py", python=PEERS_PYTHON),
    Benchmark("server", "The server", ["--pages=10"], ["--pages=2", "--rounds=1", "--requests=2000"]),
    Benchmark("store", "The store", ["--outcomes=1000000"], ["--outcomes=50000"]),
    Benchmark("cluster", "A cluster", ["--pages=40"], ["--pages=10", "--rounds=1"]),
    Benchmark(
        "pytest_items",
        "pytest",
        ["--pages=20", "--scaling-pages=60", "--rounds=2"],
        ["--pages=5", "--scaling-pages=10", "--rounds=1"],
    ),
    Benchmark("dashboard", "The dashboard", ["--outcomes=1000000"], ["--outcomes=20000"]),
)


def section(benchmark: Benchmark, *, quick: bool) -> Section:
    """Run a benchmark and return what it found, or how it failed."""
    command = benchmark.command(quick=quick)
    shown = f"{Path(command[1]).relative_to(HERE.parent)} {' '.join(command[2:])}"
    print(f"== {benchmark.name}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        kept, start = Path(place) / "tables.json", time.perf_counter()
        done = subprocess.run([*command, f"--json={kept}"], check=False)
        tables = read_tables(kept) if kept.exists() else []
    minutes = (time.perf_counter() - start) / 60
    failure = f"It failed with exit code {done.returncode}; what is missing here was not measured." if done.returncode else None
    return Section(benchmark.title, shown, minutes, tables, failure)


def chosen(names: str | None) -> list[Benchmark]:
    """Return the benchmarks of those names, or all."""
    if names is None:
        return list(BENCHMARKS)
    known = {benchmark.name: benchmark for benchmark in BENCHMARKS}
    if unknown := set(names.split(",")) - set(known):
        sys.exit(f"No benchmark is called {', '.join(sorted(unknown))}; there are: {', '.join(known)}.")
    return [known[name] for name in names.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer pages and rounds; figures say less")
    parser.add_argument("--only", help="names of benchmarks, separated by commas")
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    command = (
        f"python benchmarks/run_all.py {' '.join(sys.argv[1:])}" if options.only else "make bench" + " QUICK=1" * options.quick
    )
    known = sections_of(options.output.read_text()) if options.only and options.output.exists() else {}
    failed = False
    for benchmark in chosen(options.only):
        found = section(benchmark, quick=options.quick)
        failed |= found.failure is not None
        known[benchmark.title] = found.markdown()
        sections = [known[each.title] for each in BENCHMARKS if each.title in known]
        options.output.write_text(results_page(sections, command=command, quick=options.quick, load=load))
    print(f"{options.output} is written")
    sys.exit(failed)


if __name__ == "__main__":
    main()
