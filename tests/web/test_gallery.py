"""The gallery in a real browser: pictures in, overlays, numbers, errors and files out, also when the connection is cut."""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import io
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

if importlib.util.find_spec("playwright") is None:  # imported by the fixture that needs it: every test process collects
    pytest.skip("playwright drives the browser; pip install playwright", allow_module_level=True)
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed; apt-get install chromium")
# Without these Chromium asks its maker's hosts at every start.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SOON = 60_000  # milliseconds: machines that test many things at once are slow


class Cable:
    """A line to the server that can be cut: everything is passed on until then, and new connections are taken after it."""

    def __init__(self, port: int) -> None:
        self._port, self._open, self.cuts = port, set[socket.socket](), 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self.cuts += 1
        for end in list(self._open):
            with contextlib.suppress(OSError):  # that one has ended by itself
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._port))
            self._open |= {near, far}
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass  # it was cut
        finally:
            self._open -= {source, target}
            for end in (source, target):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)  # the other thread waits for it, which keeps a socket open that is only closed
                end.close()


@contextlib.contextmanager
def serving(*options: str) -> Iterator[int]:
    """Run a server in a process of its own; yield its port."""
    command = [sys.executable, "-m", "ecgbench.ws_server", "--port", "0", *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield int(re.search(r"http://127\.0\.0\.1:(\d+)", server.stdout.readline())[1])
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server that runs, and takes messages of 1 MiB."""
    with serving("--max-message-mb", "1") as port:
        yield port


@pytest.fixture
def cable(port: int) -> Iterator[Cable]:
    cable = Cable(port)
    yield cable
    cable.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, cable: Cable) -> Iterator[Any]:
    """The gallery, connected; that it loads from elsewhere or that its script fails is an error."""
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    asked: list[str] = []
    failures: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(f"http://127.0.0.1:{cable.port}/")
    page.wait_for_selector(".dot.open", timeout=SOON)
    yield page
    context.close()
    assert not failures
    assert all(url.startswith((f"http://127.0.0.1:{cable.port}/", "blob:", "data:")) for url in asked)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Three drawn pages of ECG paper and one broken file, whose name is markup."""
    paths = []
    for number in range(3):
        page = np.full((400, 600, 3), 255, np.uint8)
        page[:, ::8] = page[::8] = (200, 200, 255)
        page[:, ::40] = page[::40] = (140, 140, 255)
        wave = 200 + 40 * np.sin(np.linspace(0, 20 + number, 560))
        cv2.polylines(page, [np.column_stack([np.arange(20, 580), wave]).astype(np.int32)], False, (0, 0, 0), 2)
        paths.append(tmp_path / f"page{number}.png")
        cv2.imwrite(str(paths[-1]), page)
    broken = tmp_path / "<img src=x onerror=alert(1)>.png"
    broken.write_bytes(paths[0].read_bytes()[:200])
    return [*paths, broken]


def states(page: Any) -> list[str]:
    return [each.inner_text() for each in page.query_selector_all(".state")]


def finish(page: Any) -> None:
    page.wait_for_selector("#cancel", state="hidden", timeout=SOON)  # a click has shown it before it returns


def test_pictures_become_overlays_and_numbers_and_a_broken_one_says_why(page: Any, pictures: list[Path]) -> None:
    page.set_input_files("#files", [str(path) for path in pictures])
    page.click("#run")
    finish(page)
    *done, broken = states(page)
    assert all(state.startswith("done in") for state in done) and not broken.startswith("done")
    first = page.query_selector("article")
    assert "px per mm x" in first.inner_text() and first.query_selector(".above").bounding_box()["width"] > 100
    assert page.query_selector_all("article h2")[3].inner_text() == pictures[3].name  # text, not markup
    slide = first.query_selector(".slide input")
    slide.fill("25")
    assert "75%" in first.query_selector(".above").get_attribute("style")
    button = first.query_selector_all(".layers button")[-1]
    button.click()
    assert button.get_attribute("aria-pressed") == "true"


def test_a_picture_that_the_browser_cannot_show_is_shown_as_the_server_saw_it(
    page: Any, pictures: list[Path], tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "scan.tif"), cv2.imread(str(pictures[0])))
    page.set_input_files("#files", [str(tmp_path / "scan.tif")])
    page.click("#run")
    finish(page)
    box = page.query_selector(".above").bounding_box()
    assert box["height"] == pytest.approx(box["width"] * 400 / 600, rel=0.02)
    assert page.query_selector(".wipe").bounding_box()["height"] == pytest.approx(box["height"], abs=1)
    assert not page.is_visible(".below") and not page.is_visible(".slide")


