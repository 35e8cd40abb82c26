"""Compares methods with each other, and runs with runs, on the cases that both sides have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ecgbench.core.metric import SHARE, Score
from ecgbench.core.outcome import Variant
from ecgbench.leaderboard.sides import Side, find_sides
from ecgbench.stats import Bound, BoundCheck, Paired, SignedRank, compare_paired, holm, signed_rank, summarize
from ecgbench.store import FAILED, Pairs, Store, StoreError

FAILED_SCORE = Score(FAILED, "1", "lower", "share of the tried cases that the method failed on, overran or crashed", limits=SHARE)
OWN_COMBINE = "its metric adds cases up by a function of its own; this compares the means of the cases"


@dataclass(frozen=True)
class ComparisonRow:
    """One score of two methods: `paired` tells how b's differs from a's over the cases that both have it of.

    `test`: Wilcoxon's test of the same difference over records; `p_adjusted`: its p by Holm, for all the scores that were compared.
    """

    a: str
    b: str
    task: str
    score: Score
    paired: Paired
    test: SignedRank
    p_adjusted: float | None = None
    note: str = ""

    @property
    def sentence(self) -> str:
        """The row in words."""
        paired = self.paired
        if paired.difference is None:
            return f"{self.score.name}: {paired.note or 'not finite'}."
        unit = "" if self.score.unit == "1" else f" {self.score.unit}"
        between = "" if paired.low is None else f", 95 % interval {paired.low:+.4g} to {paired.high:+.4g}"
        share = "" if paired.relative is None else f", {100 * paired.relative:+.3g} %"
        return (
            f"{self.score.name}: {paired.mean_b:.4g} against {paired.mean_a:.4g}{unit} "
            f"({paired.difference:+.4g}{share}{between}) over {paired.n} cases of {paired.records} records: {paired.verdict}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the row JSON-safe."""
        about = {"a": self.a, "b": self.b, "task": self.task, "metric": self.score.name, "unit": self.score.unit}
        test = {"p": self.test.p, "p_adjusted": self.p_adjusted, "effect": self.test.effect}
        return about | {"direction": self.score.direction} | self.paired.to_dict() | test | {"remark": self.note}


