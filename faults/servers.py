"""Servers to break, each a process of its own, and ways to ask them."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import cv2
import httpx
import numpy as np
from websockets.sync.client import ClientConnection, connect

from faults.runs import PATIENCE_S, ROOT, surroundings

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
EDGES = {"edge_detection": True}


def page_png(*, width: int = 400, height: int = 300) -> bytes:
    """Return an encoded page with a red grid and a trace."""
    page = np.full((height, width, 3), 255, np.uint8)
    page[40:-40:8, 40:-39] = page[40:-40, 40:-39:8] = (150, 150, 245)
    x = np.arange(50, width - 50)
    cv2.polylines(page, [np.column_stack([x, height / 2 + height / 8 * np.sin(x / 9)]).astype(np.int32)], False, (20, 20, 20), 2)
    return cv2.imencode(".png", page)[1].tobytes()


def in_base64(data: bytes) -> str:
    """Return bytes as the text that JSON carries."""
    return base64.b64encode(data).decode()


@dataclass
class Served:
    """A server under test; `log` is the file of all that it says on stderr."""

    process: subprocess.Popen[str]
    port: int
    log: IO[str]

    @property
    def url(self) -> str:
        """Where it is reached by HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def raw(self) -> socket.socket:
        """Return a connection that speaks nothing yet."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def websocket(self, **terms: Any) -> ClientConnection:
        """Return an open WebSocket."""
        socket: ClientConnection = connect(
            f"ws://127.0.0.1:{self.port}/ws", **{"max_size": None, "open_timeout": PATIENCE_S, **terms}
        )
        return socket

    def answers(self) -> float:
        """Return the seconds in which it does a picture for somebody new; httpx's error where it does not."""
        start = time.monotonic()
        form = {"options": json.dumps(EDGES)}
        answer = httpx.post(f"{self.url}/process-batch", files={"images": ("a.png", page_png())}, data=form, timeout=PATIENCE_S)
        answer.raise_for_status()
        assert answer.json()["results"][0]["success"], answer.text
        return time.monotonic() - start

    def resident_mb(self) -> float:
        """Return the memory of the server's process, without its workers'."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def children(self) -> list[int]:
        """Return the processes below the server's: forkserver and workers."""
        found, parents = [], {self.process.pid}
        pairs = [pair for entry in Path("/proc").iterdir() if entry.name.isdigit() for pair in _parent(entry)]
        while parents:
            parents = {pid for pid, parent in pairs if parent in parents}
            found += sorted(parents)
        return found

    def end(self) -> str:
        """End it by SIGTERM and return what it logged."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE_S)
        return said(self.log)


def said(log: IO[str]) -> str:
    """Return all that was written into a log."""
    log.seek(0)
    return log.read()


def _parent(entry: Path) -> list[tuple[int, int]]:
    with suppress(OSError, IndexError, ValueError):
        return [(int(entry.name), int((entry / "stat").read_text().rpartition(")")[2].split()[1]))]
    return []


def start_server(*options: str, plugins: tuple[Path, ...] = (), env: dict[str, str] | None = None, **terms: Any) -> Served:
    """Start `ecgbench serve` and wait until it listens."""
    command = [sys.executable, "-m", "ecgbench", "serve", *(() if "--port" in options else ("--port", "0")), *options]
    # No pipe: one that nobody reads fills with what decoders say, and stops them.
    log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - it lives as long as the server
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=surroundings(*plugins, **(env or {})),
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        **terms,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if "http://" not in line:
        process.kill()
        raise AssertionError(f"The server did not start: {line}{said(log)[-500:]}")
    return Served(process, int(line.split("http://")[1].split()[0].rpartition(":")[2]), log)


@contextmanager
def serving(*options: str, **terms: Any) -> Iterator[Served]:
    """Serve while the block runs; whatever happens, nothing of it stays."""
    served = start_server(*options, **terms)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                served.process.communicate(timeout=20)
        served.process.kill()
        served.process.communicate()
        served.log.close()
