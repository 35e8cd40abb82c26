"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class ExportError(ValueError):
    """An export that cannot be made as asked; the message says what can."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when all is written, and leaves what was there where something fails.

    Raises ExportError where the path cannot be written.
    """
    try:
        with _opened(path) as file:
            yield file
    except OSError as error:
        raise ExportError(f"{path} cannot be written ({error.strerror or error}); give another path.") from error


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path.exists() and not path.is_file():  # /dev/stdout, a pipe: nothing to replace
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()  # a link goes on leading to the file that it names
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
