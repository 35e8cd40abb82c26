"""Tables for the terminal: as wide as it is, and plain where nobody sees colors."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ecgbench.core.showing import printable
from ecgbench.leaderboard import Comparison, breakdown, leaderboard
from ecgbench.registry import default_registry
from ecgbench.report.failures import failure_groups
from ecgbench.report.sheets import Cell, Sheet, breakdown_sheet, comparison_sheets, failures_sheet, leaderboard_sheet, runs_sheet
from ecgbench.store import FAILURES, Run, Store

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table
    from rich.text import Text

STYLES = {"main": "bold", "bad": "red", "": ""}
GAP = 2  # spaces between columns
NARROWEST = 12  # letters of a column of text
FAILURES_SHOWN = 8  # groups on a terminal; the report shows more


Layout = Callable[[Cell], list[str]]


def _beside(cell: Cell) -> list[str]:
    return [f"{cell.text} ({cell.small})" if cell.small else cell.text]


def _below(cell: Cell) -> list[str]:
    return [cell.text, cell.small] if cell.small else [cell.text]


def _without(cell: Cell) -> list[str]:
    return [cell.text]


LAYOUTS: tuple[Layout, ...] = (_beside, _below, _without)


@dataclass(frozen=True)
class SheetView:
    """Shows a sheet on a rich console, as wide as it is.

    Where there is no room for all, first columns that may be left out go, from the right; then intervals move below their numbers; then
    they go. What was left out is said below.
    """

    sheet: Sheet

    def __post_init__(self) -> None:
        object.__setattr__(self, "sheet", _harmless(self.sheet))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the title, the table, and its notes."""
        from rich.text import Text

        kept, layout = fitting(self.sheet, options.max_width)
        yield Text(self.sheet.title, style="bold")
        yield _table(self.sheet, kept, layout)
        left_out = [column.title for index, column in enumerate(self.sheet.columns) if index not in kept]
        left_out += ["intervals"] if layout is _without and any(cell.small for row in self.sheet.rows for cell in row) else []
        if left_out:
            yield Text(f"Not shown for lack of room: {', '.join(left_out)}.", style="dim")
        yield from (Text(note, style="dim") for note in self.sheet.notes)
        yield Text("")


def _harmless(sheet: Sheet) -> Sheet:
    """Return a sheet in which nothing commands a terminal; its cells may hold names of files."""
    rows = [[replace(cell, text=printable(cell.text), small=printable(cell.small)) for cell in row] for row in sheet.rows]
    return replace(sheet, title=printable(sheet.title), rows=rows, notes=[printable(note) for note in sheet.notes])


def fitting(sheet: Sheet, width: int) -> tuple[list[int], Layout]:
    """Return the numbers of the columns that fit into `width` letters, and the layout of cells with which they do."""
    kept = list(range(len(sheet.columns)))
    for index in reversed(kept[:]):
        if _total(sheet, kept, _beside) <= width:
            break
        if sheet.columns[index].spare:
            kept.remove(index)
    return kept, next((layout for layout in LAYOUTS if _total(sheet, kept, layout) <= width), _without)


def _total(sheet: Sheet, kept: Sequence[int], layout: Layout) -> int:
    """Return the letters that a row needs; text may be folded down to NARROWEST, numbers may not."""
    widths = [_width(sheet, index, layout) for index in kept]
    folded = [width if sheet.columns[index].numeric else min(width, NARROWEST) for index, width in zip(kept, widths, strict=True)]
    return sum(folded) + GAP * (len(kept) - 1)


def _width(sheet: Sheet, index: int, layout: Layout) -> int:
    return max(map(_letters, [*_heading(sheet, index, layout), *_lines(sheet, index, layout)]))


def _lines(sheet: Sheet, index: int, layout: Layout) -> list[str]:
    return [line for row in sheet.rows for line in layout(row[index])]


