"""A pool of processes: one that crashes, hangs or eats memory costs what it was doing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from ecgbench.workers.child import pickled, serve, unpickled
from ecgbench.workers.forkserver import forkserver_context, free_to_start, no_main_module, wake_forkserver
from ecgbench.workers.tasks import (
    IN_HAND,
    LABEL,
    SINCE,
    START,
    WORN,
    Finished,
    Lost,
    PoolError,
    Raised,
    UnderWay,
    Work,
    one_line,
    pool_error,
)

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

FORKSERVER_DIES_SECONDS = 0.2  # from its kill until the kernel tells of it, on a busy machine
STARTS_THAT_MAY_FAIL = 3  # a worker that dies this often before it is ready will not come up at all


@dataclass(eq=False)
class _Worker:
    """One worker process as its parent sees it: its pipe, the tasks in its hands (the first one runs), and where it last beat."""

    process: ForkServerProcess
    pipe: Connection
    place: Any  # shared doubles at LABEL, SINCE and WORN
    tasks: deque[Any] = field(default_factory=deque)
    ready: bool = False
    worn: bool = False  # it has answered, and begins nothing more

    def start_clock(self) -> None:
        """Set the clock for a task that the worker cannot have begun; from then on the worker sets it."""
        self.place[LABEL], self.place[SINCE] = START, time.monotonic()

    def overdue(self, timeout: float) -> bool:
        return self.ready and bool(self.tasks) and time.monotonic() - self.place[SINCE] > timeout

    def signal_end(self) -> None:
        """Kill the worker and what it started, without waiting for it."""
        pid = self.process.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the worker and what it started."""
        self.signal_end()
        self.see_end()

    def see_end(self) -> None:
        """Wait until the worker that was killed is gone."""
        self.process.join(5)
        self.pipe.close()


