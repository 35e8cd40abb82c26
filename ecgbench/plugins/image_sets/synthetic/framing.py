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
INSIDE = 0.82  # and of those taken from close by, so many show nothing beside the sheet
FRAMINGS = ("any", "close", "whole")
# Room left around the traces in mm, from and to: at the left, above, at the right, below. Pulses, labels and headers stand in it, and may be cut.
ROOM_MM = ((5.0, 20.0), (1.5, 16.0), (0.8, 13.0), (1.5, 11.0))
# In photos, which are rarely cut afterwards: 13 real ones leave 5 to 28 mm on the left, and 2 to 21 on the right.
PHOTO_ROOM_MM = ((9.0, 26.0), (1.5, 15.0), (1.5, 20.0), (1.5, 17.0))


def come_close(scene: Scene, inked_mm: Float, rng: np.random.Generator, framing: str = "any") -> Scene:
    """Return the scene framed closely around `inked_mm` (n, 2), points on the sheet in mm, as often as not if a camera took it.

    All of them that were in the picture stay in it. NaN rows and those off the sheet are left out. `framing`: one of FRAMINGS: "close"
    frames every picture so, renders and scans too, as somebody does who cuts a picture to what matters; "whole" none.
    """
    room_mm = ROOM_MM if scene.desk is None else PHOTO_ROOM_MM
    close, rooms, inside = rng.random() < CLOSE, [rng.uniform(*room) for room in room_mm], rng.random() < INSIDE
    points = inked_mm[((inked_mm >= 0) & (inked_mm <= scene.size_mm)).all(axis=1)]
    wanted = framing == "close" or (framing == "any" and close and scene.desk is not None)
    if not wanted or not len(points):
        return scene
    matrix = np.eye(3) if scene.matrix is None else scene.matrix
    level = replace(scene, matrix=matrix if scene.desk is None else _leveled(scene, matrix, points.mean(axis=0)))
    window = _window(level, points, rooms, inside=inside or scene.desk is None)
    return scene if window is None else replace(level, window=window)


def _window(scene: Scene, points_mm: Float, rooms: list[float], *, inside: bool) -> tuple[int, int, int, int] | None:
    """Return (x, y, width, height) around points with room in mm at each side, None where nothing of them is in the picture.

    `inside`: whether room ends where the sheet does, as long as no point is cut off.
    """
    whole = scene.geometry
    (height, width), scale = whole.shape, whole.size_at(points_mm.mean(axis=0))
    seen = whole.to_pixels(points_mm)
    (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
    wide = [left - rooms[0] * scale, top - rooms[1] * scale, right + rooms[2] * scale + 1, bottom + rooms[3] * scale + 1]
    if inside:
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = whole.to_pixels(scene.corners)
        wide = [
            min(left, max(wide[0], ax, dx)), min(top, max(wide[1], ay, by)),
            max(right + 1, min(wide[2], bx, cx)), max(bottom + 1, min(wide[3], cy, dy)),
        ]  # fmt: skip
    x0, x1 = (int(np.clip(x, 0, width)) for x in (wide[0], wide[2]))
    y0, y1 = (int(np.clip(y, 0, height)) for y in (wide[1], wide[3]))
    return None if x1 - x0 < 2 or y1 - y0 < 2 else (x0, y0, x1 - x0, y1 - y0)


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
