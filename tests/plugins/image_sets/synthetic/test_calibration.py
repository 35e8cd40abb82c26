"""Severity 0.5 and 1 against the medians and worst values of real pictures, as docs/damage.md states them."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.damage import Blur, Noise
from ecgbench.plugins.image_sets.synthetic.light import Light, uneven_field

ROOT = Path(__file__).parents[4]
RECORDS = 3  # pages of another record and style each: their median is what is compared
# How far a median of so few pages may lie from the table; keystone and tilt of bent sheets vary from place to place.
NEAR = {"blur_mm": 0.03, "contrast": 0.12, "noise": 0.8, "light": 0.04, "tilt_deg": 0.15, "keystone": 0.03}
NEAR_WORST = {**NEAR, "noise": 1.2, "light": 0.12, "tilt_deg": 1.0}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        return importlib.import_module("calibrate_damage")


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        return importlib.import_module("picture_measures")


def stated(group: str, what: str) -> dict[str, float]:
    """Read a row of the table in docs/damage.md."""
    lines = (ROOT / "docs" / "damage.md").read_text().splitlines()
    cells = next([cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if line.startswith("| pictures"))
    rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith(f"| {group} |"))
    row = next(row for row in rows if row[2] == what)
    return {name: float(value) for name, value in zip(cells[3:], row[3:], strict=True)}


@pytest.mark.parametrize(("kind", "group"), [("0003", "real scans"), ("0004", "real scans"), ("0005", "real photos")])
@pytest.mark.parametrize(("severity", "what", "near"), [(0.5, "median", NEAR), (1.0, "worst", NEAR_WORST)])
def test_a_severity_looks_as_the_real_pictures_that_it_is_named_after(
    script: ModuleType, kind: str, group: str, severity: float, what: str, near: dict[str, float]
) -> None:
    rows, real = script.measure_ours(kind, severity, RECORDS), stated(group, what)
    ours = {quantity: script.median(rows, quantity) for quantity in real}
    off = {
        quantity: (round(ours[quantity], 3), real[quantity])
        for quantity in real
        if abs(ours[quantity] - real[quantity]) > near[quantity]
    }
    assert not off


@pytest.mark.parametrize("kind", ["0003", "0005"])
def test_more_severe_pages_measure_worse_in_every_quantity(script: ModuleType, kind: str) -> None:
    rows = [script.measure_ours(kind, severity, 1, 130.0)[0] for severity in (0.0, 0.5, 1.0)]
    for quantity in ("blur_mm", "noise", "light", "tilt_deg", *(["keystone"] if kind == "0005" else [])):
        values = [row[quantity] for row in rows]
        assert values == sorted(values) and values[2] > 1.15 * values[0], quantity
    assert rows[0]["contrast"] > rows[2]["contrast"]


def drawn(px_per_mm: float = 6.0) -> np.ndarray:
    """Return a white page with black lines of 0.3 mm."""
    picture = np.full((900, 1200, 3), 255, np.uint8)
    for y_mm in range(5, 150, 10):
        picture[round(y_mm * px_per_mm) : round((y_mm + 0.33) * px_per_mm)] = 20
    return picture


def test_blur_is_measured_in_millimeters(measure: ModuleType) -> None:
    for sigma_mm in (0.2, 0.3, 0.4):
        blurred = Blur(sigma_mm * 6).apply(drawn(), np.random.default_rng(0))
        line = np.hypot(sigma_mm, 0.33 / np.sqrt(12))  # the line's own width adds to it
        assert measure.measure_picture(blurred, 6.0).blur_mm == pytest.approx(line, rel=0.12)


@pytest.mark.parametrize("sigma", [1.0, 4.0, 8.0])
def test_noise_is_measured_in_gray_levels_whatever_is_drawn(measure: ModuleType, sigma: float) -> None:
    gray = np.minimum(drawn(), 200)
    gray[:, ::6] = 120  # a grid
    noisy = Noise(sigma).apply(gray, np.random.default_rng(0))
    assert measure.measure_picture(noisy, 6.0).noise == pytest.approx(sigma, rel=0.1, abs=0.25)  # whole gray levels add to it


def test_light_and_contrast_are_shares_of_the_paper(measure: ModuleType) -> None:
    field = uneven_field((900, 1200), 0.4, np.random.default_rng(1))
    look = measure.measure_picture(Light(field).apply(drawn(), np.random.default_rng(0)), 6.0)
    assert look.light == pytest.approx(0.4, abs=0.06) and look.contrast == pytest.approx(1 - 20 / 255, abs=0.03)
    plain = measure.measure_picture(drawn(), 6.0)
    assert plain.light == 0 and plain.noise < 0.1
