"""Starts the dashboard: Streamlit in a process of its own, with all its settings on its command line."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from ecgbench.core.interpreter import python_command
from ecgbench.dashboard.theme import THEME
from ecgbench.default_store import STORE_VARIABLE

SCRIPT = Path(__file__).parent / "script" / "app.py"
UPLOAD_MB = 64  # the server's limit of a message, see `ecgbench serve`
# `.streamlit/config.toml` of a checkout says the same, for `streamlit run dashboard/app.py` (tests/dashboard/test_launch.py).
OPTIONS: Mapping[str, str | bool | int] = {
    "browser.gatherUsageStats": False,  # no request leaves the machine
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": UPLOAD_MB,
    **THEME,
}


class DashboardError(Exception):
    """A dashboard that cannot be started; the message is one sentence that says what to do."""


def check_installed() -> None:
    """Raise DashboardError where the packages of the dashboard are missing."""
    missing = [name for name in ("streamlit", "altair") if find_spec(name) is None]
    if missing:
        raise DashboardError(f"The dashboard needs {' and '.join(missing)}; pip install 'ecg-image-bench[dashboard]'.")


def command(*, host: str, port: int) -> list[str]:
    """Return the command line that serves the dashboard on `host`; port 0 leaves the choice to Streamlit, which tells it."""
    flags = [f"--{name}={_written(value)}" for name, value in OPTIONS.items()]
    where = [f"--server.address={host}", *([f"--server.port={port}"] if port else [])]
    return [*python_command(), "-m", "ecgbench.dashboard.serving", "run", str(SCRIPT), *flags, *where]


def serve(store: str, *, host: str, port: int) -> int:
    """Serve the dashboard over the store until it is ended; return its exit code."""
    check_installed()
    process = subprocess.Popen(command(host=host, port=port), env={**os.environ, STORE_VARIABLE: store})
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # who ends this process means the dashboard
    try:
        return process.wait()
    except KeyboardInterrupt:  # the terminal has told Streamlit too, which ends by itself
        return process.wait()


def _written(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
