"""The built-in edge detectors, and the crop of a picture to its content."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecgbench.core.page import Bgr
from ecgbench.core.results import EdgeMap
from ecgbench.core.transformer import Transformer
from ecgbench.plugins.edges.curvature import laplacian
from ecgbench.plugins.edges.gradients import canny, sobel
from ecgbench.plugins.edges.regions import contour
from ecgbench.plugins.pages import open_page

__all__ = ["METHODS", "canny", "contour", "crop_to_content", "detect_edges", "laplacian", "sobel"]

METHODS: dict[str, Transformer[EdgeMap]] = {"canny": canny, "sobel": sobel, "laplacian": laplacian, "contour": contour}


def detect_edges(image: Any, method: str = "canny", **params: Any) -> EdgeMap:
    """Find the edges of an image and the box of its content.

    `image`: a Page, a path, encoded bytes, or an array ((H, W) gray, (H, W, 3) BGR, (H, W, 4) BGRA). `params` are those of the
    method. Raises ValueError for a method that does not exist (the message lists those that do) or a parameter out of bounds,
    PageError for an image that cannot be read.

    Which one, when: "canny" unless there is a reason for another one, since it leaves the fewest gaps in traces on scans, photos and mould;
    "contour" for outlines that lie on the ink and can be filled, on renders and flat scans; "sobel" where whether a pixel is an edge must not
    depend on what it is joined to; "laplacian" on pictures of about 100 dpi, whose traces are one or two pixels wide. All four find the same
    box and corners, those of `content_box.find_content`; a page whose four sides are seen is straightened by
    `cv2.getPerspectiveTransform(edges.corners.astype(np.float32), ...)`.

    >>> import cv2
    >>> picture = np.full((300, 400), 255, np.uint8)
    >>> _ = cv2.rectangle(picture, (50, 60), (349, 239), 0, -1)
    >>> detect_edges(picture, method="sobel").to_dict()["bounding_box"]
    [50, 60, 300, 180]
    >>> detect_edges(picture, method="prewitt")
    Traceback (most recent call last):
    ...
    ValueError: There is no edge method 'prewitt'; known ones: canny, sobel, laplacian, contour.
    """
    if method not in METHODS:
        raise ValueError(f"There is no edge method {method!r}; known ones: {', '.join(METHODS)}.")
    return METHODS[method](open_page(image), **params)


def crop_to_content(image: Any, padding: int = 10, *, method: str = "canny") -> Bgr:
    """Return the part of an image that holds its content and `padding` pixels around it, as (H, W, 3) uint8 BGR.

    The whole picture comes back where there is no content. `image` and errors are those of `detect_edges`.

    >>> import cv2
    >>> picture = np.full((300, 400, 3), 255, np.uint8)
    >>> _ = cv2.rectangle(picture, (50, 60), (349, 239), (0, 0, 0), -1)
    >>> crop_to_content(picture, padding=5).shape
    (190, 310, 3)
    """
    page = open_page(image)
    box = detect_edges(page, method).bounding_box
    part = page.bgr if box is None else page.crop(box.padded(padding, page.shape)).bgr
    return np.array(part)
