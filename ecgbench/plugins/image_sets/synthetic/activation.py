"""From a heart's axis, widths and levels to its beats: how the model's waves are turned, stretched and raised to what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ecgbench.plugins.image_sets.synthetic.beat import (
    AFTER,
    ATRIA,
    RECOVERY,
    VENTRICLES,
    Beat,
    area,
    complex_bounds,
    lay,
    notches,
    shift,
    st_window,
    vary,
    widen,
)
from ecgbench.plugins.image_sets.synthetic.lead_field import Float, lead_vectors

if TYPE_CHECKING:
    from ecgbench.plugins.image_sets.synthetic.heart import Heart

REGIONS: Mapping[str, tuple[str, ...]] = {
    "global": ("I", "II", "III", "aVL", "aVF", "V2", "V3", "V4", "V5", "V6"),
    "anterior": ("V1", "V2", "V3", "V4"),
    "inferior": ("II", "III", "aVF"),
    "lateral": ("I", "aVL", "V5", "V6"),
}
ST_AFTER_J = 0.06  # s after the J point, where the ST level is read
PR_BEFORE_QRS = 0.01  # s before QRS, where the level is read that ST is held against
ST_BEFORE_T = 0.025  # s before the peak of T, where the ST segment's own level fades

# Where a premature beat may begin, told by the main direction of its QRS (left, foot, back): outflow tract and apex of the right
# ventricle, inferior and lateral wall of the left one.
ORIGINS: Float = np.array([(0.30, 1.00, 0.75), (0.85, -0.75, 0.60), (-0.30, -0.90, -0.75), (-0.60, 0.80, -0.50)])
# A complex that spreads from muscle to muscle: center (s), width (s), share along the main direction and across it.
PREMATURE: Float = np.array([(-0.046, 0.020, 0.45, 0.25), (0.0, 0.026, 1.0, 0.0), (0.050, 0.024, 0.50, -0.30)])
PREMATURE_MV = (1.0, 1.6)  # their largest deflection in any lead; more would leave its row on paper
PREMATURE_MS = (135.0, 165.0)
PREMATURE_T_LATER = 0.05  # s, than in a conducted beat
PREMATURE_T = 0.7  # of what the ventricular gradient asks for: single beats do not change it fully


class Style(NamedTuple):
    """A heart's waves before it is told how wide and how high: those of P, QRS, T and U, and its premature complex."""

    atria: Float
    qrs: Float
    recovery: Float
    after: Float
    premature: Float


def make_beats(heart: Heart, body: Float, rng: np.random.Generator) -> tuple[Beat, Beat]:
    """Return the heart's conducted and premature beats; `body` (8, 3) is what the independent leads see of a dipole.

    P and T keep their distance from QRS to the fourth root of the RR interval, as in McSharry's ECGSYN (see beat.py); the width of
    QRS does not depend on the rate.
    """
    style = _draw_style(heart.individuality, body, rng)
    stretch = (60 / heart.rate_bpm) ** 0.25
    around = _from_above(heart.rotation_deg)
    qrs = _moved(style.qrs, heart.qrs_gain * around)
    turn_deg = _turn_to(heart.axis_deg, area(qrs), body)
    qrs = _moved(qrs, _in_front(turn_deg))
    with_half = _in_front(turn_deg / 2) @ around  # T follows QRS halfway: their axes seldom lie 60 degrees apart
    recovery = widen(_moved(style.recovery, heart.t_gain * with_half), stretch)
    gradient = area(qrs) + area(recovery)
    onset, j_point = complex_bounds(qrs, body)
    factor = heart.qrs_ms / 1000 / (j_point - onset)
    earlier, later = onset * (factor - 1), j_point * (factor - 1)
    wide = widen(qrs, factor)
    recovery = recover(shift(recovery, later), gradient - area(wide))
    after = shift(widen(_moved(style.after, with_half), stretch), later)
    atria = widen(_moved(style.atria, (0.0 if heart.rhythm == "af" else heart.p_gain) * around), stretch)
    normal = Beat(shift(atria, earlier), np.vstack([wide, recovery, after]), np.zeros(3))
    st_end = float(recovery[-1, 0]) - ST_BEFORE_T
    return _with_st(heart, normal, body, (factor * onset, factor * j_point, st_end)), _premature(style, stretch, gradient)


