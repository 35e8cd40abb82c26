"""Sums a run up, method by method and score by score, and keeps the sums in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecgbench.core.metric import Direction, Metric, Score
from ecgbench.stats import Summary, combine_rows, summarize
from ecgbench.store import FAILED, Run, Store, StoredSummary, Values
from ecgbench.store.records import Ids


class Ranked(NamedTuple):
    """The mean that leaderboards rank by, and its 95 % interval."""

    mean: float | None
    low: float | None
    high: float | None


def refresh_summaries(store: Store, run: Run, *, metrics: Iterable[Metric] = ()) -> None:
    """Compute the summaries of a run where outcomes were written since they were last computed, a task at a time.

    `metrics`: the installed ones, for their `combine` functions, which a store cannot keep: a score that a metric combines by one is
    left out where it is not given.

    `ranked` is the mean that leaderboards rank by, in which a method cannot gain by failing. A failure is a case that the
    method was tried on, and that any method of its task has a finite value of, but it has none: it raised, overran, crashed,
    found nothing, or its value is not finite. Each counts as the worst value: 0 where more is better and all values of the task
    lie in 0..1, else the worst value that any method of the task has on any case of the run.
    """
    written = store.written(run.id)  # first: what is written meanwhile makes it old again
    summaries = store.summaries(run.id)
    computed = {summary.variant_id: summary.written for summary in summaries}
    combined = _combined(metrics, store.scores())
    variants = store.variants(run.id)
    for task in dict.fromkeys(variant.task for variant in variants.values()):
        of_task = [number for number, variant in variants.items() if variant.task == task]
        own = combined.get(task, {})
        known = {summary.metric for summary in summaries if summary.variant_id in of_task}
        if own.keys() - known or any(computed.get(number) != written.get(number) for number in of_task):
            plain = {name: score for name, score in store.scores(task).items() if score.combine is None}
            scores = _TaskScores(store, run.id, of_task, plain | own, written)
            store.put_summaries(run.id, of_task, [*scores.summaries()])


def _combined(metrics: Iterable[Metric], declared: Mapping[str, Score]) -> dict[str, dict[str, Score]]:
    """Return by task the declared scores that have a `combine`, as the installed metrics give them."""
    found: dict[str, dict[str, Score]] = {}
    for metric in metrics:
        own = {score.name: score for score in metric.scores if score.combine is not None and score.name in declared}
        found.setdefault(metric.task, {}).update(own)
    return found


@dataclass(frozen=True)
class _TaskScores:
    """The scores of one task's variants in a run."""

    store: Store
    run_id: int
    variants: Sequence[int]
    scores: Mapping[str, Score]
    written: Mapping[int, int]

    def summaries(self) -> Iterator[StoredSummary]:
        """Yield a summary of each score of each variant that has it, or should have."""
        tried = {number: self.store.values(self.run_id, number, FAILED) for number in self.variants}
        for score in self.scores.values():
            columns = {number: self._column(number, score.name, tried[number]) for number in self.variants}
            sums = {number: self._summary(score, column, tried[number], number) for number, column in columns.items()}
            failed = find_failures(columns, tried)
            averaged = [column.values for column in columns.values()] if score.combine is None else [_means(sums)]
            worst = worst_value(averaged, score.direction)
            for number, found in sums.items():
                if found.n or failed[number].size:
                    ranked = self._ranked(score, found, columns[number], failed[number], worst)
                    yield self._stored(number, score, found, failed[number].size, ranked)

    def _column(self, variant: int, name: str, tried: Values) -> Values:
        """Return one score of a variant; the records are those of the cases that it was tried on, read once for all scores."""
        cases, values = self.store.numbers(self.run_id, variant, name)
        known = np.isin(cases, tried.cases, assume_unique=True)  # what is written meanwhile waits for the next time
        cases, values = cases[known], values[known]
        return Values(cases, tried.records[np.searchsorted(tried.cases, cases)], values)

    def _summary(self, score: Score, column: Values, tried: Values, variant: int) -> Summary:
        if score.combine is None:
            return summarize(column.values, column.records).within(score.limits)
        rows, records = self._rows(variant, tried)
        return combine_rows(rows, records, score.combine).within(score.limits)

    def _rows(self, variant: int, tried: Values) -> tuple[list[dict[str, float]], list[int]]:
        """Return what a combine takes: each case's scores by name; and each case's record."""
        rows: dict[int, dict[str, float]] = {}
        records: dict[int, int] = {}
        for name in self.scores:
            column = self._column(variant, name, tried)
            for case, record, value in zip(*(part.tolist() for part in column), strict=True):
                rows.setdefault(case, {})[name] = value
                records[case] = record
        return list(rows.values()), list(records.values())

    def _ranked(self, score: Score, found: Summary, column: Values, failed: Ids, worst: float | None) -> Ranked:
        """Return the mean that ranks and its interval; of a combined score with failures there is none, for it is not a mean of cases."""
        mean = ranked_mean(found.mean, found.n, failed.size, worst)
        if mean is None or not failed.size:
            return Ranked(mean, None, None) if mean is None else Ranked(mean, found.low, found.high)
        if score.combine is not None or worst is None:
            return Ranked(mean, None, None)
        finite = np.isfinite(column.values)
        values = np.concatenate([column.values[finite], np.full(failed.size, worst)])
        counted = summarize(values, np.concatenate([column.records[finite], failed])).within(score.limits)
        return Ranked(mean, counted.low, counted.high)

    def _stored(self, variant: int, score: Score, found: Summary, failures: int, ranked: Ranked) -> StoredSummary:
        return StoredSummary(
            variant_id=variant,
            metric=score.name,
            n=found.n,
            records=found.records,
            failures=failures,
            mean=found.mean,
            median=found.median,
            low=found.low,
            high=found.high,
            ranked=ranked.mean,
            ranked_low=ranked.low,
            ranked_high=ranked.high,
            written=self.written[variant],
        )


