"""What the server costs beyond the work itself: against bare threads in one process that do the same, in turn within one run.

    python benchmarks/server.py [--rounds 3] [--pages 20] [--requests 10000] [--only throughput|memory|batch]

Targets: 10 connections x 20 JPEG pages of 2200x1700, decode + Canny: binary frames at least 0.90x the images/s of bare threads (with
--isolate 0.83x), base64 in JSON at least 0.80x; p99 at most 1.5x p50; 200 idle connections less than 20 MB; memory grows at most 2 % over
10,000 requests after the first 1,000; 9 images in one batch at most 1.1x ceil(9 / workers) times one image. Client and server share the
machine's cores, as they do not in use: what the client costs counts against the server, so that requests are made and masked beforehand
(websocket_load.py). Bare threads read their pages from memory.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import cv2
import numpy as np
from pages import DISTINCT, write_benchmark_pages
from tables import Table, present, spread, verdict
from websocket_load import Connection, load, masked

from ecgbench.plugins.edges import canny
from ecgbench.wire import to_base64
from ecgbench.wire.frames import pack
from ecgbench.workers import usable_cores

CONNECTIONS, PAGES = 10, 20
JPEG_QUALITY = 90
OPTIONS = {"edge_detection": True, "method": "canny"}
TIMES_SEEN = 15  # of a request, for its median


def jpeg_pages() -> list[bytes]:
    """Return the encoded pages: JPEGs of 2200x1700."""
    with tempfile.TemporaryDirectory() as place:
        pictures = [cv2.imread(str(path)) for path in write_benchmark_pages(Path(place), DISTINCT)]
    return [
        cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        for picture in pictures
        if picture is not None
    ]


def decode_and_canny(page: bytes) -> dict[str, Any]:
    """Do by hand what the server is asked for: the findings of a page."""
    picture = cv2.imdecode(np.frombuffer(page, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return canny(picture).to_dict()


def bare_threads(pages: Sequence[bytes], count: int) -> float:
    """Return the images/s of as many threads as cores that share a queue of pages."""
    waiting: SimpleQueue[bytes] = SimpleQueue()
    for index in range(count):
        waiting.put(pages[index % len(pages)])

    def work() -> None:
        try:
            while True:
                decode_and_canny(waiting.get_nowait())
        except Empty:
            return

    cv2.setNumThreads(1)
    threads = [threading.Thread(target=work) for _ in range(usable_cores())]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.perf_counter() - start)


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, int]]:
    """Run `ecgbench serve` in a process of its own; yield its address and its process id."""
    command = [sys.executable, "-m", "ecgbench.ws_server", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            yield next(word.rstrip(";") for word in line.split() if word.startswith("ws://")), process.pid
        finally:
            process.terminate()


def binary_requests(pages: Sequence[bytes]) -> list[bytes]:
    headers = [{"type": "process_image", "id": place, "options": OPTIONS} for place in range(len(pages))]
    return [masked(pack(header, [page])) for header, page in zip(headers, pages, strict=True)]


def base64_requests(pages: Sequence[bytes]) -> list[bytes]:
    requests = [
        {"type": "process_image", "id": place, "options": OPTIONS, "image": to_base64(page)} for place, page in enumerate(pages)
    ]
    return [masked(json.dumps(request)) for request in requests]


def processor_seconds() -> tuple[float, float]:
    """Return the seconds that all processors were busy, or taken away by the machine's host (proc(5)), and this process's own of them."""
    ticks = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    own = os.times()
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK"), own.user + own.system


def bare_and_others(pages: Sequence[bytes], count: int) -> tuple[float, float]:
    """Return the images/s of bare threads, and the share of the cores that others took meanwhile: whether the machine was quiet."""
    busy, own = processor_seconds()
    rate = bare_threads(pages, count)
    busy_then, own_then = processor_seconds()
    return rate, max(0.0, busy_then - busy - (own_then - own)) / (usable_cores() * count / rate)


def throughput(pages: Sequence[bytes], rounds: int, each: int) -> Table:
    """Tell images/s of the server, each way of asking it in turn with bare threads."""
    kinds: list[tuple[str, float, list[str], list[bytes]]] = [
        ("binary frames", 0.90, [], binary_requests(pages)),
        ("base64 JSON", 0.80, [], base64_requests(pages)),
        ("binary frames, --isolate", 0.83, ["--isolate"], binary_requests(pages)),
    ]
    rows = []
    for label, target, options, frames in kinds:
        with serving(*options) as (address, _):
            load(address, frames, CONNECTIONS, 2)  # warm
            ratios, tails, rates, disturbed = [], [], [], []
            before, others = bare_and_others(pages, CONNECTIONS * each)
            for _ in range(rounds):
                disturbed.append(others)
                rate, latencies = load(address, frames, CONNECTIONS, each)
                after, others = bare_and_others(pages, CONNECTIONS * each)
                ratios.append(rate / ((before + after) / 2))
                before = after
                p50, p99 = np.percentile(latencies, [50, 99])
                tails.append(float(p99 / p50))
                rates.append(rate)
        met = verdict(statistics.median(ratios), at_least=target)
        busy = f"{max(*disturbed, others):.0%}"
        rows.append([label, spread(ratios), met, spread(tails), f"{statistics.median(rates):.0f}", busy])
    return Table(
        f"The server against bare threads: {CONNECTIONS} connections x {each} JPEG pages, decode and Canny",
        [
            "asked by",
            "images/s, of bare threads'",
            "target",
            "p99, of p50 (target 1.5)",
            "images/s",
            "of the cores, others took at most",
        ],
        rows,
    )


def resident_mb(pid: int) -> float:
    """Return a process's resident memory in MB (proc(5))."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this kernel does not tell the resident memory")


