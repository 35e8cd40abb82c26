"""Renew the pictures of docs/dashboard.md from a real run: `make screenshots`.

    python benchmarks/screenshots.py [--store FILE] [--scheme light dark] [--only leaderboard compare ...] [--out docs/dashboard]

Without --store the demo set is run first. A picture of the light theme is NAME.webp, of the dark one NAME-dark.webp.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from clicks import settle

from dashboard import FLAGS, served

AGAIN = "demo a day later"  # a second run of the set, for what two runs differ in
VIEWS = {  # name -> what stands in the address
    "leaderboard": "?run=demo&task=color",
    "wipe": "compare?run=demo&task=color&view=Wipe",
    "truth": "compare?run=demo&task=color&view=Against+the+truth",
    "failures": "failures?run=demo&task=color&kind=Worst+scores",
    "try": "try_methods?picture=00004-0005&methods=edges.canny&methods=edges.sobel&edges.canny.sigma=0.4",
    "digitize": "try_methods?task=digitize",
    "run": "start_run?images=synthetic&severity=0.5&severity=0.8",
    "methods": "methods?method=edges.canny",
    "runs": f"runs?a=demo&b={AGAIN.replace(' ', '+')}&task=color",
}
SIZE = {"width": 1366, "height": 768}  # a laptop
TALLEST = 2200  # pixels of a page that is longer
WEBP_QUALITY = 60
RUNNING_S = 12  # until a run has outcomes
DRAWN_MS = 2_500  # charts and pictures come after the script that draws has ended


def take(page: Any, address: str, where: str, target: Path) -> None:
    """Open a view, wait until it is drawn, and save it as large as it is."""
    page.set_viewport_size(SIZE)
    page.goto(f"{address}/{where}")
    page.locator("[data-testid=stDataFrame], [data-testid=stImage], [data-testid=stAlert], h1").first.wait_for()
    settle(page)
    page.wait_for_timeout(DRAWN_MS)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({**SIZE, "height": min(max(height, SIZE["height"]), TALLEST)})
    page.wait_for_timeout(DRAWN_MS)
    settle(page)
    pixels = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise SystemExit(f"{where} gave no picture.")
    cv2.imwrite(str(target), pixels, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])
    print(target, f"{target.stat().st_size / 1000:.0f} kB")


@contextmanager
def going_on(store: Path) -> Iterator[None]:
    """Have a run go on over the store meanwhile, and stop it after."""
    name = f"nightly {time.strftime('%H:%M:%S')}"
    line = ["run", "synthetic?count=200&seed=7", "--methods", "edges.*,grid.*", "--name", name, "--store", str(store)]
    process = subprocess.Popen([sys.executable, "-m", "ecgbench", *line], stderr=subprocess.DEVNULL)
    try:
        time.sleep(RUNNING_S)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--scheme", nargs="+", default=["light"], choices=["light", "dark"])
    parser.add_argument("--only", nargs="+", default=list(VIEWS), choices=list(VIEWS))
    parser.add_argument("--out", type=Path, default=Path("docs/dashboard"))
    chosen = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        store = chosen.store or Path(folder) / "demo.db"
        if not store.exists():
            for name, words in (("demo", ["--repeats", "3"]), (AGAIN, ["--methods", "edges.*,color.*,grid.*"])):
                line = [sys.executable, "-m", "ecgbench", "run", "demo", *words, "--name", name, "--store", str(store)]
                subprocess.run(line, check=True)
        with served(store) as address, sync_playwright() as started:
            browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            for scheme in chosen.scheme:
                page = browser.new_page(color_scheme=scheme)
                page.set_default_timeout(180_000)
                for name in chosen.only:
                    suffix = "" if scheme == "light" else f"-{scheme}"
                    with going_on(store) if name == "run" else nullcontext():
                        take(page, address, VIEWS[name], chosen.out / f"{name}{suffix}.webp")
            browser.close()


if __name__ == "__main__":
    main()
