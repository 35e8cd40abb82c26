"""Where a camera or a scanner's glass lets a sheet come to lie in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgbench.plugins.image_sets.synthetic.geometry import Geometry, corners
from ecgbench.plugins.image_sets.synthetic.heart import Float

DISTANCE = (
    1.2  # of a phone from the table, in widths of the sheet: its lens sees some 65 degrees, and the sheet fills most of that
)
STEEPEST_DEG = 50.0  # of a camera against the vertical
SIDE = 0.1  # keystone compares the scales at this share of the picture's size from its sides


@dataclass(frozen=True)
class Hold:
    """How a camera is held over a sheet.

    `tilt_deg`: angle of the sheet's rows at its center, as Truth.angle_deg. `keystone`: natural logarithm of how many times a
    millimeter on one side is as long as on the other. `toward_deg`: where the camera stands, 0 right of the sheet, 90 below.
    `fill`: size of the sheet against the picture; above 1 its edges lie outside. `shift`: (x, y), where the sheet lies within the
    room that leaves, -1 to 1.
    """

    tilt_deg: float
    keystone: float
    toward_deg: float
    fill: float
    shift: tuple[float, float]


def held(flat: Geometry, hold: Hold) -> tuple[Float, float]:
    """Return the projective map (3, 3) from the print's pixels to the picture's, and the camera's slant in degrees.

    The keystone is met by slanting the camera further until it is there (secant steps).
    """
    slants = [0.0, 5.0]
    found = [0.0, keystone(flat.moved(_seen(flat, hold, slants[1]), flat.shape))]
    for _ in range(6):
        if abs(found[-1] - hold.keystone) < 1e-5 or abs(found[-1] - found[-2]) < 1e-9:
            break
        step = (hold.keystone - found[-1]) * (slants[-1] - slants[-2]) / (found[-1] - found[-2])
        slants.append(float(np.clip(slants[-1] + step, 0, STEEPEST_DEG)))
        found.append(keystone(flat.moved(_seen(flat, hold, slants[-1]), flat.shape)))
    return _seen(flat, hold, slants[-1]), slants[-1]


def keystone(geometry: Geometry) -> float:
    """Return the larger of two logarithms: how many times a millimeter is as long at the left as at the right, and at the top as below.

    Measured along the rows on the left and right of the picture, and along the columns above and below.
    """
    height, width = geometry.shape
    left_right = np.array([(SIDE * width, height / 2), ((1 - SIDE) * width, height / 2)])
    above_below = np.array([(width / 2, SIDE * height), (width / 2, (1 - SIDE) * height)])
    ratios = []
    for axis, places in enumerate((left_right, above_below)):
        first, last = (np.hypot(*geometry.jacobian(point)[:, axis]) for point in geometry.to_mm(places))
        ratios.append(abs(float(np.log(first / last))))
    return max(ratios)


def _seen(flat: Geometry, hold: Hold, slant_deg: float) -> Float:
    """Project the sheet on a slanted plane (pinhole camera), turn it to its tilt, and lay it into the picture."""
    outline = corners(-0.5, -0.5, flat.shape[1] - 0.5, flat.shape[0] - 0.5)
    size = float(max(flat.shape))
    slant, toward = np.deg2rad(slant_deg), np.deg2rad(hold.toward_deg)
    across = np.array([np.cos(toward), np.sin(toward)])
    stretch = np.eye(2) + (np.cos(slant) - 1) * np.outer(across, across)  # foreshortening
    nearer = -np.sin(slant) * across / (DISTANCE * size)
    projected = np.vstack([np.column_stack([stretch, (0, 0)]), (*nearer, 1.0)]) @ _moved(-outline.mean(axis=0))
    middle = projected @ (*outline.mean(axis=0), 1.0)
    row = projected[:2, 0] - middle[:2] / middle[2] * projected[2, 0]
    turned = _turned(np.deg2rad(hold.tilt_deg) - np.arctan2(row[1], row[0])) @ projected
    seen = np.column_stack([outline, np.ones(4)]) @ turned.T
    seen = seen[:, :2] / seen[:, 2:]
    low, high = seen.min(axis=0), seen.max(axis=0)
    room = np.array(flat.shape[::-1], dtype=np.float64)
    scale = hold.fill * float((room / (high - low)).min())
    center = (room - 1) / 2 + np.array(hold.shift) * np.abs(room - scale * (high - low)) / 2
    return np.asarray(_moved(center) @ np.diag([scale, scale, 1.0]) @ _moved(-(low + high) / 2) @ turned, dtype=np.float64)


def on_glass(flat: Geometry, tilt_deg: float, shift_mm: tuple[float, float]) -> Float:
    """Return the map (3, 3) of a scanned sheet, from its pixels to the scan's: turned about its center, clockwise as seen, and moved."""
    middle = np.array([(flat.shape[1] - 1) / 2, (flat.shape[0] - 1) / 2])
    shift = np.array(shift_mm) * flat.matrix[0, 0]
    return np.asarray(_moved(middle + shift) @ _turned(np.deg2rad(tilt_deg)) @ _moved(-middle), dtype=np.float64)


def _moved(by: Float) -> Float:
    return np.array([(1.0, 0.0, by[0]), (0.0, 1.0, by[1]), (0.0, 0.0, 1.0)])


def _turned(angle: float) -> Float:
    return np.array([(np.cos(angle), -np.sin(angle), 0.0), (np.sin(angle), np.cos(angle), 0.0), (0.0, 0.0, 1.0)])
