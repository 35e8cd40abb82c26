"""Commands for the competition: submit makes a submission of a folder of pictures, score scores one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ecgbench.cli.output import PLAIN_EVERY_SECONDS, console, counted, error_console, print_json, say

if TYPE_CHECKING:
    from ecgbench.submission.digitizing import Reading
    from ecgbench.submission.making import SubmissionReport

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(submit)
    app.command()(score)


def submit(
    test_dir: Annotated[Path, typer.Argument(help="The competition's folder, with test.csv and test/, or its test/.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The submission, .csv or .parquet.")] = Path("submission.csv"),
    method: Annotated[str, typer.Option(help="Method that digitizes.")] = "classical",
    crop: Annotated[bool, typer.Option("--crop", help="Crop to the content first.")] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Workers; default and at most: one a core.")] = None,
    max_seconds: Annotated[
        float | None, typer.Option(min=0.0, help="Time budget: what is not digitized by then is filled.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one picture may take.")] = 120.0,
    as_json: Json = False,
) -> None:
    """Digitize the competition's test pictures into a submission with exactly the ids of test.csv. Exit code 1 where a picture failed."""
    from ecgbench.submission.making import make_submission

    options = {"digitize_method": method, "crop_to_content": crop}
    telling = _Telling()
    try:
        report = make_submission(
            test_dir, out, options=options, max_workers=jobs, max_seconds=max_seconds, timeout=timeout, told=telling.tell
        )
    finally:
        telling.end()
    if as_json:
        print_json(report.to_dict())
    else:
        _print_report(report)
    raise typer.Exit(1 if report.failed else 0)


def _print_report(report: SubmissionReport) -> None:
    say(str(report))
    for record, error in report.failed.items():
        say(f"  {record}: {error}")


class _Telling:
    """Shows how many records are done: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._said = time.monotonic()
        self._bar: Any = None
        self._task: Any = None
        self._failed = 0

    def tell(self, _record: str, reading: Reading, number: int, of: int) -> None:
        """Count a record."""
        self._failed += reading.error is not None
        note = f"{number} of {counted(of, 'record')}" + f", {self._failed} failed" * bool(self._failed)
        if error_console().is_terminal:
            self._move(note, number, of)
        elif time.monotonic() - self._said > PLAIN_EVERY_SECONDS:
            self._said = time.monotonic()
            say(note, err=True)

    def _move(self, note: str, number: int, of: int) -> None:
        if self._bar is None:
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=error_console(), transient=True)
            self._task = self._bar.add_task(note, total=of)
            self._bar.start()
        self._bar.update(self._task, description=note, completed=number)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def score(
    submission: Annotated[Path, typer.Argument(help="Columns id and value; .csv or .parquet.")],
    solution: Annotated[Path, typer.Argument(help="Columns id, fs and value; .csv or .parquet.")],
    worst: Annotated[int, typer.Option(min=0, help="How many of the worst records are listed.")] = 5,
    as_json: Json = False,
) -> None:
    """Score a submission as the competition does: 10 log10 of the mean ratio of powers of its records, after alignment."""
    from ecgbench.submission import score_submission

    found = score_submission(submission, solution)
    if as_json:
        print_json({"score_db": found.score_db, "records": len(found.ratios), "ratios": found.ratios})
        return
    say(f"{found.score_db:.4f} dB over {counted(len(found.ratios), 'record')} (25.84 is the most that can be reached)")
    if worst == 0:
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("record", "ratio of powers", "dB", box=None, header_style="bold", pad_edge=False, title_justify="left")
    for record, ratio in sorted(found.ratios.items(), key=lambda item: item[1])[:worst]:
        table.add_row(Text(record), f"{ratio:.4g}", f"{_db(ratio):.2f}")
    console().print(table)


def _db(ratio: float) -> float:
    from ecgbench.plugins.metrics.digitize import mean_ratio_db

    return mean_ratio_db([ratio])
