"""Which of the periods a page shows is the millimeter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.grid.spectrum import Floats, Strips
from ecgbench.plugins.grid.surface import Surface

Indices = npt.NDArray[np.intp]
Marks = npt.NDArray[np.bool_]

BINS = 12  # of the rectified profile a period
PADDING = 8  # the profile's spectrum is read at bins this much closer than its resolution
WAVES = np.arange(1, 11)  # of the 5 mm pattern: the fifth is the 1 mm line's own, the tenth its first overtone
# Millimeters in the period that was followed: a 1 mm line; an overtone of sharp lines, or half-millimeter dots; a 5 mm line where
# perspective or blur drowns finer ones, and its overtones; 2 mm.
MILLIMETERS = np.array([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 5, 5 / 2, 5 / 3, 5 / 4, 2])
FOREIGN_WAVES = WAVES[:5]  # of each other hypothesis: what it would have a page show

BOLD_MOST_DB, FINE_MOST_DB = 20.0, 30.0  # what stands out more adds no certainty
BUMP_MOST_DB = 6.0  # the same; sharp lines of one kind have a bump of 30 dB at each overtone that is taken for their millimeter
TRUSTED_DB = 1.5  # overtones of lone sharp lines fall off steadily; a 5 mm pattern's fifth is its 1 mm lines and stands out
SIDELOBES_DB = 6.0  # over the noise; one wave of noise in fifty reaches this
FAINT_DB = 12.0  # below the 1 mm wave; right hypotheses of labelled pictures leave waves unexplained that are 15 dB below or less
REFUTING_DB = 10.0  # over the noise; a wave that strong is no accident, and if it beats the 1 mm wave that one is an overtone
REFUTED_DB = 12.0  # the price of that: without it 2 of 41 labelled pictures were read at a third or a fifth of their spacing
UNEXPLAINED_WEIGHT = 0.7
ROWS_WEIGHT = 0.5  # of what is unexplained along columns alone: rows of traces and text repeat there, and are no lines
WEAKER_WEIGHT = 0.75  # of the axis that speaks less for a hypothesis: a grid shows along both
TINY = 1e-20  # keeps ratios of powers finite
AROUND = np.geomspace(0.7, 1.4, 97)  # times a frequency: where its noise is measured
QUIET = 0.25  # quantile: on crops of a few millimeters the lines of the comb fill most of the spectrum
QUIET_SHARE = -np.log(1 - QUIET)  # that quantile of noise power, which is distributed exponentially, in its mean


def _asked() -> tuple[Floats, Indices, Marks]:
    """Return the frequencies that tell hypotheses apart, where among them each one's waves are, and which of them it leaves unexplained."""
    waves = np.round(np.outer(MILLIMETERS / 5, WAVES), 9)
    frequencies = np.unique(waves)
    order = np.searchsorted(frequencies, waves)
    combs = MILLIMETERS[:, None] / 5
    multiples = frequencies / combs
    known = np.isin(np.arange(len(frequencies)), order[:, : len(FOREIGN_WAVES)])
    return frequencies, order, known & (np.abs(multiples - np.rint(multiples)) > 0.01)


FREQUENCIES, OWN, UNEXPLAINED = _asked()


@dataclass(frozen=True, eq=False)
class Profile:
    """Ink along one axis after rectification, as a spectrum in cycles per period of the surface.

    `power`: (n,) float64 at bins of 1 / `per_cycle`. `finest`: the frequency that the pixels still show.
    """

    power: Floats
    per_cycle: float
    finest: float

    def at(self, frequencies: Floats) -> Floats:
        """Return the power at each frequency, 0 beyond what the pixels can show."""
        index = np.rint(np.abs(frequencies) * self.per_cycle).astype(np.intp)
        return np.where(np.abs(frequencies) < self.finest, self.power[np.minimum(index, len(self.power) - 1)], 0.0)

    def noise(self, frequencies: Floats) -> Floats:
        """Return the power of noise around each frequency (n,)."""
        around = self.at(np.minimum(frequencies[:, None] * AROUND, 0.999 * self.finest))
        rank = int(QUIET * len(AROUND))
        return np.asarray(np.partition(around, rank, axis=1)[:, rank] / QUIET_SHARE)


class Evidence(NamedTuple):
    """What an axis shows of each hypothesis, (hypotheses,) float64 in dB over the noise.

    `bold`: the slow waves of a 5 mm pattern. `fine`, `overtone`: 1 mm lines and their first overtone. `bump`: how far the 1 mm wave
    rises above the course of the 5 mm pattern's other overtones. `unexplained`: (hypotheses, frequencies), by how much a wave that
    only other hypotheses know is too strong to be an accident. `refuting`: the same shape, bool: it beats the 1 mm wave.
    """

    bold: Floats
    fine: Floats
    overtone: Floats
    bump: Floats
    unexplained: Floats
    refuting: Marks


