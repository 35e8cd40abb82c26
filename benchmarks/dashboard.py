"""How soon the dashboard draws, and answers a click, over a store of a million outcomes.

    python benchmarks/dashboard.py [--outcomes 1000000] [--store FILE] [--rounds 3] [--here]

Targets: the first draw of a page within 2.5 s, a click within 0.5 s, a run of another process seen within 2 s of its first outcome.
Measured in headless Chromium, from the navigation or the click until the script that it asked for has ended and what it draws is there (of an
option of a list, from the key that takes it: opening the list and writing in it ask nothing of the server); "new to the server" is the first
time that anybody asks, of a server that has done its imports. `sqlite3` alone reading one metric of one method is timed beside, so that the figures
can be compared between machines. --store takes a file that was written here before, or writes it.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clicks import REST_MS, SOON, Later, Visit, Wire, choose, click_through, draw, press
from store import VARIANTS, begin, make_outcomes, write
from tables import Table, present, spread, verdict

from ecgbench.core.outcome import Environment
from ecgbench.dashboard.launch import command
from ecgbench.default_store import STORE_VARIABLE
from ecgbench.leaderboard import refresh_summaries
from ecgbench.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
FIRST_S, CLICK_S, SEEN_S = 2.5, 0.5, 2.0
BROKEN_DOWN_S = 30
HERE: dict[str, tuple[tuple[str, object], ...]] = {
    "leaderboard": (("by", "layout"), ("by", "severity"), ("pick", ["m3[sigma=0.3]"]), ("metric", "score_1")),
    "compare": (("view", "Wipe"),),
    "failures": (("kind", "Worst scores"),),
    "runs": (),
}
SCRIPT = """
from ecgbench.dashboard.app import draw
from ecgbench.dashboard.pages import PAGES
draw(next(entry for entry in PAGES if entry.module == {module!r}), {location!r})
"""
TITLE = "h1"
SCREEN: ViewportSize = {"width": 1366, "height": 768}
LARGE, SMALL, LIVE = "run", "tenth", "live"


def fill(path: Path, outcomes: int) -> None:
    """Write a finished run of so many outcomes of VARIANTS methods, and one of a tenth of them to hold it against."""
    with Store(path) as store:
        for name, share in ((LARGE, 1), (SMALL, 10)):
            run = begin(store, name)
            write(store, run, outcomes // share // VARIANTS, VARIANTS)
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


def timed(what: str, target_s: float | None, work: Callable[[], object], rounds: int = 1) -> list[str]:
    """Return the seconds of some rounds, and whether their median is at most the target."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return row_of(what, target_s, found)


def row_of(what: str, target_s: float | None, found: Sequence[float]) -> list[str]:
    return [what, spread(found, ""), "" if target_s is None else verdict(statistics.median(found), at_most=target_s)]


def read_by_sqlite3(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        column = "SELECT id FROM score_columns WHERE run_id = 1 AND variant_id = 1 AND metric_id = 3"
        wanted = f"SELECT case_id, value FROM scores WHERE column_id = ({column})"
        raw.execute(wanted).fetchall()


VISITS = (
    Visit("leaderboard", f"?run={LARGE}", "[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg", (
        *(press(f"break down by {by}", by) for by in ("layout", "dpi", "severity", "robustness", "type")),
        choose("pick a method", "Methods in the table and below", "m3[sigma=0.3]"),
        choose("rank by another score", "Ranked by", "score_1", Later("who leads by it is said", "strong:has-text('leads with score_1')")),
    )),
    Visit("compare", f"compare?run={LARGE}", "text=Pictures they disagree on most", (
        press("wipe", "Wipe"),
        press("against the truth", "Against the truth"),
    )),
    Visit("failures", f"failures?run={LARGE}", "text=without a result", (press("worst scores", "Worst scores"),)),
    Visit("try", "try_methods", "img[alt='What edges.canny saw']"),
    Visit("run", "start_run", "text=Start a run", (press("synthetic pages", "synthetic"),)),
    Visit("methods", "methods?method=edges.canny", "text=What didn't work", (press("conformance", "conformance"),)),
    Visit("runs", f"runs?a={SMALL}&b={LARGE}", "text=What differs in what was found",
          later=Later("two large runs are held against each other", "text=better,")),
)  # fmt: skip


def first_of_all(path: Path, chromium: Any, rounds: int) -> list[str]:
    """Return what the first page takes whoever opens the address as soon as a server answers, in a browser that has nothing of it yet."""
    found = []
    for _ in range(rounds):
        with served(path) as address, closing(chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)) as browser:
            page = browser.new_page(viewport=SCREEN)
            start = time.perf_counter()
            draw(page, address, VISITS[0])
            found.append(time.perf_counter() - start)
    return row_of(f"{VISITS[0].name}, as the server comes up, with its imports", FIRST_S, found)


