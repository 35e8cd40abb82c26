"""What hands, pockets and water make of a flat sheet: curls, cockles, wrinkles, folds and crumples, drawn as a relief."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.relief import BEYOND_MM, KNOT_MM, Relief

STEEPEST = 0.6  # of a sheet, rise over run: beyond it paper hides parts of itself
SOFTEST_EDGE_MM = 1.2  # half-width of the round edge of a kink
FOLD_EDGE_MM = (1.4, 4.0)  # and of that of a fold, which was pressed flat again
FOLD_WAVE_MM, FOLD_WANDER_MM = 45.0, 1.0  # how far a fold leaves a straight line, and along which length


@dataclass(frozen=True)
class Handling:
    """How a sheet was handled.

    `curl_mm`: amplitude of waves as long as the sheet. `cockle_mm`: standard deviation of the bumps of paper that was wet, some 25 mm
    long. `wrinkles`: ridges of a few mm width and up to `wrinkle_mm` height. `folds`: edges across the whole sheet, opened again to
    a slope of `fold_slope`. `kinks`: short edges in all directions, as of a crumpled sheet, of `kink_slope`.
    """

    curl_mm: float = 0.0
    cockle_mm: float = 0.0
    wrinkles: int = 0
    wrinkle_mm: float = 0.5
    folds: int = 0
    fold_slope: float = 0.1
    kinks: int = 0
    kink_slope: float = 0.15


def draw_relief(size_mm: tuple[float, float], handling: Handling, rng: np.random.Generator) -> Relief:
    """Draw the relief of a sheet of `size_mm` (width, height); where it is too steep for paper, all of it is made lower."""
    width, height = size_mm
    x = np.arange(-BEYOND_MM, width + BEYOND_MM + KNOT_MM, KNOT_MM)
    y = np.arange(-BEYOND_MM, height + BEYOND_MM + KNOT_MM, KNOT_MM)
    knots = np.zeros((len(y), len(x)))
    _curl(knots, x, y, handling.curl_mm, rng)
    _cockle(knots, handling.cockle_mm, rng)
    for number in range(handling.folds):
        _fold(knots, x, y, number, handling.fold_slope, rng)
    for _ in range(handling.wrinkles):
        _wrinkle(knots, x, y, handling.wrinkle_mm, rng)
    for _ in range(handling.kinks):
        _kink(knots, x, y, handling.kink_slope, rng)
    steepest = float(np.abs(Relief(knots).knot_slopes).max())
    return Relief(knots * min(1.0, STEEPEST / max(steepest, 1e-9)))


def _curl(knots: Float, x: Float, y: Float, curl_mm: float, rng: np.random.Generator) -> None:
    """Add two waves, mostly along the longer side, since paper comes off a roll."""
    for share in (0.75, 0.25):
        angle, phase = rng.normal(0, 0.5), rng.uniform(0, 2 * np.pi)
        length = (x[-1] - x[0]) * rng.uniform(0.7, 1.8)
        along = x * np.cos(angle) + y[:, None] * np.sin(angle)
        knots += share * curl_mm * np.cos(2 * np.pi * along / length + phase)


def _cockle(knots: Float, cockle_mm: float, rng: np.random.Generator) -> None:
    coarse = rng.standard_normal((max(4, round(knots.shape[0] / 22)), max(4, round(knots.shape[1] / 28))))
    if cockle_mm > 0:
        knots += cockle_mm * cv2.resize(coarse, knots.shape[::-1], interpolation=cv2.INTER_CUBIC)


def _fold(knots: Float, x: Float, y: Float, number: int, slope: float, rng: np.random.Generator) -> None:
    """Add an edge across the sheet: the first across its longer side, the next across the other, by turns."""
    angle = rng.normal(0, 0.015) + (np.pi / 2 if number % 2 else 0.0)
    place = (rng.choice((1 / 3, 1 / 2, 2 / 3)) + rng.normal(0, 0.01)) * (y[-1] if number % 2 else x[-1])
    away = x * np.cos(angle) + y[:, None] * np.sin(angle) - place
    along = (y[:, None] * np.cos(angle) - x * np.sin(angle)) / FOLD_WAVE_MM + rng.uniform(0, 2 * np.pi)
    away = away + FOLD_WANDER_MM * np.sin(along)
    steepness = rng.choice((-1.0, 1.0)) * slope * rng.uniform(0.6, 1.2) * (0.75 + 0.35 * np.sin(0.6 * along))
    knots += _edge(away, steepness, reach_mm=rng.uniform(20, 50), soft_mm=rng.uniform(*FOLD_EDGE_MM))


def _edge(away: Float, slope: float | Float, *, reach_mm: float, soft_mm: float = SOFTEST_EDGE_MM) -> Float:
    """Return a rounded edge that rises by `slope` on both sides toward where `away` (mm) is 0, and levels off within `reach_mm`.

    `soft_mm`: half-width of its round part.
    """
    return np.asarray(slope * reach_mm * np.exp(-np.sqrt(away**2 + soft_mm**2) / reach_mm), dtype=np.float64)


def _wrinkle(knots: Float, x: Float, y: Float, height_mm: float, rng: np.random.Generator) -> None:
    """Add a wavy ridge, one side of it steeper than the other."""
    half_length, half_width = rng.uniform(8, 45), rng.uniform(1.6, 4.0)
    height = height_mm * rng.choice((-1.0, 1.0)) * rng.uniform(0.3, 1.0)
    wave, phase, lean = rng.uniform(0, 2.5), rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.6)
    rows, columns, along, away = _around(x, y, 2.2 * half_length, rng)
    away = away + wave * np.sin(along / half_length * 3 + phase)
    width = np.where(away > 0, half_width * lean, half_width / lean)
    knots[rows, columns] += height * np.exp(-((away / width) ** 2) - (along / half_length) ** 2)


def _kink(knots: Float, x: Float, y: Float, slope: float, rng: np.random.Generator) -> None:
    half_length = rng.uniform(10, 40)
    steepness = slope * rng.choice((-1.0, 1.0)) * rng.uniform(0.3, 1.0)
    reach = rng.uniform(5, 14)
    rows, columns, along, away = _around(x, y, 2.0 * half_length, rng)
    away = away + rng.uniform(-2, 2) * np.sin(along / half_length * 2)
    knots[rows, columns] += _edge(away, steepness, reach_mm=reach) * np.exp(-((along / half_length) ** 4))


def _around(x: Float, y: Float, reach_mm: float, rng: np.random.Generator) -> tuple[slice, slice, Float, Float]:
    """Draw a place and a direction; return the knots within reach, and how far they lie along that direction and across it (mm)."""
    middle_x, middle_y = rng.uniform(x[0], x[-1]), rng.uniform(y[0], y[-1])
    angle = rng.uniform(0, np.pi)
    rows, columns = (slice(*np.searchsorted(line, (at - reach_mm, at + reach_mm))) for line, at in ((y, middle_y), (x, middle_x)))
    from_x, from_y = x[columns] - middle_x, (y[rows] - middle_y)[:, None]
    along = from_x * np.cos(angle) + from_y * np.sin(angle)
    return rows, columns, along, from_y * np.cos(angle) - from_x * np.sin(angle)