def test_a_picture_that_is_too_large_for_a_message_costs_no_other(page: Any, pictures: list[Path], tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(pictures[0].read_bytes() + bytes(2_000_000))  # of which a decoder takes no notice
    page.set_input_files("#files", [str(pictures[0]), str(large), str(pictures[1])])
    page.click("#run")
    finish(page)
    first, second, third = states(page)
    assert first.startswith("done in") and third.startswith("done in")
    assert "takes no message of 2 MB" in second
    assert page.inner_text("#progress").strip() == "3 of 3"


def test_results_are_saved_as_csv_and_json(page: Any, pictures: list[Path]) -> None:
    page.set_input_files("#files", [str(path) for path in pictures])
    page.click("#run")
    finish(page)
    saved = {}
    for kind in ("csv", "json"):
        with page.expect_download() as download:
            page.click(f"#{kind}")
        saved[kind] = Path(download.value.path()).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(saved["csv"])))
    assert [row["success"] for row in rows] == ["true"] * 3 + ["false"]
    assert float(rows[0]["grid_detection.px_per_mm_x"]) == pytest.approx(8, rel=0.01)
    assert [each["name"] for each in json.loads(saved["json"])] == [path.name for path in pictures]


def test_pictures_below_a_prefix_become_overlays_and_a_missing_one_says_why(gcs: Any, browser: Any, pictures: list[Path]) -> None:
    gcs.put("scans", "p/a.png", pictures[0].read_bytes())
    gcs.put("scans", "p/notes.txt", b"no picture")
    with serving("--gcs-bucket", "scans") as port:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector(".dot.open", timeout=SOON)
        page.click("summary")
        page.fill("#bucket", "scans")
        page.fill("#paths", "p/\np/gone.png")
        page.click("#run-bucket")
        finish(page)
        first, second = states(page)
        assert first.startswith("done in") and second.startswith("There is no gs://scans/p/gone.png")
        assert page.query_selector(".above").bounding_box()["width"] > 100
        page.close()


def run_canny(page: Any, picture: Path, *, sigma: str) -> None:
    page.set_input_files("#files", str(picture))
    page.check("input[value=method]")
    page.select_option("#one", "edges.canny")
    page.fill("[data-param=sigma]", sigma)
    page.click("#run")
    finish(page)


def test_one_method_runs_with_its_parameters_and_all_of_a_task_side_by_side(page: Any, pictures: list[Path]) -> None:
    run_canny(page, pictures[0], sigma="0.9")
    assert "edges.canny" in page.inner_text(".findings")
    page.check("input[value=compare]")
    page.select_option("#task", "edges")
    page.click("#run")
    finish(page)
    assert all(
        name in page.inner_text(".findings") for name in ("edges.canny", "edges.sobel", "edges.laplacian", "edges.contour")
    )


def test_a_parameter_out_of_bounds_is_one_sentence(page: Any, pictures: list[Path]) -> None:
    run_canny(page, pictures[0], sigma="7")
    assert "sigma" in page.inner_text("#problem")


def test_a_connection_that_is_cut_within_a_batch_costs_nothing(page: Any, cable: Cable, pictures: list[Path]) -> None:
    page.set_input_files("#files", [str(path) for path in pictures * 2])
    page.click("#run")
    cable.cut()
    page.wait_for_selector("#cancel", state="hidden", timeout=SOON)
    assert cable.cuts == 1
    assert page.inner_text("#progress").strip() == "8 of 8"  # what was told twice is counted once
    found = states(page)
    assert len(found) == 8 and sum(state.startswith("done in") for state in found) == 6


def test_buckets_are_asked_for_and_what_cannot_be_had_is_a_sentence(page: Any) -> None:
    page.click("summary")
    page.click("#run-bucket")
    assert "Name a bucket" in page.inner_text("#problem")


def test_without_the_token_the_gallery_says_so_at_once(browser: Any) -> None:
    with serving("--token", "open sesame") as port:
        page = browser.new_page()
        for address, sentence in (("", "This server asks for its token"), ("?token=wrong", "This server asks for its token")):
            page.goto(f"http://127.0.0.1:{port}/{address}")
            page.wait_for_selector("#problem", timeout=SOON)
            assert sentence in page.inner_text("#problem")
            assert page.inner_text("#connection").strip() == "not connected"
        page.goto(f"http://127.0.0.1:{port}/?token=open%20sesame")
        page.wait_for_selector(".dot.open", timeout=SOON)
        page.close()


def test_the_gallery_fits_a_phone(browser: Any, port: int, pictures: list[Path]) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/")
    page.wait_for_selector(".dot.open", timeout=SOON)
    page.set_input_files("#files", str(pictures[0]))
    page.click("#run")
    finish(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()
