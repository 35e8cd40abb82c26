import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgbench.core.metric import Rows
from ecgbench.stats import Bound, BoundError, Summary, combine_rows, compare_paired, parse_bound, summarize, summarize_times
from ecgbench.stats.intervals import BOOTSTRAP_CASES, FEW_RECORDS, t_quantile

SETS = 200  # simulated sets for each coverage; 95 % of 200 is 190 with a standard deviation of 3


def simulated(rng: np.random.Generator, records: int, pictures: int, *, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Values around 0 that share their record's part, and the records."""
    labels = np.repeat(np.arange(records), pictures)
    return rng.normal(0, spread, records)[labels] + rng.normal(0, 0.5, labels.size), labels


@pytest.mark.parametrize(("records", "pictures"), [(3, 4), (FEW_RECORDS, 1), (12, 9), (40, 3), (150, 1), (1_300, 9)])
def test_the_interval_holds_the_true_mean_as_often_as_it_says(records: int, pictures: int) -> None:
    rng = np.random.default_rng(records)
    sets = 60 if records > 1_000 else SETS
    found = [summarize(*simulated(rng, records, pictures)) for _ in range(sets)]
    held = np.mean([each.low <= 0 <= each.high for each in found])  # type: ignore[operator]
    assert 0.88 <= held <= 0.995


def test_of_skewed_values_the_interval_still_holds_the_mean_mostly() -> None:
    rng = np.random.default_rng(5)
    found = [summarize(rng.exponential(1.0, 25)) for _ in range(SETS)]
    assert 0.86 <= np.mean([each.low <= 1 <= each.high for each in found]) <= 0.99  # type: ignore[operator]


def test_no_difference_is_seldom_taken_for_one_however_few_the_records() -> None:
    rng = np.random.default_rng(6)
    for records in (2, 3, 5, 8, 20):
        verdicts = []
        for _ in range(SETS):
            a, labels = simulated(rng, records, 3)
            verdicts.append(compare_paired(a, a + simulated(rng, records, 3)[0], labels, direction="higher").verdict)
        assert np.mean([verdict != "no difference shown" for verdict in verdicts]) <= 0.12, records


def test_pictures_of_one_record_do_not_make_the_interval_narrower() -> None:
    values, labels = simulated(np.random.default_rng(1), 30, 9)

    def width(found: Summary) -> float:
        assert found.low is not None
        assert found.high is not None
        return found.high - found.low

    by_record, by_picture = width(summarize(values, labels)), width(summarize(values))
    assert by_record > 2 * by_picture  # 9 pictures that share 80 % of their variance count as 1.2: sqrt(9 / 1.2) = 2.7
    assert width(summarize(np.tile(values, 5), np.tile(labels, 5))) == pytest.approx(by_record)


def test_the_interval_is_the_textbook_one_for_many_plain_values() -> None:
    values = np.random.default_rng(2).normal(10, 2, 400)
    found = summarize(values)
    reach = 1.966 * values.std(ddof=1) / 20  # t of 399 degrees
    assert found.low == pytest.approx(values.mean() - reach, abs=0.03)
    assert found.high == pytest.approx(values.mean() + reach, abs=0.03)


def test_above_ten_thousand_cases_the_normal_interval_says_the_same() -> None:
    values, labels = simulated(np.random.default_rng(3), BOOTSTRAP_CASES // 10, 10)
    below = summarize(values, labels)
    above = summarize([*values, 0.0], [*labels, 0])
    assert above.n == BOOTSTRAP_CASES + 1
    assert (above.low, above.high) == pytest.approx((below.low, below.high), abs=0.01)


def test_few_records_have_the_t_interval_of_their_means() -> None:
    found = summarize([1.0, 2.0, 4.0, 5.0], ["a", "a", "b", "b"])
    reach = 12.7062 * 1.5  # t of 1 degree x the standard error of 1.5 and 4.5
    assert (found.mean, found.low, found.high) == pytest.approx((3.0, 3 - reach, 3 + reach), abs=1e-3)
    assert found.records == 2


def test_values_that_are_not_finite_are_counted_and_left_out() -> None:
    found = summarize([1.0, math.nan, 3.0, math.inf, -math.inf], ["a", "b", "b", "c", "d"])
    assert (found.n, found.records, found.mean, found.median, found.nonfinite) == (2, 2, 2.0, 2.0, 3)


@pytest.mark.parametrize(
    ("values", "records", "note"),
    [
        ([], None, "no finite value"),
        ([math.nan], None, "no finite value"),
        ([1.0], None, "one value"),
        ([1.0, 2.0, 3.0], ["a", "a", "a"], "all of one record"),
        ([1e308, 1e308, -1e308] * 4, None, "not finite|finite value"),
    ],
)
def test_where_there_is_no_interval_it_is_said_why(values: list[float], records: list[str] | None, note: str) -> None:
    found = summarize(values, records)
    assert (found.low, found.high) == (None, None)
    assert re.search(note, found.note)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats(), st.sampled_from("abcdefghijkl")), max_size=20))
