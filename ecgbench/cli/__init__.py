"""The `ecgbench` command: one line in, tables or JSON out, errors as one sentence."""

from __future__ import annotations

import copy
import io
import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import Annotated

import typer
from typer.models import CommandInfo

from ecgbench.cli import check, dashboard, digitize, pictures, plugins, runs, serve, submission
from ecgbench.cli.interrupts import take_interrupts
from ecgbench.cli.output import INTERRUPTED, say

CONTEXT = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    no_args_is_help=True,
    context_settings=CONTEXT,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Which method should I trust to turn pictures of ECGs into data, on which pictures, at what cost, and has that changed?",
)
for group in (runs, plugins, pictures, digitize, submission, check, serve, dashboard):
    group.add_commands(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        from ecgbench import __version__

        typer.echo(f"ecgbench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error (anywhere on the line).")] = False,
) -> None:
    """Take the options that go before every command; `--debug` is read by `main`."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; an error is one sentence on stderr and exit code 2, with its traceback where `--debug` is given."""
    if arguments is None:  # as a program of its own, in whose end Ctrl-C may be pressed again
        take_interrupts()
    _open_what_is_closed()
    line = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in line
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # names of files may hold what the terminal's encoding has no letter for
    try:
        runs.make_head_start(line)
        code = app_of(line)(args=[word for word in line if word != "--debug"], standalone_mode=False, prog_name="ecgbench")
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        sys.exit(_say(error))
    sys.exit(code if isinstance(code, int) else 0)


def _open_what_is_closed() -> None:
    """Have somewhere to write where whoever started this closed it (`>&-`, some schedulers), or the next file opened would be written to."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def app_of(line: Sequence[str]) -> typer.Typer:
    """Return the app with the one command that a line names at once, else with all: building them takes longer than most things they do."""
    named = [each for each in app.registered_commands if line and _name_of(each) == line[0]]
    return _app_with(named[0]) if named else app


@cache
def _app_with(command: CommandInfo) -> typer.Typer:
    alone = copy.copy(app)
    alone.registered_commands, alone.registered_groups = [command], []
    return alone


def _name_of(command: CommandInfo) -> str:
    return command.name or str(getattr(command.callback, "__name__", ""))


def _say(error: Exception) -> int:
    """Print an error as one sentence; return the exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error)
        return 2
    say(f"ecgbench: {_sentence(error)}", err=True)
    return 2


def _sentence(error: Exception) -> str:
    message = " ".join(str(error).split())
    if hasattr(error, "format_message"):  # of typer, whose exceptions are not public: a wrong word on the command line
        context = getattr(error, "ctx", None)
        return f"{error.format_message().rstrip('.')} (see `{context.command_path if context else 'ecgbench'} --help`)"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}."
    if message and (type(error).__module__.startswith("ecgbench.") or isinstance(error, (OSError, NotImplementedError))):
        return message
    return f"unexpected {type(error).__name__}: {message} (run it again with --debug for the traceback)"
