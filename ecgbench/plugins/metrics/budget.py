"""Where a digitizer loses decibels: its score as stage after stage is given the truth in place of what it found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgbench.core.metric import NOT_NEGATIVE, PERCENT, SHARE, Rows, Score, metric
from ecgbench.core.page import Page
from ecgbench.core.results import Signals
from ecgbench.core.truth import TraceTruth, Truth
from ecgbench.plugins.metrics.alignment import at_rate
from ecgbench.plugins.metrics.digitize import kaggle_snr_db, mean_ratio_db

Floats = npt.NDArray[np.float64]

STRAY_MM = 1.0  # from the true course; a pen is 0.3 to 0.5 mm wide, and what is further off is no matter of its center
REACH_MM = 25.0  # from a stretch's course to what counts as drawn on it: tall waves of the rows beside reach so far
GAP_S = 0.06  # a course is taken to go straight on over a gap so long
LEAST_POINTS = 20  # of a stretch whose place on the page is fitted
SIZE_PX = 1000.0  # pixels that positions are scaled by before they are raised to powers


def _mean_db(name: str) -> Score:
    doc, _ = STAGES[name]

    def combine(rows: Rows) -> float:
        return mean_ratio_db([10 ** (row[name] / 10) for row in rows if name in row])

    return Score(name, "dB", "none", doc, combine)


# Name of the score -> what it says, and the stages whose loss is gone there (a heading of the error budget).
STAGES: Mapping[str, tuple[str, str]] = {
    "given_scale_db": (
        "Kaggle's metric with each drawn stretch read by the true place, paper speed and gain: what is gone is lost by grid and pulses",
        "time and voltage",
    ),
    "given_names_db": ("the same, each stretch under its true name: what is gone besides is lost by the layout", "layout"),
    "given_course_db": (
        f"the same, the true course given where none was drawn within {STRAY_MM:g} mm: what is gone besides is lost by rows and paths, what is "
        "left by the measure of the pen's center and the picture's resolution",
        "rows and paths",
    ),
}


@dataclass(frozen=True, eq=False)
class Course:
    """One true stretch, and the way from positions on its page to seconds and mV.

    `mv`: (n,) of its samples, `seconds`: (n,) of the recording. `to_values`: from positions in pixels, (m, 2), to seconds and mV, but for a
    part that changes along the stretch: `rest`, (n, 2).
    """

    lead: str
    seconds: Floats
    mv: Floats
    rest: Floats
    to_values: Callable[[Floats], Floats]

    def read(self, points: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return mV at each sample by the course that `points` (m, 2) take, NaN where none do, and which of the points lie along the stretch."""
        plain = self.to_values(points)
        seconds, mv = (plain + np.column_stack([np.interp(plain[:, 0], self.seconds, part) for part in self.rest.T])).T
        beside = 0.5 * (self.seconds[1] - self.seconds[0])
        along = (seconds >= self.seconds[0] - beside) & (seconds <= self.seconds[-1] + beside)
        if np.count_nonzero(along) < 2:
            return np.full(len(self.mv), np.nan), along
        order = np.argsort(seconds[along])
        return _without_gaps(self.seconds, seconds[along][order], mv[along][order]), along


@dataclass(frozen=True, eq=False)
class Reading:
    """What one drawn stretch says of a true one: `mv` (n,) at its samples, NaN where nothing was drawn; under which name it was drawn."""

    name: str
    course: Course
    mv: Floats


