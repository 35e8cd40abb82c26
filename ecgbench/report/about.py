"""What was run: facts about a run for people, and the command that runs it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecgbench.core.outcome import Status, Variant
from ecgbench.registry import Registry
from ecgbench.report.wording import MISSING, count
from ecgbench.store import FAILURES, Run, Store

PLAN_WORDS = {
    "specs": "images", "repeats": "timed calls a cell", "warmup": "untimed calls before", "executor": "executor", "workers": "workers",
    "timeout": "timeout a call (s)", "memory_bytes": "memory a worker may have (bytes)",
}  # fmt: skip
UNSET = {"workers": "one a core", "timeout": "none", "memory_bytes": "no limit", "warmup": "1 where there are several timed ones"}
OPTIONS = {"repeats": "--repeats", "warmup": "--warmup", "timeout": "--timeout", "executor": "--executor"}


@dataclass(frozen=True)
class Facts:
    """Names and values under a heading."""

    title: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Tally:
    """How many cells ended in one way; `kind` is "good", "bad" or ""."""

    count: str
    word: str
    kind: str


@dataclass(frozen=True)
class AboutRun:
    """What a report says of a run as a whole."""

    name: str
    facts: Sequence[str]
    tally: Sequence[Tally]
    warning: str
    command: str
    details: Sequence[Facts]


def about_run(store: Store, run: Run, registry: Registry) -> AboutRun:
    """Return what a report says of a run as a whole."""
    variants = store.variants(run.id)
    counts = store.counts(run.id)
    pages = max((sum(by.values()) for by in store.variant_counts(run.id).values()), default=0)
    facts = [f"{run.started_at:%Y-%m-%d %H:%M} UTC", count(pages, "page"), count(len(variants), "method"),
             f"{count(int(run.plan.get('repeats', 1)), 'timed call')} a cell"]  # fmt: skip
    if run.finished_at is not None:
        facts.append(f"took {duration((run.finished_at - run.started_at).total_seconds())}")
    details = [
        Facts("Plan", list(_plan_facts(run.plan))),
        Facts("Methods", [(variant.label, _origin(variant)) for variant in variants.values()]),
        Facts("Machine and software", list(_flat(run.environment.facts))),
    ]
    disturbed = sum(store.disturbed(run.id).values())
    return AboutRun(run.name, facts, tally(counts), _warning(run, disturbed), command(run.plan, variants, registry), details)


def tally(counts: Mapping[Status, int]) -> list[Tally]:
    """Return how many cells ended how; done and failed always, the others where there are any."""
    found = [Tally(f"{counts.get(Status.DONE, 0):,}", "done", "good")]
    for status in (*FAILURES, Status.SKIPPED):
        number = counts.get(status, 0)
        if number or status is Status.FAILED:
            found.append(Tally(f"{number:,}", status.value, "bad" if number and status in FAILURES else ""))
    return found


def duration(seconds: float) -> str:
    """Return a time that people wait in words.

    >>> duration(12.4), duration(200), duration(7300)
    ('12 s', '3 min 20 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _warning(run: Run, disturbed: int) -> str:
    said = []
    if run.state == "interrupted":
        said.append("This run was interrupted: cells that are missing were not tried.")
    if run.state == "running":
        said.append("This run had not ended when the report was made: it may be going on, or its process was killed.")
    if disturbed:
        said.append(f"{count(disturbed, 'cell')} had to wait for other programs while timed, so their times are too long.")
    return " ".join(said)


def _plan_facts(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, word in PLAN_WORDS.items():
        if name in plan:
            yield word, UNSET.get(name, MISSING) if plan[name] is None else _text(plan[name])


def _origin(variant: Variant) -> str:
    version = "" if variant.origin.endswith(f" {variant.version}") else f", version {variant.version}"
    return f"{variant.origin}{version}, source {variant.source_hash}".removeprefix(", ")


def _flat(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield facts with those within facts beside them."""
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}: ")
        else:
            yield f"{prefix}{name}", _text(value)


def _text(value: Any) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def command(plan: Mapping[str, Any], variants: Mapping[int, Variant], registry: Registry) -> str:
    """Return the command line that runs the same again."""
    methods = list(dict.fromkeys(variant.method for variant in variants.values()))
    words = ["ecgbench", "run", *map(str, plan.get("specs", ())), "--methods", ",".join(methods)]
    for path, values in _sweep(variants, registry).items():
        words += ["--param", f"{path}={','.join(map(str, values))}"]
    for name, option in OPTIONS.items():
        if plan.get(name) not in (None, "processes"):
            words += [option, str(plan[name])]
    return shlex.join(words)


def _sweep(variants: Mapping[int, Variant], registry: Registry) -> dict[str, list[Any]]:
    """Return the values that were tried of each param that was not left as it is by every variant of its method."""
    found: dict[str, list[Any]] = {}
    for variant in variants.values():
        same = [other for other in variants.values() if other.method == variant.method]
        for name in dict.fromkeys(name for other in same for name in other.params):
            value = variant.params.get(name, _default(variant.method, name, registry))
            values = found.setdefault(f"{variant.method}.{name}", [])
            if value is not None and value not in values:
                values.append(value)
    return found


def _default(method: str, name: str, registry: Registry) -> Any:
    transformer = registry.transformers.get(method)
    return next((spec.default for spec in transformer.params if spec.name == name), None) if transformer else None