def test_whatever_the_values_json_can_say_what_comes_of_them(rows: list[tuple[float, float, str]]) -> None:
    a, b, labels = ([row[column] for row in rows] for column in range(3))
    json.dumps(summarize(a, labels).to_dict(), allow_nan=False)
    json.dumps(compare_paired(a, b, labels).to_dict(), allow_nan=False)


def test_a_rerun_says_the_same() -> None:
    values, labels = simulated(np.random.default_rng(4), 20, 2)
    assert summarize(values, labels) == summarize(values, labels)
    assert summarize(values, labels) != summarize(values, labels, seed=1)


def test_labels_must_be_as_many_as_values() -> None:
    with pytest.raises(ValueError, match="3 values need 3 record labels"):
        summarize([1, 2, 3], ["a"])


def test_a_hand_computed_comparison() -> None:
    found = compare_paired([1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 5.0, 5.0], ["a", "a", "b", "b"], direction="lower")
    # per record the difference is 0.5 and 1.5: mean 1, standard error 0.5, t of 1 degree 12.706
    assert (found.mean_a, found.mean_b, found.difference, found.relative) == (2.5, 3.5, 1.0, 0.4)
    assert (found.low, found.high) == pytest.approx((1 - 6.3531, 1 + 6.3531), abs=1e-3)
    assert (found.n, found.records, found.verdict) == (4, 2, "no difference shown")


@pytest.mark.parametrize(
    ("direction", "shift", "verdict"),
    [
        ("higher", 1, "better"), ("higher", -1, "worse"), ("lower", 1, "worse"), ("lower", -1, "better"),
        ("none", 1, "higher"), ("none", -1, "lower"), ("higher", 0, "no difference shown"),
    ],
)  # fmt: skip
def test_the_verdict_follows_the_direction(direction: str, shift: float, verdict: str) -> None:
    a = np.random.default_rng(0).normal(5, 1, 50)
    assert compare_paired(a, a + shift, direction=direction).verdict == verdict  # type: ignore[arg-type]


def test_pairing_shows_what_the_spread_between_cases_hides() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(100, 30, 40)
    b = a + rng.normal(1, 0.5, 40)
    found = compare_paired(a, b, direction="higher")
    assert found.verdict == "better"
    assert summarize(a).high > summarize(b).low  # type: ignore[operator]


def test_the_relative_interval_is_that_of_the_ratio_of_means() -> None:
    rng = np.random.default_rng(8)
    a = rng.uniform(1, 2, 60)
    for size in (60, 60 * 200):
        before, after = np.resize(a, size), np.resize(a * 1.2, size)
        found = compare_paired(before, after)
        assert found.relative == pytest.approx(0.2)
        assert (found.relative_low, found.relative_high) == pytest.approx((0.2, 0.2))
    noisy = compare_paired(a, a * rng.normal(1.2, 0.1, 60))
    assert noisy.relative_low < noisy.relative < noisy.relative_high  # type: ignore[operator]
    mirrored = compare_paired(-a, -a * 1.2)
    assert (mirrored.relative, mirrored.relative_low) == pytest.approx((-0.2, -0.2))


def test_a_share_of_zero_is_not_known() -> None:
    found = compare_paired([0.0] * 10, [1.0] * 10)
    assert (found.relative, found.relative_low, found.relative_high) == (None, None, None)
    assert found.difference == 1


def test_pairs_with_a_value_that_is_not_finite_are_left_out() -> None:
    found = compare_paired([1.0, math.nan, 3.0], [2.0, 2.0, math.inf])
    assert (found.n, found.difference, found.note) == (1, 1.0, "no interval: one value")
    assert compare_paired([math.nan], [1.0]).note == "no interval: no case has a finite value of both"


def auc(rows: Rows) -> float:
    """The share of (good, bad) pairs that are in order."""
    good = np.array([row["sure"] for row in rows if row["good"]])
    bad = np.array([row["sure"] for row in rows if not row["good"]])
    if not good.size or not bad.size:
        return math.nan
    return float((good[:, None] > bad).mean() + (good[:, None] == bad).mean() / 2)


def test_a_combine_has_an_interval_that_holds_the_truth_mostly() -> None:
    rng = np.random.default_rng(9)
    held = []
    for _ in range(100):
        good = rng.random(80) < 0.5
        rows = [{"good": float(g), "sure": float(rng.normal(float(g), 1))} for g in good]
        found = combine_rows(rows, None, auc)
        held.append(found.low <= 0.7602 <= found.high)  # type: ignore[operator]  # Phi(1 / sqrt(2))
    assert 0.87 <= np.mean(held) <= 0.995


