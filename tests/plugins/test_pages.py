"""Tests of the page opener: what can be opened comes out right, what cannot is refused in one sentence."""

import base64
import hashlib
import io
import os
import struct
import tracemalloc
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from ecgbench import Page, PageError, page_from_array
from ecgbench.plugins.pages import (
    MAX_PIXELS,
    content_id,
    ecgbench_open_page,
    open_page,
    page_from_base64,
    page_from_bytes,
)

WIDTH, HEIGHT = 48, 32


def picture() -> np.ndarray:
    """A smooth RGB picture whose four corners differ, so that turns, flips and swapped channels show."""
    x, y = np.meshgrid(np.linspace(0, 255, WIDTH), np.linspace(0, 255, HEIGHT))
    return np.dstack([x, y, 255 - x]).astype(np.uint8)


def encoded(image: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(target, kind, **options)
    return target.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, depth: int, color: int, rows: bytes, *extra: bytes) -> bytes:
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def rgb_png(*extra: bytes) -> bytes:
    rows = b"".join(b"\0" + row.tobytes() for row in picture())
    return png(WIDTH, HEIGHT, 8, 2, rows, *extra)


def close(page: Page, rgb: np.ndarray, tolerance: int) -> bool:
    return page.bgr.shape == rgb.shape and int(np.abs(page.bgr[..., ::-1].astype(int) - rgb).max()) <= tolerance


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("PPM", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG2000", {"irreversible": False}, 0),
        ("JPEG", {"quality": 95, "subsampling": 0}, 12),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 12),
        ("JPEG", {"quality": 95, "keep_rgb": True}, 12),
    ],
)
def test_a_color_picture_keeps_its_colors(tmp_path, kind, options, tolerance):
    path = tmp_path / "page"
    path.write_bytes(encoded(picture(), kind, **options))
    assert close(open_page(path), picture(), tolerance)


def test_a_page_from_a_file_knows_its_name_origin_and_content(tmp_path):
    path = tmp_path / "ecg.png"
    path.write_bytes(rgb_png())
    page = open_page(str(path))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (page.name, page.origin, page.content_id) == ("ecg.png", str(path), f"sha256:{digest}")
    assert open_page(path, name="other").name == "other"
    assert content_id(path.read_bytes()) == page.content_id


def test_gray_pictures_have_three_equal_channels():
    gray = picture()[..., 0]
    for kind in ("PNG", "TIFF", "BMP", "JPEG"):
        page = open_page(encoded(gray, kind, quality=100))
        assert close(page, np.dstack([gray] * 3), 3 if kind == "JPEG" else 0), kind


def test_one_bit_pictures_are_black_and_white():
    bits = picture()[..., 0] > 100
    white = np.dstack([bits.astype(np.uint8) * 255] * 3)
    for kind, options in (("PNG", {}), ("BMP", {}), ("TIFF", {"compression": "group4"})):
        assert close(open_page(encoded(Image.fromarray(bits), kind, **options)), white, 0), kind


def test_a_palette_gives_its_colors():
    palette = Image.fromarray(picture()).quantize(16)
    expected = np.asarray(palette.convert("RGB"))
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        assert close(open_page(encoded(palette, kind)), expected, 0), kind


def test_transparent_pixels_lie_on_white():
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[:10], alpha[10:20] = 0, 100
    rgba = Image.fromarray(np.dstack([picture(), alpha]))
    share = alpha[..., None] / 255
    expected = np.rint(picture() * share + 255 * (1 - share)).astype(int)
    for kind in ("PNG", "TIFF", "WEBP"):
        page = open_page(encoded(rgba, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {})))
        assert close(page, expected, 1), kind


def test_an_opaque_alpha_channel_changes_nothing():
    rgba = np.dstack([picture(), np.full((HEIGHT, WIDTH), 255, np.uint8)])
    assert close(open_page(encoded(rgba, "PNG")), picture(), 0)


