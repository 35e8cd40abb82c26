"""Pictures as they are sent: encoded bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def picture_bytes(picture: Any) -> bytes:
    """Return a picture's encoded bytes: of a file (path), as they are (bytes), or of an array as PNG. TypeError for anything else.

    >>> picture_bytes(b"GIF89a")
    b'GIF89a'
    """
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture)
    if isinstance(picture, (str, os.PathLike)):
        return Path(picture).read_bytes()
    if hasattr(picture, "__array_interface__"):
        import cv2

        done, encoded = cv2.imencode(".png", picture)
        if done:
            return encoded.tobytes()
    raise TypeError(f"A picture is a path, encoded bytes or an array, not a {type(picture).__name__}.")
