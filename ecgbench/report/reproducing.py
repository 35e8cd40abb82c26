"""The command that runs one method on one picture again, as it was run."""

from __future__ import annotations

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
    given = "".join(f", {name}={value!r}" for name, value in variant.params.items())
    lines = [
        "from ecgbench.registry import default_registry as r",
        f"c = next(c for s in {list(specs)!r} for c in r().open_images(s) if c.name == {case.name!r})",
        f"print(r().method({variant.method!r})(r().open_page(c.source){given}))",
    ]
    return f"python -c {shlex.quote('; '.join(lines))}"
