"""The error budget of a digitizer, on a print whose every fault is made here."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.core.page import Page
from ecgbench.core.results import Signals
from ecgbench.core.truth import TraceTruth, Truth
from ecgbench.plugins.metrics import budget, kaggle

PAGE = Page(np.full((20, 30, 3), 255, np.uint8))
FS, PX = 500.0, 8.0  # px/mm
LEADS = ("I", "V1")  # beside each other, 2.5 s each


def lead(number: int) -> np.ndarray:
    t = np.arange(1250) / FS
    return 0.1 * np.sin(2 * np.pi * t) + (1.0 + number) * np.exp(-(((t % 0.8 - 0.4) / 0.015) ** 2))


def bent(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return where a photo shows points of the paper: tilted, and wider on the right."""
    return np.column_stack([x + 0.02 * y + 1e-5 * x**2, y - 0.03 * x + 1e-5 * x * y])


def printed(number: int, mv: np.ndarray) -> np.ndarray:
    x = 100 + (np.arange(1250) / FS + 2.5 * number) * 25 * PX
    return bent(x, 400 - mv * 10 * PX)


def truth() -> Truth:
    size = 2500
    signals = {name: np.full(size, np.nan, np.float32) for name in LEADS}
    for number, name in enumerate(LEADS):
        signals[name][1250 * number : 1250 * (number + 1)] = lead(number)
    traces = tuple(TraceTruth(name, printed(number, lead(number)), FS, 2.5 * number) for number, name in enumerate(LEADS))
    return Truth(signals=Signals(FS, signals), traces=traces, layout="1x2", mm_per_s=25.0, mm_per_mv=10.0)


def found(names: tuple[str, ...] = LEADS, gain: float = 1.0, layout: str = "1x2", off: float = 0.0) -> Signals:
    """Return what a digitizer gives that draws the right course (but for `off` mV on the second half of V1) with a wrong gain or wrong names."""
    leads, drawn = {}, []
    for number, name in enumerate(names):
        mv = lead(number)
        mv[625:] += off * number
        samples = np.full(2500, np.nan, np.float32)
        samples[1250 * number : 1250 * (number + 1)] = gain * mv
        leads[name] = samples
        drawn.append((name, printed(number, mv)))
    return Signals(FS, leads, layout, drawn=tuple(drawn))


def test_a_faultless_reading_loses_nothing() -> None:
    scores = budget.score(PAGE, found(), truth())
    assert scores["given_scale_db"] == scores["given_names_db"] == scores["given_course_db"] == pytest.approx(25.84, abs=0.01)
    assert (scores["layout_right"], scores["course_missed_pct"]) == (1.0, 0.0)
    assert scores["course_off_mm"] < 0.01


def test_a_wrong_gain_is_lost_by_the_scale_only() -> None:
    result = found(gain=0.5)
    assert kaggle.score(PAGE, result, truth())["kaggle_snr_db"] == pytest.approx(6.0, abs=0.3)
    assert budget.score(PAGE, result, truth())["given_scale_db"] > 25


def test_wrong_names_are_lost_by_the_layout_only() -> None:
    scores = budget.score(PAGE, found(("V1", "I"), layout="2x1"), truth())
    assert scores["given_scale_db"] < 1
    assert scores["given_names_db"] > 25
    assert scores["layout_right"] == 0


def test_a_course_that_strays_is_lost_by_the_paths_only() -> None:
    scores = budget.score(PAGE, found(off=0.5), truth())
    assert scores["given_names_db"] < 15
    assert scores["given_course_db"] > 25
    assert scores["course_missed_pct"] == pytest.approx(25, abs=1)


def test_a_lead_that_was_not_drawn_counts_as_missed() -> None:
    whole = found()
    scores = budget.score(PAGE, Signals(FS, whole.leads, drawn=whole.drawn[:1]), truth())
    assert scores["course_missed_pct"] == pytest.approx(50, abs=1)
    assert scores["given_names_db"] < 3
    assert scores["given_course_db"] > 25


def test_a_method_that_says_not_where_it_drew_has_no_budget() -> None:
    assert budget.score(PAGE, Signals(FS, found().leads), truth()) == {"layout_right": 0.0}
    assert budget.score(PAGE, found(), Truth()) == {}
