"""Pools for single jobs that anybody asks for at any time, each with a future of its own: what a server needs."""

from __future__ import annotations

import atexit
import contextlib
import queue
import socket
import threading
import time
from collections import deque
from concurrent.futures import Future
from itertools import count
from typing import Any, Protocol

from ecgbench.workers.child import keep_freed_memory
from ecgbench.workers.processes import ProcessPool
from ecgbench.workers.tasks import PoolError, Work, attempt_here, one_line, one_thread_each

_END = None  # in an inbox: no more jobs will come
_Job = tuple["Future[Any]", Any]


class JobPool(Protocol):
    """Does single jobs; may be asked from any thread."""

    def submit(self, payload: Any) -> Future[Any]:
        """Return the future of what the work makes of a payload: its value, Raised or Lost. PoolError where there are no workers."""

    def close(self, patience: float = 0.0) -> bool:
        """Drop what waits, give what is under way `patience` seconds, and end the workers; return whether nothing goes on."""


class ThreadJobs:
    """Does jobs in threads of this process; one that hangs cannot be ended, and a process that ends waits for it."""

    def __init__(self, work: Work, *, workers: int) -> None:
        one_thread_each()
        keep_freed_memory()
        self._work = work
        self._inbox: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"ecgbench-{number}", daemon=True) for number in range(workers)
        ]
        self._open = True
        for thread in self._threads:
            thread.start()
        atexit.register(self.close, None)  # threads that compute while the interpreter goes would abort the process

    def submit(self, payload: Any) -> Future[Any]:
        """Hand the payload to the next free thread."""
        if not self._open:
            raise PoolError("The pool is closed.")
        future: Future[Any] = Future()
        self._inbox.put((future, payload))
        return future

    def close(self, patience: float | None = 0.0) -> bool:
        """End threads as they become free; return whether all are within `patience` seconds (None: however long it takes)."""
        self._open = False
        _cancel_waiting(self._inbox)
        for _ in self._threads:
            self._inbox.put(_END)
        until = None if patience is None else time.monotonic() + patience
        for thread in self._threads:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        if ended:
            atexit.unregister(self.close)
        return ended

    def _serve(self) -> None:
        while (job := self._inbox.get()) is not _END:
            future, payload = job
            if future.set_running_or_notify_cancel():
                future.set_result(attempt_here(self._work, payload))
            del job, future, payload  # a picture shall not live until the next one comes


class ProcessJobs:
    """Does jobs in processes, with deadlines; a thread of its own keeps the pool, which is not made to be shared.

    A worker has one job in its hands: pictures are larger than a pipe, and a worker that is sent one while it sends an answer would
    wait for its parent as its parent for it.
    """

    def __init__(self, work: Work, *, workers: int, timeout: float | None = None, memory_bytes: int | None = None) -> None:
        self._inbox: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting: deque[_Job] = deque()
        self._under_way: dict[int, Future[Any]] = {}
        self._numbers = count()
        self._open = True
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        numbered = _Numbered(work)
        self._pool = ProcessPool(
            numbered, workers=workers, timeout=timeout, memory_bytes=memory_bytes, in_hand=1, interrupt=self._bell
        )
        self._thread = threading.Thread(target=self._serve, name="ecgbench-processes", daemon=True)
        self._thread.start()

    def submit(self, payload: Any) -> Future[Any]:
        """Hand the payload to the next free worker."""
        if not self._open:
            raise PoolError("The pool is closed.")
        future: Future[Any] = Future()
        self._put((future, payload))
        return future

    def close(self, patience: float = 0.0) -> bool:
        """End the workers, at once or when what is under way is done, at most after `patience` seconds."""
        self._open = False
        _cancel_waiting(self._inbox)
        until = time.monotonic() + patience
        while self._under_way and time.monotonic() < until:
            time.sleep(0.01)
        self._put(_END)
        self._thread.join(10)
        return not self._thread.is_alive()

    def _put(self, job: _Job | None) -> None:
        self._inbox.put(job)
        with contextlib.suppress(OSError):  # full: it rings already; closed: nobody listens
            self._ringer.send(b"!")

    def _serve(self) -> None:
        error = PoolError("The pool is closed.")
        try:
            while self._take_in():
                for finished in self._pool.collect():
                    self._under_way.pop(finished.payload[0]).set_result(finished.value)
        except PoolError as problem:
            error = problem
        except Exception as problem:  # those who wait must hear of it, whatever it is
            error = PoolError(f"The pool broke: {one_line(problem)}.")
        self._end(error)

    def _take_in(self) -> bool:
        """Give the pool what it has room for, waiting for a job where it has none; return whether to go on."""
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(4096)
        idle = not (self._under_way or self._waiting)
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._inbox.get(block=idle)
                if job is _END:
                    return False
                self._waiting.append(job)
                idle = False
        if not self._open:
            self._drop_waiting(PoolError("The pool is closed."))
        while self._waiting and self._pool.room > 0:
            future, payload = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                number = next(self._numbers)
                self._under_way[number] = future
                self._pool.submit((number, payload))
        return True

    def _end(self, error: PoolError) -> None:
        """End the workers and tell everybody who waits."""
        self._open = False
        self._pool.close()
        for future in self._under_way.values():
            future.set_exception(error)
        self._under_way.clear()
        self._drop_waiting(error)
        _cancel_waiting(self._inbox)
        self._bell.close()
        self._ringer.close()

    def _drop_waiting(self, error: PoolError) -> None:
        for future, _ in self._waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
        self._waiting.clear()


class _Numbered:
    """Does the work of a payload that travels with its number."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def __call__(self, numbered: tuple[int, Any], beat: Any) -> Any:
        return self._work(numbered[1], beat)


def _cancel_waiting(inbox: queue.SimpleQueue[_Job | None]) -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            job = inbox.get_nowait()
            if job is not None:
                job[0].cancel()
