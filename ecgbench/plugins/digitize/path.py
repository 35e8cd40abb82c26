"""The course of each row's trace over a flat page: the cheapest way from left to right."""

from __future__ import annotations

from functools import reduce

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.digitize.slabs import slabs

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

COARSE = 2  # rows of the flat page to one of the search; columns stay apart, so that narrow waves keep the gap at their foot
# Coverage up to which a pixel costs as bare paper, and from which as ink. Crossing asks for more than climbing: strokes of a narrow wave cover
# a part of their columns only, and so does what lies between them.
ALONG, ACROSS = (0.4, 0.8), (0.12, 0.35)
INK_COST = 0.002  # of a covered pixel against a bare one: climbing a narrow wave must be cheaper than crossing its foot
UNDER_BLOTS = np.float32(
    0.85
)  # of the cost along the row, that a path under a blot is spared: its trace goes on there, straight on
CLIMB = 0.2  # cost of a bare pixel down a column against one along a row: strokes of steep waves are faint or broken
HOME = 0.004  # cost a pixel along the row, for each mm away from the row's level
TOGETHER_MM = 0.6  # two paths that are no further apart follow one trace: a thick pen
SHARED_MM = 4.0  # traces that cross are together for less
TAKEN_MM = 0.6  # above and below the other row's path, whose ink is taken away: a thick pen
BAND_MM = 34.0  # above and below a row's level in which its trace is sought: 3 mV


def find_paths(coverage: Plane, blots: Plane, levels: Floats, scale: int) -> Floats:
    """Return where each row's trace crosses each column of the flat page: (rows, w) float64, in pixels from the top.

    Where two rows take one course, the row that it is further away from is sought again, without the ink of the other.
    """
    inked = np.flatnonzero((coverage > ACROSS[0]).any(axis=0))
    if inked.size == 0:
        return np.repeat(levels[:, None] * scale, coverage.shape[1], axis=1)
    first, last = int(inked[0]), int(inked[-1]) + 1
    found = _apart(coverage[:, first:last], blots[:, first:last], levels, scale)
    return np.pad(found, ((0, 0), (first, coverage.shape[1] - last)), mode="edge")


def _apart(coverage: Plane, blots: Plane, levels: Floats, scale: int) -> Floats:
    """Return the cheapest path of each row, no two rows along one trace."""
    paths, left = _search(coverage, blots, levels, scale), dict[int, Plane]()
    for _ in levels:  # a row that is sent back to its own trace may meet another one there, which took it in its place
        shared = _shared(paths, levels, scale)
        for row, other, columns in shared:
            rest = left.setdefault(row, coverage.copy())
            for step in range(-round(TAKEN_MM * scale), round(TAKEN_MM * scale) + 1):
                taken = np.rint(paths[other, columns]).astype(np.intp) + step
                rest[taken.clip(0, len(rest) - 1), columns] = 0
            paths[row] = _search(rest, blots, levels[row : row + 1], scale)[0]
        if not shared:
            break
    return paths


def _shared(paths: Floats, levels: Floats, scale: int) -> list[tuple[int, int, Rows]]:
    """Return each row that runs along another row's trace for some way, the other one, and in which columns."""
    found: list[tuple[int, int, Rows]] = []
    for upper in range(len(paths) - 1):
        pair = paths[upper : upper + 2]
        together = (np.abs(pair[0] - pair[1]) <= TOGETHER_MM * scale).view(np.uint8)
        longest = np.ones((1, 2 * round(SHARED_MM * scale / 2) + 1), np.uint8)
        columns = np.flatnonzero(cv2.morphologyEx(together[None], cv2.MORPH_OPEN, longest)[0])
        if columns.size:
            away = np.abs(pair[:, columns] / scale - levels[upper : upper + 2, None]).mean(axis=1)
            row = upper + int(away.argmax())
            found.append((row, 2 * upper + 1 - row, columns))
    return found


