"""Trying methods in a real browser: pictures and broken files from disk, and a view that is shared by its address."""

import struct
import zlib

import cv2
import numpy as np
import pytest

EVIL = "![x](http___evil) <img src=x onerror=alert(1)>.png"


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
    page.set_input_files("input[type=file]", str(files / "scan.png"))
    page.get_by_alt_text("What edges.canny saw").wait_for()
    assert page.get_by_role("slider", name="sigma").input_value() == "0.4"
    page.get_by_role("slider", name="sigma").press("ArrowRight")
    page.wait_for_url("**edges.canny.sigma=0.41*")
    page.get_by_text("edges.canny as Python, command or test").click()
    page.get_by_text("sigma=0.41").first.wait_for()


def test_a_bad_upload_is_a_sentence_and_its_name_is_text(page, address, files):
    page.goto(f"{address}/try_methods?from=an+upload&methods=edges.canny")
    for name, sentence in (
        (EVIL, "is truncated"),
        ("bomb.png", "400 megapixels, above the limit"),
        ("text.png", "is text, not a picture"),
    ):
        page.set_input_files("input[type=file]", str(files / name))
        page.get_by_text(sentence).wait_for()
        shown = page.get_by_role("alert").inner_text()
        assert name in shown and "Traceback" not in shown
