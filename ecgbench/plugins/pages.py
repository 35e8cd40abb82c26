"""The built-in page opener: files, bytes, base64 text, arrays and recipes become pages, or one sentence says why not."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Page, PageError, frozen, page_from_array
from ecgbench.core.transformer import hookimpl
from ecgbench.core.truth import PageMaker
from ecgbench.plugins.image_headers import Header, UnreadableError, read_header, sensible_dpi

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 100_000_000  # A3, the largest ECG paper, scanned at 600 dpi is 70 megapixels; 100 take 300 MB as BGR
MAX_BYTES_PER_PIXEL = 8  # an uncompressed picture of four 16-bit channels
SLACK_BYTES = 64 * 2**20  # for previews, profiles and notes beside the pixels
LABEL_LENGTH = 200  # characters of a path that an error shows; a text mistaken for a path may be megabytes long

# Pillow knows more formats, among them EPS, which it hands to an interpreter of programs, and TGA, which any bytes may pass for.
PILLOW_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "GIF", "WEBP", "PPM", "JPEG2000", "AVIF")

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_DATA_URL = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)
_NOT_PIXELS = (
    (rb"%PDF-", "is a PDF document", "export its pages as PNG at 200 dpi or more"),
    (rb"(?s).{0,1000}?<svg[\s>]", "is an SVG drawing", "export it as PNG at 200 dpi or more"),
    (rb"(?s).{4}ftyp(hei|mif1)", "is a HEIC photo", "save it as JPEG or PNG"),
    (rb"(?s).{128}DICM", "is a DICOM file", "export its picture as PNG"),
    (rb"[\t\n\r -~\x80-\xff]{1,200}\Z", "is text, not a picture", "get the picture again"),
)
_ANYTHING_ELSE = ("is not a picture of a kind that can be read (PNG, JPEG, TIFF, BMP, WebP, GIF)", "save it as one of these")


def open_page(source: Any, *, name: str | None = None, max_pixels: int = MAX_PIXELS) -> Page:
    """Make a page of a path, encoded bytes, a "data:" URL, an array, a PageMaker, or a Page (itself).

    Pictures come upright (EXIF), at 8 bits a channel, their first frame, transparent pixels on white. `max_pixels` caps encoded
    pictures by the size that their header declares, before anything is decoded. Raises PageError, one sentence that names the source.

    >>> open_page(np.zeros((3, 5), np.uint8), name="strip").shape
    (3, 5)
    """
    page = _open(source, name, max_pixels)
    if page is None:
        shown = f"the address {source!r}" if isinstance(source, str) else f"a {type(source).__name__}"
        raise PageError(f"No page can be made of {shown}; give a path, encoded bytes, an array or a Page.")
    return page


@hookimpl(trylast=True)
def ecgbench_open_page(source: Any) -> Page | None:
    """Open what `open_page` knows; addresses ("gs://...") and unknown kinds are left to others."""
    return _open(source, None, MAX_PIXELS)


def _open(source: Any, name: str | None, max_pixels: int) -> Page | None:
    """Return the page, None where `source` is of no kind that is known here."""
    if isinstance(source, str) and (_DATA_URL.match(source) or _ADDRESS.match(source)):
        return None if _ADDRESS.match(source) else page_from_base64(source, name=name, max_pixels=max_pixels)
    if isinstance(source, str | os.PathLike):
        return page_from_file(Path(source), name=name, max_pixels=max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        return page_from_bytes(bytes(source), name=name or "bytes", max_pixels=max_pixels)
    if isinstance(source, np.ndarray):
        return page_from_array(source, name=name or "array")
    page = source.make_page() if isinstance(source, PageMaker) else source
    if not isinstance(page, Page):
        return None
    return page if name is None else replace(page, name=name)


def page_from_file(path: Path, *, name: str | None = None, max_pixels: int = MAX_PIXELS) -> Page:
    """Make a page of a picture file; its name is the file's, its origin the path. Raises PageError as `open_page` does."""
    label = str(path)[:LABEL_LENGTH]
    try:
        if path.is_dir():
            raise PageError(f"{label} is a folder; name a picture in it, or open the folder as an image set.")
        if not path.exists():
            raise PageError(f"There is no file {label}; check the path.")
        if not path.is_file():
            raise PageError(f"{label} is not a regular file; name a picture file.")
        if (size := path.stat().st_size) > MAX_BYTES_PER_PIXEL * max_pixels + SLACK_BYTES:
            raise PageError(f"{label} holds {size / 1e6:.0f} MB, more than a page can need; scale the picture down.")
        data = path.read_bytes()
    except OSError as error:
        raise PageError(f"{label} cannot be read ({error.strerror}); check its permissions and the disk.") from None
    return _page(data, name or path.name, str(path), label, max_pixels)


