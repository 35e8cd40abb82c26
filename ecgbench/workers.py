"""Every pool of the project: serial, threads and processes, with deadlines, memory limits and blame.

A pool takes payloads and gives back what `work(payload, beat)` made of each, in the order in which they finish. `beat(label)` restarts
the clock of the deadline and names what is being done, so that a worker that dies or hangs is lost at a known place.

Each worker process has a pipe of its own: killing one, at any moment, cannot hold a lock that others wait for, nor tear a message that
others read.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, ForkServerProcess

P = TypeVar("P")
Beat = Callable[[int], None]
Work = Callable[[Any, Beat], Any]

EXECUTORS = ("processes", "threads", "serial")
START = -1  # the label before the first beat
IN_HAND = 2  # tasks given to a worker at a time: one runs, one waits, so that the pipe's delay is hidden
FORKSERVER_DIES_SECONDS = 0.2  # from its kill until the kernel tells of it, on a busy machine
STARTS_THAT_MAY_FAIL = 3  # a worker that dies this often before it is ready will not come up at all
_PR_SET_PDEATHSIG = 1  # prctl(2)
_NOTHING = object()


class PoolError(RuntimeError):
    """A pool that cannot work; the message says why and what to do."""


@dataclass(frozen=True)
class Lost:
    """What became of a payload whose worker was lost: `label` is the last beat, `reason` a sentence, `timed_out` a missed deadline."""

    label: int
    reason: str
    timed_out: bool = False


@dataclass(frozen=True)
class Raised:
    """What became of a payload whose work raised: the error in one line, and its traceback."""

    error: str
    traceback: str


@dataclass(frozen=True)
class Finished:
    """A payload and what became of it: the work's value, Raised or Lost."""

    payload: Any
    value: Any


class Pool(Protocol):
    """Takes payloads, gives back Finished ones."""

    @property
    def room(self) -> int:
        """How many more payloads keep every worker busy."""

    def submit(self, payload: Any) -> None:
        """Hand a payload to the workers."""

    def collect(self, timeout: float | None = None) -> list[Finished]:
        """Wait until something has finished, at most `timeout` seconds, and return it; [] where nothing has or is under way."""

    def close(self) -> None:
        """End the workers; what is under way is given up."""


def usable_cores() -> int:
    """Return the number of cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_pool(
    executor: str, work: Work, *, workers: int | None = None, timeout: float | None = None, memory_bytes: int | None = None
) -> Pool:
    """Open a pool of `workers` (default: one a core) that do `work(payload, beat)`.

    `timeout`: seconds between two beats after which a worker is ended; `memory_bytes`: address space a worker may have. Only processes
    can hold either, and only they outlive a method that crashes; the others refuse a timeout. Raises PoolError for an unknown executor.
    """
    check_executor(executor, timeout)
    workers = workers or usable_cores()
    if executor == "processes":
        return ProcessPool(work, workers=workers, timeout=timeout, memory_bytes=memory_bytes)
    return ThreadPool(work, workers=workers) if executor == "threads" else SerialPool(work)


def check_executor(executor: str, timeout: float | None = None) -> None:
    """Raise PoolError where there is no such executor, or where it cannot hold a timeout."""
    if executor not in EXECUTORS:
        raise PoolError(f"There is no executor {executor!r}; choose one of {', '.join(EXECUTORS)}.")
    if executor != "processes" and timeout is not None:
        raise PoolError(f"The {executor} executor cannot end a method that hangs; use --executor processes with --timeout.")


def stream(
    pool: Pool, payloads: Iterable[Any], *, retries: deque[Any] | None = None, tick: float | None = None
) -> Iterator[list[Finished]]:
    """Feed payloads into a pool as it has room and yield what has finished, holding only what is under way.

    The consumer may put payloads into `retries`; they are done before further ones. With `tick`, an empty list is yielded where nothing
    finished for that many seconds.
    """
    retries = deque() if retries is None else retries
    source = iter(payloads)
    under_way = 0
    while True:
        while pool.room > 0:
            payload = retries.popleft() if retries else next(source, _NOTHING)
            if payload is _NOTHING:
                break
            pool.submit(payload)
            under_way += 1
        if under_way == 0:
            return
        done = pool.collect(tick)
        under_way -= len(done)
        yield done


def in_order(batches: Iterable[list[Finished]], key: Callable[[Any], int]) -> Iterator[Finished]:
    """Yield what a stream gives in the order of `key` (0, 1, 2, ...), holding back what came early."""
    early: dict[int, Finished] = {}
    due = 0
    for batch in batches:
        early |= {key(finished.payload): finished for finished in batch}
        while due in early:
            yield early.pop(due)
            due += 1


def parallel_map(function: Callable[[Any], Any], payloads: Iterable[Any], *, workers: int | None = None) -> Iterator[Any]:
    """Yield `function(payload)` of each payload in input order, done in processes; the first that fails raises PoolError."""
    pool = open_pool("processes", lambda numbered, _beat: function(numbered[1]), workers=workers)
    try:
        for finished in in_order(stream(pool, enumerate(payloads)), key=lambda numbered: numbered[0]):
            if isinstance(finished.value, Raised):
                raise _pool_error("", finished.value)
            if isinstance(finished.value, Lost):
                raise PoolError(f"A worker was lost: {finished.value.reason}.")
            yield finished.value
    finally:
        pool.close()


def _pool_error(saying: str, raised: Raised) -> PoolError:
    """Return the error of a worker as one of its pool, with the worker's traceback for whoever asks for it."""
    error = PoolError(f"{saying}{raised.error}")
    error.add_note(raised.traceback)
    return error


