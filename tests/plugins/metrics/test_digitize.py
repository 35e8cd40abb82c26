"""Digitized leads against values worked out by hand, and Kaggle's metric against a plain transcription of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ecgbench.core.page import Page
from ecgbench.core.results import Signals
from ecgbench.core.truth import Truth
from ecgbench.plugins.metrics import kaggle, signals
from ecgbench.plugins.metrics.alignment import aligned, at_rate
from ecgbench.plugins.metrics.digitize import kaggle_score

PAGE = Page(np.full((20, 30, 3), 255, np.uint8))
NAN = math.nan
FS = 100.0


def leads(fs: float = FS, **named: object) -> Signals:
    return Signals(fs, {name: np.asarray(values, dtype=np.float32) for name, values in named.items()})


def of_kaggle(found: Signals, true: Signals) -> dict[str, float]:
    return dict(kaggle.score(PAGE, found, Truth(signals=true)))


def plain(found: Signals, true: Signals) -> dict[str, float]:
    return dict(signals.score(PAGE, found, Truth(signals=true)))


def beats(n: int = 250, seed: int = 0) -> np.ndarray:
    """A lead without a period, so that one shift fits best."""
    return np.convolve(np.random.default_rng(seed).normal(0, 0.5, n), np.hanning(7), mode="same")


def slow_kaggle(found: dict[str, np.ndarray], true: dict[str, np.ndarray], fs: float) -> float:
    """The metric as its rules say it, one sample after the other: the ratio of a record."""
    power = noise = 0.0
    for name, x in true.items():
        y = found[name]
        n, most = len(x), int(0.2 * fs)
        x_mean, y_mean = sum(x) / n, sum(y) / n
        best, best_lag = -math.inf, 0
        for lag in sorted(range(-min(most, n - 1), min(most, n - 1) + 1), key=lambda lag: (abs(lag), lag)):
            total = sum((x[i] - x_mean) * (y[i - lag] - y_mean) for i in range(n) if 0 <= i - lag < n)
            if total > best:
                best, best_lag = total, lag
        inside = [i for i in range(n) if 0 <= i - best_lag < n]
        offset = sum(x[i] - y[i - best_lag] for i in inside) / len(inside)
        power += sum(value**2 for value in x)
        noise += sum((x[i] - (y[i - best_lag] + offset if i in set(inside) else 0.0)) ** 2 for i in range(n))
    return 384.0 if noise == 0 else min(384.0, power / noise)


@pytest.mark.parametrize("seed", range(10))
def test_kaggles_metric_is_what_a_plain_transcription_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 70))
    true = {
        name: beats(n, seed + 1).astype(np.float32) if name == "I" else rng.normal(0.3, 1, n).astype(np.float32)
        for name in ("I", "V5")
    }
    shift, gain = int(rng.integers(-25, 26)), rng.uniform(0.5, 1.5)
    found = {
        name: (np.roll(x, shift) * gain + rng.normal(0.2, 0.4 * (seed % 3), n)).astype(np.float32) for name, x in true.items()
    }
    expected = slow_kaggle(*({name: x.astype(float) for name, x in each.items()} for each in (found, true)), FS)
    assert of_kaggle(leads(**found), leads(**true))["kaggle_snr_db"] == pytest.approx(10 * math.log10(expected), abs=1e-9)


def test_a_perfect_copy_has_the_largest_ratio() -> None:
    true = leads(I=beats(), II=beats(1000, 1))
    scores = of_kaggle(true, true)
    assert scores["kaggle_snr_db"] == scores["kaggle_lead_snr_db"] == pytest.approx(10 * math.log10(384))
    assert scores["timing_shift_ms"] == 0.0
    assert scores["gain_error_pct"] == pytest.approx(0.0, abs=1e-6)


def test_an_offset_is_forgiven() -> None:
    x = np.round(beats() * 64) / 64  # whole 64ths, so that float32 holds the sum exactly
    assert of_kaggle(leads(I=x + 3), leads(I=x))["kaggle_snr_db"] == pytest.approx(10 * math.log10(384))


@pytest.mark.parametrize("shift", [-20, -3, 7, 20])
def test_a_shift_within_the_limit_costs_only_what_leaves_the_page(shift: int) -> None:
    x = beats()
    shifted = np.zeros(250)
    inside = slice(max(0, shift), min(250, 250 + shift))
    shifted[inside] = x[max(0, -shift) : 250 - max(0, shift)]
    scores = of_kaggle(leads(I=shifted), leads(I=x))
    lost = np.float32(x[:-shift] if shift < 0 else x[250 - shift :]).astype(float)
    ratio = np.sum(np.float32(x).astype(float) ** 2) / np.sum(lost**2)
    assert scores["timing_shift_ms"] == pytest.approx(abs(shift) * 10)
    assert scores["kaggle_snr_db"] == pytest.approx(10 * math.log10(min(384, ratio)))


def test_a_shift_beyond_the_limit_is_not_followed() -> None:
    x = np.zeros(250)
    x[100] = 1.0
    assert of_kaggle(leads(I=np.roll(x, 20)), leads(I=x))["kaggle_snr_db"] == pytest.approx(10 * math.log10(384))
    beyond = of_kaggle(leads(I=np.roll(x, 21)), leads(I=x))
    assert beyond["kaggle_snr_db"] < 1


def test_a_missing_lead_counts_as_zeros_which_the_offset_lifts_to_the_mean() -> None:
    x, z = beats(), beats(250, 3) + 1
    scores = of_kaggle(leads(I=x), leads(I=x, II=z))
    wide = [np.float32(each).astype(float) for each in (x, z)]
    power, noise = sum(np.sum(each**2) for each in wide), np.sum((wide[1] - wide[1].mean()) ** 2)
    assert scores["kaggle_snr_db"] == pytest.approx(10 * math.log10(power / noise))
    nothing = of_kaggle(leads(), leads(II=z))
    assert nothing["kaggle_snr_db"] == pytest.approx(10 * math.log10(np.sum(wide[1] ** 2) / noise))
    assert set(nothing) == {"kaggle_snr_db", "kaggle_lead_snr_db"}
    assert of_kaggle(leads(II=np.full(250, NAN)), leads(II=z)) == nothing
    assert of_kaggle(leads(II=np.full(250, 0.1)), leads(II=z))["kaggle_snr_db"] == pytest.approx(nothing["kaggle_snr_db"])


def test_a_label_of_zeros_has_no_power() -> None:
    zeros = np.zeros(250)
    assert of_kaggle(leads(I=beats()), leads(I=zeros))["kaggle_snr_db"] == -384.0
    assert of_kaggle(leads(I=zeros), leads(I=zeros))["kaggle_snr_db"] == pytest.approx(10 * math.log10(384))
    assert set(plain(leads(I=beats()), leads(I=zeros))) == {"rmse_uv", "pearson_r", "leads_missing_pct"}


def test_nothing_is_judged_where_the_page_shows_nothing() -> None:
    hidden = leads(I=np.full(100, NAN), II=[])
    assert of_kaggle(leads(I=beats(100)), hidden) == plain(leads(I=beats(100)), hidden) == {}
    assert kaggle.score(PAGE, leads(I=beats()), Truth()) == signals.score(PAGE, leads(I=beats()), Truth()) == {}


def test_leads_are_judged_over_the_time_that_the_page_shows() -> None:
    x = beats(1000)
    shown = np.full(1000, NAN)
    shown[250:500] = x[250:500]
    anything = x + np.where(np.isfinite(shown), 0, 5)
    assert of_kaggle(leads(V1=anything), leads(V1=shown))["kaggle_snr_db"] == pytest.approx(10 * math.log10(384))
    assert plain(leads(V1=anything), leads(V1=shown))["rmse_uv"] == 0.0


def test_samples_that_the_page_lost_are_left_out() -> None:
    x = beats()
    holed = x.copy()
    holed[100:110] = NAN
    found = x.copy()
    found[100:110] = 9.0
    assert plain(leads(I=found), leads(I=holed))["rmse_uv"] == 0.0
    scores = of_kaggle(leads(I=x), leads(I=holed))
    assert scores["kaggle_snr_db"] == pytest.approx(10 * math.log10(384))


def test_names_of_leads_are_compared_without_their_case() -> None:
    x = beats()
    assert plain(leads(AVR=x), leads(aVR=x))["rmse_uv"] == 0.0


def test_a_set_is_scored_by_the_mean_of_the_ratios() -> None:
    rows = [{"kaggle_snr_db": 10 * math.log10(ratio)} for ratio in (384.0, 100.0, 1.0)]
    assert kaggle_score(rows) == pytest.approx(10 * math.log10(485 / 3))
    assert kaggle_score([{"kaggle_snr_db": -384.0}]) == pytest.approx(-384.0)
    assert kaggle_score([{"kaggle_snr_db": 0.0}, {"kaggle_snr_db": -384.0}, {"wall_s": 1.0}]) == pytest.approx(
        10 * math.log10(0.5)
    )
    assert math.isnan(kaggle_score([]))


@pytest.mark.parametrize("gain", [0.5, 0.9, 1.05, -1.0])
def test_a_gain_error_is_the_slope_of_found_over_true(gain: float) -> None:
    x = beats(2000)
    found = of_kaggle(leads(I=gain * x + 0.2), leads(I=x))["gain_error_pct"]
    if gain > 0:
        assert found == pytest.approx(100 * abs(gain - 1), abs=1e-3)
    else:
        assert found > 90  # of the upside-down lead, some other shift fits best


def test_plain_scores_forgive_neither_offset_nor_shift() -> None:
    x = np.array([0.0, 1.0, 0.0, -1.0])
    scores = plain(leads(I=x + 0.5), leads(I=x))
    assert scores["snr_db"] == scores["challenge_2024_snr_db"] == pytest.approx(10 * math.log10(2 / (4 * 0.25)))
    assert scores["rmse_uv"] == pytest.approx(500.0)
    assert scores["pearson_r"] == pytest.approx(1.0)
    assert plain(leads(I=np.roll(x, 1)), leads(I=x))["pearson_r"] == pytest.approx(0.0)


def test_the_challenge_averages_leads_where_the_snr_sums_their_powers() -> None:
    true = leads(I=[3.0, 3.0], II=[1.0, 1.0])
    scores = plain(leads(I=[3.0, 2.0], II=[1.0, 0.0]), true)
    assert scores["challenge_2024_snr_db"] == pytest.approx((10 * math.log10(18) + 10 * math.log10(2)) / 2)
    assert scores["snr_db"] == pytest.approx(10 * math.log10(20 / 2))


def test_samples_and_leads_that_were_not_found_are_zeros() -> None:
    scores = plain(leads(I=[1.0, NAN]), leads(I=[1.0, 2.0], II=[1.0, 2.0]))
    assert scores["rmse_uv"] == pytest.approx(1000 * math.sqrt((4 + 1 + 4) / 4))
    assert scores["leads_missing_pct"] == 50.0
    assert scores["pearson_r"] == pytest.approx((-1 + 0) / 2)
    assert plain(leads(I=[1.0, math.inf]), leads(I=[1.0, 2.0]))["rmse_uv"] == pytest.approx(1000 * math.sqrt(2))


def test_without_noise_the_snr_is_at_its_limit() -> None:
    true = leads(I=beats())
    assert plain(true, true)["snr_db"] == plain(true, true)["challenge_2024_snr_db"] == 100.0
    assert plain(leads(I=1e9 * beats(seed=5)), true)["snr_db"] == -100.0


@pytest.mark.parametrize("fs", [50.0, 200.0, 500.0, 360.0])
def test_another_sampling_rate_is_brought_to_that_of_the_truth(fs: float) -> None:
    def wave(rate: float) -> np.ndarray:
        return np.sin(2 * np.pi * np.arange(int(4 * rate)) / rate)

    scores = plain(leads(fs, I=wave(fs)), leads(FS, I=wave(FS)))
    assert scores["snr_db"] > 30
    assert scores["pearson_r"] > 0.999


def test_resampling_keeps_gaps_and_ends() -> None:
    signal = np.array([0.0, 2.0, NAN, 4.0])
    assert at_rate(signal, 100, 200, np.arange(9)) == pytest.approx([0, 1, 2, NAN, NAN, NAN, 4, NAN, NAN], nan_ok=True)
    assert at_rate(signal, 100, 50, np.arange(3)) == pytest.approx([0, NAN, NAN], nan_ok=True)
    assert at_rate(signal, 100, 100, np.arange(1, 5)) == pytest.approx([2, NAN, 4, NAN], nan_ok=True)
    assert np.isnan(at_rate(np.empty(0), 100, 100, np.arange(3))).all()
    assert at_rate(np.array([7.0]), 1, 500, np.arange(2)) == pytest.approx([7, 7])


@pytest.mark.parametrize("n", [1, 2, 5])
def test_leads_shorter_than_the_limit_can_be_aligned(n: int) -> None:
    x = np.arange(n, dtype=np.float64)
    moved = aligned(x, x + 2, 20)
    assert moved.lag == 0
    assert moved.found == pytest.approx(x)


def test_constants_stay_where_they_are() -> None:
    x = beats()
    for constant in (0.0, 0.1, -7.3):
        assert aligned(x, np.full(250, constant), 20).lag == 0
        assert aligned(np.full(250, constant), x, 20).lag == 0


def test_a_lead_found_in_part_is_judged_by_its_whole() -> None:
    x = beats()
    half = x.copy()
    half[125:] = NAN
    assert of_kaggle(leads(I=half[:125]), leads(I=x)) == of_kaggle(leads(I=half), leads(I=x))
    assert 0 < of_kaggle(leads(I=half), leads(I=x))["kaggle_snr_db"] < 10
