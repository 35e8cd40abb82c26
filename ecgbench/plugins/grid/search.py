"""The search for a page's grid: candidates are followed over the page, and the millimeter that explains most wins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ecgbench.plugins.grid.family import MILLIMETERS, Evidence, Profile, judge, profile_spectrum, rectified_profile
from ecgbench.plugins.grid.ink import InkLevel
from ecgbench.plugins.grid.spectrum import Candidate, Floats, Strips, common_periods, strips_of
from ecgbench.plugins.grid.surface import LineFit, fit_surface

DECISIVE = 36.0  # dB; 32.5 is the most without bold lines, 30 the most that a wrong family of a labelled picture has
TRUSTED_DB = 1.5  # overtones of lone sharp lines fall off steadily; a 5 mm pattern's fifth is its 1 mm lines and stands out
MOST_CANDIDATES = 3  # the right period of 41 labelled pictures was among them
MOST_FOLLOWED = 4  # periods of one candidate
MOST_HYPOTHESES = 2  # of one period; the right one was best or second
WEAKEST_DB = 4.5  # of a candidate; noise and photographs show periods of 2 to 5 dB, the faintest labelled crop one of 5.3
SAMPLES = 5.0  # pixels a period at the level where 1 mm lines are followed: enough for the line and its first overtone
SAMPLES_UNKNOWN = 10.0  # the same where the period may turn out to be 2 or 5 mm
NARROW_STRIP, WIDE_STRIP, WIDE_PERIOD = 4, 8, 6.0  # pixels; strips are narrow for short periods, so that tilted lines do not blur
MOST_PX_PER_MM = 80.0  # 2000 dpi
SAME_PERIOD = 0.02  # relative; following it again would find the same
FEWEST_SAMPLES = 2.0  # pixels a millimeter at the finest level: shorter periods are aliases
WEAKER_WEIGHT = 0.75  # of the axis that speaks less for a hypothesis: a grid shows along both
LOCKED = 0.3  # the least lock of a labelled picture is 0.36 (ecg00028, creased); a wrong period seldom reaches it


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


class Judgement(NamedTuple):
    """The score of a hypothesis in dB, and the evidence of each axis."""

    score: float
    along: Evidence
    across: Evidence


@dataclass(frozen=True, eq=False)
class PageFit:
    """The lines of both axes at one level: `along` counts periods from left to right, `across` from top to bottom."""

    level: InkLevel
    along: AxisFit
    across: AxisFit

    @cached_property
    def vectors(self) -> Floats:
        """Pixels of the page that one period takes at its center: columns are the steps along a row and along a column of the grid."""
        x, y = self.along.lines.surface.slope(0, 0)
        across, down = self.across.lines.surface.slope(0, 0)
        slopes = np.array([[x, y], [down, across]])
        if abs(np.linalg.det(slopes)) < 1e-12:
            return np.full((2, 2), np.nan)
        return np.asarray(np.linalg.inv(slopes) * self.level.scale)

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

    def judge(self, millimeters: float) -> Judgement:
        """Weigh the hypothesis that the period is so many millimeters; the weaker axis counts most."""
        evidence = (judge(self.along.profile, millimeters), judge(self.across.profile, millimeters))
        trust = float(np.clip((evidence[0].contrast + evidence[1].contrast) / 2 / TRUSTED_DB, 0, 1))
        scores = [axis.score(trust) for axis in evidence]
        return Judgement(WEAKER_WEIGHT * min(scores) + (1 - WEAKER_WEIGHT) * max(scores), *evidence)

    def hypotheses(self, fewest: float) -> list[tuple[float, float]]:
        """Return score and millimeters of each hypothesis whose 1 mm takes `fewest` pixels of the page or more, the best first."""
        within = [mm for mm in MILLIMETERS if all(fewest <= period / mm <= MOST_PX_PER_MM for period in self.periods)]
        return sorted(((self.judge(mm).score, mm) for mm in within), reverse=True)


def best_fit(levels: list[InkLevel], *, largest_tilt: float) -> tuple[float, PageFit] | None:
    """Return the score in dB and the fit of the page's 1 mm lines, None where nothing repeats along both axes.

    `largest_tilt`: tangent of the largest tilt of lines.
    """
    best: tuple[float, PageFit] | None = None
    for candidate in candidates(levels, largest_tilt):
        found = _settle(levels, candidate, largest_tilt)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
        if best is not None and best[0] >= DECISIVE:
            break
    return best


def candidates(levels: list[InkLevel], largest_tilt: float) -> list[Candidate]:
    """Return the periods that stand out at any level, the strongest first, each once."""
    found = [candidate for level in levels for candidate in common_periods(level, largest_tilt)]
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda candidate: -candidate.strength_db):
        if candidate.strength_db >= WEAKEST_DB and not any(candidate.is_near(other) for other in kept):
            kept.append(candidate)
    return kept[:MOST_CANDIDATES]


def follow(levels: list[InkLevel], candidate: Candidate, largest_tilt: float, samples: float) -> PageFit:
    """Follow the lines of a candidate at the coarsest level that has `samples` pixels a period."""
    shortest = 1 / max(candidate.frequency_x, candidate.frequency_y)
    level = next((level for level in reversed(levels) if shortest / level.scale >= samples), levels[0])
    axes = []
    for turned, frequency in ((False, candidate.frequency_x * level.scale), (True, candidate.frequency_y * level.scale)):
        strips = strips_of(level, height=NARROW_STRIP if 1 / frequency < WIDE_PERIOD else WIDE_STRIP, turned=turned)
        axes.append(AxisFit(strips, fit_surface(strips, frequency, largest_tilt), 0.5 / frequency))
    return PageFit(level, *axes)


def _settle(levels: list[InkLevel], candidate: Candidate, largest_tilt: float) -> tuple[float, PageFit] | None:
    """Follow a candidate, then what the best hypotheses for the millimeter make of it, and return the fit of most merit."""
    best: tuple[float, PageFit] | None = None
    waiting, tried = [(candidate, SAMPLES_UNKNOWN)], list[float]()
    while waiting and len(tried) < MOST_FOLLOWED and (best is None or best[0] < DECISIVE):
        period, samples = waiting.pop(0)
        fit = follow(levels, period, largest_tilt, samples)
        tried.append(fit.periods[0])
        for score, mm in fit.hypotheses(FEWEST_SAMPLES * levels[0].scale)[:MOST_HYPOTHESES]:
            if mm == 1 and min(fit.periods) / fit.level.scale < 2 * SAMPLES:
                merit = score * min(1.0, fit.lock / LOCKED)
                best = (merit, fit) if best is None or merit > best[0] else best
            elif all(abs(np.log(fit.periods[0] / mm / other)) > SAME_PERIOD for other in tried):
                waiting.append((Candidate(mm / fit.periods[0], mm / fit.periods[1], 0.0), SAMPLES))
    return best
