"""Python for processes of ours, which looks for modules where this one does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SAFE_PATH = "PYTHONSAFEPATH"  # where it is set, Python does not look for modules in the current folder, as with -P


def looks_here_first() -> bool:
    """Whether this process looks in the current folder before Python's own modules, as `python -m` and a notebook do, and `ecgbench` does not."""
    try:
        here = os.getcwd()  # noqa: PTH109 - as sys.path names it
    except FileNotFoundError:
        return False
    own = str(Path(os.__file__).parent)
    before = sys.path[: sys.path.index(own)] if own in sys.path else sys.path
    return "" in before or here in before


def python_command() -> list[str]:
    """Return how to start a Python with `-m` or `-c` that does not look in the current folder first where this one does not.

    Else a file random.py there, or the checkout of another version, would be imported instead of what is installed.
    """
    return [sys.executable] if looks_here_first() else [sys.executable, "-P"]
