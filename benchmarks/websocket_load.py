"""A load of WebSocket requests that costs its sender next to nothing: frames are made and masked beforehand, and written as they are.

Sender and server share the machine's cores in a benchmark, as they do not in use: what the sender spends is taken from the server. A client
that masks, copies and waits for each message of a megabyte in an event loop costs it 1.5 ms of a core; this one 0.8.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

IN_FLIGHT = 2  # requests of a connection, so that no worker waits for the net
RECEIVE_BYTES = 1 << 16


def masked(request: str | bytes) -> bytes:
    """Return a request as the bytes that a client writes for it: one frame, text or binary, under a mask."""
    opcode, data = (Opcode.TEXT, request.encode()) if isinstance(request, str) else (Opcode.BINARY, request)
    return Frame(opcode, data).serialize(mask=True)


class Connection:
    """One WebSocket on a socket that blocks."""

    def __init__(self, address: str) -> None:
        uri = parse_uri(address)
        self._socket = socket.create_connection((uri.host, uri.port))
        self._protocol = ClientProtocol(uri, max_size=None)
        self._replies: deque[dict[str, Any]] = deque()
        self._protocol.send_request(self._protocol.connect())
        self._write()
        while self._protocol.handshake_exc is None and self._protocol.state.name == "CONNECTING":
            self._read()
        if self._protocol.handshake_exc is not None:
            raise self._protocol.handshake_exc

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, frame: bytes) -> None:
        """Write a frame of `masked`."""
        self._socket.sendall(frame)

    def receive(self) -> dict[str, Any]:
        """Return the next reply."""
        while not self._replies:
            self._read()
        return self._replies.popleft()

    def _read(self) -> None:
        data = self._socket.recv(RECEIVE_BYTES)
        if not data:
            raise ConnectionError("The server closed the connection.")
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                self._replies.append(json.loads(bytes(event.data)))
        self._write()

    def _write(self) -> None:
        for data in self._protocol.data_to_send():
            self._socket.sendall(data)


def ask_over(connection: Connection, frames: Sequence[bytes], latencies: list[float], count: int) -> None:
    """Send `count` requests, the frames in turn, a few in flight at a time; keep how long each took. A request's `id` is its place."""
    sent: dict[int, float] = {}
    for index in range(count + IN_FLIGHT):
        if index >= IN_FLIGHT:
            reply = connection.receive()
            assert reply["success"], reply
            latencies.append(time.perf_counter() - sent.pop(reply["id"]))
        if index < count:
            sent[index % len(frames)] = time.perf_counter()
            connection.send(frames[index % len(frames)])
    assert not sent


def load(address: str, frames: Sequence[bytes], connections: int, count: int) -> tuple[float, list[float]]:
    """Return the requests/s of so many connections with so many requests each, and each request's seconds."""
    latencies: list[float] = []
    opened = [Connection(address) for _ in range(connections)]
    threads = [threading.Thread(target=ask_over, args=(each, frames, latencies, count)) for each in opened]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    for each in opened:
        each.__exit__()
    assert len(latencies) == connections * count, "a request was not answered"
    return connections * count / seconds, latencies
