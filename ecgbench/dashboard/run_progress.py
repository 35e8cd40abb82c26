"""How a run gets on, in words for people: whether it still goes on, how far it is, and how long it may take."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from ecgbench.report.about import duration
from ecgbench.report.wording import count
from ecgbench.store import Headway, Run

SILENT_SECONDS = 15.0  # a run speaks twice a second, but for one whose executor does a case at a time
State = Literal["starting", "going on", "stopping", "silent", "killed", "finished", "interrupted"]
ORDER = ("done", "failed", "crashed", "timed out", "skipped", "reused")


@dataclass(frozen=True)
class Progress:
    """How far a run is: its state, the share of its cells that are over (None where nobody knows), a sentence, seconds left where known."""

    state: State
    share: float | None
    sentence: str
    left_s: float | None = None

    @property
    def live(self) -> bool:
        """Whether its process is there, as far as anybody can tell."""
        return self.state in ("starting", "going on", "stopping", "silent")

    @property
    def resumable(self) -> bool:
        """Whether it ended before its end, and can go on."""
        return self.state in ("killed", "interrupted")


def progress_of(run: Run, told: Headway | None, *, stopping: bool = False, now: datetime | None = None) -> Progress:
    """Return how far a run is by what its process said last; `stopping`: whether it was asked to stop."""
    now = now or datetime.now(UTC)
    if run.state != "running":
        return Progress(run.state, _share(told), _ended(run, told))
    if told is None:
        return _begun((now - run.started_at).total_seconds(), stopping=stopping)
    return _told(run, told, (now - told.updated_at).total_seconds(), stopping=stopping)


def _begun(age_s: float, *, stopping: bool) -> Progress:
    """Return how far a run is whose process said nothing yet."""
    if age_s >= SILENT_SECONDS:
        return Progress("silent", None, _silence(age_s))
    if stopping:
        return Progress("stopping", None, "It ends as soon as it has begun.")
    return Progress("starting", None, "It opens its images.")


def _told(run: Run, told: Headway, silence_s: float, *, stopping: bool) -> Progress:
    """Return how far a run is by what its process said `silence_s` ago."""
    share = _share(told)
    if silence_s > 2 and told.host == platform.node() and not _is_there(told.pid):
        return Progress("killed", share, f"Its process is gone, and was not stopped by anybody here: {_counts(told)}.")
    if silence_s > SILENT_SECONDS:
        return Progress("silent", share, f"{_counts(told)}. {_silence(silence_s)}")
    if stopping:
        return Progress("stopping", share, f"It ends with what is under way: {_counts(told)}.")
    left = _left(run, told)
    soon = "" if left is None else f", about {duration(left)} left"
    return Progress("going on", share, f"{_counts(told)}{soon}.", left)


def _share(told: Headway | None) -> float | None:
    if told is None or not told.cells:
        return None
    return min(1.0, told.finished / told.cells)


def _counts(told: Headway) -> str:
    of = "" if told.cells is None else f" of {told.cells:,}"
    parts = [f"{told.counts[name]:,} {name}" for name in ORDER if told.counts.get(name)]
    return f"{told.finished:,}{of} cells ({', '.join(parts)})" if parts else f"no cell{of} yet"


def _ended(run: Run, told: Headway | None) -> str:
    took = "" if run.finished_at is None else f" after {duration((run.finished_at - run.started_at).total_seconds())}"
    return f"{run.state.capitalize()}{took}{'' if told is None else f': {_counts(told)}'}."


def _silence(seconds: float) -> str:
    return f"Its process has said nothing for {duration(seconds)}: it opens a long image set, does a long case, or is gone."


def _left(run: Run, told: Headway) -> float | None:
    """Return the seconds that are left at the pace so far; cells that were there already took none."""
    new = told.finished - told.counts.get("reused", 0)
    if not told.cells or new < 1 or told.counts.get("reused"):  # of a resumed run nobody knows when it went on
        return None
    pace = (told.updated_at - run.started_at).total_seconds() / new
    return max(0.0, pace * (told.cells - told.finished))


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def workers_table(told: Headway | None) -> list[dict[str, str]]:
    """Return a row a worker: what it does, and for how long already."""
    if told is None:
        return []
    return [
        {
            "worker": str(number),
            "picture": each.case or "waits",
            "method": each.method or ("opens the picture" if each.case else ""),
            "for": f"{each.seconds:.1f} s" if each.case else "",
        }
        for number, each in enumerate(told.workers, start=1)
    ]


def arrivals_table(told: Headway | None) -> list[dict[str, str]]:
    """Return a row an outcome that came lately, the newest first."""
    if told is None:
        return []
    return [
        {
            "method": each.method,
            "picture": each.case,
            "ended": each.status,
            "ms": "" if each.seconds is None else f"{1e3 * each.seconds:.1f}",
            "error": each.error or "",
        }
        for each in told.arrived
    ]


def pages_in(run: Run) -> str:
    """Return what a run is over, in words."""
    specs = [str(spec) for spec in run.plan.get("specs", ())]
    return f"{', '.join(specs)} with {count(len(run.plan.get('methods', ())), 'method')}"
