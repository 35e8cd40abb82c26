"""Recorded leads in text files, their names in every spelling, and other sampling rates."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgbench.core.page import PageError
from ecgbench.core.results import Signals

Samples = npt.NDArray[np.float32]

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
TIME_COLUMNS = frozenset({"time", "t", "time_s", "time (s)", "seconds", "sec"})
FINEST_FS_HZ, COARSEST_FS_HZ = 100_000.0, 1.0  # beyond these a sampling rate is a mistake
UNEVEN = 0.5  # of a sampling interval, by which a time may be off before its column is no clock
ROUND_FS = 1e-3  # times are written with few digits: a rate this near to a whole number is that number
LARGEST_DENOMINATOR = (
    10_000  # of the ratio of two sampling rates; what it cannot express shifts the end of 10 s by 0.5 ms at most
)
LONGEST_HEAD = 4096  # characters in which a file's first line names its columns
# Of the resampling filter. Three samples of the slower rate on each side keep ringing beside spikes and steps that short; the width of
# the window (Kaiser) keeps the model heart of `synthetic` within 2 uV of itself between 250, 360, 500 and 1000 Hz.
FILTER_REACH, FILTER_BETA = 3, 6.0
_LEAD = re.compile(r"(?:(?:lead|ecg)[\s_-]*)?(i{1,3}|av[rlf]|v[1-6])", re.IGNORECASE)
_BY_SMALL_NAME = {name.lower(): name for name in LEADS}


class SignalsError(PageError):
    """Leads that cannot be read from a file; the message is one sentence that names the file."""

    def __init__(self, message: str) -> None:
        super().__init__(os.fsencode(message).decode("utf-8", "backslashreplace"))  # a path may hold bytes that are no text


def lead_name(text: str) -> str | None:
    """Return the standard name of a lead in any spelling, None where it is none of the twelve.

    >>> [lead_name(text) for text in ("AVR", "ii", " v1 ", "Lead aVF", "vx", "-aVR")]
    ['aVR', 'II', 'V1', 'aVF', None, None]
    """
    found = _LEAD.fullmatch(text.strip())
    return _BY_SMALL_NAME[found[1].lower()] if found else None


def name_columns(names: Sequence[str], path: str) -> dict[str, int]:
    """Return which column or channel of a file holds each lead, in the order of LEADS.

    Raises SignalsError where none does, or where two hold the same.
    """
    found: dict[str, int] = {}
    for column, name in enumerate(names):
        lead = lead_name(name)
        if lead in found:
            raise SignalsError(f"{path} holds the lead {lead} twice; keep one of them.")
        if lead is not None:
            found[lead] = column
    if not found:
        shown = ", ".join(name.strip() or "(no name)" for name in names[:15]) or "nothing"
        raise SignalsError(
            f"{path} holds none of the 12 standard leads (I .. III, aVR .. aVF, V1 .. V6); it holds {shown[:200]}."
        )
    return {lead: found[lead] for lead in LEADS if lead in found}


def twelve(leads: Mapping[str, Samples]) -> dict[str, Samples]:
    """Return all twelve leads in the order of LEADS, NaN all along where one was not recorded."""
    samples = len(next(iter(leads.values())))
    return {name: leads[name] if name in leads else np.full(samples, np.nan, np.float32) for name in LEADS}


def names_leads(path: str | Path) -> bool:
    """Tell whether the first line of a file names at least one lead; also True where it cannot be read, which is said later."""
    try:
        with Path(path).open(encoding="utf-8-sig", errors="replace") as file:
            head = file.readline(LONGEST_HEAD)
    except OSError:
        return True
    return not head.strip() or any(lead_name(_unquoted(cell)) for cell in head.split(","))


def signals_from_csv(path: str | Path, *, fs: float | None = None) -> Signals:
    """Read leads in mV from a CSV file: a column each, named in its first line, empty or "nan" where nothing is known.

    All twelve leads come back, NaN where a column is missing; columns of other names are left out. `fs`: samples per second; where it
    is None, a column "time" in seconds tells. Raises SignalsError: one sentence that names the file and, where it can, the line.
    """
    head, lines = _lines(str(path))
    names = [_unquoted(cell) for cell in head.split(",")]
    columns = name_columns(names, str(path))
    clock = next((column for column, name in enumerate(names) if name.lower() in TIME_COLUMNS), None)
    wanted = list(columns.values()) + ([] if clock is None else [clock])
    table = _numbers(str(path), lines, names, wanted)
    if fs is None:
        if clock is None:
            raise SignalsError(f'{path} does not tell its sampling rate; give it a column "time" in seconds.')
        fs = _rate(table[:, -1], str(path))
    leads = {lead: np.ascontiguousarray(table[:, index], dtype=np.float32) for index, lead in enumerate(columns)}
    return Signals(check_fs(fs, str(path)), twelve(leads))


def _unquoted(cell: str) -> str:
    return cell.strip().strip('"')


def _lines(path: str) -> tuple[str, list[str]]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SignalsError(f"{path} cannot be read ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        raise SignalsError(f"{path} is no text; leads are read from comma-separated numbers.") from None
    lines = text.rstrip("\n").split("\n")
    if not lines[0].strip():
        raise SignalsError(f"{path} is empty; its first line should name the leads.")
    if len(lines) == 1:
        raise SignalsError(f"{path} names its columns but holds no samples.")
    return lines[0], lines[1:]


def _numbers(path: str, lines: Sequence[str], names: Sequence[str], columns: Sequence[int]) -> npt.NDArray[np.float64]:
    """Return the numbers (n, columns) of the lines; an empty line is a sample of which nothing is known in a file of one column."""
    rows = [line.split(",") for line in lines]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(names):
            raise SignalsError(f"Line {number} of {path} has {len(row)} cells where the first line names {len(names)} columns.")
    try:
        table = [[float(row[column].strip() or "nan") for column in columns] for row in rows]
    except ValueError:
        raise SignalsError(_not_a_number(path, rows, names, columns)) from None
    numbers = np.array(table, dtype=np.float64)
    if np.isinf(numbers).any():
        raise SignalsError(f"Line {2 + int(np.isinf(numbers).any(axis=1).argmax())} of {path} holds an infinite number.")
    return numbers


def _not_a_number(path: str, rows: Iterable[Sequence[str]], names: Sequence[str], columns: Sequence[int]) -> str:
    for number, row in enumerate(rows, start=2):
        for column in columns:
            try:
                float(row[column].strip() or "nan")
            except ValueError:
                return f'Line {number} of {path} holds "{row[column].strip()[:40]}" under {names[column]}, which is no number.'
    return f"{path} holds something that is no number."


def _rate(times: npt.NDArray[np.float64], path: str) -> float:
    """Return the samples per second of a clock in seconds."""
    if len(times) < 2 or not np.isfinite(times).all() or times[-1] <= times[0]:
        raise SignalsError(f"The times in {path} do not run forward, so that its sampling rate is not known.")
    step = (times[-1] - times[0]) / (len(times) - 1)
    if np.abs(times - times[0] - step * np.arange(len(times))).max() > UNEVEN * step:
        raise SignalsError(f"The times in {path} are not evenly spaced; resample its leads to one rate.")
    fs = 1 / step
    return float(round(fs)) if abs(fs - round(fs)) < ROUND_FS * fs and round(fs) else float(fs)


def check_fs(fs: float, path: str) -> float:
    """Return a sampling rate that makes sense; raise SignalsError where it does not."""
    if not COARSEST_FS_HZ <= fs <= FINEST_FS_HZ:  # also where it is NaN
        raise SignalsError(f"{path} states {fs:g} samples per second; {COARSEST_FS_HZ:g} to {FINEST_FS_HZ:g} make sense.")
    return float(fs)


def resample(signals: Signals, fs: float) -> Signals:
    """Return the leads at another sampling rate, band-limited by a short linear-phase filter; the same signals where the rate is theirs.

    What is not known stays so: NaN samples are bridged for the filter and set again in the result. Nothing rings at the ends, nor farther
    than three samples of the slower rate from a step.
    Raises ValueError where `fs` is not positive.
    """
    if fs == signals.fs:
        return signals
    if not (math.isfinite(fs) and fs > 0):
        raise ValueError(f"A sampling rate is positive, got {fs}.")
    ratio = Fraction(fs / signals.fs).limit_denominator(LARGEST_DENOMINATOR)
    leads = {name: _resampled(signal, ratio) for name, signal in signals.leads.items()}
    return replace(signals, fs=float(fs), leads=leads)


def _resampled(signal: Samples, ratio: Fraction) -> Samples:
    from scipy.signal import firwin, resample_poly

    known = np.isfinite(signal)
    size = max(1, round(len(signal) * ratio)) if len(signal) else 0
    if not known.any():
        return np.full(size, np.nan, np.float32)
    bridged = np.interp(np.arange(len(signal)), np.flatnonzero(known), signal[known])
    slower = max(ratio.numerator, ratio.denominator)
    taps: Any = firwin(2 * FILTER_REACH * slower + 1, 1 / slower, window=("kaiser", FILTER_BETA)) if slower > 1 else np.ones(1)
    made = resample_poly(bridged, ratio.numerator, ratio.denominator, window=taps, padtype="line")[:size]
    nearest = np.minimum(np.rint(np.arange(size) / float(ratio)).astype(np.intp), len(signal) - 1)
    made = np.pad(made, (0, size - len(made)), mode="edge")
    return np.where(known[nearest], made, np.nan).astype(np.float32)
