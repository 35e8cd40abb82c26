"""One heartbeat as a moving dipole: P, QRS, T and U waves as sums of Gaussians on the Frank axes, and the ST segment between them.

The form is that of the dipole model of R. Sameni, G. D. Clifford, C. Jutten, M. B. Shamsollahi, "Multichannel ECG and Noise Modeling:
Application to Maternal and Fetal ECG Signals", EURASIP J. Adv. Signal Process. 2007:043407, itself the three-axis form of P. E. McSharry,
G. D. Clifford, L. Tarassenko, L. A. Smith, "A dynamical model for generating synthetic electrocardiogram signals", IEEE Trans. Biomed.
Eng. 50:289-294, 2003. Waves lie in time rather than in phase, since beats of one record differ in length and in kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgbench.plugins.image_sets.synthetic.lead_field import Float

# Waves of a normal beat at 60 a minute, one a row: center (s after the R peak), width (s, sigma), and amplitude (mV) to the left (x), to
# the foot (y) and to the back (z). They follow the loops of the normal vectorcardiogram: both atria; septum (to the right and front),
# apex, free wall (to the left and foot), back and base of the ventricles; a T wave that rises slowly and falls quickly; a small U wave.
ATRIA: Float = np.array([(-0.150, 0.018, 0.030, 0.085, -0.050), (-0.118, 0.020, 0.060, 0.055, 0.022)])
VENTRICLES: Float = np.array(
    [
        (-0.030, 0.0075, -0.13, -0.03, -0.24),
        (-0.013, 0.0085, 0.42, 0.28, -0.34),
        (0.000, 0.0105, 0.95, 0.80, 0.10),
        (0.016, 0.0095, 0.25, 0.10, 0.78),
        (0.031, 0.0095, -0.15, -0.12, 0.34),
    ]
)
RECOVERY: Float = np.array([(0.225, 0.050, 0.125, 0.080, -0.085), (0.275, 0.032, 0.200, 0.130, -0.140)])
AFTER: Float = np.array([(0.460, 0.035, 0.012, 0.008, -0.020)])  # the U wave

SLOW_ENOUGH = 0.05  # QRS ends where the leads change slower than this share of their fastest change
ONTO_ST, OFF_ST = 0.006, 0.030  # s, how softly the ST segment begins and ends
TIMES: Float = np.arange(-0.3, 0.3, 0.00025)  # s around the R peak, for measures of QRS


@dataclass(frozen=True, eq=False)
class Beat:
    """A kind of beat. `atria`, `ventricles`: waves as above, (n, 5), those of recovery among the ventricles'.

    `st`: the dipole (3,) in mV that the ST segment adds from `st_start` to `st_end` (s after the R peak).
    """

    atria: Float
    ventricles: Float
    st: Float
    st_start: float = 0.0
    st_end: float = 0.0

    def dipole(self, times: Float, atrial: Float, ventricular: Float) -> Float:
        """Return the dipole (3, n) in mV at `times` of beats whose R peaks lie at `ventricular`, with P waves for those at `atrial`."""
        return lay(self.atria, atrial, times) + lay(self.ventricles, ventricular, times) + self._st_segment(times, ventricular)

    def _st_segment(self, times: Float, peaks: Float) -> Float:
        if not (len(peaks) and self.st.any()):
            return np.zeros((3, len(times)))
        middle = (self.st_start + self.st_end) / 2
        after = since_nearest(times, peaks + middle) + middle
        return np.outer(self.st, st_window(after, self.st_start, self.st_end))


def lay(waves: Float, peaks: Float, times: Float) -> Float:
    """Return the dipole (3, n) in mV at `times` that repeats `waves` (m, 5) around each of the sorted `peaks`."""
    dipole = np.zeros((3, len(times)))
    if len(peaks):
        for center, width, *amplitude in waves:
            dipole += np.outer(amplitude, np.exp(-0.5 * (since_nearest(times, peaks + center) / width) ** 2))
    return dipole


def since_nearest(times: Float, events: Float) -> Float:
    """Return the time from the nearest of the sorted `events` to each of `times`, negative before it.

    >>> since_nearest(np.array([0.0, 0.4, 0.7]), np.array([0.0, 1.0])).round(1).tolist()
    [0.0, 0.4, -0.3]
    """
    nearest = np.searchsorted((events[1:] + events[:-1]) / 2, times)
    return np.asarray(times - events[nearest], dtype=np.float64)


def st_window(after: Float, start: float, end: float) -> Float:
    """Return how much of the ST segment is there at times `after` the R peak: 0, 1 between `start` and `end`, 0."""
    begun = 1 / (1 + np.exp(np.clip((start - after) / ONTO_ST, -50, 50)))
    over = 1 / (1 + np.exp(np.clip((after - end) / OFF_ST, -50, 50)))
    return np.asarray(begun * over, dtype=np.float64)


def area(waves: Float) -> Float:
    """Return the area (3,) under the waves in mV s."""
    return np.asarray(np.sqrt(2 * np.pi) * waves[:, 1] @ waves[:, 2:], dtype=np.float64)


def complex_bounds(waves: Float, leads: Float) -> tuple[float, float]:
    """Return begin and end (s after the R peak) of a QRS complex as `leads` (m, 3) see it: where they begin and cease to change."""
    speed = np.linalg.norm(np.gradient(leads @ lay(waves, np.zeros(1), TIMES), axis=1), axis=0)
    quick = np.flatnonzero(speed > SLOW_ENOUGH * speed.max())
    return float(TIMES[quick[0]]), float(TIMES[quick[-1]])


def widen(waves: Float, factor: float) -> Float:
    """Stretch waves in time around the R peak."""
    return np.column_stack([waves[:, :2] * factor, waves[:, 2:]])


def shift(waves: Float, seconds: float) -> Float:
    """Move waves to a later time."""
    return np.asarray(waves + np.array([seconds, 0, 0, 0, 0]), dtype=np.float64)


def vary(waves: Float, share: float, rng: np.random.Generator) -> Float:
    """Vary each wave's amplitude by about `share`, its width by half of it, as hearts differ from each other."""
    by = 1 + share * rng.standard_normal((len(waves), 4)).clip(-2, 2) * np.array([0.5, 1, 1, 1])
    return np.hstack([waves[:, :1], waves[:, 1:] * by])


def notches(individuality: float, rng: np.random.Generator) -> Float:
    """Return small waves (2, 5) within QRS that slur or notch it, as scars, the Purkinje net's ways and the last parts of the base do.

    Their size is about half of `individuality` in mV: notches of 0.1 mV are common in healthy hearts, too.
    """
    place, width = rng.uniform(-0.024, 0.026, 2), rng.uniform(0.0045, 0.008, 2)
    size = 0.55 * individuality * rng.standard_normal((2, 3)).clip(-2, 2)
    return np.column_stack([place, width, size])