def idle_cost(address: str, pid: int, connections: int) -> float:
    """Return the MB that so many connections cost which ask nothing."""
    before = resident_mb(pid)
    with ExitStack() as opened:
        for _ in range(connections):
            opened.enter_context(Connection(address))
        time.sleep(1)
        return resident_mb(pid) - before


def memory(requests: int) -> Table:
    """Tell what idle connections cost and how memory grows over many requests of a small page."""
    page = cv2.imencode(".jpg", np.full((300, 400, 3), 255, np.uint8))[1].tobytes()
    frames = binary_requests([page] * DISTINCT)
    with serving() as (address, pid):
        load(address, frames, CONNECTIONS, 10)
        idle = idle_cost(address, pid, 200)
        load(address, frames, CONNECTIONS, requests // 10 // CONNECTIONS)
        first = resident_mb(pid)
        load(address, frames, CONNECTIONS, requests * 9 // 10 // CONNECTIONS)
        last = resident_mb(pid)
    growth = 100 * (last / first - 1)
    return Table(
        "The server's memory",
        ["", "", "target"],
        [
            ["200 idle connections", f"{idle:.1f} MB", verdict(idle, at_most=20)],
            [
                f"{requests:,} requests, after the first tenth",
                f"{first:.1f} to {last:.1f} MB, {growth:+.1f} %",
                verdict(growth, at_most=2),
            ],
        ],
    )


def seconds_of(connection: Connection, frame: bytes, final: str) -> float:
    """Return how long the request of a frame takes until its final reply."""
    start = time.perf_counter()
    connection.send(frame)
    while (reply := connection.receive())["type"] != final:
        assert reply["type"] == "item", reply
    return time.perf_counter() - start


def batch(pages: Sequence[bytes], times: int) -> Table:
    """Tell the time of nine images in one batch against rounds of one, and the same of bare threads: what the machine gives today."""
    workers = usable_cores()
    rounds = math.ceil(9 / workers)
    one = masked(pack({"type": "process_image", "options": OPTIONS}, pages[:1]))
    nine = masked(pack({"type": "process_batch", "options": OPTIONS}, [pages[0]] * 9))
    with serving() as (address, _):
        load(address, binary_requests(pages), 2, 5)
        with Connection(address) as connection:
            singles, batches, bare = [], [], []
            for _ in range(times):
                singles.append(seconds_of(connection, one, "result"))
                batches.append(seconds_of(connection, nine, "batch_result"))
                bare.append(bare_threads(pages[:1], 1) / (bare_threads(pages[:1], 9) / 9) / rounds)
    ratio = statistics.median(batches) / (rounds * statistics.median(singles))
    return Table(
        f"9 images in a batch against {rounds} times one image, on {workers} workers",
        ["", "ratio", "target"],
        [["the server", f"{ratio:.2f}x", verdict(ratio, at_most=1.1)], ["bare threads", spread(bare), ""]],
        [f"Medians of {times}."],
    )


def tables(options: argparse.Namespace) -> Iterator[Table]:
    pages = jpeg_pages()
    parts: dict[str, Callable[[], Table]] = {
        "throughput": lambda: throughput(pages, options.rounds, options.pages),
        "memory": lambda: memory(options.requests),
        "batch": lambda: batch(pages, TIMES_SEEN),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            yield part()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, default=PAGES, help="of each connection")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--only", choices=["throughput", "memory", "batch"])
    present(parser, tables)


if __name__ == "__main__":
    main()
