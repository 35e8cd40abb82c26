"""Submissions as files: `id,value` with id = {record}_{row}_{lead}, unquoted, written record by record as CSV or parquet."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol

from ecgbench.submission.asked import SubmissionError, checked_name
from ecgbench.submission.fitting import DIGITS, Fitted

HEAD = "id,value\n"
FORMATS = (".csv", ".parquet")
GROUP_ROWS = 500_000  # of a parquet file: 30 MB in memory, whatever the number of records


class Entry(NamedTuple):
    """One line of a submission: `value` in mV."""

    id: str
    value: float


class Writer(Protocol):
    """Takes lines of a submission."""

    def add(self, ids: Sequence[str], values: Sequence[float]) -> None:
        """Write lines."""

    def close(self) -> None:
        """End the file."""


def ids_of(record: str, fitted: Fitted) -> list[str]:
    """Return the ids of a lead's rows.

    >>> from ecgbench.submission.asked import Ask
    >>> from ecgbench.submission.fitting import nothing_found
    >>> ids_of("62", nothing_found([Ask("V1", 500, 2)])[0])
    ['62_0_V1', '62_1_V1']
    """
    return [f"{record}_{row}_{fitted.ask.lead}" for row in range(len(fitted.values))]


def entries_of(record: str, fitted: Iterable[Fitted]) -> list[Entry]:
    """Return the lines of a record, lead by lead."""
    checked_name(record)
    return [Entry(name, value) for lead in fitted for name, value in zip(ids_of(record, lead), lead.values.tolist(), strict=True)]


def csv_text(record: str, fitted: Iterable[Fitted]) -> str:
    """Return a record as a submission of its own."""
    entries = entries_of(record, fitted)
    return HEAD + csv_lines([entry.id for entry in entries], [entry.value for entry in entries])


def csv_lines(ids: Sequence[str], values: Sequence[float]) -> str:
    """Return lines of CSV."""
    return "".join([f"{name},{value:.{DIGITS}f}\n" for name, value in zip(ids, values, strict=True)])


class SubmissionFile:
    """A submission that is being written, .csv or .parquet by its name; the file stands there once it is whole.

    Use it as a context: what was written is thrown away where the block raises.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if self.path.suffix not in FORMATS:
            raise SubmissionError(f"{self.path} is neither .csv nor .parquet; a submission is one of them.")
        self._part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        self.rows = 0

    def __enter__(self) -> SubmissionFile:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writer: Writer = CsvWriter(self._part) if self.path.suffix == ".csv" else ParquetWriter(self._part)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._writer.close()
            if kind is None:
                self._part.replace(self.path)
        finally:
            self._part.unlink(missing_ok=True)

    def add_record(self, record: str, fitted: Iterable[Fitted]) -> None:
        """Write the leads of a record."""
        for lead in fitted:
            self.add(ids_of(record, lead), lead.values.tolist())

    def add(self, ids: Sequence[str], values: Sequence[float]) -> None:
        """Write lines."""
        self._writer.add(ids, values)
        self.rows += len(ids)


class CsvWriter:
    """Writes text."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.write(HEAD)

    def add(self, ids: Sequence[str], values: Sequence[float]) -> None:
        """Write lines."""
        self._file.write(csv_lines(ids, values))

    def close(self) -> None:
        """End the file."""
        self._file.close()


class ParquetWriter:
    """Gathers lines and writes them in groups."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._schema = pa.schema([("id", pa.string()), ("value", pa.float64())])
        self._writer = pq.ParquetWriter(path, self._schema, use_dictionary=False, compression="zstd")
        self._waiting: list[Any] = []

    def add(self, ids: Sequence[str], values: Sequence[float]) -> None:
        """Take lines; write a group once there are enough."""
        import pyarrow as pa

        self._waiting.append(pa.record_batch([pa.array(ids, pa.string()), pa.array(values, pa.float64())], schema=self._schema))
        if sum(batch.num_rows for batch in self._waiting) >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write what is left and end the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            table = pa.Table.from_batches(self._waiting, self._schema)
            self._writer.write_table(table, row_group_size=GROUP_ROWS)
            self._waiting.clear()
