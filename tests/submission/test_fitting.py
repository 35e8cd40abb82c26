"""What is submitted of leads: their stretch of the page, their rate, and what stands where nothing was found."""

import math

import numpy as np
import pytest

from ecgbench.submission import Ask, SubmissionError, fit_record, nothing_found, rules
from ecgbench.submission.fitting import DIGITS, MOST_MV

FS = 100


def fit(signal, rows=250, fs=FS, at=FS):
    (fitted,) = fit_record({"V1": signal}, at, [Ask("V1", fs, rows)])
    return fitted


def on_page(samples, start, size=1000):
    page = np.full(size, np.nan, np.float32)
    page[start : start + len(samples)] = samples
    return page


@pytest.fixture
def beats():
    return np.sin(np.arange(250) / 9).round(DIGITS)


def test_a_lead_is_cut_to_the_column_it_stands_in(beats):
    for column in range(4):
        fitted = fit(on_page(beats, 250 * column))
        np.testing.assert_allclose(fitted.values, beats, atol=1e-4)
        assert fitted.filled == 0


def test_what_is_lost_at_the_begin_of_a_column_does_not_shift_the_rest(beats):
    fitted = fit(on_page(beats[40:], 540))
    np.testing.assert_allclose(fitted.values[40:], beats[40:], atol=1e-4)
    assert fitted.filled == 40


def test_a_lead_across_two_columns_is_taken_from_its_first_sample(beats):
    np.testing.assert_allclose(fit(on_page(beats, 280)).values, beats, atol=1e-4)


def test_short_gaps_are_bridged_and_long_ones_are_the_level():
    signal = np.arange(250, dtype=float) / 100
    signal[50:60] = signal[100:111] = np.nan
    fitted = fit(signal)
    np.testing.assert_allclose(fitted.values[50:60], np.arange(50, 60) / 100, atol=1e-9)
    assert set(fitted.values[100:111]) == {np.round(np.nanmedian(signal), DIGITS)}
    assert fitted.filled == 21
    assert not fitted.missing


def test_a_lead_that_ends_early_ends_at_its_level():
    fitted = fit([0.0, 0.5, 0.5])
    assert fitted.values.tolist() == [0.0, 0.5, 0.5] + [0.5] * 247
    assert fitted.filled == 247


@pytest.mark.parametrize("nothing", [[], [None] * 250, np.full(250, np.nan), np.full(250, np.inf), [1e300, -1e300], np.zeros(0)])
def test_of_a_lead_that_was_not_found_there_are_zeros(nothing):
    fitted = fit(nothing)
    assert fitted.values.tolist() == [0.0] * 250
    assert (fitted.filled, fitted.missing) == (250, True)


@pytest.mark.parametrize("rate", [37, 50, 99, 101, 128, 250, 257, 1000, 1025])
def test_other_rates_are_met(rate):
    slow = np.sin(2 * np.pi * np.arange(5000) / 500)  # 1 Hz, 10 s
    fitted = fit(slow, rows=10 * rate, fs=rate, at=500)
    known = slice(0, 10 * rate - 3)  # the last sample at 500 Hz lies before the last ones at higher rates
    np.testing.assert_allclose(fitted.values[known], np.sin(2 * np.pi * np.arange(10 * rate) / rate)[known], atol=1e-3)
    assert fitted.filled <= 1


def test_whatever_is_found_what_is_submitted_is_finite_and_of_the_right_length():
    rng = np.random.default_rng(0)
    for _ in range(300):
        signal = rng.normal(0, 10.0 ** rng.integers(-3, 9), rng.integers(0, 400)).astype(np.float32)
        signal[rng.random(signal.size) < rng.random()] = rng.choice([math.nan, math.inf, -math.inf])
        fitted = fit(signal, rows=int(rng.integers(0, 300)), fs=float(rng.integers(20, 300)))
        assert fitted.values.shape == (fitted.ask.rows,)
        assert np.isfinite(fitted.values).all()
        assert np.abs(fitted.values).max(initial=0) <= MOST_MV
        assert 0 <= fitted.filled <= fitted.ask.rows


def test_names_are_read_in_any_spelling_and_leads_come_as_asked():
    fitted = fit_record(
        {"AVR": [1.0], "lead v2": [2.0], "odd": [3.0]}, FS, [Ask(name, FS, 1) for name in ("V2", "aVR", "Odd", "II")]
    )
    assert [(each.ask.lead, each.values[0]) for each in fitted] == [("V2", 2), ("aVR", 1), ("Odd", 3), ("II", 0)]


def test_the_rules_ask_for_10_s_of_lead_two_and_floor_of_2_5_s_of_others():
    rows = {ask.lead: ask.rows for ask in rules(1025)}
    assert rows.pop("II") == 10250
    assert set(rows.values()) == {2562}
    assert len(rows) == 11
    assert all(each.missing for each in nothing_found(rules(1025)))


def test_what_is_no_list_of_numbers_is_refused():
    for wrong in ("x", [[1.0]], {"a": 1}, ["a"]):
        with pytest.raises(SubmissionError, match="The signal of V1 must be a list of numbers"):
            fit(wrong)
