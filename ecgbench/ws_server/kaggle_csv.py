"""Signals as lines of a Kaggle submission, for the endpoint that gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ecgbench.submission import SubmissionError, asks_of, csv_text, fit_record
from ecgbench.wire import WireError


def submission_csv(record_id: str, fs: float, signals: Mapping[str, Any], rows: Mapping[str, int] | None = None) -> str:
    """Return the lines of one record, with their head, as every door of ecgbench writes them.

    `signals`: lead -> millivolts at `fs` Hz, None or NaN where nothing is known. `rows`: lead -> number of lines; by default the
    competition's, 10 s of lead II and 2.5 s of the others. WireError where a number makes no sense.

    >>> print(submission_csv("62", 4, {"I": [0.1, 0.2, 0.3]}, {"I": 4}))
    id,value
    62_0_I,0.1000
    62_1_I,0.2000
    62_2_I,0.3000
    62_3_I,0.2000
    <BLANKLINE>
    """
    try:
        return csv_text(record_id, fit_record(signals, fs, asks_of(fs, rows)))
    except SubmissionError as error:
        raise WireError("bad_option", str(error)) from None