def test_a_combine_that_cannot_tell_says_so() -> None:
    assert combine_rows([{"good": 1.0, "sure": 0.5}] * 3, None, auc).note == "no interval: the combine cannot tell"
    assert combine_rows([], None, lambda rows: rows[0]["x"]).mean is None
    assert combine_rows([{"x": 1.0}] * 2, ["a", "a"], lambda rows: 1.0).note == "no interval: all of one record"


def test_student_s_t_is_that_of_the_tables() -> None:
    scipy = pytest.importorskip("scipy.stats")
    degrees = [1, 2, 3, 4, 7, 20, 100, 5_000]
    assert [t_quantile(each) for each in degrees] == pytest.approx(scipy.t.ppf(0.975, degrees), rel=2e-3)


def test_one_disturbed_repeat_changes_little() -> None:
    calm = summarize_times([0.010, 0.011, 0.012, 0.011, 0.010])
    shaken = summarize_times([0.010, 0.011, 0.012, 0.011, 0.500])
    assert calm == pytest.approx((0.011, 0.010, 0.001))
    assert shaken == pytest.approx((0.011, 0.010, 0.001))
    assert summarize_times([0.5]) == (0.5, 0.5, 0.0)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("wall_median_s > 1.10x", Bound("wall_median_s", ">", 1.1, "x")),
        ("trace_dice < 0.8", Bound("trace_dice", "<", 0.8)),
        (" x>5% ", Bound("x", ">", 5.0, "%")),
        ("x < -.5", Bound("x", "<", -0.5)),
        ("x > 1e-3", Bound("x", ">", 0.001)),
    ],
)
def test_bounds_are_read(text: str, bound: Bound) -> None:
    assert parse_bound(text) == bound
    assert parse_bound(str(bound)) == bound


@pytest.mark.parametrize(
    "text", ["", "x", "x >", "> 5", "x >= 5", "x > five", "x > 5 px", "X > 5", "x > 5%x", "x > nan", "x > 5 y < 3"]
)
def test_what_is_no_bound_shows_how_one_is_written(text: str) -> None:
    with pytest.raises(BoundError, match="is not a bound; write METRIC"):
        parse_bound(text)


RNG = np.random.default_rng(7)
TIMES = RNG.uniform(0.010, 0.012, 40)


@pytest.mark.parametrize(
    ("text", "factor", "crossed"),
    [
        ("t > 1.10x", 1.3, True), ("t > 1.10x", 1.05, False), ("t > 10%", 1.3, True), ("t > 10%", 1.05, False),
        ("t < 0.9x", 0.8, True), ("t < 0.9x", 1.0, False), ("t < -10%", 0.8, True), ("t < -10%", 0.95, False),
        ("t > 0.0105", 1.0, True), ("t > 0.0115", 1.0, False), ("t < 0.0115", 1.0, True), ("t < 0.0105", 1.0, False),
    ],
)  # fmt: skip
def test_a_bound_is_crossed_where_the_whole_interval_is_beyond(text: str, factor: float, crossed: bool) -> None:
    later = TIMES * factor
    found = parse_bound(text).check(compare_paired(TIMES, later), summarize(later))
    assert found.crossed is crossed
    assert ("crossed" in found.sentence) is crossed


def test_what_chance_explains_crosses_no_bound() -> None:
    a, noise = RNG.normal(1, 0.5, 12), RNG.normal(0, 0.5, 12)
    b = a + noise - noise.mean() + 0.1  # 0.1 more on average, give or take 0.3
    paired = compare_paired(a, b)
    assert paired.difference == pytest.approx(0.1)
    assert not parse_bound("t > 0%").check(paired, summarize(b)).crossed


def test_one_record_is_judged_by_its_value_and_says_so() -> None:
    found = parse_bound("dice < 0.8").check(compare_paired([0.9], [0.1]), summarize([0.1]))
    assert found.crossed
    assert "no interval: one value" in found.sentence
    assert not parse_bound("dice < 0.8").check(compare_paired([0.9], [0.85]), summarize([0.85])).crossed


def test_a_method_that_gives_nothing_passes_no_bound() -> None:
    for text in ("dice < 0.8", "dice > 5%", "dice < 0.9x"):
        assert parse_bound(text).check(compare_paired([], []), summarize([])).crossed


@pytest.mark.parametrize(("text", "crossed"), [("failed > 5%", True), ("failed > 2x", True), ("failed < 0.9x", False)])
def test_a_rise_from_zero_is_more_than_any_share(text: str, crossed: bool) -> None:
    none, some = np.zeros(40), np.repeat([0.0, 1.0], 20)
    assert parse_bound(text).check(compare_paired(none, some), summarize(some)).crossed is crossed
    assert not parse_bound(text).check(compare_paired(none, none), summarize(none)).crossed
