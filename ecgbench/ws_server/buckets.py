"""Pictures of the buckets that a server may read: found, measured and fetched within a deadline, while no job slot waits for them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ecgbench.plugins.image_sets.folder import is_picture
from ecgbench.plugins.image_sets.gcs.images import is_hidden
from ecgbench.plugins.image_sets.gcs.picture import fetch
from ecgbench.plugins.image_sets.gcs.service import check_installed, find_object, list_objects
from ecgbench.plugins.image_sets.gcs.stored import SCHEME, GcsError, check_bucket, read_address
from ecgbench.wire import GcsImages, WireError
from ecgbench.ws_server.settings import Settings, SettingsError

T = TypeVar("T")

FETCHERS = 64  # requests to Google at a time: those that hang until their deadline shall not hold up the others
MOST_LISTED, MOST_LOOKED_AT = 1000, 10_000  # pictures that one request lists, and objects that it looks at for them
ROOM_SECONDS = 0.05  # between two looks for room in memory
NO_BUCKETS = "This server reads no Google Cloud Storage; whoever runs it may allow a bucket with --gcs-bucket NAME. Or send the pictures themselves."


@dataclass(frozen=True)
class BucketImage:
    """A picture by its place in a bucket, until it was fetched; it takes no memory yet."""

    bucket: str
    name: str

    def __len__(self) -> int:
        return 0

    def __str__(self) -> str:
        """Return its address."""
        return f"{SCHEME}{self.bucket}/{self.name}"


class Buckets:
    """Fetches pictures for one server; `room(size)` tells whether so many bytes more may be held in memory."""

    def __init__(self, settings: Settings, room: Callable[[int], bool]) -> None:
        self._settings = settings
        self._room = room
        self._threads: ThreadPoolExecutor | None = None
        self._under_way = 0
        self._counting = threading.Lock()
        try:
            for name in settings.gcs_buckets:
                check_bucket(name)
            if settings.gcs_buckets:
                check_installed()
        except GcsError as error:
            raise SettingsError(str(error)) from None

    def images(self, bucket: str, names: tuple[str, ...]) -> list[BucketImage]:
        """Return the pictures of a request; WireError where the server may not read that bucket, or a name is none."""
        self._check(bucket, names)
        if not all(names) or any(name.endswith("/") for name in names):
            raise WireError("bad_message", "The field 'image_paths' holds names of objects, such as scans/page.png.")
        return [BucketImage(bucket, name) for name in names]

    async def list(self, bucket: str, prefix: str) -> GcsImages:
        """Return the names of pictures that begin with `prefix`, in order; WireError where they cannot be had within the server's deadline."""
        self._check(bucket, (prefix,))
        try:
            async with asyncio.timeout(self._settings.gcs_seconds):
                names, more = await self._in_thread(lambda: _listed(bucket, prefix))
        except TimeoutError:
            where = f"{SCHEME}{bucket}/{prefix}"
            sentence = f"Google Cloud Storage did not list {where} within {self._settings.gcs_seconds:g} s; try again later."
            raise WireError("unavailable", sentence) from None
        except GcsError as error:
            raise WireError("unavailable", str(error)) from None
        return GcsImages(bucket, prefix, tuple(names), more)

    def _check(self, bucket: str, names: tuple[str, ...]) -> None:
        if not self._settings.gcs_buckets:
            raise WireError("unavailable", NO_BUCKETS)
        if bucket not in self._settings.gcs_buckets:
            raise WireError("forbidden", f"This server does not read the bucket {bucket[:100]!r}.")
        try:
            for name in names:
                read_address(f"{SCHEME}{bucket}/{name}")
        except GcsError as error:
            raise WireError("bad_message", str(error)) from None

    async def fetch(self, image: BucketImage) -> bytes:
        """Return a picture's bytes; GcsError, a sentence, where they cannot be had within the server's deadline."""
        until = time.monotonic() + self._settings.gcs_seconds
        waits_for_room = False
        try:
            async with asyncio.timeout(self._settings.gcs_seconds):
                stored = await self._in_thread(lambda: find_object(image.bucket, image.name, seconds=_left(until)))
                most = self._settings.max_message_bytes
                while not self._room(min(stored.size, most)):
                    waits_for_room = True
                    await asyncio.sleep(ROOM_SECONDS)
                waits_for_room = False
                return await self._in_thread(lambda: fetch(stored, None, most=most, seconds=_left(until)))
        except TimeoutError:
            who = "The server had no room for" if waits_for_room else "Google Cloud Storage did not deliver"
            raise GcsError(f"{who} {image} within {self._settings.gcs_seconds:g} s; try again later.") from None

    def close(self) -> bool:
        """Take nothing on any more; return whether no download is under way."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        return self._under_way == 0

    async def _in_thread(self, action: Callable[[], T]) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(FETCHERS, "ecgbench-gcs")
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(self._counted, action))

    def _counted(self, action: Callable[[], T]) -> T:
        self._count(1)
        try:
            return action()
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self._under_way += change


def _listed(bucket: str, prefix: str) -> tuple[list[str], bool]:
    """Return names of pictures, and whether there may be more: a bucket can hold millions of objects."""
    base = prefix[: prefix.rfind("/") + 1]
    names: list[str] = []
    for looked_at, stored in enumerate(list_objects(bucket, prefix, at_most=MOST_LOOKED_AT + 1)):
        if looked_at == MOST_LOOKED_AT:
            return names, True
        if is_picture(stored.file_name) and not is_hidden(stored, base):
            if len(names) == MOST_LISTED:
                return names, True
            names.append(stored.name)
    return names, False


def _left(until: float) -> float:
    return max(0.1, until - time.monotonic())
