"""Which source a plugin's function is made of: its module, and what that uses of the same package."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any

HASH_DIGITS = 12  # of sha256, 48 bits: a chance of 1 in 600 that any two of a million sources share them


def source_hash(function: Callable[..., Any]) -> str:
    """Return the hash of the source of a function's module and of the modules of its package that it uses, however indirectly.

    So an edit in a module that two methods share makes both of them others. A function of a script or a notebook is its own source;
    one without a source is its code.
    """
    module = sys.modules.get(function.__module__)
    if module is None or function.__module__ == "__main__":
        return hash_of_texts([_source(function) or _code(function.__code__)])
    sources = [_source(each) for each in _used_modules(module)]
    return hash_of_texts([source for source in sources if source] or [_code(function.__code__)])


def _used_modules(module: ModuleType) -> list[ModuleType]:
    """Return a module and those of its package that it uses, in the order of their names."""
    package = _package(module.__name__)
    found = {module.__name__: module}
    waiting = [module]
    while waiting:
        for name in _names_in(waiting.pop()):
            if name not in found and f"{name}.".startswith(f"{package}.") and name in sys.modules:
                found[name] = sys.modules[name]
                waiting.append(found[name])
    return [found[name] for name in sorted(found)]


def _package(module: str) -> str:
    """Return the package whose modules belong together; of our own, the plugins only: the core is the same for every method."""
    return "ecgbench.plugins" if module.startswith("ecgbench.plugins.") else module.partition(".")[0]


def _names_in(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        owner = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(owner, str):
            yield owner


def _source(thing: Any) -> str | None:
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        return None


def _code(code: CodeType) -> str:
    return code.co_code.hex() + repr(code.co_names) + repr([each for each in code.co_consts if not isinstance(each, CodeType)])


def hash_of_texts(texts: list[str]) -> str:
    """Return 12 hexadecimal digits of the sha256 of texts in this order."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:HASH_DIGITS]
