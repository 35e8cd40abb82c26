"""What runs in a worker of a dask cluster: it hands payloads to processes of our own, which may crash or hang without harm to it."""

from __future__ import annotations

import pickle
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecgbench.workers.child import pickled
from ecgbench.workers.jobs import ProcessJobs
from ecgbench.workers.tasks import PoolError, Raised, Work, one_line

IDLE_S = 60.0  # after which processes of a run that asks for nothing are ended: its parent may have been killed


@dataclass(frozen=True)
class Recipe:
    """What a worker needs for a run; it travels to each worker once.

    `work`: pickled. `facts`: version of ecgbench and of what the work is made of; they must be the same on every worker.
    """

    run: str
    work: bytes
    facts: Mapping[str, str]
    timeout: float | None
    memory_bytes: int | None


@dataclass(frozen=True)
class Unprepared:
    """A worker that has not got the recipe of the run: it joined, or was restarted, after the run began."""

    address: str


@dataclass(frozen=True)
class Refused:
    """A worker that cannot do the work of the run at all, and why."""

    address: str
    reason: str


class _Bench:
    """The processes of one run in this worker, as many as it has threads; they start with the first payload."""

    def __init__(self, work: Work, recipe: Recipe, workers: int) -> None:
        self._work, self._recipe, self._workers = work, recipe, workers
        self._jobs: ProcessJobs | None = None
        self._lock = threading.Lock()
        self._waiting, self._used = 0, time.monotonic()

    def do(self, payload: Any) -> Any:
        """Return what the work makes of the payload: its value, Raised or Lost."""
        with self._lock:
            self._waiting += 1
            if self._jobs is None:
                recipe = self._recipe
                self._jobs = ProcessJobs(
                    self._work, workers=self._workers, timeout=recipe.timeout, memory_bytes=recipe.memory_bytes
                )
                threading.Thread(target=self._watch, name="ecgbench-idle", daemon=True).start()
        try:
            return self._jobs.submit(payload).result()
        finally:
            with self._lock:
                self._waiting -= 1
                self._used = time.monotonic()

    def close(self) -> None:
        """End the processes at once."""
        if self._jobs is not None:
            self._jobs.close()

    def _watch(self) -> None:
        while self._waiting or time.monotonic() - self._used < IDLE_S:
            time.sleep(IDLE_S / 10)
        forget(self._recipe.run)


_benches: dict[str, _Bench] = {}


def prepare(recipe: Recipe, dask_worker: Any) -> str | None:
    """Make this worker ready for a run; return what is wrong with it where it cannot be, in words that follow its name."""
    try:
        work = pickle.loads(recipe.work)  # noqa: S301 - from the run's own parent
        here = facts_of(work)
    except Exception as error:
        return f"cannot load what the run is made of ({one_line(error)}); install the same ecgbench and plugins there"
    for name, there in recipe.facts.items():
        if here.get(name) != there:
            return f"has {name} {here.get(name, 'not at all')} where this run has {there}; install the same there"
    if recipe.run not in _benches:
        _benches[recipe.run] = _Bench(work, recipe, dask_worker.state.nthreads)
    return None


def perform(run: str, message: bytes) -> bytes:
    """Do a payload: what dask runs as a task; value and payload travel pickled."""
    from distributed import get_worker

    bench = _benches.get(run)
    if bench is None:
        return pickled(Unprepared(get_worker().address))
    try:
        payload = pickle.loads(message)  # noqa: S301
    except Exception as error:
        return pickled(Raised(one_line(error), traceback.format_exc()))
    try:
        return pickled(bench.do(payload))
    except PoolError as error:
        return pickled(Refused(get_worker().address, str(error)))


def forget(run: str) -> None:
    """End what this worker does for a run."""
    bench = _benches.pop(run, None)
    if bench is not None:
        bench.close()


def facts_of(work: Work) -> dict[str, str]:
    """Return the version of ecgbench and of what the work says it is made of; the same work has the same everywhere."""
    from ecgbench import __version__

    own = getattr(work, "facts", None)
    return {"ecgbench": __version__, **(own() if own is not None else {})}
