"""The `ecgbench` command: one line in, tables or JSON out, errors as one sentence."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ecgbench.cli import pictures, plugins, runs

CONTEXT = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    no_args_is_help=True,
    context_settings=CONTEXT,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Which method should I trust to turn pictures of ECGs into data, on which pictures, at what cost, and has that changed?",
)
for group in (runs, plugins, pictures):
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
    line = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in line
    try:
        code = app(args=[word for word in line if word != "--debug"], standalone_mode=False, prog_name="ecgbench")
    except Exception as error:
        if debug:
            raise
        sys.exit(_say(error))
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def _say(error: Exception) -> int:
    """Print an error as one sentence; return the exit code."""
    import click

    if isinstance(error, click.exceptions.Abort):
        return 130
    if isinstance(error, click.ClickException):
        error.show()
        return 2
    ours = type(error).__module__.startswith("ecgbench.") or isinstance(error, (OSError, NotImplementedError))
    message = " ".join(str(error).split())
    surprise = f"unexpected {type(error).__name__}: {message} (run it again with --debug for the traceback)"
    typer.echo(f"ecgbench: {message if ours and message else surprise}", err=True)
    return 2
