"""Tests of the classical digitizer: pages with known signals come back as these signals, and any page gives an answer."""

import numpy as np
import pytest

from ecgbench import Page
from ecgbench.core.truth import Truth
from ecgbench.plugins.digitize import classical, digitize
from ecgbench.plugins.image_sets.synthetic import Style, SyntheticPage
from ecgbench.plugins.metrics.digitize import kaggle

KAGGLE = Style(pulse="left", labels="below", separators="bar")


def score_of(page: Page, truth: Truth, **params: object) -> float:
    return kaggle.score(page, classical(page, **params), truth)["kaggle_snr_db"]


def test_a_clean_render_comes_back_as_its_signals() -> None:
    recipe = SyntheticPage(seed=3, style=KAGGLE)
    assert score_of(recipe.make_page(), recipe.read_truth()) > 9


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
