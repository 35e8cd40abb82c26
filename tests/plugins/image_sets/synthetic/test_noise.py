"""Noise: each kind is as large as it is asked to be, where and when it belongs, and leaves the relations between leads alone."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.heart import Heart, make_leads
from ecgbench.plugins.image_sets.synthetic.lead_field import ELECTRODES
from ecgbench.plugins.image_sets.synthetic.noise import beat_to_beat, electrode_noise

FS = 500.0
TIMES = np.arange(5000) / FS


def noise(seed: int = 0, **fields: float) -> np.ndarray:
    return electrode_noise(Heart(**fields), np.random.default_rng(seed), TIMES)  # type: ignore[arg-type]


def test_without_any_there_is_silence() -> None:
    assert not noise().any() and noise().shape == (ELECTRODES.shape[1], 5000)


@pytest.mark.parametrize("seed", range(6))
def test_hum_is_a_line_of_the_mains_of_the_size_that_is_asked_for(seed: int) -> None:
    hum = noise(seed, hum_uv=20)
    power, hz = np.abs(np.fft.rfft(hum)) ** 2, np.fft.rfftfreq(5000, 1 / FS)
    mains = (np.abs(hz - 50) < 1) | (np.abs(hz - 60) < 1)
    assert power[:, mains].sum() > 0.95 * power.sum() and 0.002 < np.abs(hum).max() <= 0.0281


@pytest.mark.parametrize("seed", range(6))
def test_muscles_are_tense_for_a_while_and_quiet_between(seed: int) -> None:
    level = np.abs(noise(seed, burst_uv=100)).reshape(9, 50, 100).mean(axis=2)
    assert level.max() > 0.02 and (level < 0.002).mean() > 0.5


@pytest.mark.parametrize("seed", range(6))
def test_an_electrode_that_is_moved_comes_back(seed: int) -> None:
    moved = noise(seed, motion_uv=1000)
    assert 0.03 < np.abs(moved).max() <= 2.0 and (np.abs(moved).max(axis=1) > 0).sum() <= 3
    assert np.abs(np.diff(moved, axis=1)).max() < 0.1  # no jump between two samples


def test_muscle_noise_has_the_deviation_that_is_asked_for_filtered_or_not() -> None:
    deviations, smooth = zip(*((each.std(), np.diff(each, axis=1).std()) for each in (noise(seed, noise_uv=10) for seed in range(8))),
                             strict=True)  # fmt: skip
    np.testing.assert_allclose(deviations, 0.010, rtol=0.05)
    assert max(smooth) > 1.2 * min(smooth)


def test_beats_differ_by_what_is_asked_for_and_not_at_all_without() -> None:
    peaks = np.arange(0.3, 10, 0.8)
    assert (beat_to_beat(0.0, peaks, TIMES, np.random.default_rng(0)) == 1).all()
    sizes = beat_to_beat(0.1, np.arange(0.3, 400, 0.8), np.arange(0.3, 400, 0.8), np.random.default_rng(0))
    assert sizes.std() == pytest.approx(0.1, rel=0.1) and sizes.mean() == pytest.approx(1, abs=0.02)
    assert beat_to_beat(0.1, np.empty(0), TIMES, np.random.default_rng(0)).shape == (3, 5000)


def test_r_waves_of_a_lively_heart_are_not_all_alike() -> None:
    def heights(variation: float) -> float:
        lead = make_leads(Heart(beat_variation=variation), np.random.default_rng(3), seconds=30)["II"].astype(float)
        found = [
            lead[at - 100 : at + 100].max()
            for at in range(100, len(lead) - 100)
            if lead[at] == lead[at - 100 : at + 100].max() > 0.5
        ]
        return float(np.std(found) / np.mean(found))

    assert heights(0.1) > heights(0.0) + 0.03
