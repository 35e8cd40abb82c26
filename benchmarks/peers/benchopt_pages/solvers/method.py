"""benchopt's solver: one of the methods, on a page that is decoded before the clock starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
from benchopt import BaseSolver
from compared import METHODS, decoded
from job import Job

JOB = Job.from_environment()


class Solver(BaseSolver):
    """A method by its name."""

    name = "method"
    parameters = {"method": list(METHODS[JOB.methods])}  # noqa: RUF012 - benchopt's own way

    method: str

    def set_objective(self, path: Path) -> None:
        cv2.setNumThreads(1)
        self.picture = decoded(path)

    def run(self, _: Any) -> None:
        self.found = METHODS[JOB.methods][self.method](self.picture)

    def get_result(self) -> dict[str, Any]:
        return {"found": self.found is not None}
