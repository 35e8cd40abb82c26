"""The server: the application on uvicorn, with limits on connections and an end that loses nothing that was accepted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn

from ecgbench.registry import Registry, default_registry
from ecgbench.ws_server.app import make_app
from ecgbench.ws_server.desk import Desk
from ecgbench.ws_server.metrics import Metrics
from ecgbench.ws_server.protocol import WebSocketProtocol, http_protocol
from ecgbench.ws_server.service import Service
from ecgbench.ws_server.settings import Settings, SettingsError

BACKLOG = 1024  # connections that the kernel keeps until they are accepted
OPEN_FILES = 65_536  # that a server takes where it may have them
PING_SECONDS = 20.0  # between pings, and for their answers
CLOSE_SECONDS = 1  # for connections to close after the drain
POOL_SECONDS = 0.5  # for threads to end after that; together with the drain under 8 s


class WebSocketProcessingServer:
    """Serves WebSocket and HTTP on one port.

    `max_workers`: job slots, over as many compute workers as cores. `port` 0 takes a free one, which `port` tells once it has started.
    Other settings are those of `Settings`, by name.

    >>> WebSocketProcessingServer(max_workers=10, port=8765).url
    'http://127.0.0.1:8765'
    """

    def __init__(
        self,
        max_workers: int = 10,
        port: int = 8765,
        *,
        registry: Registry | None = None,
        settings: Settings | None = None,
        **more: Any,
    ) -> None:
        self.settings = settings or Settings(max_workers=max_workers, port=port, **more)
        self.port = self.settings.port
        self.metrics = Metrics()
        self.desk = Desk(self.settings, finished=self.metrics.image_done)
        self.metrics.watch(self.desk)
        service = Service(registry or default_registry(), self.desk, self.settings)
        self._server = _Server(_config(make_app(service, self.settings, self.metrics), self.settings), self.desk, self.settings)
        self._started = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it is reached by HTTP; by WebSocket the same with ws://."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{self.port}"

    @property
    def ended_cleanly(self) -> bool:
        """Whether nothing of it goes on after it ended; a method that hangs in a thread does."""
        return self._server.ended_cleanly

    async def start(self) -> None:
        """Serve until SIGTERM, Ctrl-C or `stop()`. OSError where the port cannot be had."""
        _allow_open_files()
        with _listening(self.settings) as listener:
            self.port = listener.getsockname()[1]
            await self.desk.open()
            self._started.set()
            try:
                await self._server.serve([listener])
            finally:
                self._started.clear()
                await self._server.end_workers()

    async def started(self) -> None:
        """Wait until it listens."""
        await self._started.wait()

    def stop(self) -> None:
        """Have it drain and end; may be called from a signal handler."""
        self._server.should_exit = True

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[WebSocketProcessingServer]:
        """Serve while the block runs."""
        serving = asyncio.create_task(self.start())
        waiting = asyncio.create_task(self.started())
        await asyncio.wait((serving, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        try:
            if not serving.done():
                yield self
        finally:
            self.stop()
            await serving


class _Server(uvicorn.Server):
    """uvicorn, which first has what was accepted done, then closes."""

    def __init__(self, config: uvicorn.Config, desk: Desk, settings: Settings) -> None:
        super().__init__(config)
        self._desk = desk
        self._settings = settings
        self.ended_cleanly = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and Ctrl-C as a request to end, and end well: uvicorn would raise them again behind."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Have what was accepted done and told, while others are told to come back; then stop listening, close WebSockets with 1012."""
        await self._desk.drain(self._settings.drain_seconds)
        await super().shutdown(sockets)

    async def end_workers(self) -> None:
        """End threads and processes."""
        self.ended_cleanly = await self._desk.close(POOL_SECONDS)


def _config(app: Any, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=http_protocol(settings.head_seconds),
        ws=WebSocketProtocol,
        loop="asyncio",
        lifespan="off",
        ws_max_size=settings.max_message_bytes,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=CLOSE_SECONDS,
        backlog=BACKLOG,
    )


def _allow_open_files() -> None:
    """Allow this process as many open files as it may have: each connection is one, and shells allow 1024, some 256."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and (hard == resource.RLIM_INFINITY or hard > soft):
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
        with contextlib.suppress(ValueError, OSError):  # some systems have a further bound of their own
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Open the socket that is listened on; OSError names the address."""
    try:
        family, *_, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
    except socket.gaierror as error:
        raise SettingsError(f"There is no address {settings.host!r} to listen on ({error.strerror}).") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            raise SettingsError(
                f"Port {settings.port} of {settings.host} cannot be had ({error.strerror}); end what listens there, or choose another."
            ) from None
        listener.setblocking(False)
        yield listener
    finally:
        listener.close()
