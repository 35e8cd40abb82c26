"""The async client: one connection, many requests in flight, each of which outlives a lost connection."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from ecgbench.client.errors import ConnectionLostError, RequestError
from ecgbench.client.pictures import picture_bytes
from ecgbench.wire import WireError, read_reply
from ecgbench.wire.frames import pack

Reply = dict[str, Any]
Progress = Callable[[Reply], None]

TRIES = 5  # to connect anew, and to ask again over a new connection, before a call gives up
TOO_LARGE = 1009  # the close code of a server that takes no message of that size (RFC 6455)
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds before the first and the last of them, at most: full jitter takes any part of it


@dataclass(eq=False)
class _Call:
    """A request in flight: its size, the future of its final reply, who hears of its items, and their pictures, which come only there."""

    size: int
    final: asyncio.Future[Reply]
    progress: Progress | None
    pictures: dict[int, list[Reply]]


class AsyncClient:
    """Asks a server; connects on first use, or as `async with`.

    `token` is sent where given. A call raises RequestError where the server does not meet it (an image that cannot be read is no such
    error: its reply has `error`), TimeoutError after `timeout` seconds, ConnectionLostError where the connection was lost and cannot be
    had again within TRIES tries. A lost connection alone is not an error: what was in flight is asked again, as is what a busy server
    put off.
    """

    def __init__(self, url: str = "ws://localhost:8765", *, token: str | None = None, timeout: float | None = None) -> None:
        self.url = url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout = timeout
        self._numbers = count(1)
        self._calls: dict[int, _Call] = {}
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._closed = False

    async def __aenter__(self) -> AsyncClient:
        await self.connect()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def connect(self) -> None:
        """Connect where there is no connection; RequestError where the server turns it down, ConnectionLostError where none is had."""
        self._closed = False
        async with self._connecting:
            for attempt in range(TRIES + 1):
                if self._socket is not None:
                    return
                try:
                    await self._connect()
                except InvalidStatus as error:
                    raise _turned_down(error) from None
                except (OSError, InvalidHandshake, EOFError) as error:
                    if attempt == TRIES:
                        raise ConnectionLostError(f"{self.url} cannot be reached: {error}") from error
                    await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))  # noqa: S311 - jitter

    async def close(self) -> None:
        """Close the connection; calls in flight raise ConnectionLostError."""
        self._closed = True
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await self._reader

    async def process_image(
        self, image: Any, options: Mapping[str, Any] | None = None, *, returns: Iterable[str] = (), timeout: float | None = None
    ) -> Reply:
        """Run the pipeline on one picture."""
        header = {"type": "process_image", "options": options, "return": list(returns)}
        return await self._ask(header, [picture_bytes(image)], timeout)

    async def process_batch(
        self,
        images: Iterable[Any],
        options: Mapping[str, Any] | None = None,
        *,
        returns: Iterable[str] = (),
        progress: Progress | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Run the pipeline on several pictures; `results` are in their order, `progress` is given each `item` as it is done."""
        header = {"type": "process_batch", "options": options, "return": list(returns)}
        return await self._ask(header, [picture_bytes(image) for image in images], timeout, progress)

    async def process_gcs_batch(
        self,
        bucket_name: str,
        image_paths: Sequence[str],
        options: Mapping[str, Any] | None = None,
        *,
        returns: Iterable[str] = (),
        progress: Progress | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Run the pipeline on pictures in a bucket, which the server reads."""
        header = {"type": "process_gcs_batch", "bucket_name": bucket_name, "image_paths": list(image_paths), "options": options}
        return await self._ask({**header, "return": list(returns)}, [], timeout, progress)

    async def list_gcs_images(self, bucket_name: str, prefix: str = "", *, timeout: float | None = None) -> Reply:
        """Return the names of pictures in a bucket that begin with `prefix` as `image_paths`; `more` says whether there are others."""
        return await self._ask({"type": "list_gcs_images", "bucket_name": bucket_name, "prefix": prefix}, [], timeout)

    async def run_method(
        self,
        method: str,
        image: Any,
        *,
        returns: Iterable[str] = (),
        progress: Progress | None = None,
        timeout: float | None = None,
        **params: Any,
    ) -> Reply:
        """Run one method, with parameters by name, on one picture, or on each of a list, which is answered as a batch."""
        many = isinstance(image, (list, tuple))
        header = {"type": "run_method", "method": method, "params": params, "return": list(returns)}
        reply = await self._ask(header, [picture_bytes(each) for each in (image if many else [image])], timeout, progress)
        if not many or "results" in reply:
            return reply
        # A frame of one part is one picture, not a batch of one.
        return {"type": "batch_result", "success": True, "count": 1, "results": [reply], "seconds": reply["seconds"]}

    async def compare(
        self,
        task: str,
        image: Any,
        *,
        returns: Iterable[str] = (),
        progress: Progress | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Run every method of a task on one picture; `results` has one entry a method."""
        header = {"type": "compare", "task": task, "return": list(returns)}
        return await self._ask(header, [picture_bytes(image)], timeout, progress)

    async def list_methods(self, task: str | None = None, *, timeout: float | None = None) -> Reply:
        """Return the server's methods with their parameters, its options and its limits."""
        return await self._ask({"type": "list_methods", "task": task}, [], timeout)

    async def _ask(
        self, header: Mapping[str, Any], parts: Sequence[bytes], timeout: float | None, progress: Progress | None = None
    ) -> Reply:
        async with asyncio.timeout(timeout if timeout is not None else self._timeout):
            await self.connect()
            lost = 0
            while True:
                try:
                    return await self._ask_once(header, parts, progress)
                except ConnectionClosed as error:
                    lost += 1
                    if self._closed or lost > TRIES:
                        raise ConnectionLostError(f"The connection to {self.url} was lost: {error}.") from None
                    await self.connect()
                except RequestError as error:
                    if error.code not in ("busy", "unavailable") or error.retry_after is None:
                        raise
                    await asyncio.sleep(error.retry_after * random.uniform(1, 1.5))  # noqa: S311 - jitter

    async def _ask_once(self, header: Mapping[str, Any], parts: Sequence[bytes], progress: Progress | None) -> Reply:
        socket = self._socket
        if socket is None:
            raise ConnectionClosed(None, None)
        number = next(self._numbers)
        message = pack({**header, "id": number}, parts)
        call = _Call(len(message), asyncio.get_running_loop().create_future(), progress, {})
        self._calls[number] = call
        try:
            with contextlib.suppress(ConnectionClosed):  # the reader tells the call why
                await socket.send(message)
            reply = await call.final
        except (ConnectionClosed, ConnectionLostError):
            raise
        except BaseException:
            await self._give_up(number)
            raise
        finally:
            del self._calls[number]
        if reply["type"] == "error":
            raise RequestError(reply["code"], reply["error"], reply.get("retry_after"))
        for index, pictures in call.pictures.items():
            reply["results"][index]["pictures"] = pictures
        return reply

    async def _give_up(self, number: int) -> None:
        """Tell the server that nobody waits for a request any more."""
        socket = self._socket
        if socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await socket.send(pack({"type": "cancel", "request": number}, []))

    async def _connect(self) -> None:
        # Pictures are compressed already, and replies may be as large as they.
        self._socket = await connect(self.url, additional_headers=self._headers, compression=None, max_size=None)
        self._reader = asyncio.create_task(self._read(self._socket))

    async def _read(self, socket: ClientConnection) -> None:
        """Give each reply to its call; when the connection ends, calls in flight hear of it."""
        end: Exception | None = None
        try:
            async for message in socket:
                self._take(read_reply(message))
        except ConnectionClosed as error:
            end = error
        except WireError as error:
            end = ConnectionLostError(f"The server sent what cannot be read: {error} Are client and server of one version?")
        finally:
            self._socket = None
            await socket.close()
            self._lose(socket.close_code, end or ConnectionClosed(None, None))

    def _lose(self, code: int | None, error: Exception) -> None:
        waiting = [call for call in self._calls.values() if not call.final.done()]
        if code == TOO_LARGE and waiting:  # only one can have been
            largest = max(waiting, key=lambda call: call.size)
            sentence = f"The server takes no message of {largest.size / 1e6:.0f} MB; send fewer or smaller pictures."
            largest.final.set_exception(RequestError("too_large", sentence))
            waiting.remove(largest)
        for call in waiting:
            call.final.set_exception(error)

    def _take(self, reply: Reply) -> None:
        call = self._calls.get(reply.get("id", 0))
        if call is None or call.final.done():
            return
        if reply["type"] != "item":
            call.final.set_result(reply)
            return
        if "pictures" in reply:
            call.pictures[reply["index"]] = reply["pictures"]
        if call.progress is not None:
            try:
                call.progress(reply)
            except Exception as error:  # its caller's mistake ends this call; the connection is others' too
                call.final.set_exception(error)


def _turned_down(error: InvalidStatus) -> RequestError:
    from ecgbench.wire import json

    response = error.response
    try:
        told = json.read_object(bytes(response.body or b""))
        return RequestError(str(told["code"]), str(told["error"]))
    except (WireError, KeyError):
        return RequestError("unavailable", f"The server answered the handshake with {response.status_code}.")
