"""Where a result and the truth of a page differ, as a picture: what was missed, what was found but is not there."""

from __future__ import annotations

from functools import singledispatch

import cv2
import numpy as np

from ecgbench.core.page import Bgr, Page, Pixels
from ecgbench.core.results import EdgeMap, GridFit, Result, Separation, Signals
from ecgbench.core.truth import Truth
from ecgbench.plugins.metrics.masks import grown, marks, outlines, pixels, union

EXTRA, MISSED = (0, 94, 213), (178, 114, 0)  # BGR of vermilion and blue, which everybody can tell apart
REACH_MM = 0.25  # as near as this is right: half of a thin line's width and some, as the metrics of edges have it
GLOW_MM = 1.5  # how far the heat of a wrong pixel spreads, so that a single one is seen on a small picture
HOTTEST = 0.15  # share of wrong pixels around that is as hot as it gets


def draw_difference(page: Page, result: Result, truth: Truth) -> Bgr | str:
    """Return a heat map over the faded page: vermilion where something was found that is not there, blue where something was missed.

    A (H, W, 3) uint8 BGR picture of the page's size, or a sentence where nothing can be held against the truth pixel by pixel.
    """
    pair = found_and_true(result, truth, page)
    if isinstance(pair, str):
        return pair
    found, true = pair
    px_per_mm = truth.px_per_mm_x or max(page.shape) / 280.0  # an A4 page lies across, with its margins
    reach = max(1, round(REACH_MM * px_per_mm))
    extra = np.asarray(cv2.subtract(found, grown(true, reach)), np.uint8)
    missed = np.asarray(cv2.subtract(true, grown(found, reach)), np.uint8)
    pale = cv2.addWeighted(page.gray, 0.35, np.full_like(page.gray, 255), 0.65, 0)
    picture = cv2.cvtColor(pale, cv2.COLOR_GRAY2BGR).astype(np.float32)
    for wrong, color in ((missed, MISSED), (extra, EXTRA)):
        heat = _heat(wrong, GLOW_MM * px_per_mm)[:, :, None]
        picture += heat * (np.array(color, np.float32) - picture)
    return np.asarray(picture.clip(0, 255), np.uint8)


def _heat(wrong: Pixels, reach: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return (H, W) float32 of 0 to 0.9: the share of wrong pixels around each, and the wrong pixels themselves at their hottest."""
    side = 2 * max(1, round(reach)) + 1
    share = cv2.blur(cv2.blur(wrong.astype(np.float32), (side, side)), (side, side))
    return np.asarray(np.maximum((share / HOTTEST).clip(0, 0.75), 0.9 * wrong), np.float32)


@singledispatch
def found_and_true(result: Result, truth: Truth, page: Page) -> tuple[Pixels, Pixels] | str:  # noqa: ARG001 (others need them)
    """Return what was found and what is there, (H, W) uint8 of 0 and 1 each, or a sentence why there is no such pair."""
    return f"A {type(result).__name__} has no pixels to hold against the truth."


@found_and_true.register
def _(result: Separation, truth: Truth, page: Page) -> tuple[Pixels, Pixels] | str:
    if truth.trace_mask is None:
        return _unknown("trace")
    return pixels(result.trace, page.shape), pixels(truth.trace_mask, page.shape)


@found_and_true.register
def _(result: EdgeMap, truth: Truth, page: Page) -> tuple[Pixels, Pixels] | str:
    if truth.trace_mask is None:
        return _unknown("trace")
    trace, other = pixels(truth.trace_mask, page.shape), marks(truth, page.shape)
    return pixels(result.edges, page.shape), outlines(trace if other is None else union(trace, other))


@found_and_true.register
def _(result: GridFit, truth: Truth, page: Page) -> tuple[Pixels, Pixels] | str:
    if truth.fine_x is None or truth.fine_y is None:
        return _unknown("grid lines")
    true = GridFit(truth.px_per_mm_x, truth.px_per_mm_y, truth.angle_deg or 0.0, fine_x=truth.fine_x, fine_y=truth.fine_y)
    return _lines(result, page.shape), _lines(true, page.shape)


@found_and_true.register
def _(result: Signals, truth: Truth, page: Page) -> tuple[Pixels, Pixels] | str:
    if truth.traces is None or not result.drawn:
        return _unknown("drawn leads") if truth.traces is None else "The method does not say where on the page its leads lie."
    found = [points for _, points in result.drawn]
    return _courses(found, page.shape), _courses([trace.points for trace in truth.traces], page.shape)


def _unknown(what: str) -> str:
    return f"The truth of this picture says nothing of its {what}."


def _lines(grid: GridFit, shape: tuple[int, ...]) -> Pixels:
    """Draw the 1 mm lines of a grid, one pixel wide."""
    mask = np.zeros(shape, np.uint8)
    height, width = shape
    slope = np.tan(np.deg2rad(grid.angle_deg))
    for x in grid.fine_x:
        cv2.line(mask, (round(x + slope * height / 2), 0), (round(x - slope * height / 2), height - 1), 1)
    for y in grid.fine_y:
        cv2.line(mask, (0, round(y - slope * width / 2)), (width - 1, round(y + slope * width / 2)), 1)
    return mask


def _courses(courses: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]], shape: tuple[int, ...]) -> Pixels:
    """Draw courses of (n, 2) points, broken where they are NaN."""
    mask = np.zeros(shape, np.uint8)
    for points in courses:
        known = np.isfinite(points).all(axis=1)
        ends = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
        for start, end in zip(ends[::2], ends[1::2], strict=True):
            cv2.polylines(mask, [np.rint(points[start:end]).astype(np.int32)], False, 1)
    return mask
