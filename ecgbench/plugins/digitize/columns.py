"""From where to where rows run, and into how many columns they are cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Mask
from ecgbench.plugins.digitize.curve import FINE, Curve
from ecgbench.plugins.digitize.layouts import LAYOUTS, ROW_MM, Layout
from ecgbench.plugins.digitize.pulses import Pulse

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

CUT_MM = 1.0  # a trace that ends so near to the paper's border goes on beyond
WINDOW_MM = 6.0  # ink that fills most of such a window is a trace, not a word
FILLED = 0.7
FOOT_MM = 0.6  # a pulse's leg is half as wide at most
UNBROKEN_MM, UNBROKEN = 4.0, 0.9  # ink in so much of a window of this length is a trace; a pulse's foot is shorter
JOINED_MM = 1.5  # a trace that begins within this distance of a pulse's leg begins at it
FULL_MM = 12.0  # a row whose length is within this of a full one is one
EXACT_MM = 0.7  # rows begin at a pulse's leg or the foot behind it is longer than this
ALIGNED_MM = 3.0  # rows mostly begin and end above each other
ASTRAY_MM = 15.0  # rhythm strips of some devices begin beside their pulse and end with the paper; a row beyond is none
SHORTEST_ROW = 0.6  # of the common length; less is a line of text or a fold
LEAST_SEEN = 0.85  # of the share of columns in which the best row shows ink; edges of paper are broken
STRAYED_MM = 6.0  # of a path from its row's level, in the median; a baseline that wanders keeps within
LABEL_MM = (-2.5, 6.0)  # from a column's begin to that of its lead's name
LABEL_REACH_MM = 13.0  # from a row's level to its leads' names
BESIDE_MM = (0.5, 1.8)  # from a boundary, where the trace's level is taken
MANY_ROWS = 9  # as many are those of 12x1, some of which were not seen


@dataclass(frozen=True)
class Extent:
    """From where to where a row's trace runs, in mm of the flat page.

    `cut_start`, `cut_end`: the paper ends there as well, so that the trace may go on beyond.
    """

    start: float
    end: float
    cut_start: bool = False
    cut_end: bool = False


def extents(curves: Sequence[Curve], pulses: Sequence[Pulse | None], paper: Mask, scale: int) -> list[Extent | None]:
    """Return each row's extent without its pulse; None of a row without a trace. `paper`: (h, w) bool, where paper is seen."""
    return [_extent(curve, pulse, paper, scale) for curve, pulse in zip(curves, pulses, strict=True)]


def _extent(curve: Curve, pulse: Pulse | None, paper: Mask, scale: int) -> Extent | None:
    seen = np.isfinite(curve.top)
    size = round(WINDOW_MM * scale)
    total = np.concatenate([[0], np.cumsum(seen)])
    if len(seen) <= size:
        return None
    filled = total[size:] - total[:-size] >= FILLED * size  # of the window that begins at each column
    begins = np.flatnonzero(filled)
    if begins.size == 0:
        return None
    first, last = int(begins[0]), int(begins[-1]) + size - 1
    first += int(np.argmax(seen[first : first + size]))
    last -= int(np.argmax(seen[last - size + 1 : last + 1][::-1]))
    cut_start, cut_end = (_is_cut(curve, column, side, paper, scale) for column, side in ((first, -1), (last, 1)))
    half_pen = curve.pen / 2 - 0.5
    start, end = (first + 0.5 + half_pen) / scale, (last + 0.5 - half_pen) / scale
    if pulse is not None and pulse.right < (start + end) / 2:
        start, cut_start = _after(pulse.right, seen, scale, half_pen), False
    if pulse is not None and pulse.left > (start + end) / 2:
        end, cut_end = _before(pulse.left, seen, scale, half_pen), False
    return Extent(start, end, cut_start, cut_end) if end - start > WINDOW_MM else None


