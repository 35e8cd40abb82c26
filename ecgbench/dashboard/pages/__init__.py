"""The pages, in the order of the menu; each is a module with `render(bench)` that is imported when it is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from ecgbench.dashboard.bench import Bench


@dataclass(frozen=True)
class Entry:
    """A page: its title, Material icon, and module here, which is its path in the address too.

    `needs_runs`: a store without an outcome shows the newcomer's page instead.
    """

    title: str
    icon: str
    module: str
    needs_runs: bool = True

    def render(self, bench: Bench) -> None:
        """Draw the page."""
        draw: Callable[[Bench], None] = import_module(f"{__name__}.{self.module}").render
        draw(bench)


PAGES = (
    Entry("Leaderboard", "leaderboard", "leaderboard"),
    Entry("Compare", "compare", "compare"),
    Entry("Failures", "error", "failures"),
    Entry("Try", "biotech", "try_methods", needs_runs=False),
    Entry("Run", "play_circle", "start_run", needs_runs=False),
    Entry("Methods", "function", "methods", needs_runs=False),
    Entry("Runs", "history", "runs"),
)
