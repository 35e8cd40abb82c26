"""What happened to one method on one case, and the machine it happened on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from ecgbench.core.truth import CaseInfo


class Status(StrEnum):
    """How a cell ended."""

    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Variant:
    """A method in one version with one set of params: a column of the bench."""

    method: str
    task: str
    version: str
    source_hash: str
    params: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""

    @property
    def label(self) -> str:
        """The method's name, with the params that were given: "edges.canny[sigma=0.5]"."""
        given = ",".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.method}[{given}]" if given else self.method

    @cached_property
    def key(self) -> str:
        """Method, version, source hash and params in one text, the same in whatever order the params were given.

        >>> Variant("edges.canny", "edges", "0.1", "1a2b3c", {"sigma": 0.5}).key
        'edges.canny 0.1 1a2b3c {"sigma": 0.5}'
        """
        params = json.dumps(dict(self.params), sort_keys=True, default=repr)
        return f"{self.method} {self.version} {self.source_hash} {params}"


@dataclass(frozen=True)
class Outcome:
    """What happened to one (method, params, case).

    `seconds`, `cpu_seconds`: of each repeat, the warm-up apart. `convert_seconds`, `load_seconds`: the array form and the page, not
    part of the method's time. `peak_memory_bytes`: what the call added at its peak, None where the kernel does not tell.
    `metrics_hash`: of the metrics, and their versions, that judged it (`ecgbench.core.metric.metrics_hash`), empty where none did.
    `disturbed`: wall time so far above processor time that others must have had the machine. `error`: one sentence;
    `traceback`: for the author of the method.
    """

    variant: Variant
    case: CaseInfo
    status: Status
    seconds: tuple[float, ...] = ()
    cpu_seconds: tuple[float, ...] = ()
    convert_seconds: float = 0.0
    load_seconds: float = 0.0
    peak_memory_bytes: int | None = None
    disturbed: bool = False
    metrics_hash: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    traceback: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the method gave a result."""
        return self.status is Status.DONE


@dataclass(frozen=True)
class Environment:
    """What a run was measured in: versions, processor, threads, git state, OpenCV build; JSON-safe."""

    facts: Mapping[str, Any]

    def differences(self, other: Environment) -> dict[str, tuple[Any, Any]]:
        """Return the facts that are not the same here and there, as name -> (here, there)."""
        names = [*self.facts, *(name for name in other.facts if name not in self.facts)]
        pairs = {name: (self.facts.get(name), other.facts.get(name)) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
