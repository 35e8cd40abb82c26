"""The model heart: relations between leads, the published beat, and what seeds change."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.heart import DOWER, LEADS, WAVES, Heart, draw_heart, make_leads


def lively(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return make_leads(draw_heart(rng), rng)


@pytest.mark.parametrize("seed", range(5))
def test_einthoven_and_goldberger_hold_exactly(seed: int) -> None:
    leads, half = lively(seed), np.float32(0.5)
    np.testing.assert_array_equal(leads["III"], leads["II"] - leads["I"])
    np.testing.assert_array_equal(leads["aVR"], -half * (leads["I"] + leads["II"]))
    np.testing.assert_array_equal(leads["aVL"], leads["I"] - half * leads["II"])
    np.testing.assert_array_equal(leads["aVF"], leads["II"] - half * leads["I"])
    np.testing.assert_allclose(leads["aVR"] + leads["aVL"] + leads["aVF"], 0, atol=1e-6)


def test_twelve_leads_come_in_the_usual_order_as_float32_of_ten_seconds() -> None:
    leads = lively(1)
    assert tuple(leads) == LEADS
    assert {(signal.dtype.name, signal.shape) for signal in leads.values()} == {("float32", (5000,))}
    assert make_leads(Heart(), np.random.default_rng(0), fs=250, seconds=4)["V6"].shape == (1000,)


def test_the_r_peak_is_the_published_dipole_seen_through_dowers_matrix() -> None:
    # A sample at the R peak: at 60 beats a minute one lies within 1 ms of it, 0.0063 rad.
    dipole = [sum(a * math.exp(-((0 - phase) ** 2) / (2 * b * b)) for a, b, phase in waves) for waves in WAVES]
    expected = DOWER @ dipole
    leads = make_leads(Heart(), np.random.default_rng(0))
    breathing = 0.05  # the dipole's amplitude swings by this share
    for lead, row in (("I", 0), ("V4", 5), ("V5", 6), ("V6", 7)):
        assert leads[lead].max() == pytest.approx(expected[row], rel=breathing + 0.02)


@pytest.mark.parametrize("rate", [50, 60, 75, 110])
def test_the_heart_beats_at_its_rate(rate: int) -> None:
    signal = make_leads(Heart(rate_bpm=rate, rr_variation=0.03), np.random.default_rng(3), seconds=60)["V5"]
    above = signal > signal.max() / 2
    assert np.count_nonzero(above[1:] & ~above[:-1]) == pytest.approx(rate, abs=2)


def test_gains_act_on_their_wave() -> None:
    beat = {name: make_leads(Heart(**gains), np.random.default_rng(0))["V5"] for name, gains in HEARTS.items()}
    window = slice(int(beat["plain"].argmax()) - 20, int(beat["plain"].argmax()) + 20)
    assert beat["tall R"][window].max() == pytest.approx(2 * beat["plain"][window].max(), rel=0.02)
    assert np.abs(beat["no T"] - beat["plain"])[window].max() < 0.15 < np.abs(beat["no T"] - beat["plain"]).max()
    assert beat["no P"].argmax() == beat["plain"].argmax()
    assert not np.array_equal(beat["no P"], beat["plain"])


HEARTS: dict[str, dict[str, float]] = {"plain": {}, "tall R": {"qrs_gain": 2}, "no T": {"t_gain": 0}, "no P": {"p_gain": 0}}


def test_turning_the_axis_to_the_foot_raises_avf_and_lowers_avl() -> None:
    level, turned = (make_leads(Heart(axis_deg=angle), np.random.default_rng(0)) for angle in (0, 40))
    assert turned["aVF"].max() > level["aVF"].max() + 0.3
    assert turned["aVL"].max() < level["aVL"].max() - 0.3


def test_muscle_noise_has_its_standard_deviation_at_each_electrode() -> None:
    clean, noisy = (make_leads(Heart(noise_mv=noise), np.random.default_rng(0)) for noise in (0, 0.02))
    between_two_electrodes = noisy["I"] - clean["I"]
    assert between_two_electrodes.std() == pytest.approx(0.02 * math.sqrt(2), rel=0.1)


def test_the_same_seed_gives_the_same_signals_and_another_seed_others() -> None:
    np.testing.assert_array_equal(lively(7)["V2"], lively(7)["V2"])
    assert np.abs(lively(7)["V2"] - lively(8)["V2"]).max() > 0.1


def test_drawn_hearts_stay_within_what_paper_can_show() -> None:
    peaks = [max(float(np.abs(signal).max()) for signal in lively(seed).values()) for seed in range(40)]
    assert min(peaks) > 0.5 and max(peaks) < 3.0  # mV: 30 mm
