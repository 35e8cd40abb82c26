"""The phase of a family of lines over the page: a smooth surface that is a whole number on each line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.polynomial import polynomial

from ecgbench.plugins.grid.ink import Ink
from ecgbench.plugins.grid.spectrum import Floats

TINY = 1e-12  # keeps ratios finite where a part of the page is blank
RIDGE = 1e-4  # keeps coefficients that nothing determines at 0
ROUNDS = 4  # of reweighting


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

    def at(self, x: Floats, y: Floats) -> Floats:
        """Return the phase at points (n,), float64."""
        return np.asarray(polynomial.polyval2d(y / self.size, x / self.size, self.coefficients), np.float64)

    def slope(self, x: float, y: float) -> tuple[float, float]:
        """Return periods per pixel along x and along y at a point."""
        along, across = self.slopes(np.array([x]), np.array([y]))
        return float(along[0]), float(across[0])

    def slopes(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return periods per pixel along x and along y at points (n,)."""
        along = polynomial.polyder(self.coefficients, axis=1)
        across = polynomial.polyder(self.coefficients, axis=0)
        at = (y / self.size, x / self.size)
        dx, dy = (np.asarray(polynomial.polyval2d(*at, part), np.float64) / self.size for part in (along, across))
        return dx, dy

    def plus(self, values: Floats, degree: int) -> Surface:
        """Return the surface with `values` added to the coefficients of `terms(degree)`."""
        grown = np.zeros((max(degree + 1, len(self.coefficients)),) * 2)
        grown[: len(self.coefficients), : len(self.coefficients)] = self.coefficients
        for (row, column), value in zip(terms(degree), values, strict=True):
            grown[row, column] += value
        return replace(self, coefficients=grown)


class Slopes(NamedTuple):
    """Measured slopes of a surface along one direction: where (pixels from the page's center), periods per pixel, and weights; each (n,)."""

    x: Floats
    y: Floats
    values: Floats
    weights: Floats


def terms(degree: int) -> list[tuple[int, int]]:
    """Return the powers (of y, of x) of a polynomial of `degree`, the constant first.

    >>> terms(1)
    [(0, 0), (0, 1), (1, 0)]
    """
    return sorted(((row, total - row) for total in range(degree + 1) for row in range(total + 1)), key=sum)


def with_slopes(
    surface: Surface, degree: int, along: Slopes, across: Slopes, soft: float, start: tuple[float, float] = (0.0, 0.0)
) -> Surface:
    """Add a polynomial without constant whose slopes are those measured; slopes off by more than `soft` count less and less.

    `start`: slopes along x and y (periods per pixel) that the first guess of what is off is held against.
    """
    powers, size = terms(degree)[1:], surface.size
    columns = [
        np.concatenate(
            [
                a * (along.x / size) ** max(a - 1, 0) * (along.y / size) ** b,
                b * (across.y / size) ** max(b - 1, 0) * (across.x / size) ** a,
            ]
        )
        for b, a in powers
    ]
    slopes, weights = np.concatenate([along.values, across.values]), np.concatenate([along.weights, across.weights])
    first = np.zeros(len(powers))
    first[powers.index((0, 1))], first[powers.index((1, 0))] = start[0] * size, start[1] * size
    values = robust_solution(np.stack(columns, axis=-1), slopes * size, weights, soft * size, first)
    return surface.plus(np.concatenate([[0.0], values]), degree)


def robust_solution(design: Floats, values: Floats, weights: Floats, soft: float, start: Floats) -> Floats:
    """Solve design @ answer = values by least squares in which values off by more than `soft` (or the median) count less.

    Weights of Cauchy's distribution, found in a few rounds from the answer `start`.
    """
    answer = start
    if values.size == 0:
        return answer
    weights = np.square(weights / (weights.max(initial=0) + TINY))
    ridge = np.eye(design.shape[1]) * RIDGE * (weights.sum() + TINY)
    for _ in range(ROUNDS):
        off = np.abs(values - design @ answer)
        trust = weights / np.square(1 + np.square(off / max(soft, 1.5 * _median(off))))
        scaled = trust[:, None] * design
        answer = np.linalg.solve(design.T @ scaled + ridge, scaled.T @ values)
    return answer


def _median(values: Floats) -> float:
    """Return the middle of `values` (n,), the lower of two; numpy's own costs three times as much."""
    middle = (len(values) - 1) // 2
    return float(np.partition(values, middle)[middle])
