"""What went wrong in a run, grouped by how and why, so that a thousand failures of one cause are read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ecgbench.core.outcome import Outcome, Status, Variant
from ecgbench.store import FailureKind, Run, Store

GROUPS = 50  # shown; the rest is counted
KINDS_HELD = 5_000  # while reading; messages that are all different shall not fill the memory
UNEXPLAINED = "no reason was given"


@dataclass
class FailureGroup:
    """Outcomes that ended alike: how, the message without names of pictures, how many, of which methods, and the first of them.

    `example_variant`, `example_case`: the numbers of the first one's variant and case.
    """

    status: Status
    message: str
    example_variant: int
    example_case: int
    example: Outcome
    count: int = 0
    methods: Counter[str] = field(default_factory=Counter)

    def methods_text(self, most: int | None = None) -> str:
        """Return the methods with their counts: "edges.canny (3), edges.sobel"; no more than `most` of them, and how many more there are."""
        named = [f"{label} ({n})" if n > 1 else label for label, n in self.methods.most_common(most)]
        more = len(self.methods) - len(named)
        return ", ".join([*named, f"{more} more"] if more else named)


def failure_groups(store: Store, run: Run, *, limit: int | None = GROUPS) -> list[FailureGroup]:
    """Return the failures of a run in groups, the largest first; KINDS_HELD of them at most, however many differ."""
    variants = store.variants(run.id)
    kinds: dict[tuple[Status, str], list[FailureKind]] = {}
    for kind in store.failure_kinds(run.id, limit=KINDS_HELD):
        kinds.setdefault((kind.status, kind.message or UNEXPLAINED), []).append(kind)
    ordered = sorted(kinds.items(), key=lambda group: -sum(kind.outcomes for kind in group[1]))
    groups = [_group(store, run, variants, *key, alike) for key, alike in ordered[:limit]]
    return [group for group in groups if group is not None]


def _group(
    store: Store, run: Run, variants: Mapping[int, Variant], status: Status, message: str, alike: Sequence[FailureKind]
) -> FailureGroup | None:
    """Return a group with its example; None where all of it was run again meanwhile."""
    first = min(alike, key=lambda kind: (kind.variant_id, kind.case_id))
    example = store.outcome(run.id, first.variant_id, first.case_id)
    if example is None:
        return None
    methods: Counter[str] = Counter()
    for kind in alike:
        methods[variants[kind.variant_id].label] += kind.outcomes
    return FailureGroup(status, message, first.variant_id, first.case_id, example, methods.total(), methods)
