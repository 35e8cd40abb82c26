"""Outcomes as text, in which they travel from a worker of pytest-xdist to the process that keeps them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from ecgbench.core.outcome import Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo

CARRIER = (
    "ecgbench_outcome"  # the user property of a report that carries one; it is taken out before other plugins see the report
)


def pack(outcome: Outcome, spec: str | None = None) -> str:
    """Return an outcome, and the spec of the image set that its case is of, as text.

    >>> outcome = Outcome(Variant("edges.canny", "edges", "0.1", "1a"), CaseInfo("a.png", "scans/a.png"), Status.DONE, seconds=(0.01,))
    >>> unpack(pack(outcome, "scans/")) == (outcome, "scans/")
    True
    """
    return json.dumps({"outcome": asdict(outcome), "spec": spec}, default=str)


def unpack(text: str) -> tuple[Outcome, str | None]:
    """Return the outcome and the spec of a text that `pack` made."""
    parcel: dict[str, Any] = json.loads(text)
    fields = parcel["outcome"]
    fields |= {
        "variant": Variant(**fields["variant"]),
        "case": CaseInfo(**fields["case"]),
        "status": Status(fields["status"]),
        "seconds": tuple(fields["seconds"]),
        "cpu_seconds": tuple(fields["cpu_seconds"]),
    }
    return Outcome(**fields), parcel["spec"]


def readable(outcome: Outcome) -> list[tuple[str, Any]]:
    """Return what JUnit files and other plugins may read of an outcome: its method, picture, scores and costs."""
    return [("ecg_method", outcome.variant.label), ("ecg_case", outcome.case.name), *outcome.scores.items()]
