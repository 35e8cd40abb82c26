"""Records with what a device would print above them, so that a header can be shown: the rate is measured, all else is made up by seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.records import RecordFile
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording
from ecgbench.plugins.image_sets.synthetic.reading import Reading, whole_samples_ms

USUAL_MS, WIDE_MS = (78, 112), (138, 170)  # of complexes
LVH = "Left ventricular hypertrophy with repolarization abnormality"
PACED = "Electronic ventricular pacemaker"
NONSPECIFIC = "Nonspecific ST and T wave abnormality"
PVCS = "with occasional premature ventricular complexes"
# What a device would say of the records that `ILL` lists, by eye: rhythm ("" by the rate), what goes with it, and the findings.
SAID: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "00336": ("", PVCS, (LVH,)), "02104": ("", "", ("Cannot rule out Anterior infarct , age undetermined",)),
    "03092": ("", "with frequent premature ventricular complexes", ("Left axis deviation",)), "03740": ("", "", (NONSPECIFIC,)),
    "04097": ("", "", ("Nonspecific T wave abnormality",)), "04922": (PACED, "", ()),
    "05338": ("", "", ("Right bundle branch block", "Left anterior fascicular block")),
    "07054": ("", PVCS, ("Nonspecific T wave abnormality",)), "08406": ("", "", ("Left axis deviation", LVH)),
    "09248": ("", "", ("Anteroseptal infarct , age undetermined", "ST & T wave abnormality, consider lateral ischemia")),
    "09791": ("", "", ("Voltage criteria for left ventricular hypertrophy",)), "12033": ("", "", (NONSPECIFIC,)),
    "12702": ("", "", ("Septal infarct , age undetermined",)), "14167": ("", PVCS, (LVH,)),
    "14628": ("Atrial fibrillation", "with rapid ventricular response", (NONSPECIFIC,)), "16061": ("", "", (LVH,)),
    "18256": ("Atrial fibrillation", "with rapid ventricular response", (LVH,)), "19268": ("", "", (NONSPECIFIC,)),
    "20214": ("", "with frequent premature ventricular complexes", (NONSPECIFIC,)),
    "ludb_035": ("Atrial fibrillation", "with rapid ventricular response", ("Rightward axis",)), "ludb_045": (PACED, "", ()),
    "ludb_060": ("", "with premature atrial complexes", ("Incomplete right bundle branch block",)), "ludb_085": ("", "", (NONSPECIFIC,)),
    "ludb_090": (PACED, "", ()), "ludb_095": ("", "", ("Left bundle branch block",)), "ludb_105": ("", PVCS, (NONSPECIFIC,)),
    "ludb_110": ("", PVCS, ("Low voltage QRS",)), "ludb_125": ("", PVCS, (NONSPECIFIC,)),
}  # fmt: skip
APART_S, STEEP = 0.3, 0.3  # least time between beats, and how steep one is by the steepest


@dataclass(frozen=True)
class Reported(RecordFile):
    """A record of which a device says something."""

    def read(self) -> Recording:
        """Read the record, and say of it what a header needs."""
        recording = super().read()
        rng = np.random.default_rng(crc32(self.record.encode()))
        rate = _rate(np.nan_to_num(np.stack(list(recording.leads.values()))), recording.fs)
        own, with_, found = SAID.get(self.record.rpartition("/")[2].removeprefix("ptbxl_"), ("", "", (NONSPECIFIC,)))
        rhythm = own or ("Sinus bradycardia" if rate < 60 else "Sinus tachycardia" if rate > 100 else "Normal sinus rhythm")
        wide = own == PACED or any("undle branch" in finding and "Incomplete" not in finding for finding in found)
        sinus, qrs_ms = not own, whole_samples_ms(float(rng.integers(*(WIDE_MS if wide else USUAL_MS))))
        qt_ms = whole_samples_ms(430 * float(np.sqrt(60 / rate)) + (qrs_ms - 90) / 2 + rng.normal(0, 15))
        reading = Reading(
            rate, whole_samples_ms(float(rng.integers(128, 204))) if sinus else None, qrs_ms, qt_ms, int(rng.integers(20, 75)) if sinus else None,
            int(rng.integers(*_axis(found, wide=wide))),
            int(rng.integers(-20, 80)), 1.2, 0.8, (f"{rhythm} {with_}".strip(), *found), "Abnormal ECG",
        )  # fmt: skip
        return replace(recording, title=(), reading=reading)  # numbers of records are no numbers of patients


def _rate(leads: npt.NDArray[np.floating], fs: float) -> int:
    """Return the beats in a minute, counted where all leads together are steepest."""
    window = round(0.06 * fs)
    steep = np.convolve(np.abs(np.diff(leads, axis=1)).sum(axis=0), np.ones(window), "same")
    apart, least, found = round(APART_S * fs), STEEP * np.percentile(steep, 99.5), []
    while steep[place := int(steep.argmax())] > max(least, 1e-9):
        found.append(place)
        steep[max(0, place - apart) : place + apart] = 0
    return round(60 * fs / float(np.diff(sorted(found)).mean())) if len(found) > 1 else 75


def _axis(found: tuple[str, ...], *, wide: bool) -> tuple[int, int]:
    """Return between which degrees the axis lies that goes with what was found."""
    if "Rightward axis" in found:
        return 92, 120
    return (-70, -32) if wide or "Left axis deviation" in found else (-20, 88)
