"""Which periods a page shows along its rows and columns, from spectra of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ecgbench.plugins.grid.ink import WIDE_STRIP, Ink, InkLevel

Floats = npt.NDArray[np.float64]

TILE = (32, 512)  # strips x columns of one spectrum: 256 x 512 px, so that light, tilt and spacing are about constant within
MOST_TILES = 4  # along each side; 6 found the same families of the labelled pictures in twice the time
FLOOR_BINS = 41  # width in bins of the running median that is the noise floor: wider than any line of the comb
FLOOR_STEP = 4  # bins for which it is the same
LOUDEST_DB = 25.0  # a single period, such as a halftone's, counts no more than that
LARGEST_RATIO = 1.25  # of the spacings along both axes: a camera tilted by 35 degrees; the labelled pictures have 1.056 or less
LONGEST_BIN = 8  # the first bins hold what is slower than 64 px: shading and the layout of leads
PEAK_WIDTH = 0.15  # relative; one candidate within this distance of a stronger one is the same
WEAKEST_DB = 4.5  # of a candidate; noise and photographs show periods of 2 to 5 dB, the faintest labelled crop one of 5.3
MOST_PEAKS = 3  # a level


@dataclass(frozen=True)
class Candidate:
    """A period seen along both axes: frequencies in cycles per pixel of the page, and how far it stands out, in dB."""

    frequency_x: float
    frequency_y: float
    strength_db: float

    def is_near(self, other: Candidate) -> bool:
        """Whether the other shows about the same period."""
        return abs(float(np.log(self.frequency_x / other.frequency_x))) < PEAK_WIDTH


@dataclass(frozen=True, eq=False)
class Strips:
    """Rows of ink, averaged in strips.

    `values`: (n, w) float32, each row of mean 0. `x` (w,), `y` (n,): positions of columns and strips from the page's center, in pixels
    of the level. `height`: of a strip, in the same pixels.
    """

    values: Ink
    x: Floats
    y: Floats
    height: int


def strips_of(level: InkLevel, *, height: int, turned: bool) -> Strips:
    """Average the level's rows (its columns where `turned`) in strips of NARROW_STRIP or WIDE_STRIP pixels, as many as fit."""
    values = level.columns if turned else level.rows
    center = level.center[::-1] if turned else level.center
    if height == WIDE_STRIP:
        count = len(values) // 2
        values = (values[0 : 2 * count : 2] + values[1 : 2 * count : 2]) * np.float32(0.5)
    values = values - values.mean(axis=1, keepdims=True)
    count, width = values.shape
    x, y = np.arange(width) + 0.5 - center[0], (np.arange(count) + 0.5) * height - center[1]
    return Strips(values, x, y, height)


