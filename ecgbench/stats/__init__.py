"""What the numbers of many cases say, and how sure it is."""

from ecgbench.stats.bounds import Bound, BoundCheck, BoundError, parse_bound
from ecgbench.stats.intervals import Interval
from ecgbench.stats.paired import Paired, Verdict, compare_paired
from ecgbench.stats.robustness import Robustness, severity_area, severity_areas
from ecgbench.stats.significance import SignedRank, holm, signed_rank
from ecgbench.stats.summary import Summary, Times, combine_rows, summarize, summarize_times

__all__ = [
    "Bound", "BoundCheck", "BoundError", "Interval", "Paired", "Robustness", "SignedRank", "Summary", "Times", "Verdict", "combine_rows",
    "compare_paired", "holm", "parse_bound", "severity_area", "severity_areas", "signed_rank", "summarize", "summarize_times",
]  # fmt: skip
