"""The search for a page's grid: candidates are followed over the page, and the millimeter that explains most wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ecgbench.plugins.grid.family import MILLIMETERS, Profile, Weights, profile_spectrum, rectified_profile, weigh
from ecgbench.plugins.grid.follow import LineFit, fit_surface, rescaled
from ecgbench.plugins.grid.ink import NARROW_STRIP, WIDE_STRIP, InkLevel
from ecgbench.plugins.grid.spectrum import LOUDEST_DB, Candidate, Floats, Strips, common_periods, strips_of

DECISIVE = 36.0  # dB; 32.5 is the most without bold lines, 30 the most that a wrong family of a labelled picture has
MOST_CANDIDATES = 3  # the right period of 41 labelled pictures was among them
SAMPLES = 5.0  # pixels a period at the level where 1 mm lines are followed: enough for the line and its first overtone
SAMPLES_UNKNOWN = 10.0  # the same where the period may turn out to be 2 or 5 mm
WIDE_PERIOD = 6.0  # pixels; strips are narrow for shorter ones, so that tilted lines do not blur
MOST_PX_PER_MM = 80.0  # 2000 dpi
USUAL_PX_PER_MM = 26.0  # 660 dpi; scanners seldom take more, so a larger spacing must speak for itself
UNUSUAL_DB = 10.0  # the price of twice the usual: 5 mm lines of scans at 200 dpi are 39 px apart
FEWEST_SAMPLES = 2.0  # pixels a millimeter at the finest level: shorter periods are aliases
LOCKED = 0.3  # the least lock of a labelled picture is 0.36 (ecg00028, creased); a wrong period seldom reaches it
WELL_LOCKED = 0.5  # on creased sheets wider lines (5 or 2.5 mm) may be followed better, and are worth the time


@dataclass(frozen=True, eq=False)
class AxisFit:
    """The lines of one axis: the strips they were followed in, their surface, and the ink along them after rectification."""

    strips: Strips
    lines: LineFit
    finest: float

    @cached_property
    def rectified(self) -> tuple[Floats, Floats]:
        """Phases and ink of the rectified profile."""
        return rectified_profile(self.strips, self.lines.surface)

    @cached_property
    def profile(self) -> Profile:
        """The spectrum of the rectified profile."""
        return profile_spectrum(self.rectified[1], self.finest)


@dataclass(frozen=True, eq=False)
class PageFit:
    """The lines of both axes at one level: `along` counts periods from left to right, `across` from top to bottom."""

    level: InkLevel
    along: AxisFit
    across: AxisFit

    def steps(self, x: Floats, y: Floats) -> Floats:
        """Return pixels of the page that a period takes at points (n,) of the level: (n, 2, 2), columns are steps along rows and columns.

        Not a number where the two families of lines run the same way.
        """
        along_x, along_y = self.along.lines.slopes(x, y)
        across_y, across_x = self.across.lines.slopes(y, x)
        turn = along_x * across_y - along_y * across_x
        turn = np.where(np.abs(turn) < 1e-12, np.nan, turn)
        rows, columns = np.stack([across_y, -across_x], axis=1), np.stack([-along_y, along_x], axis=1)
        return np.asarray(np.stack([rows, columns], axis=2) / turn[:, None, None] * self.level.scale, np.float64)

    @cached_property
    def vectors(self) -> Floats:
        """The steps at the page's center, (2, 2)."""
        return np.asarray(self.steps(np.zeros(1), np.zeros(1))[0], np.float64)

    @property
    def periods(self) -> tuple[float, float]:
        """Pixels of the page in a period along the grid's rows and its columns."""
        along, across = np.hypot(*self.vectors)
        return float(along), float(across)

    @property
    def lock(self) -> float:
        """How well the lines of the worse axis keep to their surface, 0 to 1."""
        return min(self.along.lines.lock, self.across.lines.lock)

    @property
    def angle_deg(self) -> float:
        """Rotation of the grid's rows against the page's, positive clockwise."""
        return float(np.degrees(np.arctan2(self.vectors[1, 0], self.vectors[0, 0])))

    @property
    def skew_deg(self) -> float:
        """How far the angle between the grid's rows and columns is from 90 degrees."""
        return float(np.degrees(np.arctan2(-self.vectors[0, 1], self.vectors[1, 1]))) - self.angle_deg

    @cached_property
    def weights(self) -> Weights:
        """What the rectified profiles say of each hypothesis."""
        return weigh(self.along.profile, self.across.profile)


