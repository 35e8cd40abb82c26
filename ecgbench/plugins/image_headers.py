"""What the first bytes of a PNG, JPEG or BMP file say of it, read without decoding a pixel."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2

PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8\xff"
BMP_START = b"BM"

INCH_M = 0.0254
SILLY_BELOW_DPI, SILLY_ABOVE_DPI = 50.0, 4800.0  # a 1 mm grid needs 2 px a line; no scanner resolves more than 4800 dpi
# EXIF 2.32 (tag 282) demands 72 where the resolution is not known, Windows' screens write 96; on none of 12 real pictures that claim
# one of them does the grid agree within 4 %.
UNKNOWN_DPI = (72, 96)


class UnreadableError(ValueError):
    """Bytes that no page can be made of; the message goes on after the name of the file and ends with what to do."""

    def __init__(self, fault: str, advice: str = "get the picture again") -> None:
        super().__init__(f"{fault}; {advice}")


@dataclass(frozen=True)
class Header:
    """What a file declares: width and height in pixels, dpi where it makes sense, and how OpenCV is to decode it.

    `flag` is the cv2.imdecode flag under which OpenCV gives all that the file holds, None where it would lose something (CMYK,
    transparency of a palette, ...) and Pillow must decode. `encoded` are the bytes to decode.
    """

    width: int
    height: int
    dpi: float | None
    flag: int | None
    encoded: bytes


def read_header(data: bytes) -> Header | None:
    """Return what a PNG, a JPEG or a plain BMP declares, None for any other bytes; raise UnreadableError where it is broken."""
    try:
        if data.startswith(PNG_START):
            return _read_png(data)
        if data.startswith(JPEG_START):
            return _read_jpeg(data)
        if data.startswith(BMP_START):
            return _read_bmp(data)
    except struct.error:
        raise UnreadableError("is truncated: it ends within its header") from None
    return None


def sensible_dpi(x: float, y: float) -> float | None:
    """Return the resolution in pixels per inch, None unless both axes agree within 1 % and a scan can have it.

    >>> sensible_dpi(7874 * INCH_M, 7874 * INCH_M), sensible_dpi(72, 72)
    (200.0, None)
    """
    believable = SILLY_BELOW_DPI <= x <= SILLY_ABOVE_DPI and abs(x - y) <= 0.01 * x and round(x) not in UNKNOWN_DPI
    return round(x, 2) if believable else None


# --- PNG (ISO/IEC 15948:2004) ---

_PNG_CHUNK = struct.Struct(">I4s")
_PNG_DRAWN = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_PNG_QUIET = _PNG_DRAWN | {b"pHYs", b"tEXt", b"tIME"}  # of others, such as a poor iCCP, libpng complains on stderr
_PNG_ALPHA = (4, 6)
_Chunks = dict[bytes, list[tuple[int, int]]]  # start and end of the chunks of each type


def _read_png(data: bytes) -> Header:
    chunks = _png_chunks(data)
    start, _ = chunks.get(b"IHDR", [(0, 0)])[0]
    if start != len(PNG_START):
        raise UnreadableError("is damaged: its IHDR chunk does not come first")
    width, height, depth, color = struct.unpack_from(">IIBB", data, start + 8)
    if b"IDAT" not in chunks:
        raise UnreadableError("is damaged: it holds no pixels")
    encoded = data if chunks.keys() <= _PNG_QUIET else _png_drawn(data, chunks)
    return Header(width, height, _png_dpi(data, chunks), _png_flag(chunks, depth, color), encoded)


def _png_flag(chunks: _Chunks, depth: int, color: int) -> int | None:
    if b"tRNS" in chunks or b"eXIf" in chunks:
        return None  # OpenCV drops the transparency; Pillow turns the picture upright
    return cv2.IMREAD_UNCHANGED if color in _PNG_ALPHA or depth == 16 else cv2.IMREAD_COLOR


def _png_chunks(data: bytes) -> _Chunks:
    """Return start and end of each chunk up to IEND, by type; raise UnreadableError where the file ends before."""
    chunks: _Chunks = {}
    position, kind = len(PNG_START), b""
    while kind != b"IEND":
        if position + 12 > len(data):
            raise UnreadableError("is truncated: its last part is missing")
        length, kind = _PNG_CHUNK.unpack_from(data, position)
        chunks.setdefault(kind, []).append((position, position + 12 + length))
        position += 12 + length
    if position > len(data):
        raise UnreadableError("is truncated: its last part is missing")
    return chunks


def _png_dpi(data: bytes, chunks: _Chunks) -> float | None:
    for start, end in chunks.get(b"pHYs", []):
        if end - start == 12 + 9:
            x, y, unit = struct.unpack_from(">IIB", data, start + 8)
            return sensible_dpi(x * INCH_M, y * INCH_M) if unit == 1 else None
    return None


def _png_drawn(data: bytes, chunks: _Chunks) -> bytes:
    """Return the file without the chunks that do not draw: profiles, texts, the further frames of an animation."""
    spans = sorted(span for kind in _PNG_DRAWN for span in chunks.get(kind, []))
    return PNG_START + b"".join(data[start:end] for start, end in spans)


# --- JPEG (ITU-T T.81, JFIF 1.02, EXIF 2.32) ---

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN, _APP0, _APP1 = 0xDA, 0xE0, 0xE1
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_END_OF_IMAGE = b"\xff\xd9"


def _read_jpeg(data: bytes) -> Header:
    frame, dpi, position = None, None, 2
    while True:
        marker, start, end = _jpeg_segment(data, position)
        if marker in _START_OF_FRAME:
            frame = struct.unpack_from(">BHHB", data, start)
        elif marker == _APP0 and data[start : start + 5] == b"JFIF\0":
            dpi = _jfif_dpi(data[start:end]) or dpi
        elif marker == _APP1 and data[start : start + 6] == b"Exif\0\0":
            dpi = dpi or exif_dpi(data[start + 6 : end])
        elif marker == _START_OF_SCAN:
            break
        position = end
    if frame is None:
        raise UnreadableError("is damaged: its scan comes before its frame header")
    # Compressed data cannot hold the mark (T.81, B.1.1.5), so one that is found ended this picture; what follows it is not ours.
    if data.rfind(_END_OF_IMAGE, end) < 0:
        raise UnreadableError("is truncated: its end mark is missing")
    _, height, width, components = frame
    return Header(width, height, dpi, cv2.IMREAD_COLOR if components in (1, 3) else None, data)


def _jpeg_segment(data: bytes, position: int) -> tuple[int, int, int]:
    """Return marker, start and end of the content of the next segment; fill bytes and bare markers are passed over."""
    while True:
        lead, marker = struct.unpack_from(">BB", data, position)
        if lead != 0xFF or marker == 0xD9:
            raise UnreadableError("is damaged: its header breaks off")
        if marker == 0xFF:
            position += 1
        elif marker in _STANDALONE:
            position += 2
        else:
            break
    (length,) = struct.unpack_from(">H", data, position + 2)
    if length < 2:
        raise UnreadableError("is damaged: a part of its header has no length")
    return marker, position + 4, position + 2 + length


def _jfif_dpi(segment: bytes) -> float | None:
    unit, x, y = struct.unpack_from(">BHH", segment, 7)
    scale = {1: 1.0, 2: 2.54}.get(unit)  # dots per inch, dots per cm; 0 gives the pixels' aspect only
    return None if scale is None else sensible_dpi(x * scale, y * scale)


_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 0x011A, 0x011B, 0x0128


def exif_dpi(tiff: bytes) -> float | None:
    """Return the resolution that the first directory of an EXIF block gives, None where it gives none that makes sense."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return None
    try:
        (directory,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, directory)
        found = dict(_exif_entry(tiff, order, directory + 2 + 12 * index) for index in range(entries))
    except (struct.error, ZeroDivisionError):
        return None  # a damaged note beside the picture does not make the picture unreadable
    scale = 2.54 if found.get(_RESOLUTION_UNIT) == 3 else 1.0
    return sensible_dpi(found.get(_X_RESOLUTION, 0.0) * scale, found.get(_Y_RESOLUTION, 0.0) * scale)


def _exif_entry(tiff: bytes, order: str, position: int) -> tuple[int, float]:
    tag, kind = struct.unpack_from(order + "HH", tiff, position)
    if kind == 5 and tag in (_X_RESOLUTION, _Y_RESOLUTION):
        (offset,) = struct.unpack_from(order + "I", tiff, position + 8)
        numerator, denominator = struct.unpack_from(order + "II", tiff, offset)
        return tag, numerator / denominator
    return tag, float(struct.unpack_from(order + "H", tiff, position + 8)[0])


# --- BMP (Microsoft's BITMAPINFOHEADER) ---


def _read_bmp(data: bytes) -> Header | None:
    offset, info_size, width, height, _planes, bits, compression = struct.unpack_from("<10xIIiiHHI", data)
    if info_size < 40 or bits != 24 or compression != 0:
        return None  # palettes, masks and run lengths are Pillow's
    if offset + (3 * width + 3) // 4 * 4 * abs(height) > len(data):
        raise UnreadableError("is truncated: its last part is missing")
    x, y = struct.unpack_from("<ii", data, 38)
    return Header(width, abs(height), sensible_dpi(x * INCH_M, y * INCH_M), cv2.IMREAD_COLOR, data)
