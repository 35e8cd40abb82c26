"""Trying methods in a real browser: pictures and broken files from disk, and a view that is shared by its address."""

import shutil
import socket
import struct
import subprocess
import time
import zlib

import cv2
import numpy as np
import pytest

from ecgbench.dashboard.launch import command

playwright = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser; pip install playwright")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed; apt-get install chromium")
# Without these Chromium asks its maker's hosts at every start.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
SOON = 120_000  # milliseconds: machines that test many things at once are slow
EVIL = "![x](http___evil) <img src=x onerror=alert(1)>.png"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where a dashboard over a store that is not there yet is served."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("served")
    server = subprocess.Popen(command(host="127.0.0.1", port=port), cwd=folder, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + SOON / 1000
        while not _answers(port):
            assert server.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def _answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def page(address):
    """A browser's page; that it asks for anything from elsewhere, or that a script fails, is an error."""
    asked, failures = [], []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        yield page
        browser.close()
    assert not failures
    assert [url for url in asked if not url.startswith((f"{address}/", "blob:", "data:"))] == []


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A drawn page, and files that are none: one that is cut off, one that declares 400 megapixels, and one of text."""
    folder = tmp_path_factory.mktemp("files")
    picture = np.full((200, 300, 3), 255, np.uint8)
    cv2.line(picture, (20, 100), (280, 110), (0, 0, 0), 2)
    cv2.imwrite(str(folder / "scan.png"), picture)
    whole = (folder / "scan.png").read_bytes()
    (folder / EVIL).write_bytes(whole[:200])
    head = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    (folder / "bomb.png").write_bytes(whole[:8] + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + whole[33:])
    (folder / "text.png").write_text("no picture at all\n")
    return folder


def test_a_picture_is_tried_at_once_and_its_view_is_in_the_address(page, address, files):
    page.goto(f"{address}/try_methods?from=an+upload&task=edges&methods=edges.canny&edges.canny.sigma=0.4")
    page.set_input_files("input[type=file]", str(files / "scan.png"), timeout=SOON)
    page.get_by_alt_text("What edges.canny saw").wait_for(timeout=SOON)
    assert page.get_by_role("slider", name="sigma").input_value() == "0.4"
    page.get_by_role("slider", name="sigma").press("ArrowRight")
    page.wait_for_url("**edges.canny.sigma=0.41*", timeout=SOON)
    page.get_by_text("edges.canny as Python, command or test").click()
    page.get_by_text("sigma=0.41").first.wait_for(timeout=SOON)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [(EVIL, "is truncated"), ("bomb.png", "400 megapixels, above the limit"), ("text.png", "is text, not a picture")],
)
def test_a_bad_upload_is_a_sentence_and_its_name_is_text(page, address, files, name, sentence):
    page.goto(f"{address}/try_methods?from=an+upload&methods=edges.canny")
    page.set_input_files("input[type=file]", str(files / name), timeout=SOON)
    page.get_by_text(sentence).wait_for(timeout=SOON)
    shown = page.get_by_role("alert").inner_text()
    assert name in shown and "Traceback" not in shown
