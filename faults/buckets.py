"""Google Cloud Storage for tests and faults: the emulator over real HTTP, and before it a line on which things go wrong where one says so.

>>> with bucket_service() as gcs:
...     gcs.put("scans", "a/page.png", b"...")
...     gcs.fail("a/page.png", "503", times=2)
...     gcs.url.startswith("http://127.0.0.1:")
True
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FAULTS = ("404", "403", "503", "reset", "slow", "corrupt", "hang")
DRIP_SECONDS, DRIP_BYTES = 0.2, 100  # of "slow": too little to count as silent, too little to ever end


@dataclass
class Fault:
    """What goes wrong with requests whose unquoted path and query hold `part`: the next `times` of them, all where it is None."""

    part: str
    kind: str
    times: int | None = None


@dataclass
class BucketService:
    """The emulator behind its faulty line; `url` is what STORAGE_EMULATOR_HOST is set to, `asked` every request that came."""

    emulator: tuple[str, int]
    storage: Any
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def put(self, bucket: str, name: str, data: bytes) -> None:
        """Store an object past the faulty line; the bucket is made where it is not there."""
        from gcp_storage_emulator.handlers.buckets import create_bucket

        create_bucket(bucket, self.storage)
        status, _ = self._ask("PUT", f"/{bucket}/{urllib.parse.quote(name)}", data)
        assert status == 200, status

    def put_folder(self, bucket: str, folder: Path, prefix: str = "") -> None:
        """Store the files below a folder under their names relative to it."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(bucket, prefix + path.relative_to(folder).as_posix(), path.read_bytes())

    def get(self, bucket: str, name: str) -> bytes:
        """Return an object's bytes, past the faulty line."""
        status, data = self._ask("GET", f"/{bucket}/{urllib.parse.quote(name)}")
        assert status == 200, status
        return data

    def names(self, bucket: str) -> list[str]:
        """Return the names of a bucket's objects."""
        return sorted(each["name"] for each in json.loads(self._ask("GET", f"/storage/v1/b/{bucket}/o")[1])["items"])

    def delete(self, bucket: str, name: str) -> None:
        """Take an object away."""
        self._ask("DELETE", f"/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}")

    def fail(self, part: str, kind: str, *, times: int | None = None) -> None:
        """Have requests that hold `part` go wrong: a status, "reset" or "corrupt" (mid-body), "slow" or "hang"."""
        assert kind in FAULTS, kind
        self.faults.append(Fault(part, kind, times))

    def downloads(self, name: str = "") -> int:
        """Return how often bytes of objects whose names hold `name` were asked for."""
        return sum("alt=media" in each and name in each for each in self.asked)

    def fault_of(self, target: str) -> str | None:
        """Note a request, and tell what is to go wrong with it."""
        shown = urllib.parse.unquote(target)
        with self._guard:
            self.asked.append(shown)
            for fault in self.faults:
                if fault.part in shown and fault.times != 0:
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault.kind
        return None

    def _ask(self, method: str, target: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*self.emulator, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, target, body)
            response = connection.getresponse()
            return response.status, response.read()


class _Line(BaseHTTPRequestHandler):
    """Passes requests on to the emulator, and does what a fault says."""

    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        service: BucketService = self.server.service  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = service.fault_of(self.path)
        if kind == "hang":
            service.ended.wait()
            self.close_connection = True
            return
        if kind in ("404", "403", "503"):
            self._answer(int(kind), [("Content-Type", "text/plain")], b"as the test wants it")
            return
        connection = http.client.HTTPConnection(*service.emulator, timeout=30)
        with contextlib.closing(connection):
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            response = connection.getresponse()
            data, headers = response.read(), response.getheaders()
        if kind == "corrupt" and data:
            data = data[:-1] + bytes([data[-1] ^ 1])
        self._answer(response.status, headers, data, kind)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = _pass_on  # noqa: N815

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes, kind: str | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if kind == "reset":
            self.wfile.write(data[: len(data) // 2])
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        elif kind == "slow":
            self._drip(data)
        else:
            self.wfile.write(data)

    def _drip(self, data: bytes) -> None:
        service: BucketService = self.server.service  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            for at in range(0, len(data), DRIP_BYTES):
                self.wfile.write(data[at : at + DRIP_BYTES])
                if service.ended.wait(DRIP_SECONDS):
                    return

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class _LineServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that give up are what is tested


@contextlib.contextmanager
def bucket_service(port: int = 0) -> Iterator[BucketService]:
    """Run the emulator, in memory, and the line before it, which listens on `port` (0: a free one)."""
    from gcp_storage_emulator.server import create_server

    emulator = create_server("127.0.0.1", 0, in_memory=True)
    emulator.start()
    while emulator._api._httpd is None:
        pass
    service = BucketService(("127.0.0.1", emulator._api._httpd.server_address[1]), emulator._storage)
    line = _LineServer(("127.0.0.1", port), _Line)
    line.service = service  # type: ignore[attr-defined]
    service.url = f"http://127.0.0.1:{line.server_address[1]}"
    threading.Thread(target=line.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield service
    finally:
        service.ended.set()
        line.shutdown()
        line.server_close()
        emulator.stop()