class ProcessPool:
    """Does payloads in processes: one that crashes, hangs or eats memory costs what it was doing, and a new one takes its place.

    `in_hand`: payloads given to a worker at a time. `interrupt`: a socket; `collect` returns when it can be read.
    """

    def __init__(
        self,
        work: Work,
        *,
        workers: int,
        timeout: float | None,
        memory_bytes: int | None,
        in_hand: int = IN_HAND,
        interrupt: socket.socket | None = None,
    ) -> None:
        import cloudpickle

        try:
            self._recipe: bytes = cloudpickle.dumps((work, memory_bytes))
        except Exception as error:
            raise PoolError(
                f"The work cannot be sent to other processes ({one_line(error)}); keep locks, open files and the like out of it."
            ) from error
        self._context = forkserver_context()
        self._timeout = timeout
        self._size = workers
        self._in_hand = in_hand
        self._interrupt = interrupt
        self._interrupted = False
        self._failed_starts = 0
        self._waiting: deque[Any] = deque()
        self._finished: list[Finished] = []
        self._workers: list[_Worker] = []
        try:
            for _ in range(workers):
                self._start_worker()
        except BaseException:
            self.close()
            raise

    @property
    def room(self) -> int:
        """So many a worker as it is given at a time."""
        return self._size * self._in_hand - len(self._waiting) - sum(len(worker.tasks) for worker in self._workers)

    def under_way(self) -> list[UnderWay]:
        """Return what each worker does now."""
        now = time.monotonic()
        return [
            UnderWay(worker.tasks[0], int(worker.place[LABEL]), now - worker.place[SINCE])
            if worker.ready and worker.tasks
            else UnderWay()
            for worker in self._workers
        ]

    def submit(self, payload: Any) -> None:
        """Hand the payload to the worker with the least in its hands."""
        self._waiting.append(payload)
        self._hand_out()

    def collect(self, timeout: float | None = None) -> list[Finished]:
        """Return what has finished; replace workers that died or overran."""
        until = None if timeout is None else time.monotonic() + timeout
        self._interrupted = False
        while not (self._finished or self._interrupted) and (self._waiting or any(worker.tasks for worker in self._workers)):
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                break
            self._wait_once(left)
        found, self._finished = self._finished, []
        return found

    def close(self) -> None:
        """End every worker at once."""
        for worker in self._workers:  # all, before the first is waited for: the kernel takes its time to free what one had
            worker.signal_end()
        for worker in self._workers:
            worker.see_end()
        self._workers.clear()
        self._waiting.clear()

    def _wait_once(self, left: float | None) -> None:
        by_source: dict[Any, _Worker] = {worker.pipe: worker for worker in self._workers}
        by_source |= {worker.process.sentinel: worker for worker in self._workers}
        asked = [*by_source, self._interrupt] if self._interrupt is not None else list(by_source)
        ready = wait(asked, self._nap(left))
        self._interrupted = self._interrupt in ready
        for worker in dict.fromkeys(by_source[source] for source in ready if source in by_source):
            if not self._read(worker):
                self._replace(worker, self._death(worker))
        if self._timeout is not None:
            for worker in [worker for worker in self._workers if worker.overdue(self._timeout)]:
                if not (worker.pipe.poll() and self._read(worker)):
                    self._replace(worker, f"no sign of life for {self._timeout:g} s", timed_out=True)
        for worker in [worker for worker in self._workers if worker.worn]:
            self._retire(worker)
        self._hand_out()

    def _nap(self, left: float | None) -> float | None:
        """Return the seconds until the next deadline could be missed."""
        if self._timeout is None:
            return left
        busy = [worker.place[SINCE] for worker in self._workers if worker.tasks]
        due = max(0.001, min(busy) + self._timeout - time.monotonic() + 0.001) if busy else self._timeout
        return due if left is None else min(due, left)

    def _read(self, worker: _Worker) -> bool:
        """Take in every message that is there; return whether the worker still lives."""
        try:
            while worker.pipe.poll():
                self._take(worker, unpickled(worker.pipe.recv_bytes()))
        except (EOFError, OSError):
            return False
        return worker.process.is_alive()

    def _take(self, worker: _Worker, message: Any) -> None:
        if worker.ready:
            self._finished.append(Finished(worker.tasks.popleft(), message))
            worker.worn = bool(worker.place[WORN])
            return
        if isinstance(message, Raised):
            raise pool_error("A worker could not start: ", message)
        worker.ready = True
        self._failed_starts = 0

    def _death(self, worker: _Worker) -> str:
        worker.process.join(5)
        code = worker.process.exitcode
        if code is not None and code < 0:
            return f"killed by {_signal_name(-code)}"
        return f"ended with exit code {code}"

    def _replace(self, worker: _Worker, reason: str, *, timed_out: bool = False) -> None:
        self._workers.remove(worker)
        label = int(worker.place[LABEL])
        worker.kill()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= STARTS_THAT_MAY_FAIL:
                raise PoolError(
                    f"Workers do not start: {reason}. A plugin that crashes on import does this; see `ecgbench plugins`."
                )
            self._waiting.extendleft(reversed(worker.tasks))
        elif worker.tasks:
            self._finished.append(Finished(worker.tasks.popleft(), Lost(label, reason, timed_out)))
            self._waiting.extendleft(reversed(worker.tasks))
        self._start_worker()

    def _retire(self, worker: _Worker) -> None:
        """Put a fresh worker in the place of one that tasks have left threads or memory behind in; nobody is blamed for it."""
        self._workers.remove(worker)
        worker.kill()
        self._waiting.extendleft(reversed(worker.tasks))
        self._start_worker()

    def _hand_out(self) -> None:
        while self._waiting:
            worker = min(self._workers, key=lambda each: len(each.tasks))
            if len(worker.tasks) >= self._in_hand:
                return
            payload = self._waiting.popleft()
            try:
                message = pickled(payload)
            except Exception as error:
                self._finished.append(Finished(payload, Raised(one_line(error), traceback.format_exc())))
                continue
            if not worker.tasks:
                worker.start_clock()
            worker.tasks.append(payload)
            with contextlib.suppress(OSError):  # a dead worker is found by its sentinel, which hands its tasks on
                worker.pipe.send_bytes(message)

    def _start_worker(self) -> None:
        ours, theirs = self._context.Pipe()
        place = self._context.RawArray("d", 3)
        for attempt in range(STARTS_THAT_MAY_FAIL):
            wake_forkserver()  # anew, should it have died
            process = self._context.Process(target=serve, args=(theirs, place, self._recipe, dict(os.environ)), daemon=True)
            try:
                with no_main_module(), free_to_start():
                    process.start()
                break
            except (ConnectionError, EOFError):  # the forkserver was killed so lately that it is not yet known to be dead
                if attempt == STARTS_THAT_MAY_FAIL - 1:
                    raise
                time.sleep(FORKSERVER_DIES_SECONDS)
        theirs.close()
        self._workers.append(_Worker(process, ours, place))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