def measure(page: Any, address: str, path: Path, rounds: int) -> Iterator[list[str]]:
    """Yield what the pages take, one after the other."""
    wire = Wire(page)
    yield timed("sqlite3 alone, one metric of one method", None, lambda: read_by_sqlite3(path), rounds)
    draw(page, address, Visit("", "try_methods", TITLE))  # by which the server has done its imports
    for visit in VISITS:
        go = partial(draw, page, address, visit)
        yield timed(f"{visit.name}, new to the server", FIRST_S, go)
        if visit.later:
            yield timed(f"and from then until {visit.later.name}", None, partial(visit.later.wait, page))
        page.wait_for_timeout(REST_MS)
        yield timed(f"{visit.name}, first draw in a new session", FIRST_S, go, rounds)
        for click in visit.clicks:
            page.wait_for_timeout(REST_MS)
            press_it = click.aim(page)
            yield timed(f"{visit.name}, click: {click.name}", CLICK_S, partial(click_through, page, wire, press_it))
            if click.later:
                yield timed(f"and from then until {click.later.name}", None, partial(click.later.wait, page))


def watch(page: Any, address: str, path: Path) -> Iterator[list[str]]:
    """Yield after what time a run of another process is seen, and each of its outcomes."""
    page.goto(f"{address}/start_run")
    page.locator("text=No run goes on").wait_for()
    with Store(path) as store:
        outcomes = list(make_outcomes(30, 1))
        run = store.begin_run(f"{LIVE} {time.strftime('%H:%M:%S')}", plan={"specs": ["scans/"]}, environment=Environment({}))
        store.add(run.id, outcomes[:1])
        yield timed(
            "a run of another process, from its first outcome until the page of runs shows it",
            SEEN_S,
            page.get_by_text(run.name).first.wait_for,
        )
        page.goto(f"{address}/?run={run.name}")
        page.locator("text=1 outcome so far").wait_for()
        for count in range(2, 6):
            store.add(run.id, outcomes[count - 1 : count])
            yield timed(
                "and from a further outcome until the leaderboard counts it",
                SEEN_S,
                page.locator(f"text={count} outcomes so far").wait_for,
            )
        store.finish_run(run.id)


def measure_here(path: Path) -> Iterator[list[str]]:
    """Yield the processor seconds of the app's script for pages and clicks, drawn in this process without a browser."""
    from streamlit.testing.v1 import AppTest

    def opened(module: str, **address: str) -> Any:
        app = AppTest.from_string(SCRIPT.format(module=module, location=str(path)), default_timeout=300)
        for name, value in address.items():
            app.query_params[name] = value
        return app

    def spent(what: str, work: Callable[[], object]) -> list[str]:
        start = time.process_time()
        work()
        return [what, f"{time.process_time() - start:.2f}", ""]

    def chosen(app: Any, key: str, value: object) -> Any:
        widget = next(each for each in (*app.multiselect, *app.selectbox, *app.get("button_group")) if each.key == key)
        return widget.set_value(value)

    yield spent("imports, with the page of methods", opened("methods").run)
    for module, clicks in HERE.items():
        app = opened(module, run=LARGE, a=SMALL, b=LARGE)
        yield spent(f"{module}, new to the server", app.run)
        if module == "leaderboard":
            time.sleep(BROKEN_DOWN_S)  # by what else there is: of that process
        app = opened(module, run=LARGE, a=SMALL, b=LARGE)
        yield spent(f"{module}, first draw in a new session", app.run)
        for key, value in clicks:
            yield spent(f"{module}, click: {key} {value}", chosen(app, key, value).run)


def tables(options: argparse.Namespace) -> Iterator[Table]:
    """Measure a store that is there, or one that is written for it."""
    from playwright.sync_api import sync_playwright  # before a store is written, which takes a minute

    with tempfile.TemporaryDirectory() as folder:
        path = options.store or Path(folder) / "large.db"
        if not path.exists():
            fill(path, options.outcomes)
        size = "a store" if options.store else f"{options.outcomes:,} outcomes"
        head = ["", "seconds", "target"]
        if options.here:
            yield Table(f"The dashboard over {size}, in this process", ["", "processor seconds", ""], list(measure_here(path)))
            return
        with sync_playwright() as started:
            first = first_of_all(path, started.chromium, options.rounds)
        with served(path) as address, sync_playwright() as started:
            browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = browser.new_page(viewport=SCREEN)
            page.set_default_timeout(SOON)
            drawn = [first, *measure(page, address, path, options.rounds)]
            seen = list(watch(page, address, path))
            browser.close()
    note = "From the navigation, or the click, until the script has ended and what was asked for is there."
    yield Table(f"The dashboard over {size}, in Chromium", head, drawn, [note])
    yield Table("A run in progress, seen in Chromium", head, seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, help="a file that was written before, or is to be kept")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--here", action="store_true", help="without a browser, and in processor seconds, which a busy machine changes less"
    )
    present(parser, tables)


if __name__ == "__main__":
    main()
