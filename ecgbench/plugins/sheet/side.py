"""One side of a sheet: the curve along which a picture gets brighter inward, sharply and for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import cv2
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ecgbench.core.page import Mask, Pixels
from ecgbench.core.results import Positions

Single = npt.NDArray[np.float32]


STRIPS = 32  # into which a picture is cut across a side: averages over a strip lose noise and texture and keep the side
NEAR, FAR = 2, 6  # pixels of the small picture on either side of a step that are compared, for sharp steps and for lasting ones
DARKEST_PAPER = 48.0  # gray levels; steps are shares of the paper's level, and below it they would be shares of noise
FAINTEST_STEP = 0.02  # share of the paper's level; a gray of 240 around a white page on a screen is 0.06
FIRM_STEP, FULL_STEP = 0.08, 0.3  # a fold's shade is up to 0.12, a desk at 3/4 of the sheet's brightness 0.25
STEEPEST = 0.27  # slope of a side against the picture's, 15 degrees
SLOPES = np.linspace(-STEEPEST, STEEPEST, 25)  # lines of two of them end 12 pixels apart, which BIN, widened, bridges
BIN = 4  # pixels of the small picture that a line is searched in
INWARD = 0.6  # share of the picture within which the nearest side of a sheet lies
REACH = (7, 4)  # pixels in which the step is looked for around a line, in turn, as the line gets better
OFF = 2.0  # pixels beside the curve at which a step counts half in the fit
TORN = 4.0  # pixels beside the curve within which a step is that of the side, whose edge may be torn
SUPPORT = 0.45  # mean weight of the steps along a side
EVEN_SHARE = 0.85  # of a side's strips show the step, where the step is faint
CERTAIN = 0.75  # mean weight of the steps along a side whose desk may hold anything
PLAIN = (
    0.4  # of a desk: its texture is at most this share of that of the sheet's print; that of paper beyond a line is 0.5 to 1.1
)
DEEPEST = 4.0  # pixels that a side lies within the picture where more than a line along its border is seen; one of the four must
FEWEST_STRIPS = 4  # that must show a side
CURVED_FROM = 12  # strips that show a side well enough to tell a curve from a line


@dataclass(frozen=True, eq=False)
class Side:
    """A side of a sheet on the small picture: as seen with the side on top, its depth is a polynomial of the place along it.

    `curve`: (3,) coefficients as of np.polyval, pixels of the small picture, 0 at the picture's border. `steps`: (STRIPS,) the step of
    brightness at each strip as a share of the paper's level, 0 where there is none near the curve.
    `view`: what the side was found in.
    """

    curve: Positions
    steps: Single
    view: Steps

    @property
    def length(self) -> int:
        """The length of the picture along the side, in pixels."""
        return self.view.length

    @cached_property
    def plain(self) -> bool:
        """Whether nothing like print is seen beyond the side."""
        return self.view.is_plain_above(self.depth(self.view.places))

    def depth(self, along: Positions) -> Positions:
        """Return how far below the picture's border the side runs at places along it."""
        square, slope, start = self.curve
        return np.asarray((square * along + slope) * along + start, np.float64)

    @property
    def deepest(self) -> float:
        """How far below the picture's border the side runs at most."""
        return float(self.depth(_places(self.length)).max())


@dataclass(frozen=True, eq=False)
class Steps:
    """How much brighter it gets downward in a view of the small picture, a strip a column, as far down as a side may lie.

    `steps`: (rows, STRIPS), as shares of the level below, 0 where it gets darker. `texture`: gives (rows, STRIPS), mean darkness of ink, or of
    what looks like it, in gray levels; most views never need it. `length`, `height`: of the view, in pixels.
    """

    steps: Single
    texture: Callable[[], Single]
    length: int
    height: int

    @cached_property
    def places(self) -> Positions:
        """The middle of each strip along the view."""
        return _places(self.length)

    def is_plain_above(self, depth: Positions) -> bool:
        """Whether there is little of print's texture above a curve, against what is below it, or nothing to tell by."""
        texture = self.texture()[::2]
        rows = np.arange(0, len(self.steps), 2)[:, None]
        above, below = rows < depth - NEAR - 1, rows > depth + NEAR + 1
        if np.count_nonzero(above) < STRIPS or not below.any():
            return True
        noise = float(np.quantile(texture[::2], 0.05))
        outside, inside = float(texture[above].mean()) - noise, float(texture[below].mean()) - noise
        return outside < PLAIN * inside


def steps_inward(bare: Pixels, texture: Pixels) -> tuple[Steps, ...]:
    """Return the steps of the views with the picture's top, right, bottom and left side on top; places along them count from left and top.

    `bare`: (H, W) uint8, the small picture without its ink; `texture`: what was taken out.
    """
    height, width = bare.shape
    rows = int(INWARD * max(height, width)) + REACH[0]
    steps = _step_shares(_four_ways(bare, rows))
    ink = cache(lambda: _four_ways(texture, rows))

    def view(index: int) -> Steps:
        part = slice(index * STRIPS, (index + 1) * STRIPS)
        size = (height, width) if index % 2 else (width, height)
        return Steps(np.ascontiguousarray(steps[:, part]), lambda: ink()[:, part], *size)

    return tuple(view(index) for index in range(4))


