"""What every tool is asked to do: the same methods on the same pages, as often, on as many workers.

It comes in the environment, since that reaches a test file and a benchopt benchmark alike.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

PREFIX = "ECG_PEERS_"


@dataclass(frozen=True)
class Job:
    """One tool's job: `methods` is a key of `methods.METHODS`; `output` is where its results go, and `first` is made when the first is known."""

    pages: Path
    methods: str
    repeats: int
    workers: int
    output: Path
    first: Path

    def to_environment(self) -> dict[str, str]:
        """Return the variables that say this job."""
        return {f"{PREFIX}{name.upper()}": str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_environment(cls) -> Job:
        """Read the job that this process was started for."""
        said = {name: os.environ[f"{PREFIX}{name.upper()}"] for name in cls.__annotations__}
        pages, output, first = (Path(said[name]) for name in ("pages", "output", "first"))
        return cls(pages, said["methods"], int(said["repeats"]), int(said["workers"]), output, first)

    def paths(self) -> list[Path]:
        """Return the pages."""
        return sorted(self.pages.glob("*.png"))

    def note_result(self) -> None:
        """Make the file that tells when the first result was known; later results change nothing."""
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.first, os.O_CREAT | os.O_EXCL))
