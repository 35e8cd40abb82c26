"""What the twelve leads see of a dipole in the chest and of voltages at the electrodes; Einthoven's and Goldberger's relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.signal_files import LEADS

__all__ = ["DOWER", "ELECTRODES", "INDEPENDENT_LEADS", "LEADS", "Float", "Leads", "lead_vectors", "twelve_leads"]

Float = npt.NDArray[np.float64]
Leads = dict[str, npt.NDArray[np.float32]]

INDEPENDENT_LEADS = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")

# What the eight independent leads see of the dipole (x to the left, y to the foot, z to the back).
# G. E. Dower, H. B. Machado, J. A. Osborne, "On deriving the electrocardiogram from vectorcardiographic leads",
# Clin. Cardiol. 3:87-95, 1980.
DOWER: Float = np.array(
    [
        (0.632, -0.235, 0.059),
        (0.235, 1.066, -0.132),
        (-0.515, 0.157, -0.917),
        (0.044, 0.164, -1.387),
        (0.882, 0.098, -1.277),
        (1.213, 0.127, -0.601),
        (1.125, 0.127, -0.086),
        (0.831, 0.076, 0.230),
    ]
)

# What they see of the nine electrodes RA, LA, LL, V1 .. V6; a chest lead is read against the mean of the limbs.
ELECTRODES: Float = np.vstack(
    [
        np.array([(-1, 1, 0, *[0] * 6), (-1, 0, 1, *[0] * 6)], dtype=np.float64),
        np.hstack([np.full((6, 3), -1 / 3), np.eye(6)]),
    ]
)

# The leads derived from I and II: III by Einthoven's law, the augmented ones by Goldberger's definitions.
DERIVED_LEADS: Mapping[str, tuple[float, float]] = {"III": (-1, 1), "aVR": (-0.5, -0.5), "aVL": (1, -0.5), "aVF": (-0.5, 1)}


def lead_vectors(body: Float, leads: Sequence[str]) -> Float:
    """Return what each of `leads` sees of a dipole, (n, 3), where `body` (8, 3) is what the independent leads see.

    >>> lead_vectors(DOWER, ["III"]).round(3).tolist()
    [[-0.397, 1.301, -0.191]]
    """
    limb = {name: np.array(weights) @ body[:2] for name, weights in DERIVED_LEADS.items()}
    return np.array([limb[name] if name in limb else body[INDEPENDENT_LEADS.index(name)] for name in leads])


def twelve_leads(independent: Leads) -> Leads:
    """Return all leads in the order of LEADS; the relations hold exactly in float32."""
    one, two, half = independent["I"], independent["II"], np.float32(0.5)
    derived = {"III": two - one, "aVR": -half * (one + two), "aVL": one - half * two, "aVF": two - half * one}
    both = independent | derived
    return {name: both[name] for name in LEADS}
