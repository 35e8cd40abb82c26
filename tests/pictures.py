"""Small pictures that many tests run methods over."""

from pathlib import Path

import cv2
import numpy as np


def write_pictures(folder: Path, count: int) -> Path:
    """Write `count` gray pictures with a frame in each, and a file that is none; return the folder, which is made."""
    folder.mkdir()
    for index in range(count):
        picture = np.full((40, 60 + index), 200, np.uint8)
        cv2.rectangle(picture, (10, 10), (40, 30), 20, 2)
        cv2.imwrite(str(folder / f"page{index}.png"), picture)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    return folder
