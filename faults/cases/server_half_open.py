"""Opens 50 connections whose WebSocket handshake never ends and 50 whose request never does, and waits for the server to close them."""

from __future__ import annotations

import select
import time

from faults.servers import UPGRADE, serving
from faults.suite import Found, require

PROMISE = "Handshakes and requests that stop half-way are closed within 10 s, and others are served meanwhile."
SHORT = False  # tests/ws_server/test_limits.py has a server that waits half a second
EACH, CLOSED_WITHIN_S, SLACK_S = 50, 10.0, 3.0  # on a busy machine timers are late
BODY = b"POST /process-batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"


def run(*, short: bool) -> Found:
    """Open them, ask beside them, and see when each is closed."""
    with serving() as served:
        sockets = []
        for index in range(EACH):
            sockets.append(served.raw())
            sockets[-1].sendall(UPGRADE[: 20 + index])
            sockets.append(served.raw())
            sockets[-1].sendall(BODY if index % 2 else BODY[: 20 + index])
        start = time.monotonic()
        beside = served.answers()
        closed: dict[int, float] = {}
        while len(closed) < len(sockets) and time.monotonic() - start < 3 * CLOSED_WITHIN_S:
            waiting = [each for each in sockets if id(each) not in closed]
            for each in select.select(waiting, [], [], 0.2)[0]:
                try:
                    gone = not each.recv(4096)
                except OSError:
                    gone = True
                if gone:
                    closed[id(each)] = time.monotonic() - start
        for each in sockets:
            each.close()
        after = served.answers()
    require(len(closed) == 2 * EACH, f"{2 * EACH - len(closed)} of {2 * EACH} were not closed")
    last = max(closed.values())
    require(last < CLOSED_WITHIN_S + SLACK_S, f"the last was closed after {last:.1f} s")
    note = (
        f"closed after {min(closed.values()):.1f} to {last:.1f} s; a picture took {beside:.2f} s beside them, {after:.2f} s after"
    )
    return Found(2 * EACH, 0, None, note)