def _attempt(work: Work, payload: Any, beat: Beat) -> Any:
    try:
        return work(payload, beat)
    except Exception as error:
        return Raised(one_line(error), traceback.format_exc())


def _attempt_here(work: Work, payload: Any) -> Any:
    """Attempt it in this process, which a method that calls sys.exit must not end."""
    try:
        return _attempt(work, payload, lambda _label: None)
    except SystemExit as error:
        return Raised(one_line(error), traceback.format_exc())


def one_line(error: BaseException) -> str:
    """Return an error as "Type: message" on one line."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def one_thread_each() -> None:
    """Keep OpenCV on the calling thread: the bench is parallel over cases, and threads within a call would fight for the same cores."""
    import cv2

    cv2.setNumThreads(1)


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
        return [Finished(payload, _attempt_here(self._work, payload))]

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
        self._done.put(Finished(payload, _attempt_here(self._work, payload)))

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


@dataclass(eq=False)
class _Worker:
    """One worker process as its parent sees it: its pipe, the tasks in its hands (the first one runs), and where it last beat."""

    process: ForkServerProcess
    pipe: Connection
    place: Any  # shared doubles: label of the last beat, its time.monotonic()
    tasks: deque[Any] = field(default_factory=deque)
    ready: bool = False

    def start_clock(self) -> None:
        """Set the clock for a task that the worker cannot have begun; from then on the worker sets it."""
        self.place[0], self.place[1] = START, time.monotonic()

    def overdue(self, timeout: float) -> bool:
        return self.ready and bool(self.tasks) and time.monotonic() - self.place[1] > timeout

    def kill(self) -> None:
        """End the worker and what it started."""
        pid = self.process.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.join(5)
        self.pipe.close()


class ProcessPool:
    """Does payloads in processes: one that crashes, hangs or eats memory costs what it was doing, and a new one takes its place."""

    def __init__(self, work: Work, *, workers: int, timeout: float | None, memory_bytes: int | None) -> None:
        import cloudpickle

        try:
            self._recipe: bytes = cloudpickle.dumps((work, memory_bytes))
        except Exception as error:
            raise PoolError(
                f"The work cannot be sent to other processes ({one_line(error)}); keep locks, open files and the like out of it."
            ) from error
        self._context = _forkserver()
        self._timeout = timeout
        self._size = workers
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
        """Two a worker: one runs, one waits."""
        return self._size * IN_HAND - len(self._waiting) - sum(len(worker.tasks) for worker in self._workers)

    def submit(self, payload: Any) -> None:
        """Hand the payload to the worker with the least in its hands."""
        self._waiting.append(payload)
        self._hand_out()

    def collect(self, timeout: float | None = None) -> list[Finished]:
        """Return what has finished; replace workers that died or overran."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._finished and (self._waiting or any(worker.tasks for worker in self._workers)):
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                break
            self._wait_once(left)
        found, self._finished = self._finished, []
        return found

    def close(self) -> None:
        """End every worker at once."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()
        self._waiting.clear()

    def _wait_once(self, left: float | None) -> None:
        by_source: dict[Any, _Worker] = {worker.pipe: worker for worker in self._workers}
        by_source |= {worker.process.sentinel: worker for worker in self._workers}
        ready = wait(list(by_source), self._nap(left))
        for worker in dict.fromkeys(by_source[source] for source in ready):
            if not self._read(worker):
                self._replace(worker, self._death(worker))
        if self._timeout is not None:
            for worker in [worker for worker in self._workers if worker.overdue(self._timeout)]:
                if not (worker.pipe.poll() and self._read(worker)):
                    self._replace(worker, f"no sign of life for {self._timeout:g} s", timed_out=True)
        self._hand_out()

    def _nap(self, left: float | None) -> float | None:
        """Return the seconds until the next deadline could be missed."""
        if self._timeout is None:
            return left
        busy = [worker.place[1] for worker in self._workers if worker.tasks]
        due = max(0.001, min(busy) + self._timeout - time.monotonic() + 0.001) if busy else self._timeout
        return due if left is None else min(due, left)

    def _read(self, worker: _Worker) -> bool:
        """Take in every message that is there; return whether the worker still lives."""
        try:
            while worker.pipe.poll():
                self._take(worker, _unpickled(worker.pipe.recv_bytes()))
        except (EOFError, OSError):
            return False
        return worker.process.is_alive()

    def _take(self, worker: _Worker, message: Any) -> None:
        if worker.ready:
            self._finished.append(Finished(worker.tasks.popleft(), message))
            return
        if isinstance(message, Raised):
            raise _pool_error("A worker could not start: ", message)
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
        label = int(worker.place[0])
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

    def _hand_out(self) -> None:
        while self._waiting:
            worker = min(self._workers, key=lambda each: len(each.tasks))
            if len(worker.tasks) >= IN_HAND:
                return
            payload = self._waiting.popleft()
            try:
                message = _pickled(payload)
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
        place = self._context.RawArray("d", 2)
        for attempt in range(STARTS_THAT_MAY_FAIL):
            wake_forkserver()  # anew, should it have died
            process = self._context.Process(target=_serve, args=(theirs, place, self._recipe), daemon=True)
            try:
                with _no_main_module():
                    process.start()
                break
            except (ConnectionError, EOFError):  # the forkserver was killed so lately that it is not yet known to be dead
                if attempt == STARTS_THAT_MAY_FAIL - 1:
                    raise
                time.sleep(FORKSERVER_DIES_SECONDS)
        theirs.close()
        self._workers.append(_Worker(process, ours, place))


def _serve(pipe: Connection, place: Any, recipe: bytes) -> None:
    """Do the tasks that come through `pipe` until it closes: what runs in a worker process."""
    _settle_in()
    try:
        work, memory_bytes = pickle.loads(recipe)  # noqa: S301 - from our own parent
        _limit_memory(memory_bytes)
    except BaseException as error:
        pipe.send_bytes(pickle.dumps(Raised(one_line(error), traceback.format_exc())))
        return

    def beat(label: int) -> None:
        place[0], place[1] = label, time.monotonic()

    beat(START)  # the time it took to start is not the first task's
    pipe.send_bytes(pickle.dumps("ready"))
    while True:
        try:
            message = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        beat(START)
        try:
            value = _attempt(work, pickle.loads(message), beat)  # noqa: S301 - from our own parent
            answer = _pickled(value)
        except Exception as error:
            answer = pickle.dumps(Raised(one_line(error), traceback.format_exc()))
        pipe.send_bytes(answer)
        beat(START)


def _pickled(value: Any) -> bytes:
    """Pickle by name where that leads somewhere in another process, a tenth of the cost of cloudpickle; else by value."""
    try:
        message = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        if b"__main__" not in message:  # what a script or a notebook made is not there to be found by name
            return message
    except Exception:  # noqa: S110 - what cannot be named may still travel by value
        pass
    import cloudpickle

    return bytes(cloudpickle.dumps(value))


def _unpickled(message: bytes) -> Any:
    """Return what a worker sent; Raised where it is a value that pickles but cannot be made again."""
    try:
        return pickle.loads(message)  # noqa: S301 - from our own worker
    except Exception as error:
        return Raised(one_line(error), traceback.format_exc())


def _settle_in() -> None:
    """Become a worker: a group of its own (Ctrl-C is the parent's affair), gone with its parent, with one thread a call."""
    os.setpgid(0, 0)
    _let_forkserver_go()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    one_thread_each()
    _keep_freed_memory()


def _let_forkserver_go() -> None:
    """Close what keeps the forkserver alive for its children's sake: it is to end with the pool's process, and take us with it."""
    from multiprocessing import forkserver

    server: Any = forkserver._forkserver
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
        server._forkserver_alive_fd = None


def _keep_freed_memory() -> None:
    """Raise glibc's trim and mmap thresholds, so that big arrays are not given back to the kernel and faulted in anew at each call."""
    m_trim_threshold, m_mmap_threshold = -1, -3  # mallopt(3)
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(m_mmap_threshold, 32 << 20)  # the most that glibc takes
        libc.mallopt(m_trim_threshold, 1 << 30)


def _limit_memory(memory_bytes: int | None) -> None:
    if memory_bytes is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _forkserver() -> ForkServerContext:
    import multiprocessing

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ecgbench.preload"])
    return context


def wake_forkserver() -> None:
    """Start the process that workers are forked from, and let it import its libraries while this one goes on with its own affairs."""
    from multiprocessing import forkserver, resource_tracker

    _forkserver()
    resource_tracker.ensure_running()  # before: when it starts, it unblocks what is blocked here
    # It inherits what is blocked, and so do workers: Ctrl-C reaches all processes of a terminal, and is the parent's affair alone.
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)


_starting = threading.Lock()


@contextlib.contextmanager
def _no_main_module() -> Iterator[None]:
    """Start processes as if there were no script: multiprocessing would run the user's own again in each worker.

    Functions of that script travel by value (cloudpickle), so that nobody needs it there.
    """
    with _starting:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
