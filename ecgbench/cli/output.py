"""How commands speak: tables for people, JSON for programs, progress on a terminal and plain lines elsewhere."""

from __future__ import annotations

import json
import math
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any

import typer

from ecgbench.core.showing import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

    from ecgbench.core.outcome import Outcome

INTERRUPTED = 130  # exit code after Ctrl-C: 128 and the signal's number, as shells have it
PIPED_WIDTH = 120  # columns of a table that goes to a file or another program
PLAIN_EVERY_SECONDS = 5.0  # between two lines of progress where nobody watches a bar


@cache
def console() -> Console:
    """Return where tables go: as wide as the terminal or the variable COLUMNS, else PIPED_WIDTH."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit() else PIPED_WIDTH)


@cache
def error_console() -> Console:
    """Return where progress goes: stderr, so that stdout stays what was asked for."""
    from rich.console import Console

    return Console(stderr=True)


def say(text: str, *, err: bool = False) -> None:
    """Print lines to stdout or stderr; what a terminal would obey, as names of files may hold it, is written out."""
    typer.echo("\n".join(map(printable, text.split("\n"))), err=err)


@contextmanager
def stdout_kept_clean() -> Iterator[None]:
    """Have what is printed meanwhile, by methods in Python or in C, go to stderr, as it does in worker processes."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(to_json(value))


def to_json(value: Any) -> str:
    """Return a value as JSON on many lines, but each list of numbers on one; numbers that JSON has no word for become null.

    >>> print(to_json({"box": [1, 2], "share": float("nan")}))
    {
      "box": [1, 2],
      "share": null
    }
    """
    text = json.dumps(_finite(value), indent=2, ensure_ascii=False, default=str)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)


_NUMBERS = re.compile(r"\[\n([^\[\]{}\"]+)\n\s*\]")  # a line ends within no string of JSON


def counted(number: int | None, noun: str) -> str:
    """Return a number with its noun; None is endless.

    >>> counted(1, "case"), counted(12, "case"), counted(None, "case")
    ('1 case', '12 cases', 'endless cases')
    """
    return f"{'endless' if number is None else number} {noun}{'s' * (number != 1)}"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value


class Progress:
    """Shows how a run gets on: a bar with done, failed, reused and time left on a terminal, a line now and then elsewhere."""

    def __init__(self, cells: int | None, *, quiet: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self.fetched = 0
        self._cells = cells
        self._quiet = quiet
        self._said = time.monotonic()
        self._bar: Any = None
        self._task: TaskID | None = None

    def __enter__(self) -> Progress:
        if not self._quiet and error_console().is_terminal:
            self._open_bar()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif not self._quiet:
            self._say()

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.counts[outcome.status.value] += 1
        self._show()

    def reuse(self, count: int) -> None:
        """Take in how many cells needed not be run so far."""
        self.counts["reused"] = count
        self._show()

    def _show(self) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self.finished, note=self.note)
        elif not self._quiet and time.monotonic() - self._said > PLAIN_EVERY_SECONDS:
            self._say()

    @property
    def finished(self) -> int:
        """Cells that are over, reused ones among them."""
        return sum(self.counts.values())

    @property
    def note(self) -> str:
        """The counts in words: "120 done, 2 failed, 30 reused"."""
        order = ("done", "failed", "crashed", "timed out", "skipped", "reused")
        said = [f"{self.counts[name]} {name}" for name in order if self.counts[name]]
        said += [f"{counted(self.fetched, 'picture')} fetched"] if self.fetched else []
        return ", ".join(said) or "starting"

    def _say(self) -> None:
        self._said = time.monotonic()
        of = f" of {self._cells}" if self._cells is not None else ""
        say(f"{self.finished}{of} cells: {self.note}", err=True)

    def _open_bar(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn())
        self._bar = Bar(*columns, console=error_console(), transient=True)
        self._task = self._bar.add_task("", total=self._cells, note="starting")
        self._bar.start()
