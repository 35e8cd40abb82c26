"""The OpenCV calls that each built-in method cannot do without, bare: how quick it could be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
SMALL = np.ones((3, 3), np.uint8)
LOW, HIGH = 130.0, 180.0  # hysteresis on the benchmark's page, as edges.canny finds it there


def gray_of(bgr: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)


def halved_twice(gray: Pixels) -> Pixels:
    """Make the picture on which sheet and print are looked for."""
    half = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(half, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def without_ink(page: Pixels) -> Pixels:
    """Make the bare paper by which a page is evened out, at a quarter of its size."""
    small = halved_twice(page)
    bare = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return np.asarray(cv2.resize(bare, page.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def gradients(gray: Pixels) -> Any:
    halved_twice(gray)
    return cv2.spatialGradient(cv2.GaussianBlur(gray, (3, 3), 0))


def canny(bgr: Pixels) -> None:
    dx, dy = gradients(gray_of(bgr))
    cv2.Canny(dx, dy, LOW, HIGH, L2gradient=True)


def sobel(bgr: Pixels) -> None:
    dx, dy = gradients(gray_of(bgr))
    across, down = cv2.convertScaleAbs(dx, alpha=0.25), cv2.convertScaleAbs(dy, alpha=0.25)
    strength = cv2.add(across, down)
    for one, other in ((strength[:, 1:], strength[:, :-1]), (strength[1:], strength[:-1])):
        cv2.compare(one, other, cv2.CMP_GE)
        cv2.compare(one, other, cv2.CMP_GT)
    cv2.compare(across, down, cv2.CMP_GE)
    np.greater(strength, 60)


def laplacian(bgr: Pixels) -> None:
    gray = gray_of(bgr)
    halved_twice(gray)
    second = cv2.Laplacian(cv2.GaussianBlur(gray, (0, 0), 1.4), cv2.CV_16S, ksize=3)
    lowest = cv2.erode(second, SMALL)
    drop = cv2.convertScaleAbs(cv2.subtract(second, lowest), alpha=0.5)
    np.greater(second, 0)
    np.less(lowest, 0)
    np.greater(drop, 60)


def contour(bgr: Pixels) -> None:
    gray = gray_of(bgr)
    halved_twice(gray)
    darkness = cv2.subtract(cv2.boxFilter(gray, -1, (45, 45)), gray)
    ink = np.greater(darkness, 60).view(np.uint8)
    cv2.boxFilter(ink, cv2.CV_8U, (5, 5), normalize=False)
    cv2.subtract(ink, cv2.erode(ink, SMALL))


def separated(channels: Any) -> None:
    """Even a lightness out, weigh color against it, and split ink in two."""
    light, one, other = channels
    darkness = cv2.subtract(without_ink(light), light)
    color = cv2.add(cv2.convertScaleAbs(one, beta=-128), cv2.convertScaleAbs(other, beta=-128))
    likeness = cv2.subtract(darkness, color)
    np.greater(likeness, 60)
    np.greater(cv2.add(darkness, color), 12)


def lab(bgr: Pixels) -> None:
    separated(cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2LAB)))


def hsv(bgr: Pixels) -> None:
    hue, saturation, value = cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV))
    separated((value, saturation, hue))


def multiscale(bgr: Pixels) -> None:
    gray = gray_of(bgr)
    ink = cv2.subtract(without_ink(gray), gray)
    for axis in (0, 1):
        for part in np.array_split(ink, 8, axis=axis):  # lines are told from strips, in which a tilt does not blur them
            cv2.reduce(part, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F)


def gates(bgr: Pixels) -> None:
    gray = gray_of(bgr)
    multiscale_ink = cv2.subtract(without_ink(gray), gray)
    cv2.meanStdDev(cv2.Laplacian(gray, cv2.CV_16S))
    cv2.calcHist([multiscale_ink[::8]], [0], None, [256], [0, 256])
    for axis in (0, 1):
        cv2.reduce(multiscale_ink, axis, cv2.REDUCE_AVG, dtype=cv2.CV_32F)


def pipeline(bgr: Pixels) -> None:
    for floor in (canny, lab, multiscale, gates):
        floor(bgr)


FLOORS: Mapping[str, Callable[[Pixels], None]] = {
    "edges.canny": canny, "edges.sobel": sobel, "edges.laplacian": laplacian, "edges.contour": contour, "color.lab": lab, "color.hsv": hsv,
    "grid.multiscale": multiscale, "quality.gates": gates,
    "pipeline": pipeline,
}  # fmt: skip
