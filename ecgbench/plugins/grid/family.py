"""Which of the periods a page shows is the millimeter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgbench.plugins.grid.spectrum import Floats, Strips
from ecgbench.plugins.grid.surface import Surface

BINS = 12  # of the rectified profile a period
PADDING = 8  # the profile's spectrum is read at bins this much closer than its resolution
# Millimeters in the period that was followed: a 1 mm line; an overtone of sharp lines, or half-millimeter dots; a 5 mm line where
# perspective or blur drowns finer ones, and its overtone; 2 mm.
MILLIMETERS = (1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5, 5.0, 5 / 2, 2.0)
WAVES = 10  # of the 5 mm pattern: the fifth is the 1 mm line's own, the tenth its first overtone
BOLD_MOST_DB, FINE_MOST_DB, CONTRAST_MOST_DB = 20.0, 30.0, 10.0  # what stands out more adds no certainty
SIDELOBES_DB = 6.0  # over the noise; one wave of noise in fifty reaches this
FAINT_DB = 12.0  # below the 1 mm wave; right hypotheses of labelled pictures leave waves unexplained that are 15 dB below or less
REFUTING_DB = 10.0  # over the noise; a wave that strong is no accident, and if it beats the 1 mm wave that one is an overtone
REFUTED_DB = 12.0  # the price of that: without it 2 of 41 labelled pictures were read at a third or a fifth of their spacing
UNEXPLAINED_WEIGHT = 0.7
TINY = 1e-20  # keeps ratios of powers finite
AROUND = np.geomspace(0.7, 1.4, 97)  # times a frequency: where its noise is measured
QUIET = 0.25  # quantile: on crops of a few millimeters the lines of the comb fill most of the spectrum
QUIET_SHARE = -np.log(1 - QUIET)  # that quantile of noise power, which is distributed exponentially, in its mean


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

    def stands_out(self, frequencies: Floats) -> Floats:
        """Return how far each frequency stands out of the noise around it, in dB; 0 beyond what the pixels can show."""
        around = np.minimum(frequencies[:, None] * AROUND, 0.999 * self.finest)
        noise = np.quantile(self.at(around), QUIET, axis=1) / QUIET_SHARE
        ratio = 10 * np.log10((self.at(frequencies) + TINY) / (noise + TINY))
        return np.where(frequencies < self.finest, ratio, 0.0)


@dataclass(frozen=True)
class Evidence:
    """What a profile shows of a hypothesis, in dB over the noise.

    `bold`: the slow waves of a 5 mm pattern. `fine`, `overtone`: 1 mm lines and their first overtone. `contrast`: how far the 1 mm
    wave stands out of the other overtones of the 5 mm pattern. `unexplained`: the strongest wave that only other hypotheses know.
    """

    bold: float
    fine: float
    overtone: float
    contrast: float
    unexplained: float

    def score(self, trust: float) -> float:
        """Return the sum that ranks hypotheses; `trust` (0..1) says how far the 5 mm pattern is to be believed."""
        return self.bold * trust + self.fine / 2 + self.overtone / 4 + self.contrast - UNEXPLAINED_WEIGHT * self.unexplained


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


def judge(profile: Profile, millimeters: float) -> Evidence:
    """Gather what speaks for and against the profile's period being so many millimeters."""
    comb = millimeters / 5  # of the 5 mm pattern, in cycles per period
    waves = profile.stands_out(np.arange(1.0, WAVES + 1) * comb)
    return Evidence(
        bold=float(np.clip(waves[:4], 0, BOLD_MOST_DB).mean()),
        fine=float(np.clip(waves[4], 0, FINE_MOST_DB)),
        overtone=float(np.clip(waves[9], 0, FINE_MOST_DB)),
        contrast=float(np.clip(waves[4] - max(waves[3], waves[5]), -CONTRAST_MOST_DB, CONTRAST_MOST_DB)),
        unexplained=_unexplained(profile, comb),
    )


def _unexplained(profile: Profile, comb: float) -> float:
    """Return how strong the waves are that the other hypotheses know and this one does not."""
    known = np.unique(np.round([k * other / 5 for other in MILLIMETERS for k in range(1, 6)], 9))
    foreign = known[np.abs(known / comb - np.rint(known / comb)) > 0.01]
    over_noise = profile.stands_out(foreign)
    over_fine = 10 * np.log10((profile.at(foreign) + TINY) / (profile.at(np.array([5 * comb])) + TINY))
    refuted = bool(((over_fine > 0) & (over_noise > REFUTING_DB)).any())
    excess = np.minimum(over_noise - SIDELOBES_DB, over_fine + FAINT_DB)
    return float(np.clip(excess, 0, None).max(initial=0.0)) + REFUTED_DB * refuted
