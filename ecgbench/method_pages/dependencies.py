"""Which packages a method needs, read from the source that it reaches, without running it."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

# Import names that differ from the names people know the projects by.
KNOWN_AS = {
    "cv2": "OpenCV (`cv2`)",
    "PIL": "Pillow (`PIL`)",
    "skimage": "scikit-image (`skimage`)",
    "numpy": "NumPy",
    "scipy": "SciPy",
}

COMMON = "ecgbench.core"  # what every method rests on tells nothing of this one


@dataclass
class _Source:
    """The definitions of a module by name, and where each imported name comes from: module, and name within it."""

    definitions: dict[str, ast.stmt] = field(default_factory=dict)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)


def dependencies(function: Callable[..., Any]) -> list[str]:
    """Return the packages that a function reaches, beside Python's own and the function's own package, sorted, as people know them.

    Followed are the names that it uses in its module and, through imports, in modules of the same top package; imports inside
    functions count. Names that are made at run time are not seen.

    >>> import json
    >>> dependencies(json.loads)
    []
    """
    own = function.__module__.partition(".")[0]
    found = {package for package in _reached(function.__module__, function.__name__, own, set()) if package != own}
    return sorted(KNOWN_AS.get(package, f"`{package}`") for package in found - set(sys.stdlib_module_names))


def _reached(module: str, name: str, own: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Yield the top packages that `name` of `module` reaches."""
    if (module, name) in seen:
        return
    seen.add((module, name))
    for origin, inner in _imports_of(module, name):
        yield from _imported(origin, inner, own, seen)
    for used in _names_of(module, name):
        yield from _reached(module, used, own, seen)


@cache  # methods reach much of the same: each definition is walked once
def _imports_of(module: str, name: str) -> frozenset[tuple[str, str | None]]:
    """Return where `name` of a module is imported from, and what its definition imports."""
    source = _source(module)
    found = {source.imports[name]} if name in source.imports else set()
    for node in ast.walk(source.definitions[name]) if name in source.definitions else ():
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= set(_names(node, module).values())
    return frozenset(found)


@cache
def _names_of(module: str, name: str) -> frozenset[str]:
    """Return the names that the definition of `name` in a module uses."""
    definition = _source(module).definitions.get(name)
    return frozenset(node.id for node in ast.walk(definition) if isinstance(node, ast.Name)) if definition else frozenset()


def _imported(module: str, name: str | None, own: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    top = module.partition(".")[0]
    yield top
    if top == own and name is not None and not module.startswith(COMMON):
        yield from _reached(module, name, own, seen)


@cache
def _source(module: str) -> _Source:
    """Read a module that is loaded; one without source has nothing."""
    source = _Source()
    for statement in _statements(sys.modules.get(module)):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            source.imports |= _names(statement, module)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            source.definitions[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            source.definitions |= {
                node.id: statement for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)
            }
    return source


def _statements(module: ModuleType | None) -> list[ast.stmt]:
    try:
        return ast.parse(inspect.getsource(module)).body if module else []
    except (OSError, TypeError):
        return []


def _names(statement: ast.Import | ast.ImportFrom, module: str) -> dict[str, tuple[str, str | None]]:
    """Return what an import statement binds: name -> (module, name within it)."""
    if isinstance(statement, ast.Import):
        return {(each.asname or each.name.partition(".")[0]): (each.name, None) for each in statement.names}
    origin = statement.module or ""
    if statement.level:
        package = getattr(sys.modules.get(module), "__package__", None) or ""
        origin = ".".join([*package.split(".")[: len(package.split(".")) + 1 - statement.level], *filter(None, [origin])])
    return {(each.asname or each.name): (origin, each.name) for each in statement.names}
