"""What runs say of one method, and what it saw on its best and its worst page, remembered as long as the run stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ecgbench.dashboard.bench import Bench, Stamp, open_bench
from ecgbench.dashboard.memory import remembered
from ecgbench.method_pages import Measured
from ecgbench.registry import default_registry
from ecgbench.report import illustrate, measured_in_run
from ecgbench.store import Run


@dataclass(frozen=True)
class Sight:
    """A picture of what a method saw (WebP), and what it is."""

    picture: bytes
    caption: str


def measured_lately(bench: Bench, method: str) -> tuple[Run | None, Measured | None]:
    """Return the newest run that has the method with its default parameters, and what it says of it; None where none has."""
    for run in bench.runs:
        if any(variant.label == method for variant in bench.store.variants(run.id).values()):
            found = _measured(bench.location, run.name, method, bench.stamp(run))
            if found is not None:
                return run, found
    return None, None


@remembered(64)
def _measured(location: str, run: str, method: str, _stamp: Stamp) -> Measured | None:
    bench = open_bench(location)
    return measured_in_run(bench.store, bench.find_run(run), method, default_registry())


def best_and_worst(bench: Bench, run: Run, method: str) -> list[Sight]:
    """Return what the method saw on the pages of the run on which it scored best and worst; those that cannot be drawn again are left out."""
    return _drawn(bench.location, run.name, method, bench.stamp(run))


@remembered(16)
def _drawn(location: str, run: str, method: str, _stamp: Stamp) -> list[Sight]:
    bench = open_bench(location)
    with TemporaryDirectory(prefix="ecgbench-") as folder:
        found = illustrate(bench.store, bench.find_run(run), method, default_registry(), Path(folder))
        return [
            Sight(
                Path(folder, Path(each["file"]).name).read_bytes(),
                f"{each['place']}, {each['case']}: {each['score']} {each['value']}",
            )
            for each in found
        ]
