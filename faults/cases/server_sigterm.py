"""Sends SIGTERM to a server with many batches in flight, in threads and with --isolate."""

from __future__ import annotations

import signal
import time

from websockets.exceptions import ConnectionClosed

from ecgbench.wire import read_reply
from ecgbench.wire.frames import pack
from faults.servers import page_png, serving
from faults.suite import Found, require

PROMISE = "SIGTERM under load: what was accepted is answered or reported, connections are closed with 1012, and the server is gone within 8 s."
SHORT = False  # tests/ws_server/test_server.py sends it
CONNECTIONS, IN_FLIGHT, GONE_WITHIN_S = 8, 30, 8.0
BUSY_MACHINE_S = 4.0  # beyond that: a grace for machines that others use too


def run(*, short: bool) -> Found:
    """Fill the queues, send the signal, and read every connection to its end."""
    connections = 2 if short else CONNECTIONS
    sent, answers, told = 0, 0, []
    for options in ((), ("--isolate",)):
        with serving(*options) as served:
            served.answers()
            picture = page_png(width=1600, height=1200)
            sockets = [served.websocket(ping_interval=None) for _ in range(connections)]
            for socket in sockets:
                for number in range(IN_FLIGHT):
                    socket.send(
                        pack(
                            {"type": "process_image", "id": number, "options": {"edge_detection": True, "grid_detection": True}},
                            [picture],
                        )
                    )
            time.sleep(0.3)
            served.process.send_signal(signal.SIGTERM)
            start, found, reported = time.monotonic(), 0, 0
            for socket in sockets:
                ids = set()
                try:
                    while True:
                        reply = read_reply(socket.recv(60))
                        ids.add(reply["id"])
                        reported += reply["type"] == "error"
                except ConnectionClosed as closed:
                    require(closed.rcvd is not None and closed.rcvd.code == 1012, f"closed with {closed.rcvd}")
                found += len(ids)
            code = served.process.wait(60)
            seconds = time.monotonic() - start
            require(code == 0, f"it ended with {code}")
            require(seconds < GONE_WITHIN_S + BUSY_MACHINE_S, f"it took {seconds:.1f} s")
            sent += connections * IN_FLIGHT
            answers += found
            name = options[0] if options else "threads"
            told.append(f"{name}: gone after {seconds:.1f} s, {found - reported} answered, {reported} reported")
    return Found(sent, sent - answers, None, "; ".join(told))
