"""How soon the dashboard draws, and answers a click, over a store of a million outcomes.

    python benchmarks/dashboard.py [--outcomes 1000000] [--store FILE]

Targets: the first draw of a page within 2.5 s, a click within 0.5 s, a run of another process seen within 2 s. Measured in headless
Chromium from the navigation to the table, and from the click to what it changed; `sqlite3` alone reading one metric of one method is
timed beside, so that the figures can be compared between machines. --store takes a file that was written here before, or writes it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from store import VARIANTS, begin, write
from tables import Table, present, spread, verdict

from ecgbench.dashboard.launch import STORE_VARIABLE, command
from ecgbench.leaderboard import refresh_summaries
from ecgbench.store import Store

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SOON = 120_000  # milliseconds
FIRST_DRAW, CLICK = 2.5, 0.5  # seconds at most
TABLE = "[data-testid=stDataFrame]"


def fill(path: Path, outcomes: int) -> None:
    """Write a finished run of so many outcomes of VARIANTS methods."""
    with Store(path) as store:
        run = begin(store)
        write(store, run, outcomes // VARIANTS, VARIANTS)
        refresh_summaries(store, run)
        store.finish_run(run.id)


@contextmanager
def served(path: Path) -> Iterator[str]:
    """Serve the dashboard; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = command(host="127.0.0.1", port=port)
    process = subprocess.Popen(line, env={**os.environ, STORE_VARIABLE: str(path)}, stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def row(what: str, work: Callable[[], object], rounds: int = 1, most: float | None = None) -> list[str]:
    """Return the seconds of some rounds, and whether their median is at most `most`."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return [what, spread(found, ""), verdict(statistics.median(found), at_most=most) if most else ""]


def read_by_sqlite3(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        wanted = "SELECT case_id, value FROM scores WHERE run_id = 1 AND variant_id = 1 AND metric_id = 3"
        raw.execute(wanted).fetchall()


def measure(page: Any, address: str, path: Path) -> Iterator[list[str]]:
    """Yield what the pages take, one after the other."""
    yield row("sqlite3 alone, one metric of one method", lambda: read_by_sqlite3(path), rounds=3)

    def opened(where: str, selector: str = TABLE) -> Callable[[], None]:
        def work() -> None:
            page.goto(f"{address}/{where}")
            page.locator(selector).first.wait_for()

        return work

    yield row("the server's first page of all (imports)", opened(""))
    settle(page)
    yield row("leaderboard, first draw in a new session", opened(""), rounds=3, most=FIRST_DRAW)
    for by in ("layout", "dpi", "severity", "type"):
        settle(page)
        yield row(f"click: break down by {by}", clicked(page, by), most=CLICK)
    for where in ("compare", "failures"):
        yield row(f"{where}, first draw", opened(where), most=FIRST_DRAW)
        yield row(f"{where}, drawn again", opened(where), rounds=3, most=FIRST_DRAW)


def clicked(page: Any, by: str) -> Callable[[], None]:
    button = page.get_by_role("radio", name=by, exact=True).or_(page.get_by_role("button", name=by, exact=True)).first

    def work() -> None:
        button.click()
        page.wait_for_function("by => (new URL(location)).searchParams.get('by') === by || by === 'type'", arg=by)
        settle(page)

    return work


def settle(page: Any) -> None:
    """Wait until the script that draws has ended."""
    page.wait_for_function(
        "!document.querySelector('[data-testid=stStatusWidget]') && document.querySelector('[data-test-script-state=notRunning]')"
    )


def tables(options: argparse.Namespace) -> Iterator[Table]:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        path = options.store or Path(folder) / "large.db"
        if not path.exists():
            fill(path, options.outcomes)
        with served(path) as address, sync_playwright() as started:
            browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.set_default_timeout(SOON)
            rows = list(measure(page, address, path))
            browser.close()
    yield Table(
        f"The dashboard over {'a store' if options.store else f'{options.outcomes:,} outcomes'}, in Chromium",
        ["", "seconds", "target"],
        rows,
        ["From the navigation to the table, and from the click to what it changed."],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, help="a file that was written before, or is to be kept")
    present(parser, tables)


if __name__ == "__main__":
    main()
