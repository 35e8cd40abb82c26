"""Which way a page's lines run in each part of it, from spectra of the parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.grid.spectrum import Floats, Strips, power_spectra, tiles_of, tilt_mask
from ecgbench.plugins.grid.surface import TINY, Slopes, Surface, with_slopes

TILE_PERIODS = 24  # side of a local spectrum: bold lines every 5 periods then stay apart from the line sought
TILES = 6  # along each side at most
SEARCH = 0.14  # local spacing may differ from the page's by this much; the sidebands of bold lines begin at 0.2
DEGREES = ((16, 3), (6, 2), (1, 1))  # of the surface, by the number of parts
SOFT_SLOPE = 0.01  # of the spacing; local spacings further off count less and less
BETTER = 1.02  # times what a simpler surface shows: a more bent one fits noise, too

Powers = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LocalSpectra:
    """Spectra of parts of the page around a frequency.

    `power`: (parts, rows, columns) float32 over the part's mean, 0 for lines that lean too much. Row i is the wave of
    fftfreq(rows)[i] cycles a strip, column j that of (low + j) / `resolution` cycles per pixel. `x`, `y`: centers of the parts.
    """

    power: Powers
    low: int
    resolution: int
    strip_height: int
    x: Floats
    y: Floats

    def peaks(self) -> tuple[Floats, Floats, Floats]:
        """Return each part's strongest wave: cycles per pixel along x and y, and how far it stands out."""
        parts, rows, columns = self.power.shape
        row, column = np.unravel_index(self.power.reshape(parts, -1).argmax(axis=1), (rows, columns))
        along = (self.low + column + self._vertex(row, column, (0, 1))) / self.resolution
        across = np.fft.fftfreq(rows)[row] + self._vertex(row, column, (1, 0)) / rows
        return along, across / self.strip_height, self.power[np.arange(parts), row, column].astype(np.float64)

    def middle(self) -> tuple[float, float]:
        """Return the wave that all parts together show best: cycles per pixel along x and y."""
        rows = self.power.shape[1]
        row, column = np.unravel_index(int(np.log1p(self.power).sum(axis=0).argmax()), self.power.shape[1:])
        return float((self.low + column) / self.resolution), float(np.fft.fftfreq(rows)[row] / self.strip_height)

    def shown(self, surface: Surface) -> float:
        """Return how far the waves of a surface's lines stand out of the parts on the mean, as the logarithm of 1 + power."""
        parts, rows, columns = self.power.shape
        along, across = surface.slopes(self.x, self.y)
        column = np.rint(along * self.resolution).astype(np.intp) - self.low
        row = np.rint(across * self.strip_height * rows).astype(np.intp) % rows
        inside = (column >= 0) & (column < columns)
        power = self.power[np.arange(parts), row, column.clip(0, columns - 1)]
        return float(np.log1p(power * inside).mean())

    def _vertex(self, row: npt.NDArray[np.intp], column: npt.NDArray[np.intp], step: tuple[int, int]) -> Floats:
        """Return how far from its bin each part's peak lies along one direction: the vertex of a parabola through log power."""
        part = np.arange(len(self.power))
        _, rows, columns = self.power.shape
        before, at, after = (
            np.log(self.power[part, (row + sign * step[0]) % rows, (column + sign * step[1]).clip(0, columns - 1)] + TINY)
            for sign in (-1, 0, 1)
        )
        bend = before - 2 * at + after
        return np.where(bend < 0, np.clip((before - after) / 2 / np.minimum(bend, -TINY), -0.5, 0.5), 0.0)


def local_spectra(strips: Strips, frequency: float, largest_tilt: float) -> LocalSpectra:
    """Return the spectra of overlapping parts of the page, near `frequency` cycles per pixel along the strips."""
    side = TILE_PERIODS / frequency
    tiles, x, y = tiles_of(strips, 4 * max(1, round(side / strips.height / 4)), 8 * max(1, round(side / 8)), TILES)
    rows, columns = 2 * tiles.shape[1], 2 * tiles.shape[2]
    spectra = power_spectra(tiles, rows, columns)
    low = min(int(frequency * (1 - SEARCH) * columns), columns // 2)
    high = int(np.ceil(frequency * (1 + SEARCH) * columns)) + 1
    mask = tilt_mask(rows, columns, strips.height, largest_tilt, 0.5 / rows)[:, low:high]
    power = spectra[:, :, low:high]
    power *= mask / (power.mean(axis=(1, 2), keepdims=True) + np.float32(TINY))
    return LocalSpectra(np.asarray(power, np.float32), low, columns, strips.height, x, y)


def surface_from_spectra(start: Surface, strips: Strips, frequency: float, largest_tilt: float) -> Surface:
    """Return a surface whose slopes are those of the lines in each part of the page; `start` has `frequency` along x everywhere.

    Where lines are faint, the strongest wave of many parts is none of theirs. So all parts together say first where the lines
    are about, and of the polynomials through the parts' peaks the one is taken that the spectra themselves show best.
    """
    spectra = local_spectra(strips, frequency, largest_tilt)
    along, across, prominence = spectra.peaks()
    middle_along, middle_across = spectra.middle()
    middle = (middle_along - frequency, middle_across)
    best = start.plus(np.array([0.0, middle[0] * start.size, middle[1] * start.size]), 1)
    most = next(degree for least, degree in DEGREES if len(spectra.x) >= least)
    measured = (Slopes(spectra.x, spectra.y, along - frequency, prominence), Slopes(spectra.x, spectra.y, across, prominence))
    shown = spectra.shown(best)
    for degree in range(1, most + 1):
        bent = with_slopes(start, degree, *measured, SOFT_SLOPE * frequency, middle)
        if (bent_shown := spectra.shown(bent)) > BETTER * shown:
            best, shown = bent, bent_shown
    return best
