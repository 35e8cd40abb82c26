"""Filters of devices: what they let pass, what not, and that nothing else becomes unknown."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.filtering import passed
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording

FS = 500.0


def wave(hertz: float) -> Recording:
    return Recording({"II": np.sin(2 * np.pi * hertz * np.arange(2500) / FS).astype(np.float32)}, FS)


@pytest.mark.parametrize("limit", [25.0, 40.0, 100.0, 150.0])
def test_slow_waves_pass_and_fast_ones_do_not(limit: float) -> None:
    slow, fast = wave(0.3 * limit), wave(1.6 * limit)
    middle = slice(250, -250)
    np.testing.assert_allclose(passed(slow, limit).leads["II"][middle], slow.leads["II"][middle], atol=0.03)
    assert np.abs(passed(fast, limit).leads["II"][middle]).max() < 0.05


def test_a_constant_stays_as_it_is_up_to_the_ends_and_beside_gaps() -> None:
    level = np.full(600, 0.7, np.float32)
    level[200:260] = np.nan
    found = passed(Recording({"V1": level}, FS), 40.0).leads["V1"]
    np.testing.assert_allclose(found, level, atol=1e-5)
    assert found.dtype == np.float32


@pytest.mark.parametrize("limit", [0.0, 250.0, 400.0])
def test_nothing_is_done_where_there_is_nothing_to_filter(limit: float) -> None:
    recording = wave(60.0)
    assert passed(recording, limit) is recording
