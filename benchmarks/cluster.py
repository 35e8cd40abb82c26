"""Pages a second of a dask cluster of two worker processes against our own process pool, in turn within one run.

    python benchmarks/cluster.py [--pages 40] [--rounds 3]

Target: at least 0.9x of the process pool. Beside it the same cluster without dask's nanny, which gives its workers a
MALLOC_TRIM_THRESHOLD_ of 64 KB: methods run in processes of our own, which set that threshold themselves, so that the two should be alike.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pages import write_benchmark_pages
from tables import Table, present, spread, verdict

from ecgbench.execution import Execution
from ecgbench.plan import make_plan
from ecgbench.workers import usable_cores

METHODS = "edges.*"
CLUSTERS = ("as dask starts it", "without nannies")


@contextmanager
def cluster(folder: Path, *, nanny: bool) -> Iterator[str]:
    """Start a scheduler and a worker process a core; give the scheduler's address."""
    log = folder / "scheduler.log"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    dask = [sys.executable, "-m"]
    with log.open("w") as said:
        scheduler = [*dask, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        started = [subprocess.Popen(scheduler, env=environment, cwd=folder, stdout=said, stderr=said)]
    try:
        while not (found := re.search(r"Scheduler at: +(tcp://\S+)", log.read_text())):
            time.sleep(0.1)
        worker = [*dask, "distributed.cli.dask_worker", found[1], "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
        worker += ["--nanny" if nanny else "--no-nanny", "--local-directory", str(folder)]
        with (folder / "workers.log").open("w") as said:
            for _ in range(usable_cores()):
                started.append(subprocess.Popen(worker, env=environment, cwd=folder, stdout=said, stderr=said))  # noqa: PERF401 - each is ended below
        yield found[1]
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(30)


def pages_a_second(folder: Path, count: int, scheduler: str | None) -> float:
    """Return the rate at which pages end after the first tenth of them, so that starts drop out."""
    executor = "dask" if scheduler else "processes"
    plan = make_plan([str(folder)], methods=METHODS, executor=executor, scheduler=scheduler, timeout=60.0)
    cells = count * len(plan.methods)
    skipped, begun = cells // 10, 0.0
    for number, _ in enumerate(Execution(plan).outcomes(), start=1):
        if number == skipped:
            begun = time.perf_counter()
    return (cells - skipped) / len(plan.methods) / (time.perf_counter() - begun)


def tables(options: argparse.Namespace) -> Iterator[Table]:
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = write_benchmark_pages(place, options.pages)[0].parent
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        addresses = [stack.enter_context(cluster(each, nanny=nanny)) for each, nanny in zip(folders, (True, False), strict=True)]
        found: list[list[float]] = [[], []]
        for _ in range(options.rounds):
            own = pages_a_second(folder, options.pages, None)
            for ratios, address in zip(found, addresses, strict=True):
                ratios.append(pages_a_second(folder, options.pages, address) / own)
    yield Table(
        f"`--executor dask` on {usable_cores()} worker processes against our own pool: edges.* on {options.pages} pages",
        ["cluster", "pages/s, of the pool's", "target"],
        [
            [said, spread(each), verdict(statistics.median(each), at_least=0.9)]
            for said, each in zip(CLUSTERS, found, strict=True)
        ],
        ["Rates after the first tenth of the pages, so that starts drop out."],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    present(parser, tables)


if __name__ == "__main__":
    main()
