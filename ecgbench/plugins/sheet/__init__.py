"""A sheet of paper on a darker desk: where its four sides run, as far as the picture shows them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Gray, Pixels
from ecgbench.plugins.sheet.outline import Sheet
from ecgbench.plugins.sheet.side import DEEPEST, Side, best_sides, is_side, steps_inward
from ecgbench.plugins.sheet.small import LONG_SIDE, halved, without_ink

__all__ = ["LONG_SIDE", "Sheet", "find_sheet", "halved", "without_ink"]


SMALLEST_PICTURE = 48  # pixels of its short side; on less, a side and a line of text are the same
UPRIGHT_DEG = 10.0  # a sheet that lies further askew is turned before its sides are looked for
COARSER = 4  # how many times smaller the picture is on which that is seen
SMALLEST_SHEET, RECTANGLE = 0.06, 0.85  # of the picture, and of the rectangle around it, that a bright region fills to be a sheet


def find_sheet(gray: Gray) -> Sheet | None:
    """Return the sheet that lies on something darker, None where no side of one is seen.

    `gray`: (H, W) uint8. Ink is closed over. Along each of the picture's sides the picture is averaged in strips, and the straight line
    is taken along which brightness steps up inward most, sharply and for good: soft shadows and lines of ink do neither. A curve is fitted to
    the steps near it, pieces that are torn off left aside. It is a side where the steps along it are strong, or weak but without a gap.

    >>> desk = np.full((300, 400), 60, np.uint8)
    >>> find_sheet(desk) is None
    True
    >>> _ = cv2.fillPoly(desk, [np.array([[80, 40], [350, 60], [340, 260], [70, 250]], np.int32)], 230)
    >>> np.abs(find_sheet(desk).corners - [[80, 40], [350, 60], [340, 260], [70, 250]]).max() < 1.5
    np.True_
    """
    small, factor = halved(gray, LONG_SIDE)
    if min(small.shape) < SMALLEST_PICTURE:
        return None
    whole = (gray.shape[0], gray.shape[1])
    sides = _sides_in(small)
    if None in sides and (turn := _turn(small)) is not None:
        height, width = _turned_shape(small, turn)
        turned = np.asarray(cv2.warpAffine(small, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)
        if None not in (others := _sides_in(turned)):
            return Sheet(others, (height, width), factor, whole, turn)
    return Sheet(sides, (small.shape[0], small.shape[1]), factor, whole) if any(sides) else None


def _sides_in(small: Pixels) -> tuple[Side | None, ...]:
    """Return the four sides of a sheet, None for those that are not seen."""
    bare = without_ink(small)
    texture = np.asarray(cv2.subtract(bare, small), np.uint8)
    sides = best_sides(steps_inward(bare, texture))
    for _ in range(2):  # what a side must show depends on where its neighbors cut it off
        sides = [side if side is not None and is_side(side, *_extent(sides, index)) else None for index, side in enumerate(sides)]
    deepest = max((side.deepest for side in sides if side is not None), default=0.0)
    return tuple(sides) if deepest >= DEEPEST else (None,) * len(sides)


def _extent(sides: Sequence[Side | None], index: int) -> tuple[float, float]:
    """Return from where to where along a side its neighbors let it run."""
    side = sides[index]
    first, last = (3, 1) if index % 2 == 0 else (0, 2)
    length = 0.0 if side is None else float(side.length)
    near, far = sides[first], sides[last]
    begin = 0.0 if near is None else float(near.depth(np.array([near.length / 2.0]))[0])
    end = length if far is None else length - float(far.depth(np.array([far.length / 2.0]))[0])
    return begin, end


def _turn(small: Pixels) -> npt.NDArray[np.float64] | None:
    """Return the affine map (2, 3) that turns a bright sheet upright, into a picture that holds all of it; None where none lies that askew."""
    coarse = cv2.resize(small, None, fx=1 / COARSER, fy=1 / COARSER, interpolation=cv2.INTER_AREA)
    _, bright = cv2.threshold(coarse, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    outlines, _ = cv2.findContours(
        cv2.morphologyEx(bright, cv2.MORPH_CLOSE, np.ones((3, 3))), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    _, (one, other), angle = cv2.minAreaRect(outline)
    angle = (angle + 45) % 90 - 45
    area = cv2.contourArea(outline)
    if abs(angle) < UPRIGHT_DEG or area < max(SMALLEST_SHEET * coarse.size, RECTANGLE * one * other):
        return None
    middle = (small.shape[1] / 2, small.shape[0] / 2)
    turn = np.asarray(cv2.getRotationMatrix2D(middle, angle, 1.0), np.float64)
    turn[:, 2] += np.array(_turned_shape(small, turn)[::-1]) / 2 - middle
    return turn


def _turned_shape(small: Pixels, turn: npt.NDArray[np.float64]) -> tuple[int, int]:
    height, width = np.abs(turn[::-1, :2]) @ small.shape[::-1]
    return round(float(height)), round(float(width))