@metric(
    "budget",
    task="digitize",
    scores=[
        *[_mean_db(name) for name in STAGES],
        Score("layout_right", "1", "higher", "1 where the layout was named right, else 0", limits=SHARE),
        Score(
            "course_missed_pct", "%", "lower", f"share of the true traces with nothing drawn within {STRAY_MM:g} mm of them, up or down",
            limits=PERCENT,
        ),
        Score(
            "course_off_mm", "mm", "lower",
            f"root mean square of how far drawn traces are off, up or down, where it is within {STRAY_MM:g} mm", limits=NOT_NEGATIVE,
        ),
    ],
)  # fmt: skip
def budget(_page: Page, result: Signals, truth: Truth) -> dict[str, float]:
    """Measure the stages of a digitizer apart, from what it drew: no method has to be run again, and any that says where it drew can be measured.

    Of each true stretch a map from pixels to seconds and mV is fitted to its points (a cubic along the row, the rest read off the points
    themselves). By it each drawn stretch is read where it lies: `given_scale_db` is Kaggle's metric of these readings under the names that the
    method gave, `given_names_db` of the same readings under the names that the page shows, and `given_course_db` of these with the truth in
    place of readings that are missing or more than 1 mm off. The differences from one to the next are what scale (grid, paper speed, gain,
    beginning of rows), layout, and tracing cost on this page. A stage that misled the next one takes its loss along: of a grid not
    found, only what the traces that were followed all the same lost by it counts as its own.

    `layout_right`, `course_missed_pct` and `course_off_mm` measure layout, paths and pen's center by themselves.

    Source: definitions of this project; Kaggle's metric as in the metric "kaggle".
    """
    known = {} if truth.layout is None else {"layout_right": float(result.layout == truth.layout)}
    if truth.signals is None or not truth.traces or not result.drawn:
        return known
    courses = _courses(truth.traces, truth.signals)
    if not courses:
        return known
    mm_per_mv = truth.mm_per_mv or 10.0
    readings = [reading for name, points in result.drawn for reading in _readings(name, points, courses, mm_per_mv)]
    drawn = [_together(course, readings) for course in courses]
    near = [np.abs(found - course.mv) * mm_per_mv <= STRAY_MM for found, course in zip(drawn, courses, strict=True)]
    mended = [np.where(kept, found, course.mv) for kept, found, course in zip(near, drawn, courses, strict=True)]
    given = {
        "given_scale_db": readings,
        "given_names_db": [Reading(course.lead, course, mv) for course, mv in zip(courses, drawn, strict=True)],
        "given_course_db": [Reading(course.lead, course, mv) for course, mv in zip(courses, mended, strict=True)],
    }
    off = np.concatenate([(found - course.mv)[kept] for kept, found, course in zip(near, drawn, courses, strict=True)])
    return (
        known
        | {name: kaggle_snr_db(_as_signals(parts, truth.signals), truth) for name, parts in given.items()}
        | {"course_missed_pct": 100 * float(1 - np.concatenate(near).mean())}
        | ({"course_off_mm": mm_per_mv * float(np.sqrt(np.square(off).mean()))} if off.size else {})
    )


def _courses(traces: Sequence[TraceTruth], signals: Signals) -> list[Course]:
    """Return the stretches whose samples are known; one map for the whole page is fitted to their points, but for where each begins."""
    known = {name.casefold(): signal for name, signal in signals.leads.items()}
    told = [
        (trace, _values(trace, known[trace.lead.casefold()], signals.fs)) for trace in traces if trace.lead.casefold() in known
    ]
    told = [(trace, values) for trace, values in told if np.count_nonzero(_finite(values, trace.points)) >= LEAST_POINTS]
    if not told:
        return []
    center = np.median(np.vstack([trace.points for trace, _ in told]), axis=0)
    terms = [_terms((trace.points - center) / SIZE_PX) for trace, _ in told]
    place, begins = _shared_fit(terms, [values for _, values in told])
    return [_course(trace, values, center, place, begin) for (trace, values), begin in zip(told, begins, strict=True)]


def _values(trace: TraceTruth, signal: npt.NDArray[np.float32], fs: float) -> Floats:
    """Return seconds and mV of each point of a stretch, (n, 2)."""
    seconds = trace.start_s + np.arange(len(trace.points)) / trace.fs
    mv = np.interp(seconds, np.arange(len(signal)) / fs, signal.astype(np.float64), right=np.nan)
    return np.column_stack([seconds, mv])


