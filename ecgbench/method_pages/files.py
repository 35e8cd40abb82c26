"""The pages as files: written, and compared with what the code says now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecgbench.core.transformer import Transformer
from ecgbench.method_pages.page import NOTICE, method_page

MEASURED_FILE = "measured.json"
SWEEPS_FILE = "sweeps.json"

Methods = Mapping[str, Transformer[Any]]
MeasuredOf = Mapping[str, Mapping[str, Any]]


def read_measured(directory: Path) -> dict[str, Any]:
    """Return what runs measured, by method, from measured.json beside the pages; nothing where there is no such file."""
    return _read(directory / MEASURED_FILE)


def read_swept(directory: Path) -> dict[str, Any]:
    """Return what sweeps of parameters found, by method, from sweeps.json beside the pages; nothing where there is no such file."""
    return _read(directory / SWEEPS_FILE)


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def write_method_pages(directory: Path, methods: Methods, measured: MeasuredOf | None = None) -> list[Path]:
    """Write the page of each method, named after it, remove pages of methods that are gone, and return what was written.

    `measured` by method, read from measured.json in the directory where it is not given.
    """
    directory.mkdir(parents=True, exist_ok=True)
    pages = _pages(directory, methods, measured)
    for orphan in _orphans(directory, pages):
        orphan.unlink()
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    return list(pages)


def stale_pages(directory: Path, methods: Methods, measured: MeasuredOf | None = None) -> list[str]:
    """Return the names of pages that are missing, differ from what the code says now, or belong to no method."""
    pages = _pages(directory, methods, measured)
    differing = [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    return [path.name for path in [*differing, *_orphans(directory, pages)]]


def _pages(directory: Path, methods: Methods, measured: MeasuredOf | None) -> dict[Path, str]:
    known, swept = read_measured(directory) if measured is None else measured, read_swept(directory)
    return {
        directory / f"{name}.md": method_page(
            method, related=related(method, methods), measured=known.get(name), swept=swept.get(name)
        )
        for name, method in sorted(methods.items())
    }


def related(method: Transformer[Any], methods: Methods) -> list[str]:
    """Return the names of the other methods of the same task."""
    return [name for name, each in sorted(methods.items()) if each.task == method.task and name != method.name]


def _orphans(directory: Path, pages: Mapping[Path, str]) -> list[Path]:
    """Return pages of methods that are gone; what people wrote themselves is left alone."""
    others = [path for path in sorted(directory.glob("*.md")) if path not in pages]
    return [path for path in others if NOTICE in path.read_text(encoding="utf-8")]
