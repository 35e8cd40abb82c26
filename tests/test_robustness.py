"""The area under a score's curve over severity, against values worked out by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ecgbench.stats.robustness import area_under, severity_area, severity_areas


def test_the_area_is_that_of_trapezoids_over_the_range() -> None:
    found = severity_area([0.2, 0.4, 1.0], [1.0, 0.5, 0.0])
    assert found.area == pytest.approx((0.2 * 0.75 + 0.6 * 0.25) / 0.8)
    assert (found.severities, found.means, found.n) == ((0.2, 0.4, 1.0), (1.0, 0.5, 0.0), 3)


def test_cases_of_one_severity_count_by_their_mean() -> None:
    found = severity_area([1, 0, 1, 0, 1], [0.0, 1.0, 0.3, 0.8, 0.6])
    assert found.means == pytest.approx((0.9, 0.3))
    assert found.area == pytest.approx(0.6)


def test_a_score_that_does_not_fall_has_itself_as_its_area_in_its_own_unit() -> None:
    found = severity_area(np.tile([0, 0.5, 1], 20), np.full(60, 17.5), np.repeat(np.arange(20), 3))
    assert (found.area, found.low, found.high) == pytest.approx((17.5, 17.5, 17.5))


def test_cases_that_are_not_finite_are_left_out() -> None:
    found = severity_area([0, 1, 1, np.nan], [1.0, np.inf, 0.0, 0.3], ["a", "b", "c", "d"])
    assert (found.n, found.records, found.area) == (2, 2, 0.5)


@pytest.mark.parametrize(
    ("severities", "note"), [([0.5, 0.5], "all of one severity"), ([], "no finite value"), ([np.nan], "no finite value")]
)
def test_one_severity_has_no_area_and_says_so(severities: list[float], note: str) -> None:
    found = severity_area(severities, [0.5] * len(severities))
    assert (found.area, found.low, found.high, found.note) == (None, None, None, f"no area: {note}")


def test_one_record_has_an_area_but_no_interval() -> None:
    found = severity_area([0, 1], [1.0, 0.0], ["a", "a"])
    assert (found.area, found.low, found.note) == (0.5, None, "no interval: all of one record")


@pytest.mark.parametrize("records", [5, 40])
def test_the_interval_is_that_of_each_records_own_area_where_all_have_all_severities(records: int) -> None:
    rng = np.random.default_rng(records)
    level = np.linspace(0, 1, 5)
    curves = 1 - level * rng.uniform(0.2, 0.9, (records, 1)) + rng.normal(0, 0.02, (records, 5))
    found = severity_area(np.tile(level, records), curves.ravel(), np.repeat(np.arange(records), 5))
    own = np.array([area_under(level, curve) for curve in curves])
    t = {5: 2.776, 40: 2.023}[records]
    reach = t * own.std(ddof=1) / np.sqrt(records)
    assert found.area == pytest.approx(own.mean())
    assert (found.low, found.high) == pytest.approx((own.mean() - reach, own.mean() + reach), abs=0.15 * reach)


def test_nine_cases_of_a_record_are_one_unit() -> None:
    rng = np.random.default_rng(1)
    scores = np.repeat(rng.normal(0, 1, (12, 1)), 20, axis=1) + rng.normal(0, 0.01, (12, 20))
    severities, labels = np.tile(np.repeat([0.0, 1.0], 10), 12), np.repeat(np.arange(12), 20)
    by_record = severity_area(severities, scores.ravel(), labels)
    by_case = severity_area(severities, scores.ravel())
    assert (by_record.high - by_record.low) > 2.5 * (by_case.high - by_case.low)  # type: ignore[operator]


@pytest.mark.parametrize("records", [3, 10])
def test_records_that_have_one_severity_each_have_an_interval(records: int) -> None:
    rng = np.random.default_rng(3)
    severities = np.arange(records) / (records - 1)
    found = severity_area(severities, 1 - severities / 2 + rng.normal(0, 0.01, records), np.arange(records))
    assert found.low < found.area < found.high  # type: ignore[operator]


def test_damages_have_curves_of_their_own() -> None:
    found = severity_areas(["b", "a", "b", "a"], [0, 0, 1, 1], [1.0, 1.0, 0.0, 1.0], ["r", "r", "s", "s"])
    assert {damage: curve.area for damage, curve in found.items()} == {"a": 1.0, "b": 0.5}
    assert severity_areas([], [], []) == {}


def test_a_rerun_says_the_same_and_json_can_say_it() -> None:
    rng = np.random.default_rng(0)
    given = (rng.choice([0, 0.5, 1], 60), rng.random(60), rng.integers(0, 15, 60))
    assert severity_area(*given) == severity_area(*given)
    assert severity_area(*given) != severity_area(*given, seed=1)
    json.dumps(severity_area(*given).to_dict(), allow_nan=False)


def test_as_many_severities_as_scores_are_needed() -> None:
    with pytest.raises(ValueError, match="2 scores need 2 severities, got 1"):
        severity_area([0.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="2 scores need as many damages and severities, got 1 and 2"):
        severity_areas(["a"], [0.0, 1.0], [1.0, 2.0])
