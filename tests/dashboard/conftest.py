"""A store with two runs of color methods over three drawn pages, one of which fails on one; and pages of the app without a browser."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench import CaseInfo
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.dashboard.launch import command
from ecgbench.default_store import STORE_VARIABLE
from ecgbench.plugins.pages import content_id
from ecgbench.registry import default_registry
from ecgbench.store import Store
from tests.dashboard.two_runs import fill as fill_two_runs

pytest.importorskip("streamlit", reason="streamlit draws the dashboard; pip install 'ecg-image-bench[dashboard]'")
from streamlit.testing.v1 import AppTest

# Without these Chromium asks its maker's hosts at every start.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SOON = 180_000  # milliseconds: machines that test many things at once are slow
STARTING_SECONDS = 60
SECONDS = 120  # that a page may take on a machine that tests many things at once
METHODS = ("color.hsv", "color.lab")


def draw_page(path: Path, index: int) -> None:
    """Draw ECG paper with a wave in it."""
    page = np.full((300, 400, 3), 255, np.uint8)
    page[:, ::8] = page[::8] = (200, 200, 255)
    wave = 150 + 40 * np.sin(np.linspace(0, 20 + index, 360))
    cv2.polylines(page, [np.column_stack([np.arange(20, 380), wave]).astype(np.int32)], False, (0, 0, 0), 2)
    cv2.imwrite(str(path), page)


def variant_of(name: str) -> Variant:
    method = default_registry().method(name)
    return Variant(name, method.task, method.version, method.source_hash, {}, method.origin if hasattr(method, "origin") else "")


def outcomes_over(pages: list[Path], shift: float) -> list[Outcome]:
    """Make outcomes by hand: the methods' scores differ most on the last page, and color.lab fails on the first."""
    made = []
    for index, path in enumerate(pages):
        case = CaseInfo(path.name, str(path), content_id(path.read_bytes()), path.stem, "0001", "3x4", "red", 200.0, index / 2)
        for number, name in enumerate(METHODS):
            score = {"trace_f1_1px": 0.9 - 0.1 * number * index + shift, "wall_median_s": 0.01 * (1 + number)}
            ended = (variant_of(name), case, Status.DONE, (0.01 * (1 + number),))
            if number == 1 and index == 0:
                error = f"ValueError: no grid in {path.name}"
                made.append(Outcome(ended[0], case, Status.FAILED, error=error, traceback="Traceback: line 12 of detector.py"))
            else:
                made.append(Outcome(*ended, scores=score))
    return made


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pages")
    paths = [folder / f"{name}.png" for name in "abc"]
    for index, path in enumerate(paths):
        draw_page(path, index)
    return paths


def fill(location: Path, pages: list[Path], names: tuple[str, ...] = ("before", "after")) -> Path:
    scores = [score for metric in default_registry().metrics_of("color") for score in metric.scores]
    with Store(location) as store:
        for shift, name in enumerate(names):
            plan = {"specs": [str(pages[0].parent)], "repeats": 1}
            run = store.begin_run(name, plan=plan, environment=Environment({"cpu": "8080"}), scores=scores)
            store.add(run.id, outcomes_over(pages, -0.05 * shift))
            store.finish_run(run.id)
    return location


@pytest.fixture(scope="session")
def filled(tmp_path_factory, pages) -> Path:
    return fill(tmp_path_factory.mktemp("store") / "bench.db", pages)


SCRIPT = """
from ecgbench.dashboard.app import draw
from ecgbench.dashboard.pages import PAGES
draw(next(entry for entry in PAGES if entry.module == {module!r}), {location!r})
"""


@pytest.fixture
def open_page():
    """Draw a page of the app with what stands in its address."""

    def opened(module: str, location: Path, **address: str) -> AppTest:
        app = AppTest.from_string(SCRIPT.format(module=module, location=str(location)), default_timeout=SECONDS)
        for key, value in address.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        return app

    return opened


@pytest.fixture(scope="session")
def address(filled, tmp_path_factory):
    """Serve the dashboard over a store as `ecgbench dashboard` does, from a folder with nothing in it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    served = subprocess.Popen(
        command(host="127.0.0.1", port=port), env={**os.environ, STORE_VARIABLE: str(filled)},
        cwd=tmp_path_factory.mktemp("cwd"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until and served.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    served.terminate()
    served.wait(30)


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser; pip install playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Debian's chromium is not installed; apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    """A page of the browser; a script that fails, and a request to anywhere but the dashboard, are errors."""
    context = browser.new_context(viewport={"width": 1366, "height": 900})
    page = context.new_page()
    page.set_default_timeout(SOON)
    asked: list[str] = []
    failures: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    context.close()
    host = address.removeprefix("http://")
    assert not failures
    assert asked and all(url.startswith((f"http://{host}/", f"ws://{host}/", "blob:", "data:", "about:")) for url in asked)


@pytest.fixture(scope="session")
def two_runs(tmp_path_factory):
    """A store of two runs that tests only read."""
    folder = tmp_path_factory.mktemp("runs")
    fill_two_runs(folder / "bench.db", folder / "scans")
    return folder / "bench.db"
