"""Tests of the digitizer's stages, each on a page of its own making with known truth."""

import cv2
import numpy as np
import pytest

from ecgbench.plugins.digitize.columns import Extent, common_extent, extents, rows_alike
from ecgbench.plugins.digitize.coverage import cover, light_evenly
from ecgbench.plugins.digitize.curve import FINE, Curve, measure_curves, pen_widths
from ecgbench.plugins.digitize.marks import behind_mark
from ecgbench.plugins.digitize.paper_map import FlatPage, even_map, lay_flat, map_from_grid
from ecgbench.plugins.digitize.path import TAKEN_MM, find_paths
from ecgbench.plugins.digitize.pulses import Pulse, find_pulses
from ecgbench.plugins.digitize.rhythm import name_strips
from ecgbench.plugins.digitize.rows import find_rows, rows_unlike_traces
from ecgbench.plugins.digitize.sheet import match_cells, paper_of, straightened
from ecgbench.plugins.digitize.signals import Stretch, merged
from ecgbench.plugins.digitize.words import find_words
from ecgbench.plugins.image_sets.synthetic import Style, SyntheticPage
from ecgbench.plugins.image_sets.synthetic.page import _picture

SCALE = 8
PEN = 2.4  # pixels


def drawn(y: np.ndarray, height: int, pen: float = PEN) -> np.ndarray:
    """Return the coverage (height, w) of a pen whose center runs through `y` at 20 places a column."""
    width = len(y) // 20
    coverage = np.zeros((height * 4, width * 4), np.float32)
    rows, columns = np.indices(coverage.shape)
    x = (np.arange(len(y)) + 0.5) / 20
    for place, center in zip(x[::4], y[::4], strict=True):
        left, right = int((place - pen) * 4), int((place + pen) * 4) + 2
        part = slice(max(0, left), min(right, width * 4))
        near = np.hypot((columns[:, part] + 0.5) / 4 - place, (rows[:, part] + 0.5) / 4 - 0.5 - center) < pen / 2
        coverage[:, part] = np.maximum(coverage[:, part], near)
    return np.asarray(coverage.reshape(height, 4, width, 4).mean(axis=(1, 3)))


def beat(width: int = 240) -> np.ndarray:
    """Return a level line with a narrow spike up and one down, at 20 places a column, y down from row 60."""
    x = (np.arange(width * 20) + 0.5) / 20
    return 60 - 40 * np.clip(1 - np.abs(x - 80) / 4, 0, None) + 25 * np.clip(1 - np.abs(x - 160) / 5, 0, None)


def test_the_map_of_a_flat_page_is_right_to_three_hundredths_of_a_percent() -> None:
    page = SyntheticPage(seed=5, style=Style(color="red")).make_page()
    paper = map_from_grid(page.gray)
    assert paper is not None
    assert paper.px_per_mm == pytest.approx((200 / 25.4, 200 / 25.4), rel=3e-4)
    ends = paper.to_pixels(np.array([(-100.0, 0.0), (100.0, 0.0)]))
    assert np.hypot(*(ends[1] - ends[0])) / 200 == pytest.approx(200 / 25.4, rel=3e-4)


def test_a_photo_of_bent_paper_is_laid_flat() -> None:
    recipe = SyntheticPage(seed=5, kind="0005", severity=0.5)
    page = recipe.make_page()
    paper = map_from_grid(page.gray)
    assert paper is not None
    flat = lay_flat(page.bgr, paper, SCALE)
    better = straightened(paper, flat, light_evenly(flat).match(SCALE)) or paper
    x, y = np.meshgrid(np.arange(-80.0, 80.0, 20.0), np.arange(-40.0, 60.0, 20.0))
    points = np.column_stack([x.ravel(), y.ravel()])
    truth = _picture(recipe).geometry.to_mm(better.to_pixels(points)) - points
    assert np.abs(truth - np.median(truth, axis=0)).max() < 0.35  # mm
    assert np.sqrt(np.square(truth - truth.mean(axis=0)).mean()) < 0.1