def _search(coverage: Plane, blots: Plane, levels: Floats, scale: int) -> Floats:
    """Return the cheapest path of each row, as `find_paths`.

    Dynamic programming from column to column, all rows at once: a path pays for each bare pixel that it crosses, more along the
    row than down a column, less under blots, and a little for being far from its row's level.
    """
    coarse = scale / COARSE
    half = round(BAND_MM * coarse)
    tops = np.rint(levels * coarse).astype(np.intp) - half
    along = _bands(_pooled(coverage), tops, 2 * half + 1)
    across = np.empty_like(along)
    hidden = _bands(_pooled(blots), tops, 2 * half + 1) if blots.any() else None
    for columns in slabs(len(along)):
        across[columns] = _costs(along[columns], *ACROSS)
        along[columns] = _costs(along[columns], *ALONG)
        if hidden is not None:
            np.minimum(along[columns], 1 - UNDER_BLOTS * hidden[columns], out=along[columns])
    home = np.abs(np.arange(2 * half + 1) - half) / coarse * HOME
    paths = _cheapest(along, across, home.astype(np.float32)) + tops[:, None]
    return np.asarray((paths + 0.5) * COARSE - 0.5, dtype=np.float64)


def _pooled(coverage: Plane) -> Plane:
    """Return the largest coverage of each `COARSE` pixels down a column, (columns, rows): a column's lie side by side, as they are searched."""
    whole = (
        cv2.copyMakeBorder(coverage, 0, -len(coverage) % COARSE, 0, 0, cv2.BORDER_REPLICATE)
        if len(coverage) % COARSE
        else coverage
    )
    return np.asarray(cv2.transpose(reduce(np.maximum, [whole[row::COARSE] for row in range(COARSE)])), np.float32)


def _bands(pooled: Plane, tops: Rows, rows: int) -> Plane:
    """Return each band of `rows` from its top on, of (w, h): (w, k, rows), 0 off the page."""
    bands = np.zeros((len(pooled), len(tops), rows), np.float32)
    for band, top in enumerate(tops):
        seen = pooled[:, max(top, 0) : max(top + rows, 0)]
        start = max(-top, 0)
        bands[:, band, start : start + seen.shape[1]] = seen
    return bands


def _costs(coverage: Plane, bare: float, full: float) -> Plane:
    return np.asarray(np.clip((np.float32(full) - coverage) * np.float32(1 / (full - bare)), INK_COST, 1), np.float32)


def _cheapest(cost: Plane, across: Plane, home: Plane) -> Rows:
    """Return the row of the cheapest path at each column: (k, w), of k bands at once. `cost`, `across`: (w, k, n), both are written over.

    Within a column a path may climb, at `CLIMB` of the cost of what it crosses; with cumulative sums the best climb to each row is a running
    minimum from above, and of what that leaves one from below.
    """
    for columns in slabs(len(cost)):
        cost[columns] += home
        across[columns] *= np.float32(CLIMB)
        np.cumsum(across[columns], axis=2, out=across[columns])
    least = np.empty_like(cost[0])
    upward = least[:, ::-1]
    for before, total, climb in zip(cost, cost[1:], across[1:], strict=False):
        np.subtract(before, climb, out=least)
        np.minimum.accumulate(least, axis=1, out=least)
        np.add(least, climb, out=least)
        np.add(least, climb, out=least)
        np.minimum.accumulate(upward, axis=1, out=upward)
        np.subtract(least, climb, out=least)
        np.add(total, least, out=total)
    return _traced_back(cost, across)


def _traced_back(totals: Plane, climbs: Plane) -> Rows:
    """Return the path that ends cheapest: before each column it was where its total and the climb from there are the least."""
    columns, bands, rows = totals.shape
    path = np.empty((columns, bands), np.intp)
    path[-1] = row = totals[-1].argmin(axis=1)
    first = np.arange(bands) * rows
    away = np.empty_like(totals[0])
    for total, climb, found in zip(totals[-2::-1], climbs[:0:-1], path[-2::-1], strict=True):
        np.subtract(climb, climb.take(first + row)[:, None], out=away)
        np.abs(away, out=away)
        np.add(total, away, out=away)
        found[:] = row = away.argmin(axis=1)
    return path.T
