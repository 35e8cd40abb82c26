"""Outcomes as text, in which they travel from a worker of pytest-xdist to the process that keeps them."""

from __future__ import annotations

import json
from dataclasses import fields
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
    told = _told(outcome) | {"variant": _told(outcome.variant), "case": _told(outcome.case)}
    return json.dumps({"outcome": told, "spec": spec}, default=str)


def _told(value: Outcome | Variant | CaseInfo) -> dict[str, Any]:
    """Return the fields of a value by name; `dataclasses.asdict` copies what is in them too, which takes longer than all the rest."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def unpack(text: str) -> tuple[Outcome, str | None]:
    """Return the outcome and the spec of a text that `pack` made."""
    parcel: dict[str, Any] = json.loads(text)
    told = parcel["outcome"]
    told |= {
        "variant": Variant(**told["variant"]),
        "case": CaseInfo(**told["case"]),
        "status": Status(told["status"]),
        "seconds": tuple(told["seconds"]),
        "cpu_seconds": tuple(told["cpu_seconds"]),
    }
    return Outcome(**told), parcel["spec"]


def readable(outcome: Outcome) -> list[tuple[str, Any]]:
    """Return what JUnit files and other plugins may read of an outcome: its method, picture, scores and costs."""
    return [("ecg_method", outcome.variant.label), ("ecg_case", outcome.case.name), *outcome.scores.items()]
