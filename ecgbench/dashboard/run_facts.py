"""Runs beside each other: what differs in where they were measured and in what was asked for, and a list of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecgbench.report.about import PLAN_WORDS, duration
from ecgbench.report.wording import MISSING
from ecgbench.store import Run

ALIKE = "Both were measured in the same environment, as far as is known."
OF_NO_WEIGHT = ("git_commit", "git_dirty")  # where the runs were started from; sources of methods are told apart by their hash


@dataclass(frozen=True)
class Difference:
    """A fact that is not the same of two runs."""

    fact: str
    a: str
    b: str


def environment_differences(a: Run, b: Run) -> list[Difference]:
    """Return what differs in machine and software, those facts first that change times and results."""
    pairs = a.environment.differences(b.environment)
    found = [difference for name, (here, there) in pairs.items() for difference in _flat(name, here, there)]
    return sorted(found, key=lambda each: each.fact in OF_NO_WEIGHT)


def plan_differences(a: Run, b: Run) -> list[Difference]:
    """Return what differs in what was asked for."""
    found = []
    for name, word in PLAN_WORDS.items():
        here, there = a.plan.get(name), b.plan.get(name)
        if here != there:
            found.append(Difference(word, _text(here), _text(there)))
    ours, theirs = a.plan.get("methods", ()), b.plan.get("methods", ())
    if set(ours) != set(theirs):  # those of both would hide what differs
        only = [[each for each in mine if each not in others] for mine, others in ((ours, theirs), (theirs, ours))]
        found.append(Difference("methods of one only", *(_text(each) if each else MISSING for each in only)))
    return [*found, *_metric_differences(a.plan.get("metrics", {}), b.plan.get("metrics", {}))]


def _metric_differences(a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[Difference]:
    """Yield metrics of both whose code is not the same: their numbers do not compare."""
    for name in a.keys() & b.keys():
        if a[name] != b[name]:
            yield Difference(f"metric {name}", f"version {a[name]}", f"version {b[name]}")


def _flat(name: str, here: Any, there: Any) -> Iterator[Difference]:
    """Yield a difference, or of facts within a fact each one that differs."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for inner in dict.fromkeys([*here, *there]):
            if here.get(inner) != there.get(inner):
                yield from _flat(f"{name}: {inner}", here.get(inner), there.get(inner))
        return
    if _text(here) != _text(there):  # nothing and nothing known are alike
        yield Difference(name, _text(here), _text(there))


def _text(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items()) or MISSING
    return ", ".join(map(_text, value)) if isinstance(value, (list, tuple)) else str(value)


def machine(run: Run) -> str:
    """Return where a run was measured, in a few words."""
    facts = run.environment.facts
    return f"{facts.get('cpu', 'unknown processor')}, {facts.get('cores', '?')} cores"


def software(run: Run) -> str:
    """Return what a run was measured with, in a few words."""
    facts = run.environment.facts
    commit = str(facts.get("git_commit") or "")[:8]
    source = f", {commit}{' with changes' if facts.get('git_dirty') else ''}" if commit else ""
    return f"ecgbench {facts.get('ecgbench', '?')}, OpenCV {facts.get('opencv', '?')}, Python {facts.get('python', '?')}{source}"


def took(run: Run) -> str:
    """Return how long a run took from its beginning to its end; empty where it has not ended."""
    return "" if run.finished_at is None else duration((run.finished_at - run.started_at).total_seconds())


def images_of(run: Run) -> str:
    """Return the image sets of a run, in one text that is the same for runs over the same."""
    return ", ".join(str(spec) for spec in run.plan.get("specs", ()))
