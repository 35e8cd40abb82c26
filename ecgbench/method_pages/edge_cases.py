"""What a method gives on pages that hardly are pages, found by running it on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ecgbench.core.page import Page, Pixels
from ecgbench.core.transformer import Transformer
from ecgbench.method_pages.markdown import table

WHITE, BLACK = 255, 0
SHOWN_VALUES = 4  # of a longer list only the length is told


def _paper(height: int, width: int, level: int = WHITE) -> Pixels:
    return np.full((height, width, 3), level, np.uint8)


EDGE_CASES = {
    "1x1, white": _paper(1, 1),
    "1x50, white": _paper(1, 50),
    "200x300, blank white": _paper(200, 300),
    "200x300, all black": _paper(200, 300, BLACK),
    "8x4000, white": _paper(8, 4000),
}


def edge_cases(method: Transformer[Any]) -> str:
    """Return a Markdown table of what the method gives on each of EDGE_CASES (height x width in pixels); the same at every call."""
    return table(["page (height x width)", "result"], [(name, _given(method, pixels)) for name, pixels in EDGE_CASES.items()])


def _given(method: Transformer[Any], pixels: Pixels) -> str:
    page = Page(pixels, "edge case")
    try:
        result = method(page)
        result.check(page)
    except Exception as error:  # a page that tells of a failure is better than no page
        return f"**raises** {type(error).__name__}: {error}"
    return ", ".join(f"{name} {_in_words(value)}" for name, value in result.to_dict().items())


def _in_words(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Mapping):
        return _in_words([{"name": name, **inner} if isinstance(inner, Mapping) else inner for name, inner in value.items()])
    if isinstance(value, list):
        return _listed(value)
    return str(value)


def _listed(values: list[Any]) -> str:
    if not values:
        return "none"
    if all(isinstance(value, Mapping) for value in values):
        return "; ".join(_named(value) for value in values)
    if len(values) > SHOWN_VALUES:
        return f"{len(values)} values"
    return "(" + ", ".join(_in_words(value) for value in values) + ")"


def _named(value: Mapping[str, Any]) -> str:
    """Tell a gate or a lead by its name, whether it passed, and its number."""
    name = str(value.get("name", ""))
    verdict = {True: " passed", False: " failed"}.get(value["passed"], "") if "passed" in value else ""
    return f"{name}{verdict}" if "value" not in value else f"{name}{verdict} ({_in_words(value['value'])})"
