"""Leads in text files: names in every spelling, sentences for what is broken, and other sampling rates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecgbench.core.results import Signals
from ecgbench.plugins.image_sets.signal_files import LEADS, SignalsError, lead_name, name_columns, resample, signals_from_csv
from ecgbench.plugins.image_sets.synthetic.heart import Heart, make_leads


def written(folder: Path, text: str) -> Path:
    path = folder / "page.csv"
    path.write_text(text)
    return path


def test_leads_are_known_in_every_spelling() -> None:
    for spelled in (
        str.lower,
        str.upper,
        str.title,
        lambda name: f" {name} ",
        lambda name: f"Lead {name}",
        lambda name: f"ecg_{name}",
    ):
        assert [lead_name(spelled(name)) for name in LEADS] == list(LEADS)
    for other in ("", "vx", "MLII", "V7", "IV", "I2", "-aVR", "aV", "I II", "Ⅱ"):
        assert lead_name(other) is None


def test_columns_come_in_the_usual_order_and_others_are_left_out() -> None:
    assert name_columns(["vx", "v2", "AVR", "i"], "x.hea") == {"I": 3, "aVR": 2, "V2": 1}


def test_a_lead_that_stands_twice_is_an_error_that_names_it() -> None:
    with pytest.raises(SignalsError, match=r"x\.hea holds the lead aVR twice"):
        name_columns(["aVR", "AVR"], "x.hea")


def test_leads_are_read_with_gaps_and_missing_leads_are_nan(tmp_path: Path) -> None:
    signals = signals_from_csv(written(tmp_path, "I,avr,note\n0.5,-0.25,\n,nan,\n-1e-1,0,\n"), fs=250)
    assert (signals.fs, tuple(signals.leads)) == (250.0, LEADS)
    np.testing.assert_array_equal(signals.leads["I"], np.array([0.5, np.nan, -0.1], np.float32))
    np.testing.assert_array_equal(signals.leads["aVR"], np.array([-0.25, np.nan, 0], np.float32))
    assert np.isnan(signals.leads["V6"]).all() and signals.leads["V6"].shape == (3,)
    assert {signal.dtype.name for signal in signals.leads.values()} == {"float32"}


@pytest.mark.parametrize("fs, digits", [(500, 3), (500, 6), (360, 4), (1000, 3), (256, 6), (62.5, 6)])
def test_a_column_of_times_tells_the_sampling_rate(tmp_path: Path, fs: float, digits: int) -> None:
    lines = "".join(f"{i / fs:.{digits}f},{i}\n" for i in range(2000))
    assert signals_from_csv(written(tmp_path, f"Time,II\n{lines}")).fs == pytest.approx(fs, rel=1e-5)


def test_a_file_with_windows_line_ends_quotes_and_a_mark_at_its_start_is_read(tmp_path: Path) -> None:
    path = tmp_path / "page.csv"
    path.write_bytes('﻿"I","II"\r\n1,2\r\n3,4\r\n'.encode())
    np.testing.assert_array_equal(signals_from_csv(path, fs=100).leads["II"], np.array([2, 4], np.float32))


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("I,II\n", "no samples"),
        ("a,b\n1,2\n", "none of the 12 standard leads .* it holds a, b"),
        ("I,i\n1,2\n", "the lead I twice"),
        ("I,II\n1,2\n3\n", "Line 3 of .* has 1 cells where the first line names 2"),
        ("I,II\n1,2\n3,4,5\n", "Line 3 of .* has 3 cells"),
        ("I,II\n1,2\n3,x\n", 'Line 3 of .* holds "x" under II'),
        ("I,II\n1,inf\n", "Line 2 of .* infinite"),
        ("I;II\n1;2\n", "none of the 12 standard leads"),
        ("time,I\n0,1\n0,2\n", "do not run forward"),
        ("time,I\n0,1\n,2\n1,1\n", "not evenly|do not run"),
        ("time,I\n0,1\n1,2\n9,3\n", "not evenly spaced"),
        ("time,I\n0,1\n1e-9,2\n", "samples per second"),
        ("I\n1\n", 'sampling rate; give it a column "time"'),
    ],
)
def test_a_broken_file_is_one_sentence_that_names_it(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SignalsError, match=says) as raised:
        signals_from_csv(path)
    message = str(raised.value)
    assert str(path) in message and message.endswith(".") and "\n" not in message


def test_what_is_no_text_or_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "page.csv"
    with pytest.raises(SignalsError, match=r"page\.csv cannot be read \(No such file"):
        signals_from_csv(path)
    path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(SignalsError, match=r"page\.csv is no text"):
        signals_from_csv(path)


@pytest.mark.parametrize("fs", [0, -1, float("nan"), float("inf"), 1e9])
def test_a_sampling_rate_that_makes_no_sense_is_said(tmp_path: Path, fs: float) -> None:
    with pytest.raises(SignalsError, match="samples per second"):
        signals_from_csv(written(tmp_path, "I\n1\n2\n"), fs=fs)


def heart(fs: float) -> Signals:
    return Signals(fs, make_leads(Heart(rate_bpm=75), np.random.default_rng(0), fs=fs))


@pytest.mark.parametrize("fs, to", [(500, 1000), (1000, 500), (500, 360), (257, 500), (500, 512), (1000, 250), (500, 62.5)])
def test_resampled_leads_are_those_that_were_sampled_at_that_rate(fs: float, to: float) -> None:
    given, wanted = resample(heart(fs), to), heart(to)
    assert given.fs == to
    for name in LEADS:
        assert len(given.leads[name]) == round(10 * to) and given.leads[name].dtype == np.float32
        if to > 200:  # what lies above half the rate is lost on purpose
            inner = slice(2, -2)  # at an end a resampler knows one side only, and hum does not stop there
            np.testing.assert_allclose(given.leads[name][inner], wanted.leads[name][: len(given.leads[name])][inner], atol=0.002)


def test_nothing_rings_at_the_ends_of_a_level_or_a_slope() -> None:
    for signal in (np.full(1000, 2.5), np.linspace(-1, 3, 1000)):
        given = resample(Signals(500, {"I": signal.astype(np.float32)}), 360).leads["I"]
        np.testing.assert_allclose(given, np.interp(np.arange(720) / 360, np.arange(1000) / 500, signal), atol=0.01)


@pytest.mark.parametrize("to", [1000, 360, 250])
def test_a_step_rings_little_and_not_far(to: int) -> None:
    step = np.repeat([0, 1], 500).astype(np.float32)
    given = resample(Signals(500, {"I": step}), to).leads["I"]
    assert given.min() > -0.1 and given.max() < 1.1
    ringing = np.flatnonzero(np.abs(given - (np.arange(len(given)) >= to)) > 1e-3)
    assert np.abs(ringing / to - 1).max() <= 3.5 / min(to, 500)


def test_what_is_not_known_stays_so_and_spoils_nothing_beside_it() -> None:
    full = heart(500)
    holed = dict(full.leads) | {"I": full.leads["I"].copy(), "V6": np.full(5000, np.nan, np.float32)}
    holed["I"][1000:2000] = np.nan
    given, whole = resample(Signals(500, holed, "3x4"), 1000), resample(full, 1000)
    assert np.isnan(given.leads["I"][2001:3998]).all() and np.isnan(given.leads["V6"]).all()
    assert np.isfinite(given.leads["I"][:1999]).all() and np.isfinite(given.leads["I"][4000:]).all()
    np.testing.assert_allclose(given.leads["I"][:1900], whole.leads["I"][:1900], atol=1e-3)
    assert given.layout == "3x4"


def test_the_same_rate_changes_nothing_and_none_is_an_error() -> None:
    signals = heart(500)
    assert resample(signals, 500) is signals
    assert resample(Signals(500, {"I": np.empty(0, np.float32)}), 250).leads["I"].shape == (0,)
    for fs in (0.0, -5.0, float("nan")):
        with pytest.raises(ValueError, match="positive"):
            resample(signals, fs)
