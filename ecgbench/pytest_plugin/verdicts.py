"""How a session compares with a baseline, which bounds it crosses, and whether times of the two can be compared at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ecgbench.leaderboard import Comparison, compare
from ecgbench.pytest_plugin.bench import Bench
from ecgbench.stats import Bound, BoundCheck, parse_bound
from ecgbench.stats.bounds import BoundError
from ecgbench.store import Run, Store
from ecgbench.store.records import FAILED

MACHINE = ("platform", "cpu", "cores", "memory_gb", "threads")  # facts of an environment that no change of code explains
WORKERS = "workers"
FACT_LETTERS = 60  # of what is said of a machine


@dataclass(frozen=True)
class Verdict:
    """A comparison with a baseline: what of --ecg-fail-on it `fails`, what it only `warns` of since it was measured elsewhere."""

    baseline: Run
    comparison: Comparison
    fails: tuple[str, ...]
    warns: tuple[str, ...]
    kept: tuple[str, ...]
    machine: Mapping[str, tuple[Any, Any]]

    @property
    def sentences(self) -> list[str]:
        """What is to be said, the worst first."""
        said = [f"REGRESSION {sentence}" for sentence in self.fails] + [f"warning: {sentence}" for sentence in self.warns]
        said += self.kept
        if self.machine:
            facts = ", ".join(f"{name} ({_fact(a)} / {_fact(b)})" for name, (a, b) in self.machine.items())
            said.append(f"{self.baseline.name} was not measured as this run was: {facts}; bounds on times only warn.")
        return said


def read_bounds(texts: Iterable[str], config: pytest.Config, bench: Bench) -> tuple[Bound, ...]:
    """Read what --ecg-fail-on gives; UsageError where it cannot be read, names no score, or there is nothing to compare with."""
    try:
        bounds = tuple(map(parse_bound, texts))
    except BoundError as error:
        raise pytest.UsageError(f"--ecg-fail-on: {error}") from None
    known = [FAILED, *bench.registry.scores]
    for bound in bounds:
        if bound.metric not in known:
            raise pytest.UsageError(f"--ecg-fail-on: there is no score {bound.metric!r}; known ones: {', '.join(known)}.")
    if bounds and config.getoption("ecg_compare") is None:
        raise pytest.UsageError(
            "--ecg-fail-on compares with a run: name it with --ecg-compare NAME; --ecg-min holds scores alone to a bound."
        )
    return bounds


def judge(store: Store, baseline: Run, run: Run, bounds: Sequence[Bound], times: Collection[str]) -> Verdict:
    """Compare a run with a baseline by the intervals of `ecgbench compare`; `times` are the scores that a machine changes.

    Where the two were measured on machines or numbers of workers that differ, bounds on times warn instead of failing.
    """
    comparison = compare(store, baseline.name, run.name, bounds=bounds)
    machine = other_machine(baseline, run)
    warns: list[BoundCheck] = []
    fails = [check for check in comparison.checks if check.crossed]
    timed = [bound for bound in bounds if bound.metric in times]
    if machine and timed:
        warns = [check for check in compare(store, baseline.name, run.name, bounds=timed).checks if check.crossed]
        fails = [check for check in fails if check not in warns]
    kept = [check for check in comparison.checks if not check.crossed]
    return Verdict(baseline, comparison, _said(fails), _said(warns), _said(kept), machine)


def other_machine(baseline: Run, run: Run) -> dict[str, tuple[Any, Any]]:
    """Return in what the two were measured differently that changes times: facts of the machine, and the number of workers."""
    differences = baseline.environment.differences(run.environment)
    found = {name: differences[name] for name in MACHINE if name in differences}
    before, now = baseline.plan.get(WORKERS), run.plan.get(WORKERS)
    return found if before == now else found | {WORKERS: (before, now)}


def _said(checks: Iterable[BoundCheck]) -> tuple[str, ...]:
    return tuple(check.sentence for check in checks)


def _fact(value: object) -> str:
    text = "unknown" if value is None else str(value)
    return text if len(text) <= FACT_LETTERS else f"{text[: FACT_LETTERS - 1]}…"