def _finite(*arrays: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(np.logical_and.reduce([np.isfinite(array).all(axis=1) for array in arrays]))


def _terms(points: Floats) -> Floats:
    """Return the terms of a map from the page, (m, 9): a cubic in both directions, as bent paper asks for."""
    x, y = points.T
    return np.column_stack([x, y, x**2, x * y, y**2, x**3, x**2 * y, x * y**2, y**3])


def _shared_fit(terms: Sequence[Floats], values: Sequence[Floats]) -> tuple[Floats, list[Floats]]:
    """Fit seconds and mV of all stretches: coefficients of the terms, (9, 2), that all share, and what each adds, (2,)."""
    own = [_finite(part, of) for part, of in zip(terms, values, strict=True)]
    means = [(part[kept].mean(axis=0), of[kept].mean(axis=0)) for part, of, kept in zip(terms, values, own, strict=True)]
    left = np.vstack([part[kept] - mean for part, kept, (mean, _) in zip(terms, own, means, strict=True)])
    right = np.vstack([of[kept] - mean for of, kept, (_, mean) in zip(values, own, means, strict=True)])
    place, *_ = np.linalg.lstsq(left, right, rcond=None)
    return place, [mean - at @ place for at, mean in means]


def _course(trace: TraceTruth, values: Floats, center: Floats, place: Floats, begin: Floats) -> Course:
    def to_values(points: Floats) -> Floats:
        return np.asarray(_terms((points - center) / SIZE_PX) @ place + begin)

    rest = values - to_values(trace.points)
    return Course(trace.lead, values[:, 0], values[:, 1], np.where(np.isfinite(rest), rest, 0.0), to_values)


def _without_gaps(at: Floats, places: Floats, values: Floats) -> Floats:
    """Interpolate linearly, NaN where known places are further apart than `GAP_S` or lie to one side only."""
    after = np.searchsorted(places, at).clip(1, len(places) - 1)
    outside = np.maximum(places[0] - at, at - places[-1])
    gap = np.where(outside > 0, 2 * outside, places[after] - places[after - 1])
    return np.where(gap <= GAP_S, np.interp(at, places, values), np.nan)


def _readings(name: str, points: Floats, courses: Sequence[Course], mm_per_mv: float) -> list[Reading]:
    """Read a drawn stretch by each true one that it lies on: the nearest of those that it passes at the same place."""
    points = points[np.isfinite(points).all(axis=1)]
    read = [course.read(points) for course in courses]
    far = [_distance(mv, course) for (mv, _), course in zip(read, courses, strict=True)]
    found = []
    for course, (mv, along), own in zip(courses, read, far, strict=True):
        rivals = [
            other
            for (_, there), other in zip(read, far, strict=True)
            if np.count_nonzero(along & there) > np.count_nonzero(along) / 2
        ]
        if own * mm_per_mv < REACH_MM and own <= min(rivals):
            found.append(Reading(name, course, mv))
    return found


def _distance(mv: Floats, course: Course) -> float:
    """Return how far a reading is off in the middle, in mV; infinite where there is none."""
    off = np.abs(mv - course.mv)
    return float(np.nanmedian(off)) if np.isfinite(off).any() else math.inf


def _together(course: Course, readings: Sequence[Reading]) -> Floats:
    """Return what all readings of a stretch say, the one that says most first."""
    own = sorted((each.mv for each in readings if each.course is course), key=lambda mv: -np.count_nonzero(np.isfinite(mv)))
    together = np.full(len(course.mv), np.nan)
    for mv in own:
        together = np.where(np.isfinite(together), together, mv)
    return together


def _as_signals(parts: Sequence[Reading], signals: Signals) -> Signals:
    """Return readings as leads at the truth's sampling rate, the longest reading of a lead first."""
    leads: dict[str, npt.NDArray[np.float32]] = {}
    size = max(len(signal) for signal in signals.leads.values())
    for part in sorted(parts, key=lambda part: -np.count_nonzero(np.isfinite(part.mv))):
        lead = leads.setdefault(part.name.casefold(), np.full(size, np.nan, np.float32))
        known = np.isfinite(part.mv)
        if np.count_nonzero(known) > 1:
            first = max(0, math.ceil(part.course.seconds[0] * signals.fs - 1e-6))
            at = np.arange(first, min(size, math.floor(part.course.seconds[-1] * signals.fs + 1e-6) + 1))
            filled = at_rate(
                part.mv,
                1 / (part.course.seconds[1] - part.course.seconds[0]),
                signals.fs,
                at - part.course.seconds[0] * signals.fs,
            )
            lead[at] = np.where(np.isfinite(lead[at]), lead[at], filled)
    return Signals(signals.fs, leads)
