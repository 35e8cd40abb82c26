"""The phase of a family of lines over the page: a smooth surface that is a whole number on each line."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from numpy.polynomial import polynomial

from ecgbench.plugins.grid.ink import Ink
from ecgbench.plugins.grid.spectrum import Floats, Strips, tiles_of, tilt_mask

TILE_PERIODS = 24  # side of a local spectrum: bold lines every 5 periods then stay apart from the line sought
TILES = 6  # along each side at most
SEARCH = 0.14  # local spacing may differ from the page's by this much; the sidebands of bold lines begin at 0.2
BLOCK_PERIODS = 5  # a box of one bold period has its zeros on the sidebands of bold lines
BLOCKS_FOR_DEGREE = ((60, 3), (16, 2), (1, 1))  # a cubic has 10 coefficients, a quadratic 6, a plane 3
PASSES = 3
WRAPPED = 0.3  # periods; a larger residual may belong to the next line
SOFT = 0.08  # periods; residuals beyond count less and less (Cauchy weights)
SOFT_SLOPE = 0.01  # of the spacing; local spacings further off count less and less
ROUNDS = 6  # of reweighting
FOLLOWED = 0.5  # of the lock of the lines that are known; less is noise
TINY = 1e-12  # keeps ratios finite where a part of the page is blank
RIDGE = 1e-4  # keeps coefficients that nothing determines at 0

Phasors = npt.NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Surface:
    """A polynomial in x and y (pixels of a level from the page's center), counted in periods.

    `coefficients`: (d + 1, d + 1) float64 of (y / size) ** row * (x / size) ** column; `size`: half the longer side.
    """

    coefficients: Floats
    size: float

    def on_grid(self, x: Floats, y: Floats) -> Ink:
        """Return the phase at each column of `x` and row of `y`: (len(y), len(x)) float32, good to 1e-4 of a period."""
        rows = polynomial.polyvander(y / self.size, len(self.coefficients) - 1)
        columns = polynomial.polyvander(x / self.size, len(self.coefficients) - 1)
        return np.asarray(rows.astype(np.float32) @ (self.coefficients @ columns.T).astype(np.float32))

    def slope(self, x: float, y: float) -> tuple[float, float]:
        """Return periods per pixel along x and along y at a point."""
        along = polynomial.polyder(self.coefficients, axis=1)
        across = polynomial.polyder(self.coefficients, axis=0)
        at = (y / self.size, x / self.size)
        return float(polynomial.polyval2d(*at, along)) / self.size, float(polynomial.polyval2d(*at, across)) / self.size

    def plus(self, values: Floats, degree: int) -> Surface:
        """Return the surface with `values` added to the coefficients of `terms(degree)`."""
        grown = np.zeros((max(degree + 1, len(self.coefficients)),) * 2)
        grown[: len(self.coefficients), : len(self.coefficients)] = self.coefficients
        for (row, column), value in zip(terms(degree), values, strict=True):
            grown[row, column] += value
        return replace(self, coefficients=grown)


@dataclass(frozen=True, eq=False)
class Blocks:
    """The page in blocks of one bold period, each as amplitude and phase of the lines against a surface: (n, m) complex128."""

    phasors: Phasors
    x: Floats
    y: Floats


@dataclass(frozen=True, eq=False)
class LineFit:
    """A surface fitted to the lines of one axis, the page's blocks against it, and how well it holds.

    `residual`: (n, m) float64, by how many periods each block's lines are off. `lock`: 1 where they lie on the surface in
    every block, about 0 where they lie anywhere.
    """

    surface: Surface
    blocks: Blocks
    residual: Floats
    lock: float


def terms(degree: int) -> list[tuple[int, int]]:
    """Return the powers (of y, of x) of a polynomial of `degree`, the constant first.

    >>> terms(1)
    [(0, 0), (0, 1), (1, 0)]
    """
    return sorted(((row, total - row) for total in range(degree + 1) for row in range(total + 1)), key=sum)


def fit_surface(strips: Strips, frequency: float, largest_tilt: float) -> LineFit:
    """Fit a surface to the lines whose spacing is about 1 / `frequency` pixels of the level.

    Spectra of parts of the page give its slopes; demodulation with it then gives the phase that is left, in `PASSES` turns
    (the method of Fourier profilometry: Takeda and Mutoh, Applied Optics 22(24), 1983, with a model in place of unwrapping).
    """
    size = max(float(np.abs(strips.x).max()), float(np.abs(strips.y).max()), 1.0)
    plane = Surface(np.array([[0.0, frequency * size], [0.0, 0.0]]), size)
    surface = _from_spectra(plane, strips, frequency, largest_tilt)
    blocks = demodulate(strips, surface, 1 / frequency)
    degree = _degree(blocks)
    surface = _follow_neighbors(surface, blocks, min(degree, 2), SOFT_SLOPE * frequency)
    blocks = demodulate(strips, surface, 1 / frequency)
    fit = _follow_phase(surface, blocks, degree)
    for _ in range(PASSES - 1):
        fit = _follow_phase(fit.surface, demodulate(strips, fit.surface, 1 / frequency), degree)
    return fit


def rescaled(lines: LineFit, strips: Strips, millimeters: float, coarser: float, period: float) -> LineFit:
    """Return the fit of 1 mm lines, `period` pixels apart, given one whose period is so many millimeters.

    `coarser`: pixels of the fit's level in one of the level of `strips`... The lines are followed anew from the surface
    that is known; where they are too faint to be followed, it is only moved so that they lie on it.
    """
    known = Surface(lines.surface.coefficients * millimeters, lines.surface.size / coarser)
    blocks = demodulate(strips, known, period)
    degree = _degree(blocks)
    fit = _follow_phase(known, blocks, degree)
    if fit.lock >= FOLLOWED * lines.lock:
        return _follow_phase(fit.surface, demodulate(strips, fit.surface, period), degree)
    total = blocks.phasors.sum()
    moved = known.plus(np.array([np.angle(total) / (2 * np.pi)]), 0)
    return replace(_follow_phase(moved, demodulate(strips, moved, period), 0), lock=lines.lock)


def _degree(blocks: Blocks) -> int:
    return next(degree for least, degree in BLOCKS_FOR_DEGREE if blocks.phasors.size >= least)


def _from_spectra(start: Surface, strips: Strips, frequency: float, largest_tilt: float) -> Surface:
    """Return a surface whose slopes are those of the strongest lines in each part of the page."""
    side = TILE_PERIODS / frequency
    tiles, x, y = tiles_of(strips, 4 * max(1, round(side / strips.height / 4)), 8 * max(1, round(side / 8)), TILES)
    rows, columns = 2 * tiles.shape[1], 2 * tiles.shape[2]
    spectra = np.fft.rfft2(tiles, s=(rows, columns))
    low = min(int(frequency * (1 - SEARCH) * columns), columns // 2)
    high = int(np.ceil(frequency * (1 + SEARCH) * columns)) + 1
    mask = tilt_mask(rows, columns, strips.height, largest_tilt, 0.5 / rows)[:, low:high]
    window = spectra[:, :, low:high]
    power = np.square(window.real) + np.square(window.imag)
    row, column = np.unravel_index((power * mask).reshape(len(power), -1).argmax(axis=1), power.shape[1:])
    along = (low + column + _vertex(power, row, column, (0, 1))) / columns
    across = np.fft.fftfreq(rows)[row] + _vertex(power, row, column, (1, 0)) / rows
    prominence = power.max(axis=(1, 2)) / (power.mean(axis=(1, 2)) + TINY)
    degree = 1 if len(tiles) < 6 else 2 if len(tiles) < 16 else 3
    return _with_slopes(
        start, degree, (x, y, along - frequency, prominence), (x, y, across / strips.height, prominence), SOFT_SLOPE * frequency
    )


def _vertex(
    power: npt.NDArray[np.float32], row: npt.NDArray[np.intp], column: npt.NDArray[np.intp], step: tuple[int, int]
) -> Floats:
    """Return how far from its bin each tile's peak lies along one direction: the vertex of a parabola through log power."""
    tile = np.arange(len(power))
    _, rows, columns = power.shape
    before, at, after = (
        np.log(power[tile, (row + sign * step[0]) % rows, np.clip(column + sign * step[1], 0, columns - 1)] + TINY)
        for sign in (-1, 0, 1)
    )
    bend = before - 2 * at + after
    return np.where(bend < 0, np.clip((before - after) / 2 / np.minimum(bend, -TINY), -0.5, 0.5), 0.0)


def demodulate(strips: Strips, surface: Surface, period: float) -> Blocks:
    """Hold the strips against lines where the surface is whole, in blocks of `BLOCK_PERIODS`."""
    angle = surface.on_grid(strips.x, strips.y) * np.float32(2 * np.pi)
    real, imaginary = cv2.polarToCart(strips.values, angle)
    count, width = strips.values.shape
    across = min(width, round(BLOCK_PERIODS * period))
    down = min(count, max(1, round(BLOCK_PERIODS * period / strips.height)))
    n, m = count // down, width // across
    whole = (slice(0, n * down), slice(0, m * across))
    parts = [cv2.resize(part[whole], (m, n), interpolation=cv2.INTER_AREA).astype(np.float64) for part in (real, imaginary)]
    x = strips.x[0] - 0.5 + (np.arange(m) + 0.5) * across
    y = strips.y[0] - strips.height / 2 + (np.arange(n) + 0.5) * down * strips.height
    return Blocks(parts[0] - 1j * parts[1], x, y)


def _follow_neighbors(surface: Surface, blocks: Blocks, degree: int, soft: float) -> Surface:
    """Tilt the surface by how the phase goes on from each block to the next."""
    z, (x, y) = blocks.phasors, np.meshgrid(blocks.x, blocks.y)
    along = _steps(z[:, 1:] * np.conj(z[:, :-1]), (x[:, 1:] + x[:, :-1]) / 2, y[:, 1:], blocks.x)
    across = _steps(z[1:] * np.conj(z[:-1]), x[1:], (y[1:] + y[:-1]) / 2, blocks.y)
    return _with_slopes(surface, degree, along, across, soft)


def _steps(products: Phasors, x: Floats, y: Floats, positions: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return x, y, slope and weight of each step between neighboring blocks."""
    if products.size == 0:
        return (np.empty(0),) * 4
    steps = _smooth(products / np.sqrt(np.abs(products) + TINY))
    return x.ravel(), y.ravel(), np.angle(steps).ravel() / (2 * np.pi) / (positions[1] - positions[0]), np.abs(steps).ravel()


def _with_slopes(surface: Surface, degree: int, along: tuple[Floats, ...], across: tuple[Floats, ...], soft: float) -> Surface:
    """Add a polynomial without constant whose slopes along x and y are those measured: each (x, y, slope, weight)."""
    powers = terms(degree)[1:]
    size = surface.size
    columns = [
        np.concatenate(
            [
                a * (along[0] / size) ** max(a - 1, 0) * (along[1] / size) ** b / size,
                b * (across[1] / size) ** max(b - 1, 0) * (across[0] / size) ** a / size,
            ]
        )
        for b, a in powers
    ]
    design, slopes = np.stack(columns, axis=-1), np.concatenate([along[2], across[2]])
    values = robust_solution(design * size, slopes * size, np.concatenate([along[3], across[3]]), soft * size)
    return surface.plus(np.concatenate([[0.0], values]), degree)


def _follow_phase(surface: Surface, blocks: Blocks, degree: int) -> LineFit:
    """Add the phase that is left in the blocks to the surface, as a polynomial."""
    z = _smooth(blocks.phasors)
    weights = np.minimum(np.abs(z) / (2 * np.median(np.abs(z)) + TINY), 1).ravel()
    powers = terms(degree)
    x, y = (axis.ravel() / surface.size for axis in np.meshgrid(blocks.x, blocks.y))
    design = np.stack([x**a * y**b for b, a in powers], axis=-1)
    values = np.zeros(len(powers))
    values[0] = np.angle((z.ravel() * weights / (np.abs(z).ravel() + TINY)).sum()) / (2 * np.pi)
    ridge = np.eye(len(powers)) * RIDGE * (weights.sum() + TINY)
    for _ in range(ROUNDS):
        left = _wrapped(z.ravel(), design @ values)
        trust = np.square(weights / (1 + np.square(left / SOFT)) * (np.abs(left) < WRAPPED))
        values = values + np.linalg.solve(design.T @ (design * trust[:, None]) + ridge, design.T @ (left * trust))
    left = _wrapped(z.ravel(), design @ values)
    lock = float((weights * np.cos(2 * np.pi * left)).sum() / (weights.sum() + TINY))
    turned = blocks.phasors * np.exp(-2j * np.pi * (design @ values)).reshape(z.shape)
    return LineFit(surface.plus(values, degree), replace(blocks, phasors=turned), left.reshape(z.shape), max(0.0, lock))


def _wrapped(phasors: Phasors, phase: Floats) -> Floats:
    """Return the phase of `phasors` less `phase`, in periods within -0.5..0.5."""
    return np.asarray(np.angle(phasors * np.exp(-2j * np.pi * phase)) / (2 * np.pi))


def _smooth(values: Phasors) -> Phasors:
    """Average each block with its neighbors, mirrored at the border."""
    kernel = tuple(3 if side >= 3 else 1 for side in values.shape[::-1])
    return np.asarray(
        cv2.blur(np.ascontiguousarray(values.real), kernel, borderType=cv2.BORDER_REFLECT)
        + 1j * cv2.blur(np.ascontiguousarray(values.imag), kernel, borderType=cv2.BORDER_REFLECT)
    )


def robust_solution(design: Floats, values: Floats, weights: Floats, soft: float) -> Floats:
    """Solve design @ answer = values by least squares in which values off by more than `soft` (or the median) count less."""
    answer = np.zeros(design.shape[1])
    if values.size == 0:
        return answer
    weights = weights / (weights.max(initial=0) + TINY)
    trust = np.ones_like(weights)
    ridge = np.eye(design.shape[1]) * RIDGE * (np.square(weights).sum() + TINY)
    for _ in range(ROUNDS):
        scaled = np.square(weights * trust)[:, None] * design
        answer = np.linalg.solve(design.T @ scaled + ridge, scaled.T @ values)
        off = np.abs(values - design @ answer)
        trust = 1 / (1 + np.square(off / max(soft, 1.5 * float(np.median(off)))))
    return answer
