"""How well a score holds up as damage grows: the area under its curve over severity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgbench.stats.intervals import FEW_RECORDS, SEED, Codes, Floats, Interval, Labels, codes_of, percentiles, resamples
from ecgbench.stats.summary import combine_rows


@dataclass(frozen=True)
class Robustness:
    """A score over severity, of `n` cases of `records` records.

    `severities`: the distinct ones, ascending; `means`: the mean score of the cases at each. `area`: the area under that curve, divided
    by the range of severities, so that it has the score's unit: the mean score over all severities alike. `low`, `high`: its 95 % interval.
    None where `note` says why.
    """

    n: int
    records: int
    severities: tuple[float, ...]
    means: tuple[float, ...]
    area: float | None
    low: float | None
    high: float | None
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the curve and its area JSON-safe."""
        return asdict(self)


def severity_area(
    severities: npt.ArrayLike, scores: npt.ArrayLike, records: Labels | None = None, *, seed: int = SEED
) -> Robustness:
    """Return the area under the curve of n scores over n severities, by the trapezoidal rule; `records` are n labels as in `summarize`.

    Cases whose severity or score is not finite are left out. The interval resamples records (a bootstrap of clusters as in `summarize`):
    where a resample has no case at a severity, its curve is the straight line between its neighbors there. Below 8 records it is that of
    a jackknife, with Student's t. Areas are comparable only over the same severities.

    >>> severity_area([0, 0.5, 1], [1.0, 0.8, 0.2]).area
    0.7
    >>> severity_area([0.5, 0.5], [1.0, 0.8]).note
    'no area: all of one severity'
    """
    given, values = np.asarray(severities, np.float64).ravel(), np.asarray(scores, np.float64).ravel()
    if given.shape != values.shape:
        raise ValueError(f"{values.size} scores need {values.size} severities, got {given.size}.")
    finite = np.isfinite(given) & np.isfinite(values)
    labels = codes_of(records, given.size)[finite]
    given, values = given[finite], values[finite]
    levels, which = np.unique(given, return_inverse=True)
    units = len(np.unique(labels))
    means = np.bincount(which, values, minlength=levels.size) / np.bincount(which, minlength=levels.size)
    curve = (values.size, units, tuple(levels.tolist()), tuple(means.tolist()))
    if levels.size < 2:
        return Robustness(*curve, None, None, None, "no area: all of one severity" if levels.size else "no area: no finite value")
    interval = _jackknife(given, values, labels) if units < FEW_RECORDS else _bootstrap(which, levels, values, labels, seed)
    return Robustness(*curve, area_under(levels, means), *interval)


def severity_areas(
    damages: npt.ArrayLike, severities: npt.ArrayLike, scores: npt.ArrayLike, records: Labels | None = None, *, seed: int = SEED
) -> Mapping[str, Robustness]:
    """Return `severity_area` of each kind of damage, by its name; `damages` are n names, one a case.

    >>> found = severity_areas(["0003", "0003", "0005", "0005"], [0, 1, 0, 1], [1.0, 1.0, 1.0, 0.0])
    >>> {damage: curve.area for damage, curve in found.items()}
    {'0003': 1.0, '0005': 0.5}
    """
    names = np.asarray(damages).astype(str).ravel()
    given, values = np.asarray(severities, np.float64).ravel(), np.asarray(scores, np.float64).ravel()
    if not names.size == given.size == values.size:
        raise ValueError(f"{values.size} scores need as many damages and severities, got {names.size} and {given.size}.")
    labels = codes_of(records, names.size)
    return {
        name: severity_area(given[names == name], values[names == name], labels[names == name], seed=seed)
        for name in np.unique(names).tolist()
    }


def area_under(levels: Floats, means: Floats) -> float:
    """Return the area under the means over two or more ascending levels, divided by their range.

    >>> area_under(np.array([0.0, 1.0, 4.0]), np.array([1.0, 1.0, 0.0]))
    0.625
    """
    return float(np.trapezoid(means, levels) / (levels[-1] - levels[0]))


def _bootstrap(which: Codes, levels: Floats, values: Floats, labels: Codes, seed: int) -> Interval:
    """Return the interval of the area under curves of resampled records."""
    _, unit = np.unique(labels, return_inverse=True)
    units = int(unit.max()) + 1
    counts, sums = (np.zeros((units, levels.size)) for _ in range(2))
    np.add.at(counts, (unit, which), 1.0)
    np.add.at(sums, (unit, which), values)
    widths = _trapezoid_weights(levels)
    areas = [_areas(weights @ sums, weights @ counts, levels, widths) for weights in resamples(units, seed)]
    return percentiles(np.concatenate(areas), units)


def _trapezoid_weights(levels: Floats) -> Floats:
    """Return by how much each level's mean counts in the area."""
    steps = np.diff(levels, prepend=levels[0], append=levels[-1])
    return np.asarray((steps[:-1] + steps[1:]) / 2 / (levels[-1] - levels[0]), dtype=np.float64)


def _areas(sums: Floats, counts: Floats, levels: Floats, widths: Floats) -> Floats:
    """Return the area of each resample, of its (resamples, levels) sums and counts of scores."""
    with np.errstate(invalid="ignore"):
        means = sums / counts
    for row in np.flatnonzero((counts == 0).any(axis=1)):
        there = counts[row] > 0
        means[row] = np.interp(levels, levels[there], means[row, there])
    return np.asarray(means @ widths, dtype=np.float64)


def _jackknife(severities: Floats, values: Floats, labels: Codes) -> Interval:
    rows = [{"severity": severity, "score": score} for severity, score in zip(severities.tolist(), values.tolist(), strict=True)]
    found = combine_rows(rows, labels, _area_of(severities))
    return Interval(found.low, found.high, found.note)


def _area_of(severities: Floats) -> Callable[[Any], float]:
    """Return a combine that gives the area under rows of severity and score over all `severities`, whichever of them rows still have."""
    levels = np.unique(severities)

    def combine(rows: Any) -> float:
        place = np.searchsorted(levels, [row["severity"] for row in rows])
        counts = np.bincount(place, minlength=levels.size).astype(np.float64)
        sums = np.bincount(place, [row["score"] for row in rows], minlength=levels.size).astype(np.float64)
        return float(_areas(sums[None], counts[None], levels, _trapezoid_weights(levels))[0])

    return combine
