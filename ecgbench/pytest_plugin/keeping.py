"""The run of a session in a store: begun with its first outcome, committed as outcomes come, ended with the session."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest

from ecgbench.core.outcome import Outcome
from ecgbench.environment import current_environment
from ecgbench.execution import COMMIT_OUTCOMES, COMMIT_SECONDS, name_of_now
from ecgbench.pytest_plugin.bench import Bench
from ecgbench.pytest_plugin.options import is_asked, keeps_run, store_location, worker_count
from ecgbench.store import Run, RunExistsError, Store, StoreError
from ecgbench.store.records import RunState

NUMBER = "#"  # between the name of a baseline and how often it was kept before


class KeptRun:
    """One run in a store, which is a temporary one unless the session asks to keep it. StoreError where it cannot be opened.

    `baseline`: the run to compare with, None where none was asked for. `name`: what the run is called; without an outcome there is none.
    """

    def __init__(self, config: pytest.Config, bench: Bench) -> None:
        self._temporary = None if keeps_run(config) else tempfile.TemporaryDirectory(prefix="ecgbench-")
        location = f"{self._temporary.name}/runs.db" if self._temporary else store_location(config)
        save, compare = config.getoption("ecg_save"), config.getoption("ecg_compare")
        self.store = _open_store(location, to_be_compared=None if save else compare)
        self._save = save
        try:
            self.baseline = None if compare is None else find_baseline(self.store, compare)
            self.name = self._new_name()
        except StoreError:
            self.store.close()
            raise
        self._asked = is_asked(config)
        self._plan = _plan_of(config, bench, asked=self._asked)
        self._scores = list(bench.registry.scores.values())
        self.count = 0
        self._run: Run | None = None
        self._pending: list[Outcome] = []
        self._since = time.monotonic()

    @property
    def lasts(self) -> bool:
        """Whether the run outlives the session."""
        return self._temporary is None

    @property
    def run(self) -> Run:
        """The run, begun where it was not."""
        if self._run is None:
            self._run = self._begin()
        return self._run

    def add(self, outcome: Outcome, spec: str | None) -> None:
        """Keep an outcome: at once, or with those of the next moment."""
        if not self._pending:
            self._since = time.monotonic()
        self._pending.append(outcome)
        self.count += 1
        if not self._asked:
            self._note(outcome, spec)
        if len(self._pending) >= COMMIT_OUTCOMES or time.monotonic() - self._since >= COMMIT_SECONDS:
            self._flush()

    def finish(self, state: RunState) -> None:
        """Keep what is left and end the run."""
        self._flush()
        if not self._asked:
            self._begin(resume=True)  # with the sets and methods that tests turned out to use
        self.store.finish_run(self.run.id, state)
        self._run = self.store.find_run(self.name)

    def close(self) -> None:
        """Close the store, and remove it where nobody asked to keep it; a run that is still going on was interrupted."""
        with suppress(StoreError):  # the session has told of it
            if self.count and self.run.state == "running":
                self.finish("interrupted")
        self.store.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _new_name(self) -> str:
        return new_name(self.store, self._save) if self._save else name_of_now(self.store)

    def _begin(self, *, resume: bool = False) -> Run:
        """Begin the run, under another name where a session beside this one was quicker; or go on with it."""
        environment = current_environment()
        while True:
            try:
                return self.store.begin_run(
                    self.name, plan=self._plan, environment=environment, scores=self._scores, resume=resume
                )
            except RunExistsError:
                self.name = self._new_name()

    def _flush(self) -> None:
        if self._pending:
            self._since = time.monotonic()  # one that fails is tried again a moment later, not with each outcome
            self.store.add(self.run.id, self._pending)
            self._pending = []

    def _note(self, outcome: Outcome, spec: str | None) -> None:
        for key, value in (("methods", outcome.variant.label), ("specs", spec)):
            if value is not None and value not in self._plan[key]:
                self._plan[key].append(value)


def _open_store(location: str, *, to_be_compared: str | None) -> Store:
    """Open a store; one that is only to be compared with has to be there."""
    try:
        return Store(location, create=to_be_compared is None)
    except StoreError as error:
        if to_be_compared is None:
            raise
        raise StoreError(f"{error} A run to compare with is kept by --ecg-save {to_be_compared}.") from None


def _plan_of(config: pytest.Config, bench: Bench, *, asked: bool) -> dict[str, Any]:
    """Return what the store keeps of the plan; of tests with a marker, sets and methods are known when they have run."""
    workers = worker_count(config)
    terms = {"executor": "processes" if workers > 1 else "serial", "workers": workers, "memory_bytes": None}
    if asked:
        return bench.plan.to_dict() | terms
    return {"specs": [], "methods": [], "repeats": config.getoption("ecg_repeats"), "timeout": None, **terms}


def new_name(store: Store, name: str) -> str:
    """Return the name under which a baseline is kept: `name`, or with a number where it was kept before ("main#2")."""
    numbers = [number for _, number in _kept(store, name)]
    return f"{name}{NUMBER}{max(numbers) + 1}" if numbers else name


def find_baseline(store: Store, name: str) -> Run:
    """Return the latest run kept under `name` that ended, or the latest that did not; StoreError lists the names there are."""
    runs = [run for run, _ in _kept(store, name)]
    if not runs:
        known = list(dict.fromkeys(run.name.partition(NUMBER)[0] for run in store.runs()))
        has = f"it has {_listed(known)}" if known else "it holds none yet"
        raise StoreError(f"There is no run {name!r} to compare with in {store.name}, {has}; keep one with --ecg-save {name}.")
    return next((run for run in runs if run.state == "finished"), runs[0])


def _kept(store: Store, name: str) -> list[tuple[Run, int]]:
    """Return the runs that were kept under a name with their numbers, the newest first."""
    form = re.compile(rf"{re.escape(name)}(?:{NUMBER}(\d+))?")
    found = ((run, form.fullmatch(run.name)) for run in store.runs())
    return [(run, int(match[1] or 1)) for run, match in found if match]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
