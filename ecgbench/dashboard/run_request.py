"""What somebody asks to be run: images, methods, params and terms, as a command line and as a plan that can be looked at before."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ecgbench.core.outcome import Variant
from ecgbench.plan import Plan, PlanError, make_plan, read_sweep
from ecgbench.registry import Registry
from ecgbench.report.about import command
from ecgbench.store import Run

_LABEL = re.compile(r"([^\[\]]+)(?:\[(.*)\])?", re.DOTALL)
_EVEN_DPI = 200.0  # of Kaggle's pages, which synthetic ones have where nothing is said


@dataclass(frozen=True)
class RunRequest:
    """A run as it is asked for; `sweep` is METHOD.NAME -> values, as text."""

    specs: tuple[str, ...]
    methods: tuple[str, ...]
    sweep: Mapping[str, Sequence[str]] = field(default_factory=dict)
    repeats: int = 1
    timeout: float | None = None
    workers: int | None = None
    name: str = ""

    def plan(self, registry: Registry) -> Plan:
        """Make the plan of it, in which nothing was opened yet but image sets; raise what `make_plan` raises."""
        if not self.specs:
            raise PlanError("There are no images to run over; choose some.")
        for word in (*self.specs, self.name):
            if word.startswith("-"):
                raise PlanError(
                    f"{word!r} would be taken for an option; a path can be written ./{word}, a name must begin otherwise."
                )
        terms: dict[str, Any] = {"repeats": self.repeats, "timeout": self.timeout, "workers": self.workers}
        return make_plan(self.specs, methods=self.methods, sweep=self.sweep, registry=registry, **terms)

    def words(self) -> list[str]:
        """Return the words that `ecgbench` takes for it, but for the store."""
        words = ["run", *self.specs, "--methods", ",".join(self.methods)]
        for path, values in self.sweep.items():
            words += ["--param", f"{path}={','.join(values)}"]
        words += ["--repeats", str(self.repeats)] if self.repeats != 1 else []
        words += ["--timeout", f"{self.timeout:g}"] if self.timeout is not None else []
        words += ["--jobs", str(self.workers)] if self.workers is not None else []
        words += ["--name", self.name] if self.name else []
        return words


def command_line(words: Sequence[str]) -> str:
    """Return words as a line that a shell takes."""
    return shlex.join(["ecgbench", *words])


def words_to_resume(run: Run, registry: Registry) -> list[str]:
    """Return the words that go on with a run that was interrupted or killed, whoever began it; but for the store."""
    labels = [str(label) for label in run.plan.get("methods", ())]
    variants = dict(enumerate(_variant(label) for label in labels))
    words = shlex.split(command(run.plan, variants, registry))[1:]
    memory = run.plan.get("memory_bytes")
    words += ["--memory", "none" if memory is None else f"{memory / (1 << 20):g}MB"]
    words += ["--jobs", str(run.plan["workers"])] if run.plan.get("workers") else []
    return [*words, "--name", run.name, "--resume"]


def _variant(label: str) -> Variant:
    """Read what `Variant.label` says: "edges.canny[sigma=0.5]"."""
    found = _LABEL.fullmatch(label)
    method, given = (found[1], found[2]) if found else (label, None)
    params = dict(pair.split("=", 1) for pair in given.split(",") if "=" in pair) if given else {}
    return Variant(method, method.partition(".")[0], "", "", params)


def synthetic_spec(
    *, count: int, seed: int, types: Sequence[str] = (), severity: tuple[float, float] = (0.0, 1.0), dpi: float = _EVEN_DPI
) -> str:
    """Return the spec of synthetic pages; what is left as it is by default is not written.

    >>> synthetic_spec(count=20, seed=7, types=["0001", "0005"], severity=(0.5, 0.5))
    'synthetic?count=20&seed=7&types=0001,0005&severity=0.5'
    """
    settings = [f"count={count}", f"seed={seed}"]
    settings += [f"types={','.join(types)}"] if types else []
    low, high = severity
    if (low, high) != (0.0, 1.0):
        settings.append(f"severity={low:g}" if low == high else f"severity={low:g}..{high:g}")
    settings += [f"dpi={dpi:g}"] if dpi != _EVEN_DPI else []
    return f"synthetic?{'&'.join(settings)}"


def read_params(text: str) -> dict[str, list[str]]:
    """Read lines of METHOD.NAME=VALUE[,VALUE...]; PlanError shows how one is written."""
    return read_sweep([line.strip() for line in text.splitlines() if line.strip()], option="The parameter")