def _is_cut(curve: Curve, column: int, side: int, paper: Mask, scale: int) -> bool:
    """Whether the paper ends where a trace does, at `column`, to a side."""
    beyond = column + side * round(CUT_MM * scale)
    if not 0 <= beyond < paper.shape[1]:
        return True
    row = round((curve.top[column] + curve.bottom[column]) / 2)
    return not bool(paper[min(row, len(paper) - 1), beyond])


def _after(leg: float, seen: Flags, scale: int, half_pen: float) -> float:
    """Return where the trace begins behind a pulse's right leg: at the leg where it goes on from there, else behind the pulse's foot."""
    column = round((leg + FOOT_MM) * scale)
    begin = _unbroken(seen[column:], scale)
    if begin is None or begin <= JOINED_MM * scale:
        return leg
    return float((column + begin + 0.5 + half_pen) / scale)


def _before(leg: float, seen: Flags, scale: int, half_pen: float) -> float:
    """Return where the trace ends before a pulse's left leg; as `_after`, but that a trace seldom ends at the leg itself."""
    column = max(0, round((leg - FOOT_MM) * scale))
    end = _unbroken(seen[:column][::-1], scale)
    return leg if end is None else float((column - end - 0.5 - half_pen) / scale)


def _unbroken(seen: Flags, scale: int) -> int | None:
    """Return the first column from which on ink is seen for some way; None where there is none."""
    size = round(UNBROKEN_MM * scale)
    total = np.concatenate([[0], np.cumsum(seen)])
    begins = np.flatnonzero(seen[: max(0, len(seen) - size + 1)] & (total[size:] - total[:-size] >= UNBROKEN * size))
    return int(begins[0]) if begins.size else None


def rows_alike(found: Sequence[Extent | None], levels: Floats, curves: Sequence[Curve], scale: int) -> list[int]:
    """Return the rows that are traces of one page: near their level, about as long as the others, and with begin or end in common.

    Edges of the paper, folds and lines of text are none.
    """
    rows = zip(found, levels, curves, strict=True)
    near = [extent if extent and _keeps_level(level, curve, scale) else None for extent, level, curve in rows]
    known = [extent for extent in near if extent is not None]
    if not known:
        return []
    common = common_extent(known)
    length = common.end - common.start
    long = [
        index for index, extent in enumerate(near) if extent is not None and _overlap(extent, common) >= SHORTEST_ROW * length
    ]
    aligned = [index for index in long if _aligned(near[index], common)]
    kept = aligned if 2 * len(aligned) >= len(long) else long
    shares = {index: _share_seen(curves[index], common, scale) for index in kept}
    return [index for index in kept if shares[index] >= LEAST_SEEN * max(shares.values())]


def _share_seen(curve: Curve, extent: Extent, scale: int) -> float:
    seen = np.isfinite(curve.top[max(0, round(extent.start * scale)) : max(1, round(extent.end * scale))])
    return float(seen.mean()) if seen.size else 0.0


def _keeps_level(level: float, curve: Curve, scale: int) -> bool:
    """Whether most of a path runs near the level that it was sought at; else it follows another row's trace."""
    known = curve.top[np.isfinite(curve.top)]
    return known.size > 0 and float(np.median(np.abs(known / scale - level))) < STRAYED_MM


def _overlap(extent: Extent, other: Extent) -> float:
    return min(extent.end, other.end) - max(extent.start, other.start)


def _aligned(extent: Extent | None, common: Extent) -> bool:
    return extent is not None and (abs(extent.start - common.start) < ASTRAY_MM or abs(extent.end - common.end) < ASTRAY_MM)


