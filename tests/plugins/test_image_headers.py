"""Tests of the header reader: what it says of a file, and what it leaves to the decoders."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from ecgbench.plugins.image_headers import UnreadableError, exif_dpi, read_header, sensible_dpi


def encoded(mode: str, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    Image.new(mode, (7, 5)).save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize(
    ("mode", "kind", "options", "flag"),
    [
        ("RGB", "PNG", {}, cv2.IMREAD_COLOR),
        ("L", "PNG", {}, cv2.IMREAD_COLOR),
        ("P", "PNG", {}, cv2.IMREAD_COLOR),
        ("1", "PNG", {}, cv2.IMREAD_COLOR),
        ("RGBA", "PNG", {}, cv2.IMREAD_UNCHANGED),
        ("LA", "PNG", {}, cv2.IMREAD_UNCHANGED),
        ("I;16", "PNG", {}, cv2.IMREAD_UNCHANGED),
        ("L", "PNG", {"transparency": 3}, None),
        ("RGB", "JPEG", {}, cv2.IMREAD_COLOR),
        ("L", "JPEG", {}, cv2.IMREAD_COLOR),
        ("CMYK", "JPEG", {}, None),
        ("RGB", "BMP", {}, cv2.IMREAD_COLOR),
    ],
)
def test_size_and_decoder_are_read_from_the_header(mode, kind, options, flag):
    header = read_header(encoded(mode, kind, **options))
    assert header is not None
    assert (header.width, header.height, header.flag) == (7, 5, flag)


def test_other_kinds_are_left_to_pillow():
    for data in (b"", b"GIF89a", encoded("P", "BMP"), encoded("RGB", "TIFF")):
        assert read_header(data) is None


def test_chunks_that_do_not_draw_are_left_out_of_what_is_decoded():
    plain = encoded("RGB", "PNG")
    noted = encoded("RGB", "PNG", icc_profile=b"0" * 200)
    header = read_header(noted)
    assert b"iCCP" in noted
    assert header is not None
    assert header.encoded == plain


def test_every_cut_of_a_header_is_told_from_a_whole_file():
    for kind in ("PNG", "JPEG", "BMP"):
        whole = encoded("RGB", kind, dpi=(200, 200))
        for end in range(4 if kind == "JPEG" else 8, len(whole)):
            with pytest.raises(UnreadableError, match=r"truncated|damaged"):
                read_header(whole[:end])


def test_an_empty_segment_of_a_jpeg_does_not_hang_the_reader():
    with pytest.raises(UnreadableError, match="no length"):
        read_header(b"\xff\xd8\xff\xe0\0\0" + b"\0" * 50)


def test_fill_bytes_between_segments_are_passed_over():
    whole = encoded("RGB", "JPEG")
    header = read_header(whole[:2] + b"\xff\xff\xff" + whole[2:])
    assert header is not None
    assert (header.width, header.height) == (7, 5)


def test_exif_gives_the_resolution_in_either_byte_order_and_unit():
    for order, mark in (("<", b"II*\0"), (">", b"MM\0*")):
        for unit, per_unit, dpi in ((2, 300, 300.0), (3, 118, 299.72)):
            entries = [(0x11A, 5, 1, 50), (0x11B, 5, 1, 50)]
            body = b"".join(struct.pack(order + "HHII", *entry) for entry in entries)
            body += struct.pack(order + "HHIHH", 0x128, 3, 1, unit, 0)
            tiff = mark + struct.pack(order + "IH", 8, 3) + body + struct.pack(order + "II", per_unit, 1)
            assert tiff[46:50] == struct.pack(order + "I", per_unit)
            assert exif_dpi(tiff.replace(struct.pack(order + "I", 50), struct.pack(order + "I", 46))) == pytest.approx(
                dpi, abs=0.01
            )


def test_exif_without_a_believable_resolution_gives_none():
    for tiff in (b"", b"II*\0", b"XX*\0\x08\0\0\0\0\0", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\x05\0"):
        assert exif_dpi(tiff) is None
    zero = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0x11A, 5, 1, 22) + struct.pack("<II", 300, 0)
    assert exif_dpi(zero) is None


def test_a_resolution_is_believed_only_where_a_scan_can_have_it():
    assert sensible_dpi(200.0, 199.0) == 200.0
    for x, y in (
        (0, 0),
        (49, 49),
        (72, 72),
        (71.9836, 71.9836),
        (96.012, 96.012),
        (200, 100),
        (5000, 5000),
        (np.nan, 200),
        (200, np.nan),
    ):
        assert sensible_dpi(x, y) is None
