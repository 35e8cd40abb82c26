"""Submissions and solutions read back: tables of `id,value` (and `fs`) in any order, kept as runs of samples."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgbench.submission.asked import SubmissionError

Floats = npt.NDArray[np.float64]
Key = tuple[str, str]  # of a lead: its record and its name

BATCH_ROWS = 200_000  # read at a time


class Table:
    """A submission or a solution: the samples of each lead of each record, 8 bytes each, and their rate where the table states it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.fs: dict[str, float] = {}
        self._runs: dict[Key, list[tuple[int, Floats]]] = {}
        for ids, values, fs in _batches(self.path):
            self._take(ids, values, fs)
        if not self._runs:
            raise SubmissionError(f"{self.path} is empty; it has the columns id and value.")

    @property
    def leads(self) -> Mapping[str, list[str]]:
        """The leads of each record."""
        found: dict[str, list[str]] = {}
        for record, lead in self._runs:
            found.setdefault(record, []).append(lead)
        return found

    def take_lead(self, record: str, lead: str) -> Floats:
        """Return the samples of a lead, which are then forgotten here. SubmissionError where a row is missing or stands twice."""
        runs = sorted(self._runs.pop((record, lead), []), key=lambda run: run[0])
        due = 0
        for first, values in runs:
            if first != due:
                what = "lacks" if first > due else "states twice"
                raise SubmissionError(f"{self.path} {what} the id {record}_{min(first, due)}_{lead}.")
            due += len(values)
        return np.concatenate([values for _, values in runs]) if runs else np.empty(0)

    def _take(self, ids: list[str], values: Floats, fs: Floats | None) -> None:
        """Keep a batch as runs of rows that follow each other; the batch may be in any order."""
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            raise SubmissionError(f"{self.path} holds no finite number at the id {ids[wrong[0]]}.")
        keys, leads, rows = self._read_ids(ids)
        order = np.lexsort((rows, leads))
        leads, rows, values = leads[order], rows[order], values[order]
        breaks = np.flatnonzero((np.diff(leads) != 0) | (np.diff(rows) != 1)) + 1
        for first, last in zip([0, *breaks], [*breaks, len(rows)], strict=True):
            if last > first:
                self._runs.setdefault(keys[leads[first]], []).append((int(rows[first]), values[first:last].copy()))
        if fs is not None:
            self._take_fs(keys, leads, fs[order])

    def _take_fs(self, keys: list[Key], leads: npt.NDArray[np.intp], fs: Floats) -> None:
        for at, (record, _) in enumerate(keys):
            rates = np.unique(fs[leads == at])
            if rates.size != 1 or self.fs.setdefault(record, float(rates[0])) != rates[0] or not 0 < rates[0] < np.inf:
                raise SubmissionError(f"{self.path} must state one fs above 0 in every row of {record}.")

    def _read_ids(self, ids: list[str]) -> tuple[list[Key], npt.NDArray[np.intp], npt.NDArray[np.int64]]:
        """Return the leads that occur, which of them each id names, and its row."""
        known: dict[Key, int] = {}
        leads, rows = np.empty(len(ids), np.intp), np.empty(len(ids), np.int64)
        for at, name in enumerate(ids):
            record, _, rest = name.rpartition("_")
            record, _, row = record.rpartition("_")
            if not (record and rest and row.isascii() and row.isdigit() and len(row) < 10):
                raise SubmissionError(f"{self.path} holds the id {name[:80]!r}, which is not {{record}}_{{row}}_{{lead}}.")
            leads[at] = known.setdefault((record, rest), len(known))
            rows[at] = int(row)
        return list(known), leads, rows


def _batches(path: Path) -> Iterator[tuple[list[str], Floats, Floats | None]]:
    """Yield ids, values and, where there is such a column, fs."""
    import pyarrow as pa

    if not path.is_file():
        raise SubmissionError(f"There is no file {path}; check the path.")
    try:
        for batch in (_parquet if path.suffix == ".parquet" else _csv)(path):
            numbers = [_array(batch.column(at)) for at in range(1, batch.num_columns)]
            ids = [str(name) for name in batch.column(0).to_pylist()]
            yield ids, numbers[0], numbers[1] if len(numbers) > 1 else None
    except (pa.ArrowException, ValueError) as error:
        if isinstance(error, SubmissionError):
            raise
        raise SubmissionError(f"{path} cannot be read as a table of id and value ({' '.join(str(error).split())}).") from None


def _parquet(path: Path) -> Iterator[Any]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(BATCH_ROWS, columns=_columns(path, file.schema_arrow.names))


def _csv(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.csv as pc

    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        names = next(csv.reader(file), [])
    columns = _columns(path, names)
    types = {name: pa.string() if name == "id" else pa.float64() for name in columns}
    with pc.open_csv(path, convert_options=pc.ConvertOptions(include_columns=columns, column_types=types)) as batches:
        yield from batches


def _array(column: Any) -> Floats:
    """Return numbers as float64, NaN where there are none."""
    import pyarrow as pa

    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _columns(path: Path, names: list[str]) -> list[str]:
    lacking = [name for name in ("id", "value") if name not in names]
    if lacking:
        shown = ", ".join(names)[:80] or "none"
        raise SubmissionError(f"{path} lacks the column {' and '.join(lacking)}; the columns that it has are: {shown}.")
    return ["id", "value", *(["fs"] if "fs" in names else [])]
