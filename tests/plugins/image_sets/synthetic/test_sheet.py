"""Sheets in millimeters: where samples, pulses, separators and labels lie, and what is shown."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.devices import DEVICES
from ecgbench.plugins.image_sets.synthetic.heart import LEADS
from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS, LETTER_MM, TRACE_MM, places
from ecgbench.plugins.image_sets.synthetic.lead_source import LeadSource, Recording, SeededHeart
from ecgbench.plugins.image_sets.synthetic.lettering import length_mm
from ecgbench.plugins.image_sets.synthetic.paper import PAPERS, frame_of
from ecgbench.plugins.image_sets.synthetic.placement import fitted, layout_of
from ecgbench.plugins.image_sets.synthetic.sheet import Sheet, Text, print_sheet, start_mm
from ecgbench.plugins.image_sets.synthetic.style import Style

HEART = SeededHeart(5, 1).read()


def flat(level: float = 0.5, fs: float = 500.0, seconds: float = 10.0, leads: tuple[str, ...] = LEADS) -> Recording:
    return Recording({lead: np.full(round(fs * seconds), level, np.float32) for lead in leads}, fs)


def sheet(recording: Recording = HEART, **style: object) -> Sheet:
    return print_sheet(recording, Style(**style))  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_shows_its_leads_in_time_order_from_left_to_right(layout: str) -> None:
    made = sheet(layout=layout)
    assert [trace.lead for trace in made.traces] == [place.lead for place in places(LAYOUTS[layout])]
    assert set(made.shown) == ({"II"} if layout == "strip" else set(LEADS))
    for place, trace in zip(places(LAYOUTS[layout]), made.traces, strict=True):
        assert trace.start_s == pytest.approx(10 * place.column / place.columns) and len(trace.points) == 5000 // place.columns


@pytest.mark.parametrize("speed", [25.0, 50.0])
@pytest.mark.parametrize("gain", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("layout", ["3x4+1", "12x1", "strip"])
def test_each_sample_lies_at_its_time_and_voltage(speed: float, gain: float, layout: str) -> None:
    made = sheet(speed=speed, gain=gain, layout=layout)
    for place, trace in zip(places(LAYOUTS[layout]), made.traces, strict=True):
        first = round(trace.start_s * 500)
        seconds = (first + np.arange(len(trace.points))) / 500
        np.testing.assert_allclose(trace.points[:, 0], 15 + seconds * speed, atol=1e-9)
        volts = HEART.leads[trace.lead][first : first + len(trace.points)]
        np.testing.assert_allclose(trace.points[:, 1], place.y_mm - gain * volts, atol=1e-5)
        assert trace.points[-1, 0] < 15 + TRACE_MM


def test_a_page_shows_half_the_time_at_twice_the_speed() -> None:
    slow, fast = sheet(speed=25), sheet(speed=50)
    assert len(slow.shown["II"]) == 5000 and len(fast.shown["II"]) == 2500
    np.testing.assert_array_equal(fast.shown["II"], HEART.leads["II"][:2500])
    assert np.isfinite(fast.shown["V1"]).sum() == 625


def test_only_what_is_shown_is_known() -> None:
    shown = sheet(layout="3x4+1").shown
    assert np.isfinite(shown["II"]).all()  # the rhythm strip shows all of it
    np.testing.assert_array_equal(np.isfinite(shown["I"]), np.arange(5000) < 1250)
    np.testing.assert_array_equal(np.isfinite(shown["V6"]), np.arange(5000) >= 3750)
    np.testing.assert_array_equal(np.isfinite(sheet(layout="6x2").shown["V1"]), np.arange(5000) >= 2500)
    three = sheet(layout="3x4+3").shown
    assert [lead for lead in LEADS if np.isfinite(three[lead]).all()] == ["II", "V1", "V5"]
    assert all(np.isfinite(signal).all() for signal in sheet(layout="12x1").shown.values())


def test_samples_beyond_the_paper_are_not_shown() -> None:
    recording = flat()
    recording.leads["aVF"][1500] = 30.0  # 300 mm up
    assert np.isnan(sheet(recording, layout="3x4").shown["aVF"][1500])
    assert np.isfinite(sheet(recording, layout="3x4").shown["aVF"][[1499, 1501]]).all()


def test_leads_that_were_not_recorded_and_samples_that_are_not_known_are_left_out() -> None:
    limbs = LEADS[:6]
    made = sheet(flat(leads=limbs), layout="6x2")
    assert {trace.lead for trace in made.traces} == set(made.shown) == set(limbs)
    gap = flat()
    gap.leads["II"][100:200] = np.nan
    made = sheet(gap, layout="12x1")
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(made.shown["II"])), np.arange(100, 200))
    assert np.isnan(made.traces[1].points[100:200, 1]).all()
    assert print_sheet(Recording({}, 500.0), Style()).traces == ()


@pytest.mark.parametrize(("fs", "seconds"), [(100.0, 10.0), (1000.0, 38.4), (500.0, 4.0), (257.0, 10.0)])
def test_recordings_of_any_rate_and_length_are_laid_out(fs: float, seconds: float) -> None:
    made = sheet(flat(fs=fs, seconds=seconds))
    assert made.fs == fs and len(made.shown["I"]) == round(10 * fs)
    known = np.isfinite(made.shown["II"]).sum() / fs
    assert known == pytest.approx(min(10, seconds), abs=2 / fs)
    assert np.isfinite(made.shown["V4"]).any() == (seconds > 7.5)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_stretch_has_an_area_of_its_own(layout: str) -> None:
    made = sheet(flat(), layout=layout)
    areas = [trace.box_mm for trace in made.traces]
    width, height = made.size_mm
    for trace, (left, top, right, bottom) in zip(made.traces, areas, strict=True):
        assert 0 <= top < bottom <= height and 0 < left < right < width
        assert ((trace.points >= (left, top)) & (trace.points <= (right, bottom))).all()
    for one, (left, top, right, bottom) in enumerate(areas):
        for other in areas[one + 1 :]:
            assert max(left, other[0]) >= min(right, other[2]) - 1e-9 or max(top, other[1]) >= min(bottom, other[3]) - 1e-9


@pytest.mark.parametrize(("speed", "gain"), [(25.0, 10.0), (50.0, 20.0)])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_pulse_is_a_millivolt_high_and_a_fifth_of_a_second_wide_beside_each_row(side: str, speed: float, gain: float) -> None:
    made = sheet(pulse=side, speed=speed, gain=gain, layout="6x2+1")
    assert len(made.pulses) == 7
    low, high = min(trace.points[:, 0].min() for trace in made.traces), start_mm(made.style) + TRACE_MM
    for pulse in made.pulses:
        np.testing.assert_allclose(np.ptp(pulse.points, axis=0), (0.2 * speed, gain))
        assert pulse.points[:, 0].max() <= low + 1e-9 if side == "left" else pulse.points[:, 0].min() >= high
        assert pulse.points[:, 0].min() > 0 and pulse.points[:, 0].max() < LETTER_MM[0]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_pulse_of_any_device_is_a_millivolt_high_and_leaves_the_trace_alone(device: str, side: str) -> None:
    made = sheet(device=device, pulse=side, paper="roll", foot_mm=0.7, slant_mm=0.4)
    known, begin = DEVICES[device], min(trace.points[:, 0].min() for trace in made.traces)
    for pulse in made.pulses:
        width, height = np.ptp(pulse.points, axis=0)
        assert height == 10 and width == pytest.approx(known.pulse_s * 25 + 2 * 0.7 + 0.4)
        edge = begin - pulse.points[:, 0].max() if side == "left" else pulse.points[:, 0].min() - begin - TRACE_MM
        assert edge == pytest.approx(known.gap_mm if side == "left" else 1.5)


def test_a_pulse_has_feet_on_the_zero_of_its_row_and_flanks_that_lean_outward() -> None:
    made = sheet(flat(0.0), device="bedside", foot_mm=0.5, slant_mm=0.3)
    rows = sorted({float(trace.points[0, 1]) for trace in made.traces})
    for pulse, row in zip(made.pulses, rows, strict=True):
        x, y = pulse.points.T
        np.testing.assert_allclose(y, (row, row, row - 10, row - 10, row, row))
        np.testing.assert_allclose(np.diff(x), (0.5, 0.3, 5 - 0.3, 0.3, 0.5))


def test_portable_devices_set_the_a_of_limb_leads_apart() -> None:
    close, apart = (
        sheet(flat(), device=device, font="times-thermal", labels="above").texts for device in ("desktop", "portable")
    )
    names = [text.text for text in apart]
    assert {"aVR", "aVL", "aVF"} <= {text.text for text in close}
    assert names.count("a") == 3 and len(names) == len(close) + 3 and {"VR", "VL", "VF"} <= set(names)
    first, rest = apart[names.index("VR") - 1 : names.index("VR") + 1]
    assert rest.x_mm - first.x_mm == pytest.approx(length_mm("a", "times-thermal", 2.6) + 0.27) and rest.y_mm == first.y_mm


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("paper", ["letter", "a4", "roll"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_stand_on_any_paper_below_the_header_and_apart(device: str, paper: str, layout: str) -> None:
    found = layout_of(Style(device=device, paper=paper, layout=layout, header="full"))
    assert found.header_mm < found.rows_mm[0] and found.rows_mm[-1] < found.size_mm[1] - 8
    assert len(found.rows_mm) == len(LAYOUTS[layout].rows_mm) and all(step > 12 for step in np.diff(found.rows_mm))
    assert found.left_mm + TRACE_MM < found.size_mm[0]


def test_what_is_cut_off_a_paper_is_not_shown() -> None:
    whole, cut = sheet(device="screen", paper="roll"), sheet(device="screen", paper="roll", cut_mm=11)
    assert cut.size_mm[0] < whole.size_mm[0] and cut.size_mm[1] == whole.size_mm[1] - 11
    np.testing.assert_allclose(whole.traces[0].points - cut.traces[0].points, 11, atol=1e-9)
    late = cut.traces[-1].points[:, 0] > cut.size_mm[0]  # on the right, too
    none = sheet(device="screen", paper="roll", layout="12x1", cut_mm=12)
    assert not late.any() or np.isnan(cut.shown["II"][late]).all()
    assert all(np.isnan(signal[trace.points[:, 0] > none.size_mm[0]]).all()
               for signal, trace in zip(none.shown.values(), none.traces, strict=True))  # fmt: skip


def test_a_device_that_fits_traces_to_rows_halves_the_gain_only_where_it_must() -> None:
    tall, low = flat(3.0), flat(0.5)
    assert fitted(Style(device="cart", layout="12x1", gain=20, fit=True), tall).gain == 5
    assert fitted(Style(device="cart", layout="3x4+1", gain=10, fit=True), low).gain == 10
    assert fitted(Style(device="cart", layout="12x1", gain=20), tall).gain == 20
    assert fitted(Style(layout="12x1", fit=True), Recording({}, 500.0)).gain == 10


def test_a_trace_is_thinner_where_the_pen_is_fast() -> None:
    made = sheet(thinning=0.5, trace_mm=0.3)
    for trace in made.traces:
        width, steps = np.asarray(trace.width_mm), np.abs(np.diff(trace.points[:, 1]))
        assert width.shape == (len(trace.points),) and width.max() <= 0.3 and width.min() >= 0.15
        assert width[:-1][steps > 0.9].max(initial=0.15) == pytest.approx(0.15) and width[:-1][steps < 0.05].min() > 0.28


def test_separators_stand_where_the_next_lead_begins() -> None:
    bars = sheet(separators="bar").separators
    assert len(bars) == 9 and {round(float(bar.points[0, 0]), 3) for bar in bars} == {77.5, 140.0, 202.5}
    ticks = sheet(separators="tick").separators
    assert len(ticks) == 9 and float(ticks[0].width_mm) < float(bars[0].width_mm)
    for split, baseline in zip(sheet(separators="split").separators, [bar.points[:, 1].mean() for bar in bars], strict=True):
        assert np.abs(split.points[np.isfinite(split.points[:, 1]), 1] - baseline).min() > 2  # the trace runs between
    assert sheet(layout="12x1").separators == () == sheet(layout="12x1", separators="dots").separators


def test_a_dotted_separator_runs_down_all_rows_with_columns() -> None:
    made = sheet(separators="dots")
    assert len(made.separators) == 3  # between four columns
    baselines = [trace.box_mm for trace in made.traces if trace.lead in ("aVR", "aVF")]
    for line in made.separators:
        dots = line.points[np.isfinite(line.points).all(axis=1)]
        assert np.ptp(dots[:, 0]) == 0 and np.isnan(line.points).any(axis=1).sum() > 60
        assert dots[:, 1].min() < min(box[3] for box in baselines) and dots[:, 1].max() > max(box[1] for box in baselines)


def test_marks_can_be_left_away() -> None:
    made = sheet(pulse="none", separators="none", labels="none", header="none")
    assert made.pulses == made.separators == made.texts == ()


@pytest.mark.parametrize(("labels", "below"), [("below", True), ("above", False)])
def test_labels_name_each_stretch_at_its_start(labels: str, below: bool) -> None:
    made = sheet(labels=labels)
    assert [text.text for text in made.texts] == [trace.lead for trace in made.traces]
    for text, place in zip(made.texts, places(LAYOUTS["3x4+1"]), strict=True):
        assert (text.y_mm > place.y_mm) is below and text.x_mm == pytest.approx(15 + place.column * 62.5)


@pytest.mark.parametrize("name", ["full", "boxed", "framed"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("margin", [2.0, 5.0, 15.0])
def test_frames_lie_on_the_paper_and_hold_whole_squares(name: str, layout: str, margin: float) -> None:
    size, header = LAYOUTS[layout].size_mm, LAYOUTS[layout].header_mm
    frame = frame_of(name, size, margin, header)
    assert 0 <= frame.left < frame.right <= size[0] and 0 <= frame.top < frame.bottom <= size[1]
    if name == "full":
        assert (frame.x0, frame.y0) == (0, size[1])
        return
    assert (frame.right - frame.left) % 5 == pytest.approx(0, abs=1e-6) and (frame.bottom - frame.top) % 5 == pytest.approx(
        0, abs=1e-6
    )
    assert frame.left >= margin and size[1] - frame.bottom >= margin - 1e-9
    assert frame.top >= (header if name == "framed" else margin)


def test_a_seeded_heart_is_a_source_and_reads_the_same_each_time() -> None:
    source = SeededHeart(1, 12)
    assert isinstance(source, LeadSource) and (source.name, source.record) == ("00012", "synthetic:1:12")
    once, again = source.read(), SeededHeart(1, 12).read()
    np.testing.assert_array_equal(once.leads["V3"], again.leads["V3"])
    assert SeededHeart(1, 13).content_id != source.content_id and hash(source) == hash(SeededHeart(1, 12))
    assert set(PAPERS) == {"red", "pink", "blue", "green", "orange", "grey", "black"}


def test_bold_names_of_leads_go_with_text_in_the_regular_face() -> None:
    header = (Text(10.0, 5.0, 2.4, "ID: 17"),)
    bold, plain = (print_sheet(HEART, Style(font=font), header).texts for font in ("plain-bold", "times"))
    assert bold[-1].font == "plain" and {text.font for text in bold[:-1]} == {None} == {text.font for text in plain}


def test_three_strips_stand_in_the_order_of_devices() -> None:
    made = sheet(layout="3x4+3")
    assert [trace.lead for trace in made.traces[-3:]] == ["V1", "II", "V5"]


def test_a_thermal_head_prints_traces_on_its_dots_and_leaves_their_samples_as_they_are() -> None:
    smooth, dotted = (sheet(HEART, head_mm=head_mm).traces[3] for head_mm in (0.0, 0.125))
    np.testing.assert_array_equal(smooth.points, dotted.points)
    np.testing.assert_array_equal(smooth.inked, smooth.points)
    np.testing.assert_allclose(dotted.inked[:, 1] % 0.125 % 0.125, 0, atol=1e-9)
    assert np.abs(dotted.inked - dotted.points).max() <= 0.0625 + 1e-9 and np.array_equal(dotted.inked[:, 0], dotted.points[:, 0])


def test_a_roll_of_a_portable_device_is_wider_and_higher_than_its_traces() -> None:
    portable, desktop = (sheet(HEART, device=device, paper="roll", layout="3x4") for device in ("portable", "desktop"))
    assert portable.size_mm[0] - desktop.size_mm[0] == pytest.approx(23) and portable.size_mm[1] - desktop.size_mm[
        1
    ] == pytest.approx(10)
    assert portable.traces[0].points[0, 0] - desktop.traces[0].points[0, 0] == pytest.approx(10)


@pytest.mark.parametrize("apart", [0.8, 1.2])
def test_rows_stand_as_far_apart_as_asked_where_there_is_room(apart: float) -> None:
    usual, other = (np.diff(layout_of(Style(device="bedside", paper="roll", apart=share)).rows_mm) for share in (1.0, apart))
    np.testing.assert_allclose(other, apart * usual)
    usual, other = (np.diff(layout_of(Style(device="bedside", paper="a4", apart=share)).rows_mm) for share in (1.0, apart))
    np.testing.assert_allclose(other, min(1.0, apart) * usual)


def test_a_desktop_says_which_row_is_a_rhythm_strip() -> None:
    names = [text.text for text in sheet(device="desktop", labels="above", layout="3x4+3").texts]
    assert names.count("II") == 1 and {"Rhythm[V1]", "Rhythm[II]", "Rhythm[V5]"} <= set(names)
    assert [text.text for text in sheet(device="desktop", layout="strip").texts] == ["II"]


def test_screens_have_their_own_red_pink_and_blue() -> None:
    for color in PAPERS:
        printed, shown = (sheet(color=color, shade=shade).paper for shade in ("print", "screen"))
        assert (printed == shown) is (color not in ("red", "pink", "blue"))


def test_a_lead_ends_before_the_next_one_by_the_gap_that_is_asked_and_what_is_not_drawn_is_not_known() -> None:
    made = sheet(flat(), layout="3x4", rest_mm=0.5)
    for trace in made.traces:
        rest = 0 if trace.start_s == pytest.approx(7.5) else 10  # 20 ms at 25 mm/s
        assert len(trace.points) == 1250 - rest and np.isfinite(made.shown[trace.lead]).sum() == 1250 - rest
    rhythm = sheet(flat(), layout="3x4+1", rest_mm=0.5)
    assert np.isfinite(rhythm.shown["II"]).all() and len(rhythm.traces[-1].points) == 5000
