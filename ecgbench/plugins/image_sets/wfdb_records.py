"""WFDB records as leads in mV: any spelling of the leads' names, any sampling rate, gain, baseline and unit."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ecgbench.core.results import Signals
from ecgbench.plugins.image_sets.signal_files import SignalsError, check_fs, name_columns, resample, twelve

# mV in one of each unit; the two signs for micro are different characters.
MILLIVOLTS: Mapping[str, float] = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "v": 1e3, "nv": 1e-6}
# Bytes of a sample by signal format (https://wfdb.io/wfdb/signal.5, "Signal Files"); the compressed formats have no fixed size.
BYTES_PER_SAMPLE: Mapping[str, float] = {
    "8": 1, "16": 2, "24": 3, "32": 4, "61": 2, "80": 1, "160": 2, "212": 1.5, "310": 4 / 3, "311": 4 / 3,
}  # fmt: skip
Read = TypeVar("Read")


def read_record(path: str | Path, *, fs: float | None = None, seconds: float | None = None) -> Signals:
    """Read the 12 standard leads of a WFDB record: float32 in mV, NaN for samples marked invalid and for leads it does not have.

    `path`: of the header, with or without ".hea". `fs`: resample to this rate; as recorded where it is None. `seconds`: read no more
    than that from the beginning. Other signals, the Frank leads say, are neither read nor missed where their files are not there.
    Raises SignalsError: one sentence that names the file.
    """
    header_path = header_of(path)
    header = _header(header_path)
    if header.n_sig == 0 or not header.sig_name:
        raise SignalsError(f"The record {header_path} holds no signals.")
    channels = name_columns([str(name or "") for name in header.sig_name], str(header_path))
    rate = check_fs(float(header.fs), str(header_path))
    upto = None if seconds is None or header.sig_len is None else min(header.sig_len, round(seconds * rate))
    if not hasattr(header, "segments"):
        _check_files(header, header_path, channels.values())
    options = {"channels": list(channels.values()), "sampto": upto, "smooth_frames": not _even_frames(header, channels.values())}
    record = _asked(lambda: _wfdb().rdrecord(str(header_path.with_suffix("")), **options), header_path)
    leads, samples_per_frame = _leads(record, channels, header_path)
    signals = Signals(check_fs(rate * samples_per_frame, str(header_path)), twelve(leads))
    return signals if fs is None else resample(signals, fs)


def header_of(path: str | Path) -> Path:
    """Return the path of a record's header from that of the record, its header or one of its signal files."""
    path = Path(path)
    return path.with_suffix(".hea") if path.suffix in {".hea", ".dat", ".mat"} else path.with_name(f"{path.name}.hea")


def signal_files(header_path: Path) -> tuple[Path, ...]:
    """Return the files that a header names, in its order, each once, there or not; those of its segments' headers after these.

    A header that cannot be made sense of names none.
    """
    lines = _lines(header_path)
    in_segments = bool(lines) and "/" in lines[0][0]
    named: dict[Path, None] = {}
    for first, *_ in lines[1:]:
        if Path(first).name != first or first == "~":
            continue
        beside = header_path.with_name(f"{first}.hea" if in_segments else first)
        named |= {beside: None}
        if in_segments and beside != header_path:
            named |= dict.fromkeys(signal_files(beside))
    return tuple(named)


