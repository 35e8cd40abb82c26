"""What runs in a worker process, and how values travel to it and back."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from ecgbench.core.interpreter import SAFE_PATH
from ecgbench.core.surroundings import kept_surroundings
from ecgbench.workers.tasks import LABEL, SINCE, START, WORN, Raised, attempt, one_line, one_thread_each

_PR_SET_PDEATHSIG = 1  # prctl(2)
LEAKED_THREADS = 32  # that tasks may leave behind; libraries keep pools of some, once


def serve(pipe: Connection, place: Any, recipe: bytes, environment: Mapping[str, str]) -> None:
    """Do the tasks that come through `pipe` until it closes: what runs in a worker process.

    `environment`: of the pool's process as it is now; the forkserver has that of its own start, before a notebook named its credentials.
    """
    os.environ.pop(SAFE_PATH, None)  # it was the forkserver's
    os.environ.update(environment)
    _settle_in()
    try:
        work, memory_bytes = pickle.loads(recipe)  # noqa: S301 - from our own parent
        _limit_memory(memory_bytes)
    except BaseException as error:
        pipe.send_bytes(pickle.dumps(Raised(one_line(error), traceback.format_exc())))
        return

    def beat(label: int) -> None:
        place[LABEL], place[SINCE] = label, time.monotonic()

    beat(START)  # the time it took to start is not the first task's
    pipe.send_bytes(pickle.dumps("ready"))
    fresh = _taken_bytes()
    while True:
        try:
            message = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        beat(START)
        try:
            with kept_surroundings():
                value = attempt(work, pickle.loads(message), beat)  # noqa: S301 - from our own parent
            answer = pickled(value)
        except Exception as error:
            answer = pickle.dumps(Raised(one_line(error), traceback.format_exc()))
        place[WORN] = _is_worn(fresh, memory_bytes)
        try:
            pipe.send_bytes(answer)
        except OSError:  # the parent was killed meanwhile
            return
        beat(START)
        if place[WORN]:
            _wait_for_the_end()


def _is_worn(fresh_bytes: int, memory_bytes: int | None) -> bool:
    """Tell whether tasks have left so many threads or so much memory behind that the next ones would suffer from it."""
    if threading.active_count() > 1 + LEAKED_THREADS:
        return True
    return memory_bytes is not None and _taken_bytes() - fresh_bytes > (memory_bytes - fresh_bytes) / 2


def _taken_bytes() -> int:
    """Return the address space of this process, which is what `memory_bytes` limits; 0 where the kernel does not tell (proc(5))."""
    try:
        with open("/proc/self/statm", "rb") as sizes:  # noqa: PTH123 - a plain call, on the hot path
            return int(sizes.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _wait_for_the_end() -> None:
    """Begin no further task; our parent has read that we are worn, hands them to another and ends us."""
    while True:
        time.sleep(60)


def pickled(value: Any) -> bytes:
    """Pickle by name where that leads somewhere in another process, a tenth of the cost of cloudpickle; else by value."""
    try:
        message = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        if b"__main__" not in message:  # what a script or a notebook made is not there to be found by name
            return message
    except Exception:  # noqa: S110 - what cannot be named may still travel by value
        pass
    import cloudpickle

    return bytes(cloudpickle.dumps(value))


def unpickled(message: bytes) -> Any:
    """Return what a worker sent; Raised where it is a value that pickles but cannot be made again."""
    try:
        return pickle.loads(message)  # noqa: S301 - from our own worker
    except Exception as error:
        return Raised(one_line(error), traceback.format_exc())


def _settle_in() -> None:
    """Become a worker: a group of its own (Ctrl-C is the parent's affair), gone with its parent, with one thread a call.

    What methods print goes to stderr: stdout is what was asked for, which may be JSON for a program.
    """
    os.setpgid(0, 0)
    os.dup2(2, 1)
    _let_forkserver_go()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    one_thread_each()
    keep_freed_memory()


def _let_forkserver_go() -> None:
    """Close what keeps the forkserver alive for its children's sake: it is to end with the pool's process, and take us with it."""
    from multiprocessing import forkserver

    server: Any = forkserver._forkserver
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
        server._forkserver_alive_fd = None


def keep_freed_memory() -> None:
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
