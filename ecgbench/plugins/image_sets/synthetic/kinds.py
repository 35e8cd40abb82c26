"""The kinds of picture that a sheet can become, each from mild to severe; named as Kaggle names its image types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.synthetic.damage import Blur, Damage, Gray, Jpeg, Levels, Light, Noise, desk, drop_shadow
from ecgbench.plugins.image_sets.synthetic.geometry import Geometry, corners, warp
from ecgbench.plugins.image_sets.synthetic.heart import Float
from ecgbench.plugins.image_sets.synthetic.layouts import LETTER_MM
from ecgbench.plugins.image_sets.synthetic.paper import Color

DESKS: tuple[Color, ...] = ((62, 88, 122), (45, 60, 84), (96, 92, 88), (110, 78, 52), (70, 92, 78), (150, 160, 168))


@dataclass(frozen=True)
class Scene:
    """How a print becomes a picture: where it comes to lie, on what, and what is done to the pixels then.

    `matrix`: (3, 3), pixels of the print to pixels of the picture, None where it stays as it is. `desk`: color of the ground
    around a sheet whose edges are seen; None where the ground is the paper's own color. `blur_px`: sigma of all blurs together.
    """

    matrix: Float | None = None
    desk: Color | None = None
    damages: tuple[Damage, ...] = ()

    @property
    def blur_px(self) -> float:
        """Standard deviation of all blurs together, in pixels of the picture."""
        return float(np.sqrt(sum(damage.sigma_px**2 for damage in self.damages if isinstance(damage, Blur))))

    def geometry(self, flat: Geometry) -> Geometry:
        """Return where the millimeters of a print with geometry `flat` lie in the picture, which is of the same size."""
        return flat if self.matrix is None else flat.moved(self.matrix, flat.shape)

    def take(self, pixels: Pixels, paper: Color, rng: np.random.Generator) -> Pixels:
        """Return the picture of a print, (H, W, 3) uint8 each; `paper` is the color of its ground."""
        if self.matrix is not None:
            pixels = warp(pixels, self.matrix, self._ground(pixels.shape[:2], paper, rng))
        for damage in self.damages:
            pixels = damage.apply(pixels, rng)
        return pixels

    def move(self, coverage: Pixels) -> Pixels:
        """Return where ink of a print, (H, W) uint8 of how much it covers each pixel, lies in the picture."""
        return coverage if self.matrix is None else warp(coverage, self.matrix, np.zeros_like(coverage))

    def _ground(self, shape: tuple[int, int], paper: Color, rng: np.random.Generator) -> Pixels:
        if self.desk is None or self.matrix is None:
            return np.full((*shape, 3), paper, np.uint8)
        outline = Geometry(self.matrix, shape).to_pixels(corners(-0.5, -0.5, shape[1] - 0.5, shape[0] - 0.5))
        depth, lift = rng.uniform(0.2, 0.5), shape[1] * rng.uniform(0.002, 0.008)
        table = desk(shape, self.desk, rng)
        return drop_shadow(table, outline, depth=depth, spread_px=2 * lift, offset_px=(lift, 1.5 * lift))


def render_only(_shape: tuple[int, int], _severity: float, _rng: np.random.Generator) -> Scene:
    """Leave a computer's render as it is, whatever the severity."""
    return Scene()


def color_scan(shape: tuple[int, int], severity: float, rng: np.random.Generator) -> Scene:
    """Scan in color on a flat bed: tilted by up to 2 degrees, a little soft, tinted and noisy, and stored as JPEG."""
    tint = 1 - severity * rng.uniform(0, 0.08, 3)
    damages = (
        Light(color=(float(tint[0]), float(tint[1]), float(tint[2])), falloff=float(0.1 * severity * rng.uniform(0, 1))),
        Blur(_px(shape, mm=0.03 + 0.07 * severity)),
        Noise(luma=1 + 5 * severity, chroma=3 * severity),
        Jpeg(round(95 - 45 * severity)),
    )
    return Scene(_tilted(shape, _either_sign(rng) * (0.2 + 1.8 * severity), rng), None, damages)


