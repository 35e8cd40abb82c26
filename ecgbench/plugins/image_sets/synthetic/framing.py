"""How close somebody comes to take a picture: often so close that the sheet's edges, its margins and its header are left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgbench.plugins.image_sets.synthetic.geometry import Geometry
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.scene import Scene

# Of the 16 real photos that severity is measured by, 12 show no more than a strip of anything but the sheet; some pages stay whole,
# since corners and edges are to be found on them.
CLOSE = 0.65
# Room left around the traces in mm, from and to: at the left, above, at the right, below. Pulses, labels and headers stand in it, and may be cut.
ROOM_MM = ((2.0, 16.0), (4.0, 30.0), (1.5, 12.0), (3.0, 18.0))


def come_close(scene: Scene, inked_mm: Float, rng: np.random.Generator) -> Scene:
    """Return the scene, if a camera took it, as often as not framed closely around `inked_mm` (n, 2), points on the sheet in mm.

    All of them that were in the picture stay in it. NaN rows and those off the sheet are left out.
    """
    close, rooms = rng.random() < CLOSE, [rng.uniform(*room) for room in ROOM_MM]
    points = inked_mm[((inked_mm >= 0) & (inked_mm <= scene.size_mm)).all(axis=1)]
    if scene.desk is None or scene.matrix is None or not close or not len(points):
        return scene
    level = replace(scene, matrix=_leveled(scene, scene.matrix, points.mean(axis=0)))
    whole = level.geometry
    (height, width), scale = whole.shape, whole.size_at(points.mean(axis=0))
    seen = whole.to_pixels(points)
    (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
    left, right = (int(np.clip(x, 0, width)) for x in (left - rooms[0] * scale, right + rooms[2] * scale + 1))
    top, bottom = (int(np.clip(y, 0, height)) for y in (top - rooms[1] * scale, bottom + rooms[3] * scale + 1))
    if right - left < 2 or bottom - top < 2:
        return scene
    return replace(level, window=(left, top, right - left, bottom - top))


def _leveled(scene: Scene, matrix: Float, center_mm: Float) -> Float:
    """Return the `matrix` of a camera that is turned so that rows run at `center_mm` as they did in the middle of the sheet."""
    whole = scene.geometry
    (x, y), wanted = whole.to_pixels(center_mm[None])[0], _tilt(whole, np.array(scene.size_mm) / 2)
    angle = wanted - _tilt(whole, center_mm)
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    about = np.eye(3)
    about[:2, :2], about[:2, 2] = turn, (x, y) - turn @ (x, y)
    return np.asarray(about @ matrix, dtype=np.float64)


def _tilt(geometry: Geometry, point_mm: Float) -> float:
    along = geometry.jacobian(point_mm)[:, 0]
    return float(np.arctan2(along[1], along[0]))
