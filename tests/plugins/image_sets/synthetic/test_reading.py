"""Readings: what a device says of a heart follows from the heart, and statements do not contradict each other."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.heart import Heart, draw_heart, make_leads
from ecgbench.plugins.image_sets.synthetic.reading import MAJOR, MINOR, NORMAL, Reading, read_heart


def read(**fields: object) -> Reading:
    heart = Heart(**fields)  # type: ignore[arg-type]
    leads = make_leads(heart, np.random.default_rng(0))
    return read_heart(heart, leads["V1"], leads["V5"])


@pytest.mark.parametrize(
    ("fields", "first", "verdict"),
    [
        ({"rate_bpm": 72}, "Normal sinus rhythm", NORMAL),
        ({"rate_bpm": 48}, "Sinus bradycardia", MINOR),
        ({"rate_bpm": 118}, "Sinus tachycardia", MINOR),
        ({"rate_bpm": 130, "rhythm": "af"}, "Atrial fibrillation with rapid ventricular response", MAJOR),
        ({"rate_bpm": 72, "axis_deg": -50}, "Normal sinus rhythm", MINOR),
        ({"rate_bpm": 72, "st_mv": 0.3, "st_region": "inferior"}, "Normal sinus rhythm", MAJOR),
        ({"rate_bpm": 72, "pvc_share": 0.3}, "Normal sinus rhythm", MAJOR),
    ],
)
def test_a_heart_gets_the_rhythm_and_verdict_that_it_has(fields: dict[str, object], first: str, verdict: str) -> None:
    found = read(**fields)
    assert found.findings[0] == first and found.verdict == verdict


def test_statements_of_drawn_hearts_do_not_contradict_each_other() -> None:
    for seed in range(80):
        heart = draw_heart(np.random.default_rng(seed))
        found = read_heart(heart, np.zeros(9), np.zeros(9))
        rhythms = [said for said in found.findings if "rhythm" in said or "Sinus" in said or "fibrillation" in said]
        assert len(rhythms) == 1 and len(set(found.findings)) == len(found.findings)
        assert (found.verdict == NORMAL) <= (found.findings == ("Normal sinus rhythm",))
        assert any("axis deviation" in said for said in found.findings) is (found.qrs_axis < -30)
        assert (found.pr_ms is None) is (heart.rhythm == "af") is (found.p_axis is None)


@pytest.mark.parametrize("rate", [45, 60, 80, 110])
def test_intervals_are_those_of_a_resting_adult_and_qtc_follows_from_qt_and_rate(rate: int) -> None:
    found = read(rate_bpm=rate)
    assert found.pr_ms is not None and 110 < found.pr_ms < 210 and 320 < found.qt_ms < 460
    assert found.qtc_ms == pytest.approx(found.qt_ms / np.sqrt(60 / found.rate), abs=0.6)
    assert found.qrs_ms == 92 and 0.5 < found.r_v5_mv < 3 and 0.2 < found.s_v1_mv < 2.5


@pytest.mark.parametrize("axis", [-60, 0, 55, 100])
def test_the_axis_that_is_said_is_the_heart_s(axis: int) -> None:
    assert read(axis_deg=axis).qrs_axis == axis