def find_failures(columns: Mapping[int, Values], tried: Mapping[int, Values]) -> dict[int, Ids]:
    """Return for each variant the records of the cases that it was tried on, and that any of them has a finite value of, but it has not."""
    told = {number: column.cases[np.isfinite(column.values)] for number, column in columns.items()}
    end = 1 + max((int(each.cases[-1]) for each in tried.values() if each.cases.size), default=0)
    of_any = np.zeros(end, bool)  # by case number, which are dense
    for cases in told.values():
        of_any[cases] = True
    return {number: _left(tried[number], of_any, cases) for number, cases in told.items()}


def _left(tried: Values, of_any: npt.NDArray[np.bool_], told: Ids) -> Ids:
    wanted = of_any.copy()
    wanted[told] = False
    return tried.records[wanted[tried.cases]]


def worst_value(columns: Iterable[npt.NDArray[np.float64]], direction: Direction) -> float | None:
    """Return what a failure counts as, by the rule of `refresh_summaries`; None where nothing is better or worse.

    >>> worst_value([np.array([0.4, 0.9])], "higher"), worst_value([np.array([3.0, np.inf])], "lower")
    (0.0, 3.0)
    """
    values = np.concatenate([*columns, np.empty(0)])
    values = values[np.isfinite(values)]
    if direction == "none" or values.size == 0:
        return None
    low, high = float(values.min()), float(values.max())
    if direction == "lower":
        return high
    return 0.0 if low >= 0 and high <= 1 else low


def ranked_mean(mean: float | None, n: int, failures: int, worst: float | None) -> float | None:
    """Return the mean of n values and of failures that count as the worst value; None where there is neither.

    >>> ranked_mean(0.9, 80, 20, 0.0)
    0.72
    """
    if worst is None or (mean is None and n):
        return None
    total = (mean or 0.0) * n + worst * failures
    return total / (n + failures) if n + failures else None


def _means(sums: Mapping[int, Summary]) -> npt.NDArray[np.float64]:
    return np.array([found.mean for found in sums.values() if found.mean is not None])
