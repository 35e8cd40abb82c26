"""Finds what a person means by METHOD, RUN or RUN:METHOD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ecgbench.core.outcome import Variant
from ecgbench.leaderboard.labels import find_variants, labels
from ecgbench.store import Run, Store, StoreError

RUNS_SHOWN = 10


@dataclass(frozen=True)
class Side:
    """One side of a comparison: variants of a run, by number, and what all of the run are called."""

    run: Run
    variants: Mapping[int, Variant]
    labels: Mapping[int, str]
    whole_run: bool

    @property
    def name(self) -> str:
        """RUN, or RUN:METHOD."""
        return self.run.name if self.whole_run else f"{self.run.name}:{self.listed}"

    @property
    def listed(self) -> str:
        """The methods in words."""
        return ", ".join(self.labels[number] for number in self.variants) or "no outcome yet"

    def narrowed(self, numbers: Iterable[int]) -> Side:
        """Return the side with only these variants."""
        return Side(self.run, {number: self.variants[number] for number in numbers}, self.labels, whole_run=False)


def find_sides(store: Store, a: str, b: str) -> tuple[Side, Side]:
    """Return what both texts mean.

    A METHOD alone is that of the newest run that has it; two such are those of the newest run that has both, if one has. A RUN beside
    a METHOD is that run's variant of the same method. StoreError says where a text means nothing or more than one thing, and what
    there is.
    """
    runs = store.runs()
    first, second = _named(store, runs, a), _named(store, runs, b)
    if first is None and second is None:
        first, second = _together(store, runs, a, b)
    first, second = first or _newest(store, runs, a), second or _newest(store, runs, b)
    return _beside(first, second, a), _beside(second, first, b)


def _named(store: Store, runs: Sequence[Run], text: str) -> Side | None:
    """Return the run, or RUN:METHOD, that a text names."""
    found = [_whole(store, run) for run in runs if run.name == text]
    for run in runs:
        if text.startswith(f"{run.name}:"):
            found += _methods(store, run, text.removeprefix(f"{run.name}:"))
    if len(found) > 1:
        raise StoreError(
            f"{text!r} is both a run and a method of one in {store.name}; give the run another name, or name the other side."
        )
    return found[0] if found else None


def _whole(store: Store, run: Run) -> Side:
    variants = store.variants(run.id)
    return Side(run, variants, labels(variants), whole_run=True)


def _methods(store: Store, run: Run, text: str) -> list[Side]:
    side = _whole(store, run)
    found = find_variants(side.variants, text)
    return [side.narrowed(found)] if found else []


def _together(store: Store, runs: Sequence[Run], a: str, b: str) -> tuple[Side | None, Side | None]:
    for run in runs:
        first, second = _methods(store, run, a), _methods(store, run, b)
        if first and second:
            return first[0], second[0]
    return None, None


def _newest(store: Store, runs: Sequence[Run], text: str) -> Side:
    found = next((side for run in runs for side in _methods(store, run, text)), None)
    if found is None:
        for run in runs:
            if text.startswith(f"{run.name}:"):
                method = text.removeprefix(f"{run.name}:")
                raise StoreError(f"The run {run.name!r} has no method {method!r}; it has {_whole(store, run).listed}.")
        raise StoreError(f"{text!r} is no run, method or RUN:METHOD of {store.name}; {_known(store, runs)}.")
    return found


def _beside(side: Side, other: Side, text: str) -> Side:
    """Return the side with one variant, unless both are whole runs; of a run beside a method its variant of that method."""
    if side.whole_run and other.whole_run:
        return side
    found = _of_methods(side, other) if side.whole_run else side
    if not found.variants:
        raise StoreError(
            f"The run {side.run.name!r} has not the method of {other.name}: it has {side.listed}; write RUN:METHOD with one."
        )
    if len(found.variants) > 1:
        raise StoreError(
            f"{text!r} is more than one method in the run {side.run.name!r}: {found.listed}; write RUN:METHOD with one."
        )
    return found


def _of_methods(side: Side, other: Side) -> Side:
    """Return the side with its variants of the other's methods and params, or of its methods where there are none."""
    wanted = {variant.label for variant in other.variants.values()}
    methods = {variant.method for variant in other.variants.values()}
    same = [number for number, variant in side.variants.items() if variant.label in wanted]
    return side.narrowed(same or [number for number, variant in side.variants.items() if variant.method in methods])


def _known(store: Store, runs: Sequence[Run]) -> str:
    if not runs:
        return "it holds no run yet"
    shown = ", ".join(run.name for run in runs[:RUNS_SHOWN])
    return f"it has the run{'s' if len(runs) > 1 else ''} {shown}, the newest with {_whole(store, runs[0]).listed}"