def starts(length: int, size: int, most: int) -> npt.NDArray[np.intp]:
    """Return where windows of `size` begin that cover `length`, half overlapping, at most `most` of them."""
    count = min(most, -(-2 * length // size) - 1)
    return np.rint(np.linspace(0, max(0, length - size), max(1, count))).astype(np.intp)


def tiles_of(strips: Strips, rows: int, columns: int, most: int) -> tuple[Ink, Floats, Floats]:
    """Cut the strips into overlapping tiles under a Hann window: (t, rows, columns) float32, and the tiles' centers x, y (t,)."""
    values = strips.values
    rows, columns = min(rows, values.shape[0]), min(columns, values.shape[1])
    top, left = (
        axis.ravel() for axis in np.meshgrid(starts(values.shape[0], rows, most), starts(values.shape[1], columns, most))
    )
    tiles = sliding_window_view(values, (rows, columns))[top, left]
    tiles -= tiles.mean(axis=2, keepdims=True)
    tiles *= _hann(rows, columns)
    x = strips.x[0] - 0.5 + left + columns / 2
    y = strips.y[0] + (top + (rows - 1) / 2) * strips.height
    return tiles, x, y


def power_spectra(tiles: Ink, rows: int, columns: int) -> Ink:
    """Return the power spectra of tiles (t, h, w), with zeros up to (rows, columns): (t, rows, columns // 2 + 1) float32.

    As np.fft.rfft2 gives them, in a third of the time; `rows` and `columns` are even.

    >>> tiles = np.arange(24, dtype=np.float32).reshape(1, 4, 6) % 5
    >>> bool(np.allclose(power_spectra(tiles, 8, 8), np.abs(np.fft.rfft2(tiles, s=(8, 8))) ** 2, rtol=1e-4, atol=1e-4))
    True
    """
    count, height, width = tiles.shape
    if (height, width) != (rows, columns):
        padded = np.zeros((count, rows, columns), np.float32)
        padded[:, :height, :width] = tiles
        tiles = padded
    packed = np.empty_like(tiles)
    for tile, waves in zip(tiles, packed, strict=True):
        cv2.dft(tile, waves)
    np.square(packed, out=packed)
    # Of the waves between the first and the last along a row, real and imaginary parts stand side by side; of these two, one below the other.
    power = np.empty((count, rows, columns // 2 + 1), np.float32)
    np.add(packed[..., 1:-1:2], packed[..., 2:-1:2], out=power[..., 1:-1])
    last = (rows - 1) // 2
    for wave in (0, -1):
        ends, summed = packed[..., wave], power[..., wave]
        summed[:, 0], summed[:, rows // 2] = ends[:, 0], ends[:, -1]
        np.add(ends[:, 1 : 2 * last : 2], ends[:, 2 : 2 * last + 1 : 2], out=summed[:, 1 : last + 1])
        summed[:, rows - last :] = summed[:, last:0:-1]
    return power


@cache
def _hann(rows: int, columns: int) -> Ink:
    return np.outer(np.hanning(rows + 2)[1:-1], np.hanning(columns + 2)[1:-1]).astype(np.float32)


@cache
def tilt_mask(rows: int, columns: int, step: int, largest_tilt: float, slack: float) -> npt.NDArray[np.bool_]:
    """Return where in a tile's (rows, columns // 2 + 1) spectrum lines lie that lean by at most `largest_tilt` (a tangent)."""
    along, across = np.arange(columns // 2 + 1) / columns, np.abs(np.fft.fftfreq(rows))
    return np.asarray(across[:, None] <= along * largest_tilt * step + slack)


def line_spectrum(strips: Strips, largest_tilt: float) -> Floats:
    """Return how far each frequency k / 512 cycles per pixel stands out of its surroundings, in dB: (257,) float64.

    Power spectra of tiles; of each frequency along the row the strongest tilt counts; each tile is held against its own noise
    floor and capped before the mean, so that neither a dark corner nor a trace outweighs the rest (after Welch, 1967).
    """
    rows, columns = TILE
    tiles, _, _ = tiles_of(strips, rows, columns, MOST_TILES)
    power = power_spectra(tiles, rows, columns)
    mask = tilt_mask(rows, columns, strips.height, largest_tilt, 1.01 / tiles.shape[1])
    power *= mask
    strongest = np.log10(power.max(axis=1) + np.float32(1e-12))
    edges = np.pad(strongest, ((0, 0), (FLOOR_BINS // 2, FLOOR_BINS // 2)), mode="reflect")
    windows = sliding_window_view(edges, FLOOR_BINS, axis=1)[:, ::FLOOR_STEP]
    floor = np.partition(windows, FLOOR_BINS // 2, axis=2)[..., FLOOR_BINS // 2]
    floor = np.repeat(floor, FLOOR_STEP, axis=1)[:, : strongest.shape[1]]
    return np.asarray(np.clip(10 * (strongest - floor), 0, LOUDEST_DB).mean(axis=0), dtype=np.float64)


def common_periods(level: InkLevel, largest_tilt: float) -> list[Candidate]:
    """Return the periods that stand out along both axes of a level by WEAKEST_DB or more, the strongest first."""
    along, across = (line_spectrum(strips_of(level, height=WIDE_STRIP, turned=turned), largest_tilt) for turned in (False, True))
    rows, columns = (np.flatnonzero(spectrum >= WEAKEST_DB) for spectrum in (along, across))
    rows, columns = rows[rows >= LONGEST_BIN], columns[columns > 0]
    both = np.minimum(along[rows, None], across[None, columns]) - _differing(len(along))[rows[:, None], columns]
    found: list[Candidate] = []
    while both.size and len(found) < MOST_PEAKS:
        i, j = np.unravel_index(int(both.argmax()), both.shape)
        if both[i, j] < WEAKEST_DB:
            break
        frequencies = (_between_bins(along, int(rows[i])), _between_bins(across, int(columns[j])))
        x, y = (frequency / TILE[1] / level.scale for frequency in frequencies)
        found.append(Candidate(x, y, float(both[i, j])))
        both[np.abs(np.log(rows / rows[i])) < PEAK_WIDTH] = 0
    return found


@cache
def _differing(count: int) -> Floats:
    """Return by how many dB two bins, one an axis, count less, (count, count): a dB for each 10 % apart, all beyond LARGEST_RATIO."""
    bins = np.maximum(np.arange(count), 1)
    distance = np.abs(np.log(bins[:, None] / bins[None, :]))
    return np.where(distance > np.log(LARGEST_RATIO), np.inf, distance * 10)


def _between_bins(spectrum: Floats, peak: int) -> float:
    """Return the vertex of the parabola through a peak and its neighbors."""
    if not 1 <= peak < len(spectrum) - 1:
        return float(peak)
    left, top, right = spectrum[peak - 1 : peak + 2]
    bend = left - 2 * top + right
    return float(peak if bend >= 0 else peak + np.clip((left - right) / 2 / bend, -0.5, 0.5))