def _premature(style: Style, stretch: float, gradient: Float) -> Beat:
    """Return a beat without P and ST segment, whose T lies opposite to its QRS."""
    t_wave = shift(widen(RECOVERY, stretch), PREMATURE_T_LATER)
    t_wave = recover(t_wave, PREMATURE_T * (gradient - area(style.premature)))
    return Beat(np.empty((0, 5)), np.vstack([style.premature, t_wave]), np.zeros(3))


def _draw_style(individuality: float, body: Float, rng: np.random.Generator) -> Style:
    atria, qrs, recovery, after = (vary(part, individuality, rng) for part in (ATRIA, VENTRICLES, RECOVERY, AFTER))
    qrs = np.vstack([qrs, notches(individuality, rng)])
    main = ORIGINS[rng.integers(len(ORIGINS))] + 0.15 * rng.standard_normal(3).clip(-2, 2)
    across = np.cross(main, rng.standard_normal(3))
    directions = np.stack([main / np.linalg.norm(main), across / np.linalg.norm(across)])
    premature = np.hstack([PREMATURE[:, :2], PREMATURE[:, 2:] @ directions])
    begin, end = complex_bounds(premature, body)
    premature = widen(premature, rng.uniform(*PREMATURE_MS) / 1000 / (end - begin))
    highest = np.abs(body @ lay(premature, np.zeros(1), premature[:, 0])).max()
    return Style(atria, qrs, recovery, after, _moved(premature, rng.uniform(*PREMATURE_MV) / highest * np.eye(3)))


def recover(waves: Float, wanted: Float) -> Float:
    """Give the waves of recovery the area (3,) `wanted`, mV s, and keep their widths.

    Where the way of activation changes, T changes so that the area under QRS and T together stays: the ventricular gradient of
    F. N. Wilson, A. G. Macleod, P. S. Barker, "The T deflection of the electrocardiogram", Trans. Assoc. Am. Physicians 46:29-38, 1931.
    """
    share = waves[:, 1] * np.linalg.norm(RECOVERY[:, 2:], axis=1)
    change = np.outer(share / share.sum() / waves[:, 1], wanted - area(waves)) / np.sqrt(2 * np.pi)
    return np.column_stack([waves[:, :2], waves[:, 2:] + change])


def _with_st(heart: Heart, beat: Beat, body: Float, times: tuple[float, float, float]) -> Beat:
    """Add the smallest dipole to the ST segment that brings the region's mean level to what is asked for."""
    onset, j_point, end = times
    read = np.array([j_point + ST_AFTER_J, onset - PR_BEFORE_QRS])
    neighbors = np.arange(-2, 3) * 60 / heart.rate_bpm
    region = lead_vectors(body, REGIONS[heart.st_region]).mean(axis=0)
    level = region @ beat.dipole(read, neighbors, neighbors) @ (1, -1)
    there = st_window(read, j_point, end) @ (1, -1)
    return Beat(beat.atria, beat.ventricles, (heart.st_mv - level) / there * region / (region @ region), j_point, end)


def _turn_to(axis_deg: float, net: Float, body: Float) -> float:
    """Return by how many degrees the dipole must turn in the frontal plane so that the net area of QRS has the axis `axis_deg`.

    The axis is that of I against 2 / sqrt(3) aVF, as the leads of Einthoven's triangle see it. With the turned area R(phi) net, it is
    right where across @ R(phi) @ net = 0 and along @ R(phi) @ net > 0.
    """
    one, foot = lead_vectors(body, ["I", "aVF"]) * np.array([[1], [2 / np.sqrt(3)]])
    c, s = np.cos(np.deg2rad(axis_deg)), np.sin(np.deg2rad(axis_deg))
    across, along = s * one - c * foot, c * one + s * foot
    level, upright = across[:2] @ net[:2], across[1] * net[0] - across[0] * net[1]
    middle = np.arctan2(upright, level)
    aside = np.arccos(np.clip(-across[2] * net[2] / np.hypot(level, upright), -1, 1))
    both = np.rad2deg([middle + aside, middle - aside])
    return float(max(both, key=lambda turn: along @ _in_front(turn) @ net))


def _moved(waves: Float, matrix: Float) -> Float:
    return np.hstack([waves[:, :2], waves[:, 2:] @ matrix.T])


def _in_front(degrees: float) -> Float:
    """Return the turn in the frontal plane, clockwise as the viewer sees it."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([(c, -s, 0), (s, c, 0), (0, 0, 1)])


def _from_above(degrees: float) -> Float:
    """Return the turn in the horizontal plane, from the back to the left."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([(c, 0, s), (0, 1, 0), (-s, 0, c)])
