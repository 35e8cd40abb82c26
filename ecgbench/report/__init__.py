"""Reports: tables for the terminal, exports for programs, Markdown for pull requests, a page with pictures and plots for people."""

from ecgbench.report.exports import FORMATS, export
from ecgbench.report.html import report_html, write_report
from ecgbench.report.markdown import comparison_markdown, markdown_report
from ecgbench.report.measuring import illustrate, measured_in_run, measured_lately
from ecgbench.report.redrawing import RedoError, Redone, redo
from ecgbench.report.tables import (
    breakdown_dict,
    breakdown_tables,
    comparison_tables,
    failures_table,
    leaderboard_dict,
    leaderboard_tables,
    runs_table,
)  # fmt: skip
from ecgbench.report.writing import ExportError

__all__ = [
    "FORMATS", "ExportError", "RedoError", "Redone", "breakdown_dict", "breakdown_tables", "comparison_markdown", "comparison_tables",
    "export", "failures_table", "illustrate", "leaderboard_dict", "leaderboard_tables", "markdown_report", "measured_in_run",
    "measured_lately", "redo", "report_html", "runs_table", "write_report",
]  # fmt: skip
