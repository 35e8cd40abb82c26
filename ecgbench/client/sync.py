"""The client for code that is not async: the async one, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

from ecgbench.client.aio import AsyncClient, Progress, Reply

T = TypeVar("T")


class Client:
    """Asks a server; calls and errors are those of AsyncClient. It may be shared by threads."""

    def __init__(self, url: str = "ws://localhost:8765", *, token: str | None = None, timeout: float | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ecgbench-client", daemon=True)
        self._thread.start()
        self._client = AsyncClient(url, token=token, timeout=timeout)

    def __enter__(self) -> Client:
        try:
            self.connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def connect(self) -> None:
        """Connect where there is no connection."""
        self._run(self._client.connect())

    def close(self) -> None:
        """Close the connection and end the client."""
        if self._loop.is_closed():
            return
        self._run(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def process_image(
        self, image: Any, options: Mapping[str, Any] | None = None, *, returns: Iterable[str] = (), timeout: float | None = None
    ) -> Reply:
        """Run the pipeline on one picture."""
        return self._run(self._client.process_image(image, options, returns=returns, timeout=timeout))

    def process_batch(
        self,
        images: Iterable[Any],
        options: Mapping[str, Any] | None = None,
        *,
        returns: Iterable[str] = (),
        progress: Progress | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Run the pipeline on several pictures; `results` are in their order, `progress` is given each `item` as it is done."""
        return self._run(self._client.process_batch(images, options, returns=returns, progress=progress, timeout=timeout))

    def process_gcs_batch(
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
        call = self._client.process_gcs_batch
        return self._run(call(bucket_name, image_paths, options, returns=returns, progress=progress, timeout=timeout))

    def list_gcs_images(self, bucket_name: str, prefix: str = "", *, timeout: float | None = None) -> Reply:
        """Return the names of pictures in a bucket that begin with `prefix` as `image_paths`; `more` says whether there are others."""
        return self._run(self._client.list_gcs_images(bucket_name, prefix, timeout=timeout))

    def run_method(
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
        return self._run(self._client.run_method(method, image, returns=returns, progress=progress, timeout=timeout, **params))

    def compare(
        self,
        task: str,
        image: Any,
        *,
        returns: Iterable[str] = (),
        progress: Progress | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Run every method of a task on one picture; `results` has one entry a method."""
        return self._run(self._client.compare(task, image, returns=returns, progress=progress, timeout=timeout))

    def list_methods(self, task: str | None = None, *, timeout: float | None = None) -> Reply:
        """Return the server's methods with their parameters, its options and its limits."""
        return self._run(self._client.list_methods(task, timeout=timeout))

    def _run(self, asked: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_closed():
            asked.close()
            raise RuntimeError("The client was closed; make another.")
        future = asyncio.run_coroutine_threadsafe(asked, self._loop)
        try:
            return future.result()
        except BaseException:  # Ctrl-C too: the server shall hear that nobody waits any more
            future.cancel()
            raise
