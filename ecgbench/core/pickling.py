"""How values made by a decorator travel to other processes: by name, where the name leads back to them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any


def by_name_or_value(
    value: object, function: Callable[..., Any], rebuild: Callable[..., Any], parts: Callable[[], tuple[Any, ...]]
) -> tuple[Any, ...]:
    """Return what `__reduce__` of a decorated function should: its name, or its `parts` where it was made in a script or a notebook.

    Parts may be slow to find (the version of a distribution is), so that they are asked for only where they are needed.
    """
    module, qualname = function.__module__, function.__qualname__
    if module != "__main__" and _lookup(module, qualname) is value:
        return _load, (module, qualname)
    return rebuild, parts()


def _lookup(module: str, qualname: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def _load(module: str, qualname: str) -> Any:
    importlib.import_module(module)
    return _lookup(module, qualname)
