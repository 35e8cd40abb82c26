"""The process that workers are forked from."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ecgbench.core.interpreter import SAFE_PATH, looks_here_first

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext


def forkserver_context() -> ForkServerContext:
    """Return the way to start processes from a forkserver that has our libraries in memory."""
    import multiprocessing

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ecgbench.preload"])
    return context


def wake_forkserver() -> None:
    """Start the process that workers are forked from, and let it import its libraries while this one goes on with its own affairs."""
    from multiprocessing import forkserver, resource_tracker

    forkserver_context()
    with _looking_where_we_do():
        resource_tracker.ensure_running()  # before: when it starts, it unblocks what is blocked here
    # It inherits what is blocked, and so do workers: Ctrl-C reaches all processes of a terminal, and is the parent's affair alone.
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with _looking_where_we_do():
            forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)


@contextlib.contextmanager
def _looking_where_we_do() -> Iterator[None]:
    """Have processes of multiprocessing's own import what this one would, and nothing that only happens to lie in the current folder.

    multiprocessing leaves no other way than the environment, of which workers do not keep it (`child.serve`).
    """
    if looks_here_first() or SAFE_PATH in os.environ:
        yield
        return
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        del os.environ[SAFE_PATH]


_starting = threading.Lock()


@contextlib.contextmanager
def no_main_module() -> Iterator[None]:
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


@contextlib.contextmanager
def free_to_start() -> Iterator[None]:
    """Start processes also from a process that multiprocessing calls a daemon, as workers of dask are.

    It forbids a daemon children because they would outlive it; ours end with their forkserver, and that with whoever woke it.
    """
    import multiprocessing

    config: dict[str, object] = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    kept = config.get("daemon")
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = kept
