"""The kinds of picture that a sheet can become, each from mild to severe; named as Kaggle names its image types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ecgbench.plugins.image_sets.synthetic.camera import DISTANCE, Hold, held, on_glass
from ecgbench.plugins.image_sets.synthetic.creases import Creases
from ecgbench.plugins.image_sets.synthetic.damage import (
    Blur,
    Contrast,
    Damage,
    Downscale,
    Gray,
    Jpeg,
    Levels,
    MotionBlur,
    Noise,
    Sharpen,
)  # fmt: skip
from ecgbench.plugins.image_sets.synthetic.folding import Handling, draw_relief
from ecgbench.plugins.image_sets.synthetic.geometry import Geometry
from ecgbench.plugins.image_sets.synthetic.ground import draw_table, draw_window
from ecgbench.plugins.image_sets.synthetic.handwriting import draw_notes
from ecgbench.plugins.image_sets.synthetic.light import Glare, Light, Share, glare_field, tinted, uneven_field
from ecgbench.plugins.image_sets.synthetic.relief import Bend, Relief
from ecgbench.plugins.image_sets.synthetic.scene import Scene
from ecgbench.plugins.image_sets.synthetic.scratches import Scratches
from ecgbench.plugins.image_sets.synthetic.screen import Screen
from ecgbench.plugins.image_sets.synthetic.sheet import Text
from ecgbench.plugins.image_sets.synthetic.stains import MOULD, PINK_MOULD, RUST, Mould, blot, cup_ring, tide_mark
from ecgbench.plugins.image_sets.synthetic.storage import focus_px, resharpened, stored_noise
from ecgbench.plugins.image_sets.synthetic.surface import Age, Grain, Layer, Shading
from ecgbench.plugins.image_sets.synthetic.tears import tear_sheet


@dataclass(frozen=True)
class Ramp:
    """A quantity at severity 0, 0.5 and 1, and on straight lines between them.

    `common`: at severity 0.8, where the worst is an exception.
    """

    mild: float
    median: float
    worst: float
    common: float | None = None

    def at(self, severity: float) -> float:
        """Return the quantity at a severity.

        >>> Ramp(0, 1, 5).at(0.75)
        3.0
        """
        if self.common is None:
            return float(np.interp(severity, (0, 0.5, 1), (self.mild, self.median, self.worst)))
        return float(np.interp(severity, (0, 0.5, 0.8, 1), (self.mild, self.median, self.common, self.worst)))


FOLDED = Ramp(0, 0.12, 0.6)  # share of plain photos whose sheet was folded: one or two of 16 real ones


@dataclass(frozen=True)
class Optics:
    """What a kind of camera or scanner does, by severity; median and worst are set so that measured pages match docs/damage.md.

    `tilt_deg`, `keystone`: as measured there. `light`: of Light.uneven_field. `blur_mm`, `noise`, `contrast`, `quality`: of what is
    applied (Gaussian sigma; gray levels; stretch of all that is darker than white; JPEG), which gives the measured blur, noise and
    contrast together with what the print itself has.
    """

    tilt_deg: Ramp
    keystone: Ramp
    light: Ramp
    blur_mm: Ramp
    noise: Ramp
    contrast: Ramp
    quality: Ramp


PHOTO = Optics(
    tilt_deg=Ramp(0.1, 0.61, 3.81, common=1.6), keystone=Ramp(0.01, 0.088, 0.265, common=0.16), light=Ramp(0.03, 0.125, 0.58, common=0.18),
    blur_mm=Ramp(0.02, 0.112, 0.215, common=0.135), noise=Ramp(0.8, 4.6, 7.9), contrast=Ramp(1, 1.0, 1.25, common=1.05), quality=Ramp(96, 92, 86),
)  # fmt: skip
SCAN = Optics(
    tilt_deg=Ramp(0.02, 0.095, 0.16), keystone=Ramp(0, 0, 0), light=Ramp(0.01, 0.05, 0.057),
    blur_mm=Ramp(0.02, 0.22, 0.335), noise=Ramp(0.5, 3.5, 4.8), contrast=Ramp(1, 1.22, 1.37), quality=Ramp(97, 92, 90),
)  # fmt: skip
SCRATCHED = 0.6  # of photographed sheets
FROM_BELOW = 0.7  # of photos are taken from below the sheet: on 9 of 13 real ones a millimeter below is longer than one above
# The color of white paper in the light of lamps and through a phone's white balance, as (blue, green, red).
LIGHTS: tuple[Share, ...] = (
    (0.93, 0.97, 1.0), (0.87, 0.95, 1.0), (0.915, 0.96, 1.0), (0.95, 0.965, 1.0), (0.985, 1.0, 1.0), (0.965, 0.98, 1.0),
    (0.925, 0.96, 1.0), (0.985, 0.985, 1.0), (0.995, 0.995, 1.0), (0.97, 0.98, 1.0), (0.99, 0.965, 1.0), (0.9, 0.945, 1.0),
    (0.95, 0.98, 1.0), (0.98, 0.985, 1.0), (0.99, 0.99, 0.995), (0.72, 0.86, 1.0),
)  # fmt: skip
SCANNED_PAPER: tuple[Share, ...] = ((1.0, 1.0, 1.0), (0.97, 0.99, 1.0), (0.93, 0.97, 0.985), (0.99, 0.98, 0.985))
STAMPS = (
    "*** UNCONFIRMED ***", "Unconfirmed Diagnosis", "COPY", "Poor data quality, interpretation may be adversely affected",
    "Sinus rhythm  Otherwise normal ECG", "Confirmed by:", "DO NOT FILE",
)  # fmt: skip
WHITE = (255, 255, 255)

Kind = Callable[[Geometry, float, np.random.Generator], Scene]


def render_only(flat: Geometry, _severity: float, _rng: np.random.Generator) -> Scene:
    """Leave a computer's render as it is, whatever the severity."""
    return Scene(flat)


