"""Pictures that lie elsewhere, brought to this machine while those before them are worked on."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ecgbench.core.truth import RemotePage

T = TypeVar("T")

FETCHERS = 8  # at a time: they wait for others, and hardly compute
AHEAD = 32  # items that are looked at before their turn


class FetchAhead:
    """Has the remote pictures among items fetched before their turn; `fetched` counts those that came.

    Nothing waits for it: an item is given out when it is asked for, and whoever opens its picture waits for one that is on its way.
    """

    def __init__(self) -> None:
        self.fetched = 0
        self._counting = threading.Lock()

    def through(self, items: Iterable[T], source: Callable[[T], Any]) -> Iterator[T]:
        """Yield the items in their order; `source` gives the picture of one. Until the first remote one, none is looked at ahead."""
        waiting: deque[T] = deque()
        wanted: queue.SimpleQueue[RemotePage | None] = queue.SimpleQueue()
        fetchers: list[threading.Thread] = []
        try:
            for item in items:
                waiting.append(item)
                picture = source(item)
                if isinstance(picture, RemotePage):
                    fetchers = fetchers or self._start(wanted)
                    wanted.put(picture)
                if len(waiting) > (AHEAD if fetchers else 0):
                    yield waiting.popleft()
            yield from waiting
        finally:
            while not wanted.empty():
                wanted.get()
            for _ in fetchers:
                wanted.put(None)

    def _start(self, wanted: queue.SimpleQueue[RemotePage | None]) -> list[threading.Thread]:
        """Start threads that nobody waits for: a line that hangs shall not hold up the end of a program."""
        fetchers = [threading.Thread(target=self._fetch, args=(wanted,), daemon=True) for _ in range(FETCHERS)]
        for fetcher in fetchers:
            fetcher.start()
        return fetchers

    def _fetch(self, wanted: queue.SimpleQueue[RemotePage | None]) -> None:
        while (picture := wanted.get()) is not None:
            came = picture.fetch_ahead()
            with self._counting:
                self.fetched += came
