"""Which version a package of a plugin has: its own word, or that of the distribution that brought it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution

UNKNOWN = "0"


@cache
def package_version(top: str) -> str:
    """Return the version of a top-level package or module: its `__version__`, else that of its distribution; "0" where neither is known."""
    if top == "__main__":
        return UNKNOWN
    found = getattr(sys.modules.get(top), "__version__", None)
    if isinstance(found, str):
        return found
    from importlib.metadata import distributions  # and with it the standard library's mail, so only for packages that do not say

    return next((each.version for each in distributions() if _brings(each, top)), UNKNOWN)


def _brings(distribution: Distribution, top: str) -> bool:
    """Whether a distribution brings a top-level package, as `importlib.metadata.packages_distributions` has it.

    That reads the list of files of everything that is installed, file by file, which takes up to two seconds; here a list is read so only
    where it names the package at all.
    """
    declared = (distribution.read_text("top_level.txt") or "").split()
    if declared:
        return top in declared
    listed = distribution.read_text("RECORD")
    if listed is not None and f"{top}/" not in listed and f"{top}." not in listed:
        return False
    return top in _tops(str(file) for file in distribution.files or ())


def _tops(files: Iterable[str]) -> set[str]:
    """Return the top-level packages and modules among files of Python.

    >>> sorted(_tops(["hello/__init__.py", "hello/data.csv", "single.py", "hello-1.dist-info/RECORD"]))
    ['hello', 'single']
    """
    parts = [file.split("/") for file in files if inspect.getmodulename(file) is not None]
    return {each[0] if len(each) > 1 else str(inspect.getmodulename(each[0])) for each in parts}
