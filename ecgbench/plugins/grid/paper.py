"""Where a page's pixels lie on its paper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgbench.core.results import GridFit
from ecgbench.plugins.grid.search import PageFit
from ecgbench.plugins.grid.spectrum import Floats


@dataclass(frozen=True, eq=False)
class PaperMap:
    """Takes pixels of a page to millimeters of its paper, on slanted and bent sheets too.

    x runs along the grid's rows, y down its columns; whole numbers lie on 1 mm lines, multiples of 5 on 5 mm lines where `grid`
    tells which these are. Which line is 0 is arbitrary: differences are what counts. Beyond the grid the map goes on smoothly, and
    means less the further. `grid`: what `grid.multiscale` returns for the page.
    """

    grid: GridFit
    fit: PageFit
    origin: tuple[float, float]

    def to_mm(self, points: Floats) -> Floats:
        """Return where on the paper points (n, 2) of (x, y) in pixels lie, (n, 2) float64 in mm.

        The center of the upper left pixel is (0, 0). On synthetic photos half of all points are within 0.01 mm.
        """
        x, y = self._on_level(points)
        return np.column_stack([self.fit.along.lines.at(x, y) - self.origin[0], self.fit.across.lines.at(y, x) - self.origin[1]])

    def px_per_mm(self, points: Floats) -> Floats:
        """Return how many pixels a millimeter along the rows and one along the columns takes at points (n, 2), (n, 2) float64."""
        return np.asarray(np.linalg.norm(self.fit.steps(*self._on_level(points)), axis=1), np.float64)

    def _on_level(self, points: Floats) -> tuple[Floats, Floats]:
        """Return x and y of points in pixels of the fit's level, from the page's center."""
        points = np.asarray(points, np.float64)
        level = self.fit.level
        return (points[:, 0] + 0.5) / level.scale - level.center[0], (points[:, 1] + 0.5) / level.scale - level.center[1]
