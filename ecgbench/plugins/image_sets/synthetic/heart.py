"""Twelve-lead ECGs of a moving dipole: sums of Gaussians on three Frank axes, seen by the leads through Dower's matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Leads = dict[str, npt.NDArray[np.float32]]

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")

# The Gaussians of a normal beat: amplitude (mV), width and phase (rad, R peak at 0) on each Frank axis.
# R. Sameni, G. D. Clifford, C. Jutten, M. B. Shamsollahi, "Multichannel ECG and Noise Modeling: Application to Maternal and
# Fetal ECG Signals", EURASIP J. Adv. Signal Process. 2007:043407, table 1.
WAVES: tuple[Float, Float, Float] = (
    np.array(
        [
            (0.03, 0.0906, -1.09), (0.08, 0.1057, -0.83), (-0.13, 0.0453, -0.19), (0.85, 0.0378, -0.07), (1.11, 0.0332, 0.0),
            (0.75, 0.0302, 0.06), (0.06, 0.0378, 0.22), (0.10, 0.6040, 1.20), (0.17, 0.3020, 1.42), (0.39, 0.1812, 1.68),
            (0.03, 0.5, 2.90),
        ]
    ),
    np.array(
        [
            (0.035, 0.07, -1.10), (0.015, 0.07, -0.90), (-0.019, 0.04, -0.76), (0.32, 0.055, -0.11), (0.51, 0.037, -0.01),
            (-0.32, 0.0604, 0.065), (0.04, 0.45, 0.80), (0.08, 0.3, 1.58), (0.014, 0.5, 2.90),
        ]
    ),
    np.array(
        [
            (-0.03, 0.03, -1.10), (-0.14, 0.12, -0.93), (-0.035, 0.04, -0.70), (0.045, 0.4, -0.40), (-0.40, 0.045, -0.15),
            (0.46, 0.05, 0.095), (-0.12, 0.8, 1.05), (-0.20, 0.4, 1.25), (-0.35, 0.2, 1.55), (-0.035, 0.4, 2.80),
        ]
    ),
)  # fmt: skip

# What the eight independent leads see of the dipole (x to the left, y to the foot, z to the back).
# G. E. Dower, H. B. Machado, J. A. Osborne, "On deriving the electrocardiogram from vectorcardiographic leads",
# Clin. Cardiol. 3:87-95, 1980.
INDEPENDENT_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
DOWER: Float = np.array(
    [
        (0.632, -0.235, 0.059),
        (0.235, 1.066, -0.132),
        (-0.515, 0.157, -0.917),
        (0.044, 0.164, -1.387),
        (0.882, 0.098, -1.277),
        (1.213, 0.127, -0.601),
        (1.125, 0.127, -0.086),
        (0.831, 0.076, 0.230),
    ]
)

# What the eight independent leads see of the nine electrodes RA, LA, LL, V1 .. V6; a chest lead is read against the mean of the limbs.
ELECTRODES: Float = np.vstack(
    [
        np.array([(-1, 1, 0, *[0] * 6), (-1, 0, 1, *[0] * 6)], dtype=np.float64),
        np.hstack([np.full((6, 3), -1 / 3), np.eye(6)]),
    ]
)

QRS_PHASE = 0.5  # rad; Gaussians nearer to the R peak belong to the QRS complex, earlier ones to P, later ones to T
MAYER_HZ = 0.1  # the slow rhythm of blood pressure in the RR intervals (McSharry et al. 2003, below)


@dataclass(frozen=True)
class Heart:
    """A heart and how it is recorded; the defaults are the published beat at 60 beats a minute, without noise.

    `rate_bpm`: mean heart rate. `rr_variation`: share by which breathing and blood pressure change the RR interval.
    `p_gain`, `qrs_gain`, `t_gain`: of the waves' amplitudes. `axis_deg`: turn of the dipole in the frontal plane, clockwise as
    the viewer sees it; `rotation_deg`: in the horizontal plane, from the back to the left. `breath_hz`: of respiration.
    `wander_mv`: amplitude of the baseline's wander at each electrode; `noise_mv`: standard deviation of muscle noise there.
    """

    rate_bpm: float = 60.0
    rr_variation: float = 0.0
    p_gain: float = 1.0
    qrs_gain: float = 1.0
    t_gain: float = 1.0
    axis_deg: float = 0.0
    rotation_deg: float = 0.0
    breath_hz: float = 0.25
    wander_mv: float = 0.0
    noise_mv: float = 0.0


def draw_heart(rng: np.random.Generator) -> Heart:
    """Draw a heart within the range of resting adults: 50 to 110 beats a minute, gains and axes around the published beat."""
    return Heart(
        rate_bpm=float(rng.uniform(50, 110)),
        rr_variation=float(rng.uniform(0.01, 0.06)),
        p_gain=float(rng.uniform(0.7, 1.5)),
        qrs_gain=float(rng.uniform(0.6, 1.1)),
        t_gain=float(rng.uniform(0.5, 1.2)),
        axis_deg=float(rng.uniform(-15, 45)),
        rotation_deg=float(rng.uniform(-20, 20)),
        breath_hz=float(rng.uniform(0.2, 0.33)),
        wander_mv=float(rng.uniform(0.0, 0.05)),
        noise_mv=float(rng.uniform(0.001, 0.008)),
    )


def make_leads(heart: Heart, rng: np.random.Generator, *, fs: float = 500.0, seconds: float = 10.0) -> Leads:
    """Record a heart: each of the 12 leads as float32 (fs * seconds,) in mV.

    III = II - I, aVR = -(I + II) / 2, aVL = I - II / 2 and aVF = II - I / 2 hold exactly in float32.

    >>> leads = make_leads(Heart(), np.random.default_rng(0))
    >>> len(leads), leads["II"].shape, bool(np.array_equal(leads["III"], leads["II"] - leads["I"]))
    (12, (5000,), True)
    """
    times = np.arange(round(fs * seconds)) / fs
    seen = DOWER @ _dipole(heart, _phase(heart, rng, times), times) + ELECTRODES @ _electrode_noise(heart, rng, times)
    return _twelve_leads(dict(zip(INDEPENDENT_LEADS, seen.astype(np.float32), strict=True)))


def _phase(heart: Heart, rng: np.random.Generator, times: Float) -> Float:
    """Return the phase of the beat at each time, 2 pi a beat and a multiple of it at each R peak.

    RR intervals swing with respiration and with blood pressure, as in P. E. McSharry, G. D. Clifford, L. Tarassenko, L. A. Smith,
    "A dynamical model for generating synthetic electrocardiogram signals", IEEE Trans. Biomed. Eng. 50:289-294, 2003.
    """
    mean_rr = 60 / heart.rate_bpm
    start, slow, breath = rng.uniform(0, 1, 3)
    beats = np.arange(np.ceil(times[-1] / mean_rr * (1 + heart.rr_variation)) + 3)
    swing = np.sin(2 * np.pi * (MAYER_HZ * beats * mean_rr + slow))
    swing += np.sin(2 * np.pi * (heart.breath_hz * beats * mean_rr + breath))
    peaks = np.cumsum(mean_rr * (1 + heart.rr_variation / 2 * swing))
    peaks -= peaks[0] + mean_rr * start
    return np.asarray(np.interp(times, peaks, 2 * np.pi * beats), dtype=np.float64)


def _dipole(heart: Heart, phase: Float, times: Float) -> Float:
    """Return the dipole (3, n) in mV on the Frank axes.

    Widths grow in phase with the square root of the heart rate, and P and T move away from R with its fourth root, as in
    McSharry's ECGSYN: so a quick heart has shorter waves, but not in proportion.
    """
    stretch = np.sqrt(heart.rate_bpm / 60)
    axes = []
    for waves in WAVES:
        amplitude, width, center = waves.T
        gain = np.select([center < -QRS_PHASE, center > QRS_PHASE], [heart.p_gain, heart.t_gain], heart.qrs_gain)
        center = np.where(np.abs(center) > QRS_PHASE, center * np.sqrt(stretch), center * stretch)
        distance = np.remainder(phase[:, None] - center + np.pi, 2 * np.pi) - np.pi
        axes.append(np.exp(-0.5 * (distance / (width * stretch)) ** 2) @ (amplitude * gain))
    breathing = 1 + 0.05 * np.sin(2 * np.pi * heart.breath_hz * times)  # the heart moves with the diaphragm
    return np.asarray(_turn(heart) @ (np.stack(axes) * breathing), dtype=np.float64)


def _turn(heart: Heart) -> Float:
    frontal, horizontal = np.deg2rad([heart.axis_deg, heart.rotation_deg])
    c, s = np.cos(frontal), np.sin(frontal)
    in_front = np.array([(c, -s, 0), (s, c, 0), (0, 0, 1)])
    c, s = np.cos(horizontal), np.sin(horizontal)
    from_above = np.array([(c, 0, s), (0, 1, 0), (-s, 0, c)])
    return np.asarray(from_above @ in_front, dtype=np.float64)


def _electrode_noise(heart: Heart, rng: np.random.Generator, times: Float) -> Float:
    """Return wander and muscle noise (9, n) in mV at the electrodes, so that every relation between leads survives it."""
    size = (ELECTRODES.shape[1], len(times))
    white = rng.standard_normal((size[0], size[1] + 2))
    muscle = heart.noise_mv * (white[:, :-2] + 2 * white[:, 1:-1] + white[:, 2:]) / np.sqrt(6)
    amplitude, phase = rng.uniform(0.5, 1, (size[0], 1)), rng.uniform(0, 1, (size[0], 1))
    wander = heart.wander_mv * amplitude * np.sin(2 * np.pi * (heart.breath_hz * times + phase))
    return np.asarray(muscle + wander, dtype=np.float64)


def _twelve_leads(independent: Leads) -> Leads:
    """Derive III by Einthoven's law and the augmented leads by Goldberger's definitions, in the order of LEADS."""
    one, two, half = independent["I"], independent["II"], np.float32(0.5)
    derived = {"III": two - one, "aVR": -half * (one + two), "aVL": one - half * two, "aVF": two - half * one}
    both = independent | derived
    return {name: both[name] for name in LEADS}