def test_gray_with_alpha_lies_on_white():
    page = open_page(encoded(Image.merge("LA", [Image.new("L", (4, 3), 0), Image.new("L", (4, 3), 0)]), "PNG"))
    assert (page.bgr == 255).all()


def test_a_transparent_color_of_a_palette_or_gray_lies_on_white():
    gray = Image.fromarray(np.tile(np.arange(40, dtype=np.uint8), (5, 1)))
    assert open_page(encoded(gray, "PNG", transparency=7)).gray[0, :9].tolist() == [0, 1, 2, 3, 4, 5, 6, 255, 8]
    palette = Image.fromarray(picture()).quantize(8)
    index = palette.getpixel((0, 0))
    for kind in ("PNG", "GIF"):
        assert open_page(encoded(palette, kind, transparency=index)).bgr[0, 0].tolist() == [255, 255, 255], kind


def test_sixteen_bits_keep_the_upper_eight():
    gray = (picture()[..., 0].astype(np.uint16) << 8) + 77
    expected = np.dstack([picture()[..., 0]] * 3)
    assert close(open_page(encoded(gray, "PNG")), expected, 0)
    assert close(open_page(encoded(gray, "TIFF")), expected, 0)
    big_endian = encoded(Image.frombytes("I;16B", (WIDTH, HEIGHT), gray.astype(">u2").tobytes()), "TIFF")
    assert close(open_page(big_endian), expected, 0)
    pgm = b"P5 %d %d 65535\n" % (WIDTH, HEIGHT) + gray.astype(">u2").tobytes()
    assert close(open_page(pgm), expected, 0)


def test_sixteen_bit_colors_keep_the_upper_eight():
    wide = (picture().astype(">u2") << 8) + 3
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in wide)
    assert close(open_page(png(WIDTH, HEIGHT, 16, 2, rows)), picture(), 0)
    ok, tiff = cv2.imencode(".tif", wide[..., ::-1].astype(np.uint16))
    assert ok
    assert close(open_page(tiff.tobytes()), picture(), 0)


def test_cmyk_pictures_come_out_in_the_colors_of_the_print():
    cmyk = Image.fromarray(picture()).convert("CMYK")
    assert close(open_page(encoded(cmyk, "TIFF")), picture(), 2)
    jpeg = encoded(cmyk, "JPEG", quality=100, subsampling=0)  # Pillow writes CMYK as Adobe does: inverted, with an APP14 mark
    assert b"Adobe" in jpeg
    assert close(open_page(jpeg), picture(), 12)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_turned_picture_comes_upright(kind, orientation):
    # How an upright picture must be stored so that `orientation` turns it upright again (EXIF 2.32, tag 274).
    stored = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a.transpose(1, 0, 2), 2),
        8: lambda a: np.rot90(a, -1),
    }[orientation](picture())
    exif = Image.Exif()
    exif[274] = orientation
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    page = open_page(encoded(np.ascontiguousarray(stored), kind, exif=exif, **options))
    assert close(page, picture(), 12 if kind == "JPEG" else 0)


@pytest.mark.parametrize(("kind", "options"), [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})])
def test_of_several_frames_the_first_is_shown(kind, options):
    first, second = Image.new("RGB", (9, 7), (250, 20, 30)), Image.new("RGB", (9, 7), (0, 0, 255))
    page = open_page(encoded(first, kind, save_all=True, append_images=[second], **options))
    assert page.shape == (7, 9)
    assert close(page, np.full((7, 9, 3), (250, 20, 30), np.uint8), 3)


def test_the_resolution_is_read_where_the_file_gives_it():
    for kind in ("PNG", "JPEG", "TIFF", "BMP"):
        assert open_page(encoded(picture(), kind, dpi=(300, 300))).dpi == pytest.approx(300, abs=0.02), kind
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 600.0, 600.0, 2
    assert open_page(encoded(picture(), "JPEG", exif=exif)).dpi == pytest.approx(600)
    assert open_page(encoded(Image.fromarray(picture()).convert("CMYK"), "JPEG", dpi=(200, 200))).dpi == 200


