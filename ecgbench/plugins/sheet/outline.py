"""The outline of a sheet, put together of the sides that are seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ecgbench.core.page import Box
from ecgbench.core.results import Positions
from ecgbench.plugins.sheet.side import Side

SIDES = ("top", "right", "bottom", "left")


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet, `factor` times smaller in its `shape` (H, W) than in the picture of shape `whole`.

    `sides`: top, right, bottom, left; None where the sheet's side is not seen, so that it reaches beyond the picture's border.
    `turn`: the affine map (2, 3) by which the smaller picture was turned first, None where it was not.
    """

    sides: tuple[Side | None, ...]
    shape: tuple[int, int]
    factor: int
    whole: tuple[int, int]
    turn: npt.NDArray[np.float64] | None = None

    @cached_property
    def corners(self) -> Positions | None:
        """Where the sides meet: (4, 2) float64 of (x, y) in the picture, clockwise from the upper left; None unless all are seen.

        A corner that is torn off, or lies outside the picture, is where it would be.
        """
        return None if None in self.sides else self._in_picture(self._meetings)

    @cached_property
    def outline(self) -> Positions:
        """The sheet's outline (n, 2), (x, y) in the picture, clockwise; where a side is not seen, along the picture's border."""
        x0, x1 = self._meetings[:, 0], np.roll(self._meetings[:, 0], -1)
        y0, y1 = self._meetings[:, 1], np.roll(self._meetings[:, 1], -1)
        share = np.linspace(0, 1, 16, endpoint=False)
        parts = []
        for index in range(4):
            x, y = x0[index] + share * (x1 - x0)[index], y0[index] + share * (y1 - y0)[index]
            parts.append(np.column_stack([x, self._row(index, x)] if index % 2 == 0 else [self._column(index, y), y]))
        return self._in_picture(np.vstack(parts))

    @property
    def box(self) -> Box:
        """The box of the part of the sheet that the picture shows."""
        height, width = self.whole
        low, high = self.outline.min(axis=0) + 0.5, self.outline.max(axis=0) + 0.5  # rims of pixels
        x0, y0 = (int(max(0, round(float(value)))) for value in low)
        x1, y1 = min(width, round(float(high[0]))), min(height, round(float(high[1])))
        return Box(x0, y0, max(1, x1 - x0), max(1, y1 - y0))

    @cached_property
    def _meetings(self) -> Positions:
        """Where the sides meet on the small picture, counted from its rim; found by going from one to the other and back."""
        meetings = []
        for index in range(4):
            one, other = (index, (index - 1) % 4) if index % 2 == 0 else ((index - 1) % 4, index)
            x = self._column(other, np.array([self.shape[0] / 2.0]))
            for _ in range(8):  # each goes 1 / STEEPEST times nearer at least
                y = self._row(one, x)
                x = self._column(other, y)
            meetings.append((x[0], y[0]))
        return np.array(meetings)

    def _row(self, index: int, x: Positions) -> Positions:
        side, bottom = self.sides[index], float(self.shape[0])
        depth = np.zeros_like(x) if side is None else side.depth(x)
        return depth if SIDES[index] == "top" else bottom - depth

    def _column(self, index: int, y: Positions) -> Positions:
        side, right = self.sides[index], float(self.shape[1])
        depth = np.zeros_like(y) if side is None else side.depth(y)
        return depth if SIDES[index] == "left" else right - depth

    def _in_picture(self, points: Positions) -> Positions:
        if self.turn is not None:
            points = (points - self.turn[:, 2]) @ self.turn[:, :2]  # a rotation's inverse is its transpose
        return np.asarray(points * self.factor - 0.5, np.float64)
