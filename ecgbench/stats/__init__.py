"""What the numbers of many cases say, and how sure it is."""

from ecgbench.stats.bounds import Bound, BoundCheck, BoundError, parse_bound
from ecgbench.stats.intervals import Interval
from ecgbench.stats.paired import Paired, Verdict, compare_paired
from ecgbench.stats.summary import Summary, Times, combine_rows, summarize, summarize_times

__all__ = [
    "Bound", "BoundCheck", "BoundError", "Interval", "Paired", "Summary", "Times", "Verdict", "combine_rows", "compare_paired",
    "parse_bound", "summarize", "summarize_times",
]  # fmt: skip