@pytest.mark.parametrize("dpi", [(1, 1), (72, 72), (30000, 30000), (204, 98)])
def test_a_resolution_that_no_scan_has_is_not_believed(dpi):
    for kind in ("PNG", "JPEG", "TIFF"):
        assert open_page(encoded(picture(), kind, dpi=dpi)).dpi is None, kind
    assert open_page(encoded(picture(), "PNG")).dpi is None


def test_a_damaged_exif_block_does_not_hide_the_picture():
    jpeg = encoded(picture(), "JPEG")
    block = b"\xff\xe1" + struct.pack(">H", 2 + 14) + b"Exif\0\0II*\0\xff\xff\xff\xff"
    page = open_page(jpeg[:2] + block + jpeg[2:])
    assert (page.shape, page.dpi) == ((HEIGHT, WIDTH), None)


def test_bytes_after_the_end_of_a_picture_are_passed_over():
    for kind in ("PNG", "JPEG", "BMP"):
        whole = encoded(picture(), kind)
        assert np.array_equal(open_page(whole + b"\0" * 999 + b"notes").bgr, open_page(whole).bgr), kind


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "PROGRESSIVE", "BMP", "TIFF", "WEBP", "GIF", "PPM"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_file_is_refused_without_a_word_on_stderr(capfd, kind, share):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = encoded(noise, "JPEG", progressive=True) if kind == "PROGRESSIVE" else encoded(noise, kind)
    with pytest.raises(PageError, match=r"^scan (is truncated|is damaged|declares|is not a picture|is text)"):
        open_page(whole[: int(len(whole) * share)], name="scan")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("missing", [1, 2, 4, 12, 13])
def test_a_png_or_jpeg_that_lacks_its_last_bytes_is_refused(missing):
    for kind in ("PNG", "JPEG"):
        with pytest.raises(PageError, match="truncated"):
            open_page(encoded(picture(), kind)[:-missing])


def test_a_truncated_photo_with_a_whole_preview_in_it_is_refused():
    preview = encoded(Image.new("RGB", (8, 8)), "JPEG")
    block = b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(preview)) + b"Exif\0\0" + preview
    photo = encoded(picture(), "JPEG")
    photo = photo[:2] + block + photo[2:]
    assert open_page(photo).shape == (HEIGHT, WIDTH)
    with pytest.raises(PageError, match="truncated"):
        open_page(photo[:-40])


def test_a_png_whose_pixels_are_damaged_is_refused():
    data = bytearray(rgb_png())
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(PageError, match="damaged"):
        open_page(bytes(data))


def test_a_poor_color_profile_is_passed_over_in_silence(capfd):
    page = open_page(rgb_png(png_chunk(b"iCCP", b"x\0\0" + zlib.compress(b"0" * 200))))
    assert close(page, picture(), 0)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF document; export its pages as PNG"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing; export it as PNG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC photo; save it as JPEG or PNG"),
        (b"\0" * 128 + b"DICM" + b"\2\0\0\0", "is a DICOM file; export its picture as PNG"),
        (b"<!DOCTYPE html><p>404</p>", "is text, not a picture"),
        ("id,value\n1,0.5 \u00b5V\n".encode(), "is text, not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is text, not a picture"),
        (bytes(range(256)) * 8, "is not a picture of a kind that can be read"),
        (b"\x89PNG\r\n\x1a\n", "is truncated"),
        (b"\xff\xd8\xff", "is truncated"),
        (b"BM", "is truncated"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(data, sentence):
    with pytest.raises(PageError) as caught:
        open_page(data, name="upload 7")
    assert str(caught.value).startswith(f"upload 7 {sentence}")
    assert str(caught.value).endswith(".")


def test_paths_that_lead_to_no_file_say_so(tmp_path):
    for source, sentence in ((tmp_path / "gone.png", "There is no file"), (tmp_path, "is a folder")):
        with pytest.raises(PageError, match=sentence) as caught:
            open_page(source)
        assert str(source) in str(caught.value)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PageError, match="is not a regular file"):
        open_page(tmp_path / "pipe")
    with pytest.raises(PageError, match="There is no file"):
        open_page("a\0b.png")
    with pytest.raises(PageError, match="cannot be read") as caught:
        open_page("A" * 100_000)
    assert len(str(caught.value)) < 400


