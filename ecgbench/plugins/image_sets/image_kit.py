"""What ecg-image-kit writes beside the pages that it renders, as truth: where every sample lies, lead by lead."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.core.page import Box
from ecgbench.core.results import Positions
from ecgbench.core.truth import TraceTruth, Truth
from ecgbench.plugins.image_sets.truth_files import TruthError

# K. K. Shivashankara et al., "ECG-Image-Kit: a synthetic image generation toolbox to facilitate deep learning-based
# electrocardiogram digitization", Physiol. Meas. 45:055019, 2024. Measured on its renders: pixels are counted from the upper left
# corner of the upper left one, (row, column), so that the samples lie half a pixel before; `x_grid` is a 5 mm square; and
# grid lines stand from the lower left corner on, on whole pixels.
SQUARE_MM = 5
KEYS = {"width", "height", "sampling_frequency", "leads", "x_grid", "y_grid"}
MOVED = ("rotate", "crop", "wrinkles", "augment")  # where one was applied, only the samples' places are still known


def read_image_kit(path: str | Path) -> dict[str, Any] | None:
    """Return what a JSON file, gzipped or not, says of a page of ecg-image-kit; None where it is some other JSON.

    Raises OSError and ValueError where the file cannot be read.
    """
    data = Path(path).read_bytes()
    facts = json.loads(gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data)
    return facts if isinstance(facts, dict) and facts.keys() >= KEYS else None


def truth_of_image_kit(facts: Mapping[str, Any]) -> Truth:
    """Return the truth of a page of ecg-image-kit. Raises KeyError, TypeError and ValueError where `facts` are not its own.

    The gain is not known, since ecg-image-kit does not say it, and neither are masks; signals are those of the record.
    """
    traces = tuple(_trace(lead, float(facts["sampling_frequency"])) for lead in facts["leads"])
    scale_x, scale_y = (float(facts[name]) / SQUARE_MM for name in ("x_grid", "y_grid"))
    known: dict[str, Any] = {"traces": traces, "layout": _layout(facts)}
    if any(facts.get(name) for name in MOVED):
        return Truth(**known)
    width, height = int(facts["width"]), int(facts["height"])
    right, bottom = width - 0.5, height - 0.5
    known |= {
        "px_per_mm_x": scale_x, "px_per_mm_y": scale_y, "angle_deg": 0.0, "content_box": Box(0, 0, width, height),
        "corners": np.array([(-0.5, -0.5), (right, -0.5), (right, bottom), (-0.5, bottom)]),
        "mm_per_s": _speed(traces, scale_x), "legible": True, "has_grid": bool(facts.get("gridlines", True)),
    }  # fmt: skip
    return Truth(**known | (_lines(width, height, scale_x, scale_y) if known["has_grid"] else {}))


@dataclass(frozen=True)
class ImageKitTruth:
    """Reads the truth of a picture from the JSON file that ecg-image-kit wrote beside it; small enough to travel to a worker."""

    path: str

    def __call__(self) -> Truth:
        """Return the truth; nothing is known where the file is some other JSON. Raises TruthError where it cannot be used."""
        try:
            facts = read_image_kit(self.path)
            return Truth() if facts is None else truth_of_image_kit(facts)
        except (KeyError, TypeError, ValueError, OverflowError, OSError, EOFError) as error:
            raise TruthError(f"What ecg-image-kit wrote to {self.path} cannot be used: {error}.") from None


def _trace(lead: Mapping[str, Any], fs: float) -> TraceTruth:
    points = np.array(lead["plotted_pixels"], dtype=np.float64).reshape(-1, 2)[:, ::-1] - 0.5
    box = np.array([lead["lead_bounding_box"][str(corner)] for corner in range(4)], dtype=np.float64)[:, ::-1]
    x0, y0 = (int(value) for value in np.floor(box.min(axis=0)))
    x1, y1 = (int(value) for value in np.ceil(box.max(axis=0)))
    return TraceTruth(str(lead["lead_name"]), points, fs, int(lead["start_sample"]) / fs, Box(x0, y0, x1 - x0, y1 - y0))


def _layout(facts: Mapping[str, Any]) -> str | None:
    """Return rows, columns and rhythm strips as layouts are called: "3x4+1"."""
    columns = int(facts.get("number_of_columns_in_image") or 0)
    full = int(str(facts.get("full_mode_lead", "None")) != "None")
    rows = (len(facts["leads"]) - full) / columns if columns else 0.5
    return f"{rows:.0f}x{columns}" + ("+1" if full else "") if rows == int(rows) else None


def _speed(traces: tuple[TraceTruth, ...], px_per_mm: float) -> float | None:
    """Return the paper's speed in mm/s, which all samples of a trace show alike."""
    steps = [np.ptp(trace.points[:, 0]) / (len(trace.points) - 1) * trace.fs for trace in traces if len(trace.points) > 1]
    return round(float(np.median(steps)) / px_per_mm, 2) if steps else None


def _lines(width: int, height: int, scale_x: float, scale_y: float) -> dict[str, Positions]:
    lines: dict[str, Positions] = {}
    for name, step in (("fine", 1), ("bold", SQUARE_MM)):
        across = np.arange(0, width / scale_x, step) * scale_x
        up = height - np.arange(0, height / scale_y, step) * scale_y
        lines |= {f"{name}_x": np.floor(across + 0.5), f"{name}_y": np.sort(np.floor(up + 0.5))}
    return {name: positions[positions < (width if name.endswith("x") else height)] for name, positions in lines.items()}