def color_scan(flat: Geometry, severity: float, rng: np.random.Generator) -> Scene:
    """Scan in color on a flat bed: slightly tilted, soft or stored small, noisy, and stored as JPEG."""
    return _scanned(flat, severity, rng)


def gray_scan(flat: Geometry, severity: float, rng: np.random.Generator) -> Scene:
    """Scan in black and white: as a color scan without its color, on a scanner that makes paper white."""
    return _scanned(flat, severity, rng, Gray(), Levels(black=0, white=float(rng.uniform(235, 255))))


def photo(flat: Geometry, severity: float, rng: np.random.Generator) -> Scene:
    """Take a phone's photo of the page on a table: turned, in perspective, bent, unevenly lit, shaded, out of focus and noisy."""
    folded, folds = rng.random(), int(rng.integers(1, 3))
    handling = Handling(
        curl_mm=Ramp(0.2, 2, 5).at(severity) * rng.uniform(0.5, 1), cockle_mm=Ramp(0, 0.15, 0.4).at(severity),
        wrinkles=round(Ramp(0, 3, 12).at(severity) * rng.uniform(0, 1)), wrinkle_mm=Ramp(0.1, 0.4, 0.8).at(severity),
        folds=folds if folded < FOLDED.at(severity) else 0, fold_slope=Ramp(0, 0.05, 0.12).at(severity),
    )  # fmt: skip
    return _photographed(flat, severity, rng, handling)


def screen_photo(flat: Geometry, severity: float, rng: np.random.Generator) -> Scene:
    """Take a phone's photo of a screen: its stripes become moire, black is gray, and lamps are mirrored in it."""
    matrix, _ = held(flat, _hold(severity, rng))
    size = flat.moved(matrix, flat.shape).size_at(np.array(_size_mm(flat)) / 2)
    beat = float(rng.choice((-1.0, 1.0)) * rng.uniform(0.01, 0.05))
    screen = Screen(1 / (size * (1 + beat)), Ramp(0.02, 0.1, 0.3).at(severity), black=Ramp(4, 18, 35).at(severity))
    light = Light(uneven_field(flat.shape, PHOTO.light.at(severity), rng), (1.0, 0.985, float(rng.uniform(0.9, 0.98))))
    glare = Glare(glare_field(flat.shape, Ramp(0.02, 0.2, 0.5).at(severity), rng, spots=int(rng.integers(1, 4))))
    return Scene(flat, matrix=matrix, desk=draw_window(rng), screen=screen, damages=_focused(flat, severity, rng, light, glare))


