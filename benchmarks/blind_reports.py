"""Records with what a device would print above them, so that a header can be shown: the rate is measured, all else is made up by seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.records import RecordFile
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording
from ecgbench.plugins.image_sets.synthetic.reading import Reading

FINDINGS = (
    "Nonspecific T wave abnormality", "Left axis deviation", "Prolonged QT", "Possible Inferior infarct , age undetermined",
    "ST & T wave abnormality, consider lateral ischemia", "Minimal voltage criteria for LVH, may be normal variant",
    "Incomplete right bundle branch block", "Cannot rule out Anterior infarct , age undetermined",
    "T wave abnormality, consider anterior ischemia", "Possible Left atrial enlargement",
)  # fmt: skip
APART_S, STEEP = 0.3, 0.3  # least time between beats, and how steep one is by the steepest


@dataclass(frozen=True)
class Reported(RecordFile):
    """A record of which a device says something."""

    def read(self) -> Recording:
        """Read the record, and say of it what a header needs."""
        recording = super().read()
        rng = np.random.default_rng(crc32(self.record.encode()))
        rate = _rate(np.nan_to_num(np.stack(list(recording.leads.values()))), recording.fs)
        rhythm = "Sinus bradycardia" if rate < 60 else "Sinus tachycardia" if rate > 100 else "Normal sinus rhythm"
        found = [str(said) for said in rng.choice(FINDINGS, rng.integers(1, 3), replace=False)]
        axes = (int(rng.integers(20, 75)), int(rng.integers(-30, 90)), int(rng.integers(-20, 80)))
        reading = Reading(
            rate, int(rng.integers(128, 204)), int(rng.integers(78, 112)), round(430 * float(np.sqrt(60 / rate)) + rng.normal(0, 15)),
            *axes, 1.2, 0.8, (rhythm, *found), "Abnormal ECG",
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
