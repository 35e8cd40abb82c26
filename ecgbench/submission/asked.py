"""What a submission must hold of each record: its leads, their sampling rates and numbers of rows, as test.csv asks or by the rules."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecgbench.core.image_set import SpecError
from ecgbench.plugins.image_sets.kaggle import COLUMNS, read_table
from ecgbench.plugins.image_sets.signal_files import LEADS

RHYTHM_LEAD, RHYTHM_SECONDS, OTHER_SECONDS = "II", 10.0, 2.5  # what the competition's test.csv asks for
MOST_ROWS = 100_000  # of a lead: 10 s at ten times the highest rate in use
HIGHEST_FS_HZ = MOST_ROWS / RHYTHM_SECONDS
UNFIT = frozenset(',"\r\n')  # an id is written without quotes


class SubmissionError(ValueError):
    """A submission that cannot be made or scored; the message is one sentence that says what is wrong."""


@dataclass(frozen=True)
class Ask:
    """One lead that is asked for: `rows` samples of `lead`, as test.csv spells it, at `fs` Hz."""

    lead: str
    fs: float
    rows: int


@dataclass(frozen=True)
class Asked:
    """What is asked of one record, lead by lead in the order of test.csv."""

    record: str
    leads: tuple[Ask, ...]

    @property
    def rows(self) -> int:
        """The number of rows of all leads."""
        return sum(ask.rows for ask in self.leads)


def rules(fs: float) -> tuple[Ask, ...]:
    """Return what the rules ask of any record at `fs` Hz: 10 s of lead II and floor(2.5 fs) samples of each other lead.

    >>> [(ask.lead, ask.rows) for ask in rules(257)[:3]]
    [('I', 642), ('II', 2570), ('III', 642)]
    """
    fs = _checked_fs(fs)
    return tuple(Ask(lead, fs, int((RHYTHM_SECONDS if lead == RHYTHM_LEAD else OTHER_SECONDS) * fs)) for lead in LEADS)


def asks_of(fs: float, rows: Mapping[str, Any] | int | None) -> tuple[Ask, ...]:
    """Return what `rows` asks for at `fs` Hz: lead -> number, one number for each of the 12 leads, or None for the rules'.

    SubmissionError where a number makes no sense.
    """
    if rows is None:
        return rules(fs)
    wanted = rows if isinstance(rows, Mapping) else dict.fromkeys(LEADS, rows)
    return tuple(Ask(checked_name(str(lead)), _checked_fs(fs), _checked_rows(lead, number)) for lead, number in wanted.items())


def read_asked(folder: str | Path) -> list[Asked]:
    """Return what test.csv in `folder` asks for, record by record in its order. SubmissionError names the file and the line."""
    path = Path(folder) / "test.csv"
    try:
        table = read_table(path, COLUMNS["test"])
    except SpecError as error:
        raise SubmissionError(str(error)) from None
    records: dict[str, dict[str, Ask]] = {}
    for number, row in enumerate(table, start=2):
        try:
            ask = _read_ask(row)
            leads = records.setdefault(checked_name(row["id"]), {})
            if leads.setdefault(ask.lead, ask) is not ask:
                raise SubmissionError(f"{row['id']} asks for the lead {ask.lead} twice")
        except SubmissionError as error:
            raise SubmissionError(f"Line {number} of {path}: {str(error).rstrip('.')}.") from None
    return [Asked(record, tuple(leads.values())) for record, leads in records.items()]


def _read_ask(row: Mapping[str, str]) -> Ask:
    try:
        fs, rows = float(row["fs"]), int(row["number_of_rows"])
    except ValueError:
        raise SubmissionError(f"fs {row['fs']!r} and number_of_rows {row['number_of_rows']!r} are not both numbers") from None
    return Ask(checked_name(row["lead"]), _checked_fs(fs), _checked_rows(row["lead"], rows))


def checked_name(name: str) -> str:
    """Return the name of a record or a lead. SubmissionError where no unquoted id can hold it."""
    if not name or UNFIT & set(name):
        raise SubmissionError(
            f"The name {name[:50]!r} cannot stand in an id: no commas, quotes and line breaks, and not nothing."
        )
    return name


def _checked_fs(fs: float) -> float:
    if not (math.isfinite(fs) and 0 < fs <= HIGHEST_FS_HZ):
        raise SubmissionError(f"The field 'fs' must be samples per second above 0 and at most {HIGHEST_FS_HZ:g}, got {fs:g}.")
    return float(fs)


def _checked_rows(lead: Any, number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= MOST_ROWS:
        raise SubmissionError(f"The rows of {str(lead)[:50]} must be a whole number of 0..{MOST_ROWS}.")
    return number
