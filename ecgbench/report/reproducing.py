"""The command that runs one method on one picture again, as it was run."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from ecgbench.core.outcome import Outcome


def reproducing_command(outcome: Outcome, specs: Sequence[str]) -> str:
    """Return a line for a shell: `ecgbench run` on the picture's file, or a line of Python that finds it in the image sets of the run."""
    variant, case = outcome.variant, outcome.case
    if Path(case.source).suffix[1:].isalpha() and "://" not in case.source:
        params = [word for name, value in variant.params.items() for word in ("--param", f"{variant.method}.{name}={value}")]
        return shlex.join(["ecgbench", "run", case.source, "--methods", variant.method, *params])
    given = "".join(f", {name}={_literal(value)}" for name, value in variant.params.items())
    lines = [
        "from ecgbench.registry import default_registry as r",
        f"c = next(c for s in [{', '.join(map(_literal, specs))}] for c in r().open_images(s) if c.name == {_literal(case.name)})",
        f"print(r().method({_literal(variant.method)})(r().open_page(c.source){given}))",
    ]
    return f"python -c {shlex.quote('; '.join(lines))}"


def _literal(value: object) -> str:
    """Return a value as Python writes it, text in the quotes that a shell's own need not be broken for."""
    return json.dumps(value) if isinstance(value, str) else repr(value)