def _four_ways(picture: Pixels, rows: int) -> Single:
    """Return the strips of all four views beside one another, (rows, 4 * STRIPS); the last row goes on where a view has fewer."""
    down, across = _in_strips(picture), _in_strips(np.ascontiguousarray(picture.T))
    views = (down, across[::-1], down[::-1], across)
    return np.hstack([view[np.minimum(np.arange(rows), len(view) - 1)] for view in views]).astype(np.float32)


def _in_strips(view: Pixels) -> Pixels:
    """Return the mean of each row over each strip, (rows, STRIPS); strips are whole pixels wide, which OpenCV averages ten times as quickly."""
    width = view.shape[1] // STRIPS
    first = (view.shape[1] - STRIPS * width) // 2
    strips = view[:, first : first + STRIPS * width]
    return np.asarray(cv2.resize(strips, (STRIPS, len(view)), interpolation=cv2.INTER_AREA), np.uint8)


def _places(length: int) -> Positions:
    """Return the middle of each strip along a view of `length` columns."""
    width = length // STRIPS
    return np.asarray((length - STRIPS * width) // 2 + (np.arange(STRIPS) + 0.5) * width, np.float64)


def _step_shares(rows: Single) -> Single:
    padded = cv2.copyMakeBorder(rows, FAR, FAR, 0, 0, cv2.BORDER_REPLICATE)
    twos = padded[1:] + padded[:-1]  # whole numbers, so that no sum of them is rounded, in whichever order
    sums = {NEAR: twos, FAR - FAR // 2: twos[1:] + padded[:-2]}

    def mean(first: int, last: int) -> Single:
        return sums[last - first][FAR + first : FAR + first + len(rows)] / np.float32(last - first)

    inside = mean(0, NEAR)
    near = inside - mean(-NEAR, 0)
    far = mean(FAR // 2, FAR) - mean(-FAR, -FAR // 2)
    sharp = np.minimum(near, np.minimum(2 * near - far, 1.5 * far))  # of a soft rim the far step is larger, of a line it is none
    return np.asarray(np.maximum(sharp, 0) / np.maximum(inside, DARKEST_PAPER), np.float32)


def _weights(steps: Single) -> Single:
    """Return how much a step speaks for a side, 0..1: little where it is faint, all where it is as large as a desk's."""
    seen = np.minimum(np.maximum((steps - FAINTEST_STEP) / (FIRM_STEP - FAINTEST_STEP), 0), 1)  # np.clip costs more than the work
    return np.asarray(seen * (0.4 + 0.6 * np.minimum(steps / FULL_STEP, 1)), np.float32)


def best_sides(views: Sequence[Steps]) -> list[Side | None]:
    """Return of each view the curve along which it gets brighter most, None where it does nowhere.

    The views are done together: all strips of one would be too few to keep numpy busy.
    """
    lines = _best_lines(views)
    seen = [view for view, line in zip(views, lines, strict=True) if line is not None]
    if not seen:
        return [None] * len(views)
    curves = np.array([(0.0, *line) for line in lines if line is not None])
    places, steps = np.stack([view.places for view in seen]), np.hstack([view.steps for view in seen])
    ends = np.repeat([min(view.height, len(view.steps)) for view in seen], STRIPS)
    for reach in REACH:
        at, peaks = _peaks(steps, ends, _depths(curves, places).ravel(), reach)
        at, peaks = at.reshape(places.shape), peaks.reshape(places.shape)
        curves = _fitted(places, at, peaks, curved=reach != REACH[0])
    near = np.where(np.abs(at - _depths(curves, places)) < TORN, peaks, np.float32(0))
    sides = iter([Side(*each) for each in zip(curves, near, seen, strict=True)])
    return [None if line is None else next(sides) for line in lines]


def _depths(curves: Positions, places: Positions) -> Positions:
    """Return the depth of curves, (n, 3) coefficients as of np.polyval, at places (n, m) along each."""
    square, slope, start = (column[:, None] for column in curves.T)
    return np.asarray((square * places + slope) * places + start, np.float64)


def _best_lines(views: Sequence[Steps]) -> list[tuple[float, float] | None]:
    """Return of each view slope and depth (at its left end) of the line with the most weight, None where nothing has any."""
    rows = [int(INWARD * view.height) // BIN for view in views]
    lengths, most = np.array([[view.length] for view in views]), max(rows)
    steps = np.stack([view.steps[: most * BIN] for view in views], axis=1)
    weights = _weights(steps.reshape(most, BIN, len(views), STRIPS).max(axis=1))
    for index, own in enumerate(rows):
        weights[own:, index] = 0
    weights = np.asarray(cv2.dilate(weights.reshape(most, -1), np.ones((3, 1), np.uint8)), np.float32)
    room = int(STEEPEST * float(lengths.max()) / 2 / BIN) + 2  # lines of which a part lies outside the picture
    pairs = np.ascontiguousarray((weights[:, ::2] + weights[:, 1::2]).T)  # neighboring strips, each pair a row
    padded = cv2.copyMakeBorder(pairs, 0, 0, room, room, cv2.BORDER_CONSTANT, value=0)
    places = np.stack([view.places for view in views])
    centers = (places[:, ::2] + places[:, 1::2]) / 2
    shifts = np.rint(SLOPES * (centers - lengths / 2)[..., None] / BIN).astype(np.intp)
    moved = sliding_window_view(padded, most, axis=1)[np.arange(len(pairs))[:, None], room + shifts.reshape(len(pairs), -1)]
    total = moved.reshape(*shifts.shape, most).sum(axis=1)
    return [_best_of(each[:, :own], view.length) for each, own, view in zip(total, rows, views, strict=True)]


def _best_of(total: Single, length: int) -> tuple[float, float] | None:
    """Return slope and depth (at the left end) of the line with the most weight, of that of each slope and row (SLOPES, rows)."""
    index, row = np.unravel_index(int(total.argmax()), total.shape)
    if total[index, row] <= 0:
        return None
    slope = float(SLOPES[index])
    return slope, (float(row) + 0.5) * BIN - slope * length / 2


def _peaks(steps: Single, ends: npt.NDArray[np.intp], depth: Positions, reach: int) -> tuple[Positions, Single]:
    """Return where around `depth` each strip's step is largest, to a part of a pixel, and how large it is; 0 beyond the strips' ends."""
    rows = np.rint(depth).astype(np.intp)[:, None] + np.arange(-reach, reach + 1)
    strips, ends = np.arange(steps.shape[1]), ends[:, None]
    found = np.where((rows >= 1) & (rows < ends), steps[rows.clip(0, ends - 1), strips[:, None]], 0)
    best = found[:, 1:-1].argmax(axis=1) + 1
    before, peak, after = found[strips, best - 1], found[strips, best], found[strips, best + 1]
    bend = np.maximum(2 * peak - before - after, 1e-6)
    at = rows[strips, best] + np.clip((after - before) / (2 * bend), -0.5, 0.5)
    return np.asarray(at, np.float64), np.asarray(peak, np.float32)


def _fitted(places: Positions, at: Positions, steps: Single, *, curved: bool) -> Positions:
    """Return the lines, or parabolas, through most of the steps of each of n views, (n, 3) coefficients as of np.polyval.

    `places`, `at`, `steps`: (n, STRIPS). Each step counts by its size, and less the further it lies off (Cauchy weights).
    """
    weights = np.clip(steps, 0, FULL_STEP) * (steps > FAINTEST_STEP)
    bent = np.count_nonzero(weights, axis=1) >= CURVED_FROM if curved else np.zeros(len(weights), np.bool_)
    curves = np.zeros((len(weights), 3))
    for degree, chosen in ((1, ~bent), (2, bent)):
        if chosen.any():
            curves[chosen, 2 - degree :] = _polynomials(places[chosen], at[chosen], weights[chosen], degree)
    return curves


def _polynomials(places: Positions, at: Positions, weights: Single, degree: int) -> Positions:
    """Return the coefficients of a polynomial for each of n views, (n, degree + 1)."""
    powers = places[..., None] ** np.arange(degree, -1, -1)
    factors = weights + 1e-6
    for _ in range(3):
        scaled = powers.transpose(0, 2, 1) * factors[:, None]
        curves = np.linalg.solve(scaled @ powers, scaled @ at[..., None])
        factors = weights / (1 + ((at - (powers @ curves)[..., 0]) / OFF) ** 2) + 1e-6
    return np.asarray(curves[..., 0], np.float64)


def is_side(side: Side, begin: float, end: float) -> bool:
    """Whether the steps along a curve, where it lies in the picture and between the neighboring sides, are those of a sheet's side."""
    places = _places(side.length)
    depth = side.depth(places)
    seen: Mask = (depth > 1) & (places > begin) & (places < end)
    steps = side.steps[seen]
    if len(steps) < FEWEST_STRIPS:
        return False
    weight, share = float(_weights(steps).mean()), float(np.count_nonzero(steps > FAINTEST_STEP)) / len(steps)
    if weight < SUPPORT and (share < EVEN_SHARE or len(steps) < STRIPS / 2):
        return False
    certain = weight >= CERTAIN and share >= EVEN_SHARE
    return certain or (float(depth[seen].max()) >= DEEPEST and side.plain)
