"""The same call as Python, as a command and as a test, for who wants to go on outside the dashboard."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecgbench.core.transformer import Transformer
from ecgbench.pipeline import STEPS

PLACEHOLDER = "scan.png"  # stands for a picture that is no file of this machine


@dataclass(frozen=True)
class Snippets:
    """One call in three languages."""

    python: str
    command: str
    pytest: str


def method_snippets(method: Transformer[Any], params: Mapping[str, Any], image: str, *, case: str | None = None) -> Snippets:
    """Return the call of a method with params (those that are not its defaults) on a picture, or on a `case` of the image set `image`.

    >>> from ecgbench.registry import Registry
    >>> print(method_snippets(Registry.load().method("edges.canny"), {"sigma": 0.5}, "scan.png").command)
    ecgbench run scan.png --methods edges.canny --param edges.canny.sigma=0.5
    """
    given = "".join(f", {name}={value!r}" for name, value in params.items())
    of_set = f"next(case.source for case in registry.open_images({image!r}) if case.name == {case!r})"
    source = repr(image) if case is None else of_set
    python = f"""from ecgbench.registry import default_registry

registry = default_registry()
page = registry.open_page({source})
result = registry.method({method.name!r})(page{given})
print(result.to_dict())"""
    options = [f"{method.name}.{name}={value}" for name, value in params.items()]
    run = ["ecgbench", "run", image, "--methods", method.name, *(word for each in options for word in ("--param", each))]
    test = ["pytest", "--benchmark", image, "--ecg-methods", method.name]
    test += [word for each in options for word in ("--ecg-param", each)]
    return Snippets(python, shlex.join(run), shlex.join(test))


def pipeline_snippets(options: Mapping[str, Any], image: str) -> Snippets:
    """Return the call of the pipeline with its options on a picture.

    >>> print(pipeline_snippets({"edge_detection": True, "method": "sobel"}, "scan.png").command)
    ecgbench process scan.png --edges sobel --color off --no-grid --no-quality
    """
    shown = "".join(f"    {name!r}: {value!r},\n" for name, value in options.items())
    python = f"""from ecgbench.pipeline import process_image

reply = process_image({image!r}, {{
{shown}}})
print(reply["steps"])"""
    test = f"""from ecgbench.pipeline import process_image

def test_the_pipeline_reads_the_page():
    reply = process_image({image!r}, {{
{"".join(f"    {line}" + chr(10) for line in shown.splitlines())}    }})
    assert reply["success"], reply["error"]"""
    return Snippets(python, _process_command(options, image), test)


def _process_command(options: Mapping[str, Any], image: str) -> str:
    words = ["ecgbench", "process", image]
    for switch, option in (("edge_detection", "--edges"), ("color_separation", "--color")):
        step = next(step for step in STEPS if step.option == switch)
        words += [option, str(options.get(step.method_option, step.default)) if options.get(switch) else "off"]
    words += [] if options.get("grid_detection") else ["--no-grid"]
    words += [] if options.get("quality_check") else ["--no-quality"]
    words += ["--crop"] if options.get("crop_to_content") else []
    lines = [
        shlex.join(words),
        *([shlex.join(["ecgbench", "digitize", image, "-o", "leads.csv"])] if options.get("digitize") else []),
    ]
    return "\n".join(lines)