@dataclass(frozen=True)
class Comparison:
    """How `b` differs from `a`: a row a score of each pair of methods, and what bounds were crossed.

    `environment`: the facts in which two runs were not measured alike, as name -> (a's, b's): with any, times tell of more than methods.
    """

    a: str
    b: str
    rows: tuple[ComparisonRow, ...]
    checks: tuple[BoundCheck, ...]
    environment: Mapping[str, tuple[Any, Any]]

    @property
    def crossed(self) -> bool:
        """Whether any bound was."""
        return any(check.crossed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison JSON-safe."""
        return {
            "a": self.a,
            "b": self.b,
            "rows": [row.to_dict() for row in self.rows],
            "checks": [{"crossed": check.crossed, "sentence": check.sentence} for check in self.checks],
            "environment": {name: list(pair) for name, pair in self.environment.items()},
        }


def compare(store: Store, a: str, b: str, *, metric: str | None = None, bounds: Sequence[Bound] = ()) -> Comparison:
    """Compare b with a, each a METHOD, RUN or RUN:METHOD, on every score that both have, or on `metric` alone.

    Two runs are compared method by method. The score "failed" is the share of cases that a method failed on. `bounds` are checked of
    each pair by their intervals (see `Bound.check`). StoreError lists what there is where a name or metric is unknown.
    """
    side_a, side_b = find_sides(store, a, b)
    pairs = _pairs(side_a, side_b)
    wanted = {bound.metric for bound in bounds} | ({metric} if metric else set())
    reader = _Reader(store, side_a, side_b)
    rows = {(pair, row.score.name): row for pair in pairs for row in reader.rows(pair, wanted if metric else None)}
    _check_known(wanted, {name for _, name in rows}, store, side_b)
    checks = tuple(
        reader.check(bound, pair, rows[pair, bound.metric], alone=len(pairs) == 1)
        for bound in bounds
        for pair in pairs
        if (pair, bound.metric) in rows
    )
    shown = _adjusted([row for row in rows.values() if metric in (None, row.score.name)])
    differences = side_a.run.environment.differences(side_b.run.environment)
    return Comparison(side_a.name, side_b.name, shown, checks, differences)


def _adjusted(rows: Sequence[ComparisonRow]) -> tuple[ComparisonRow, ...]:
    """Return the rows with their p values adjusted for each other."""
    adjusted = holm([row.test.p for row in rows])
    return tuple(replace(row, p_adjusted=p) for row, p in zip(rows, adjusted, strict=True))


def _pairs(a: Side, b: Side) -> list[tuple[int, int]]:
    """Return which variants are held against each other: two methods as they are, those of two runs by method and params."""
    if not a.whole_run:
        return [(number_a, number_b) for number_a in a.variants for number_b in b.variants]
    found = [(number, match) for number, variant in a.variants.items() if (match := _match(variant, b.variants)) is not None]
    if not found:
        raise StoreError(
            f"The runs {a.run.name!r} and {b.run.name!r} have no method in common: the one has {a.listed}, the other {b.listed}."
        )
    return found


def _match(variant: Variant, others: Mapping[int, Variant]) -> int | None:
    """Return the same variant, else the latest of the same method and params: a changed method is compared with what it was."""
    same = [number for number, other in others.items() if other.key == variant.key]
    alike = [number for number, other in others.items() if other.label == variant.label]
    return max(same or alike, default=None)


def _check_known(wanted: set[str], found: set[str], store: Store, side: Side) -> None:
    for name in sorted(wanted - found):
        tasks = dict.fromkeys(variant.task for variant in side.variants.values())
        known = dict.fromkeys(score for task in tasks for score in store.scores(task))
        raise StoreError(f"Neither side has a score {name!r}; known ones: {', '.join([FAILED, *known])}.")


def compare_pairs(pairs: Pairs, score: Score, *, a: str, b: str, task: str) -> ComparisonRow:
    """Return how one score of b differs from that of a; `p_adjusted` is left to who knows what else is asked."""
    paired = compare_paired(pairs.a, pairs.b, pairs.records, direction=score.direction)
    test = signed_rank(pairs.a, pairs.b, pairs.records)
    return ComparisonRow(a, b, task, score, paired, test, note=OWN_COMBINE if score.combine is not None else "")


class _Reader:
    """Reads and compares the scores of pairs of variants."""

    def __init__(self, store: Store, a: Side, b: Side) -> None:
        self._store, self._a, self._b = store, a, b

    def rows(self, pair: tuple[int, int], wanted: set[str] | None) -> Iterator[ComparisonRow]:
        """Yield a row of each wanted score that either of the pair has."""
        a, b = pair
        task = self._b.variants[b].task
        scores = {FAILED: FAILED_SCORE} | self._store.scores(task)
        for name, score in scores.items():
            if wanted is not None and name not in wanted:
                continue
            found = self._store.paired(self._a.run.id, a, self._b.run.id, b, name)
            if found.cases.size or self._has(pair, name):
                yield compare_pairs(found, score, a=self._a.labels[a], b=self._b.labels[b], task=task)

    def _has(self, pair: tuple[int, int], name: str) -> bool:
        sides = ((self._a.run.id, pair[0]), (self._b.run.id, pair[1]))
        return any(self._store.values(*side, name).cases.size for side in sides)

    def check(self, bound: Bound, pair: tuple[int, int], row: ComparisonRow, *, alone: bool) -> BoundCheck:
        """Hold a pair to a bound; where there are more pairs, the sentence names the method."""
        column = self._store.values(self._b.run.id, pair[1], bound.metric)
        check = bound.check(row.paired, summarize(column.values, column.records).within(row.score.limits))
        return check if alone else BoundCheck(check.crossed, f"{self._b.labels[pair[1]]}: {check.sentence}")