def _lines(header_path: Path) -> list[list[str]]:
    """Return the words of each line of a header, comments apart; none where it cannot be read."""
    try:
        text = header_path.read_text(encoding="latin-1")
    except OSError:
        return []
    return [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _check_names(path: Path, *, segments: bool = True) -> None:
    """Raise SignalsError where a header, or one of its segments', names a file elsewhere: the library would follow it, even to a bucket."""
    lines = _lines(path)
    for first, *_ in lines[1:]:
        if first != "~" and Path(first).name != first:
            raise SignalsError(
                f"The header {path} names {first[:100]!r}, which does not lie beside it; only files of its folder are read."
            )
    if segments and lines and "/" in lines[0][0]:
        for first in {first for first, *_ in lines[1:]} - {"~"}:
            _check_names(path.with_name(f"{first}.hea"), segments=False)


@cache
def _wfdb() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package calls pandas in a way that pandas warns of
        import wfdb
    return wfdb


def _asked(read: Callable[[], Read], path: Path) -> Read:
    """Return what the WFDB library reads; what it raises on broken files is of many types, and says little of the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except OSError as error:
        missing = error.filename or path
        raise SignalsError(
            f"{missing} cannot be read ({error.strerror or 'no such file'}); the record {path} needs it."
        ) from None
    except MemoryError:
        raise SignalsError(f"The record {path} declares more samples than fit into memory.") from None
    except ValueError as error:
        raise SignalsError(f"The record {path} cannot be read: {' '.join(str(error).split()).rstrip('.')}.") from None
    except (LookupError, TypeError, AttributeError, ArithmeticError, AssertionError):
        raise SignalsError(f"The record {path} cannot be read: it is not written as WFDB records are.") from None


def _header(path: Path) -> Any:
    if not path.is_file():
        raise SignalsError(f"There is no record {path.with_suffix('')}: its header {path} does not exist.")
    _check_names(path)
    header = _asked(lambda: _wfdb().rdheader(str(path.with_suffix("")), rd_segments=True), path)
    if hasattr(header, "segments"):  # of a record in segments: the names are those of its first one
        header.sig_name = _asked(header.get_sig_name, path)
    return header


def _even_frames(header: Any, channels: Iterable[int]) -> bool:
    """Tell whether the wanted signals have the same number of samples in a frame, so that none must be averaged."""
    counts = getattr(header, "samps_per_frame", None)
    return counts is not None and len({counts[channel] for channel in channels}) == 1


def _check_files(header: Any, path: Path, channels: Iterable[int]) -> None:
    """Raise SignalsError where a header contradicts itself, or a signal file is shorter than its header says."""
    names = header.file_name or []
    if len(names) != header.n_sig:
        raise SignalsError(f"The header {path} declares {header.n_sig} signals and describes {len(names)}.")
    wanted = {names[channel] for channel in channels if channel < len(names)} - {"~"}
    for name in sorted(wanted):
        inside = [index for index, each in enumerate(names) if each == name]
        size = BYTES_PER_SAMPLE.get(str(header.fmt[inside[0]]))
        file = path.with_name(name)
        if size is None or header.sig_len is None or not file.is_file():
            continue  # the library says what is wrong with those
        frame = sum(header.samps_per_frame[index] or 1 for index in inside)
        needed = int(header.sig_len * frame * size) + int(header.byte_offset[inside[0]] or 0)
        if file.stat().st_size < needed:
            raise SignalsError(f"{file} holds {file.stat().st_size} of the {needed} bytes that {path} declares: it is cut short.")


def _leads(record: Any, channels: Mapping[str, int], path: Path) -> tuple[dict[str, Any], int]:
    """Return the leads of a record that was read, in mV, and how many samples each has in a frame."""
    frames = 1
    if record.p_signal is not None:
        columns = list(record.p_signal.T)
    else:
        columns, frames = list(record.e_p_signal), int(record.samps_per_frame[0])
    if not len(columns[0]):
        raise SignalsError(f"The record {path} holds no samples.")
    leads = {}
    for lead, column, unit in zip(channels, columns, record.units, strict=True):
        scale = MILLIVOLTS.get(str(unit).strip().lower())
        if scale is None:
            raise SignalsError(
                f'The record {path} gives the lead {lead} in "{unit}", which is no unit of voltage; mV, uV and V are.'
            )
        leads[lead] = np.ascontiguousarray(column * scale, dtype=np.float32)
    return leads, frames
