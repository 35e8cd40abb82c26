"""Tables as Markdown, fit for a pull request: names of files and messages of plugins cannot break out of their cells."""

from __future__ import annotations

import re
from html import escape

from ecgbench.leaderboard import Comparison, leaderboard
from ecgbench.registry import default_registry
from ecgbench.report.failures import failure_groups
from ecgbench.report.sheets import Cell, Sheet, comparison_sheets, failures_sheet, leaderboard_sheet
from ecgbench.report.verdicts import verdict
from ecgbench.report.wording import count
from ecgbench.store import FAILURES, Run, Store

# What Markdown would read as more than a letter; an underscore within a word is one.
_SPECIAL = re.compile(r"[\\`*\[\]|~#]|(?<!\w)_|_(?!\w)")


def markdown_report(store: Store, run: Run) -> str:
    """Return the leaderboards of a run, each with its verdict, and its failures, as Markdown."""
    parts = [f"## {text(run.name)}", f"{run.started_at:%Y-%m-%d %H:%M} UTC, {run.state}"]
    counts = store.counts(run.id)
    boards = leaderboard(store, run, metrics=default_registry().metrics.values()) if counts else []
    for board in boards:
        sheet = leaderboard_sheet(board)
        parts += [f"### {text(sheet.title)}", text(verdict(store, run, board)), table(sheet)]
    total = sum(counts.get(status, 0) for status in FAILURES)
    if total:
        groups = failure_groups(store, run)
        parts += [f"### {count(total, 'failure')}", table(failures_sheet(groups, total))]
    else:
        parts.append("No cell failed, crashed or timed out." if counts else "No outcome yet.")
    return "\n\n".join(parts) + "\n"


def comparison_markdown(comparison: Comparison) -> str:
    """Return a comparison as Markdown, a table a pair of methods."""
    parts = []
    for sheet in comparison_sheets(comparison):
        parts += [f"#### {text(sheet.title)}", table(sheet)]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(sheet: Sheet) -> str:
    r"""Return a sheet as a Markdown table with its notes below, without the title.

    >>> from ecgbench.report.sheets import Column
    >>> print(table(Sheet("t", [Column("method"), Column("ms", numeric=True)], [[Cell("a|b"), Cell("12.3", "10 to 14")]])))
    | method | ms |
    | --- | ---: |
    | a\|b | 12.3 (10 to 14) |
    """
    lines = []
    if sheet.columns:
        lines = [
            [text(column.title) for column in sheet.columns],
            ["---:" if column.numeric else "---" for column in sheet.columns],
        ]
        lines += [[_cell(cell) for cell in row] for row in sheet.rows]
    made = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join(part for part in (made, *map(text, sheet.notes)) if part)


def _cell(cell: Cell) -> str:
    said = text(f"{cell.text} ({cell.small})" if cell.small else cell.text)
    return f"**{said}**" if cell.kind == "bad" and said else said


def text(value: str) -> str:
    """Return a text as Markdown that shows it as it is, on one line."""
    return _SPECIAL.sub(r"\\\g<0>", escape(" ".join(value.split()), quote=False))
