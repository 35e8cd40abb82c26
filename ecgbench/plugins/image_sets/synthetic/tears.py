"""Torn paper: corners and edges that are missing, as the outline of what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgbench.plugins.image_sets.synthetic.geometry import corners
from ecgbench.plugins.image_sets.synthetic.heart import Float

RAGGED_MM = 0.7  # length of the straight pieces of a tear
RAGGED = 0.14  # how far the middle of a piece lies beside it, as a share of its length
FARTHEST_MM = 8.0  # longer pieces go aside no further than pieces of this length
RIM_MM = 1.1  # width of the white fibers along a tear
# Of the sheet's width or height, how far tears reach in at severity 1. Traces begin further in on nearly every layout; what a tear
# does take of them is taken out of the truth.
DEEPEST_CORNER, DEEPEST_EDGE, DEEPEST_STRIP = 0.11, 0.035, 0.02


@dataclass(frozen=True, eq=False)
class TornSheet:
    """What is left of a sheet: its `outline` (n, 2), closed, and its `corners` (4, 2), clockwise from the upper left, in mm.

    Where a corner is torn off, its place is where the edges would have met; where a whole edge is, the corners lie on the tear.
    """

    outline: Float
    corners: Float


def tear_sheet(size_mm: tuple[float, float], rng: np.random.Generator, *, severity: float) -> TornSheet:
    """Tear a sheet of `size_mm` (width, height): an edge, up to three corners, and pieces out of the edges."""
    strips = np.where(rng.random(4) < 0.35 * severity, rng.uniform(0.3, 1, 4) * DEEPEST_STRIP * severity, 0.0)
    width, height = size_mm
    top, right, bottom, left = strips * np.array([height, width, height, width])
    found = corners(left, top, width - right, height - bottom)
    torn = [rng.random() < 0.7 * severity for _ in range(4)]
    cuts = rng.uniform(0.25, 1, (4, 2)) * DEEPEST_CORNER * severity * np.array(torn)[:, None]
    parts = []
    for side in range(4):
        start, end = found[side], found[(side + 1) % 4]
        first, last = start + cuts[side, 1] * (end - start), end - cuts[(side + 1) % 4, 0] * (end - start)
        if torn[side]:
            corner_before = found[side] + cuts[side, 0] * (found[side - 1] - found[side])
            parts.append(_ragged(corner_before, first, rng))
        parts.append(_edge(first, last, rng, severity=severity, torn=bool(strips[side] > 0)))
    return TornSheet(np.clip(np.vstack(parts), 0.0, size_mm), found)


def _edge(start: Float, end: Float, rng: np.random.Generator, *, severity: float, torn: bool) -> Float:
    """Return an edge from `start` to `end`, which lie clockwise: torn all along, or straight but for pieces that are missing."""
    if torn:
        return _ragged(start, end, rng)
    along = end - start
    inward = np.array([-along[1], along[0]])  # of an edge that is walked clockwise, as y points down
    places = np.sort(rng.uniform(0.08, 0.92, rng.poisson(0.5 * severity)))
    pieces, at = [start[None]], 0.0
    for place in places:
        half, depth = rng.uniform(0.01, 0.03), rng.uniform(0.3, 1) * DEEPEST_EDGE * severity
        if place - half > at:
            deepest = start + place * along + depth * inward
            pieces += [
                _ragged(start + (place - half) * along, deepest, rng),
                _ragged(deepest, start + (place + half) * along, rng),
            ]
            at = place + half
    return np.vstack([*pieces, end[None]])


def _ragged(start: Float, end: Float, rng: np.random.Generator) -> Float:
    """Return a tear from `start` to `end`: the middles of its pieces are moved aside, again and again, until they are short."""
    points = np.stack([start, end])
    for _ in range(int(np.ceil(np.log2(max(1.0, np.hypot(*(end - start)) / RAGGED_MM))))):
        along = np.diff(points, axis=0)
        share = RAGGED * np.minimum(1, FARTHEST_MM / np.hypot(along[:, 0], along[:, 1])) * rng.standard_normal(len(along))
        aside = np.column_stack([-along[:, 1], along[:, 0]]) * share[:, None]
        between = points[:-1] + along / 2 + aside
        points = np.vstack([np.stack([points[:-1], between], axis=1).reshape(-1, 2), points[-1:]])
    return points
