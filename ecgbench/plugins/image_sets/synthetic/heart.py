"""Twelve-lead ECGs of a moving dipole, seen by the leads through Dower's matrix: hearts with a rate, an axis, a rhythm and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.core.params import make_params, param, param_specs
from ecgbench.plugins.image_sets.synthetic.activation import REGIONS, make_beats
from ecgbench.plugins.image_sets.synthetic.lead_field import (
    DOWER,
    ELECTRODES,
    INDEPENDENT_LEADS,
    LEADS,
    Float,
    Leads,
    twelve_leads,
)
from ecgbench.plugins.image_sets.synthetic.noise import beat_to_beat, electrode_noise
from ecgbench.plugins.image_sets.synthetic.rhythm import Rhythm, f_waves, fibrillation, sinus, with_premature

__all__ = ["DRAWN_RHYTHMS", "HEART_SETTINGS", "LEADS", "Float", "Heart", "Leads", "draw_heart", "make_leads"]

RHYTHMS = ("sinus", "af")
DRAWN_RHYTHMS = (*RHYTHMS, "ectopy")
# What a spec may say of its hearts ("rhythm=af&heart_rate=120"), and the argument of draw_heart that it is.
HEART_SETTINGS: Mapping[str, str] = {
    "rhythm": "rhythm", "heart_rate": "rate_bpm", "axis": "axis_deg", "qrs_ms": "qrs_ms", "st_mv": "st_mv", "st_region": "st_region",
    "pvc_share": "pvc_share", "noise_uv": "noise_uv", "wander_uv": "wander_uv", "burst_uv": "burst_uv", "hum_uv": "hum_uv", "motion_uv": "motion_uv",
}  # fmt: skip
BREATHING = 0.05  # share by which the dipole grows and shrinks as the heart moves with the diaphragm


@dataclass(frozen=True)
class Heart:
    """A heart and how it is recorded; the defaults are a normal one at 60 beats a minute, without noise. Raises ParamError out of bounds.

    >>> Heart(rate_bpm=140, rhythm="af").rhythm
    'af'
    """

    rate_bpm: float = param(60.0, 25, 220, "mean heart rate, beats a minute")
    rhythm: str = param("sinus", doc="sinus rhythm or atrial fibrillation (irregular, f waves, no P)", choices=RHYTHMS)
    rr_variation: float = param(
        0.0, 0, 0.15, "in sinus rhythm, share by which breathing and blood pressure change the RR interval"
    )
    rr_irregularity: float = param(
        0.22, 0.05, 0.4, "in atrial fibrillation, standard deviation of the RR intervals by their mean"
    )
    f_wave_uv: float = param(80.0, 0, 250, "in atrial fibrillation, amplitude of the f waves in V1, uV")
    pvc_share: float = param(
        0.0, 0, 0.5, "share of the beats that are premature ventricular ones; at least one where it is not 0"
    )
    pvc_coupling: float = param(0.6, 0.4, 0.8, "RR intervals from the beat before to a premature one")
    axis_deg: float = param(55.0, -180, 180, "frontal axis of the net area of QRS in I and aVF: 0 to the left, 90 to the foot")
    rotation_deg: float = param(0.0, -40, 40, "turn of the dipole in the horizontal plane, from the back to the left")
    qrs_ms: float = param(92.0, 60, 200, "duration of QRS over all leads, ms; T follows the ventricular gradient")
    st_mv: float = param(
        0.02, -0.5, 0.8, "ST level 60 ms after the J point, mean over the leads of st_region, against the PR level, mV"
    )
    st_region: str = param(
        "global", doc="leads whose mean ST level st_mv is; others see its mirror image", choices=tuple(REGIONS)
    )
    p_gain: float = param(1.0, 0, 3, "of the P wave's amplitude")
    qrs_gain: float = param(1.0, 0.2, 2, "of the QRS complex' amplitude")
    t_gain: float = param(1.0, -1.5, 3, "of the T wave's amplitude")
    individuality: float = param(
        0.0, 0, 0.3, "share by which each wave and each chest electrode differs from the model's, at random"
    )
    breath_hz: float = param(0.25, 0.1, 0.6, "respiration, Hz")
    wander_uv: float = param(0.0, 0, 500, "standard deviation of the baseline's wander at each electrode, uV")
    noise_uv: float = param(0.0, 0, 200, "standard deviation of muscle noise at each electrode, uV")
    burst_uv: float = param(0.0, 0, 500, "what tense muscles add to it for a while, here and there, uV")
    hum_uv: float = param(0.0, 0, 200, "amplitude of mains hum at the electrode that picks up most, uV")
    motion_uv: float = param(0.0, 0, 2000, "largest shift of an electrode that is moved, which decays, uV")
    beat_variation: float = param(0.0, 0, 0.3, "standard deviation by which waves differ in size from beat to beat")

    def __post_init__(self) -> None:
        for spec in param_specs(Heart):
            object.__setattr__(self, spec.name, spec.check(getattr(self, spec.name)))


def draw_heart(rng: np.random.Generator, **fixed: Any) -> Heart:
    """Draw a heart of a resting adult: four of five in sinus rhythm, one of ten with premature beats, one of ten in atrial fibrillation.

    `fixed`: fields of Heart that are given; the others are drawn as they would be without. Its `rhythm` may also be "ectopy", sinus
    rhythm with premature beats. Raises ParamError where a field is not known or out of bounds.
    """
    rhythm = str(rng.choice(DRAWN_RHYTHMS, p=(0.8, 0.1, 0.1)))
    rhythm = str(fixed.pop("rhythm", rhythm))
    drawn = _draw_recording(rng) | _draw_conduction(rng) | _draw_rate(rng, rhythm)
    return _checked(drawn | fixed)


def _checked(values: Mapping[str, Any]) -> Heart:
    heart = make_params(Heart, values)
    assert isinstance(heart, Heart)
    return heart


def _draw_rate(rng: np.random.Generator, rhythm: str) -> dict[str, Any]:
    """Draw what belongs to the rhythm, always with the same number of draws."""
    where, share, coupling, irregularity, f_wave = rng.uniform(0, 1, 5)
    low, high = {"af": (60, 150), "ectopy": (55, 95)}.get(rhythm, (50, 110))
    drawn: dict[str, Any] = {"rhythm": rhythm, "rate_bpm": low + (high - low) * where}
    if rhythm == "ectopy":
        drawn |= {"rhythm": "sinus", "pvc_share": 0.08 + 0.22 * share, "pvc_coupling": 0.5 + 0.15 * coupling}
    if rhythm == "af":
        drawn |= {"rr_irregularity": 0.16 + 0.12 * irregularity, "f_wave_uv": 40 + 90 * f_wave}
    return drawn


def _draw_conduction(rng: np.random.Generator) -> dict[str, Any]:
    """Draw axis, QRS and ST: most of them normal, one of six complexes wide, one of three ST segments raised or lowered."""
    region, deviates, wide = str(rng.choice(tuple(REGIONS))), rng.uniform() < 0.35, rng.uniform() < 1 / 6
    level, raised, width, normal = (
        rng.uniform(0, 1),
        rng.uniform() < 0.6,
        rng.uniform(115, 160),
        rng.standard_normal(3).clip(-2, 2),
    )
    deviation = 0.08 + 0.32 * level if raised else -0.05 - 0.15 * level
    return {
        "axis_deg": float(35 + 35 * normal[0]),
        "qrs_ms": float(width if wide else 92 + 8 * normal[1]),
        "st_region": region if deviates else "global",
        "st_mv": float(deviation if deviates else 0.015 + 0.015 * normal[2]),
    }


def _draw_recording(rng: np.random.Generator) -> dict[str, Any]:
    """Draw sizes and disturbances. The default heart is that of a healthy young adult; most patients' voltages are lower."""
    size = np.exp(rng.standard_normal(3).clip(-2, 2) * (0.25, 0.3, 0.4))
    drawn = {
        "rr_variation": float(rng.uniform(0.01, 0.06)),
        "p_gain": float(0.9 * size[0]),
        "qrs_gain": float(0.72 * size[1]),
        "t_gain": float(0.7 * size[2]),
        "rotation_deg": float(rng.uniform(-25, 25)),
        "individuality": float(rng.uniform(0.08, 0.28)),
        "breath_hz": float(rng.uniform(0.2, 0.33)),
        "beat_variation": float(rng.uniform(0.01, 0.06)),
    }
    return drawn | _draw_noise(rng)


