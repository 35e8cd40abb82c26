"""Results in a notebook as lines of a submission, and lines as a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.notebook.environment import NotebookEnvironment
from ecgbench.submission import Ask, Entry, SubmissionError, SubmissionFile, asks_of, checked_name, entries_of, fit_record

LINES_AT_ONCE = 50_000
USUAL_FS_HZ = 500.0  # where neither test.csv nor a result says a rate


def format_submission(
    results: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    record_id: str | int,
    *,
    fs: float | None = None,
    rows: Mapping[str, int] | int | None = None,
) -> list[Entry]:
    """Return the lines of one record's submission: each an id, {record}_{row}_{lead}, and a value in mV, finite whatever was found.

    `results`: of notebook_process_image, or of notebook_process_batch where several pictures show the record; of each lead the picture
    goes that shows most of it. `fs` and `rows` (lead -> number, or one number for each of the 12): what to write; where neither is given,
    what the competition's test.csv asks of the record, or else, at the rate of the results, 10 s of lead II and 2.5 s of the others. What was
    not found is filled as `ecgbench.submission.fit_record` says. SubmissionError where a number makes no sense.

    >>> result = {"fs": 100, "signals": {"I": [0.1, 0.2, None]}}
    >>> format_submission(result, "62", rows={"I": 3})
    [Entry(id='62_0_I', value=0.1), Entry(id='62_1_I', value=0.2), Entry(id='62_2_I', value=0.2)]
    """
    pictures = [results] if isinstance(results, Mapping) else list(results)
    found = [each for each in pictures if each.get("fs") and each.get("signals")]
    rate = float(found[0]["fs"]) if found else USUAL_FS_HZ
    asks = _asks(str(record_id), fs, rows, rate)
    signals: dict[str, Any] = {}
    for each in found:
        fitted = fit_record(each["signals"], float(each["fs"]), asks)
        for lead in fitted:
            if lead.ask.lead not in signals or lead.filled < signals[lead.ask.lead].filled:
                signals[lead.ask.lead] = lead
    return entries_of(str(record_id), [signals.get(ask.lead) or fit_record({}, rate, [ask])[0] for ask in asks])


def _asks(record: str, fs: float | None, rows: Mapping[str, int] | int | None, rate: float) -> Sequence[Ask]:
    asked = NotebookEnvironment().asked.get(record) if fs is None and rows is None else None
    return asks_of(rate if fs is None else float(fs), rows) if asked is None else asked.leads


def save_submission(entries: Iterable[Any], path: str | os.PathLike[str] = "submission.csv") -> Path:
    r"""Write lines, (id, value) each, of one or several records as .csv or .parquet, and return the path.

    `entries` may be a generator, so that no more than some lines are held; a line may also be a dictionary with `id` and `value`.
    SubmissionError where a value is not finite, or an id is none, stands twice or before one of a lower row; nothing is written then.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_submission([("62_0_I", 0.5)], folder + "/submission.csv").read_text()
    'id,value\n62_0_I,0.5000\n'
    """
    lines = iter(entries)
    last: dict[str, int] = {}
    with SubmissionFile(path) as file:
        while batch := list(islice(lines, LINES_AT_ONCE)):
            ids, values = zip(*(_line(entry) for entry in batch), strict=True)
            _check(ids, values, last)
            file.add(ids, values)
        if file.rows == 0:
            raise SubmissionError("There are no entries to save; format_submission makes them.")
    return file.path


def _line(entry: Any) -> tuple[str, float]:
    name, value = (entry["id"], entry["value"]) if isinstance(entry, Mapping) else entry
    return str(name), float(value)


def _check(ids: Sequence[str], values: Sequence[float], last: dict[str, int]) -> None:
    """Raise SubmissionError where a line is wrong; `last`: the last row of each lead so far, which costs less than every id."""
    wrong = np.flatnonzero(~np.isfinite(np.asarray(values)))
    if wrong.size:
        raise SubmissionError(f"The value of {ids[wrong[0]]} is not finite; a submission holds none of these.")
    for name in ids:
        head, _, lead = name.rpartition("_")
        record, _, row = head.rpartition("_")
        if not (record and lead and row.isdecimal()):
            raise SubmissionError(f"{name[:80]!r} is no id; ids are {{record}}_{{row}}_{{lead}}.")
        key = f"{checked_name(record)}_{checked_name(lead)}"
        if int(row) <= last.get(key, -1):
            raise SubmissionError(f"The id {name} stands twice, or after one of a higher row; format each record once.")
        last[key] = int(row)
