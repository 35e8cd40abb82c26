"""The competition's score of a submission against its solution."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ecgbench.plugins.metrics.digitize import Lead, mean_ratio_db, record_ratio
from ecgbench.submission.asked import RHYTHM_LEAD, RHYTHM_SECONDS, SubmissionError
from ecgbench.submission.reading import Table


@dataclass(frozen=True)
class Score:
    """`score_db`: of the submission, -384 to 25.84 dB. `ratios`: of powers, record by record, 0 to 384."""

    score_db: float
    ratios: dict[str, float]


def score_submission(submission: str | os.PathLike[str], solution: str | os.PathLike[str]) -> Score:
    """Score a submission as the competition "PhysioNet - Digitization of ECG Images" does.

    `submission`: a table of id and value. `solution`: a table of id, fs and value (CSV or parquet; fs may be left out where lead II is
    there for 10 s). Rows may stand in any order. Each lead is aligned and compared as the metric "kaggle" says; a record's ratio is the
    sum of its leads' powers over that of their noise, at most 384, and the score 10 log10 of the mean of the ratios, at least -384.

    SubmissionError where a value is not finite or the submission's ids are not the solution's, each once.
    """
    found, true = Table(submission), Table(solution)
    _check_leads(found, true)
    ratios: dict[str, float] = {}
    for record, names in true.leads.items():
        leads = {name: _lead(found, true, record, name) for name in names}
        ratios[record] = record_ratio(leads.values(), _rate(true, record, leads))
    return Score(mean_ratio_db(list(ratios.values())), ratios)


def _check_leads(found: Table, true: Table) -> None:
    """Raise SubmissionError unless both tables hold the same leads."""
    ours, theirs = ({(record, lead) for record, leads in table.leads.items() for lead in leads} for table in (found, true))
    for keys, saying in ((theirs - ours, "lacks the ids of"), (ours - theirs, "holds ids that the solution lacks: those of")):
        if keys:
            record, lead = min(keys)
            more = f" and {len(keys) - 1} more leads" if len(keys) > 1 else ""
            raise SubmissionError(f"{found.path} {saying} lead {lead} of {record}{more}.")


def _lead(found: Table, true: Table, record: str, name: str) -> Lead:
    lead = Lead(true.take_lead(record, name), found.take_lead(record, name))
    if len(lead.true) != len(lead.found):
        raise SubmissionError(
            f"{found.path} holds {len(lead.found)} rows of lead {name} of {record}, where the solution has {len(lead.true)}."
        )
    return lead


def _rate(true: Table, record: str, leads: Mapping[str, Lead]) -> float:
    """Return the sampling rate of a record: as stated, else by the length of lead II."""
    stated = true.fs.get(record)
    if stated is not None:
        return stated
    if RHYTHM_LEAD not in leads:
        raise SubmissionError(f"{true.path} states no fs, and has no lead {RHYTHM_LEAD} of {record} to tell it by.")
    return len(leads[RHYTHM_LEAD].true) / RHYTHM_SECONDS
