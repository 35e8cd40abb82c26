"""Pools by name, and feeding them many payloads while holding only what is under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ecgbench.workers.local import SerialPool, ThreadPool
from ecgbench.workers.processes import ProcessPool
from ecgbench.workers.tasks import Finished, Lost, Pool, PoolError, Raised, UnderWay, Work, pool_error, usable_cores

EXECUTORS = ("processes", "threads", "serial", "dask")
CAN_END_WORK = ("processes", "dask")  # that hangs, eats memory or crashes
_NOTHING = object()


def open_pool(
    executor: str,
    work: Work,
    *,
    workers: int | None = None,
    timeout: float | None = None,
    memory_bytes: int | None = None,
    scheduler: str | None = None,
) -> Pool:
    """Open a pool of `workers` (default: one a core) that do `work(payload, beat)`.

    `timeout`: seconds between two beats after which a worker is ended; `memory_bytes`: address space a worker may have. Only processes
    (on this machine, or on those of a dask cluster) can hold either, and only they outlive a method that crashes; the others refuse a
    timeout. `scheduler`: the address of a dask cluster's; its workers are as they are. Raises PoolError for an unknown executor.
    """
    check_executor(executor, timeout, scheduler)
    workers = workers or usable_cores()
    if executor == "dask":
        from ecgbench.workers.cluster import DaskPool

        return DaskPool(work, scheduler=scheduler, workers=workers, timeout=timeout, memory_bytes=memory_bytes)
    if executor == "processes":
        return ProcessPool(work, workers=workers, timeout=timeout, memory_bytes=memory_bytes)
    return ThreadPool(work, workers=workers) if executor == "threads" else SerialPool(work)


def check_executor(executor: str, timeout: float | None = None, scheduler: str | None = None) -> None:
    """Raise PoolError where there is no such executor, or where it cannot hold a timeout or has no scheduler."""
    if executor not in EXECUTORS:
        raise PoolError(f"There is no executor {executor!r}; choose one of {', '.join(EXECUTORS)}.")
    if executor not in CAN_END_WORK and timeout is not None:
        raise PoolError(f"The {executor} executor cannot end a method that hangs; use --executor processes with --timeout.")
    if executor != "dask" and scheduler is not None:
        raise PoolError(f"A scheduler is dask's, and the {executor} executor has none; give --executor dask with --scheduler.")


def under_way(pool: Pool) -> list[UnderWay]:
    """Return what each worker of a pool does now; nothing where the executor cannot tell."""
    return pool.under_way() if isinstance(pool, ProcessPool) else []


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
                raise pool_error("", finished.value)
            if isinstance(finished.value, Lost):
                raise PoolError(f"A worker was lost: {finished.value.reason}.")
            yield finished.value
    finally:
        pool.close()
