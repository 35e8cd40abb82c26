"""Whether a plugin's method keeps what the bench counts on, asked for on demand: `ecgbench check` in the background."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecgbench.dashboard.jobs import Job, job_folder
from ecgbench.registry import BUILT_IN, Registry

ICONS = {
    "passed": ":material/check:", "failed": ":material/close:", "unexpectedly passed": ":material/priority_high:",
    "expected failure": ":material/rule:", "skipped": ":material/remove:",
}  # fmt: skip
ORDER = ("failed", "unexpectedly passed", "expected failure", "skipped", "passed")


@dataclass(frozen=True)
class Conformance:
    """What a check of one method found: its verdicts, those first that want doing, or the sentence with which it ended without any."""

    verdicts: tuple[Mapping[str, Any], ...] = ()
    error: str = ""

    @property
    def sentence(self) -> str:
        """The counts in words: "18 passed, 2 skipped"."""
        counts = Counter(str(verdict["status"]) for verdict in self.verdicts)
        return ", ".join(f"{counts[status]} {status}" for status in reversed(ORDER) if counts[status])


def check_job(store: str, method: str) -> Job:
    """Return the job that checks a method; it was begun or not."""
    return Job(job_folder(store), f"check {method}")


def check_words(registry: Registry, method: str) -> list[str]:
    """Return the words of `ecgbench` that check one method of its plugin."""
    origin = registry.origin_of(method)
    plugin = "ecgbench" if origin == BUILT_IN else origin.rsplit(" ", 1)[0]
    return ["check", plugin, "--only", f"{method}::*", "--json"]


def read_check(job: Job) -> Conformance | None:
    """Return what a check found that has ended; None where none was begun, or where it goes on."""
    if not job.begun or job.running:
        return None
    try:
        found = json.loads(job.out)
    except ValueError:
        return Conformance(error=job.said or "The check ended without a word; run it again.")
    verdicts = sorted(found["checks"], key=lambda verdict: ORDER.index(verdict["status"]))
    return Conformance(tuple(verdicts))
