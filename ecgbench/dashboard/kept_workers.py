"""Worker processes that start when they are first needed and stay: to start some for each picture takes longer than to draw it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from ecgbench.workers import PoolError, ProcessJobs, Work, usable_cores


class KeptWorkers:
    """At most `most` processes, and never more than cores, that do what `make_work` makes; `timeout` and `memory_bytes` as in a pool."""

    def __init__(
        self, make_work: Callable[[], Work], *, most: int, timeout: float | None = None, memory_bytes: int | None = None
    ) -> None:
        self._make_work, self._most, self._timeout, self._memory_bytes = make_work, most, timeout, memory_bytes
        self._lock = threading.Lock()
        self._jobs: ProcessJobs | None = None

    def submit(self, payload: Any) -> Future[Any]:
        """Return the future of what the work makes of a payload: its value, Raised or Lost."""
        jobs = self._open()
        try:
            return jobs.submit(payload)
        except PoolError:
            return self._open(instead_of=jobs).submit(payload)

    def do(self, payloads: Sequence[Any]) -> list[Any]:
        """Return what the work makes of each payload, in order; workers that do not come up any more are replaced once."""
        jobs = self._open()
        try:
            return [future.result() for future in [jobs.submit(payload) for payload in payloads]]
        except PoolError:
            jobs = self._open(instead_of=jobs)
            return [future.result() for future in [jobs.submit(payload) for payload in payloads]]

    def _open(self, *, instead_of: ProcessJobs | None = None) -> ProcessJobs:
        with self._lock:
            if self._jobs is None or self._jobs is instead_of:
                workers = min(self._most, usable_cores())
                self._jobs = ProcessJobs(
                    self._make_work(), workers=workers, timeout=self._timeout, memory_bytes=self._memory_bytes
                )
            return self._jobs
