"""Tests of the classical digitizer: pages with known signals come back as these signals, and any page gives an answer."""

import numpy as np
import pytest

from ecgbench import Page
from ecgbench.core.truth import Truth
from ecgbench.plugins.digitize import classical, digitize
from ecgbench.plugins.image_sets.synthetic import Style, SyntheticPage
from ecgbench.plugins.metrics.digitize import kaggle

LEGIBLE = 120.0  # dpi: enough to read a layout by, at a third of the pixels of Kaggle's 200
KAGGLE = Style(pulse="left", labels="below", separators="bar")


def score_of(page: Page, truth: Truth, **params: object) -> float:
    return kaggle.score(page, classical(page, **params), truth)["kaggle_snr_db"]


def test_a_clean_render_comes_back_as_its_signals() -> None:
    recipe = SyntheticPage(seed=3, style=KAGGLE)
    assert score_of(recipe.make_page(), recipe.read_truth()) > 20


@pytest.mark.parametrize(
    ("kind", "least"),
    [("0003", 15), ("0004", 15), ("0005", 10), ("0006", 10), ("0009", 6), ("0010", 6), ("0011", 6), ("0012", 6)],
)
def test_a_damaged_page_comes_back_as_its_signals(kind: str, least: float) -> None:
    recipe = SyntheticPage(seed=3, style=KAGGLE, kind=kind, severity=0.4)
    assert score_of(recipe.make_page(), recipe.read_truth()) > least


@pytest.mark.parametrize("layout", ["3x4", "3x4+1", "3x4+3", "6x2", "6x2+1", "12x1", "strip"])
def test_a_layout_is_found_and_so_are_gain_and_speed(layout: str) -> None:
    page = SyntheticPage(seed=3, dpi=LEGIBLE, style=Style(layout=layout, gain=5)).make_page()
    found = classical(page)
    assert (found.layout, found.mm_per_mv, found.mm_per_s) == (layout, 5, 25)


def test_speed_and_gain_in_print_are_taken_where_there_is_no_pulse() -> None:
    page = SyntheticPage(seed=3, style=Style(speed=50, gain=5, pulse="none")).make_page()
    found = classical(page)
    assert (found.mm_per_s, found.mm_per_mv) == (50, 5)
    assert found.report is not None
    said = {gate.name: gate.message for gate in found.report.gates}
    assert (said["speed"], said["gain"]) == ("50 mm/s, read from printed text", "5 mm/mV, read from printed text")
    assert not found.report.warnings


def test_what_neither_pulse_nor_print_tells_is_taken_for_granted_and_said() -> None:
    report = classical(SyntheticPage(seed=3, style=Style(pulse="none", header="none")).make_page()).report
    assert report is not None
    assert report.warnings == (
        "Neither a calibration pulse nor print that tells was read: 25 mm/s and 10 mm/mV are taken for granted.",
    )


def test_a_layout_that_is_told_is_taken() -> None:
    found = classical(SyntheticPage(seed=3, dpi=LEGIBLE, style=Style(layout="3x4")).make_page(), layout="6x2")
    assert list(found.leads)[:2] == ["I", "II"]
    assert found.layout == "6x2"


def test_what_was_traced_is_drawn_where_it_lies() -> None:
    recipe = SyntheticPage(seed=3, style=KAGGLE, kind="0005", severity=0.3)
    page, truth = recipe.make_page(), recipe.read_truth()
    drawn = dict(classical(page).drawn)
    assert truth.traces is not None
    points = next(trace.points for trace in truth.traces if trace.lead == "V1")
    known = drawn["V1"][np.isfinite(drawn["V1"]).all(axis=1)]
    nearest = np.sqrt(np.square(points[::20, None] - known[None, ::2]).sum(axis=2).min(axis=1))
    assert np.median(nearest) < 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (24, 24), (30, 3000), (300, 200)])
@pytest.mark.parametrize("level", [0, 255])
def test_a_blank_page_gives_unknown_leads_and_a_reason(shape: tuple[int, int], level: int) -> None:
    page = Page(np.full((*shape, 3), level, np.uint8))
    found = classical(page)
    found.check(page)
    assert len(found.leads) == 12
    assert all(np.isnan(signal).all() for signal in found.leads.values())
    assert found.report is not None
    assert not found.report.passed
    assert found.draw(page).shape == page.bgr.shape


def test_noise_is_no_ecg() -> None:
    page = Page(np.random.default_rng(0).integers(0, 256, (400, 600, 3)).astype(np.uint8))
    found = classical(page)
    assert found.report is not None
    assert not found.report.passed


def test_an_array_can_be_digitized_at_any_rate() -> None:
    found = digitize(np.full((100, 100), 255, np.uint8), fs=250)
    assert found.fs == 250
    assert {len(signal) for signal in found.leads.values()} == {2500}
