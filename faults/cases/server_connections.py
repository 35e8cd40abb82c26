"""Opens 1,000 connections to a server that is allowed 256 open files at first, and asks over each."""

from __future__ import annotations

import asyncio
import json
import resource
import time

from websockets.asyncio.client import ClientConnection, connect

from faults.servers import Served, serving
from faults.suite import Found, NotTried, require

PROMISE = "1,000 connections are held and each is answered, though the shell allows fewer open files than that."
SHORT = False
COUNT, SHORT_COUNT = 1000, 300
SOFT_LIMIT = 256  # the usual one is 1024 on Linux and 256 on a Mac
MOST_MB = 150.0


def run(*, short: bool) -> Found:
    """Connect, ask over all at once, and ask as somebody new beside them."""
    count = SHORT_COUNT if short else COUNT
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * count + 200:
        raise NotTried(f"it needs {2 * count + 200} open files, and {hard} are allowed.")

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT_LIMIT, hard))

    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * count + 200), hard))
    with serving(preexec_fn=few) as served:
        served.answers()
        before = served.resident_mb()
        answered, seconds, beside, grown = asyncio.run(_ask_all(served, count, before))
        log = served.end()
    require("Traceback" not in log, f"the server logged {log[-300:]!r}")
    require(grown < MOST_MB, f"memory grew by {grown:.0f} MB")
    note = f"all answered within {seconds:.1f} s, a picture beside them took {beside:.2f} s, memory {grown:+.0f} MB"
    return Found(count, count - answered, None, note)


async def _ask_all(served: Served, count: int, before: float) -> tuple[int, float, float, float]:
    start = time.monotonic()
    gate = asyncio.Semaphore(50)  # handshakes at a time

    async def opened() -> ClientConnection:
        async with gate:
            return await connect(f"ws://127.0.0.1:{served.port}/ws", open_timeout=120, ping_interval=None)

    sockets = await asyncio.gather(*(opened() for _ in range(count)))
    try:
        for socket in sockets:
            await socket.send(json.dumps({"type": "list_methods", "task": "grid"}))
        answers = [json.loads(await asyncio.wait_for(socket.recv(), 120)) for socket in sockets]
        seconds = time.monotonic() - start
        beside = await asyncio.to_thread(served.answers)
        return sum(answer["type"] == "methods" for answer in answers), seconds, beside, served.resident_mb() - before
    finally:
        await asyncio.gather(*(socket.close() for socket in sockets))
