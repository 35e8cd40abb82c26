"""Runs that were started from the dashboard: `ecgbench run` in a process of its own, which outlives page and browser."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO


@dataclass
class BackgroundRun:
    """A run that goes on by itself: its process, and what it has said so far."""

    name: str
    process: subprocess.Popen[bytes]
    log: IO[bytes] = field(repr=False)

    @property
    def going_on(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    @property
    def said(self) -> str:
        """The last lines that it has written."""
        lines = Path(self.log.name).read_text(encoding="utf-8", errors="backslashreplace").strip().splitlines()
        return "\n".join(lines[-12:])

    def stop(self) -> None:
        """Interrupt it as Ctrl-C does: what was done is kept, and it can be resumed."""
        import signal

        if self.going_on:
            self.process.send_signal(signal.SIGINT)


_started: dict[tuple[str, str], BackgroundRun] = {}
_lock = threading.Lock()


def start_run(location: str, name: str, arguments: Sequence[str]) -> BackgroundRun:
    """Start `ecgbench run ARGUMENTS --name NAME --store LOCATION`; of one that goes on already, that is returned."""
    with _lock:
        known = _started.get((location, name))
        if known is not None and known.going_on:
            return known
        log = tempfile.NamedTemporaryFile(prefix="ecgbench-run-", suffix=".log")  # noqa: SIM115 (kept as long as the run is)
        line = [sys.executable, "-m", "ecgbench", "run", *arguments, "--name", name, "--store", location]
        process = subprocess.Popen(line, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        _started[location, name] = BackgroundRun(name, process, log)
        return _started[location, name]


def started_runs(location: str) -> list[BackgroundRun]:
    """Return the runs over a store that this dashboard has started."""
    with _lock:
        return [run for (where, _), run in _started.items() if where == location]