class Found(NamedTuple):
    """A fit, the millimeters in its period, and in dB how much speaks for that."""

    merit: float
    millimeters: float
    fit: PageFit


def best_fit(levels: list[InkLevel], *, largest_tilt: float) -> Found | None:
    """Return the fit of the page's 1 mm lines, None where nothing repeats along both axes.

    `largest_tilt`: tangent of the largest tilt of lines.
    """
    best: Found | None = None
    for candidate in candidates(levels, largest_tilt):
        fit = follow(levels, candidate, largest_tilt)
        found = max(hypotheses(fit, FEWEST_SAMPLES * levels[0].scale), default=None, key=lambda found: found.merit)
        if found is not None and (best is None or found.merit > best.merit):
            best = found
        if best is not None and best.merit >= DECISIVE and best.fit.lock >= WELL_LOCKED:
            break
    return None if best is None else Found(best.merit, 1.0, in_millimeters(levels, best.fit, best.millimeters))


def candidates(levels: list[InkLevel], largest_tilt: float) -> Iterator[Candidate]:
    """Yield the periods that stand out at any level, the strongest first, each once, MOST_CANDIDATES of them at most.

    Of two that stand out alike the one of the finer level comes first. So where one stands out as much as any can, coarser levels need not
    be looked at before it: on half of the flat pages it turns out to be the grid, and they never are.
    """
    found: list[Candidate] = []
    kept: list[Candidate] = []
    for number, level in enumerate(levels, 1):
        found = sorted([*found, *common_periods(level, largest_tilt)], key=lambda candidate: -candidate.strength_db)
        for candidate in found:
            surely_next = number == len(levels) or candidate.strength_db >= LOUDEST_DB
            if surely_next and len(kept) < MOST_CANDIDATES and not any(candidate.is_near(other) for other in kept):
                kept.append(candidate)
                yield candidate


def hypotheses(fit: PageFit, shortest: float) -> Iterator[Found]:
    """Weigh how many millimeters the fit's period may be; a millimeter takes `shortest` pixels of the page or more.

    A fit whose lines do not keep to their surface counts for less, and so do spacings that only the finest scanners give.
    """
    if not np.isfinite(fit.periods).all():
        return
    for millimeters, score in zip(MILLIMETERS, fit.weights.score, strict=True):
        spacings = np.array(fit.periods) / millimeters
        if spacings.min() >= shortest and spacings.max() <= MOST_PX_PER_MM:
            unusual = UNUSUAL_DB * max(0.0, float(np.log2(spacings.max() / USUAL_PX_PER_MM)))
            yield Found(float(score) * min(1.0, fit.lock / LOCKED) - unusual, float(millimeters), fit)


def follow(levels: list[InkLevel], candidate: Candidate, largest_tilt: float) -> PageFit:
    """Follow the lines of a candidate at the coarsest level that shows their overtones."""
    level = _level_for(levels, 1 / max(candidate.frequency_x, candidate.frequency_y), SAMPLES_UNKNOWN)
    axes = []
    for turned, frequency in ((False, candidate.frequency_x * level.scale), (True, candidate.frequency_y * level.scale)):
        strips = _strips(level, 1 / frequency, turned=turned)
        axes.append(AxisFit(strips, fit_surface(strips, frequency, largest_tilt), 0.5 / frequency))
    return PageFit(level, *axes)


def in_millimeters(levels: list[InkLevel], fit: PageFit, millimeters: float) -> PageFit:
    """Return the fit of 1 mm lines, given one whose period is so many millimeters."""
    spacing = min(fit.periods) / millimeters
    level = _level_for(levels, spacing, SAMPLES)
    if millimeters == 1 and level.scale <= fit.level.scale:
        return fit
    axes = []
    for turned, axis, period in ((False, fit.along, fit.periods[0]), (True, fit.across, fit.periods[1])):
        pixels = period / millimeters / level.scale
        strips = _strips(level, pixels, turned=turned)
        lines = rescaled(axis.lines, strips, millimeters, level.scale / fit.level.scale, pixels)
        axes.append(AxisFit(strips, lines, 0.5 * pixels))
    return PageFit(level, *axes)


def _level_for(levels: list[InkLevel], period: float, samples: float) -> InkLevel:
    """Return the coarsest level that has `samples` pixels a period, or the finest."""
    return next((level for level in reversed(levels) if period / level.scale >= samples), levels[0])


def _strips(level: InkLevel, period: float, *, turned: bool) -> Strips:
    return strips_of(level, height=NARROW_STRIP if period < WIDE_PERIOD else WIDE_STRIP, turned=turned)
