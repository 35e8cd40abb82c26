"""Calls of any function, sync or async, on pictures: what a worker does for BulkTester."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecgbench.core.page import Page
from ecgbench.core.transformer import Transformer
from ecgbench.core.truth import RemotePage
from ecgbench.plugins.pages import page_from_base64
from ecgbench.registry import PageOpener
from ecgbench.workers import Beat

CALL = 0  # the label of the beat that starts the clock of a call


@dataclass(frozen=True)
class Base64Picture:
    """A picture in base64 text, decoded in the worker that needs it."""

    text: str

    def make_page(self) -> Page:
        """Decode it; PageError where it is none."""
        return page_from_base64(self.text)


@dataclass
class FunctionWork:
    """What a worker does with (index, picture): one call of a function."""

    function: Callable[..., Any]
    params: Mapping[str, Any]
    open_page: PageOpener
    wants: str = "array"

    def __call__(self, payload: tuple[int, Any], beat: Beat) -> tuple[Any, float]:
        """Return what the function gave, and the seconds it took; opening the picture is not part of them."""
        image = self._image(payload[1])
        beat(CALL)
        start = time.perf_counter()
        result = self.function(image, **self.params)
        if inspect.isawaitable(result):
            result = asyncio.run(_awaited(result))
        return result, time.perf_counter() - start

    def _image(self, source: Any) -> Any:
        if self.wants in PATHS:
            source = source.make_file() if isinstance(source, RemotePage) else source
            if not isinstance(source, (str, os.PathLike)):
                raise TypeError(f"{name_of(self.function)} takes a path, and this picture has none; give image_paths=.")
            return PATHS[self.wants](source)
        page = self.open_page(source)
        return page if self.wants == "page" else page.bgr.copy()


# What a function that takes a path is given, by how its first parameter is annotated.
PATHS: Mapping[str, Callable[[Any], Any]] = {"path": lambda path: path, "Path": Path, "str": os.fspath}
# What else may stand in such an annotation; pathlib._local is where Path is defined from Python 3.13 on.
BESIDE_PATHS = frozenset({"os", "pathlib", "_local", "typing", "Union", "Optional", "None", "NoneType"})


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def name_of(function: Callable[..., Any]) -> str:
    """Return what a report calls a function: its name, that of what a partial calls, or that of a callable object's class."""
    inner = getattr(function, "func", function)
    return str(getattr(inner, "__name__", type(inner).__name__))


def wants(function: Callable[..., Any]) -> str:
    """Tell what a function's first parameter is: a "page", an "array", or a path: "Path", "str", or "path" for either.

    >>> def size(picture: str | Path) -> int: ...
    >>> wants(size), wants(lambda image_path: 0), wants(lambda image: 0), wants(len)
    ('path', 'path', 'array', 'array')
    """
    if isinstance(function, Transformer):
        return "page"
    try:
        parameter = next(iter(inspect.signature(function).parameters.values()))
    except (TypeError, ValueError, StopIteration):  # functions written in C do not always tell
        return "array"
    kind = parameter.annotation if isinstance(parameter.annotation, str) else inspect.formatannotation(parameter.annotation)
    words = set(re.findall(r"\w+", kind))
    if "Page" in words:
        return "page"
    paths = words & {"str", "Path", "PathLike"}
    if paths and words <= paths | BESIDE_PATHS:
        return paths.pop() if paths in ({"str"}, {"Path"}) else "path"
    return "path" if parameter.name in ("path", "image_path") else "array"
