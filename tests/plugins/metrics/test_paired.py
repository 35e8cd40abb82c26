"""Scores of pages that another renderer drew, of which the pixel of every sample is known."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from ecgbench.core.page import Page
from ecgbench.core.results import Signals
from ecgbench.core.truth import TraceTruth, Truth
from ecgbench.plugins.color import lab
from ecgbench.plugins.image_sets.wfdb_records import read_record
from ecgbench.plugins.metrics import kaggle, separation, signals
from ecgbench.plugins.pages import open_page

DATA = os.environ.get("ECGBENCH_DATA")
PAIRS = sorted(Path(DATA, "images", "paired").glob("*.png")) if DATA else []
PX_PER_MV = 10 * 200 / 25.4  # the pictures are at 200 dpi and 10 mm/mV

pytestmark = pytest.mark.skipif(not PAIRS, reason="needs the pictures of images/paired; set ECGBENCH_DATA to the data folder")


def drawn(picture: Path) -> list[TraceTruth]:
    with gzip.open(picture.with_suffix(".json.gz")) as file:
        described = json.load(file)
    fs = described["sampling_frequency"]
    return [
        TraceTruth(lead["lead_name"], np.array(lead["plotted_pixels"])[:, ::-1], fs, lead["start_sample"] / fs)
        for lead in described["leads"]
    ]


def read_off(traces: list[TraceTruth], *, gain: float = 1.0, late: int = 0) -> Signals:
    """Digitize pages by where their samples were drawn; a lead's baseline is not known, its median stands for it."""
    leads: dict[str, np.ndarray] = {}
    for trace in traces:
        lead = leads.setdefault(trace.lead, np.full(5000, np.nan, np.float32))
        heights = -trace.points[:, 1] / PX_PER_MV * gain
        first = round(trace.start_s * trace.fs)
        part = lead[first + late : first + late + len(heights)]
        part[:] = (heights - np.median(heights))[: len(part)]
    return Signals(500.0, leads)


def recorded(picture: Path, traces: list[TraceTruth]) -> Signals:
    """Return the record as far as the page shows it."""
    record = read_record(Path(str(DATA), "records", "ptbxl", picture.name.split("-")[0]))
    shown = {name: np.full(5000, np.nan, np.float32) for name in record.leads}
    for trace in traces:
        first = round(trace.start_s * trace.fs)
        part = slice(first, first + len(trace.points))
        shown[trace.lead][part] = record.leads[trace.lead][part]
    return Signals(record.fs, shown)


@pytest.mark.parametrize("picture", PAIRS, ids=lambda picture: picture.stem)
def test_what_was_drawn_is_the_record(picture: Path) -> None:
    traces = drawn(picture)
    page, truth = Page(np.zeros((1, 1, 3), np.uint8)), Truth(signals=recorded(picture, traces))
    exact = kaggle.score(page, read_off(traces), truth)
    assert exact["kaggle_snr_db"] > 25  # of at most 25.8
    assert exact["timing_shift_ms"] == 0
    assert exact["gain_error_pct"] < 0.1
    assert signals.score(page, read_off(traces), truth)["pearson_r"] > 0.9999
    wrong = kaggle.score(page, read_off(traces, gain=1.1, late=5), truth)
    assert wrong["timing_shift_ms"] == pytest.approx(10, abs=0.5)
    assert wrong["gain_error_pct"] == pytest.approx(10, abs=0.5)
    assert wrong["kaggle_snr_db"] < 21  # a gain error of 10 % alone caps it at 20 dB, but for the share of the offset


@pytest.mark.parametrize("picture", PAIRS, ids=lambda picture: picture.stem)
def test_traces_are_found_where_they_were_drawn(picture: Path) -> None:
    page, traces = open_page(picture), drawn(picture)
    found = lab(page)
    assert separation.score(page, found, Truth(traces=tuple(traces)))["trace_lost_pct"] < 2
    away = tuple(TraceTruth(trace.lead, trace.points + np.array([0.0, 12.0]), trace.fs) for trace in traces)
    assert separation.score(page, found, Truth(traces=away))["trace_lost_pct"] > 60
