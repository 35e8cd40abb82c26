"""Sends bytes one by one and reads nothing of large answers, while others ask."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress

from faults.servers import EDGES, UPGRADE, in_base64, page_png, serving
from faults.suite import Found, require

PROMISE = "Who sends slowly or reads nothing costs the others nothing, and holds a bounded part of the server's memory."
SHORT = False
WRITERS, READERS, SHORT_EACH = 20, 20, 3
MOST_MB = 300.0  # of growth: 32 images in flight of 20 clients with drawings


def run(*, short: bool) -> Found:
    """Have slow ones on both sides, and count the answers of those who are not."""
    writers, readers = (SHORT_EACH, SHORT_EACH) if short else (WRITERS, READERS)
    seconds = 3.0 if short else 25.0
    picture = in_base64(page_png(width=1600, height=1200))
    with serving() as served:
        served.answers()
        before, ends = served.resident_mb(), threading.Event()
        threads = [threading.Thread(target=_drip, args=(served, ends), daemon=True) for _ in range(writers)]
        for thread in threads:
            thread.start()
        deaf = []
        for _ in range(readers):
            socket = served.raw()
            socket.sendall(UPGRADE + b"\r\n")
            socket.recv(1024)
            request = json.dumps(
                {"type": "process_image", "image": picture, "options": EDGES, "return": ["drawing", "crop"]}
            ).encode()
            socket.settimeout(2)
            with suppress(OSError):
                for _ in range(8):
                    socket.sendall(_masked(request))
            deaf.append(socket)
        answered, slowest, most, start = 0, 0.0, before, time.monotonic()
        while time.monotonic() - start < seconds or answered < 3:
            slowest = max(slowest, served.answers())
            answered += 1
            most = max(most, served.resident_mb())
        ends.set()
        for socket in deaf:
            socket.close()
        for thread in threads:
            thread.join(20)
        log = served.end()
    require(most - before < MOST_MB, f"memory grew by {most - before:.0f} MB")
    require("Traceback" not in log, f"the server logged {log[-300:]!r}")
    note = f"{writers} slow writers, {readers} that read nothing: others took at most {slowest:.2f} s, memory grew by {most - before:.0f} MB"
    return Found(answered, 0, None, note)


def _masked(payload: bytes) -> bytes:
    """Return a WebSocket text frame of a client, its mask all zero (RFC 6455, 5.2)."""
    return b"\x81\xff" + len(payload).to_bytes(8, "big") + bytes(4) + payload


def _drip(served, ends: threading.Event) -> None:  # type: ignore[no-untyped-def]
    head = b"POST /process-batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    with suppress(OSError), served.raw() as socket:
        socket.sendall(head)
        while not ends.wait(0.2):
            socket.sendall(b" ")
