"""Base64 of pictures, decoded by OpenCV's and numpy's loops: faster than binascii, and other threads compute meanwhile.

binascii holds the interpreter lock for 5 ms a megabyte, in which no other thread can go on.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Pixels
from ecgbench.wire import Image, image_bytes

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"  # RFC 4648, table 1
_UNKNOWN = 255
BLOCK = 1 << 18  # letters at a time, so that what is between stays in the cache
LONGEST_START = 250  # of "data:image/png;base64,"
WORTH_IT = 4096  # letters; below, binascii is as fast


def _values() -> Pixels:
    table = np.full(256, _UNKNOWN, np.uint8)
    table[np.frombuffer(_LETTERS, np.uint8)] = np.arange(64, dtype=np.uint8)
    return table


_VALUES = _values()


def decoded(image: Image) -> bytes:
    """Return the encoded bytes of a picture; WireError `bad_image` where its text is not base64.

    >>> decoded("AAEC" * 2000 + "Aw==") == bytes([0, 1, 2] * 2000 + [3])
    True
    """
    if isinstance(image, str) and len(image) >= WORTH_IT:
        found = _fast(image)
        if found is not None:
            return found
    return image_bytes(image)


def _fast(text: str) -> bytes | None:
    """Return the bytes of plain base64 on one line; None for anything else, which is left to those who tell what is wrong with it."""
    start = text.find(",", 0, LONGEST_START) + 1 if text[:5].lower() == "data:" else 0
    if (len(text) - start) % 4 or not text.isascii():
        return None
    letters = np.frombuffer(text.encode("ascii"), np.uint8)[start:-4]  # the last four may be padding
    blocks = []
    for first in range(0, len(letters), BLOCK):
        values = cv2.LUT(letters[first : first + BLOCK].reshape(1, -1), _VALUES)
        if values.max() == _UNKNOWN:
            return None
        blocks.append(_joined(values).tobytes())
    return b"".join(blocks) + image_bytes(text[-4:])


def _joined(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return three bytes for each four values of six bits."""
    words = np.ascontiguousarray(values).reshape(-1).view("<u4")  # of each four, the first value lies lowest
    joined = words << np.uint32(18) & np.uint32(0xFC0000)
    joined |= words << np.uint32(4) & np.uint32(0x3F000)
    joined |= words >> np.uint32(10) & np.uint32(0xFC0)
    joined |= words >> np.uint32(24)
    # 24 bits in each word, the last byte lowest: to drop the fourth byte and turn the others around is a change of color order.
    return cv2.cvtColor(joined.view(np.uint8).reshape(1, -1, 4), cv2.COLOR_BGRA2RGB)
