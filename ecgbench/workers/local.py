"""Pools without processes of their own: the calling thread, and threads."""

from __future__ import annotations

import contextlib
import queue
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ecgbench.workers.tasks import IN_HAND, Finished, Work, attempt_here, one_thread_each


class SerialPool:
    """Does each payload in the calling thread, when it is collected."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: deque[Any] = deque()
        one_thread_each()

    @property
    def room(self) -> int:
        """One at a time."""
        return 1 - len(self._waiting)

    def submit(self, payload: Any) -> None:
        """Keep the payload until it is collected."""
        self._waiting.append(payload)

    def collect(self, timeout: float | None = None) -> list[Finished]:
        """Do the next payload now."""
        if not self._waiting:
            return []
        payload = self._waiting.popleft()
        return [Finished(payload, attempt_here(self._work, payload))]

    def close(self) -> None:
        """Forget what was not collected."""
        self._waiting.clear()


class ThreadPool:
    """Does payloads in threads of this process; OpenCV and numpy let go of the interpreter lock, Python code does not."""

    def __init__(self, work: Work, *, workers: int) -> None:
        one_thread_each()
        self._work = work
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="ecgbench")
        self._done: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self._under_way = 0
        self._workers = workers

    @property
    def room(self) -> int:
        """Two a thread: one runs, one waits."""
        return self._workers * IN_HAND - self._under_way

    def submit(self, payload: Any) -> None:
        """Hand the payload to the next free thread."""
        self._under_way += 1
        self._executor.submit(self._do, payload)

    def _do(self, payload: Any) -> None:
        self._done.put(Finished(payload, attempt_here(self._work, payload)))

    def collect(self, timeout: float | None = None) -> list[Finished]:
        """Return what has finished."""
        if not self._under_way:
            return []
        found = []
        with contextlib.suppress(queue.Empty):
            found.append(self._done.get(timeout=timeout))
            while True:
                found.append(self._done.get_nowait())
        self._under_way -= len(found)
        return found

    def close(self) -> None:
        """Drop what waits; what runs in a thread cannot be stopped and is waited for."""
        self._executor.shutdown(wait=True, cancel_futures=True)
