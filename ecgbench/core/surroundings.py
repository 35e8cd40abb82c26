"""Gives a call's process back what the call may not change: a fork of it ends here, and the working directory is as it was."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_surroundings() -> Iterator[None]:
    """Leave the process and its working directory as they are, whatever the block does.

    A child that the block forked, and that comes out of it, ends at once: it would go on with its parent's work, and answer in its name.
    The working directory is every thread's, so that only the main thread puts it back: in others nobody knows who changed it.
    """
    process, folder = os.getpid(), _folder()
    try:
        yield
    finally:
        if os.getpid() != process:
            os._exit(0)
        if folder is not None and threading.current_thread() is threading.main_thread() and _folder() != folder:
            os.chdir(folder)


def _folder() -> str | None:
    """Return the working directory, None where it was removed."""
    try:
        return os.getcwd()  # noqa: PTH109 - a plain call, on the hot path
    except OSError:
        return None
