"""One page that holds a whole run: verdicts, leaderboards, plots, pictures, failures; it needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgbench import __version__
from ecgbench.core.metric import Score
from ecgbench.leaderboard import Leaderboard, leaderboard
from ecgbench.registry import Registry
from ecgbench.report.about import about_run
from ecgbench.report.board_plots import board_plots
from ecgbench.report.budget import budget_sheet
from ecgbench.report.failures import FailureGroup, failure_groups
from ecgbench.report.gallery import Gallery, galleries
from ecgbench.report.sheets import COSTS, Sheet, leaderboard_sheet
from ecgbench.report.verdicts import verdict
from ecgbench.report.wording import DIRECTIONS, count
from ecgbench.report.writing import replacing
from ecgbench.store import FAILURES, Run, Store

if TYPE_CHECKING:
    from jinja2 import Template

PAGES_SHOWN = 3  # of each task: best, median and worst
INTERVALS = (
    "Numbers in parentheses are 95 % intervals of the mean. They resample records: several pictures of one record count once. "
    "Where a method has no value on a page that others of its task have one of, it counts there as the worst when methods are ranked."
)


@dataclass(frozen=True)
class TaskPart:
    """What the report says of one task."""

    name: str
    verdict: str
    sheet: Sheet
    budget: Sheet | None
    plots: Sequence[Any]
    gallery: Gallery


def write_report(store: Store, run: Run, path: str | Path, registry: Registry, *, pictures: int = PAGES_SHOWN) -> Path:
    """Write the report of a run as one HTML file, whole or not at all, and return its path.

    `pictures`: how many pages of each task are shown with what every method saw on them; 0 for none. They are drawn again from where the pages
    were (pixels are never kept); one that cannot be gives a sentence in its place. Raises ExportError where the path cannot be written.
    """
    target = Path(path)
    page = report_html(store, run, registry, pictures=pictures)
    with replacing(target) as file:
        file.write(page.encode("utf-8", "backslashreplace"))
    return target


def report_html(store: Store, run: Run, registry: Registry, *, pictures: int = PAGES_SHOWN, executor: str = "processes") -> str:
    """Return the report of a run as HTML; names of files, plugins and their messages are escaped wherever they stand."""
    counts = store.counts(run.id)
    boards = leaderboard(store, run, metrics=registry.metrics.values()) if counts else []
    shown = (
        galleries(store, run, boards, registry, pages=pictures, executor=executor) if pictures else [Gallery("")] * len(boards)
    )
    tasks = [_task(store, run, board, gallery) for board, gallery in zip(boards, shown, strict=True)]
    failed = sum(counts.get(status, 0) for status in FAILURES)
    script = _part("report.js")
    groups = failure_groups(store, run) if failed else []
    return _template().render(
        run=about_run(store, run, registry),
        tasks=tasks,
        failures=groups,
        failures_line=_failures_line(groups, failed),
        glossary=[(score, DIRECTIONS[score.direction]) for score in _scores(boards)],
        interval_note=INTERVALS,
        style=_part("report.css"),
        script=script,
        script_hash="sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        version=__version__,
    )


def _part(name: str) -> str:
    return (files("ecgbench.report") / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    # Everything is escaped but what the template itself marks as safe: our style, our script, and our plots.
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_part("report.html.j2"))


def _task(store: Store, run: Run, board: Leaderboard, gallery: Gallery) -> TaskPart:
    plots = board_plots(store, run, board)
    return TaskPart(
        board.task, verdict(store, run, board), leaderboard_sheet(board), budget_sheet(store, run, board), plots, gallery
    )


def _scores(boards: Sequence[Leaderboard]) -> list[Score]:
    """Return every score that the leaderboards have, costs last."""
    found = {name: each.score for board in boards for row in board.rows for name, each in row.scores.items()}
    return sorted(found.values(), key=lambda score: score.name in COSTS)


def _failures_line(groups: Sequence[FailureGroup], total: int) -> str:
    shown = sum(group.count for group in groups)
    rest = (
        f" {count(total - shown, 'more failure')} of rarer kinds {'is' if total - shown == 1 else 'are'} not shown."
        if shown < total
        else ""
    )
    return f"{count(total, 'cell')} ended without a result, for {count(len(groups), 'reason')}; open one for its traceback.{rest}"
