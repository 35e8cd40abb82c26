"""The built-in color separators, which tell the trace from the grid, and the pictures of one without the other."""

from __future__ import annotations

from typing import Any, Literal, overload

import cv2
import numpy as np

from ecgbench.core.page import Bgr, Mask
from ecgbench.core.results import Separation
from ecgbench.core.transformer import Transformer
from ecgbench.plugins.color.ink import color_name
from ecgbench.plugins.color.lightness import lab
from ecgbench.plugins.color.morphology import opencv
from ecgbench.plugins.color.palette import pillow
from ecgbench.plugins.color.unmixing import skimage
from ecgbench.plugins.color.value import hsv
from ecgbench.plugins.pages import open_page

__all__ = ["METHODS", "color_name", "hsv", "isolate_colors", "lab", "opencv", "pillow", "separate_colors", "skimage"]

METHODS: dict[str, Transformer[Separation]] = {"lab": lab, "hsv": hsv, "opencv": opencv, "pillow": pillow, "skimage": skimage}


def separate_colors(image: Any, method: str = "lab", **params: Any) -> Separation:
    """Tell trace and grid of an image apart.

    `image`: a Page, a path, encoded bytes, or an array ((H, W) gray, (H, W, 3) BGR, (H, W, 4) BGRA). `params` are those of the
    method. Raises ValueError for a method that does not exist (the message lists those that do) or a parameter out of bounds,
    PageError for an image that cannot be read.

    >>> picture = np.full((600, 1100, 3), 255, np.uint8)
    >>> picture[::20] = picture[:, ::20] = (60, 60, 215)
    >>> _ = cv2.line(picture, (20, 450), (1080, 180), (20, 20, 20), 3)
    >>> found = separate_colors(picture, method="hsv")
    >>> found.grid_color, bool(found.grid[80, 50]), bool(found.trace[315, 550]), bool(found.trace[80, 50])
    ('red', True, True, False)
    >>> separate_colors(picture, method="rgb")
    Traceback (most recent call last):
    ...
    ValueError: There is no color method 'rgb'; known ones: lab, hsv, opencv, pillow, skimage.
    """
    if method not in METHODS:
        raise ValueError(f"There is no color method {method!r}; known ones: {', '.join(METHODS)}.")
    return METHODS[method](open_page(image), **params)


@overload
def isolate_colors(image: Any, method: str = "opencv", output: Literal["trace", "grid"] = "trace", **params: Any) -> Bgr: ...
@overload
def isolate_colors(image: Any, method: str = "opencv", *, output: Literal["both"], **params: Any) -> dict[str, Bgr]: ...
@overload
def isolate_colors(image: Any, method: str, output: Literal["both"], **params: Any) -> dict[str, Bgr]: ...
def isolate_colors(image: Any, method: str = "opencv", output: str = "trace", **params: Any) -> Bgr | dict[str, Bgr]:
    """Return the kept ink of an image on white paper, (H, W, 3) uint8 BGR; for "both" as {"trace": ..., "grid": ...}.

    `image`, `method`, `params` and errors are those of `separate_colors`; an unknown output is a ValueError too.

    >>> picture = np.full((600, 1100, 3), 255, np.uint8)
    >>> picture[::20] = (60, 60, 215)
    >>> _ = cv2.line(picture, (20, 450), (1080, 180), (20, 20, 20), 3)
    >>> both = isolate_colors(picture, "lab", output="both")
    >>> both["trace"][315, 550].tolist(), both["trace"][80, 50].tolist(), both["grid"][80, 50].tolist()
    ([20, 20, 20], [255, 255, 255], [60, 60, 215])
    """
    if output not in ("trace", "grid", "both"):
        raise ValueError(f"There is no output {output!r}; known ones: trace, grid, both.")
    page = open_page(image)
    found = separate_colors(page, method, **params)
    if output == "both":
        return {"trace": _on_white(page.bgr, found.trace), "grid": _on_white(page.bgr, found.grid)}
    return _on_white(page.bgr, found.trace if output == "trace" else found.grid)


def _on_white(bgr: Bgr, mask: Mask) -> Bgr:
    """Return the masked pixels on white paper."""
    picture = np.full_like(bgr, 255)
    cv2.copyTo(bgr, mask.view(np.uint8), picture)
    return picture
