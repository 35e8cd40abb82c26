"""Digitized leads as files: CSV, and WFDB records."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ecgbench.core.page import PageError
from ecgbench.core.results import Signals

FORMATS = (".csv", ".hea")
DECIMALS = 4  # of mV: 0.1 uV, a hundredth of what 200 dpi show
INVALID = -(2**15)  # of a 16-bit sample: not known
PER_MV = 1000  # WFDB's units in a mV: 1 uV, and 32 mV fit into 16 bits


def only(signals: Signals, leads: Iterable[str]) -> Signals:
    """Return the signals of some leads, in the order asked for; names are compared without their case. PageError where one is not there."""
    known = {name.casefold(): name for name in signals.leads}
    wanted = [lead.strip() for lead in leads]
    lacking = [lead for lead in wanted if lead.casefold() not in known]
    if lacking:
        raise PageError(f"The page shows no lead {', '.join(lacking)}; it shows {', '.join(signals.leads) or 'none'}.")
    return replace(signals, leads={known[lead.casefold()]: signals.leads[known[lead.casefold()]] for lead in wanted})


def write_signals(signals: Signals, path: Path) -> list[Path]:
    """Write leads to `name.csv` or to the WFDB record `name.hea` and `name.dat`; return the files. PageError for another suffix or no leads."""
    if path.suffix not in FORMATS:
        raise PageError(f"Leads are written to {' or '.join(FORMATS)}, not to {path.name}.")
    if not signals.leads:
        raise PageError(f"There are no leads to write to {path.name}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    return [_write_csv(signals, path)] if path.suffix == ".csv" else _write_record(signals, path)


def _table(signals: Signals) -> np.ndarray:
    size = max(len(signal) for signal in signals.leads.values())
    return np.column_stack(
        [np.pad(signal.astype(np.float64), (0, size - len(signal)), constant_values=np.nan) for signal in signals.leads.values()]
    )


def _write_csv(signals: Signals, path: Path) -> Path:
    """Write a column of seconds and one of mV for each lead; empty cells are not known."""
    table = _table(signals)
    times = np.arange(len(table)) / signals.fs
    lines = [",".join(["time", *signals.leads])]
    for time, row in zip(times, table, strict=True):
        lines.append(",".join([f"{time:.6g}", *("" if np.isnan(value) else f"{value:.{DECIMALS}f}" for value in row)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _write_record(signals: Signals, path: Path) -> list[Path]:
    """Write a 16-bit WFDB record; samples that are not known are WFDB's invalid ones."""
    count, table = len(signals.leads), _table(signals)
    digital = np.where(np.isnan(table), INVALID, np.clip(np.rint(np.nan_to_num(table) * PER_MV), INVALID + 1, -INVALID - 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wfdb asks pandas for what newer versions of pandas will drop
        import wfdb  # takes 0.9 s to import

        wfdb.wrsamp(
            path.stem, fs=signals.fs, units=["mV"] * count, sig_name=list(signals.leads), d_signal=digital.astype(np.int16),
            fmt=["16"] * count, adc_gain=[PER_MV] * count, baseline=[0] * count, write_dir=str(path.parent),
        )  # fmt: skip
    return [path, path.with_suffix(".dat")]
