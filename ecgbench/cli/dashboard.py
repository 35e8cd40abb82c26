"""The command that opens the dashboard."""

from __future__ import annotations

from typing import Annotated

import typer

from ecgbench.cli.runs import StorePath
from ecgbench.default_store import DEFAULT_STORE


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(dashboard)


def dashboard(
    store: StorePath = DEFAULT_STORE,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one, from 8501 on.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
) -> None:
    """Compare methods in the browser: leaderboards, pictures side by side, failures (docs/dashboard.md)."""
    from ecgbench.dashboard.launch import serve

    raise typer.Exit(serve(store, host=host, port=port))
