"""One method's documentation page in Markdown: what its author wrote, and what its code tells by itself."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import ecgbench
from ecgbench.core.transformer import Transformer
from ecgbench.method_pages.dependencies import dependencies
from ecgbench.method_pages.edge_cases import edge_cases
from ecgbench.method_pages.markdown import table
from ecgbench.method_pages.measured import performance
from ecgbench.method_pages.swept import sweep_tables

SECTIONS = (
    "Purpose", "Location", "Dependencies", "Signature", "How it works", "Parameters", "Returns", "Example", "What works",
    "What didn't work", "Changes", "Performance", "Edge cases", "Limitations", "Testing", "Related", "References",
)  # fmt: skip
NOTICE = "<!-- Written by `ecgbench docs` from the method's code and docstring; edit those, not this page. -->"
_FORMS = {
    "gray": "It gets the page in shades of gray: color is not seen.",
    "bgr": "It gets blue, green and red at 8 bits each.",
    "lab": "It gets L*a*b* at 8 bits each, in which OpenCV rounds faint colors to whole steps.",
    "hsv": "It gets hue in steps of 2 degrees, saturation and value; the hue of grays means nothing.",
    "page": "It gets the page as it is, at 8 bits a channel.",
}


def method_page(
    method: Transformer[Any],
    *,
    related: Sequence[str],
    measured: Mapping[str, Any] | None = None,
    swept: Mapping[str, Any] | None = None,
) -> str:
    """Return the page of a method: a heading for each of SECTIONS, in order. The same input gives the same text on every machine.

    `related`: names of other methods of its task. `measured`: what a run found (see Measured), None where there was none.
    `swept`: what a sweep of its parameters found (see Swept).
    """
    said = method.documentation
    texts = (
        said.purpose,
        _location(method),
        ", ".join(dependencies(method.function)) or "None beside Python.",
        f"```python\n{_signature(method)}\n```",
        said.how_it_works,
        "\n\n".join(filter(None, [_parameters(method), sweep_tables(swept)])),
        inspect.getdoc(method.result_type) or "",
        _example(method),
        said.what_works,
        said.what_didnt_work,
        said.changes,
        performance(method.name, measured),
        edge_cases(method),
        _limitations(method),
        _testing(method),
        ", ".join(f"[{name}]({name}.md)" for name in related) or f"No other method of the task {method.task}.",
        said.extra.get("References", "None given."),
    )
    parts = [f"## {heading}\n\n{text[:1].upper()}{text[1:]}" for heading, text in zip(SECTIONS, texts, strict=True)]
    return "\n\n".join([f"# {method.name}", NOTICE, *parts]) + "\n"


def _location(method: Transformer[Any]) -> str:
    module = method.function.__module__
    return f"`{_path_of(module)}`, `{method.function.__qualname__}`; registered as `{method.name}`, task `{method.task}`."


def _path_of(module: str) -> str:
    """Return a module's path from its top package on, the same on every machine."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if module == "__main__" or file is None:
        return "a script or notebook"
    path = module.replace(".", "/")
    return f"{path}/__init__.py" if Path(file).name == "__init__.py" else f"{path}.py"


def _signature(method: Transformer[Any]) -> str:
    given = [f"{spec.name}: {spec.type.__name__} = {spec.default!r}" for spec in method.params]
    arguments = ", ".join(["image", "*", *given] if given else ["image"])
    return f"{method.function.__name__}({arguments}) -> {method.result_type.__name__}"


def _parameters(method: Transformer[Any]) -> str:
    if not method.params:
        return "None."
    rows = [(spec.name, spec.type.__name__, repr(spec.default), spec.bounds, spec.doc) for spec in method.params]
    return table(["name", "type", "default", "bounds", "what it does"], rows)


def _example(method: Transformer[Any]) -> str:
    """Return the author's example or one that any method can run: a line of ink on white paper."""
    if "Example" in method.documentation.extra:
        return f"```python\n{method.documentation.extra['Example']}\n```"
    name = method.function.__name__
    given = "".join(f", {spec.name}={spec.default!r}" for spec in method.params[:1])
    return f"""```python
>>> import numpy as np
>>> from ecgbench import page_from_array
>>> from ecgbench.registry import Registry
>>> {name} = Registry.load().method("{method.name}")
>>> page = np.full((120, 240), 255, np.uint8)
>>> page[60, 20:220] = 0
>>> result = {name}(page{given})
>>> type(result).__name__, result.task
({method.result_type.__name__!r}, {method.task!r})
>>> result.draw(page_from_array(page)).shape
(120, 240, 3)
```"""


def _limitations(method: Transformer[Any]) -> str:
    authored = method.documentation.extra.get("Limitations")
    return "\n\n".join(filter(None, [authored, _FORMS[method.kind]]))


def _testing(method: Transformer[Any]) -> str:
    files = files_that_test(method)
    if not files:
        return "Its tests come with the package that brings it."
    listed = "\n".join(f"- `{file}`" for file in files)
    return f"{listed}\n\n```sh\npytest {' '.join(files)}\n```"


def cited_tests(method: Transformer[Any]) -> list[str]:
    """Return the names of tests that the method's documentation cites."""
    said = method.documentation
    texts = (said.how_it_works, said.what_works, said.what_didnt_work, said.changes, *said.extra.values())
    return sorted({name for text in texts for name in re.findall(r"\btest_\w+", text)})


def files_that_test(method: Transformer[Any]) -> list[str]:
    """Return the test files of this checkout that import the method's module, or hold a test that its documentation cites."""
    module = method.function.__module__
    if not module.startswith("ecgbench.plugins."):
        return []
    parent = ".".join(module.split(".")[:3])
    cited = [rf"def {name}\b" for name in cited_tests(method)]
    pattern = re.compile("|".join([rf"\b{re.escape(parent)}\b", *cited]))
    return [file for file, text in _test_files().items() if pattern.search(text)]


@cache
def _test_files() -> dict[str, str]:
    """Return path and text of the tests of the built-in plugins, none where the package was installed without them."""
    root = Path(ecgbench.__file__).parents[1]
    if not (root / "pyproject.toml").is_file():
        return {}
    found = sorted((root / "tests" / "plugins").rglob("test_*.py"))
    return {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in found}
