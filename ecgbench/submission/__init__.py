"""Submissions to the competition "PhysioNet - Digitization of ECG Images": made, written, read and scored in one place for every door."""

from ecgbench.submission.asked import Ask, Asked, SubmissionError, asks_of, checked_name, read_asked, rules
from ecgbench.submission.fitting import Fitted, fit_record, nothing_found
from ecgbench.submission.scoring import Score, score_submission
from ecgbench.submission.writing import Entry, SubmissionFile, csv_text, entries_of

__all__ = [
    "Ask", "Asked", "Entry", "Fitted", "Score", "SubmissionError", "SubmissionFile", "asks_of", "checked_name", "csv_text", "entries_of",
    "fit_record", "nothing_found", "read_asked", "rules", "score_submission",
]  # fmt: skip
