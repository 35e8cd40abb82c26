"""Openers of synthetic pages, and the names of what their specs may set: all that a registry needs to know before a page is asked for.

What makes pages is loaded when a spec of theirs is opened: it takes as long to import as all other plugins together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgbench.core.image_set import ImageSetOpener

if TYPE_CHECKING:
    from ecgbench.plugins.image_sets.synthetic.sets import DemoSet, SyntheticSet

SHEET_NAMES = (
    "count", "types", "seed", "dpi", "severity", "framing", "preset", "layouts", "colors", "grid", "strength", "fine_mm", "bold_mm",
    "frame", "margin_mm", "speed", "gain", "ink", "trace_mm", "antialias", "labels", "pulse", "separators", "header", "font", "device",
    "paper", "cut_mm", "fit", "offset_mm", "fade", "thinning", "paling", "mottle", "spread_mm", "heavy_mm", "split_mm",
    "foot_mm", "slant_mm", "head_mm", "letters", "faint", "filter_hz", "apart", "footer", "crisp", "blotch", "shade", "rest_mm",
)  # fmt: skip
HEART_NAMES = (
    "rhythm", "heart_rate", "axis", "qrs_ms", "st_mv", "st_region", "pvc_share", "noise_uv", "wander_uv", "burst_uv", "hum_uv", "motion_uv",
)  # fmt: skip


def open_demo(spec: str) -> DemoSet | None:
    """Open "demo"; None for any other spec."""
    if spec.partition("?")[0] != "demo":
        return None
    from ecgbench.plugins.image_sets.synthetic.sets import open_demo

    return open_demo(spec)


def open_synthetic(spec: str) -> SyntheticSet | None:
    """Open "synthetic" or "synthetic?count=..&types=.."; None for any other spec."""
    if spec.partition("?")[0] != "synthetic":
        return None
    from ecgbench.plugins.image_sets.synthetic.sets import open_synthetic

    return open_synthetic(spec)


DEMO = ImageSetOpener("demo", "demo", "Twelve small synthetic pages of nine kinds, with truth.", open_demo, "demo")
SYNTHETIC = ImageSetOpener(
    "synthetic",
    "synthetic?count=100&types=0001,0003,0005&seed=0&dpi=200",
    f"Synthetic pages with truth, as many as you like (count=endless); settings: {', '.join((*SHEET_NAMES, *HEART_NAMES))}.",
    open_synthetic,
    "synthetic?count=4&types=0001,0005&dpi=100",
)
