"""The table that users of the earlier scripts know, with what ecgbench takes today: one picture, a batch of ten, and nine on all cores.

    python benchmarks/earlier.py [--rounds 7]

The earlier documents gave milliseconds of a machine that is not named; the figures here are of this run, and shares of one decode of the same
page, which compare between machines. Pictures are 2200x1700 PNG files; a batch is `process_batch`, in parallel.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
from pages import write_benchmark_pages
from tables import Table, present, spread

from ecgbench.pipeline import process_batch, process_image
from ecgbench.workers import usable_cores

BATCH, CONCURRENT = 10, 9
# Each operation's options, and what the earlier documents said of one picture and of a batch of ten.
OPERATIONS: Mapping[str, tuple[dict[str, Any] | None, str, str]] = {
    "Edge Detection": ({"edge_detection": True}, "50-100 ms", "500-1000 ms"),
    "Color Separation": ({"color_separation": True}, "100-200 ms", "1000-2000 ms"),
    "Grid Detection": ({"grid_detection": True}, "200-400 ms", "2000-4000 ms"),
    "Full Pipeline": (None, "500-800 ms", "5000-8000 ms"),
}


def seconds(work: Callable[[], Any]) -> float:
    """Return what a call takes; every picture has to succeed."""
    start = time.perf_counter()
    replies = work()
    taken = time.perf_counter() - start
    assert all(reply["success"] for reply in (replies if isinstance(replies, list) else [replies]))
    return taken


def decode_seconds(path: Path) -> float:
    start = time.perf_counter()
    cv2.imread(str(path))
    return time.perf_counter() - start


def operations(paths: Sequence[Path], rounds: int) -> Table:
    """Time each operation on one picture and on a batch, in turn with a decode."""
    decodes: list[float] = []
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in OPERATIONS}
    for turn in range(rounds + 1):
        decode = decode_seconds(paths[0])
        for name, (options, _, _) in OPERATIONS.items():
            single = seconds(partial(process_image, paths[0], options))
            batch = seconds(partial(process_batch, paths[:BATCH], options))
            if turn:  # the first turn warms up
                found[name].append((single, batch))
        decodes += [decode] if turn else []
    rows = []
    for name, (_, said, said_of_ten) in OPERATIONS.items():
        singles, batches = ([pair[place] for pair in found[name]] for place in (0, 1))
        shares = spread(single / decode for single, decode in zip(singles, decodes, strict=True))
        ten = spread(batch / decode for batch, decode in zip(batches, decodes, strict=True))
        one, ten_ms = (f"{1e3 * statistics.median(each):.0f} ms" for each in (singles, batches))
        rows.append([name, one, shares, ten_ms, ten, said, said_of_ten])
    return Table(
        "The earlier scripts' table",
        [
            "operation",
            "single image",
            "of a decode",
            f"batch of {BATCH}",
            "of a decode",
            "single, as was said",
            "batch, as was said",
        ],
        rows,
        [
            f"The picture's decode is in each; one takes {1e3 * statistics.median(decodes):.0f} ms in this run. {usable_cores()} cores for a batch. "
            "What was said before was of another machine and other pictures."
        ],
    )


def nine_at_once(paths: Sequence[Path], rounds: int) -> Table:
    """Time the whole pipeline on nine pictures, on one worker and on all, in turn."""
    alone, together = [], []
    for turn in range(rounds + 1):
        one = seconds(partial(process_batch, paths[:CONCURRENT], max_workers=1))
        all_ = seconds(partial(process_batch, paths[:CONCURRENT]))
        if turn:
            alone.append(one)
            together.append(all_)
    gain = spread(one / all_ for one, all_ in zip(alone, together, strict=True))
    row = [f"{statistics.median(alone):.2f} s", f"{statistics.median(together):.2f} s", gain]
    return Table(
        f"Full pipeline on {CONCURRENT} images",
        ["1 worker", f"{usable_cores()} workers", "gain"],
        [row],
        [
            "The earlier documents said 18 s one after the other and about 2 s on nine workers; more workers than cores gain nothing."
        ],
    )


def tables(options: argparse.Namespace) -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as folder:
        paths = write_benchmark_pages(Path(folder), BATCH)
        yield operations(paths, options.rounds)
        yield nine_at_once(paths, options.rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    present(parser, tables)


if __name__ == "__main__":
    main()
