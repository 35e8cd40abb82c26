"""Verdicts on pages against values worked out by hand and by a library."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from ecgbench.core.metric import Rows
from ecgbench.core.page import Page
from ecgbench.core.results import Gate, QualityReport
from ecgbench.core.truth import Truth
from ecgbench.plugins.metrics import verdict
from ecgbench.plugins.metrics.quality import legible_auc, threshold_loss

PAGE = Page(np.full((20, 30, 3), 255, np.uint8))


def gate(name: str, value: float | None, threshold: float, passed: bool) -> Gate:
    return Gate(name, value, threshold, "1", passed, "")


def score(report: QualityReport, truth: Truth) -> dict[str, float]:
    return dict(verdict.score(PAGE, report, truth))


def rows_of(margins: list[float], legible: list[int]) -> Rows:
    return [{"verdict_margin": margin, "legible": float(each)} for margin, each in zip(margins, legible, strict=True)]


@pytest.mark.parametrize(
    ("passed", "legible", "right"), [(True, True, 1.0), (False, False, 1.0), (True, False, 0.0), (False, True, 0.0)]
)
def test_a_verdict_is_right_where_it_agrees_with_legibility(passed: bool, legible: bool, right: float) -> None:
    scores = score(QualityReport(passed, ()), Truth(legible=legible))
    asked, other = ("sensitivity", "specificity") if legible else ("specificity", "sensitivity")
    assert scores["verdict_right"] == scores[f"legible_{asked}"] == right
    assert f"legible_{other}" not in scores
    assert scores["legible"] == float(legible)


def test_gates_passed_is_a_share_and_needs_no_truth() -> None:
    gates = tuple(gate(str(i), 1.0, 1.0, passed) for i, passed in enumerate((False, True, True, True)))
    assert score(QualityReport(False, gates), Truth()) == {"gates_passed": 0.75, "verdict_margin": 0.0}


@pytest.mark.parametrize(
    ("gates", "margin"),
    [
        (
            [gate("blur", 0.5, 0.75, True), gate("contrast", 0.3, 0.2, True)],
            1 / 3,
        ),  # less blur than allowed, more contrast than asked
        ([gate("blur", 0.9, 0.75, False), gate("contrast", 0.3, 0.2, True)], -0.2),
        ([gate("blur", 0.5, 0.75, True), gate("resolution", None, 3.0, False)], -1.0),
        ([gate("blur", 0.5, 0.75, True), gate("resolution", None, 3.0, True)], 1 / 3),
        ([gate("tilt", 0.3, 0.0, False)], -0.3),  # of a threshold of 0 there is no share
    ],
)
def test_the_margin_is_that_of_the_worst_gate_as_a_share_of_its_threshold(gates: list[Gate], margin: float) -> None:
    report = QualityReport(all(each.passed for each in gates), tuple(gates))
    scores = score(report, Truth(legible=True))
    assert scores["verdict_margin"] == scores["legible_auc"] == scores["threshold_loss"] == pytest.approx(margin)


@pytest.mark.parametrize(("passed", "margin"), [(True, 1.0), (False, -1.0)])
def test_a_report_without_gates_has_a_margin_of_one(passed: bool, margin: float) -> None:
    assert score(QualityReport(passed, ()), Truth()) == {"verdict_margin": margin}


def test_the_auc_is_the_share_of_pairs_in_order() -> None:
    assert legible_auc(rows_of([3, 2, 1, 0], [1, 1, 0, 0])) == 1.0
    assert legible_auc(rows_of([0, 1, 2, 3], [1, 1, 0, 0])) == 0.0
    assert legible_auc(rows_of([1, 1, 1, 1], [1, 1, 0, 0])) == 0.5
    assert legible_auc(rows_of([2, 1, 1, 0], [1, 1, 0, 0])) == pytest.approx(3.5 / 4)


def test_the_auc_is_that_of_the_rank_sum_test() -> None:
    rng = np.random.default_rng(5)
    legible = (rng.random(200) < 0.6).astype(int)
    margins = np.round(rng.normal(legible, 1.0), 1)  # with ties
    expected = mannwhitneyu(margins[legible == 1], margins[legible == 0]).statistic / (legible.sum() * (1 - legible).sum())
    assert legible_auc(rows_of(margins.tolist(), legible.tolist())) == pytest.approx(expected)


def test_well_set_thresholds_lose_nothing() -> None:
    assert threshold_loss(rows_of([0.5, 0.1, -0.1, -0.5], [1, 1, 0, 0])) == 0.0
    assert (
        threshold_loss(rows_of([0.5, 0.1, -0.1, -0.5], [0, 0, 1, 1])) == 1.0
    )  # the verdict is upside down: failing all would do


def test_thresholds_that_are_too_strict_lose_what_the_best_one_would_gain() -> None:
    # at 0, one of four legible pages passes and no other (J = 1/4); at -0.3 all legible and one of two others do (J = 1/2)
    rows = rows_of([0.1, -0.1, -0.2, -0.3, -0.25, -0.9], [1, 1, 1, 1, 0, 0])
    # at -0.2 three legible pages pass and no other: J = 3/4
    assert threshold_loss(rows) == pytest.approx(3 / 4 - 1 / 4)


@pytest.mark.parametrize("combine", [legible_auc, threshold_loss])
@pytest.mark.parametrize("legible", [[1, 1], [0, 0], []])
def test_pages_of_one_kind_tell_nothing(combine: Callable[[Rows], float], legible: list[int]) -> None:
    assert math.isnan(combine(rows_of([0.5, -0.5][: len(legible)], legible)))
    assert math.isnan(combine([{"verdict_margin": 0.3}, {"gates_passed": 1.0}]))


def test_a_score_goes_before_the_margin_in_the_area_under_the_curve():
    gates = (Gate("blur", 0.4, 0.5, "mm", True, "sharp"),)
    scores = score(QualityReport(True, gates, score=0.9), Truth(legible=True))
    assert (scores["legible_auc"], scores["threshold_loss"]) == (0.9, pytest.approx(0.2))
    pages = [(0.9, -1.0, 1), (0.2, 1.0, 0)]
    rows = [{"legible_auc": ranked, "verdict_margin": margin, "legible": float(legible)} for ranked, margin, legible in pages]
    assert legible_auc(rows) == 1.0
