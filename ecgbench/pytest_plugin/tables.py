"""A session's tables: one a task, and one of what differs from a baseline; for the terminal and in Markdown."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import numpy as np

from ecgbench.core.metric import Metric, Score
from ecgbench.core.outcome import Status
from ecgbench.leaderboard import BoardRow, ComparisonRow, Leaderboard, leaderboard
from ecgbench.pytest_plugin.verdicts import Verdict
from ecgbench.report.failures import failure_groups
from ecgbench.report.markdown import table, text
from ecgbench.report.sheets import COSTS, MEMORY, TIME, Cell, Column, Sheet, failures_sheet, interval_text, other_scores
from ecgbench.report.tables import SheetView
from ecgbench.report.wording import MISSING, count, heading, number, score_text, short_method
from ecgbench.stats.paired import NOT_SHOWN
from ecgbench.store import FAILURES, Run, Store

FAILURES_SHOWN = 8  # groups of failures in a summary; pytest has told each


def task_sheets(store: Store, run: Run, metrics: Iterable[Metric]) -> list[Sheet]:
    """Return a table a task: each method's median time and its interquartile range over pages, scores, and how its cells ended."""
    return [_task_sheet(store, run, board) for board in leaderboard(store, run, metrics=metrics)]


def _task_sheet(store: Store, run: Run, board: Leaderboard) -> Sheet:
    rows = board.rows
    spreads = [_spread(store, run, row) for row in rows]
    made = [
        (Column("method"), [Cell(short_method(row.label, board.task)) for row in rows]),
        (Column("time (ms)", "median over pages", numeric=True), [Cell(score_text(TIME, row.wall_median_s)) for row in rows]),
        (Column("IQR (ms)", "interquartile range over pages", numeric=True), [Cell(score_text(TIME, each)) for each in spreads]),
        *([] if board.ranked_by.name in COSTS else [_score_column(board.ranked_by, rows, spare=False)]),
        *_endings(rows),
        *[_score_column(score, rows, spare=True) for score in other_scores(board)],
    ]
    columns, cells = zip(*made, strict=True)
    pages = count(max((row.n for row in rows), default=0), "page")
    ranked = "time, since no truth is known" if board.ranked_by.name in COSTS else board.ranked_by.name
    title = f"{board.task}: {count(len(rows), 'method')} on {pages}, ranked by {ranked}"
    return Sheet(title, columns, list(zip(*cells, strict=True)))


def _spread(store: Store, run: Run, row: BoardRow) -> float | None:
    """Return the interquartile range over pages of a method's time in s."""
    values = store.numbers(run.id, row.variant_id, TIME.name).values
    if not values.size:
        return None
    low, high = np.percentile(values, [25, 75])
    return float(high - low)


def _score_column(score: Score, rows: Sequence[BoardRow], *, spare: bool) -> tuple[Column, list[Cell]]:
    column = Column(heading(score), score.doc, numeric=True, spare=spare)
    return column, [_mean(row, score, interval=not spare) for row in rows]


def _mean(row: BoardRow, score: Score, *, interval: bool) -> Cell:
    found = row.scores.get(score.name)
    if found is None:
        return Cell(MISSING)
    return Cell(score_text(score, found.mean), interval_text(found) if interval else "", "main" if interval else "")


def _endings(rows: Sequence[BoardRow]) -> list[tuple[Column, list[Cell]]]:
    """Return how many cells are done, failed, and ended in each other way that occurs."""
    found = []
    for status in (Status.DONE, *FAILURES):
        counts = [row.counts.get(status, 0) for row in rows]
        if any(counts) or status in (Status.DONE, Status.FAILED):
            cells = [Cell(str(each), kind="bad" if each and status is not Status.DONE else "") for each in counts]
            found.append((Column(status.value, numeric=True), cells))
    return found


def verdict_sheet(verdict: Verdict, ranked: Iterable[str]) -> Sheet:
    """Return what differs from a baseline: times and each task's score (`ranked`) always, others where a difference is shown."""
    always, never = {TIME.name, *ranked}, COSTS.keys() - {TIME.name, MEMORY.name}  # which tell the same as the time
    rows = [
        row
        for row in verdict.comparison.rows
        if row.score.name in always or (row.paired.verdict != NOT_SHOWN and row.score.name not in never)
    ]
    columns = [Column("method"), Column("score"), Column("mean before", numeric=True), Column("mean now", numeric=True),
               Column("change", "with its 95 % interval", numeric=True), Column("pages", numeric=True, spare=True), Column("now is")]  # fmt: skip
    return Sheet(f"against {verdict.baseline.name}", columns, [_difference(row) for row in rows])


def _difference(row: ComparisonRow) -> list[Cell]:
    score, paired = row.score, row.paired
    kind = {"better": "main", "worse": "bad"}.get(paired.verdict, "")
    return [
        Cell(row.b),
        Cell(heading(score)),
        Cell(score_text(score, paired.mean_a)),
        Cell(score_text(score, paired.mean_b)),
        _change(row),
        Cell(str(paired.n)),
        Cell(paired.verdict, kind=kind),
    ]


def _change(row: ComparisonRow) -> Cell:
    """Return the change as a share with its interval; where it began at 0, as it is."""
    score, paired = row.score, row.paired
    if paired.relative is None:
        return Cell(score_text(score, paired.difference))
    between = ""
    if paired.relative_low is not None and paired.relative_high is not None:
        between = f"{number(100 * paired.relative_low)} to {number(100 * paired.relative_high)}"
    return Cell(f"{100 * paired.relative:+.3g} %", between)


def on_terminal(sheet: Sheet, *, width: int, colors: bool) -> str:
    """Return a table as text of a terminal that is `width` columns wide."""
    from rich.console import Console

    out = io.StringIO()
    Console(file=out, width=width, force_terminal=colors, no_color=not colors, legacy_windows=False).print(SheetView(sheet))
    return out.getvalue().rstrip("\n")


def in_markdown(run: Run, sheets: Iterable[Sheet], sentences: Iterable[str]) -> str:
    """Return tables and sentences as Markdown, under a heading that names the run."""
    parts = [f"## ecgbench: {text(run.name)}"]
    for sheet in sheets:
        parts += [f"### {text(sheet.title)}", table(sheet)]
    parts += [f"- {text(sentence)}" for sentence in sentences]
    return "\n\n".join(parts) + "\n"


def failure_sheets(store: Store, run: Run) -> list[Sheet]:
    """Return a table of what failed, grouped by cause; none where nothing did."""
    counts = store.counts(run.id)
    total = sum(counts.get(status, 0) for status in FAILURES)
    return [failures_sheet(failure_groups(store, run, limit=FAILURES_SHOWN), total)] if total else []


def ranked_scores(store: Store, run: Run, metrics: Iterable[Metric]) -> list[str]:
    """Return what each task of a run is ranked by."""
    return [board.ranked_by.name for board in leaderboard(store, run, metrics=metrics)]