def test_a_file_that_may_not_be_read_is_an_error_of_one_sentence(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "locked.png"
    path.write_bytes(rgb_png())
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(PageError, match=r"locked\.png cannot be read \(Permission denied\)"):
        open_page(path)


def test_a_file_larger_than_any_page_is_not_read_into_memory(tmp_path):
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(80 * 2**20)  # sparse
    with pytest.raises(PageError, match="holds 84 MB, more than a page can need"):
        open_page(path, max_pixels=1_000_000)


def header_only(kind: str, width: int, height: int) -> bytes:
    if kind == "PNG":
        return png(width, height, 8, 2, b"\0" * 1_000_000)
    if kind == "JPEG":
        jpeg = encoded(picture(), "JPEG")
        at = jpeg.index(b"\xff\xc0")
        return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]
    if kind == "GIF":
        gif = encoded(Image.new("P", (9, 9)), "GIF")
        return gif[:6] + struct.pack("<HH", width, height) + gif[10:]
    if kind == "WEBP":
        content = b"\x10\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        vp8x = b"VP8X" + struct.pack("<I", len(content)) + content
        image = encoded(Image.new("RGB", (9, 9)), "WEBP", lossless=True)[12:]
        return b"RIFF" + struct.pack("<I", 4 + len(vp8x) + len(image)) + b"WEBP" + vp8x + image
    bmp = encoded(picture(), "BMP")
    return bmp[:18] + struct.pack("<ii", width, height) + bmp[26:]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP"])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch, kind):
    data = header_only(kind, 20_000, 20_000)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    tracemalloc.start()
    try:
        with pytest.raises(
            PageError, match=r"20000 x 20000 = 400 megapixels, above the limit of 100|more pixels than any page|truncated"
        ):
            open_page(data)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_a_tiff_or_webp_of_too_many_pixels_is_refused():
    wide = encoded(Image.new("1", (20_000, 20_000)), "TIFF", compression="group4")
    assert len(wide) < 200_000
    for data in (wide, header_only("WEBP", 16_000, 16_000)):
        with pytest.raises(PageError):
            open_page(data)


def test_the_cap_counts_width_times_height():
    assert MAX_PIXELS == 100_000_000
    data = rgb_png()
    assert open_page(data, max_pixels=WIDTH * HEIGHT).shape == (HEIGHT, WIDTH)
    for kind in ("PNG", "TIFF"):
        with pytest.raises(PageError, match="above the limit"):
            open_page(encoded(picture(), kind), max_pixels=WIDTH * HEIGHT - 1)


def test_a_picture_without_pixels_is_refused():
    for width, height in ((0, 5), (5, 0)):
        with pytest.raises(PageError, match=f"declares a size of {width} x {height} pixels"):
            open_page(png(width, height, 8, 2, b""))


def test_the_smallest_pictures_open():
    for width, height in ((1, 1), (1, 50), (50, 1)):
        for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
            assert open_page(encoded(Image.new("RGB", (width, height)), kind)).shape == (height, width)


def test_thirty_two_bit_pictures_are_refused_with_the_way_out():
    for array in (np.ones((4, 4), np.int32), np.ones((4, 4), np.float32)):
        with pytest.raises(PageError, match="save it with 8 or 16"):
            open_page(encoded(array, "TIFF"), name="depth")