def _draw_noise(rng: np.random.Generator) -> dict[str, Any]:
    """Draw noise as resting recordings have it: a little of all, and much of one or the other in some."""
    usual, much, whether = rng.standard_normal(2).clip(-2, 2), rng.uniform(0, 1, 3), rng.uniform(0, 1, 3)
    return {
        "noise_uv": float(6 * np.exp(0.6 * usual[0])),
        "wander_uv": float(28 * np.exp(0.7 * usual[1])),
        "burst_uv": float(15 + 70 * much[0] ** 2) if whether[0] < 0.45 else 0.0,
        "hum_uv": float(5 + 25 * much[1] ** 2) if whether[1] < 0.3 else 0.0,
        "motion_uv": float(80 + 420 * much[2] ** 2) if whether[2] < 0.2 else 0.0,
    }


def make_leads(heart: Heart, rng: np.random.Generator, *, fs: float = 500.0, seconds: float = 10.0) -> Leads:
    """Record a heart: each of the 12 leads as float32 (fs * seconds,) in mV.

    III = II - I, aVR = -(I + II) / 2, aVL = I - II / 2 and aVF = II - I / 2 hold exactly in float32.

    >>> leads = make_leads(Heart(), np.random.default_rng(0))
    >>> len(leads), leads["II"].shape, bool(np.array_equal(leads["III"], leads["II"] - leads["I"]))
    (12, (5000,), True)
    """
    times = np.arange(round(fs * seconds)) / fs
    body = _draw_body(heart, rng)
    normal, premature = make_beats(heart, body, rng)
    rhythm = make_rhythm(heart, seconds, rng)
    dipole = normal.dipole(times, rhythm.atrial, rhythm.conducted) + premature.dipole(times, np.empty(0), rhythm.premature)
    dipole *= beat_to_beat(heart.beat_variation, np.sort(np.append(rhythm.conducted, rhythm.premature)), times, rng)
    dipole *= 1 + BREATHING * np.sin(2 * np.pi * (heart.breath_hz * times + rng.uniform()))
    if heart.rhythm == "af":
        dipole += f_waves(heart.f_wave_uv / 1000, times, rng)
    seen = body @ dipole + ELECTRODES @ electrode_noise(heart, rng, times)
    return twelve_leads(dict(zip(INDEPENDENT_LEADS, seen.astype(np.float32), strict=True)))


def make_rhythm(heart: Heart, seconds: float, rng: np.random.Generator) -> Rhythm:
    """Return when a heart beats."""
    if heart.rhythm == "af":
        peaks = fibrillation(heart.rate_bpm, heart.rr_irregularity, seconds, rng)
    else:
        peaks = sinus(heart.rate_bpm, heart.rr_variation, heart.breath_hz, seconds, rng)
    return with_premature(peaks, heart.pvc_share, heart.pvc_coupling, seconds, rng)


def _draw_body(heart: Heart, rng: np.random.Generator) -> Float:
    """Return what the eight leads see of the dipole in this body, (8, 3): Dower's matrix, with the chest leads a little elsewhere."""
    differ = heart.individuality / 2 * rng.standard_normal((6, 3)).clip(-2, 2)
    return np.vstack([DOWER[:2], DOWER[2:] * (1 + differ)])
