"""The part of a flat page that is paper: where its grid shows."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

LEAST = 0.35  # of the correlation that the upper quarter of cells has; cells of desk have none
FAINTEST = 0.1  # correlation of the upper quarter; a fainter grid tells nothing of where the paper ends
FEWEST = 12  # cells
SPAN = 3  # cells averaged to one: stains and traces hide single ones


def paper_of(gray: Pixels, cell: Plane, inside: Mask) -> Mask:
    """Return (h, w) bool, where paper is: the convex hull of the cells in which the grid's pattern shows.

    `gray`: (h, w) evenly lit. `cell`: (s, s), the pattern that repeats each `s` pixels. `inside`: where the page shows something; all of that
    is returned where the pattern is too faint to tell.
    """
    likeness = _likeness(gray, cell)
    if likeness.size < FEWEST:
        return inside
    size = len(cell)
    smooth = cv2.blur(likeness, (SPAN, SPAN), borderType=cv2.BORDER_REPLICATE)
    typical = float(np.quantile(smooth, 0.75))
    if typical < FAINTEST:
        return inside
    shows = (np.minimum(smooth, 2 * likeness) > LEAST * typical).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(shows, connectivity=8)
    if count < 2:
        return inside
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    row, column = np.nonzero(labels == largest)
    if len(row) < FEWEST:
        return inside
    corners = np.concatenate([np.column_stack([column + x, row + y]) for x in (0, 1) for y in (0, 1)]) * size
    paper = np.zeros(gray.shape, np.uint8)
    cv2.fillConvexPoly(paper, cv2.convexHull(_to_border(corners, gray.shape, size).astype(np.int32)), (1,))
    return np.asarray(paper.view(np.bool_) & inside)


def _to_border(corners: npt.NDArray[np.intp], shape: tuple[int, ...], size: int) -> npt.NDArray[np.intp]:
    """Move corners that are less than a cell away from the page's last row and column onto them: what is left there is no whole cell."""
    height, width = shape
    x, y = corners[:, 0], corners[:, 1]
    return np.column_stack([np.where(x + size > width, width, x), np.where(y + size > height, height, y)])


def _likeness(gray: Pixels, cell: Plane) -> Plane:
    """Return the correlation of each whole cell with the pattern."""
    size = len(cell)
    rows, columns = (side // size for side in gray.shape)
    if rows == 0 or columns == 0:
        return np.zeros((rows, columns), np.float32)
    cells = gray[: rows * size, : columns * size].reshape(rows, size, columns, size).astype(np.float32)
    pattern = cell - cell.mean()
    spread = cells.std(axis=(1, 3)) * size * float(np.sqrt(np.square(pattern).sum()))
    return np.asarray(np.einsum("isjt,st->ij", cells, pattern) / np.maximum(spread, 1e-3), np.float32)
