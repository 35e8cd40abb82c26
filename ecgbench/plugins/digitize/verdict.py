"""What to think of a digitized page: how sure each lead is, and whether the page should be scanned again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ecgbench.core.results import Gate, QualityReport
from ecgbench.plugins.digitize.paper_scale import GRANTED, PaperScale
from ecgbench.plugins.digitize.reader import GAINS, SPEEDS

Lead = npt.NDArray[np.float32]

FEWEST_PX_PER_MM = 3.0  # below, neighboring 1 mm lines merge and a trace is as wide as its waves
LEAST_SEEN_PCT = 90.0  # of a page's samples
FEWEST_LEADS_PCT = 99.0  # of a layout's leads
NOISIEST = 0.25  # standard deviation of bare paper in coverage: beyond, specks pass for ink (sample pages have 0.01 to 0.15)


def nothing_seen(reason: str, hint: str) -> QualityReport:
    """Return the verdict on a page of which nothing could be read."""
    return QualityReport(False, (Gate("traces", 0.0, 1.0, "rows", False, f"{reason}; {hint}."),))


def judge(
    *,
    px_per_mm: float,
    grid: bool,
    layout: str,
    known_layout: bool,
    expected: Sequence[str],
    seen: Mapping[str, float],
    noise: float,
    scale: PaperScale,
    failures: Sequence[str],
) -> QualityReport:
    """Return the verdict on a digitized page, gate by gate.

    `px_per_mm`: of the picture. `grid`: whether the millimeter was measured on a grid. `expected`: leads of the layout. `seen`: share of each
    lead's samples that was seen. `noise`: of bare paper. `scale`: paper speed and gain, and what they were read from.
    """
    share = 100 * float(np.mean([seen.get(lead, 0.0) for lead in expected])) if expected else 0.0
    found = 100 * float(np.mean([seen.get(lead, 0.0) > 0 for lead in expected])) if expected else 0.0
    gates = (
        _gate(
            "grid",
            float(grid),
            1,
            "1",
            "the millimeter was measured on the grid",
            "no grid was found: scan the page so that it shows",
        ),
        _gate("resolution", px_per_mm, FEWEST_PX_PER_MM, "px/mm", "fine enough", "too coarse: scan it at 200 dpi or more"),
        _gate(
            "layout", float(known_layout), 1, "1", f"the layout is {layout}", f"the layout is none of the known ones ({layout})"
        ),
        _gate("leads", found, FEWEST_LEADS_PCT, "%", "every lead was found", "leads are missing: see that the page is whole"),
        _gate(
            "seen",
            share,
            LEAST_SEEN_PCT,
            "%",
            "the traces were seen",
            "parts of the traces were not seen: scan it again, flat and unstained",
        ),
        Gate(
            "noise",
            noise,
            NOISIEST,
            "1",
            noise <= NOISIEST,
            "the paper is clean" if noise <= NOISIEST else "the paper is too noisy",
        ),
        Gate("speed", scale.mm_per_s, min(SPEEDS), "mm/s", True, _said(f"{scale.mm_per_s:g} mm/s", scale.speed_from)),
        Gate("gain", scale.mm_per_mv, min(GAINS), "mm/mV", True, _said(f"{scale.mm_per_mv:g} mm/mV", scale.gain_from)),
    )
    warnings = (*failures, *scale.doubts, *_granted(scale))
    return QualityReport(all(gate.passed for gate in gates), gates, warnings)


def _said(value: str, source: str) -> str:
    return f"{value}, {source}" if source == GRANTED else f"{value}, read from {source}"


def _granted(scale: PaperScale) -> list[str]:
    """Say what was taken for granted, since the page shows neither a pulse nor print that could be read."""
    known = ((scale.speed_from, f"{scale.mm_per_s:g} mm/s"), (scale.gain_from, f"{scale.mm_per_mv:g} mm/mV"))
    missing = [value for source, value in known if source == GRANTED]
    if not missing:
        return []
    verb = "is" if len(missing) == 1 else "are"
    return [f"Neither a calibration pulse nor print that tells was read: {' and '.join(missing)} {verb} taken for granted."]


def _gate(name: str, value: float, threshold: float, unit: str, good: str, bad: str) -> Gate:
    passed = value >= threshold
    return Gate(name, value, threshold, unit, passed, good if passed else bad)
