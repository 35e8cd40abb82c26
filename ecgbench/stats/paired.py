"""How two methods differ on the same cases."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ecgbench.core.metric import Direction
from ecgbench.stats.intervals import SEED, Interval, Labels, codes_of, finite_or_none, ratio_interval, totals

Verdict = Literal["better", "worse", "higher", "lower", "no difference shown"]
NOT_SHOWN: Verdict = "no difference shown"


@dataclass(frozen=True)
class Paired:
    """How b differs from a over the `n` cases (of `records` records) that both have a finite value of.

    `difference`: the mean of b - a; `relative`: the same as a share of |mean of a|, None where that is 0. Their 95 % intervals are
    None where `note` says why. `verdict` is on b; where no direction is better it says higher or lower.
    """

    n: int
    records: int
    mean_a: float | None = None
    mean_b: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    relative: float | None = None
    relative_low: float | None = None
    relative_high: float | None = None
    verdict: Verdict = NOT_SHOWN
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison JSON-safe."""
        return asdict(self)


def compare_paired(
    a: npt.ArrayLike, b: npt.ArrayLike, records: Labels | None = None, *, direction: Direction = "none", seed: int = SEED
) -> Paired:
    """Compare n values of a with those of b on the same cases; `records` and `seed` as in `summarize`.

    A difference is shown where its interval leaves out 0.

    >>> compare_paired([0.80, 0.82, 0.79, 0.81], [0.90, 0.91, 0.90, 0.93], direction="higher").verdict
    'better'
    """
    before, after = (np.asarray(side, np.float64).ravel() for side in (a, b))
    finite = np.isfinite(before) & np.isfinite(after)
    before, after, codes = before[finite], after[finite], codes_of(records, finite.size)[finite]
    if before.size == 0:
        return Paired(0, 0, note="no interval: no case has a finite value of both")
    counts, of_a, of_b = totals(codes, np.ones_like(before), before, after)
    with np.errstate(over="ignore", invalid="ignore"):  # totals of huge values are not finite, and become None
        change = ratio_interval(of_b - of_a, counts, before.size, seed)
        share = ratio_interval(of_b - of_a, of_a, before.size, seed) if of_a.sum() else Interval(None, None)
        relative_low, relative_high = (share.low, share.high) if of_a.sum() > 0 else _negated(share)
        return Paired(
            n=before.size,
            records=counts.size,
            mean_a=finite_or_none(before.mean()),
            mean_b=finite_or_none(after.mean()),
            difference=finite_or_none((after - before).mean()),
            low=change.low,
            high=change.high,
            relative=finite_or_none((of_b.sum() - of_a.sum()) / abs(of_a.sum())) if of_a.sum() else None,
            relative_low=relative_low,
            relative_high=relative_high,
            verdict=_verdict(change, direction),
            note=change.note,
        )


def _negated(interval: Interval) -> tuple[float | None, float | None]:
    """Return the ends of an interval of the same share with the other sign."""
    low, high = interval.low, interval.high
    return (None if high is None else -high), (None if low is None else -low)


def _verdict(change: Interval, direction: Direction) -> Verdict:
    if change.low is None or change.high is None or change.low <= 0 <= change.high:
        return NOT_SHOWN
    rose = change.low > 0
    if direction == "none":
        return "higher" if rose else "lower"
    return "better" if rose == (direction == "higher") else "worse"
