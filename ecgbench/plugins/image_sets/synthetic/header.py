"""What is printed beside the traces: who, when, what was measured, and at which speed and gain."""

from __future__ import annotations

import numpy as np

from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording
from ecgbench.plugins.image_sets.synthetic.sheet import Text, start_mm
from ecgbench.plugins.image_sets.synthetic.style import Style

HEIGHT_MM, LINE_MM = 2.4, 4.6  # of capitals in the header, and from line to line
FOOTER_HEIGHT_MM = 2.8
FIRST_LINE_MM = 7.0
FOOTER_MM = 4.9  # of its baseline above the paper's lower edge
COLUMNS_MM = (0.0, 70.0, 130.0)  # from the start of the rows
STATEMENTS = (
    "Normal sinus rhythm", "Sinus bradycardia", "Left axis deviation", "Nonspecific T wave abnormality", "Borderline ECG",
    "Possible left atrial enlargement", "Abnormal ECG", "Otherwise normal ECG", "Unconfirmed diagnosis",
)  # fmt: skip


def header_of(recording: Recording, style: Style, rng: np.random.Generator) -> tuple[Text, ...]:
    """Return the texts of a header and a footer; what they say of the patient is made up and drawn from `rng`."""
    if style.header == "none":
        return ()
    layout = LAYOUTS[style.layout]
    lines = int((layout.header_mm - FIRST_LINE_MM) / LINE_MM) + 1
    columns = [_identity(recording, rng)] if style.header == "short" else _full(recording, rng)
    left = start_mm(style)
    header = [
        Text(left + x_mm, FIRST_LINE_MM + LINE_MM * row, HEIGHT_MM, text)
        for x_mm, texts in zip(COLUMNS_MM, columns, strict=False)
        for row, text in enumerate(texts[:lines])
    ]
    return (*header, *_footer(style, layout.size_mm[1] - FOOTER_MM))


def _footer(style: Style, y_mm: float) -> tuple[Text, ...]:
    left = start_mm(style)
    return (
        Text(left + 35, y_mm, FOOTER_HEIGHT_MM, f"{style.speed:g} mm/s"),
        Text(left + 85, y_mm, FOOTER_HEIGHT_MM, f"{style.gain:g} mm/mV"),
    )


def _identity(recording: Recording, rng: np.random.Generator) -> list[str]:
    day = f"{rng.integers(1, 29):02d}-{rng.integers(1, 13):02d}-{rng.integers(1998, 2025)}"
    time = f"{rng.integers(24):02d}:{rng.integers(60):02d}"
    return [*recording.title, f"Date: {day} {time}", f"Age: {rng.integers(18, 95)}  Sex: {'MF'[rng.integers(2)]}"]


def _full(recording: Recording, rng: np.random.Generator) -> list[list[str]]:
    """Return three columns: identity, intervals and axes, and what a device would say."""
    qrs, qt = rng.integers(76, 130), rng.integers(340, 460)
    axes = " ".join(str(axis) for axis in rng.integers(-40, 100, 3))
    measured = [
        f"PR {rng.integers(120, 220)} ms",
        f"QRS {qrs} ms",
        f"QT/QTc {qt}/{qt + rng.integers(0, 40)} ms",
        f"P-R-T axes {axes}",
    ]
    said = [STATEMENTS[index] for index in rng.permutation(len(STATEMENTS))[: rng.integers(1, 5)]]
    return [_identity(recording, rng), measured, said]
