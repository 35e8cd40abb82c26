"""What each built-in method costs, against one decode of the page, its bare OpenCV calls and its scikit-image counterpart.

    python benchmarks/methods.py [--rounds 15] [--methods 'edges.*,color.lab'] [--page PICTURE]

All of them run in turn, round by round, in one process that is set up as a worker of a run is: OpenCV and BLAS on one thread, freed memory
kept. A method's time is that of `cv2.imread` of the same
2200x1700 PNG page in the same round; conversions (gray, Lab, HSV) are in it, since each call gets a fresh page. Medians, quartiles in brackets.
"Of its own OpenCV calls" tells how much of a method is not OpenCV (`own_calls.py`); the floor is what a method cannot do without: the
OpenCV calls alone, picked by hand. "scikit-image" names the counterpart and how many times longer it takes;
for edges, boundary F1 of both at equal settings stands behind, the mean over a render, a scan and two photos (development pages).
"""

from __future__ import annotations

import argparse
import fnmatch
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ecgbench.preload  # noqa: F401 - sets the threads of BLAS, before numpy is imported

# isort: split
import cv2
import numpy as np
from counterparts import COUNTERPARTS, edge_scores
from floors import FLOORS
from own_calls import Recording, recording
from pages import write_benchmark_pages
from tables import Table, present, spread, verdict

from ecgbench.core.page import Page, Pixels
from ecgbench.core.transformer import Transformer
from ecgbench.pipeline import read_options, run_pipeline
from ecgbench.registry import Registry, default_registry
from ecgbench.workers.child import keep_freed_memory

TASKS = ("edges", "color", "grid", "quality")
PIPELINE = "pipeline"
# Shares of a decode that methods are to stay below, by name or by task.
TARGETS: Mapping[str, float] = {"edges": 0.6, "color.lab": 0.7, "color.hsv": 0.7, "grid": 1.5, "quality": 1.0, PIPELINE: 3.0}
SCORED_PAGES = "synthetic?count=4&types=0001,0003,0005,0009&seed=900&severity=0.5&preset=kaggle"


@dataclass(frozen=True)
class Timed:
    """Seconds a round of everything that was measured, by label; "decode" is `cv2.imread`."""

    seconds: Mapping[str, Sequence[float]]

    def shares(self, label: str) -> list[float]:
        """Return a label's time as a share of the decode's, round by round."""
        return [own / decode for own, decode in zip(self.seconds[label], self.seconds["decode"], strict=True)]

    def median(self, label: str) -> float:
        """Return the median share."""
        return statistics.median(self.shares(label))


def measured(calls: Mapping[str, Callable[[], Any]], rounds: int) -> Timed:
    """Run all calls in turn, `rounds` times after one that warms up."""
    seconds: dict[str, list[float]] = {label: [] for label in calls}
    for turn in range(rounds + 1):
        for label, call in calls.items():
            if isinstance(call, Recording):
                call.prepare()
            start = time.perf_counter()
            call()
            if turn:
                seconds[label].append(time.perf_counter() - start)
    return Timed(seconds)


def on_fresh_page(method: Transformer[Any], picture: Pixels) -> Any:
    """Run a method on a page that has none of its forms made yet."""
    return method(Page(picture))


def calls_on(path: Path, names: Sequence[str], registry: Registry) -> dict[str, Callable[[], Any]]:
    """Return what is to be measured on a page: its decode, methods, the pipeline, floors and counterparts."""
    picture = np.asarray(cv2.imread(str(path)), np.uint8)
    options = read_options(None, registry)
    calls: dict[str, Callable[[], Any]] = {"decode": lambda: cv2.imread(str(path))}
    for name in names:
        if name == PIPELINE:
            calls[name] = lambda: run_pipeline(Page(picture), options)
        else:
            calls[name] = partial(on_fresh_page, registry.method(name), picture)
        with recording() as own_calls:
            calls[name]()
        calls[f"own calls {name}"] = own_calls
        if name in FLOORS:
            calls[f"floor {name}"] = partial(FLOORS[name], picture)
        if name in COUNTERPARTS:
            calls[f"peer {name}"] = partial(COUNTERPARTS[name].call, picture)
    return calls


def chosen(patterns: str, registry: Registry) -> list[str]:
    """Return the built-in methods of the four tasks, and the pipeline, that a pattern names."""
    known = [name for name, method in sorted(registry.transformers.items()) if method.task in TASKS] + [PIPELINE]
    names = [name for name in known if any(fnmatch.fnmatch(name, pattern) for pattern in patterns.split(","))]
    return names or sys.exit(f"No method matches {patterns}; there are: {', '.join(known)}.")


def row(name: str, timed: Timed, scores: Mapping[str, tuple[float, float]]) -> list[str]:
    """Return a method's cells."""
    low, _, high = statistics.quantiles(timed.shares(name), n=4)
    own, target = timed.median(name), TARGETS.get(name, TARGETS.get(name.partition(".")[0]))
    floor = timed.median(f"floor {name}") if name in FLOORS else None
    peer = f"{COUNTERPARTS[name].name} {timed.median(f'peer {name}') / own:.1f}x" if name in COUNTERPARTS else ""
    f1 = "{:.3f} / {:.3f}".format(*scores[name]) if name in scores else ""
    times_calls = [mine / bare for mine, bare in zip(timed.seconds[name], timed.seconds[f"own calls {name}"], strict=True)]
    floors = [f"{floor:.2f}", f"{own / floor:.1f}x"] if floor else ["", ""]
    met = "" if target is None else verdict(own, at_most=target)
    return [name, f"{own:.2f} [{low:.2f}, {high:.2f}]", met, spread(times_calls), *floors, peer, f1]


def tables(options: argparse.Namespace) -> Iterator[Table]:
    cv2.setNumThreads(1)
    keep_freed_memory()
    registry = default_registry()
    names = chosen(options.methods, registry)
    with tempfile.TemporaryDirectory() as folder:
        path = options.page or write_benchmark_pages(Path(folder), 1)[0]
        timed = measured(calls_on(path, names, registry), options.rounds)
    edges = [name for name in names if name.startswith("edges.") and name in COUNTERPARTS]
    scores = edge_scores(edges, registry, SCORED_PAGES)
    decode = 1e3 * statistics.median(timed.seconds["decode"])
    yield Table(
        "Each built-in against a decode, its bare OpenCV calls and scikit-image",
        [
            "method",
            "of a decode",
            "target",
            "of its own OpenCV calls",
            "floor",
            "of the floor",
            "scikit-image takes",
            "F1 ours / its",
        ],
        [row(name, timed, scores) for name in names],
        [
            f"`cv2.imread` of the 2200x1700 PNG takes {decode:.0f} ms in this run; medians of {options.rounds} rounds, quartiles in "
            "brackets. Of its own OpenCV calls: a method's time over that of every call that it makes into OpenCV on this page, conversions "
            "included, made again bare with the same arguments in the same round (median, least and most; target at most 1.3x): what is more is "
            "numpy and Python. The floor is the OpenCV calls that a method cannot do without; `alone`: the counterpart does a part of the work only."
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--methods", default="*", help="names with wildcards, separated by commas")
    parser.add_argument("--page", type=Path, help="a picture of your own instead of the benchmark's page")
    present(parser, tables)


if __name__ == "__main__":
    main()
