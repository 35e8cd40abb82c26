"""A pool over the workers of a dask cluster."""

from __future__ import annotations

import contextlib
import queue
import time
import traceback
import uuid
from importlib import import_module
from typing import Any

from ecgbench.workers.child import pickled, unpickled
from ecgbench.workers.remote import Recipe, Refused, Unprepared, facts_of, forget, perform, prepare
from ecgbench.workers.tasks import IN_HAND, START, Finished, Lost, PoolError, Raised, Work, one_line

Future = Any  # dask's
CONNECT_S = 10.0  # to reach a scheduler
WORKERS_S = 60.0  # that a cluster may be without any worker, say while it grows or is restarted
LOOK_S = 1.0  # between two looks at how large the cluster is


class DaskPool:
    """Does payloads in a dask cluster: a task each, no more under way than keep its workers busy.

    Each worker does them in processes of its own (`ecgbench.workers.remote`), so that deadlines, memory limits and blame are what they
    are on one machine. A worker that is lost costs its payloads another try, which is dask's doing.
    `scheduler`: the address of one; None starts a cluster of `workers` threads within this process.
    """

    def __init__(
        self, work: Work, *, scheduler: str | None, workers: int, timeout: float | None, memory_bytes: int | None
    ) -> None:
        import cloudpickle

        self._under_way: dict[str, tuple[Future, Any]] = {}
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._finished: list[Finished] = []
        self._threads = 0
        self._looked = self._with_workers = time.monotonic()
        self._submitted = 0
        try:
            packed = cloudpickle.dumps(work)
        except Exception as error:
            raise PoolError(
                f"The work cannot be sent to other machines ({one_line(error)}); keep locks, open files and the like out of it."
            ) from error
        self._recipe = Recipe(uuid.uuid4().hex, packed, facts_of(work), timeout, memory_bytes)
        self._cluster, self._client = _connect(scheduler, workers)
        self._name = scheduler or "this process"
        try:
            self._await_workers()
            self._prepare()
            self._look()
        except BaseException:
            self.close()
            raise

    @property
    def room(self) -> int:
        """So many a thread of the cluster as keep it busy, and as many while it has none."""
        return IN_HAND * max(1, self._threads) - len(self._under_way)

    def submit(self, payload: Any) -> None:
        """Hand the payload to the cluster."""
        try:
            message = pickled(payload)
        except Exception as error:
            self._finished.append(Finished(payload, Raised(one_line(error), traceback.format_exc())))
            return
        self._submitted += 1
        key = f"ecgbench-{self._recipe.run}-{self._submitted}"
        future = self._client.submit(perform, self._recipe.run, message, key=key, pure=False)
        self._under_way[key] = (future, payload)
        future.add_done_callback(self._done.put)

    def collect(self, timeout: float | None = None) -> list[Finished]:
        """Return what has finished; PoolError where scheduler or workers are gone, or a worker that joined cannot do the work."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._finished and self._under_way:
            left = LOOK_S if until is None else until - time.monotonic()
            if left <= 0:
                break
            self._take(self._ended(min(left, LOOK_S)))
            if time.monotonic() - self._looked > LOOK_S:
                self._look()
        found, self._finished = self._finished, []
        return found

    def close(self) -> None:
        """Give up what is under way and leave the cluster as it was found."""
        futures = [future for future, _ in self._under_way.values()]
        self._under_way.clear()
        with contextlib.suppress(Exception):  # whatever is wrong with the cluster, it is no longer our affair
            self._client.cancel(futures, force=True)
            self._client.run(forget, self._recipe.run, on_error="ignore")
        with contextlib.suppress(Exception):
            self._client.close(timeout=CONNECT_S)
        if self._cluster is not None:
            self._cluster.close(timeout=CONNECT_S)

    def _ended(self, seconds: float) -> list[Future]:
        """Return the futures that have ended; the first is waited for."""
        ended = []
        with contextlib.suppress(queue.Empty):
            ended.append(self._done.get(timeout=seconds))
            while True:
                ended.append(self._done.get_nowait())
        return ended

    def _take(self, ended: list[Future]) -> None:
        """Take in what futures hold: all results in one message."""
        good = [future for future in ended if future.status == "finished"]
        with self._scheduler_there():
            messages = dict(zip([future.key for future in good], self._client.gather(good), strict=True)) if good else {}
        for future in ended:
            _, payload = self._under_way.pop(str(future.key))
            if future.key in messages:
                self._take_value(payload, unpickled(messages[future.key]))
            elif future.status == "error":
                self._finished.append(Finished(payload, _loss(future)))
            else:
                raise self._gone()

    def _take_value(self, payload: Any, value: Any) -> None:
        if isinstance(value, Refused):
            raise PoolError(f"The dask worker {value.address} cannot work: {value.reason}")
        if isinstance(value, Unprepared):
            self._prepare([value.address])
            self.submit(payload)
            return
        self._finished.append(Finished(payload, value))

    def _prepare(self, addresses: list[str] | None = None) -> None:
        """Give workers the recipe; PoolError for the first that cannot do it."""
        with self._scheduler_there():
            answers = self._client.run(prepare, self._recipe, workers=addresses, on_error="return")
        for address, said in answers.items():
            if isinstance(said, OSError):  # it went away meanwhile
                continue
            if said is not None:
                wrong = said if isinstance(said, str) else f"has no ecgbench of this version ({one_line(said)}); install it there"
                raise PoolError(f"The dask worker {address} {wrong}.")

    def _await_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError:
            raise PoolError(
                f"The dask cluster at {self._name} has no workers; start some by `dask worker {self._name}`."
            ) from None

    def _look(self) -> None:
        """See how many threads the cluster has now."""
        with self._scheduler_there():
            self._threads = sum(self._client.nthreads().values())
        self._looked = time.monotonic()
        if self._threads:
            self._with_workers = self._looked
        elif self._looked - self._with_workers > WORKERS_S:
            raise PoolError(
                f"The dask cluster at {self._name} has had no worker for {WORKERS_S:g} s; start some, and go on with --resume."
            )

    @contextlib.contextmanager
    def _scheduler_there(self) -> Any:
        try:
            yield
        except (OSError, TimeoutError) as error:
            raise self._gone() from error

    def _gone(self) -> PoolError:
        return PoolError(f"The dask scheduler at {self._name} is gone; when it is back, go on with --resume.")


def _connect(scheduler: str | None, workers: int) -> tuple[Any, Any]:
    """Return the cluster that was started for it, if any, and a client."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise PoolError(
            f"The dask executor needs the package {error.name}; `pip install 'ecg-image-bench[distributed]'`."
        ) from None
    if scheduler is None:
        cluster = distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=workers,
            processes=False,
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            silence_logs=40,
        )
        return cluster, distributed.Client(cluster, set_as_default=False)
    try:
        return None, distributed.Client(scheduler, timeout=CONNECT_S, set_as_default=False, name="ecgbench")
    except (OSError, ValueError, TypeError) as error:
        raise PoolError(
            f"No dask scheduler answers at {scheduler!r} ({one_line(error)}); start one by `dask scheduler`, "
            "or leave --scheduler out for a cluster within this machine."
        ) from None


def _loss(future: Future) -> Lost | Raised:
    """Return what became of a payload whose task failed in dask's own hands."""
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return Lost(START, f"dask lost {error.allowed_failures + 1} workers over it")
    return Raised(one_line(error), "".join(traceback.format_exception(error)))