def stained_photo(flat: Geometry, severity: float, rng: np.random.Generator) -> Scene:
    """Take a photo of a page on which something was spilled: rings of cups, blots and tide marks on paper that buckled when it was wet."""
    handling = Handling(
        curl_mm=Ramp(0.2, 2, 4).at(severity), cockle_mm=Ramp(0.02, 0.3, 0.8).at(severity),
        wrinkles=round(Ramp(0, 3, 10).at(severity)), wrinkle_mm=Ramp(0.1, 0.4, 0.7).at(severity),
    )  # fmt: skip
    stains = _stains(severity, rng)
    age = Age(Ramp(0.01, 0.06, 0.16).at(severity), Ramp(0.0, 0.06, 0.15).at(severity), _seed(rng))
    scene = _photographed(flat, severity, rng, handling)
    return replace(
        scene, layers=(*scene.layers, age, *stains), notes=draw_notes(_size_mm(flat), int(rng.integers(0, 2)), _apart(rng))
    )


def damaged_photo(flat: Geometry, severity: float, rng: np.random.Generator) -> Scene:
    """Take a photo of a page that was crumpled, folded, torn, stained, written on and printed over."""
    handling = Handling(
        curl_mm=Ramp(0.3, 3, 6).at(severity), cockle_mm=Ramp(0.02, 0.2, 0.5).at(severity), wrinkles=round(Ramp(0, 5, 14).at(severity)),
        wrinkle_mm=Ramp(0.1, 0.5, 0.9).at(severity), folds=int(rng.integers(1, 4)), fold_slope=Ramp(0.01, 0.08, 0.16).at(severity),
        kinks=round(Ramp(0, 25, 70).at(severity)), kink_slope=Ramp(0.02, 0.12, 0.22).at(severity),
    )  # fmt: skip
    torn = tear_sheet(_size_mm(flat), _apart(rng), severity=severity)
    notes = draw_notes(_size_mm(flat), round(Ramp(0, 3, 7).at(severity)), _apart(rng))
    stains = _stains(0.6 * severity, rng)
    age = Age(Ramp(0.01, 0.08, 0.2).at(severity), Ramp(0.01, 0.08, 0.2).at(severity), _seed(rng))
    overprint = _overprint(_size_mm(flat), round(Ramp(0, 1, 3).at(severity)), _apart(rng))
    scene = _photographed(flat, severity, rng, handling, worn=Ramp(0, 1.0, 2.5).at(severity))
    return replace(
        scene, layers=(*scene.layers, age, *stains), notes=notes, overprint=overprint, torn=torn if severity > 0 else None
    )


def mouldy_scan(flat: Geometry, severity: float, rng: np.random.Generator) -> Scene:
    """Scan a page in color on which mould grew after it was wet."""
    scene = color_scan(flat, severity, rng)
    return replace(scene, layers=(*scene.layers, *_mould(severity, rng)))


def mouldy_gray_scan(flat: Geometry, severity: float, rng: np.random.Generator) -> Scene:
    """Scan a mouldy page in black and white."""
    scene = gray_scan(flat, severity, rng)
    return replace(scene, layers=(*scene.layers, *_mould(severity, rng)))


KINDS: Mapping[str, Kind] = {
    "0001": render_only, "0003": color_scan, "0004": gray_scan, "0005": photo, "0006": screen_photo, "0009": stained_photo,
    "0010": damaged_photo, "0011": mouldy_scan, "0012": mouldy_gray_scan,
}  # fmt: skip


