"""How much of a lead something dark hides: mould, ink, a stain in which no trace can be told."""

from __future__ import annotations

import cv2
import numpy as np

from ecgbench.core.page import Pixels
from ecgbench.plugins.quality.view import InkView, closed, level_of, odd

DARKEST = 0.001  # of all pixels: the core of traces
STANDS_OUT = 22  # gray levels by which a trace must be darker than what is around it; the noise of poor photos reaches 8
AROUND_MM = 2.0  # what is dark over less lets see the paper on either side of a trace
DESK = 0.6  # of a side of the picture; what is dark along so much of its border is what the page lies on
FAINTEST_STROKE, STROKE_SHARE = 16, 0.3  # gray levels, and share of the ink's darkness as it is on this page's typical paper
STROKE_MM, NEXT_MM = 0.5, 2.5  # by which strokes are grown sideways and upright, so that a gap's two ends overlap
LEAST_EXTENT_MM = 6.0  # of strokes; letters are smaller
LONGEST_GAP_MM = 32.0  # across which a trace is taken to go on at the height at which it left off
ROW_MM = 6.0  # within which a trace wanders from one end of a gap to the other
MOSTLY = 0.6  # of a gap's height that must be dark
LEAD_MM = 62.0  # a lead of 2.5 s at 25 mm/s
STRIP, STRIP_SHARE = 3.2, 0.9  # wider than high is a strip, whose only lead is as long as the page, but for its margins
FOLLOWED = 0.4  # of a lead's length that must be seen: where less is, there may be none


def hidden_share(view: InkView, px_per_mm: float | None) -> float:
    """Return the largest share of a lead's length, 0..1, on which the page is so dark that no trace can stand out.

    `px_per_mm`: of the page; None where it is unknown, and taken to be that of a page that fills the picture. Strokes are followed along the
    page; where one leaves off and goes on beyond a dark place, at about the same height, it is hidden in between.
    """
    mm = view.usual_scale if px_per_mm is None else px_per_mm / view.factor
    dark = _dark_places(view, mm)
    if not dark.any():
        return 0.0
    strokes = _strokes(view, mm)
    seen = _grown(strokes, odd(NEXT_MM * mm), odd(STROKE_MM * mm))
    gaps = np.asarray(cv2.subtract(_bridged(seen, round(LONGEST_GAP_MM * mm)), seen), np.uint8)
    row = odd(ROW_MM * mm)
    missing, covered = (_summed(mask, row) for mask in (gaps, gaps & dark))
    followed = _grown(strokes, row, 1)
    hidden = ((missing > 0) & (covered >= MOSTLY * missing) & (followed == 0)).view(np.uint8)
    height, width = view.gray.shape
    lead = max(1, round(STRIP_SHARE * width if width > STRIP * height else min(LEAD_MM * mm, STRIP_SHARE * width)))
    share, shown = (cv2.boxFilter(mask, cv2.CV_32F, (lead, 1), borderType=cv2.BORDER_CONSTANT) for mask in (hidden, followed & 1))
    return float(share[shown >= FOLLOWED].max(initial=0.0))


def _dark_places(view: InkView, mm: float) -> Pixels:
    """Return where the page is about as dark as its ink over more than 2 mm, (h, w) uint8 of 0 and 255; not what it lies on."""
    ink = level_of(view.gray, DARKEST)
    dark = np.asarray(
        cv2.threshold(closed(view.gray, AROUND_MM * mm), ink + STANDS_OUT - 1, 255, cv2.THRESH_BINARY_INV)[1], np.uint8
    )
    if not dark.any():
        return dark
    count, labels = cv2.connectedComponents(dark, connectivity=4)
    for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        along = np.bincount(side, minlength=count)
        along[0] = 0
        for label in np.flatnonzero(along > DESK * len(side)):
            dark[labels == label] = 0
    return dark


def _strokes(view: InkView, mm: float) -> Pixels:
    """Return the ink of strokes that are longer than letters, (h, w) uint8 of 0 and 255; it is paler where the paper is darker."""
    usual = max(1.0, float(np.median(view.paper[::4, ::4])))
    least = cv2.max(
        cv2.convertScaleAbs(view.paper, alpha=STROKE_SHARE * view.ink / usual), np.full_like(view.paper, FAINTEST_STROKE)
    )
    inked = cv2.compare(view.darkness, least, cv2.CMP_GT)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    kept = np.where(stats[:, cv2.CC_STAT_WIDTH] >= LEAST_EXTENT_MM * mm, np.uint8(255), np.uint8(0))
    kept[0] = 0
    return np.asarray(kept[labels], np.uint8)


def _grown(mask: Pixels, height: int, width: int) -> Pixels:
    return np.asarray(cv2.dilate(mask, np.ones((height, width), np.uint8)), np.uint8)


def _bridged(strokes: Pixels, longest: int) -> Pixels:
    """Return the strokes with gaps of up to `longest` pixels along rows closed; not those to the picture's border."""
    framed = cv2.copyMakeBorder(strokes, 0, 0, longest, longest, cv2.BORDER_CONSTANT, value=(0,))
    return np.asarray(cv2.morphologyEx(framed, cv2.MORPH_CLOSE, np.ones((1, longest), np.uint8))[:, longest:-longest], np.uint8)


def _summed(mask: Pixels, rows: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Return how many of the `rows` pixels around each one, above and below, are set."""
    return np.asarray(cv2.boxFilter(mask & 1, cv2.CV_16S, (1, rows), normalize=False, borderType=cv2.BORDER_CONSTANT), np.int16)
