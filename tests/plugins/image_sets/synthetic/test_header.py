"""Headers: what devices print beside the traces follows from the heart, fits the paper and names nobody."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.devices import DEVICES
from ecgbench.plugins.image_sets.synthetic.header import TEMPLATES, header_of
from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording, SeededHeart
from ecgbench.plugins.image_sets.synthetic.lettering import FONTS, length_mm, stamp_of
from ecgbench.plugins.image_sets.synthetic.placement import layout_of
from ecgbench.plugins.image_sets.synthetic.style import Style

HEART = SeededHeart(5, 1).read()
EVERY_DEVICE = pytest.mark.parametrize("device", DEVICES)


def said(device: str, seed: int = 0, recording: Recording = HEART, **style: object) -> list[str]:
    made = header_of(recording, Style(device=device, **style), np.random.default_rng(seed))  # type: ignore[arg-type]
    return [text.text for text in made]


def test_every_device_has_a_template() -> None:
    assert set(TEMPLATES) == set(DEVICES)


@EVERY_DEVICE
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("header", ["short", "full"])
@pytest.mark.parametrize("paper", ["letter", "roll"])
def test_headers_stand_above_the_rows_and_the_rest_below_them(device: str, layout: str, header: str, paper: str) -> None:
    style = Style(device=device, layout=layout, header=header, paper=paper)
    found, texts = layout_of(style), header_of(HEART, style, np.random.default_rng(0))
    assert texts and all(0 < text.y_mm < found.size_mm[1] and 0 <= text.x_mm < found.size_mm[0] for text in texts)
    assert all(text.y_mm < found.header_mm or text.y_mm > found.rows_mm[-1] for text in texts)


@EVERY_DEVICE
def test_speed_and_gain_are_those_of_the_page_wherever_they_are_said(device: str) -> None:
    for seed in range(10):
        line = " ".join(said(device, seed, header="full", speed=50, gain=5))
        assert set(re.findall(r"([\d.]+) ?mm/s", line)) <= {"50"} and set(re.findall(r"([\d.]+) ?mm/mV", line)) <= {"5", "5.0"}
    assert re.search(r"50 ?mm/s", line) and re.search(r"5 ?mm/mV", line)


@EVERY_DEVICE
def test_no_header_tells_the_seed_or_the_record(device: str) -> None:
    recording = SeededHeart(907_113, 4711).read()
    for header in ("short", "full"):
        assert not re.search("907113|4711", " ".join(said(device, recording=recording, header=header)))


@EVERY_DEVICE
def test_pages_of_one_device_differ(device: str) -> None:
    assert len({tuple(said(device, seed, header="short")) for seed in range(12)}) > 10


def test_a_recording_that_nobody_measured_gets_no_numbers_but_its_name() -> None:
    recording = Recording(HEART.leads, HEART.fs, ("ID: 00005_hr",))
    for device in DEVICES:
        line = " ".join(said(device, recording=recording, header="full"))
        assert "00005_hr" in line and not re.search("QT|rhythm|ABNORMAL|Normal", line)


@pytest.mark.parametrize("header", ["short", "full"])
def test_numbers_and_statements_are_those_of_the_reading(header: str) -> None:
    found = HEART.reading
    assert found is not None
    lines = said("bedside", header=header)
    assert {str(found.rate), str(found.qrs_ms), f"{found.qt_ms}/{found.qtc_ms}", *found.findings, found.verdict} <= set(lines)


def test_a_bedside_table_ends_values_and_units_below_each_other() -> None:
    found, style = HEART.reading, Style(device="bedside", header="short", font="times", paper="roll")
    assert found is not None
    texts = {text.text: text for text in header_of(HEART, style, np.random.default_rng(1))}
    assert texts["BPM"].anchor == "right" and texts["BPM"].x_mm == texts["ms"].x_mm == texts[str(found.t_axis)].x_mm
    assert texts["P-R-T axes"].y_mm == texts[f"{found.p_axis}   {found.qrs_axis}"].y_mm == texts[str(found.t_axis)].y_mm
    assert texts[str(found.rate)].x_mm == texts[f"{found.qt_ms}/{found.qtc_ms}"].x_mm < texts["ms"].x_mm


def test_a_page_has_a_line_at_its_foot_where_that_is_asked() -> None:
    assert said("bedside", header="none") and not said("bedside", header="none", footer=False)
    assert said("plain", header="none") == []
    whole, without = (said("bedside", header="full", footer=footer) for footer in (True, False))
    assert "25mm/s" in whole and "25mm/s" not in without


@EVERY_DEVICE
@pytest.mark.parametrize("limit", [25.0, 40.0, 150.0])
def test_the_filter_that_is_said_is_the_one_that_leads_went_through(device: str, limit: float) -> None:
    for header in ("short", "full"):
        line = " ".join(said(device, header=header, filter_hz=limit))
        assert set(re.findall(r"(?<!AC )(?<!AC)\b(\d+) ?Hz", line)) <= {f"{limit:g}"}


@pytest.mark.parametrize("font", FONTS)
def test_letters_are_as_high_as_asked_and_as_long_as_said(font: str) -> None:
    stamp = stamp_of("HH", font, 30.0)
    assert stamp.coverage.shape[0] == pytest.approx(30, abs=3.5) and stamp.coverage.max() > 200
    assert stamp.coverage.shape[1] <= stamp.length * 1.15
    assert length_mm("HHHH", font, 3.0) == pytest.approx(2 * length_mm("HH", font, 3.0), rel=0.03)


def test_letters_of_dots_are_made_of_dots() -> None:
    dots, square = stamp_of("I", "dots", 56.0).coverage, stamp_of("I", "bitmap", 56.0).coverage
    assert (dots > 200).mean() < 0.8 * (square > 200).mean()
