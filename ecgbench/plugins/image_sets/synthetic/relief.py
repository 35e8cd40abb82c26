"""The relief of a sheet that does not lie flat: curls, folds, wrinkles and crumples, and how a camera above it sees its points move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.synthetic.heart import Float

Weigh = Callable[[Float], Float]

KNOT_MM = 1.0  # of the lattice that holds a relief: finer than any crease of paper is sharp
BEYOND_MM = 8.0  # the lattice goes on so far beyond the sheet's edges
FINE_MM = 0.25  # of the raster that pixels are looked up in
TURNS = 60  # a sheet so steep that its bend cannot be undone in so many steps is never made: slopes and camera keep the step below 0.7
EXACT_MM, CLOSE_MM = 1e-7, 1e-3  # when a bend counts as undone


@dataclass(frozen=True, eq=False)
class Relief:
    """Heights of a sheet above the table as a uniform cubic B-spline, which has no kinks (de Boor, A Practical Guide to Splines).

    `knots`: (rows, columns) float64 in mm; knot (r, c) stands at x = c * KNOT_MM - BEYOND_MM, y = r * KNOT_MM - BEYOND_MM.
    """

    knots: Float

    def height(self, points_mm: Float) -> Float:
        """Return the height in mm, (n,), at points (n, 2) of the sheet."""
        return self._summed(points_mm, _value_weights, _value_weights)

    def slope(self, points_mm: Float) -> Float:
        """Return how fast the height rises along x and along y, (n, 2), at points (n, 2) of the sheet."""
        along = self._summed(points_mm, _slope_weights, _value_weights) / KNOT_MM
        down = self._summed(points_mm, _value_weights, _slope_weights) / KNOT_MM
        return np.column_stack([along, down])

    @cached_property
    def raster(self) -> npt.NDArray[np.float32]:
        """The height at each FINE_MM from the first knot on, (rows, columns) float32 in mm."""
        return _finer(_finer(self.knots.astype(np.float32)).T).T

    @cached_property
    def knot_slopes(self) -> Float:
        """How fast the height rises along x and y at each knot, (rows, columns, 2)."""
        every = round(KNOT_MM / FINE_MM)
        down, along = np.gradient(self.raster[::every, ::every].astype(np.float64), KNOT_MM)
        return np.stack([along, down], axis=-1)

    def _summed(self, points_mm: Float, weigh_x: Weigh, weigh_y: Weigh) -> Float:
        place = (points_mm + BEYOND_MM) / KNOT_MM
        cell = np.floor(np.nan_to_num(place))
        across, down = weigh_x((place - cell)[:, 0]), weigh_y((place - cell)[:, 1])
        rows, columns = self.knots.shape
        column, row = cell.astype(np.intp).T
        picked = [np.clip(column + k - 1, 0, columns - 1) for k in range(4)]
        flat, total = self.knots.reshape(-1), np.zeros(len(points_mm))
        for k in range(4):
            first = np.clip(row + k - 1, 0, rows - 1) * columns
            total += down[k] * sum(across[i] * flat[first + picked[i]] for i in range(4))
        return total


def _finer(knots: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the spline through the first axis of `knots` at each FINE_MM from the first knot to the last."""
    every = round(KNOT_MM / FINE_MM)
    taps = np.pad(knots, ((1, 2), (0, 0)), mode="edge")
    fine = np.empty((len(knots), every, knots.shape[1]), np.float32)
    for part in range(every):
        weights = _value_weights(np.array(part / every)).astype(np.float32)
        fine[:, part] = sum(weights[k] * taps[k : k + len(knots)] for k in range(4))
    return fine.reshape(-1, knots.shape[1])[: (len(knots) - 1) * every + 1]


def _value_weights(t: Float) -> Float:
    return np.stack([(1 - t) ** 3, (3 * t - 6) * t**2 + 4, ((3 - 3 * t) * t + 3) * t + 1, t**3]) / 6


def _slope_weights(t: Float) -> Float:
    return np.stack([-((1 - t) ** 2), (3 * t - 4) * t, (2 - 3 * t) * t + 1, t**2]) / 2


@dataclass(frozen=True, eq=False)
class Bend:
    """How a camera sees the points of a sheet with a relief: what is higher moves away from the point below the camera (parallax).

    `foot_mm`: (2,) the point of the sheet below the camera. `distance_mm`: of the camera from the table.
    """

    relief: Relief
    foot_mm: Float
    distance_mm: float

    def displaced(self, points_mm: Float) -> Float:
        """Return where points (n, 2) of the flat sheet, in mm, are seen, (n, 2)."""
        lifted = self.relief.height(points_mm) / self.distance_mm
        return np.asarray(points_mm + lifted[:, None] * (points_mm - self.foot_mm), dtype=np.float64)

    def restored(self, seen_mm: Float) -> Float:
        """Return the points (n, 2) of the flat sheet that are seen at `seen_mm` (n, 2): the fixed point of what `displaced` adds."""
        points = seen_mm
        for _ in range(TURNS):
            lifted = self.relief.height(points)[:, None] / self.distance_mm
            before, points = points, (seen_mm + lifted * self.foot_mm) / (1 + lifted)
            if np.abs(points - before).max(initial=0.0) < EXACT_MM:
                break
        return np.asarray(points, dtype=np.float64)

    def restored_map(self, seen_mm: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the same for (rows, columns, 2) float32 points, from the raster: to some thousandths of a mm, and fast."""
        seen, foot = cv2.split(seen_mm), self.foot_mm.astype(np.float32)
        x, y = seen
        for _ in range(TURNS):
            column, row = ((axis + np.float32(BEYOND_MM)) * np.float32(1 / FINE_MM) for axis in (x, y))
            height = cv2.remap(self.relief.raster, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            lifted = height * np.float32(1 / self.distance_mm)
            before, shrunk = (x, y), 1 / (1 + lifted)
            x, y = ((axis + lifted * below) * shrunk for axis, below in zip(seen, foot, strict=True))
            if max(cv2.norm(now, then, cv2.NORM_INF) for now, then in zip((x, y), before, strict=True)) < CLOSE_MM:
                break
        return np.asarray(cv2.merge([x, y]), dtype=np.float32)

    def jacobian(self, point_mm: Float) -> Float:
        """Return (2, 2), how the seen place of a point (2,) changes with the point."""
        lifted = float(self.relief.height(point_mm[None])[0]) / self.distance_mm
        slope = self.relief.slope(point_mm[None])[0] / self.distance_mm
        return np.asarray(np.eye(2) * (1 + lifted) + np.outer(point_mm - self.foot_mm, slope), dtype=np.float64)
