"""Runs checks in worker processes with a deadline and the runner's memory limit: a crash or a hang costs the check in which it comes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from ecgbench.plan import DEFAULT_MEMORY_BYTES
from ecgbench.testing.check import CannotTell, Check, CheckFailed, Status, Subject, Verdict
from ecgbench.testing.kinds import first_check
from ecgbench.testing.pages import NAMES
from ecgbench.workers import Beat, Finished, Lost, Raised, one_line, open_pool, stream

TIMEOUT = 30.0  # seconds a call may take: pages are small, and a busy machine is ten times slower than a quiet one
MOST_LEFT_OUT = 3  # pages on which a method may hang before a check that is about something else gives up: each costs the timeout


@dataclass(frozen=True)
class Trial:
    """A check that is to be run on a subject."""

    subject: Subject
    check: Check

    @property
    def id(self) -> str:
        """Subject and check, as in a Verdict."""
        return f"{self.subject.id}::{self.check.name}"


@dataclass(frozen=True)
class _Seen:
    """What a worker saw of a trial."""

    status: Status
    message: str
    seconds: float


def _try(trial: Trial, beat: Beat) -> _Seen:
    """Run a trial: what each worker does."""
    start = time.perf_counter()
    status: Status = "passed"
    message = ""
    try:
        trial.check.function(trial.subject, beat)
    except CheckFailed as error:
        status, message = "failed", str(error)
    except CannotTell as error:
        status, message = "skipped", str(error)
    except (Exception, SystemExit) as error:
        status, message = "failed", f"it raised {one_line(error)}"
    return _Seen(status, message, time.perf_counter() - start)


@dataclass
class Conductor:
    """Runs trials and says what became of them; close it, or use it in a `with` statement.

    `expected`: reasons of known failures by check ("keeps_pace") or by trial ("edges.hello::keeps_pace"). `timeout`: seconds that a call of
    the plugin may take. `workers`: processes, by default one a core.
    """

    expected: Mapping[str, str] = field(default_factory=dict)
    timeout: float = TIMEOUT
    workers: int | None = None
    _pool: Any = field(default=None, init=False)
    _firsts: dict[str, Verdict] = field(default_factory=dict, init=False)

    def __enter__(self) -> Conductor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def run(self, trials: Iterable[Trial]) -> Iterator[Verdict]:
        """Yield a verdict for each trial as it comes; what rests on a first check that does not pass is skipped.

        A first check that is needed is made besides, where it was not asked for and not made before.
        """
        asked = list(trials)
        firsts = {trial.subject.id: trial for trial in asked if trial.check.role == "first"}
        resting = [trial for trial in asked if trial.check.role == "rests on first"]
        needed = {trial.subject.id: Trial(trial.subject, first_check(trial.check.kind)) for trial in resting} | firsts
        yield from self._finish(trial for trial in asked if trial.check.role == "declared")
        for verdict in self._finish(trial for name, trial in needed.items() if name not in self._firsts):
            self._firsts[verdict.subject.id] = verdict
        yield from (self._firsts[name] for name in firsts)
        unfit = {name: verdict for name, verdict in self._firsts.items() if not verdict.fit}
        yield from (_skipped(trial, unfit[trial.subject.id]) for trial in resting if trial.subject.id in unfit)
        yield from self._finish(trial for trial in resting if trial.subject.id not in unfit)

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _finish(self, trials: Iterable[Trial]) -> Iterator[Verdict]:
        if self._pool is None:
            self._pool = open_pool(
                "processes", _try, workers=self.workers, timeout=self.timeout, memory_bytes=DEFAULT_MEMORY_BYTES
            )
        again: deque[Trial] = deque()
        for batch in stream(self._pool, trials, retries=again):
            for finished in batch:
                smaller = _without_the_page(finished)
                if smaller is not None:
                    again.append(smaller)
                else:
                    yield self._as_expected(finished.payload, _seen(finished))

    def _as_expected(self, trial: Trial, seen: _Seen) -> Verdict:
        left_out = ", ".join(repr(name) for name in trial.subject.left_out)
        message = seen.message or (f"but for the pages {left_out}, on which it was lost" if left_out else "")
        verdict = Verdict(trial.subject, trial.check, seen.status, message, seen.seconds)
        reason = self.expected.get(trial.id) or self.expected.get(trial.check.name)
        if reason is None or seen.status == "skipped":
            return verdict
        if seen.status == "failed":
            return replace(verdict, status="expected failure", message=f"{reason} ({seen.message})")
        return replace(
            verdict, status="unexpectedly passed", message=f"it was expected to fail ({reason}); take it out of EXPECTED_FAILURES"
        )


def _without_the_page(finished: Finished) -> Trial | None:
    """Return the trial without the page on which its worker was lost, where another check is there to tell of that; None where none is."""
    trial, value = finished.payload, finished.value
    if not isinstance(value, Lost) or not 0 < value.label < len(NAMES) or trial.check.name.startswith("survives_"):
        return None
    left_out = (*trial.subject.left_out, NAMES[value.label])
    return None if len(left_out) > MOST_LEFT_OUT else replace(trial, subject=replace(trial.subject, left_out=left_out))


def _skipped(trial: Trial, first: Verdict) -> Verdict:
    reason = first.message if first.status == "skipped" else f"it rests on {first.check.name}, which does not pass"
    return Verdict(trial.subject, trial.check, "skipped", reason)


def _seen(finished: Finished) -> _Seen:
    """Return what a worker saw, or what became of the worker."""
    value = finished.value
    if isinstance(value, Raised):
        return _Seen("failed", f"it does not get to a worker: {value.error}", 0.0)
    if not isinstance(value, Lost):
        return value  # type: ignore[no-any-return]
    where = f" on the page {NAMES[value.label]!r}" if 0 <= value.label < len(NAMES) else ""
    if value.timed_out:
        return _Seen("failed", f"it hung{where}: {value.reason}; a longer timeout allows more", 0.0)
    return _Seen("failed", f"it took its process down{where}: {value.reason}", 0.0)
