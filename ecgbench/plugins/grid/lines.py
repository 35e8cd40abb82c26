"""Where a page's lines cross its midlines, and how much like lines of a grid they are."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.grid.family import BINS
from ecgbench.plugins.grid.search import AxisFit
from ecgbench.plugins.grid.spectrum import Floats
from ecgbench.plugins.grid.surface import TINY

Numbers = npt.NDArray[np.intp]

NEAR_MIDLINE = 3.0  # blocks of 5 mm on either side whose phase corrects the surface along the midline
PRESENT = 0.3  # of what the upper quarter of blocks or lines shows; less is margin, header or desk
FAINT_BOLD = 0.05  # of the darkest lines' contrast; where bold lines are seen at all, they are darker by more
CORE, GAP = 0.2, 0.3  # periods from a line's center: ink within the first is the line's, beyond the second the paper's


def line_positions(axis: AxisFit) -> tuple[Floats, Numbers]:
    """Return where lines cross the midline, in pixels of the level from the page's center, and the lines' numbers.

    The surface is corrected by what the blocks near the midline leave; margins without lines are left out.
    """
    x = np.concatenate([axis.strips.x[:1] - 0.5, axis.strips.x, axis.strips.x[-1:] + 0.5])  # from edge to edge
    phase = axis.lines.surface.at(x, np.zeros_like(x)) + np.interp(x, axis.lines.blocks.x, _left_along_midline(axis))
    phase = np.maximum.accumulate(phase)
    numbers = np.arange(np.ceil(phase[0]), np.floor(phase[-1]) + 1)
    positions = np.interp(numbers, phase, x)
    first, last = _extent(axis)
    within = (positions >= first) & (positions <= last)
    positions, numbers = positions[within], numbers[within].astype(np.intp)
    shown = _without_margins(line_contrast(axis, numbers))
    return positions[shown], numbers[shown]


def bold_number(axis: AxisFit, numbers: Numbers) -> int | None:
    """Return which of 0 to 4 the numbers of bold lines leave when divided by 5, None where no fifth line is darker than the others.

    Held against each other are medians of lines, so that a trace along some of them does not matter.
    """
    contrast = line_contrast(axis, numbers)
    classes = [contrast[numbers % 5 == rest] for rest in range(5)]
    if min(map(len, classes)) == 0:
        return None
    middles = np.array([np.median(values) for values in classes])
    boldest = int(middles.argmax())
    excess = float(middles[boldest] - np.median(np.delete(middles, boldest)))
    return boldest if excess > FAINT_BOLD * float(np.abs(middles).max()) else None


def line_contrast(axis: AxisFit, numbers: Numbers) -> Floats:
    """Return how much darker each line is than the paper beside it, on the mean over the page."""
    phase, ink = axis.rectified
    nearest = np.rint(phase).astype(np.intp)
    distance, index, size = np.abs(phase - nearest), nearest - nearest[0], int(nearest[-1] - nearest[0]) + 1
    core, gap = (
        np.bincount(index[chosen], ink[chosen], minlength=size) / np.maximum(np.bincount(index[chosen], minlength=size), 1)
        for chosen in (distance < CORE, distance > GAP)
    )
    return np.asarray((core - gap)[np.clip(numbers - nearest[0], 0, size - 1)])


def sharpness(axis: AxisFit) -> float:
    """Return the skewness of ink over a period: positive where lines are thinner than gaps, negative for rows of letters."""
    ink = axis.rectified[1]
    folded = ink[: len(ink) // BINS * BINS].reshape(-1, BINS).mean(axis=0)
    folded = folded - folded.mean()
    spread = float(np.square(folded).mean())
    return float((folded**3).mean() / spread**1.5) if spread > 0 else 0.0


def continuity(axis: AxisFit) -> float:
    """Return the share of the page, in swaths of a millimeter across the lines, through which the lines run.

    1 on a page that is all grid; the beats of a trace, which may follow each other as regularly as lines, leave gaps between rows.
    """
    strips, surface = axis.strips, axis.lines.surface
    in_phase, _ = cv2.polarToCart(strips.values, surface.on_grid(strips.x, strips.y) * np.float32(2 * np.pi))
    height = max(1, int(np.ceil(1 / (abs(surface.slope(0, 0)[0]) * strips.height + TINY))))
    swaths = max(1, len(in_phase) // height)
    amplitude = in_phase[: swaths * height].mean(axis=1).reshape(swaths, -1).mean(axis=1)
    return float((amplitude > PRESENT * np.quantile(amplitude, 0.75)).mean())


def _left_along_midline(axis: AxisFit) -> Floats:
    """Return the phase that the surface leaves along the midline, at each column of blocks."""
    y = axis.lines.blocks.y
    side = y[1] - y[0] if len(y) > 1 else 1.0
    weights = axis.lines.amplitude * np.clip(1 - np.abs(y) / (NEAR_MIDLINE * side), 0, None)[:, None]
    return np.asarray((weights * axis.lines.residual).sum(axis=0) / (weights.sum(axis=0) + 1e-12))


def _extent(axis: AxisFit) -> tuple[float, float]:
    """Return from where to where along the axis blocks show lines, and one block more on either side."""
    x = axis.lines.blocks.x
    amplitude = axis.lines.amplitude.mean(axis=0)
    seen = x[amplitude > PRESENT * np.quantile(amplitude, 0.75)]
    if seen.size == 0:
        return 0.0, 0.0
    reach = 1.5 * (x[1] - x[0]) if len(x) > 1 else np.inf
    return float(seen[0] - reach), float(seen[-1] + reach)


def _without_margins(contrast: Floats) -> slice:
    """Return the lines from the first to the last that shows."""
    if contrast.size == 0:
        return slice(0, 0)
    seen = np.flatnonzero(contrast > PRESENT * np.quantile(contrast, 0.75))
    return slice(int(seen[0]), int(seen[-1]) + 1) if seen.size else slice(0, 0)
