"""Pictures of what a method saw, drawn where a bound was missed."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import cv2

from ecgbench.core.page import Page
from ecgbench.measure import Method

LONGEST_NAME = 120  # characters; file systems take 255 bytes


def draw(method: Method, page: Page, item_id: str, folder: Path) -> str:
    """Run a method once more, draw what it saw as a PNG file in `folder`, and return the path, or a sentence why there is none."""
    from ecgbench.report.redrawing import RedoError, draw_again

    target = folder / f"{file_name(item_id)}.png"
    try:
        drawing = draw_again(method, page).drawing
        folder.mkdir(parents=True, exist_ok=True)
        _, encoded = cv2.imencode(".png", drawing)
        target.write_bytes(encoded.tobytes())
    except RedoError as error:
        return str(error)
    except OSError as error:
        return f"the drawing {target} cannot be written: {error.strerror}"
    return str(target)


def file_name(item_id: str) -> str:
    """Return an item's id as the name of a file; long ones are cut and told apart by a hash.

    >>> file_name("scans/a.png::edges.canny[sigma=0.5]")
    'scans-a.png--edges.canny-sigma=0.5'
    """
    name = re.sub(r"[^\w.=-]+", "-", item_id.replace("::", "--")).strip("-.")
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(item_id.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{name[-LONGEST_NAME:].lstrip('-.')}-{digest}"
