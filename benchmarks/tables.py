"""Tables of measurements: printed as Markdown by each benchmark, and handed to `run_all.py`, which writes them to RESULTS.md."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Table:
    """Cells as they are to be read; `notes` stand below, a sentence each."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """Return the table as GitHub's Markdown, its columns aligned."""
        lines = [list(self.head), *map(list, self.rows)]
        if any(len(line) != len(self.head) for line in lines):
            raise ValueError(f"a row of the table {self.title!r} has not the {len(self.head)} cells of its head")
        cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
        widths = [max(3, *(len(line[column]) for line in cells)) for column in range(len(self.head))]
        head, *rows = ("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in cells)
        rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
        return "\n".join([f"### {self.title}", "", head, rule, *rows, *(f"\n{note}" for note in self.notes), ""])


def spread(values: Iterable[float], unit: str = "x", digits: int = 2) -> str:
    """Return the median of some values, and the least and the most of them where there are several."""
    found = sorted(values)
    median = f"{statistics.median(found):.{digits}f}{unit}"
    return median if len(found) == 1 else f"{median} ({found[0]:.{digits}f} to {found[-1]:.{digits}f})"


def verdict(value: float, *, at_least: float | None = None, at_most: float | None = None) -> str:
    """Say a target and whether a value meets it."""
    if at_least is not None:
        return f"at least {at_least:g}: {'met' if value >= at_least else 'MISSED'}"
    if at_most is not None:
        return f"at most {at_most:g}: {'met' if value <= at_most else 'MISSED'}"
    raise ValueError("a verdict needs a target")


def present(parser: argparse.ArgumentParser, tables: Callable[[argparse.Namespace], Iterable[Table]]) -> None:
    """Read the command line, measure, and print each table as soon as it is there; `--json FILE` keeps them for `read_tables`."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the tables there too")
    options = parser.parse_args()
    kept = []
    for table in tables(options):
        print(table.markdown(), flush=True)
        kept.append(asdict(table))
        if options.json:
            options.json.write_text(json.dumps(kept))


def read_tables(path: Path) -> list[Table]:
    """Return the tables that a benchmark kept."""
    return [Table(**each) for each in json.loads(path.read_text())]
