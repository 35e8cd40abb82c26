"""What real pictures measure and what ours do, in one table: the presets of `kinds.py` are set from it.

    ECGBENCH_DATA=... python benchmarks/calibrate_damage.py [--write docs/damage.md]

Without ECGBENCH_DATA only the synthetic pages are measured, and nothing is written.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from picture_measures import measure_picture

from ecgbench.plugins.image_sets.synthetic.camera import keystone
from ecgbench.plugins.image_sets.synthetic.choice import of
from ecgbench.plugins.image_sets.synthetic.geometry import flat_geometry
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.lead_source import stream
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.placement import layout_of
from ecgbench.plugins.image_sets.synthetic.style import draw_style

QUANTITIES = ("blur_mm", "contrast", "noise", "light", "tilt_deg", "keystone")
DIGITS = {"blur_mm": 3, "contrast": 2, "noise": 1, "light": 3, "tilt_deg": 2, "keystone": 3}
LOWER_IS_WORSE = frozenset({"contrast"})
DPI = 200.0
RECORDS = 8
SEED = 77
EDGE = 0.08  # share of a photo's box that is left out on each side, since a sheet in perspective does not fill it
START, END = "<!-- measured: begin -->", "<!-- measured: end -->"
Row = Mapping[str, float]
# As nearly all of the real ones are: black prints, not a computer's.
AS_REAL = {"ink": of(("black",)), "letters": of(("smooth",)), "crisp": of((False,)), "shade": of(("print",)), "faint": of((0.0,))}


@dataclass(frozen=True)
class Group:
    """Real pictures of one kind of source, and the types of ours that they are the measure of."""

    name: str
    folder: str
    source_kind: str
    types: tuple[str, ...]


GROUPS = (
    Group("photos", "real", "photo", ("0005",)),
    Group("scans", "real", "scan", ("0003", "0004")),
    Group("scans of single leads", "lead_crops", "scan", ()),
    Group("screen captures", "real", "screen", ()),
)


def measure_real(data: Path, group: Group) -> list[Row]:
    """Measure the real pictures of a group; tilt and keystone come from their labels."""
    labels = json.loads((data / "images" / "labels.json").read_text())
    return [
        _real(data / "images" / name, label)
        for name, label in labels.items()
        if name.startswith(group.folder) and label["source_kind"] == group.source_kind
    ]


def _real(path: Path, label: Mapping[str, Any]) -> Row:
    x, y, width, height = label["content_box"]
    picture = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), dtype=np.uint8)[y : y + height, x : x + width]
    look = measure_picture(picture, (label["px_per_mm_x"] + label["px_per_mm_y"]) / 2)
    pairs = (("px_per_mm_x_left", "px_per_mm_x_right"), ("px_per_mm_y_top", "px_per_mm_y_bottom"))
    ratios = [abs(float(np.log(label[a] / label[b]))) for a, b in pairs if a in label and b in label]
    return {**asdict(look), "tilt_deg": abs(label["angle_deg"]), "keystone": max(ratios, default=0.0)}


def measure_ours(kind: str, severity: float, records: int = RECORDS, dpi: float = DPI) -> list[Row]:
    """Measure synthetic pages of a kind, each of another record and in another style."""
    return [_ours(kind, severity, record, dpi) for record in range(records)]


def _ours(kind: str, severity: float, record: int, dpi: float) -> Row:
    style = draw_style(AS_REAL, lambda name: stream(SEED, record, name))
    recipe = SyntheticPage(SEED, record, kind, severity, dpi, style)
    truth, page = recipe.read_truth(), recipe.make_page()
    box = truth.content_box
    assert box is not None and truth.px_per_mm_x is not None and truth.px_per_mm_y is not None and truth.angle_deg is not None
    edge = EDGE if page.dpi is None else 0.0
    rows = slice(round(box.y + edge * box.height), round(box.y + (1 - edge) * box.height))
    columns = slice(round(box.x + edge * box.width), round(box.x + (1 - edge) * box.width))
    look = measure_picture(page.bgr[rows, columns], (truth.px_per_mm_x + truth.px_per_mm_y) / 2)
    flat = flat_geometry(dpi, layout_of(style).size_mm)
    geometry = KINDS[kind](flat, severity, stream(SEED, record, kind)).geometry
    return {**asdict(look), "tilt_deg": abs(truth.angle_deg), "keystone": keystone(geometry)}


def worst(rows: list[Row], quantity: str) -> float:
    """Return the worst value of a quantity."""
    values = [row[quantity] for row in rows]
    return min(values) if quantity in LOWER_IS_WORSE else max(values)


def median(rows: list[Row], quantity: str) -> float:
    """Return the median of a quantity."""
    return float(np.median([row[quantity] for row in rows]))


def table(data: Path | None) -> Iterator[str]:
    """Yield the lines of the table, in Markdown."""
    yield "| pictures | n | | " + " | ".join(f"`{quantity}`" for quantity in QUANTITIES) + " |"
    yield "|---|---|---|" + "---|" * len(QUANTITIES)
    for group in GROUPS:
        rows = measure_real(data, group) if data else []
        if rows:
            yield _line(f"real {group.name}", len(rows), "median", {q: median(rows, q) for q in QUANTITIES})
            yield _line(f"real {group.name}", len(rows), "worst", {q: worst(rows, q) for q in QUANTITIES})
    for kind in KINDS:
        for severity in (0.0, 0.5, 1.0):
            ours = measure_ours(kind, severity)
            yield _line(f"type {kind}", len(ours), f"severity {severity:g}", {q: median(ours, q) for q in QUANTITIES})


def _line(name: str, count: int, what: str, values: Row) -> str:
    return f"| {name} | {count} | {what} | " + " | ".join(f"{values[q]:.{DIGITS[q]}f}" for q in QUANTITIES) + " |"


def write(page: Path, lines: list[str]) -> None:
    """Put the table between its marks in a page."""
    before, rest = page.read_text().split(START)
    _, after = rest.split(END)
    page.write_text("\n".join([before + START, *lines, END + after]))


def main() -> None:
    """Print the table, or write it into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table between its marks in this page")
    page = parser.parse_args().write
    data = os.environ.get("ECGBENCH_DATA")
    if page and not data:
        raise SystemExit(
            "A page shows real pictures beside ours: set ECGBENCH_DATA to the folder with images/real, or leave --write out."
        )
    lines = []
    for line in table(Path(data) if data else None):
        print(line, flush=True)
        lines.append(line)
    if page:
        write(page, lines)


if __name__ == "__main__":
    main()