class Weights(NamedTuple):
    """The score of each hypothesis, and the evidence of each axis for 5 mm lines; all (len(MILLIMETERS),) float64 in dB."""

    score: Floats
    bold_along: Floats
    bold_across: Floats


def rectified_profile(strips: Strips, surface: Surface) -> tuple[Floats, Floats]:
    """Return the mean ink at each phase of the surface: phases and ink, `BINS` a period."""
    phase = surface.on_grid(strips.x, strips.y)
    first = float(np.floor(phase.min()))
    index = ((phase - np.float32(first)) * BINS).astype(np.intp).ravel()
    count = np.bincount(index)
    ink = np.bincount(index, strips.values.ravel())
    weight = np.minimum(count, np.median(count[count > 0]))
    mean = ink / np.maximum(count, 1)
    mean = (mean - (mean * weight).sum() / weight.sum()) * weight / weight.max()
    return first + (np.arange(len(mean)) + 0.5) / BINS, mean


def profile_spectrum(ink: Floats, finest: float) -> Profile:
    """Return the spectrum of a rectified profile under a Hann window."""
    length = 1 << int(np.ceil(np.log2(len(ink) * PADDING)))
    spectrum = np.fft.rfft(ink * np.hanning(len(ink)), length)
    return Profile(np.square(np.abs(spectrum)), length / BINS, min(finest, BINS / 2 * 0.95))


def weigh(along: Profile, across: Profile) -> Weights:
    """Weigh the hypotheses that the period is so many MILLIMETERS; the axis that speaks less for one counts most.

    A wave that only other hypotheses explain counts in full where it shows along both axes or along rows.
    """
    axes = (_evidence(along), _evidence(across))
    trust = np.clip((axes[0].bump + axes[1].bump) / 2 / TRUSTED_DB, 0, 1)
    spoken = np.stack([axis.bold * trust + axis.fine / 2 + axis.overtone / 4 + axis.bump for axis in axes])
    score = WEAKER_WEIGHT * spoken.min(axis=0) + (1 - WEAKER_WEIGHT) * spoken.max(axis=0)
    rows, columns = (_against(axis.unexplained, axis.refuting) for axis in axes)
    both = _against(np.minimum(axes[0].unexplained, axes[1].unexplained), axes[0].refuting & axes[1].refuting)
    against = np.max([both, rows, ROWS_WEIGHT * columns], axis=0)
    return Weights(score - UNEXPLAINED_WEIGHT * against, axes[0].bold, axes[1].bold)


def _evidence(profile: Profile) -> Evidence:
    """Gather what speaks for and against each hypothesis."""
    power = profile.at(FREQUENCIES) + TINY
    level = 10 * np.log10(power)
    shown = profile.finest > FREQUENCIES
    over_noise = np.where(shown, level - 10 * np.log10(profile.noise(FREQUENCIES) + TINY), 0.0)
    waves = over_noise[OWN]
    over_fine = level - level[OWN[:, 4:5]]
    return Evidence(
        bold=np.clip(waves[:, :4], 0, BOLD_MOST_DB).mean(axis=1),
        fine=np.clip(waves[:, 4], 0, FINE_MOST_DB),
        overtone=np.clip(waves[:, 9], 0, FINE_MOST_DB),
        bump=np.where(shown[OWN[:, 4]], np.clip(_bump(level[OWN], waves), -BUMP_MOST_DB, BUMP_MOST_DB), -BUMP_MOST_DB),
        unexplained=np.where(UNEXPLAINED, np.clip(np.minimum(over_noise - SIDELOBES_DB, over_fine + FAINT_DB), 0, None), 0.0),
        refuting=UNEXPLAINED & (over_fine > 0) & (over_noise > REFUTING_DB),
    )


def _bump(level: Floats, over_noise: Floats) -> Floats:
    """Return how far the fifth wave of each pattern (hypotheses, WAVES) rises above what its neighbors and the noise let expect, in dB.

    Blurred lines fall off like a Gaussian and sharp ones like a sinc, whose zero may lie on a neighbor; so the most is taken of
    three lines through two neighbors each. Waves that the pixels cannot show have no power and so never are the most.
    """
    third, fourth, fifth, sixth, seventh = level[:, 2:7].T
    expected = np.max([2 * fourth - third, (fourth + sixth) / 2, (third + seventh) / 2, fifth - over_noise[:, 4]], axis=0)
    return np.asarray(fifth - expected)


def _against(unexplained: Floats, refuting: Marks) -> Floats:
    return np.asarray(unexplained.max(axis=1, initial=0.0) + REFUTED_DB * refuting.any(axis=1))