def _photographed(flat: Geometry, severity: float, rng: np.random.Generator, handling: Handling, *, worn: float = 0.0) -> Scene:
    hold, scratched = _hold(severity, rng), rng.random() < SCRATCHED
    matrix, slant_deg = held(flat, hold)
    relief = draw_relief(_size_mm(flat), handling, _apart(rng))
    lamp = Shading(relief, float(rng.uniform(0, 360)), float(rng.uniform(30, 60)), float(rng.uniform(0.4, 0.8)), worn)
    exposure = rng.uniform(0.86, 1.06) - 0.08 * severity * rng.uniform(0, 1)  # phones expose until paper is nearly white
    light = Light(
        exposure * tinted(uneven_field(flat.shape, PHOTO.light.at(severity), rng), rng), LIGHTS[rng.integers(len(LIGHTS))]
    )
    creases = Creases(
        int(rng.integers(0, 1 + round(Ramp(2, 14, 30).at(severity)))), Ramp(0.06, 0.16, 0.26).at(severity), _seed(rng)
    )
    lines = int(_apart(rng).integers(0, 1 + round(Ramp(1, 6, 14).at(severity)))) if scratched else 0
    scratches = Scratches(lines, Ramp(0.08, 0.3, 0.45).at(severity), _size_mm(flat)[0], _seed(rng))
    return Scene(flat, ageing=(scratches,), layers=(*_paper(rng), lamp, creases), matrix=matrix, desk=draw_table(rng),
                 bend=_bend(flat, relief, hold, slant_deg), damages=_focused(flat, severity, rng, light))  # fmt: skip


def _bend(flat: Geometry, relief: Relief, hold: Hold, slant_deg: float) -> Bend:
    """Return how the camera that is held so sees the relief."""
    size = np.array(_size_mm(flat))
    distance, toward = DISTANCE * float(size.max()), np.deg2rad(hold.toward_deg)
    foot = size / 2 + distance * np.tan(np.deg2rad(slant_deg)) * np.array([np.cos(toward), np.sin(toward)])
    return Bend(relief, foot, distance)


def _hold(severity: float, rng: np.random.Generator) -> Hold:
    """Draw how a phone is held: most pictures show all of the sheet, some little of its edges."""
    fill = rng.uniform(0.9, 0.98) if rng.random() < 0.6 else rng.uniform(0.99, 1.03)
    shift_x, shift_y = rng.uniform(-0.8, 0.8, 2)
    tilt = float(rng.choice((-1.0, 1.0))) * PHOTO.tilt_deg.at(severity) * rng.uniform(0.9, 1.1)
    toward = rng.normal(90, 30) if rng.random() < FROM_BELOW else rng.uniform(0, 360)
    return Hold(tilt, PHOTO.keystone.at(severity), float(toward), float(fill), (float(shift_x), float(shift_y)))


def _scanned(flat: Geometry, severity: float, rng: np.random.Generator, *copier: Damage) -> Scene:
    """Lay a sheet on a scanner's glass; `copier`: what a black-and-white scanner does to levels."""
    tilt = float(rng.choice((-1.0, 1.0))) * SCAN.tilt_deg.at(severity) * rng.uniform(0.9, 1.1)
    shift_x, shift_y = rng.uniform(-1, 1, 2)
    tint = SCANNED_PAPER[rng.integers(len(SCANNED_PAPER))]
    light = Light(uneven_field(flat.shape, SCAN.light.at(severity), rng, shadows=0), tint)
    matrix = on_glass(flat, tilt, (float(shift_x), float(shift_y)))
    return Scene(flat, layers=_paper(rng), matrix=matrix, damages=_digitized(flat, severity, rng, light, *copier))


