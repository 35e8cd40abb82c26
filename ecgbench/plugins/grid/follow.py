"""The lines of one axis, followed over the page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.grid.local import SOFT_SLOPE, surface_from_spectra
from ecgbench.plugins.grid.spectrum import Floats, Strips
from ecgbench.plugins.grid.surface import RIDGE, ROUNDS, TINY, Slopes, Surface, terms, with_slopes

BLOCK_PERIODS = 5  # a box of one bold period has its zeros on the sidebands of bold lines
BLOCKS_FOR_DEGREE = ((60, 3), (16, 2), (1, 1))  # a cubic has 10 coefficients, a quadratic 6, a plane 3
PASSES = 3
STILL = 0.05  # periods within a block; blocks then lose 0.4 % of their amplitude, and their phase holds
SMOOTH = 1.0  # blocks: sigma of the Gaussian; bent synthetic pages are followed worse with 2 and 4
FLAT = 0.02  # periods, root mean square: synthetic scans leave 0.002 to 0.02, photos of bent paper 0.02 to 0.14
NOISE_LEFT = 1.5  # times the noise of blocks (averages of 3 x 3) that SMOOTH leaves of it
REACH = 0.8  # blocks to either side between which a slope is taken
SURELY_LOCKED = 0.8  # lines of another period, or those of half the page, do not lock so well
WRAPPED = 0.3  # periods; a larger residual may belong to the next line
SOFT = 0.08  # periods; residuals beyond count less and less (Cauchy weights)
FOLLOWED = 0.5  # of the lock of the lines that are known; less is noise

Phasors = npt.NDArray[np.complex128]


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

    @cached_property
    def bend(self) -> Floats:
        """What is left of the residuals after smoothing, (n, m) float64 in periods: wrinkles and folds that no polynomial follows.

        On flat paper, where noise and traces leave as little as this, it is shrunk to next to nothing.
        """
        weights = np.square(np.minimum(self.amplitude / (np.median(self.amplitude) + TINY), 1)) + TINY
        total = cv2.GaussianBlur(weights, (0, 0), SMOOTH, borderType=cv2.BORDER_REPLICATE)
        smooth = cv2.GaussianBlur(self.residual * weights, (0, 0), SMOOTH, borderType=cv2.BORDER_REPLICATE) / total
        power = float((weights * np.square(smooth)).sum() / weights.sum())
        power = max(0.0, power - NOISE_LEFT * self._noise(weights))
        return np.asarray(smooth * (power**2 / (power**2 + FLAT**4)), np.float64)

    def _noise(self, weights: Floats) -> float:
        """Return half the mean square by which neighboring blocks differ: noise, since the paper's own bends are wider than a block."""
        steps = [
            (
                np.square(np.diff(self.residual, axis=axis)),
                np.minimum(weights.take(range(1, n), axis), weights.take(range(n - 1), axis)),
            )
            for axis, n in enumerate(weights.shape)
            if n > 1
        ]
        total = sum(float(weight.sum()) for _, weight in steps)
        return sum(float((square * weight).sum()) for square, weight in steps) / (2 * total + TINY)

    @cached_property
    def amplitude(self) -> Floats:
        """How strongly each block shows lines where the surface and its residual say, (n, m) float64, 0 or more."""
        return np.asarray(np.clip(np.real(self.blocks.phasors * np.exp(-2j * np.pi * self.residual)), 0, None), np.float64)

    def at(self, x: Floats, y: Floats) -> Floats:
        """Return the number of lines from the page's center to points (n,) in pixels of the level: surface and bend together."""
        left, right, column = _between(x, self.blocks.x)
        above, below, row = _between(y, self.blocks.y)
        upper = self.bend[above, left] * (1 - column) + self.bend[above, right] * column
        lower = self.bend[below, left] * (1 - column) + self.bend[below, right] * column
        return self.surface.at(x, y) + upper * (1 - row) + lower * row

    def slopes(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return periods per pixel along x and along y at points (n,), over the nearest millimeters."""
        reach = REACH * (self.blocks.x[1] - self.blocks.x[0]) if len(self.blocks.x) > 1 else 1.0
        right, left, below, above = np.split(
            self.at(np.concatenate([x + reach, x - reach, x, x]), np.concatenate([y, y, y + reach, y - reach])), 4
        )
        return (right - left) / (2 * reach), (below - above) / (2 * reach)


def fit_surface(strips: Strips, frequency: float, largest_tilt: float) -> LineFit:
    """Fit a surface to the lines whose spacing is about 1 / `frequency` pixels of the level.

    Demodulation against a surface gives the phase that it leaves, and so the next surface, in a few turns (the method of
    Fourier profilometry: Takeda and Mutoh, Applied Optics 22(24), 1983, with a model in place of unwrapping). A plane is
    the start; where lines are tilted, in perspective or faint, spectra of parts of the page are a better one, at some cost.
    """
    size = max(float(np.abs(strips.x).max()), float(np.abs(strips.y).max()), 1.0)
    plane = Surface(np.array([[0.0, frequency * size], [0.0, 0.0]]), size)
    fit = _follow(plane, strips, 1 / frequency)
    if fit.lock >= SURELY_LOCKED:
        return fit
    started = _follow(surface_from_spectra(plane, strips, frequency, largest_tilt), strips, 1 / frequency)
    return max(fit, started, key=lambda fit: fit.lock)


def _follow(start: Surface, strips: Strips, period: float) -> LineFit:
    """Follow lines from a surface that is about theirs."""
    blocks = demodulate(strips, start, period)
    degree = _degree(blocks)
    surface = _follow_neighbors(start, blocks, min(degree, 2), SOFT_SLOPE / period)
    fit = _follow_phase(surface, demodulate(strips, surface, period), degree)
    for _ in range(PASSES - 1):
        if _moved(fit, surface) < STILL:
            break
        surface = fit.surface
        fit = _follow_phase(surface, demodulate(strips, surface, period), degree)
    return fit


def _moved(fit: LineFit, surface: Surface) -> float:
    """Return by how many periods a block's far side moved against its near one, at most, from a surface to the fitted one."""
    blocks, (x, y) = fit.blocks, (axis.ravel() for axis in np.meshgrid(fit.blocks.x[::4], fit.blocks.y[::4]))
    steps = [float(axis[1] - axis[0]) if len(axis) > 1 else 0.0 for axis in (blocks.x, blocks.y)]
    changes = [after - before for after, before in zip(fit.surface.slopes(x, y), surface.slopes(x, y), strict=True)]
    return max(float(np.abs(change).max()) * step for change, step in zip(changes, steps, strict=True))


def rescaled(lines: LineFit, strips: Strips, millimeters: float, coarser: float, period: float) -> LineFit:
    """Return the fit of 1 mm lines, `period` pixels apart, given one whose period is so many millimeters.

    `coarser`: pixels of the fit's level in one of the strips' level. The lines are followed anew from the surface that is
    known; where they are too faint to be followed, it is only moved so that they lie on it.
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
    return with_slopes(surface, degree, along, across, soft)


def _steps(products: Phasors, x: Floats, y: Floats, positions: Floats) -> Slopes:
    """Return the slope of each step between neighboring blocks."""
    if products.size == 0:
        return Slopes(*(np.empty(0),) * 4)
    steps = _smooth(products / np.sqrt(np.abs(products) + TINY))
    slopes = np.angle(steps) / (2 * np.pi) / (positions[1] - positions[0])
    return Slopes(x.ravel(), y.ravel(), slopes.ravel(), np.abs(steps).ravel())


def _follow_phase(surface: Surface, blocks: Blocks, degree: int) -> LineFit:
    """Add the phase that is left in the blocks to the surface, as a polynomial."""
    z = _smooth(blocks.phasors)
    weights = np.minimum(np.abs(z) / (2 * np.median(np.abs(z)) + TINY), 1).ravel()
    powers = terms(degree)
    x, y = (axis.ravel() / surface.size for axis in np.meshgrid(blocks.x, blocks.y))
    design = np.stack([x**a * y**b for b, a in powers], axis=-1)
    values = np.zeros(len(powers))
    values[0] = np.angle((z.ravel() * weights / (np.abs(z).ravel() + TINY)).sum()) / (2 * np.pi)
    phase = np.angle(z).ravel() / (2 * np.pi)
    ridge = np.eye(len(powers)) * RIDGE * (weights.sum() + TINY)
    for _ in range(ROUNDS):
        left = _wrapped(phase - design @ values)
        trust = np.square(weights / (1 + np.square(left / SOFT)) * (np.abs(left) < WRAPPED))
        values = values + np.linalg.solve(design.T @ (design * trust[:, None]) + ridge, design.T @ (left * trust))
    left = _wrapped(phase - design @ values)
    lock = float((weights * np.cos(2 * np.pi * left)).sum() / (weights.sum() + TINY))
    turned = blocks.phasors * np.exp(-2j * np.pi * (design @ values)).reshape(z.shape)
    return LineFit(surface.plus(values, degree), replace(blocks, phasors=turned), left.reshape(z.shape), max(0.0, lock))


def _wrapped(phase: Floats) -> Floats:
    """Return a phase in periods, less whole ones: within -0.5..0.5."""
    return np.asarray(phase - np.rint(phase))


def _smooth(values: Phasors) -> Phasors:
    """Average each block with its neighbors, mirrored at the border."""
    kernel = tuple(3 if side >= 3 else 1 for side in values.shape[::-1])
    return np.asarray(
        cv2.blur(np.ascontiguousarray(values.real), kernel, borderType=cv2.BORDER_REFLECT)
        + 1j * cv2.blur(np.ascontiguousarray(values.imag), kernel, borderType=cv2.BORDER_REFLECT)
    )


def _between(positions: Floats, blocks: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Return the blocks on either side of each position, and how far it is from the first to the second, 0 to 1."""
    step = blocks[1] - blocks[0] if len(blocks) > 1 else 1.0
    number = ((positions - blocks[0]) / step).clip(0, len(blocks) - 1)
    first = number.astype(np.intp)
    return first, np.minimum(first + 1, len(blocks) - 1), number - first
