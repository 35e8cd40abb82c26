"""One WebSocket connection: many requests in flight, each answered by one final message."""

from __future__ import annotations

import asyncio
import logging

from starlette.websockets import WebSocket, WebSocketDisconnect

from ecgbench.wire import (
    BadRequestError,
    Cancel,
    Cancelled,
    Failure,
    Id,
    Message,
    Reply,
    WireError,
    read_message,
    write_reply,
)
from ecgbench.ws_server.metrics import Metrics
from ecgbench.ws_server.service import Service
from ecgbench.ws_server.settings import Settings

log = logging.getLogger("ecgbench.server")
MISTAKE = "The server made a mistake; its log tells more."


class Session:
    """Serves one connection until it closes; what is in flight then is given up."""

    def __init__(self, socket: WebSocket, service: Service, settings: Settings, metrics: Metrics) -> None:
        self._socket = socket
        self._service = service
        self._settings = settings
        self._metrics = metrics
        self._tasks: dict[asyncio.Task[None], Id] = {}

    async def run(self) -> None:
        """Accept the connection and answer what comes."""
        await self._socket.accept()
        with self._metrics.connections.track_inprogress():
            try:
                while True:
                    await self._take(await self._receive())
            except (WebSocketDisconnect, asyncio.CancelledError):
                pass  # it closed, or the server ends and this client does not read what it is told
            finally:
                for task in list(self._tasks):
                    task.cancel()

    async def _receive(self) -> str | bytes:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data or b""

    async def _take(self, text: str | bytes) -> None:
        """Begin what a message asks for; what can be said at once is said before the next is read."""
        try:
            message = read_message(text)
            if isinstance(message.request, Cancel):
                await self._cancel(message.request, message.id)
                return
            self._check(message)
        except WireError as error:
            id_ = error.id if isinstance(error, BadRequestError) else message.id
            await self._fail(error, id_, "none" if isinstance(error, BadRequestError) else _name(message))
            return
        task = asyncio.get_running_loop().create_task(self._answer(message))
        self._tasks[task] = message.id
        task.add_done_callback(self._tasks.pop)

    def _check(self, message: Message) -> None:
        if message.id is not None and message.id in self._tasks.values():
            raise WireError("bad_message", f"The id {message.id!r} is in flight on this connection; choose another.")
        if len(self._tasks) >= self._settings.max_in_flight:  # also those that are done, but that nobody reads
            sentence = f"{len(self._tasks)} of your requests are in flight; read their answers first."
            raise WireError("busy", sentence, retry_after=1.0)

    async def _cancel(self, request: Cancel, id_: Id) -> None:
        task = next((task for task, known in self._tasks.items() if known == request.request and not task.done()), None)
        if task is not None:
            task.cancel()
            await self._fail(WireError("cancelled", "The request was cancelled."), request.request, "cancel")
        self._metrics.requests.labels("websocket", "cancel", "ok").inc()
        await self._send(Cancelled(request.request, task is not None), id_)

    async def _answer(self, message: Message) -> None:
        async def send(reply: Reply) -> None:
            await self._send(reply, message.id, binary=message.binary)

        name = _name(message)
        try:
            await self._service.answer(message.request, self, send)
            self._metrics.requests.labels("websocket", name, "ok").inc()
        except WireError as error:
            await self._fail(error, message.id, name)
        except Exception:
            log.exception("A request of type %s failed.", name)
            await self._fail(WireError("internal", MISTAKE), message.id, name)

    async def _fail(self, error: WireError, id_: Id, name: str) -> None:
        self._metrics.requests.labels("websocket", name, error.code).inc()
        await self._send(Failure(error), id_)

    async def _send(self, reply: Reply, id_: Id, *, binary: bool = False) -> None:
        message = write_reply(reply, id_, binary=binary)
        try:
            if isinstance(message, bytes):
                await self._socket.send_bytes(message)
            else:
                await self._socket.send_text(message)
        except (WebSocketDisconnect, RuntimeError):  # it closed meanwhile: the reader sees that too, and ends the session
            log.debug("A reply found its connection closed.")


def _name(message: Message) -> str:
    words = type(message.request).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in words).lstrip("_")