def test_base64_text_opens_with_and_without_its_prefix():
    data = rgb_png()
    text = base64.encodebytes(data).decode()  # with line breaks
    assert close(page_from_base64(text, name="upload"), picture(), 0)
    page = open_page("data:image/png;base64," + text)
    assert close(page, picture(), 0)
    assert (page.origin, page.content_id) == ("base64", content_id(data))


@pytest.mark.parametrize(
    "text", ["data:image/png;base64,???", "not base64!", "data:image/png;base64,abc", "\u00e9\u00e9\u00e9\u00e9"]
)
def test_text_that_is_not_base64_says_so(text):
    with pytest.raises(PageError, match="is not base64"):
        page_from_base64(text)


def test_base64_of_something_else_says_so():
    with pytest.raises(PageError, match="upload is a PDF document"):
        page_from_base64(base64.b64encode(b"%PDF-1.7").decode(), name="upload")


@dataclass(frozen=True)
class Recipe:
    shape: tuple[int, int]

    def make_page(self) -> Page:
        return page_from_array(np.zeros(self.shape, np.uint8), name="made")


def test_arrays_pages_and_recipes_open():
    array = np.zeros((3, 5), np.uint8)
    assert open_page(array).name == "array"
    assert open_page(array, name="strip").name == "strip"
    page = page_from_array(array)
    assert open_page(page) is page
    assert open_page(page, name="other").name == "other"
    assert open_page(Recipe((2, 3))).name == "made"
    assert open_page(Recipe((2, 3)), name="mine").name == "mine"
    for kind in (bytes, bytearray, memoryview):
        assert open_page(kind(rgb_png())).shape == (HEIGHT, WIDTH)


def test_other_kinds_are_refused_by_name_and_left_to_others_by_the_hook():
    for source, shown in ((7, "a int"), (None, "a NoneType"), ("gs://bucket/page.png", "the address 'gs://bucket/page.png'")):
        assert ecgbench_open_page(source) is None
        with pytest.raises(PageError, match=f"No page can be made of {shown}"):
            open_page(source)


def test_the_hook_opens_files_and_comes_last(tmp_path):
    path = tmp_path / "ecg.png"
    path.write_bytes(rgb_png())
    page = ecgbench_open_page(path)
    assert page is not None
    assert page.name == "ecg.png"
    assert ecgbench_open_page.ecgbench_impl["trylast"] is True


@cache
def files_to_damage() -> list[bytes]:
    rgba = np.dstack([picture(), picture()[..., 0]])
    exif = Image.Exif()
    exif[274], exif[282], exif[283] = 6, 300.0, 300.0
    return [
        rgb_png(),
        encoded(rgba, "PNG", dpi=(200, 200)),
        encoded(Image.fromarray(picture()).quantize(8), "PNG", transparency=1),
        encoded(picture(), "JPEG", exif=exif),
        encoded(picture(), "JPEG", progressive=True),
        encoded(Image.fromarray(picture()).convert("CMYK"), "JPEG"),
        encoded(picture(), "BMP"),
        encoded(picture(), "TIFF", compression="tiff_lzw"),
        encoded(picture(), "WEBP"),
        encoded(picture(), "GIF"),
        encoded(picture(), "PPM"),
    ]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_files_give_a_page_or_a_page_error_and_nothing_else(data):
    whole = data.draw(st.sampled_from(files_to_damage()))
    damaged = bytearray(whole)
    positions = st.one_of(st.integers(0, min(len(whole), 200) - 1), st.integers(0, len(whole) - 1))
    for position, value in data.draw(st.lists(st.tuples(positions, st.integers(0, 255)), max_size=6)):
        damaged[position] = value
    end = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    try:
        page = page_from_bytes(bytes(damaged[:end]), max_pixels=1_000_000)
    except PageError as error:
        assert str(error).startswith("bytes ")
        assert str(error).endswith(".")
    else:
        assert page.bgr.dtype == np.uint8
        assert 0 < page.shape[0] * page.shape[1] <= 1_000_000
