"""Takes the store away from under open pages of the dashboard, puts other files in its place, and brings it back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from faults.dashboards import all_told, open_pages
from faults.runs import ecgbench, write_pictures
from faults.suite import Found, require

PROMISE = "Pages of the dashboard whose store is removed, replaced by a file that is none, or brought back say so and go on."
SHORT = False
ALONE = ("try_methods", "methods")  # pages that need no store


def run(*, short: bool) -> Found:
    """Draw every page over each state of the store, in sessions that stay."""
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        store, kept = here / "ecgbench.db", here / "kept.db"
        write_pictures(here / "scans", 3)
        done = ecgbench("run", "scans", "--methods", "edges.canny,edges.sobel", "--name", "monday", cwd=here)
        require(done.returncode == 0, done.stderr[-300:])
        pages = open_pages(store)
        all_told(pages, lambda _, text: "Nothing has been run yet" not in text, "that there is a run")
        for path in here.glob("ecgbench.db-*"):  # the log was folded in when the run ended
            path.unlink()
        store.rename(kept)
        all_told(
            pages,
            lambda module, text: module in (*ALONE, "start_run") or "Nothing has been run yet" in text,
            "that nothing is there",
        )
        require(not store.exists(), "looking for a store made one")
        store.write_bytes(b"something else " * 500)
        all_told(pages, lambda _, text: "is not a store of ecgbench" in text, "what is there instead")
        store.unlink()
        kept.rename(store)
        all_told(pages, lambda _, text: "is not a store" not in text and "Nothing has been run" not in text, "that it is back")
    return Found(4 * len(pages), 0, None, f"{len(pages)} pages over a store, none, a file of something else, and the store again")
