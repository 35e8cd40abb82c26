"""Tells the store how a run gets on, for whoever watches from another process, and hears there that the run is to stop."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ecgbench.core.outcome import Outcome, Variant
from ecgbench.store import Arrival, Headway, Run, Store, WorkerNow
from ecgbench.workers import START, Pool, UnderWay, under_way

HEADWAY_SECONDS = 0.5  # between two tellings: watchers are to see an outcome within 2 s, and one costs a commit of its own
ARRIVALS = 12  # that are told: what a watcher can take in


class HeadwayTeller:
    """Counts the outcomes of one run of a process, and tells them twice a second, together with what each worker does."""

    def __init__(self, store: Store, run: Run, variants: Sequence[Variant], cells: int | None) -> None:
        self._store, self._run, self._variants, self._cells = store, run, variants, cells
        self._counts: Counter[str] = Counter()
        self._arrived: deque[Arrival] = deque(maxlen=ARRIVALS)
        self._told = -HEADWAY_SECONDS

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count outcomes that were committed."""
        for outcome in outcomes:
            self._counts[outcome.status.value] += 1
            seconds = statistics.median(outcome.seconds) if outcome.seconds else None
            self._arrived.appendleft(
                Arrival(outcome.variant.label, outcome.case.name, outcome.status.value, seconds, outcome.error)
            )

    def tell(self, pool: Pool, *, reused: int, at_once: bool = False) -> bool:
        """Tell how the run gets on where it is time to, or `at_once`; return whether somebody asked it to stop, as far as was heard."""
        now = time.monotonic()
        if not at_once and now - self._told < HEADWAY_SECONDS:
            return False
        self._told = now
        told = Headway(
            cells=self._cells,
            counts={**self._counts, **({"reused": reused} if reused else {})},
            host=platform.node(),
            pid=os.getpid(),
            updated_at=datetime.now(UTC),
            workers=tuple(self._doing(each) for each in under_way(pool)),
            arrived=tuple(self._arrived),
        )
        return self._store.say_headway(self._run.id, told)

    def _doing(self, worker: UnderWay) -> WorkerNow:
        if worker.payload is None:
            return WorkerNow()
        method = None if worker.label == START else self._variants[worker.label].label
        return WorkerNow(method, worker.payload.case.name, round(worker.seconds, 3))
