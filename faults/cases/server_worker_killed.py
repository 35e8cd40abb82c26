"""Kills compute workers of `--isolate` in the middle of batches."""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path

from ecgbench.wire import read_reply
from ecgbench.wire.frames import pack
from faults.runs import write_plugin
from faults.servers import page_png, serving
from faults.suite import Found, require

PROMISE = (
    "With --isolate, kill -9 of a worker in a batch costs nothing; an image that loses two workers has that as its own error."
)
SHORT = False  # tests/ws_server/test_server.py kills one
BATCHES, SHORT_BATCHES, IMAGES = 25, 3, 8


def run(*, short: bool) -> Found:
    """Kill one worker a batch, at a random moment; then run a method that kills its own."""
    batches = SHORT_BATCHES if short else BATCHES
    chance = random.Random(5)
    lost, slowest, errors = 0, 0.0, 0
    with tempfile.TemporaryDirectory() as place:
        plugin = write_plugin(Path(place), {"naps": "time.sleep(0.15)", "dies": "os.kill(os.getpid(), signal.SIGKILL)"})
        with serving("--isolate", plugins=(plugin,)) as served, served.websocket() as socket:
            served.answers()
            picture = page_png(width=120, height=100)
            for _ in range(batches):
                socket.send(pack({"type": "run_method", "method": "edges.naps"}, [picture] * IMAGES))
                time.sleep(chance.uniform(0.05, 0.4))
                victim = chance.choice([pid for pid in served.children() if _is_busy(pid)] or [0])
                start = time.monotonic()
                if victim:
                    os.kill(victim, signal.SIGKILL)
                results = _final(socket)["results"]
                slowest = max(slowest, time.monotonic() - start)
                lost += IMAGES - len(results)
                errors += sum(not each["success"] for each in results)
            socket.send(pack({"type": "run_method", "method": "edges.dies"}, [picture]))
            said = _final(socket)["error"]
            require("killed by SIGKILL" in said, f"an image that kills its worker said {said!r}")
            after = served.answers()
    sent = batches * IMAGES
    require(errors == 0, f"{errors} of {sent} images have an error")
    return Found(
        sent, lost, slowest, f"{batches} batches of {IMAGES}, a worker killed in each; afterwards a picture took {after:.2f} s"
    )


def _is_busy(pid: int) -> bool:
    """Tell a worker from the forkserver and its tracker: workers are leaders of groups of their own."""
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def _final(socket) -> dict:  # type: ignore[no-untyped-def,type-arg]
    while True:
        reply = read_reply(socket.recv(120))
        if reply["type"] != "item":
            require(reply["type"] in ("result", "batch_result"), json.dumps(reply)[:300])
            return reply
