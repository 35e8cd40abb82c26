"""`ecgbench check`: whether a plugin keeps the promises that the bench counts on, as a list for people or JSON."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ecgbench.cli.output import console, counted, error_console, print_json

if TYPE_CHECKING:
    from rich.text import Text

    from ecgbench.testing.check import Status, Subject, Verdict
    from ecgbench.testing.finding import Plugin

STYLES: dict[Status, str] = {
    "failed": "bold red",
    "unexpectedly passed": "bold red",
    "expected failure": "yellow",
    "skipped": "yellow",
    "passed": "green",
}
TOLD: tuple[Status, ...] = ("failed", "unexpectedly passed", "expected failure", "skipped")  # with their message, in this order


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(check)


def check(
    plugin: Annotated[str, typer.Argument(help="Your package, module or entry point; `ecgbench` means the built-ins.")],
    images: Annotated[
        list[str] | None, typer.Option(help="A spec that its image sets are opened with (may be repeated).")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only checks that fit, such as 'survives_*' or 'edges.hello::*'.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that a call of the plugin may take.", min=0.1)] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Check that a plugin keeps the promises that the bench counts on; exit 1 where it does not."""
    from ecgbench.testing.finding import find_plugin

    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # a module need not be installed to be checked where it lies
    found = find_plugin(plugin, images=images or ())
    verdicts = _verdicts(found, only or [], timeout)
    if as_json:
        _print_as_json(found, verdicts)
    else:
        _print_list(verdicts)
    raise typer.Exit(0 if all(verdict.ok for verdict in verdicts) else 1)


def _verdicts(found: Plugin, only: list[str], timeout: float) -> list[Verdict]:
    """Run the chosen checks, with a bar on a terminal, and return their verdicts in a fixed order."""
    from rich.progress import track

    from ecgbench.testing.conducting import Conductor
    from ecgbench.testing.finding import chosen

    trials = chosen(found.trials(), only)
    with Conductor(found.expected, timeout) as conductor:
        running: Iterable[Verdict] = conductor.run(trials)
        if error_console().is_terminal:
            running = track(running, f"checking {found.name}", len(trials), console=error_console(), transient=True)
        verdicts = {verdict.id: verdict for verdict in running}
    return [verdicts[trial.id] for trial in trials]


def _print_as_json(found: Plugin, verdicts: list[Verdict]) -> None:
    print_json(
        {
            "plugin": found.name,
            "origin": found.origin,
            "passed": all(verdict.ok for verdict in verdicts),
            "counts": dict(Counter(verdict.status for verdict in verdicts)),
            "checks": [verdict.to_dict() for verdict in verdicts],
        }
    )


def _print_list(verdicts: list[Verdict]) -> None:
    for name in dict.fromkeys(verdict.subject.id for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.subject.id == name]
        console().print(_heading(own[0].subject, own))
        for indent, text in _told(own):
            for line in text.wrap(console(), console().width - indent):
                line.rstrip()
                console().print(" " * indent, line, sep="", soft_wrap=True)
    console().print(_heading(None, verdicts))


def _heading(subject: Subject | None, verdicts: list[Verdict]) -> Text:
    """Return what was checked, with its counts; of everything together, the counts alone."""
    from rich.text import Text

    counts = Counter(verdict.status for verdict in verdicts)
    number = f"{counted(counts['passed'], 'check')} passed" if subject is None else f"{counts['passed']} passed"
    told = ", ".join([number, *(f"{counts[status]} {status}" for status in TOLD if counts[status])])
    worst: Status = next((status for status in TOLD if counts[status]), "passed")
    if subject is None:
        return Text(f"{told}.", style=STYLES[worst])
    return Text.assemble((subject.name, "bold"), f" ({subject.kind} of {subject.origin}): ", (told, STYLES[worst]))


def _told(verdicts: list[Verdict]) -> Iterator[tuple[int, Text]]:
    """Yield lines with their indents: what is to be done and why, then what passed, by name."""
    from rich.text import Text

    from ecgbench.testing.check import sentence

    for status in TOLD:
        by_message: dict[str, list[Verdict]] = {}
        for verdict in [verdict for verdict in verdicts if verdict.status == status]:
            by_message.setdefault(verdict.message, []).append(verdict)
        for message, alike in by_message.items():
            yield 2, Text.assemble((status, STYLES[status]), " ", (_names(alike), "bold"))
            yield 6, Text(sentence(message))
            if not alike[0].ok:
                yield 6, Text(f"Why: {' '.join(verdict.check.why for verdict in alike)}", style="dim")
    passed = [verdict for verdict in verdicts if verdict.status == "passed"]
    if passed:
        yield 2, Text.assemble(("passed", STYLES["passed"]), f" {_names(passed)}")


def _names(verdicts: list[Verdict]) -> str:
    return ", ".join(verdict.check.name for verdict in verdicts)
