"""Floods a server with pipelined requests, WebSocket messages and pings, and reads no answer."""

from __future__ import annotations

import time

from faults.servers import UPGRADE, Served, serving
from faults.suite import Found, require

PROMISE = "A flood of requests that nobody reads the answers of is held back by the connection, not kept in memory."
SHORT = False
FLOODS = {
    "HTTP requests, pipelined": (b"", b"GET /methods HTTP/1.1\r\nHost: x\r\n\r\n"),
    "WebSocket requests": (UPGRADE + b"\r\n", b"\x81\x9b" + bytes(4) + b'{"type":"list_methods"}    '),
    "WebSocket nonsense": (UPGRADE + b"\r\n", b"\x81\x82" + bytes(4) + b"{]"),
    "WebSocket pings": (UPGRADE + b"\r\n", b"\x89\xfd" + bytes(4) + b"x" * 125),
    "WebSocket fragments": (UPGRADE + b"\r\n", b"\x00\x80" + bytes(4)),
}
MOST_MB = 60.0  # of growth by one connection


def run(*, short: bool) -> Found:
    """Send as fast as each flood is taken; see memory, and whether others are served."""
    seconds = 1.0 if short else 12.0
    told, sent = [], 0
    for name, (opening, piece) in FLOODS.items():
        with serving() as served:
            served.answers()
            before = served.resident_mb()
            count, most = _flood(served, opening, piece, seconds)
            beside = served.answers()
            require(most - before < MOST_MB, f"{name}: memory grew by {most - before:.0f} MB over {count} messages")
            sent += count
            told.append(f"{name}: {count} taken, {most - before:+.1f} MB, others {beside:.2f} s")
            log = served.end()
            require("Traceback" not in log, f"{name}: the server logged {log[-400:]!r}")
    return Found(sent, 0, None, "; ".join(told))


def _flood(served: Served, opening: bytes, piece: bytes, seconds: float) -> tuple[int, float]:
    """Return how many messages were taken within some seconds, and the most memory of the server meanwhile."""
    most, taken, start = 0.0, 0, time.monotonic()
    connection = served.raw()
    try:
        if opening:
            connection.sendall(opening)
            connection.recv(1024)
            if piece[:1] == b"\x00":
                connection.sendall(b"\x01\x80" + bytes(4))  # the first of its fragments
        connection.settimeout(0.2)
        block = piece * (1 + 65536 // len(piece))
        while time.monotonic() - start < seconds:
            try:
                taken += connection.send(block) // len(piece)
            except TimeoutError:
                pass
            except OSError:
                break  # it was closed, as too much
            most = max(most, served.resident_mb())
        served.answers()
        return taken, max(most, served.resident_mb())
    finally:
        connection.close()