def page_from_base64(text: str, *, name: str | None = None, max_pixels: int = MAX_PIXELS) -> Page:
    """Make a page of a picture in base64, with or without "data:image/png;base64," before it; white space is passed over.

    >>> page_from_base64("data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==").shape
    (1, 1)
    """
    prefix = _DATA_URL.match(text)
    try:
        data = base64.b64decode("".join(text[prefix.end() if prefix else 0 :].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PageError(f"The text {name or text[:30]!r} is not base64 ({error}); send a picture's bytes in base64.") from None
    return _page(data, name or "base64", "base64", name or "The base64 text", max_pixels)


def page_from_bytes(data: bytes, *, name: str = "bytes", max_pixels: int = MAX_PIXELS) -> Page:
    """Make a page of an encoded picture (PNG, JPEG, TIFF, BMP, WebP, GIF, ...). Raises PageError as `open_page` does."""
    return _page(data, name, "bytes", name, max_pixels)


def content_id(data: bytes) -> str:
    """Return what identifies a picture in the store: "sha256:" and the digest of its encoded bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _page(data: bytes, name: str, origin: str, label: str, max_pixels: int) -> Page:
    try:
        pixels, dpi = _decode(data, max_pixels)
    except UnreadableError as error:
        raise PageError(f"{label} {error}.") from None
    try:
        page = page_from_array(frozen(pixels), name=name)
    except PageError as error:
        raise PageError(f"{label} cannot be shown in 8 bits: {error}") from None
    return replace(page, origin=origin, dpi=dpi, content_id=content_id(data))


def _decode(data: bytes, max_pixels: int) -> tuple[npt.NDArray[Any], float | None]:
    """Return pixels that `page_from_array` takes, and dpi; raise UnreadableError."""
    if not data:
        raise UnreadableError("is empty")
    header = read_header(data)
    if header is None:
        return _decode_with_pillow(data, max_pixels)
    _check_size(header.width, header.height, max_pixels)
    if header.flag is None:
        return _decode_with_pillow(data, max_pixels)[0], header.dpi
    return _decode_with_opencv(header), header.dpi


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise UnreadableError(f"declares a size of {width} x {height} pixels")
    if width * height > max_pixels:
        megapixels = f"{width} x {height} = {width * height / 1e6:.4g} megapixels"
        raise UnreadableError(f"declares {megapixels}, above the limit of {max_pixels / 1e6:.4g}", "scale the picture down")


def _decode_with_opencv(header: Header) -> npt.NDArray[Any]:
    """Decode the ordinary kinds: 1.5 to 7 times as fast as Pillow (PNG, JPEG and BMP pages of 2200x1700)."""
    try:
        pixels = cv2.imdecode(np.frombuffer(header.encoded, np.uint8), header.flag or cv2.IMREAD_COLOR)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise UnreadableError("is damaged: its pixels cannot be decoded")
    return np.asarray(pixels)


def _decode_with_pillow(data: bytes, max_pixels: int) -> tuple[npt.NDArray[Any], float | None]:
    """Decode the rare kinds; Pillow is imported here, since most runs never meet one."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")  # of notes beside the pixels, and of sizes, which are checked here
        try:
            with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as image:
                _check_size(*image.size, max_pixels)
                x, y = image.info.get("dpi", (0, 0))
                return _pixels_of(ImageOps.exif_transpose(image), image.format), sensible_dpi(float(x), float(y))
        except UnreadableError:
            raise
        except UnidentifiedImageError:
            raise _unidentified(data) from None
        except Image.DecompressionBombError:
            raise UnreadableError("declares more pixels than any page has", "scale the picture down") from None
        except Exception as error:  # decoders raise whatever they stumble over in damaged bytes
            raise UnreadableError(f"is truncated or damaged ({error})") from None


def _pixels_of(image: Image.Image, kind: str | None) -> npt.NDArray[Any]:
    """Return a decoded picture as an array that `page_from_array` takes, its colors as BGR or BGRA."""
    if image.mode.startswith("I;16") or (image.mode == "I" and kind == "PPM"):
        return np.asarray(image).astype(np.uint16)
    if image.mode in ("I", "F"):
        raise UnreadableError("holds 32 bits a pixel without a known white", "save it with 8 or 16")
    if image.has_transparency_data:
        return np.asarray(cv2.cvtColor(np.asarray(image.convert("RGBA")), cv2.COLOR_RGBA2BGRA))
    return np.asarray(cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2BGR))


def _unidentified(data: bytes) -> UnreadableError:
    for pattern, fault, advice in _NOT_PIXELS:
        if re.match(pattern, data[:1200]):
            return UnreadableError(fault, advice)
    return UnreadableError(*_ANYTHING_ELSE)
