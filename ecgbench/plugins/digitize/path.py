"""The course of each row's trace over a flat page: the cheapest way from left to right."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

COARSE = 2  # rows of the flat page to one of the search; columns stay apart, so that narrow waves keep the gap at their foot
# Coverage up to which a pixel costs as bare paper, and from which as ink. Crossing asks for more than climbing: strokes of a narrow wave cover
# a part of their columns only, and so does what lies between them.
ALONG, ACROSS = (0.4, 0.8), (0.15, 0.5)
INK_COST = 0.002  # of a covered pixel against a bare one: climbing a narrow wave must be cheaper than crossing its foot
UNDER_BLOTS = np.float32(
    0.85
)  # of the cost along the row, that a path under a blot is spared: its trace goes on there, straight on
CLIMB = 0.2  # cost of a bare pixel down a column against one along a row: strokes of steep waves are faint or broken
HOME = 0.004  # cost a pixel along the row, for each mm away from the row's level
TOGETHER_MM = 0.3  # two paths that are no further apart follow one trace
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
    paths = _search(coverage, blots, levels, scale)
    for row, other, columns in _shared(paths, levels, scale):
        rest = coverage.copy()
        for step in range(-round(TAKEN_MM * scale), round(TAKEN_MM * scale) + 1):
            taken = np.rint(paths[other, columns]).astype(np.intp) + step
            rest[taken.clip(0, len(rest) - 1), columns] = 0
        paths[row] = _search(rest, blots, levels[row : row + 1], scale)[0]
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
    pooled = _pooled(coverage)
    height = len(pooled)
    coarse = scale / COARSE
    half = round(BAND_MM * coarse)
    tops = np.rint(levels * coarse).astype(np.intp) - half
    index = tops[:, None] + np.arange(2 * half + 1)
    within = (index >= 0) & (index < height)
    costs = (np.minimum(_costs(pooled, *ALONG), 1 - UNDER_BLOTS * _pooled(blots)), _costs(pooled, *ACROSS))
    along, across = (np.where(within, cost.T[:, index.clip(0, height - 1)], np.float32(1.0)) for cost in costs)
    home = np.abs(np.arange(2 * half + 1) - half) / coarse * HOME
    paths = _cheapest(along, across, home.astype(np.float32)) + tops[:, None]
    return np.asarray((paths + 0.5) * COARSE - 0.5, dtype=np.float64)


def _pooled(coverage: Plane) -> Plane:
    """Return the largest coverage of each `COARSE` pixels down a column."""
    whole = cv2.copyMakeBorder(coverage, 0, -len(coverage) % COARSE, 0, 0, cv2.BORDER_REPLICATE)
    return np.asarray(np.max([whole[row::COARSE] for row in range(COARSE)], axis=0), np.float32)


def _costs(pooled: Plane, bare: float, full: float) -> Plane:
    return np.asarray(np.clip((full - pooled) / (full - bare), INK_COST, 1), np.float32)


def _cheapest(cost: Plane, across: Plane, home: Plane) -> Rows:
    """Return the row of the cheapest path at each column: (k, w), of k bands at once.

    `cost`: (w, k, n). Within a column a path may climb, at `CLIMB` of the cost of what it crosses; cumulative sums make the best climb to
    each row a running minimum.
    """
    climb = np.cumsum(across * np.float32(CLIMB), axis=2)
    totals = cost + home
    least, back = np.empty((2, *cost.shape[1:]), np.float32), np.empty_like(cost[0])
    for column in range(1, len(cost)):  # arrays are made once: that is a third of the time
        height, before = climb[column], totals[column - 1]
        np.subtract(before, height, out=least[0])
        np.add(before[:, ::-1], height[:, ::-1], out=least[1])
        np.minimum.accumulate(least, axis=2, out=least)
        least[0] += height
        np.subtract(least[1][:, ::-1], height, out=back)
        np.minimum(least[0], back, out=back)
        totals[column] += back
    return _traced_back(totals, climb)


def _traced_back(totals: Plane, climb: Plane) -> Rows:
    bands = np.arange(totals.shape[1])
    path = np.empty((totals.shape[1], len(totals)), np.intp)
    row = totals[-1].argmin(axis=1)
    path[:, -1] = row
    for column in range(len(totals) - 1, 0, -1):
        height = climb[column]
        row = (totals[column - 1] + np.abs(height - height[bands, row][:, None])).argmin(axis=1)
        path[:, column - 1] = row
    return path
