"""benchopt's objective: what a method is given, and what is kept of its result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchopt import BaseObjective
from job import Job


class Objective(BaseObjective):
    """A method on a page; benchopt itself times it."""

    name = "page"
    sampling_strategy = "run_once"
    min_benchopt_version = "1.10"

    def set_data(self, path: Path) -> None:
        self.path = path

    def get_objective(self) -> dict[str, Any]:
        return {"path": self.path}

    def evaluate_result(self, found: bool) -> dict[str, float]:
        Job.from_environment().note_result()
        return {"value": float(found)}

    def get_one_result(self) -> dict[str, Any]:
        return {"found": True}
