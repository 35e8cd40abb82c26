"""Write a picture that shows every kind of damage at three severities, on synthetic pages only.

python benchmarks/damage_contact_sheet.py docs/damage_contact_sheet.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from ecgbench.plugins.image_sets.synthetic.choice import of
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.lead_source import stream
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.style import draw_style

SEVERITIES = (0.3, 0.6, 1.0)
SEED, DPI, FRAME = 11, 150.0, (460, 340)  # width and height that each page is fitted into
QUALITY = 70  # of the JPEG, which keeps the file below 700 KB
STYLES = {"layout": of(("3x4+1", "6x2", "3x4+3")), "ink": of(("black",)), "grid": of(("lines", "dotted"))}
Picture = npt.NDArray[np.uint8]


def small_page(kind: str, record: int, severity: float) -> Picture:
    """Return a page of a kind, fitted into FRAME, with its kind and severity written on it."""
    style = draw_style(STYLES, lambda name: stream(SEED, record, name))
    pixels = SyntheticPage(SEED, record, kind, severity, DPI, style).make_page().bgr
    width, height = FRAME
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    fitted = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = np.full((height, width, 3), 255, np.uint8)
    small[: fitted.shape[0], : fitted.shape[1]] = fitted[:height, :width]
    label = f"{kind}  {severity:g}"
    cv2.rectangle(small, (0, height - 24), (14 * len(label), height), (255, 255, 255), -1)
    return np.asarray(
        cv2.putText(small, label, (6, height - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA), np.uint8
    )


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    file = parser.parse_args().file
    kinds = [kind for kind in KINDS if kind != "0001"]
    rows = [np.hstack([small_page(kind, record, severity) for severity in SEVERITIES]) for record, kind in enumerate(kinds)]
    half = len(rows) // 2
    sheet = np.hstack([np.vstack(rows[:half]), np.vstack(rows[half:])])
    cv2.imwrite(str(file), sheet, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    print(f"{file}: {sheet.shape[1]}x{sheet.shape[0]}, {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
