"""Which periods a page shows along its rows and columns, from spectra of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ecgbench.plugins.grid.ink import Ink, InkLevel

Floats = npt.NDArray[np.float64]

STRIP = 8  # rows averaged to one: a line tilted by 10 degrees moves 1.4 px within, less than a period
TILE = (32, 512)  # strips x columns of one spectrum: 256 x 512 px, so that light, tilt and spacing are about constant within
MOST_TILES = 4  # along each side; 6 found the same families of the labelled pictures in twice the time
FLOOR_BINS = 41  # width in bins of the running median that is the noise floor: wider than any line of the comb
FLOOR_STEP = 4  # bins for which it is the same
LOUDEST_DB = 25.0  # a single period, such as a halftone's, counts no more than that
LARGEST_RATIO = 1.25  # of the spacings along both axes: a camera tilted by 35 degrees; the labelled pictures have 1.056 or less
LONGEST_BIN = 8  # the first bins hold what is slower than 64 px: shading and the layout of leads
PEAK_WIDTH = 0.15  # relative; one candidate within this distance of a stronger one is the same
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
    """Average the level's rows (its columns where `turned`) in strips of `height` pixels, as many as fit, at least one."""
    ink = cv2.transpose(level.ink) if turned else level.ink
    center = level.center[::-1] if turned else level.center
    height = min(height, ink.shape[0])
    count, width = ink.shape[0] // height, ink.shape[1]
    values = ink[: count * height].reshape(count, height, width).sum(axis=1) / np.float32(height)
    values -= values.mean(axis=1, keepdims=True)
    x, y = np.arange(width) + 0.5 - center[0], (np.arange(count) + 0.5) * height - center[1]
    return Strips(np.asarray(values, dtype=np.float32), x, y, height)


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
    window = np.outer(np.hanning(rows + 2)[1:-1], np.hanning(columns + 2)[1:-1]).astype(np.float32)
    tiles = (tiles - tiles.mean(axis=2, keepdims=True)) * window
    x = strips.x[0] - 0.5 + left + columns / 2
    y = strips.y[0] + (top + (rows - 1) / 2) * strips.height
    return tiles, x, y


def power_spectra(tiles: Ink, rows: int, columns: int) -> Ink:
    """Return the power spectra of tiles (t, h, w), with zeros up to (rows, columns): (t, rows, columns // 2 + 1) float32.

    As np.fft.rfft2 gives them, in half the time; `columns` is even.

    >>> tiles = np.arange(24, dtype=np.float32).reshape(1, 4, 6) % 5
    >>> bool(np.allclose(power_spectra(tiles, 8, 8), np.abs(np.fft.rfft2(tiles, s=(8, 8))) ** 2, rtol=1e-4, atol=1e-4))
    True
    """
    count, height, width = tiles.shape
    padded = np.zeros((count, rows, columns), np.float32)
    padded[:, :height, :width] = tiles
    power = np.empty((count, rows, columns // 2 + 1), np.float32)
    for tile, found in zip(padded, power, strict=True):
        packed = np.asarray(
            cv2.dft(tile), np.float32
        )  # of the waves between the first and the last, real and imaginary parts in turn
        np.square(packed[:, 1:-1:2], out=found[:, 1:-1])
        found[:, 1:-1] += np.square(packed[:, 2:-1:2])
    for wave, along in ((0, padded.sum(axis=2)), (-1, padded[..., ::2].sum(axis=2) - padded[..., 1::2].sum(axis=2))):
        ends = np.fft.fft(along, axis=1)
        power[..., wave] = np.square(ends.real) + np.square(ends.imag)
    return power


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
    """Return the periods that stand out along both axes of a level, the strongest first."""
    along, across = (line_spectrum(strips_of(level, height=STRIP, turned=turned), largest_tilt) for turned in (False, True))
    bins, differing = _bins(len(along))
    both = np.minimum(along[1:, None], across[None, 1:]) - differing
    np.maximum(both, 0, out=both)
    both[: LONGEST_BIN - 1] = 0
    found: list[Candidate] = []
    for _ in range(MOST_PEAKS):
        i, j = np.unravel_index(int(both.argmax()), both.shape)
        if both[i, j] <= 0:
            break
        frequencies = (_between_bins(along, int(bins[i])), _between_bins(across, int(bins[j])))
        x, y = (frequency / TILE[1] / level.scale for frequency in frequencies)
        found.append(Candidate(x, y, float(both[i, j])))
        both[np.abs(np.log(bins / bins[i])) < PEAK_WIDTH] = 0
    return found


@cache
def _bins(count: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return the bins from 1 on, and by how many dB two of them, one an axis, count less: a dB for each 10 % apart, all beyond LARGEST_RATIO."""
    bins = np.arange(1, count)
    distance = np.abs(np.log(bins[:, None] / bins[None, :]))
    return bins, np.where(distance > np.log(LARGEST_RATIO), np.inf, distance * 10)


def _between_bins(spectrum: Floats, peak: int) -> float:
    """Return the vertex of the parabola through a peak and its neighbors."""
    if not 1 <= peak < len(spectrum) - 1:
        return float(peak)
    left, top, right = spectrum[peak - 1 : peak + 2]
    bend = left - 2 * top + right
    return float(peak if bend >= 0 else peak + np.clip((left - right) / 2 / bend, -0.5, 0.5))
