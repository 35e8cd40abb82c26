"""RESULTS.md: what was measured, with what, where and when."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tables import Table

from ecgbench.workers import usable_cores

PACKAGES = ("ecg-image-bench", "numpy", "opencv-python", "scikit-image", "pillow", "sqlalchemy", "dask", "pytest")
PEERS = ("benchopt", "joblib", "pytest-benchmark", "pyspng", "simplejpeg")
LOCK = Path(__file__).parents[1] / "requirements" / "peers.txt"
HEADING = "## "
QUICK = (
    "**This is of a quick run: few pages, few rounds. It shows that every benchmark works and roughly what it finds; "
    "starts and warm-up weigh more than they should. `make bench` writes the figures that are to be quoted.**"
)


@dataclass(frozen=True)
class Section:
    """What a benchmark found: its command, how long it ran, its tables, a sentence where it failed, and when it ended."""

    title: str
    command: str
    minutes: float
    tables: Sequence[Table]
    failure: str | None = None
    ended: datetime = field(default_factory=lambda: datetime.now(UTC))

    def markdown(self) -> str:
        """Return the section of the page."""
        when = f"{self.ended:%Y-%m-%d %H:%M} UTC"
        lines = [f"{HEADING}{self.title}", "", f"`python {self.command}`, {self.minutes:.1f} minutes, ended {when}.", ""]
        if self.failure:
            lines += [f"**{self.failure}**", ""]
        return "\n".join([*lines, *(table.markdown() for table in self.tables)])


def sections_of(page: str) -> dict[str, str]:
    """Return the sections of a page that was written before, by title, each with its heading."""
    _, *parts = f"\n{page}".split(f"\n{HEADING}")
    return {part.splitlines()[0]: f"{HEADING}{part.rstrip()}\n" for part in parts}


def results_page(sections: Sequence[str], *, command: str, quick: bool, load: float) -> str:
    """Return the whole page of sections. `load`: how many processes wanted the machine's cores when the first benchmark started."""
    head = [
        "# Results",
        "",
        f"Last written by `{command}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC; each section says when it was measured. "
        "Ratios are of things that were measured in turn within one run; a median stands alone or with the least and the most in "
        "parentheses. Seconds are of this machine and that run only.",
        "",
        f"{usable_cores()} cores ({processor()}), {platform.system()} {platform.release()}, Python {platform.python_version()}; "
        f"load {load:.1f} when it began{': others used the machine too' if load > 0.5 * usable_cores() else ''}.",
        "",
        f"{versions()}.",
        "",
    ]
    if quick:
        head += [QUICK, ""]
    return "\n".join([*head, *sections])


def processor() -> str:
    """Return the processor's name as the kernel tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def versions() -> str:
    """Return the versions of what was measured; those of peers are pinned in their lock."""
    pinned = dict(line.split(" ")[0].split("==") for line in LOCK.read_text().splitlines() if "==" in line.split(" ")[0])
    return ", ".join([*(f"{name} {installed(name)}" for name in PACKAGES), *(f"{name} {pinned[name]}" for name in PEERS)])


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"