def _focused(flat: Geometry, severity: float, rng: np.random.Generator, *light: Damage) -> tuple[Damage, ...]:
    """Blur by focus and by motion, sharpen, let the light fall, add noise and store: what a phone does."""
    scale = float(flat.matrix[0, 0])
    sigma, noise = focus_px(scale, PHOTO.blur_mm.at(severity)), stored_noise(scale, PHOTO.noise.at(severity), severity)
    moved, amount = rng.uniform(0, 0.5), resharpened(scale, severity)
    return (
        Blur(sigma * float(np.sqrt(1 - moved))), MotionBlur(sigma * float(np.sqrt(12 * moved)), float(rng.uniform(0, 180))),
        Sharpen(float(rng.uniform(0.2, 0.7)) + amount, 0.15 * scale), Contrast(PHOTO.contrast.at(severity), WHITE),
        *light, Noise(noise, 0.5 * noise), Jpeg(round(PHOTO.quality.at(severity))),
    )  # fmt: skip


def _digitized(flat: Geometry, severity: float, rng: np.random.Generator, light: Light, *copier: Damage) -> tuple[Damage, ...]:
    """Blur by the optics and by storing small, stretch contrast, add noise and store: what a scanner and a website do."""
    sigma, noise = SCAN.blur_mm.at(severity) * float(flat.matrix[0, 0]), SCAN.noise.at(severity)
    stored = rng.uniform(0.3, 0.9)
    return (
        Blur(sigma * float(np.sqrt(1 - stored))), Downscale(2 * sigma * float(np.sqrt(stored))),
        Contrast(SCAN.contrast.at(severity), WHITE), light, *copier, Noise(noise, 0.0 if copier else 0.4 * noise),
        Jpeg(round(SCAN.quality.at(severity))),
    )  # fmt: skip


def _paper(rng: np.random.Generator) -> tuple[Layer, ...]:
    return (Grain(float(rng.uniform(0.004, 0.01)), float(rng.uniform(0.002, 0.008)), _seed(rng)),)


def _stains(severity: float, rng: np.random.Generator) -> tuple[Layer, ...]:
    """Draw spills; each has its own chance, so that more severe pages have the same and further ones."""
    strength = Ramp(0.15, 0.7, 1.3).at(severity)
    makers = (cup_ring, blot, tide_mark, blot, cup_ring, blot, tide_mark, blot, blot, tide_mark, cup_ring, blot)
    spills = [make(rng, strength) for make in makers]
    return tuple(spills[: round(Ramp(1, 6, len(makers)).at(severity))])


def _mould(severity: float, rng: np.random.Generator) -> tuple[Layer, ...]:
    strength = Ramp(0.2, 0.9, 1.8).at(severity)
    age = Age(Ramp(0.01, 0.06, 0.15).at(severity), Ramp(0.01, 0.08, 0.2).at(severity), _seed(rng))
    tints = (MOULD, MOULD, MOULD, RUST, PINK_MOULD)
    kinds = [(tints[rng.integers(len(tints))], rng.uniform(0.4, 1), _seed(rng)) for _ in range(2)]
    colonies = Ramp(1, 9, 28).at(severity)
    mould = tuple(Mould(round(colonies * share), strength, tint, seed) for tint, share, seed in kinds)
    tides = tuple(tide_mark(rng, strength) for _ in range(3))[: round(Ramp(0, 1, 3).at(severity))]
    return (age, *tides, *mould)


def _overprint(size_mm: tuple[float, float], lines: int, rng: np.random.Generator) -> tuple[Text, ...]:
    places = rng.uniform((0.05, 0.15), (0.6, 0.95), (lines, 2)) * np.array(size_mm)
    heights = rng.uniform(2.2, 4.5, lines)
    said = [STAMPS[index] for index in rng.integers(0, len(STAMPS), lines)]
    return tuple(
        Text(float(x), float(y), float(height), text) for (x, y), height, text in zip(places, heights, said, strict=True)
    )


def _size_mm(flat: Geometry) -> tuple[float, float]:
    return Scene(flat).size_mm


def _apart(rng: np.random.Generator) -> np.random.Generator:
    """Return a source of chance of its own, so that drawing more from it, on a more severe page, leaves all else as it is."""
    return np.random.default_rng(_seed(rng))


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
