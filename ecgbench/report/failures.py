"""What went wrong in a run, grouped by how and why, so that a thousand failures of one cause are read once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ecgbench.core.outcome import Outcome, Status
from ecgbench.store import FAILURES, Run, Store

GROUPS = 50  # shown; the rest is counted
GROUPS_HELD = 5_000  # while reading; messages that are all different shall not fill the memory
UNEXPLAINED = "no reason was given"


@dataclass
class FailureGroup:
    """Outcomes that ended alike: how, the message without names of pictures, how many, of which methods, and the first of them."""

    status: Status
    message: str
    example: Outcome
    count: int = 0
    methods: Counter[str] = field(default_factory=Counter)

    def methods_text(self, most: int | None = None) -> str:
        """Return the methods with their counts: "edges.canny (3), edges.sobel"; no more than `most` of them, and how many more there are."""
        named = [f"{label} ({n})" if n > 1 else label for label, n in self.methods.most_common(most)]
        more = len(self.methods) - len(named)
        return ", ".join([*named, f"{more} more"] if more else named)


def failure_groups(store: Store, run: Run, *, limit: int | None = GROUPS) -> list[FailureGroup]:
    """Return the failures of a run in groups, the largest first; memory does not grow with their number."""
    groups: dict[tuple[Status, str], FailureGroup] = {}
    for outcome in store.outcomes(run.id, status=FAILURES):
        message = nameless(outcome)
        key = (outcome.status, message if (outcome.status, message) in groups or len(groups) < GROUPS_HELD else "other reasons")
        group = groups.setdefault(key, FailureGroup(*key, outcome))
        group.count += 1
        group.methods[outcome.variant.label] += 1
    return sorted(groups.values(), key=lambda group: -group.count)[:limit]


def nameless(outcome: Outcome) -> str:
    """Return an outcome's error with what names its picture left out, so that errors of one cause read the same."""
    message = outcome.error or UNEXPLAINED
    for name in sorted((outcome.case.source, outcome.case.name), key=len, reverse=True):  # a path holds the name
        if len(name) > 2:  # a picture called "a" would blot out every a
            message = message.replace(name, "…")
    return message
