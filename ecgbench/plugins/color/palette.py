"""The separator `color.pillow`: the page's inks, reduced to a palette and sorted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ecgbench.core.page import Bgr
from ecgbench.core.params import param
from ecgbench.core.results import Separation
from ecgbench.core.transformer import transformer
from ecgbench.plugins.color.ink import DARKEST_PAPER, MOST_TRACE, Floats, Levels, Rows, cell_side, separation
from ecgbench.plugins.content_box import sheet_mask

if TYPE_CHECKING:
    from PIL.Image import Image

DENSITY_SCALE = (
    100.0  # 8-bit units of density for a factor e: what sends back less than a thirteenth of the paper's light is black
)
FAINTEST_DENSITY = 12.0  # of those units: a ninth of the paper's light is missing
LEAST_BLACK = 0.15  # share of the light that a trace's ink takes from every channel
SAMPLE_SIZE = (1000, 800)  # pixels of which the palette is made
PAPER, GRID, TRACE = 0, 1, 2


@dataclass(frozen=True)
class PillowParams:
    """Parameters of `color.pillow`."""

    colors: int = param(64, 8, 256, "number of inks that the page is reduced to")


@transformer("color.pillow")
def pillow(image: Bgr, p: PillowParams) -> Separation:
    """Reduce the page to a few inks and sort these into paper, grid and trace.

    How it works: a table turns each channel into optical density, from which that of the paper nearby is subtracted, so that
    shadows cancel. An octree picks the inks that occur. An ink that is dense in one channel at least is grid or trace; the
    trace's are dense in all three. They are parted where the squared distances to the two means are least, again until the
    darker part is no more than a trace can cover.
    What works: grids of each color and of shades of grey, also in shadow (test_the_trace_is_found_on_each_grid_color,
    test_the_trace_is_found_in_black_and_white, test_a_shadow_is_no_ink). A desk around the sheet is left out
    (test_a_desk_is_neither_trace_nor_grid).
    Trace F1 within 1 px by type, mean over 20 records that were kept for this and its 95 % interval: 0001 0.968 (0.931 to
    1.000); 0003 0.919 (0.818 to 0.977); 0004 0.911 (0.810 to 0.972); 0005 0.953 (0.912 to 0.983); 0006 0.964 (0.931 to
    0.988); 0009 0.974 (0.951 to 0.993); 0010 0.967 (0.942 to 0.989); 0011 0.598 (0.490 to 0.690); 0012 0.566 (0.468 to
    0.660); clDice: 0001 0.928; 0003 0.807; 0004 0.792; 0005 0.902; 0006 0.903; 0009 0.915; 0010 0.908; 0011 0.517; 0012
    0.500 (`ecgbench run 'synthetic?count=180&seed=1000&severity=0.5' --methods 'color.*'`, then `ecgbench leaderboard --by
    type`).
    What didn't work: pale fine lines share an ink with paper and are lost; creases and the rims of deep shadows come out as
    grid (real/ecg00028.jpg). Black dots of a grid are taken for trace (real/nhothai_0607458_300dpi.jpg).
    On grids of black ink it takes more of the lines for trace (F1 about 0.1 lower than on other grids), and on mould most of it.
    Changes: 0.1 first version.
    References: M. Gervautz and W. Purgathofer, A Simple Method for Color Quantization: Octree Quantization, New Trends in
    Computer Graphics, 1988.
    """
    from PIL import Image, ImageFilter

    rgb = Image.fromarray(np.ascontiguousarray(image[..., ::-1]))
    sheet = sheet_mask(np.asarray(rgb.convert("L")))
    density = _density(rgb)
    if sheet is not None:
        density.paste(0, mask=Image.fromarray(~sheet))  # the desk counts as bare paper
    inks = density.resize(_sample_size(density), Image.Resampling.NEAREST).quantize(p.colors, method=Image.Quantize.FASTOCTREE)
    palette = np.array(inks.getpalette("RGB"), np.float64).reshape(-1, 3)
    counts = np.bincount(np.asarray(inks).ravel(), minlength=len(palette))[: len(palette)]
    kinds = _sorted_inks(palette, counts)
    kind = density.quantize(palette=inks, dither=Image.Dither.NONE).point([*kinds.tolist(), *[PAPER] * (256 - len(kinds))], "L")
    drawn = kind.point([255 * (value == TRACE) for value in range(256)])
    near = np.asarray(drawn.filter(ImageFilter.BoxBlur(1))) > 0
    grid = (np.asarray(kind) == GRID) & ~near
    ink = _mean_ink(palette, counts, kinds == GRID)
    return separation(np.asarray(drawn) > 0, grid, 255 * np.exp(-ink[::-1] / DENSITY_SCALE), np.full(3, 255.0))


def _sample_size(image: Image) -> tuple[int, int]:
    return min(image.width, SAMPLE_SIZE[0]), min(image.height, SAMPLE_SIZE[1])


def _density(rgb: Image) -> Image:
    """Return the optical density of each channel beyond that of the paper nearby."""
    from PIL import Image, ImageChops, ImageFilter

    levels = np.maximum(np.arange(256), DARKEST_PAPER / 4)
    table = np.minimum(255, np.rint(DENSITY_SCALE * np.log(256 / (levels + 1)))).astype(int).tolist()
    density = rgb.point(table * 3)
    reach = cell_side((rgb.height, rgb.width)) // 2
    paper = _thinned(density).filter(ImageFilter.MinFilter(3))
    # Windows of 3 on ever smaller pictures reach as far as one large window, in a quarter of its time.
    paper = _thinned(paper)
    for _ in range(max(1, round((reach - 1) / 3))):
        paper = paper.filter(ImageFilter.MinFilter(3))
    paper = paper.filter(ImageFilter.BoxBlur(max(1, round(2 * reach / 3))))
    return ImageChops.subtract(density, paper.resize(rgb.size, Image.Resampling.BILINEAR))


def _thinned(picture: Image) -> Image:
    """Return every third pixel of a picture."""
    from PIL import Image

    return picture.resize((-(-picture.width // 3), -(-picture.height // 3)), Image.Resampling.NEAREST)


def _sorted_inks(palette: Floats, counts: Levels) -> Rows:
    """Return for each ink whether it is PAPER, GRID or TRACE."""
    black = 1 - np.exp(-palette.min(axis=1) / DENSITY_SCALE)
    inked = (palette.max(axis=1) > FAINTEST_DENSITY) & (counts > 0)
    kinds = np.where(inked, GRID, PAPER).astype(np.intp)
    darkest = np.flatnonzero(inked)[np.argsort(black[inked], kind="stable")]
    while counts[darkest].sum() > MOST_TRACE * counts.sum() and darkest.size > 1:
        darkest = darkest[_best_split(black[darkest], np.sqrt(counts[darkest])) :]
    if darkest.size:
        half = 0.5 * float(np.average(black[darkest], weights=counts[darkest]))  # as dark as a pixel that ink covers by half
        kinds[darkest[black[darkest] > max(LEAST_BLACK, half)]] = TRACE
    return kinds


def _best_split(values: Floats, weights: Floats) -> int:
    """Return the index at which two or more sorted values fall into the groups of least weighted squared distance to their means."""
    total, summed = np.cumsum(weights), np.cumsum(weights * values)
    below, above = total[:-1], total[-1] - total[:-1]
    between = below * above * (summed[:-1] / below - (summed[-1] - summed[:-1]) / above) ** 2
    return int(np.argmax(between)) + 1


def _mean_ink(palette: Floats, counts: Levels, chosen: Levels) -> Floats:
    """Return the mean density of the chosen inks, denser ones counting more."""
    weights = counts[chosen] * palette[chosen].max(axis=1)
    return np.asarray(np.average(palette[chosen], axis=0, weights=weights)) if weights.sum() else np.zeros(3)