def _heading(sheet: Sheet, index: int, layout: Layout) -> list[str]:
    """Return a heading in lines no longer than the column's cells, as far as its words allow; an arrow stays with its word."""
    column = sheet.columns[index]
    if not column.numeric:
        return [column.title]
    words = re.sub(r" (?=[↑↓])", "\u00a0", column.title).split(" ")
    widest = max(map(_letters, [*words, *_lines(sheet, index, layout)]), default=0)
    lines: list[str] = []
    for word in words:
        if lines and _letters(f"{lines[-1]} {word}") <= widest:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _letters(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _table(sheet: Sheet, kept: Sequence[int], layout: Layout) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
    headings = {index: _heading(sheet, index, layout) for index in kept}
    tallest = max(map(len, headings.values()), default=1)
    for index, lines in headings.items():
        numeric = sheet.columns[index].numeric
        heading = Text("\n".join([""] * (tallest - len(lines)) + lines))
        narrowest = min(_width(sheet, index, layout), NARROWEST)
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold", no_wrap=numeric, min_width=narrowest)
    for row in sheet.rows:
        table.add_row(*(_styled(row[index], layout) for index in kept))
    return table


def _styled(cell: Cell, layout: Layout) -> Text:
    """Return a cell as text that is never read as markup, for it may hold names of files."""
    from rich.text import Text

    said = "\n".join(layout(cell))
    return Text.assemble((said[: len(cell.text)], STYLES[cell.kind]), (said[len(cell.text) :], "dim"))


def leaderboard_tables(store: Store, run: Run, *, task: str | None = None, metric: str | None = None) -> list[SheetView]:
    """Return a table a task: methods ranked by the task's score or by `metric`, with intervals, costs and failures."""
    boards = leaderboard(store, run, task=task, metric=metric, metrics=default_registry().metrics.values())
    return [SheetView(leaderboard_sheet(board)) for board in boards]


def breakdown_tables(store: Store, run: Run, by: str, *, task: str | None = None, metric: str | None = None) -> list[SheetView]:
    """Return a table a task: its score, a row a method and a column a type, layout, grid color, dpi or severity of page."""
    boards = leaderboard(store, run, task=task, metric=metric, metrics=default_registry().metrics.values())
    found = [(breakdown(store, run, board, by), board) for board in boards]
    return [SheetView(breakdown_sheet(each, board)) for each, board in found if each.groups]


def breakdown_dict(
    store: Store, run: Run, by: str, *, task: str | None = None, metric: str | None = None
) -> list[dict[str, Any]]:
    """Return what `breakdown_tables` shows, JSON-safe."""
    boards = leaderboard(store, run, task=task, metric=metric, metrics=default_registry().metrics.values())
    return [breakdown(store, run, board, by).to_dict({row.variant_id: row.label for row in board.rows}) for board in boards]


def leaderboard_dict(store: Store, run: Run, *, task: str | None = None, metric: str | None = None) -> list[dict[str, Any]]:
    """Return what `leaderboard_tables` shows, JSON-safe."""
    boards = leaderboard(store, run, task=task, metric=metric, metrics=default_registry().metrics.values())
    return [board.to_dict() for board in boards]


def failures_table(store: Store, run: Run) -> SheetView | None:
    """Return the failures of a run grouped by cause, the most frequent ones first; None where there are none."""
    counts = store.counts(run.id)
    total = sum(counts.get(status, 0) for status in FAILURES)
    if not total:
        return None
    groups = failure_groups(store, run, limit=None)
    sheet = failures_sheet(groups[:FAILURES_SHOWN], total)
    more = len(groups) - FAILURES_SHOWN
    notes = [f"{more} more kinds; `ecgbench export {run.name} --format html` shows them."] if more > 0 else []
    return SheetView(Sheet(sheet.title, sheet.columns, sheet.rows, notes))


def runs_table(store: Store) -> SheetView:
    """Return the runs of a store, the newest first."""
    return SheetView(runs_sheet((run, store.counts(run.id)) for run in store.runs()))


def comparison_tables(comparison: Comparison) -> list[SheetView]:
    """Return a table a pair of methods, bounds and differences of the machines below the last."""
    return [SheetView(sheet) for sheet in comparison_sheets(comparison)]