def test_the_pen_covers_what_the_truth_says_and_no_grid() -> None:
    recipe = SyntheticPage(
        seed=5,
        style=Style(color="black", grid="lines", strength=1.2, header="none", labels="none", pulse="none", separators="none"),
    )
    truth, page = recipe.read_truth(), recipe.make_page()
    assert truth.trace_mask is not None
    flat = lay_flat(page.bgr, even_map(page.shape, 200 / 25.4), SCALE)
    coverage = cover(flat, light_evenly(flat), flat.inside)
    mask = (
        lay_flat(np.dstack([truth.trace_mask] * 3).astype(np.uint8) * 255, even_map(page.shape, 200 / 25.4), SCALE).bgr[..., 0]
        > 127
    )
    assert (coverage.values[mask] > 0.4).mean() > 0.95
    assert (coverage.values[~mask] > 0.5).mean() < 0.02
    assert coverage.noise < 0.3


def flat_page(gray: np.ndarray) -> FlatPage:
    return FlatPage(np.dstack([gray] * 3), np.ones(gray.shape, bool), SCALE, 0.0, 0.0)


def squared(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return gray grid paper (5 height mm, 5 width mm), and one cell of it."""
    cell = np.full((40, 40), 200, np.float32)
    cell[::8], cell[:, ::8] = 170, 170
    cell[0], cell[:, 0] = 120, 120
    return np.tile(cell, (height, width)).astype(np.uint8), cell


def test_desk_is_no_paper_and_what_is_off_is_told() -> None:
    gray, cell = squared(20, 30)
    gray[:, 800:] = np.random.default_rng(1).integers(90, 110, gray[:, 800:].shape)
    match = match_cells(gray, cell, SCALE)
    paper = paper_of(match, flat_page(gray))
    assert paper[:, :760].mean() > 0.95
    assert not paper[:, 880:].any()
    moved = match_cells(np.roll(gray, (2, -4), (0, 1)), cell, SCALE)
    assert np.median(moved.shift[:, :18], axis=(0, 1)) == pytest.approx((-0.5, 0.25), abs=0.05)


def test_a_margin_of_the_papers_color_is_paper_and_so_is_what_a_stain_hides() -> None:
    gray, cell = squared(20, 30)
    gray[:, :80] = 200  # a margin of 10 mm
    gray[640:, 1000:] = np.random.default_rng(1).integers(0, 200, gray[640:, 1000:].shape)  # a corner full of mold
    match = match_cells(gray, cell, SCALE)
    paper = paper_of(match, flat_page(gray))
    assert paper[100:600, 20:80].mean() > 0.9
    assert paper[640:780, 1000:1180].all()


def test_rows_are_found_where_traces_run_and_not_where_text_stands() -> None:
    coverage = np.zeros((800, 1600), np.float32)
    for level in (200, 500):
        coverage[level : level + 3, 100:1500] = 1
    coverage[690:710, 100:130] = 1  # a letter
    assert find_rows(coverage, SCALE) == pytest.approx([200.5 / 8, 500.5 / 8], abs=0.5)
    assert find_rows(np.zeros((100, 100), np.float32), SCALE).size == 0


def test_a_path_climbs_narrow_waves_and_bridges_gaps() -> None:
    coverage = drawn(beat(), 120)
    coverage[:, 30:40] = 0
    path = find_paths(coverage, np.zeros_like(coverage), np.array([60.5 / 8]), SCALE)[0]
    assert path[75:86].min() < 35
    assert path[155:166].max() > 72
    assert np.abs(path[20:60] - 60).max() < 2


def test_the_pen_is_followed_to_a_fraction_of_a_pixel_and_into_the_tips_of_waves() -> None:
    y = beat()
    coverage = drawn(y, 120)
    path = find_paths(coverage, np.zeros_like(coverage), np.array([60.5 / 8]), SCALE)
    (curve,) = measure_curves(coverage, path, SCALE)
    assert curve.pen == pytest.approx(PEN, abs=0.5)
    at = np.arange(len(curve.y)) / FINE + 0.5
    truth = np.interp(at, (np.arange(len(y)) + 0.5) / 20, y)
    inner = (at > 5) & (at < 235)
    level = inner & (np.abs(truth - 60) < 0.01)
    assert np.abs(curve.y - truth)[level].mean() < 0.1
    assert np.nanmin(curve.y) == pytest.approx(20, abs=4)
    assert np.nanmax(curve.y) == pytest.approx(85, abs=4)


def test_a_stroke_that_is_thin_where_it_is_fast_keeps_the_height_of_its_waves() -> None:
    y = beat()
    thick, thin = drawn(y, 120, pen=4.0), drawn(y, 120, pen=2.0)
    flank = np.abs(np.arange(240) - 80) < 6
    coverage = np.where(flank, thin, thick)
    path = find_paths(coverage, np.zeros_like(coverage), np.array([60.5 / 8]), SCALE)
    (curve,) = measure_curves(coverage, path, SCALE)
    assert curve.pen == pytest.approx(4.0, abs=0.6)
    assert np.nanmin(curve.y) == pytest.approx(20, abs=4)  # with the thick pen everywhere it is 29


def test_widths_are_those_of_straight_slopes() -> None:
    y = np.where(np.arange(400) < 200, 100.0, 100 - 5.0 * (np.arange(400) - 200) / FINE)
    half = np.where(np.arange(400) < 200, 2.0, 1.0 * np.sqrt(26))
    widths = pen_widths(y - half, y + half, 4.0)
    assert widths[:150] == pytest.approx(4.0)
    assert widths[260:] == pytest.approx(2.0, abs=0.1)


def test_a_faint_steep_stroke_is_followed_as_a_dark_one() -> None:
    coverage = drawn(beat(), 120, pen=3.0)
    faint = np.where(np.abs(np.arange(240) - 80) < 6, 0.6 * coverage, coverage).astype(np.float32)
    path = find_paths(faint, np.zeros_like(faint), np.array([60.5 / 8]), SCALE)
    (curve,) = measure_curves(faint, path, SCALE)
    assert np.nanmin(curve.y) == pytest.approx(20, abs=5)


def test_two_rows_never_take_one_trace() -> None:
    coverage = np.zeros((480, 800), np.float32)
    coverage[119:122] = 1
    coverage[319:322, :400] = 1  # this row's trace ends in the middle, where the other one is the only ink
    coverage[121:320, 400:402] = 1
    upper, lower = find_paths(coverage, np.zeros_like(coverage), np.array([120.5 / 8, 320.5 / 8]), SCALE)
    assert np.abs(upper - 120).max() < 2
    assert np.median(np.abs(lower - 320)) < 2
    assert np.abs(lower[420:] - 120).min() > TAKEN_MM * SCALE


def test_a_row_that_begins_late_does_not_begin_on_the_pulse_of_the_next_one() -> None:
    coverage = np.zeros((400, 600), np.float32)
    coverage[118:123, 110:] = 1
    coverage[238:244, 20:60] = coverage[238:323, 55:60] = 1
    coverage[318:323, 60:] = 1
    upper, _ = find_paths(coverage, np.zeros_like(coverage), np.array([120.5 / 8, 320.5 / 8]), SCALE)
    assert np.abs(upper[30:] - 120).max() < 4


def test_a_row_finds_back_to_its_trace_after_its_neighbor_did() -> None:
    coverage = np.zeros((560, 900), np.float32)
    coverage[118:123, 260:] = coverage[278:283] = coverage[438:443] = 1  # the begin of the first row is missing, ...
    coverage[278:283, 100:130] = 0  # ... and the second one has a gap that is dearer than to go down to the third
    levels = np.array([120.5 / 8, 280.5 / 8, 440.5 / 8])
    first, second, third = find_paths(coverage, np.zeros_like(coverage), levels, SCALE)
    assert np.abs(first[270:] - 120).max() < 4
    assert np.abs(first[:240] - 280).min() > 4
    assert np.abs(second[140:] - 280).max() < 4
    assert np.abs(third - 440).max() < 4


def test_nothing_is_made_up_where_there_is_no_ink() -> None:
    coverage = drawn(beat(), 120)
    coverage[:, 100:130] = 0
    path = find_paths(coverage, np.zeros_like(coverage), np.array([60.5 / 8]), SCALE)
    (curve,) = measure_curves(coverage, path, SCALE)
    assert np.isnan(curve.top[101:129]).all()


def rectangle(coverage: np.ndarray, left: int, right: int, top: int, foot: int) -> None:
    """Ink a pulse whose pen is 3 pixels wide and runs through these columns and rows."""
    for column in (left, right):
        coverage[top - 1 : foot + 2, column - 1 : column + 2] = 1
    coverage[top - 1 : top + 2, left:right] = 1


def test_a_pulse_tells_gain_and_speed() -> None:
    coverage = np.zeros((500, 800), np.float32)
    rectangle(coverage, 100, 140, 360, 400)
    (pulse,) = find_pulses(coverage, np.ones(coverage.shape, bool), np.array([390 / 8]), SCALE)
    assert pulse is not None
    assert (pulse.mm_per_mv, pulse.mm_per_s, pulse.whole) == (5, 25, True)
    assert (pulse.left, pulse.right, pulse.foot, pulse.height) == pytest.approx((100.5 / 8, 140.5 / 8, 400.5 / 8, 5.0), abs=0.1)


def test_a_pulse_that_the_papers_edge_cuts_tells_the_gain() -> None:
    coverage = np.zeros((500, 800), np.float32)
    paper = np.ones(coverage.shape, bool)
    paper[:, :120] = False
    rectangle(coverage, 100, 140, 320, 400)
    coverage[~paper] = 0
    (pulse,) = find_pulses(coverage, paper, np.array([390 / 8]), SCALE)
    assert pulse is not None
    assert (pulse.mm_per_mv, pulse.whole) == (10, False)
    assert pulse.right == pytest.approx(140.5 / 8)


def test_a_tall_wave_is_no_pulse() -> None:
    coverage = drawn(beat(), 120)
    assert find_pulses(coverage, np.ones(coverage.shape, bool), np.array([60 / 8]), SCALE) == [None]


def test_a_lead_is_held_behind_the_mark_where_it_ends() -> None:
    top, bottom = np.full(200, 48.0), np.full(200, 52.0)
    top[98:103], bottom[98:103] = 20, 80
    y = np.full(200 * FINE, 50.0)
    y[98 * FINE : 103 * FINE] = 30
    held = behind_mark(Curve(y, top, bottom, 4.0), 100.5 / SCALE, SCALE)
    assert np.abs(held[80 * FINE : 120 * FINE] - 50).max() < 1e-9


def test_a_row_as_long_as_ten_seconds_is_exactly_that_and_a_pulses_foot_is_not_of_it() -> None:
    assert common_extent([Extent(15.0, 265.1), Extent(15.1, 265.0), Extent(40.0, 265.0)]).end == pytest.approx(265.0)
    assert common_extent([Extent(15.0, 165.0)] * 3) == Extent(15.0, 165.0)


def test_rows_that_the_papers_edge_cuts_do_not_tell_where_they_begin() -> None:
    cut = [Extent(21.8, 270.0, cut_start=True), Extent(21.6, 270.1, cut_start=True), Extent(21.8, 270.0, cut_start=True)]
    assert common_extent(cut).start == pytest.approx(20.0)


def test_a_trace_behind_the_foot_of_a_pulse_begins_behind_the_gap() -> None:
    top = np.full(2400, 200.0)
    top[108:140] = np.nan
    top[2200:] = np.nan
    curve = Curve(np.repeat(top, FINE), top, top + 2, 2.0)
    pulse = Pulse(7.5, 12.5, 25.0, 10.0)
    (extent,) = extents([curve], [pulse], np.ones((400, 2400), bool), SCALE)
    assert extent is not None
    assert extent.start == pytest.approx(140 / 8, abs=0.2)


def test_an_edge_of_the_paper_is_no_row() -> None:
    rows = [Extent(15.0, 265.0), Extent(15.0, 265.0), Extent(80.0, 140.0)]
    curves = [Curve(np.zeros(1), np.full(2400, level * 8.0), np.full(2400, level * 8.0), 2.0) for level in (20, 50, 80)]
    assert rows_alike(rows, np.array([20.0, 50.0, 80.0]), curves, SCALE) == [0, 1]


def test_a_line_of_text_and_an_edge_of_paper_are_no_rows_unless_all_rows_look_like_that() -> None:
    traces = [drawn(np.tile(beat(), 3), 120) for _ in range(4)]
    text = np.zeros((120, traces[0].shape[1]), np.float32)
    for x in range(20, text.shape[1] - 20, 12):
        cv2.ellipse(text, (x, 60), (5, 8), 0, 0, 360, (1.0,), 2)
    edge = np.zeros_like(text)
    edge[60:62] = 1
    coverage = np.vstack([text, *traces, edge])
    levels = (np.arange(6) * 120 + 60.5) / SCALE
    curves = measure_curves(coverage, find_paths(coverage, np.zeros_like(coverage), levels, SCALE), SCALE)
    pulses = [False, True, True, True, True, False]
    assert rows_unlike_traces(coverage, levels, curves, pulses, SCALE) == [0, 5]
    assert rows_unlike_traces(coverage, levels, curves, [False] * 6, SCALE) == [0]  # a flat trace is one where no row has a pulse
    assert rows_unlike_traces(coverage, levels, curves, [True] * 6, SCALE) == []
    letters = np.vstack([text] * 3 + [traces[0]])
    curves = measure_curves(letters, find_paths(letters, np.zeros_like(letters), levels[:4], SCALE), SCALE)
    assert rows_unlike_traces(letters, levels[:4], curves, [False] * 4, SCALE) == []


def test_a_rhythm_strip_is_named_after_the_lead_that_it_repeats() -> None:
    x = np.arange(0, 250, 0.25)
    waves = {"II": np.sin(x / 3), "V1": np.sign(np.sin(x / 5)) * np.cos(x)}
    shorts = [Stretch(lead, 0, x[:250], wave[:250], 0.0, 62.5) for lead, wave in waves.items()]
    strip = Stretch("", 3, x, waves["V1"], 0.0, 250.0)
    assert name_strips([strip], shorts, ["II"]) == ["V1"]


def test_samples_lie_at_their_time_and_gaps_stay_unknown() -> None:
    x = np.arange(0, 62.5, 0.125)
    mv = np.where((x > 30) & (x < 40), np.nan, x / 10)
    leads = merged([Stretch("V1", 0, x + 125, mv, 125.0, 187.5)], 500.0, 25.0)
    signal = leads["V1"]
    assert len(signal) == 3750
    assert np.isnan(signal[:2500]).all()
    assert signal[2500 + 500] == pytest.approx(2.5, abs=1e-3)
    assert np.isnan(signal[2500 + 620 : 2500 + 780]).all()


def test_leads_that_are_alike_in_shape_are_told_apart_by_their_height() -> None:
    x = np.arange(0, 250, 0.25)
    wave = np.sin(x / 3) + np.sin(x)
    shorts = [
        Stretch("II", 0, x[:250], wave[:250] + 0.1 * np.cos(5 * x[:250]), 0.0, 62.5),
        Stretch("aVF", 1, x[:250], 0.7 * wave[:250], 0.0, 62.5),
    ]
    assert name_strips([Stretch("", 3, x, wave, 0.0, 250.0)], shorts, ["II"]) == ["II"]


def test_words_are_boxed_and_traces_are_not() -> None:
    coverage = np.zeros((200, 800), np.float32)
    coverage[50:70, 100:110] = coverage[50:70, 114:124] = 1
    coverage[150:153, 50:750] = 1
    assert find_words(coverage, SCALE) == pytest.approx(np.array([[100, 50, 124, 70]]) / 8, abs=0.2)