def common_extent(found: Sequence[Extent], pulses: Sequence[Pulse | None] = ()) -> Extent:
    """Return the extent that most rows have; a full row's length where it is about that.

    A row that is a little too long has something else at the end on which fewer rows agree; where all agree and there is a pulse on the
    left, that is the pulse's foot.
    """
    (start, begin_alike), (end, end_alike) = (_most_common(found, side) for side in ("start", "end"))
    if abs(end - start - ROW_MM) >= FULL_MM:
        return Extent(start, end)
    on_left = [pulse for pulse in pulses if pulse is not None and pulse.left < (start + end) / 2]
    foot = bool(on_left) and end - start > ROW_MM + EXACT_MM
    at_end = end_alike > begin_alike or (foot and end_alike == begin_alike)
    return Extent(end - ROW_MM, end) if at_end else Extent(start, start + ROW_MM)


def _most_common(found: Sequence[Extent], side: str) -> tuple[float, int]:
    """Return the median of the largest group of begins (or ends) that are within `ALIGNED_MM` of one of them, and how many these are.

    Those that the paper's border cuts count only where all are cut, and then as none.
    """
    whole = [extent for extent in found if not getattr(extent, f"cut_{side}")]
    places = np.asarray([getattr(extent, side) for extent in whole or found])
    groups = np.abs(places[:, None] - places) < ALIGNED_MM
    group = places[groups[int(groups.sum(axis=1).argmax())]]
    return float(np.median(group)), len(group) if whole else 0


def choose_layout(curves: Sequence[Curve], levels: Floats, words: Callable[[], Floats], extent: Extent, scale: int) -> Layout:
    """Return the layout of so many rows; where several have as many, the one whose columns begin where names stand and levels jump.

    `words` finds the boxes of words; it is asked only where they are needed.
    """
    rows = len(levels)
    if rows >= MANY_ROWS:
        return LAYOUTS["12x1"]
    known = [layout for layout in LAYOUTS.values() if layout.rows == rows]
    if rows <= 2 and not known:
        return Layout("strip", (tuple(f"row {number}" for number in range(1, rows + 1)),))
    if not known:
        return Layout(f"{rows}x1", (tuple(f"row {number}" for number in range(1, rows + 1)),))
    if len(known) == 1:
        return known[0]
    boxes = words()
    return max(known, key=lambda layout: _boundary_score(layout, curves, levels, boxes, extent, scale))


def _boundary_score(layout: Layout, curves: Sequence[Curve], levels: Floats, words: Floats, extent: Extent, scale: int) -> float:
    """Return the share of a layout's boundaries at which a name stands or the trace's level jumps, less that of boundaries it denies."""
    columns, deep = len(layout.columns), len(layout.columns[0])
    own, denied = list[float](), list[float]()
    for quarter in (1, 2, 3):
        x = extent.start + quarter * (extent.end - extent.start) / 4
        for row, (curve, level) in enumerate(zip(curves, levels, strict=True)):
            cut = row < deep and quarter * columns % 4 == 0
            (own if cut else denied).append(_evidence(curve, float(level), words, x, scale))
    return (float(np.mean(own)) if own else 0.0) - (float(np.mean(denied)) if denied else 0.0)


def _evidence(curve: Curve, level: float, words: Floats, x: float, scale: int) -> float:
    """Return how much speaks for a boundary at `x`: 1 where a name begins there, up to 1 for a jump of the level."""
    near = (words[:, 0] > x + LABEL_MM[0]) & (words[:, 0] < x + LABEL_MM[1])
    named = near & (np.abs((words[:, 1] + words[:, 3]) / 2 - level) < LABEL_REACH_MM)
    left, right = (_level(curve, x + side * BESIDE_MM[0], x + side * BESIDE_MM[1], scale) for side in (-1, 1))
    jump = abs(left - right) if np.isfinite(left) and np.isfinite(right) else 0.0
    return float(named.any()) + min(jump, 1.0) / 2


def _level(curve: Curve, one: float, other: float, scale: int) -> float:
    low, high = sorted((round(one * FINE * scale), round(other * FINE * scale)))
    part = curve.y[max(0, low) : max(0, high)]
    known = part[np.isfinite(part)]
    return float(np.median(known)) / scale if known.size else np.nan
