"""A folder of the competition made into a submission: digitized in parallel, written record by record, complete whatever happens."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ecgbench.submission.asked import Asked, SubmissionError, read_asked
from ecgbench.submission.digitizing import DIGITIZE, PICTURE_SECONDS, Picture, Reading, read_pictures
from ecgbench.submission.fitting import fit_record, nothing_found
from ecgbench.submission.writing import SubmissionFile


@dataclass
class SubmissionReport:
    """What a submission holds.

    `filled`: rows of which nothing was found, among `rows`. `missing_leads`: leads without any sample found, in records that were
    digitized. `failed`: record -> why it is all zeros. `not_reached`: records that the time budget left out, all zeros too.
    """

    path: str
    records: int = 0
    rows: int = 0
    filled: int = 0
    missing_leads: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    not_reached: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """Say it in a sentence.

        >>> print(SubmissionReport("s.csv", records=2, rows=37500, filled=18750, failed={"7": "There is no file 7.png."}, seconds=3.2))
        s.csv: 2 records, 37500 rows, in 3.2 s; 50.00 % of the rows were not found and are filled: 1 record failed.
        """
        told = f"{self.path}: {_counted(self.records, 'record')}, {self.rows} rows, in {self.seconds:.1f} s"
        if not self.filled:
            return f"{told}; every row was found."
        reasons = [
            *([f"{_counted(len(self.failed), 'record')} failed"] if self.failed else []),
            *([f"{_counted(self.not_reached, 'record')} not reached in time"] if self.not_reached else []),
            *([f"{_counted(self.missing_leads, 'lead')} not seen"] if self.missing_leads else []),
        ]
        share = 100 * self.filled / self.rows
        return f"{told}; {share:.2f} % of the rows were not found and are filled{': ' * bool(reasons)}{', '.join(reasons)}."

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-safe."""
        return asdict(self)

    def _repr_html_(self) -> str:
        failed = "".join(f"<li>{html.escape(record)}: {html.escape(error)}</li>" for record, error in self.failed.items())
        return f"<p>{html.escape(str(self))}</p>" + (f"<ul>{failed}</ul>" if failed else "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


Told = Callable[[str, Reading, int, int], None]  # of each record: its reading, its number from 1 on, and how many there are


def make_submission(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    options: Mapping[str, Any] | None = None,
    max_workers: int | None = None,
    max_seconds: float | None = None,
    timeout: float | None = PICTURE_SECONDS,
    told: Told | None = None,
) -> SubmissionReport:
    """Digitize the pictures that test.csv lists and write the submission, .csv or .parquet, with exactly the ids that it asks for.

    `folder`: the competition's, with test.csv and test/, or its test/. `options`: of the pipeline, besides digitizing.
    `max_seconds`: after which what is not yet digitized is filled; `timeout`: of one picture. What was not found is filled as
    `fit_record` says; the file stands there once it is whole. SubmissionError where test.csv cannot be read.
    """
    start = time.perf_counter()
    home = competition_folder(folder)
    asked = read_asked(home)
    pictures = [Picture(str(home / "test" / f"{each.record}.png"), each.leads[0].fs) for each in asked]
    report = SubmissionReport(str(out))
    reading_all = read_pictures(
        pictures, {**(options or {}), DIGITIZE: True}, max_workers=max_workers, max_seconds=max_seconds, timeout=timeout
    )
    with SubmissionFile(out) as file, closing(reading_all) as readings:
        for number, (each, reading) in enumerate(zip(asked, readings, strict=True), start=1):
            _write_record(file, each, reading, report)
            if told is not None:
                told(each.record, reading, number, len(asked))
    report.rows, report.seconds = file.rows, time.perf_counter() - start
    return report


def _write_record(file: SubmissionFile, asked: Asked, reading: Reading, report: SubmissionReport) -> None:
    fitted = nothing_found(asked.leads) if reading.fs is None else fit_record(reading.leads, reading.fs, asked.leads)
    file.add_record(asked.record, fitted)
    report.records += 1
    report.filled += sum(lead.filled for lead in fitted)
    if not reading.reached:
        report.not_reached += 1
    elif reading.error is not None:
        report.failed[asked.record] = reading.error
    else:
        report.missing_leads += sum(lead.missing for lead in fitted)


def competition_folder(folder: str | os.PathLike[str]) -> Path:
    """Return the folder of the competition, given it or its test/. SubmissionError where there is no test.csv."""
    given = Path(folder)
    for home in (given, given.absolute().parent if given.name == "test" else given):
        if (home / "test.csv").is_file():
            return home
    raise SubmissionError(f"{given} has no test.csv; give the competition's folder, with test.csv and test/ in it.")
