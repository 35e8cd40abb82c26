"""The store that the dashboard looks at, in whatever state it is, and when what it holds has changed."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ecgbench.store import NoStoreError, Run, Store, StoreError
from ecgbench.store.records import RunState


class Stamp(NamedTuple):
    """What a run holds, in a few numbers: as long as they stand, so does everything that was computed of it."""

    run_id: int
    started_at: datetime
    state: RunState
    written: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class RunView:
    """A run as it is at this moment; two are equal as long as nothing was written to the run, which is what results are remembered by."""

    store: Store
    run: Run = field(compare=False)
    stamp: Stamp
    location: str = field(compare=False)

    @property
    def outcomes(self) -> int:
        """How many outcomes were ever written."""
        return sum(count for _, count in self.stamp.written)


@dataclass(frozen=True)
class Bench:
    """What every page is given: where the store is, the store where there is one, its runs, the newest first, and what they hold now."""

    location: str
    opened: Store | None
    runs: tuple[Run, ...] = ()
    written: Mapping[int, Mapping[int, int]] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """The store; StoreError where there is none yet."""
        if self.opened is None:
            raise StoreError(f"There is no store at {self.location} yet; a run makes one.")
        return self.opened

    def find_run(self, name: str) -> Run:
        """Return the run of that name, which is one of `runs`."""
        return next(run for run in self.runs if run.name == name)

    def view(self, run: Run) -> RunView:
        """Return the run as it is now."""
        return RunView(self.store, run, self.stamp(run), self.location)

    def stamp(self, run: Run) -> Stamp:
        """Return what the run holds now."""
        return Stamp(run.id, run.started_at, run.state, tuple(sorted(self.written.get(run.id, {}).items())))

    @property
    def runs_with_outcomes(self) -> list[Run]:
        """The runs that have an outcome, the newest first."""
        return [run for run in self.runs if any(self.written.get(run.id, {}).values())]


def open_bench(location: str) -> Bench:
    """Return the bench of a store; without a store where none was made yet. StoreError says what is wrong with one that cannot be used."""
    if "://" not in location and not Path(location).exists():
        folder = Path(location).absolute().parent
        if folder.is_dir():
            return Bench(location, None)
    try:
        store = _open_stores.get(location)
    except NoStoreError:
        return Bench(location, None)
    return Bench(location, store, tuple(store.runs()), store.written_in_all())


class _OpenStores:
    """Stores that are open already, by location; a file that was replaced by another is opened again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stores: dict[str, tuple[object, Store]] = {}

    def get(self, location: str) -> Store:
        with self._lock:
            identity = _identity(location)
            known = self._stores.get(location)
            if known is None or known[0] != identity:
                if known is not None:
                    known[1].close()
                self._stores[location] = known = (_identity(location), Store(location, create=False))
            return known[1]


def _identity(location: str) -> object:
    """Return what tells one file from another at the same path; a server is always the same."""
    if "://" in location:
        return location
    try:
        found = os.stat(location)  # noqa: PTH116 (also bytes that are no text)
    except OSError:
        return None
    return found.st_dev, found.st_ino


_open_stores = _OpenStores()