def gray_scan(shape: tuple[int, int], severity: float, rng: np.random.Generator) -> Scene:
    """Scan in black and white: tilted by up to 2 degrees, without color, with the hard contrast of a copier."""
    damages = (
        Gray(),
        Blur(_px(shape, mm=0.03 + 0.07 * severity)),
        Levels(black=20 + 80 * severity, white=250 - 15 * severity),
        Noise(luma=1 + 6 * severity),
        Jpeg(round(95 - 45 * severity)),
    )
    return Scene(_tilted(shape, _either_sign(rng) * (0.2 + 1.8 * severity), rng), None, damages)


def photo(shape: tuple[int, int], severity: float, rng: np.random.Generator) -> Scene:
    """Take a phone's photo of the page on a desk: turned, in perspective, unevenly lit, softly shadowed, out of focus and noisy."""
    warm = rng.uniform(0, 0.12)
    light = Light(
        color=(float(0.93 - warm), float(0.95 - warm / 3), 0.97),
        falloff=float(0.1 + 0.35 * severity * rng.uniform(0.5, 1)),
        toward_deg=float(rng.uniform(0, 360)),
        shadow=float(0.5 * severity * rng.uniform(0.3, 1)),
        shadow_deg=float(rng.uniform(0, 360)),
        shadow_at=float(rng.uniform(-0.3, 0.6)),
        softness=float(rng.uniform(0.1, 0.5)),
    )
    damages = (
        light,
        Blur(_px(shape, mm=0.06 + 0.36 * severity**2)),
        Noise(luma=1.5 + 6 * severity, chroma=1 + 4 * severity),
        Jpeg(round(92 - 40 * severity)),
    )
    return Scene(_held(shape, severity, rng), DESKS[rng.integers(len(DESKS))], damages)


Kind = Callable[[tuple[int, int], float, np.random.Generator], Scene]
KINDS: Mapping[str, Kind] = {"0001": render_only, "0003": color_scan, "0004": gray_scan, "0005": photo}


def _px(shape: tuple[int, int], *, mm: float) -> float:
    """Return `mm` of the sheet in pixels of a picture of `shape`."""
    return mm * shape[0] / LETTER_MM[1]


def _either_sign(rng: np.random.Generator) -> float:
    return float(rng.choice((-1.0, 1.0)))


def _tilted(shape: tuple[int, int], angle_deg: float, rng: np.random.Generator) -> Float:
    """Return the turn of a sheet on a scanner's glass: about its center, clockwise as seen, and moved by up to 1 mm."""
    middle = np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2])
    angle = np.deg2rad(angle_deg)
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    moved = middle - turn @ middle + rng.uniform(-1, 1, 2) * shape[1] / LETTER_MM[0]
    return np.vstack([np.column_stack([turn, moved]), (0.0, 0.0, 1.0)])


def _held(shape: tuple[int, int], severity: float, rng: np.random.Generator) -> Float:
    """Return the perspective of a hand-held camera: the sheet fills 84 to 90 % of the picture, turned by up to 5 degrees.

    Each corner comes from up to 5 % of the picture's size nearer to the center, so that the whole sheet stays in the picture.
    """
    height, width = shape
    source = corners(-0.5, -0.5, width - 0.5, height - 0.5)
    center = source.mean(axis=0)
    angle = np.deg2rad(rng.uniform(-1, 1) * (1 + 4 * severity))
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    inward = 1 - 0.1 * severity * rng.uniform(0, 1, (4, 2))
    target = center + ((source - center) * rng.uniform(0.84, 0.9) * inward) @ turn.T
    return homography(source, target)


def homography(source: Float, target: Float) -> Float:
    """Return the projective map (3, 3) that takes four points (4, 2) to four others.

    >>> square = corners(0, 0, 1, 1)
    >>> np.round(homography(square, 2 * square + 3), 6).tolist()
    [[2.0, 0.0, 3.0], [0.0, 2.0, 3.0], [0.0, 0.0, 1.0]]
    """
    zero, one = np.zeros((4, 3)), np.ones((4, 1))
    points = np.hstack([source, one])
    rows_x = np.hstack([points, zero, -target[:, :1] * source])
    rows_y = np.hstack([zero, points, -target[:, 1:] * source])
    solved = np.linalg.solve(np.vstack([rows_x, rows_y]), np.concatenate([target[:, 0], target[:, 1]]))
    return np.append(solved, 1.0).reshape(3, 3)
