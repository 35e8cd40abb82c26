"""Signed ranks and Holm's correction, against hand-computed and library values."""

import numpy as np
import pytest
from scipy import stats

from ecgbench.stats.significance import holm, signed_rank


def test_signed_rank_agrees_with_scipy_on_independent_records():
    rng = np.random.default_rng(3)
    a = rng.normal(size=40)
    b = a + rng.normal(0.3, 1, size=40)
    assert signed_rank(a, b).p == pytest.approx(stats.wilcoxon(b - a).pvalue)


@pytest.mark.parametrize("records", [1, 5, 12, 200])
def test_ties_are_judged_as_scipy_judges_them(records):
    d = np.round(np.random.default_rng(6).normal(0.7, 1, size=records) * 2)
    assert signed_rank(np.zeros(records), d).p == pytest.approx(stats.wilcoxon(d[d != 0]).pvalue)


def test_ties_of_more_records_than_scipy_counts_out_are_counted_out():
    # Twenty equal differences for, four against: the sum of ranks says what the count of signs says, the sign test.
    d = np.array([1.0] * 20 + [-1.0] * 4)
    assert signed_rank(np.zeros(24), d).p == pytest.approx(stats.binomtest(4, 24).pvalue)


def test_cases_of_one_record_are_one_unit():
    a = np.zeros(60)
    b = np.repeat(np.random.default_rng(4).normal(0.2, 1, size=6), 10)
    records = np.repeat(list("abcdef"), 10)
    together, apart = signed_rank(a, b, list(records)), signed_rank(a, b)
    assert together.n == 6
    assert together.p == pytest.approx(stats.wilcoxon(b[::10]).pvalue)
    assert apart.p < together.p


def test_the_effect_is_the_share_of_ranks_for_less_that_against():
    # |differences| 1, 2, 3, 4 have the ranks 1 to 4; that of 4 is against: (1 + 2 + 3 - 4) / 10.
    assert signed_rank([0, 0, 0, 0], [1, 2, 3, -4]).effect == pytest.approx(0.2)


def test_nothing_to_rank_is_said_and_not_counted():
    assert signed_rank([1, 2], [1, 2]).p is None
    assert signed_rank([], []).p is None
    assert signed_rank([1, np.nan, 3], [2, 5, np.inf]).n == 1


def test_false_alarms_are_as_rare_as_promised():
    rng = np.random.default_rng(5)
    alarms = sum(signed_rank(rng.normal(size=30), rng.normal(size=30)).p < 0.05 for _ in range(400))
    assert 6 <= alarms <= 36  # 20 expected; beyond these a binomial draw falls once in 5,000 times


def test_holm_is_hand_computed():
    # sorted: 0.005 * 4, 0.01 * 3, 0.03 * 2 = 0.06, 0.04 * 1 -> raised to 0.06
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_never_gives_more_than_one_nor_changes_the_order():
    adjusted = holm([0.9, 0.5, 0.7])
    assert adjusted == [1.0, 1.0, 1.0]
    assert holm([None, 0.2]) == [None, 0.2]
    assert holm([]) == []
