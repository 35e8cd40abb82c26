"""The dashboard in a real browser: a line is wiped, an address is followed, a run is watched, and nothing is asked of the world outside."""

import os
import shutil
import socket
import subprocess
import time

import pytest

from ecgbench.core.outcome import Environment
from ecgbench.dashboard.launch import STORE_VARIABLE, command
from ecgbench.store import Store

from .conftest import outcomes_over

playwright = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser; pip install playwright")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed; apt-get install chromium")
# Without these Chromium asks its maker's hosts at every start.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SOON = 180_000  # milliseconds: machines that test many things at once are slow
STARTING_SECONDS = 60


@pytest.fixture(scope="module")
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


@pytest.fixture
def page(address):
    """A page of the browser; a request to anywhere but the dashboard is an error."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 900})
        page.set_default_timeout(SOON)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        yield page
        browser.close()
    host = address.removeprefix("http://")
    assert asked and all(url.startswith((f"http://{host}/", f"ws://{host}/", "blob:", "data:", "about:")) for url in asked)


def test_a_line_is_wiped_between_two_methods_by_keyboard_and_pointer(page, address):
    page.goto(f"{address}/compare?run=before&view=Wipe")
    frame = page.frame_locator("iframe[srcdoc]")
    slide = frame.locator("input[type=range]")
    slide.wait_for()
    slide.focus()
    for _ in range(4):
        slide.press("ArrowRight")
    assert frame.locator(".wipe").get_attribute("style") == "--at: 52%;"
    width = frame.locator(".wipe").bounding_box()["width"]
    frame.locator(".wipe").click(position={"x": 0.25 * width, "y": 20})
    assert frame.locator(".wipe").evaluate("each => parseFloat(each.style.getPropertyValue('--at'))") == pytest.approx(25, abs=1)
    assert page.locator("text=On 2 pictures of 2 records").count() == 1


def test_a_run_of_another_process_is_seen_while_it_goes_on(page, address, filled, pages):
    page.goto(f"{address}/")
    page.locator("[data-testid=stDataFrame]").first.wait_for()
    with Store(filled) as store:
        run = store.begin_run("elsewhere", plan={}, environment=Environment({}))
        store.add(run.id, outcomes_over(pages, 0.0))
        page.goto(f"{address}/?run=elsewhere")
        page.locator("text=This run goes on").wait_for()
        store.finish_run(run.id)
        page.locator("text=This run goes on").wait_for(state="detached")
