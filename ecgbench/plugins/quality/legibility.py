"""How likely a person can read a page, of what the gates measured: a score between the verdicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Curves:
    """How the likelihood falls with each measure: where it is a half, and how steep the logistic function is there.

    Steepness is that of a measure's logarithm, or of the hidden share itself. `unknown_scale`: of the pages on which neither grid nor pulse
    is found, so many are legible. benchmarks/calibrate_quality.py found them on 324 synthetic pages of development seeds, 47 of them
    illegible, as those of least log-loss.
    """

    half_px_per_mm: float = 2.97  # the truth's own limit is sharp, at 3; the scale is measured within 1 %
    resolution_steepness: float = 204.0
    half_blur_mm: float = 1.16
    blur_steepness: float = 11.2
    half_hidden: float = 0.246
    hidden_steepness: float = 19.0
    unknown_scale: float = 0.402


USUAL = Curves()


def legibility(
    px_per_mm: float | None, most_px_per_mm: float, blur_mm: float | None, hidden: float, curves: Curves = USUAL
) -> float:
    """Return how likely a person can measure a page and follow its traces, 0..1: sharp, large and uncovered are taken to be independent.

    `px_per_mm`: None where unknown; it is then `most_px_per_mm` at most, that of a page that fills the picture. `blur_mm`: width of the ink's
    edges, None where there is no ink.

    >>> [round(legibility(scale, 8.0, 0.5, share), 2) for scale, share in ((8.0, 0.0), (8.0, 0.3), (2.7, 0.0), (None, 0.0))]
    [0.99, 0.26, 0.0, 0.4]
    """
    if blur_mm is None:
        return 0.0
    shown = _logistic(curves.hidden_steepness * (curves.half_hidden - hidden))
    scale = most_px_per_mm if px_per_mm is None else px_per_mm
    large = _logistic(curves.resolution_steepness * float(np.log(scale / curves.half_px_per_mm)))
    if px_per_mm is None:
        return curves.unknown_scale * shown * large
    return shown * large * _logistic(curves.blur_steepness * float(np.log(curves.half_blur_mm / blur_mm)))


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -500, 500))))
