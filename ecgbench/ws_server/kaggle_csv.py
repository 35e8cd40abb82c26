"""Signals as lines of a Kaggle submission: `id,value`, id = {record}_{row}_{lead}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgbench.wire import WireError

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
RHYTHM_LEAD, RHYTHM_SECONDS, OTHER_SECONDS = "II", 10.0, 2.5  # what the competition's test.csv asks for
MOST_ROWS = 100_000  # of a lead: 10 s at ten times the highest rate in use


def submission_csv(record_id: str, fs: float, signals: Mapping[str, Any], rows: Mapping[str, int] | None = None) -> str:
    """Return the lines of one record, with their head.

    `signals`: lead -> millivolts at `fs` Hz, None or NaN where nothing is known. `rows`: lead -> number of lines; by default the
    competition's, 10 s of lead II and 2.5 s of the others. A lead that is not there is 0; gaps are bridged, ends are 0.
    WireError where a number makes no sense.

    >>> print(submission_csv("62", 4, {"I": [0.1, None, 0.3]}, {"I": 4}))
    id,value
    62_0_I,0.1000
    62_1_I,0.2000
    62_2_I,0.3000
    62_3_I,0.0000
    <BLANKLINE>
    """
    if not (np.isfinite(fs) and 0 < fs <= MOST_ROWS / RHYTHM_SECONDS):
        raise WireError("bad_option", f"The field 'fs' must be samples per second above 0 and at most 10000, got {fs:g}.")
    wanted = _wanted(fs) if rows is None else {str(lead): _count(lead, number) for lead, number in rows.items()}
    lines = ["id,value"]
    for lead, number in wanted.items():
        values = _fitted(lead, signals.get(lead, ()), number)
        lines += [f"{record_id}_{row}_{lead},{value:.4f}" for row, value in enumerate(values.tolist())]
    return "\n".join(lines) + "\n"


def _wanted(fs: float) -> dict[str, int]:
    return {lead: int((RHYTHM_SECONDS if lead == RHYTHM_LEAD else OTHER_SECONDS) * fs) for lead in LEADS}


def _count(lead: str, number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_ROWS:
        raise WireError("bad_option", f"The rows of {str(lead)[:50]} must be a whole number of 0..{MOST_ROWS}.")
    return number


def _fitted(lead: str, signal: Sequence[Any], number: int) -> npt.NDArray[np.float64]:
    """Return `number` samples from the first known one on, gaps bridged by straight lines, 0 behind the last known one."""
    try:
        values = np.asarray(signal, np.float64)
    except (TypeError, ValueError):
        values = np.empty((0, 0))
    if values.ndim != 1:
        raise WireError("bad_option", f"The signal of {lead[:50]} must be a list of numbers and nulls.")
    known = np.flatnonzero(np.isfinite(values))
    fitted = np.zeros(number)
    if known.size:
        first = known[0] if values.size > number else 0
        at = np.arange(first, min(first + number, known[-1] + 1))
        fitted[: at.size] = np.interp(at, known, values[known])
    return fitted
