"""What a device measures in a heart, and what it says of it: statements that follow from the numbers it prints."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.synthetic.activation import make_beats
from ecgbench.plugins.image_sets.synthetic.beat import AFTER, RECOVERY, area, complex_bounds
from ecgbench.plugins.image_sets.synthetic.heart import Heart
from ecgbench.plugins.image_sets.synthetic.lead_field import DOWER, Float, lead_vectors

Voltages = npt.NDArray[np.floating]
SIGMAS = 2.2  # from the middle of a wave to where it is seen to begin or end
# Bounds of the normal adult: P. M. Rautaharju, B. Surawicz, L. S. Gettes et al., "AHA/ACCF/HRS Recommendations for the
# Standardization and Interpretation of the Electrocardiogram" parts III and IV, Circulation 119:e235-e250, 2009.
LONG_PR_MS, WIDE_QRS_MS, LONG_QTC_MS = 200, 120, 460
LEFT_AXIS, RIGHT_AXIS = -30, 90  # degrees
RAISED_MV, LOWERED_MV = 0.1, -0.05
AFTER_QRS = len(RECOVERY) + len(AFTER)  # waves of a beat
BAZETT_BPM = 100  # above it, Bazett's formula corrects too much
FLAT_T, LOW_QRS = 0.35, 0.42  # gains of the model's waves
NORMAL, MINOR, MAJOR = "Normal ECG", "Otherwise normal ECG", "Abnormal ECG"
BORDERLINE = "Borderline ECG"


@dataclass(frozen=True)
class Reading:
    """What a device prints of a recording: rate (beats a minute), intervals (ms), axes (degrees) and statements.

    `pr_ms`, `p_axis`: None in atrial fibrillation. `findings`: the rhythm first. `verdict`: of all of them.
    """

    rate: int
    pr_ms: int | None
    qrs_ms: int
    qt_ms: int
    p_axis: int | None
    qrs_axis: int
    t_axis: int
    r_v5_mv: float
    s_v1_mv: float
    findings: tuple[str, ...]
    verdict: str

    @property
    def qtc_ms(self) -> int:
        """QT corrected for the rate by H. C. Bazett, "An analysis of the time-relations of electrocardiograms", Heart 7:353-370, 1920."""
        return round(self.qt_ms * float(np.sqrt(self.rate / 60)))


def read_heart(heart: Heart, v1: Voltages, v5: Voltages) -> Reading:
    """Return what a device would make of a heart whose leads V1 and V5 are given in mV.

    >>> read_heart(Heart(rate_bpm=50), np.zeros(9), np.zeros(9)).findings
    ('Sinus bradycardia',)
    """
    beat, _ = make_beats(replace(heart, individuality=0.0), DOWER, np.random.default_rng(0))
    onset, _ = complex_bounds(beat.ventricles[:-AFTER_QRS], DOWER)
    p_start, t_end = beat.atria[0, 0] - SIGMAS * beat.atria[0, 1], beat.ventricles[-2, 0] + SIGMAS * beat.ventricles[-2, 1]
    fibrillating = heart.rhythm == "af"
    plain = Reading(
        rate=round(heart.rate_bpm),
        pr_ms=None if fibrillating else whole_samples_ms(1000 * (onset - p_start)),
        qrs_ms=whole_samples_ms(heart.qrs_ms),
        qt_ms=whole_samples_ms(1000 * (t_end - onset)),
        p_axis=None if fibrillating else _axis(area(beat.atria)),
        qrs_axis=round(heart.axis_deg),
        t_axis=_axis(area(beat.ventricles[-AFTER_QRS:-1])),
        r_v5_mv=float(np.nanmax(v5, initial=0)),
        s_v1_mv=float(-np.nanmin(v1, initial=0)),
        findings=(),
        verdict=NORMAL,
    )
    major, minor = _major(heart, plain), _minor(heart, plain)
    unsure = BORDERLINE if any("Borderline" in said or "Nonspecific" in said for said in minor) else MINOR
    verdict = MAJOR if major or fibrillating else unsure if minor or _rhythm(heart) != "Normal sinus rhythm" else NORMAL
    return replace(plain, findings=(_rhythm(heart), *major, *minor), verdict=verdict)


def whole_samples_ms(ms: float) -> int:
    """Return a time as devices say it that take 500 samples a second.

    >>> whole_samples_ms(97.4)
    98
    """
    return 2 * round(ms / 2)


def _axis(net: Float) -> int:
    one, foot = lead_vectors(DOWER, ["I", "aVF"]) @ net
    return round(float(np.rad2deg(np.arctan2(2 / np.sqrt(3) * foot, one))))


def _rhythm(heart: Heart) -> str:
    rate = round(heart.rate_bpm)
    if heart.rhythm == "af":
        fast = " with rapid ventricular response" if rate > 100 else ""
        return f"Atrial fibrillation{fast}"
    return "Sinus bradycardia" if rate < 60 else "Sinus tachycardia" if rate > 100 else "Normal sinus rhythm"


def _major(heart: Heart, found: Reading) -> list[str]:
    where = "" if heart.st_region == "global" else f"{heart.st_region} "
    said = {
        "Frequent premature ventricular complexes": heart.pvc_share > 0.15,
        "Premature ventricular complexes": 0 < heart.pvc_share <= 0.15,
        "Nonspecific intraventricular block": found.qrs_ms >= WIDE_QRS_MS,
        f"ST elevation, consider {where}injury or acute infarct": heart.st_mv >= RAISED_MV,
        f"ST depression, consider {where}ischemia": heart.st_mv <= LOWERED_MV,
        "Prolonged QT interval": found.qtc_ms > LONG_QTC_MS and found.qrs_ms < WIDE_QRS_MS and found.rate <= BAZETT_BPM,
    }
    return [text for text, true in said.items() if true]


def _minor(heart: Heart, found: Reading) -> list[str]:
    said = {
        "1st degree A-V block": (found.pr_ms or 0) > LONG_PR_MS,
        "Left axis deviation": found.qrs_axis < LEFT_AXIS,
        "Rightward axis": found.qrs_axis > RIGHT_AXIS,
        "Low voltage QRS": heart.qrs_gain < LOW_QRS,
        "Nonspecific T wave abnormality": heart.t_gain < FLAT_T,
    }
    return [text for text, true in said.items() if true]
