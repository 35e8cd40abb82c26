"""When the heart beats: sinus rhythm, premature ventricular beats and atrial fibrillation, with the waves of fibrillating atria."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgbench.plugins.image_sets.synthetic.lead_field import Float

MAYER_HZ = 0.1  # the slow rhythm of blood pressure in the RR intervals (McSharry et al. 2003, see beat.py)
BEFORE = 2.0  # s of beats before the recording begins, so that it begins anywhere in a beat
EDGE = 0.35  # s at both ends of the recording that hold no premature beat, so that the whole of it is seen
EARLIEST_S = 0.36  # after the beat before: the ventricles cannot be excited sooner
SHORTEST_RR = 0.45  # of the mean RR interval in atrial fibrillation: what the AV node lets through at the soonest
REFRACTORY_S = 0.25  # and never sooner than this


@dataclass(frozen=True, eq=False)
class Rhythm:
    """Times in s, sorted: R peaks of conducted beats, R peaks that the P waves belong to (also blocked ones), premature beats."""

    conducted: Float
    atrial: Float
    premature: Float


def sinus(rate_bpm: float, variation: float, breath_hz: float, seconds: float, rng: np.random.Generator) -> Float:
    """Return the R peaks of sinus rhythm from before 0 to after `seconds`.

    RR intervals swing with respiration and with blood pressure by the share `variation`, as in McSharry et al. 2003 (see beat.py).
    """
    mean_rr = 60 / rate_bpm
    start, slow, breath = rng.uniform(0, 1, 3)
    beats = np.arange(np.ceil((seconds + 2 * BEFORE) / mean_rr * (1 + variation)) + 3)
    swing = np.sin(2 * np.pi * (MAYER_HZ * beats * mean_rr + slow))
    swing += np.sin(2 * np.pi * (breath_hz * beats * mean_rr + breath))
    peaks = np.cumsum(mean_rr * (1 + variation / 2 * swing))
    return np.asarray(peaks - peaks[0] - BEFORE - mean_rr * start, dtype=np.float64)


def fibrillation(rate_bpm: float, variation: float, seconds: float, rng: np.random.Generator) -> Float:
    """Return the R peaks in atrial fibrillation: independent RR intervals, gamma distributed above the AV node's refractory time.

    `variation`: standard deviation of the RR intervals as a share of their mean.
    """
    mean_rr = 60 / rate_bpm
    count = int(np.ceil((seconds + 2 * BEFORE) / mean_rr * 1.5)) + 3
    shortest = min(max(SHORTEST_RR, REFRACTORY_S / mean_rr), 0.9)
    shape = ((1 - shortest) / variation) ** 2
    intervals = mean_rr * (shortest + (1 - shortest) * rng.gamma(shape, 1 / shape, count))
    start = rng.uniform(0, 1)
    peaks = np.cumsum(intervals)
    peaks -= peaks[0] + BEFORE + mean_rr * start
    first, last = np.searchsorted(peaks, (0, seconds))  # the rate is that of the recording, not of an endless one
    if last > first:
        peaks *= mean_rr * (last - first) / (peaks[last] - peaks[first])
    return np.asarray(peaks, dtype=np.float64)


def with_premature(peaks: Float, share: float, coupling: float, seconds: float, rng: np.random.Generator) -> Rhythm:
    """Replace the `share` of the beats by premature ventricular beats, at least one where it is not 0, never two in a row.

    Each comes `coupling` RR intervals after the beat before. The sinus node does not notice: its P wave comes in time but is blocked,
    and the pause is compensatory.
    """
    before, after = peaks[:-1], peaks[1:]
    times = before + np.minimum(np.maximum(coupling * (after - before), EARLIEST_S), 0.85 * (after - before))
    free = np.flatnonzero((times > EDGE) & (times < seconds - EDGE))
    wanted = max(1, round(share * len(free))) if share else 0
    wanted = min(wanted, (len(free) + 1) // 2)
    spread = np.sort(rng.permutation(len(free) - wanted + 1)[:wanted]) + np.arange(wanted)  # no two are neighbors
    chosen = free[spread]
    return Rhythm(np.delete(peaks, chosen + 1), peaks, times[chosen])


# The f waves' dipole at its largest, as V1 sees it: from the right atrium's free wall, to the front and foot.
FIBRILLATING: Float = np.array([-0.50, 0.60, -0.71])
HARMONICS = 3  # more make it sharper than recordings are


def f_waves(amplitude_mv: float, times: Float, rng: np.random.Generator) -> Float:
    """Return the dipole (3, n) of fibrillating atria in mV, of about `amplitude_mv` in V1.

    A sawtooth of 4.5 to 8 Hz whose amplitude and frequency swing slowly, on each axis on its own: the model of M. Stridh, L. Sörnmo,
    "Spatiotemporal QRST cancellation techniques for analysis of atrial fibrillation", IEEE Trans. Biomed. Eng. 48:105-111, 2001.
    """
    base_hz = rng.uniform(4.5, 8)
    slow_hz = rng.uniform(0.1, 0.6, (2, 3, 1))
    phase = rng.uniform(0, 1, (2, 3, 1))
    lag = rng.uniform(-0.12, 0.12, (3, 1))  # of a turn: the axes do not move as one
    shared = 2 * np.pi * base_hz * times + rng.uniform(0, 2 * np.pi)
    swing = 0.5 * np.sin(2 * np.pi * (slow_hz[0] * times + phase[0])) / slow_hz[0]  # up to half a Hz, as a phase
    angle = shared + swing + 2 * np.pi * lag
    size = 2 / np.pi * (1 + 0.4 * np.sin(2 * np.pi * (slow_hz[1] * times + phase[1])))
    order = np.arange(1, HARMONICS + 1)[:, None, None]
    saw = -(size * np.sin(order * angle) / order).sum(axis=0)
    return np.asarray(amplitude_mv * FIBRILLATING[:, None] * saw, dtype=np.float64)
