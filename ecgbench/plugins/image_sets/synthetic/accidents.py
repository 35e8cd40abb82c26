"""What befalls a sheet in a photo now and then: a hard fold, a pen's mark, a label, a finger, another sheet, glare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ecgbench.plugins.image_sets.synthetic.covers import Finger, Front, OtherSheet, Patch
from ecgbench.plugins.image_sets.synthetic.creases import Fold
from ecgbench.plugins.image_sets.synthetic.geometry import corners
from ecgbench.plugins.image_sets.synthetic.handwriting import draw_mark
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.light import Glare, glare_field
from ecgbench.plugins.image_sets.synthetic.paper import Color
from ecgbench.plugins.image_sets.synthetic.patient import draw_patient, one_of
from ecgbench.plugins.image_sets.synthetic.scene import Scene
from ecgbench.plugins.image_sets.synthetic.sheet import Text

# How many accidents there are at severity 0, 0.5, 0.8 and 1 of plain photos and of the stained and damaged ones; by chance one more or less. Of
# 16 real photos, which are plain, 7 show one: two a fold or crumple, two glare, one each writing, a finger and another sheet, and these
# three only at an edge. None has a label, a hole or a staple.
COUNTS: Mapping[str, tuple[float, float, float, float]] = {
    "0005": (0, 0.45, 0.9, 2.5), "0009": (0, 1.5, 2.4, 3), "0010": (0, 1.5, 2.4, 3),
}  # fmt: skip
HIDDEN = 0.0025  # share of the traces that an accident may hide at most: people see to it that the ECG can be read
EVERY = 8  # point of the traces is looked at
TRIES = 10  # places that are looked at until one hides no more
SKINS: tuple[Color, ...] = ((150, 172, 214), (128, 152, 202), (112, 140, 190), (84, 112, 168), (62, 84, 132), (46, 60, 92))
LABELS: tuple[Color, ...] = ((250, 250, 250), (236, 246, 250), (205, 240, 250), (214, 240, 214), (244, 226, 206))
SHEETS: tuple[Color, ...] = ((248, 248, 246), (236, 240, 242), (226, 234, 240), (214, 222, 240), (222, 232, 214), (150, 140, 128))
SHEET_DEPTHS = (0.01, 0.07)  # of the picture, that another sheet covers at either end of its edge
BEYOND_PX = 40.0  # that another sheet goes on outside of the picture
THUMB = 0.35  # of fingers show a nail
PLAIN, AT_EDGE = "0005", 0.85  # of pen marks stand at the upper or lower edge of what is seen, where they may be cut off
ROOM_MM = 12.0  # that writing begins from the right side of what is seen, at least
TABLE, STEP_PX = 0.3, 4.0  # share of a picture that a finger crosses to a sheet, and how closely the sheet's edge is looked for
PAPER_SPREAD = 2.2  # of glare on paper, beside that on glass
STEEL: Color = (168, 166, 164)
STAPLE_MM, HOLE_MM, HOLES_APART_MM = (11.0, 0.55), 2.9, 80.0


@dataclass(frozen=True, eq=False)
class Place:
    """Where an accident may happen: the scene, points of traces (n, 2) in mm, and the part of the sheet that is seen (mm, x0, y0, x1, y1)."""

    scene: Scene
    inked_mm: Float
    seen: tuple[float, float, float, float]
    severity: float

    @property
    def px_per_mm(self) -> float:
        """Pixels in a millimeter in the middle of what is seen."""
        x0, y0, x1, y1 = self.seen
        return self.scene.geometry.size_at(np.array([(x0 + x1) / 2, (y0 + y1) / 2]))

    def point(self, rng: np.random.Generator) -> Float:
        """Draw a point (2,) of the sheet that is seen, in mm."""
        x0, y0, x1, y1 = self.seen
        return np.asarray(rng.uniform((x0, y0), (x1, y1)), dtype=np.float64)

    @cached_property
    def inked(self) -> tuple[np.ndarray, np.ndarray]:
        """Columns and rows of the pixels where the traces are seen."""
        places = np.rint(self.scene.geometry.to_pixels(self.inked_mm)).astype(np.intp)
        column, row = places[((places >= 0) & (places < self.scene.geometry.shape[::-1])).all(axis=1)].T
        return column, row

    def frees(self, front: Front) -> bool:
        """Return whether the traces can be read beside something before the sheet."""
        column, row = self.inked
        return bool(front.hides(self.scene.geometry.shape)[row, column].sum() <= HIDDEN * len(self.inked_mm))


Maker = Callable[[Place, np.random.Generator], Scene]


def with_accidents(scene: Scene, inked_mm: Float, kind: str, severity: float, rng: np.random.Generator) -> Scene:
    """Return the scene of a photo of a kind with accidents on and before the part of the sheet that it shows; others are left as they are.

    `inked_mm`: (n, 2), points of the traces in mm; hardly any of them are hidden. More severe pages have the same and further accidents.
    """
    if kind not in COUNTS:
        return scene
    count, weights = int(np.interp(severity, (0, 0.5, 0.8, 1), COUNTS[kind]) + rng.random()), WEIGHTS if kind == PLAIN else OFTEN
    names = rng.choice(list(MAKERS), len(MAKERS), replace=False, p=list(weights.values()))
    seeds = rng.integers(2**31, size=len(MAKERS))
    if not count:
        return scene
    known = inked_mm[np.isfinite(inked_mm).all(axis=1)][::EVERY]
    place = Place(scene, known, _seen(scene), severity)
    for name, seed in list(zip(names, seeds, strict=True))[:count]:
        scene = MAKERS[str(name)](place, np.random.default_rng(seed))
        place = replace(place, scene=scene)
    return scene


def _seen(scene: Scene) -> tuple[float, float, float, float]:
    """Return the box of the sheet that the picture shows, in mm."""
    height, width = scene.geometry.shape
    found = scene.geometry.to_mm(corners(0.0, 0.0, width - 1.0, height - 1.0))
    (x0, y0), (x1, y1) = np.clip(found, 0, scene.size_mm).min(axis=0), np.clip(found, 0, scene.size_mm).max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _fold(place: Place, rng: np.random.Generator) -> Scene:
    """Fold the sheet, mostly straight across, and open it again; as often as not twice, side by side."""
    x, y = place.point(rng)
    upright = rng.random() < 0.5
    angle = (90.0 if upright else 0.0) + rng.normal(0, 6.0)
    strength = np.interp(place.severity, (0, 0.5, 1), (0.2, 1, 1.8)) * rng.uniform(0.6, 1.2)
    depth, light = float(0.14 * strength), float(0.045 * strength * rng.choice((-1.0, 1.0)))
    reach, apart = float(rng.uniform(12, 45)), float(rng.uniform(5, 18))
    folds = [Fold(float(x), float(y), float(angle), depth, light, reach, int(rng.integers(2**31)))]
    if rng.random() < 0.4:
        aside = np.deg2rad(angle + 90)
        folds.append(
            Fold(float(x + apart * np.cos(aside)), float(y + apart * np.sin(aside)), float(angle + rng.normal(0, 2.0)), 0.7 * depth,
                 -light, reach, int(rng.integers(2**31)))
        )  # fmt: skip
    return replace(place.scene, layers=(*place.scene.layers, *folds))


def _pen(place: Place, rng: np.random.Generator) -> Scene:
    """Write something, mostly near an edge of what is seen, where it may be cut off."""
    x0, y0, x1, y1 = place.seen
    x, y = place.point(rng)
    if rng.random() < AT_EDGE:
        y = float(rng.choice((y0 + rng.uniform(-2, 5), y1 - rng.uniform(-2, 5))))
    at = np.array((min(x, max(x0, x1 - ROOM_MM)), y))
    return replace(place.scene, notes=(*place.scene.notes, draw_mark(at, rng)))


def _label(place: Place, rng: np.random.Generator) -> Scene:
    """Stick a label on the sheet, or blot a name out, beside the traces."""
    blank, color = rng.random() < 0.4, LABELS[rng.integers(len(LABELS))]
    for _ in range(TRIES):
        x, y = place.point(rng)
        width, height = rng.uniform(18, 50), rng.uniform(6, 16)
        covered = ((place.inked_mm >= (x, y)) & (place.inked_mm <= (x + width, y + height))).all(axis=1)
        if covered.sum() <= HIDDEN * len(place.inked_mm):
            break
    else:
        return place.scene
    outline = corners(x, y, x + width, y + height)
    if blank:
        steps = np.linspace(0, 1, 9)[:-1, None]
        sides = [start + steps * (end - start) for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True)]
        ragged = np.vstack(sides) + rng.normal(0, 0.25, (4 * len(steps), 2))
        return replace(place.scene, patches=(*place.scene.patches, Patch(ragged, LABELS[0], depth=0.05)))
    patient = draw_patient(rng)
    lines = [
        line for line in (patient.name, patient.number, f"{patient.sex_word} {patient.age}  {patient.when}") if line.strip("-")
    ]
    step = min(3.2, 0.9 * height / max(1, len(lines)))
    texts = [
        Text(float(x + 1.5), float(y + step * (row + 0.85)), 0.55 * step, line[: int(width / (0.5 * step))])
        for row, line in enumerate(lines)
    ]
    tilted = outline + np.array([(0, 0), (0, 1), (0, 1), (0, 0)]) * rng.normal(0, 0.3)
    return replace(place.scene, patches=(*place.scene.patches, Patch(tilted, color)), overprint=(*place.scene.overprint, *texts))


def _finger(place: Place, rng: np.random.Generator) -> Scene:
    """Hold the sheet by a finger or a thumb at an edge of the picture."""
    skin, scale, thumb = SKINS[rng.integers(len(SKINS))], place.px_per_mm, rng.random() < THUMB
    half = scale * (rng.uniform(8.5, 11) if thumb else rng.uniform(6.5, 8.5))
    for _ in range(TRIES):
        side, along, reach = int(rng.integers(4)), rng.uniform(0.1, 0.9), scale * np.exp(rng.uniform(np.log(1.5), np.log(11)))
        x, y = _inward(place, side, along, reach)
        finger = Finger(float(x), float(y), (270.0, 0.0, 90.0, 180.0)[side] + rng.normal(0, 18), float(half), skin, thumb)
        on_sheet = place.scene.geometry.to_mm(np.array([(x, y)]))[0]
        if (on_sheet > 0).all() and (on_sheet < place.scene.size_mm).all() and place.frees(finger):
            return replace(place.scene, fronts=(*place.scene.fronts, finger))
    return place.scene


def _inward(place: Place, side: int, along: float, reach_px: float) -> Float:
    """Return the pixel (2,) that lies `reach_px` within the sheet on the way in from a side of the picture, `along` of its length."""
    height, width = place.scene.geometry.shape
    start = np.array(((along * width, 0.0), (width, along * height), (along * width, height), (0.0, along * height))[side])
    way = np.array(((0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0))[side])
    steps = np.arange(0.0, TABLE * min(height, width), STEP_PX)
    on_sheet = place.scene.geometry.to_mm(start + steps[:, None] * way)
    inside = ((on_sheet > 0) & (on_sheet < place.scene.size_mm)).all(axis=1)
    return np.asarray(start + (steps[int(inside.argmax())] + reach_px) * way, dtype=np.float64)


def _other_sheet(place: Place, rng: np.random.Generator) -> Scene:
    """Lay another sheet over an edge of the picture."""
    height, width = place.scene.geometry.shape
    color, scale = SHEETS[rng.integers(len(SHEETS))], place.px_per_mm
    for _ in range(TRIES):
        side, deep, lean = int(rng.integers(4)), rng.uniform(*SHEET_DEPTHS, 2), rng.uniform(0, 1)
        ends = (lean * deep[0], deep[1]) if rng.random() < 0.5 else (deep[0], lean * deep[1])
        long, short = (width, height) if side % 2 == 0 else (height, width)
        first, last = (share * short if side in (0, 3) else (1 - share) * short for share in ends)
        beyond = -BEYOND_PX if side in (0, 3) else short + BEYOND_PX
        edge = np.array(
            [(-BEYOND_PX, beyond), (-BEYOND_PX, first), (long + BEYOND_PX, last), (long + BEYOND_PX, beyond)], np.float64
        )
        outline = edge if side % 2 == 0 else edge[:, ::-1].copy()  # of the left and right sides, x and y change places
        other = OtherSheet(outline, color, 0.6 * scale, float(rng.uniform(0.15, 0.4)))
        if place.frees(other):
            return replace(place.scene, fronts=(*place.scene.fronts, other))
    return place.scene


def _fixture(place: Place, rng: np.random.Generator) -> Scene:
    """Staple the sheet near a corner of what is seen, or punch two holes at its side."""
    x0, y0, x1, y1 = place.seen
    turn, desk = np.linspace(0, 2 * np.pi, 25)[:-1], place.scene.desk
    circle = HOLE_MM * np.column_stack([np.cos(turn), np.sin(turn)])
    if rng.random() < 0.5 and desk is not None:
        blue, green, red = desk.color
        dark = (blue * 2 // 3, green * 2 // 3, red * 2 // 3)
        for _ in range(TRIES):
            x, middle = x0 + rng.uniform(3, 8), rng.uniform(y0, y1)
            centers = np.array([(x, middle - HOLES_APART_MM / 2), (x, middle + HOLES_APART_MM / 2)])
            lost = np.hypot(*(place.inked_mm[:, None] - centers).T) <= HOLE_MM
            if lost.sum() <= HIDDEN * len(place.inked_mm):
                holes = (Patch(circle + center, dark, depth=0.0) for center in centers)
                return replace(place.scene, patches=(*place.scene.patches, *holes))
        return place.scene
    length, width = STAPLE_MM
    angle = np.deg2rad(rng.choice((0.0, 45.0, 90.0)) + rng.normal(0, 8))
    wire = corners(-length / 2, -width / 2, length / 2, width / 2) @ np.array(
        [(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))]
    )
    at = one_of(((x0 + rng.uniform(5, 12), y0 + rng.uniform(3, 10)), (x1 - rng.uniform(5, 12), y0 + rng.uniform(3, 10))), rng)
    return replace(place.scene, patches=(*place.scene.patches, Patch(wire + at, STEEL, 0.5, 0.45)))


def _glare(place: Place, rng: np.random.Generator) -> Scene:
    """Let a lamp be mirrored in the paper's gloss, before the camera adds its noise and stores the picture."""
    strength = float(np.interp(place.severity, (0, 0.5, 0.8, 1), (0.08, 0.2, 0.3, 0.5)) * rng.uniform(0.6, 1.2))
    glare = Glare(glare_field(place.scene.geometry.shape, strength, rng, spots=int(rng.integers(1, 4)), spread=PAPER_SPREAD))
    *before, noise, stored = place.scene.damages
    return replace(place.scene, damages=(*before, glare, noise, stored))


MAKERS: Mapping[str, Maker] = {
    "fold": _fold, "pen": _pen, "label": _label, "finger": _finger, "sheet": _other_sheet, "fixture": _fixture, "glare": _glare,
}  # fmt: skip
WEIGHTS: Mapping[str, float] = {
    "fold": 0.4, "pen": 0.12, "label": 0.01, "finger": 0.04, "sheet": 0.15, "fixture": 0.005, "glare": 0.275,
}  # fmt: skip
OFTEN: Mapping[str, float] = {
    "fold": 0.27,
    "pen": 0.24,
    "label": 0.08,
    "finger": 0.09,
    "sheet": 0.16,
    "fixture": 0.05,
    "glare": 0.11,
}
