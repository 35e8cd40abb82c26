"""What becomes of a photo that is stored with fewer pixels: how much blur its pixels stand for, how noise averages, and what is sharpened."""

from __future__ import annotations

import numpy as np

CALIBRATED_PX_PER_MM = 200 / 25.4  # of the pages that the ramps of kinds.py were set on
SAMPLED_PX2 = 0.25  # variance, in pixels, by which pixels themselves widen a line: those of the print and those of the picture
AVERAGED = 2.0  # power of a picture's size that noise falls with: averaging gives 1, and services smooth what they store smaller
MOST_SPARED = 0.85  # share of a lens's blur that coarse pixels can stand for
RESHARPENED = (0.6, 0.8)  # added to the sharpening of pictures that were stored much smaller, at severity 0.5 and 1


def focus_px(px_per_mm: float, sigma_mm: float) -> float:
    """Return the blur (sigma) in pixels that gives `sigma_mm` at every resolution, together with what coarse pixels blur by themselves."""
    spared = max(0.0, SAMPLED_PX2 * (1 / px_per_mm**2 - 1 / CALIBRATED_PX_PER_MM**2))
    return px_per_mm * float(np.sqrt(sigma_mm**2 - min(spared, MOST_SPARED * sigma_mm**2)))


def stored_noise(px_per_mm: float, noise: float, severity: float) -> float:
    """Return `noise` as it is left: storing a picture smaller averages the noise of a good camera; that of the worst is blotches."""
    return noise * float(_size(px_per_mm) ** (AVERAGED * (1 - severity**2)))


def resharpened(px_per_mm: float, severity: float) -> float:
    """Return how much is added to a phone's sharpening, as Sharpen.amount: services sharpen what they store smaller."""
    return float(np.interp(severity, (0, 0.5, 1), (0, *RESHARPENED))) * (1 - _size(px_per_mm))


def _size(px_per_mm: float) -> float:
    """Return the size of a picture by those that the ramps were set on, 1 for larger ones."""
    return min(1.0, px_per_mm / CALIBRATED_PX_PER_MM)
