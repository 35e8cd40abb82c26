"""Pictures as they travel: encoded bytes, or those in base64."""

from __future__ import annotations

import binascii
import re

from ecgbench.wire.errors import WireError

Image = str | bytes
"""A picture as it came: text is base64, with or without "data:image/png;base64," before it."""

_DATA_URL = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)


def image_bytes(image: Image) -> bytes:
    """Return the encoded bytes of a picture; WireError `bad_image` where its text is not base64.

    Text is never taken for a path or an address: nothing but what was sent is read.

    >>> image_bytes("data:image/gif;base64,R0lG")
    b'GIF'
    >>> image_bytes("/etc/passwd")
    Traceback (most recent call last):
    ...
    ecgbench.wire.errors.WireError: The image is not base64 (Incorrect padding); send a picture's bytes in base64.
    """
    if isinstance(image, bytes):
        return image
    prefix = _DATA_URL.match(image)
    text = image[prefix.end() :] if prefix else image
    try:
        return _decoded(text)
    except ValueError as error:  # of binascii, or of letters beyond ASCII
        raise WireError("bad_image", f"The image is not base64 ({error}); send a picture's bytes in base64.") from None


def _decoded(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)  # lines of 76, as mail and `base64` have them


def to_base64(data: bytes) -> str:
    """Return bytes as base64 text on one line."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")
