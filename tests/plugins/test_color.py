"""The color separators find the trace and name the grid on drawn pages of known truth, odd pages and real ones."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.page import Page
from ecgbench.plugins.color import METHODS, color_name, isolate_colors, separate_colors
from ecgbench.plugins.color.ruling import ruled_lines
from ecgbench.registry import default_registry

EVERY_METHOD = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
GRIDS = {
    "red": (60, 60, 215),
    "pink": (190, 180, 250),
    "orange": (80, 160, 250),
    "brown": (70, 100, 150),
    "green": (110, 190, 110),
    "blue": (225, 150, 110),
    "purple": (190, 90, 140),
    "grey": (170, 170, 170),
}  # BGR
BLUE_BLACK = (70, 35, 30)
ODD_PAGES = {
    "1x1": np.full((1, 1, 3), 200, np.uint8),
    "1x50": np.full((1, 50, 3), 200, np.uint8),
    "50x1": np.full((50, 1, 3), 200, np.uint8),
    "2x2": np.random.default_rng(2).integers(0, 256, (2, 2, 3), np.uint8),
    "3x4000": np.random.default_rng(3).integers(0, 256, (3, 4000, 3), np.uint8),
    "4000x3": np.random.default_rng(4).integers(0, 256, (4000, 3, 3), np.uint8),
    "blank": np.full((300, 400, 3), 255, np.uint8),
    "all black": np.zeros((300, 400, 3), np.uint8),
    "all red": np.full((100, 100, 3), (0, 0, 255), np.uint8),
    "noise": np.random.default_rng(5).integers(0, 256, (200, 300, 3), np.uint8),
}


def ruled(page: np.ndarray, color: tuple[int, int, int], step: int = 4) -> np.ndarray:
    """Draw a grid of a line every `step` pixels and a bold one every five, and return its mask."""
    mask = np.zeros(page.shape[:2], np.uint8)
    for every, width in ((step, 1), (5 * step, 2)):
        for x in range(40, page.shape[1] - 40, every):
            cv2.line(mask, (x, 40), (x, page.shape[0] - 40), 255, width)
        for y in range(40, page.shape[0] - 40, every):
            cv2.line(mask, (40, y), (page.shape[1] - 40, y), 255, width)
    page[mask > 0] = color
    return mask > 0


def traced(page: np.ndarray, color: tuple[int, int, int], width: int = 2) -> np.ndarray:
    """Draw three rows of a trace with waves, smooth at its rim, and return its mask (covered by half and more)."""
    mask = np.zeros(page.shape[:2], np.uint8)
    x = np.arange(60, page.shape[1] - 60, 0.5)
    phase = (x % 180 - 90) / 180
    wave = (
        60 * np.exp(-((phase / 0.02) ** 2))
        - 15 * np.exp(-(((phase - 0.05) / 0.02) ** 2))
        + 12 * np.exp(-(((phase - 0.25) / 0.06) ** 2))
    )
    for row in (1, 2, 3):
        points = np.rint(np.column_stack([x, page.shape[0] * row / 4 - wave]) * 16).astype(np.int32)
        cv2.polylines(page, [points], False, color, width, cv2.LINE_AA, 4)
        cv2.polylines(mask, [points], False, 255, width, cv2.LINE_AA, 4)
    return mask >= 128


@cache
def drawn_page(grid: str, *, paper: tuple[int, int, int] = (255, 255, 255), ink: tuple[int, int, int] = BLUE_BLACK):
    """Return a page (600, 1100), the mask of its trace and that of its grid."""
    page = np.full((600, 1100, 3), paper, np.uint8)
    lines = ruled(page, GRIDS[grid])
    masks = page, traced(page, ink), lines
    for each in masks:
        each.setflags(write=False)
    return masks


def in_shadow(page: np.ndarray) -> np.ndarray:
    """Return the page tinted, with a soft diagonal shadow that takes 45 % of the light, blurred and noisy."""
    y, x = np.mgrid[: page.shape[0], : page.shape[1]]
    light = 1 - 0.45 / (1 + np.exp((x + y - 700) / 50))
    photo = cv2.GaussianBlur(page, (0, 0), 0.6) * light[..., None] * [0.85, 0.94, 0.97]
    return np.clip(photo + np.random.default_rng(0).normal(0, 2, photo.shape), 0, 255).astype(np.uint8)


def near(mask: np.ndarray, reach: int = 1) -> np.ndarray:
    side = 2 * reach + 1
    return cv2.dilate(mask.view(np.uint8), np.ones((side, side), np.uint8)) > 0


def coverage(found: np.ndarray, true: np.ndarray) -> float:
    """Return the share of the truth that lies within a pixel of what was found."""
    return float(near(found)[true].mean())


def precision(found: np.ndarray, true: np.ndarray) -> float:
    """Return the share of what was found that lies within a pixel of the truth."""
    return float(near(true)[found].mean()) if found.any() else 0.0


def data_folder() -> Path:
    folder = os.environ.get("ECGBENCH_DATA")
    if not folder:
        pytest.skip("ECGBENCH_DATA does not name the folder of real pictures")
    return Path(folder)


@EVERY_METHOD
@pytest.mark.parametrize("grid", GRIDS)
def test_the_trace_is_found_on_each_grid_color(method, grid) -> None:
    page, trace, lines = drawn_page(grid)
    found = method(page)
    assert coverage(found.trace, trace) >= 0.9
    assert precision(found.trace, trace) >= 0.95
    assert coverage(found.grid, lines & ~near(trace, 2)) >= 0.9
    assert precision(found.grid, lines) >= 0.95
    assert found.grid_color == grid


@EVERY_METHOD
@pytest.mark.parametrize("grid", ["pink", "green", "grey"])
def test_the_trace_is_found_in_black_and_white(method, grid) -> None:
    page, trace, lines = drawn_page(grid)
    found = method(np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)))
    assert coverage(found.trace, trace) >= 0.9
    assert precision(found.trace, trace) >= 0.95
    assert coverage(found.grid, lines & ~near(trace, 2)) >= 0.9
    assert found.grid_color == "grey"


def test_opencv_tells_lines_two_thirds_as_dark_as_the_trace_by_their_shape() -> None:
    page, trace, _ = drawn_page("red")
    found = METHODS["opencv"](np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)))
    assert coverage(found.trace, trace) >= 0.9
    assert precision(found.trace, trace) >= 0.8


@EVERY_METHOD
@pytest.mark.parametrize("grid", ["red", "pink", "green", "grey"])
def test_a_shadow_is_no_ink(method, grid) -> None:
    page, trace, lines = drawn_page(grid)
    found = method(in_shadow(page))
    assert coverage(found.trace, trace) >= 0.8
    assert precision(found.trace, trace) >= 0.95
    assert precision(found.grid, lines) >= 0.9


@EVERY_METHOD
def test_a_desk_is_neither_trace_nor_grid(method) -> None:
    page, trace, _ = drawn_page("red")
    grain = cv2.resize(np.random.default_rng(7).normal(0, 1, (300, 20)), (1200, 800), interpolation=cv2.INTER_CUBIC)
    photo = np.clip(np.array([60, 95, 140]) + 18 * grain[..., None], 0, 255).astype(np.uint8)
    photo[100:700, 50:1150] = page
    found = method(photo)
    inside = np.zeros(photo.shape[:2], bool)
    inside[100:700, 50:1150] = True
    assert not found.trace[~inside].any()
    assert not found.grid[~inside].any()
    assert coverage(found.trace[100:700, 50:1150], trace) >= 0.9
    assert found.grid_color == "red"


@EVERY_METHOD
def test_a_page_without_a_grid_has_no_grid_color(method) -> None:
    page = np.full((600, 1100, 3), 255, np.uint8)
    trace = traced(page, (20, 20, 20))
    found = method(page)
    assert found.grid_color is None
    assert not found.grid.any()
    assert coverage(found.trace, trace) >= 0.9
    assert precision(found.trace, trace) >= 0.95


@EVERY_METHOD
def test_a_colored_grid_without_a_trace_has_none(method) -> None:
    page = np.full((600, 1100, 3), 255, np.uint8)
    ruled(page, GRIDS["pink"])
    assert method(page).trace.mean() < 0.005


@EVERY_METHOD
def test_pure_colors_of_a_binarized_scan_are_told_apart(method) -> None:
    page = np.full((600, 1100, 3), 255, np.uint8)
    lines = ruled(page, (0, 128, 255))
    trace = traced(np.zeros_like(page), (255, 255, 255))
    page[trace] = 0
    found = method(page)
    assert coverage(found.trace, trace) >= 0.9
    assert coverage(found.grid, lines & ~near(trace, 2)) >= 0.9


@EVERY_METHOD
def test_odd_pages_give_masks_of_their_own_size(method) -> None:
    for name, bgr in ODD_PAGES.items():
        page = Page(bgr, name)
        found = method(page)
        found.check(page)
        if name in ("1x1", "1x50", "50x1", "blank", "all black", "all red"):
            assert not found.trace.any(), name
            assert found.grid_color is None, name


@EVERY_METHOD
def test_the_input_is_not_written_to_and_may_be_read_only(method) -> None:
    page = drawn_page("red")[0].copy()
    before = page.copy()
    method(page)
    page.setflags(write=False)
    method(page)
    assert np.array_equal(page, before)


@EVERY_METHOD
def test_the_same_page_gives_the_same_masks(method) -> None:
    page = in_shadow(drawn_page("blue")[0])
    first, second = method(page), method(page.copy())
    assert np.array_equal(first.trace, second.trace)
    assert np.array_equal(first.grid, second.grid)


@EVERY_METHOD
def test_a_method_travels_by_name(method) -> None:
    assert pickle.loads(pickle.dumps(method)) is method


@pytest.mark.parametrize(
    ("method", "spec", "least"),
    [
        ("opencv", "count=1&types=0001&seed=11&severity=0.5&colors=black&grid=lines&layouts=strip&antialias=on", 0.95),
        (
            "opencv",
            "count=1&types=0005&seed=11&severity=0.5&colors=black&grid=lines&layouts=strip&antialias=on&crisp=off&trace_mm=0.3",
            0.95,
        ),
        (
            "opencv",
            "count=1&types=0001&seed=80&severity=0.5&colors=black&layouts=strip&antialias=on&strength=1.092&fine_mm=0.096",
            0.98,
        ),
        ("opencv", "count=1&types=0011&seed=13&severity=0.5&colors=red&grid=lines&layouts=strip&faint=0", 0.9),
        ("lab", "count=1&types=0005&seed=13&severity=0.5&colors=red&grid=lines&layouts=strip", 0.95),
        ("hsv", "count=1&types=0009&seed=13&severity=0.5&colors=red&grid=lines&layouts=strip", 0.9),
    ],
)
def test_the_trace_of_a_printed_page_is_found_within_a_pixel(method, spec, least) -> None:
    case = next(iter(default_registry().open_images(f"synthetic?{spec}")))
    page, truth = case.source.make_page(), case.read_truth()
    marks = truth.label_mask | truth.pulse_mask | truth.separator_mask
    found = METHODS[method](page).trace & (truth.trace_mask | ~near(marks))
    shares = precision(found, truth.trace_mask), coverage(found, truth.trace_mask)
    assert 2 / sum(1 / share for share in shares) >= least


def test_no_two_methods_mark_the_same_pixels() -> None:
    page = in_shadow(drawn_page("red")[0])
    masks = [method(page).trace for method in METHODS.values()]
    assert not any(np.array_equal(a, b) for i, a in enumerate(masks) for b in masks[:i])


def test_lab_takes_no_dots_for_trace() -> None:
    page = np.full((600, 1100, 3), 255, np.uint8)
    for dy in (0, 1):
        for dx in (0, 1):
            page[20 + dy : 580 : 12, 20 + dx : 1080 : 12] = 20
    trace = traced(page, (20, 20, 20))
    assert precision(METHODS["lab"](page).trace, trace) > 0.95
    assert precision(METHODS["lab"](page, min_extent=0.0).trace, trace) < 0.7


def test_hsv_does_not_see_a_pale_grid_on_paper_of_its_hue() -> None:
    page, trace, lines = drawn_page("pink", paper=(210, 205, 252))
    found = METHODS["hsv"](page)
    assert coverage(found.trace, trace) >= 0.9
    assert coverage(found.grid, lines & ~near(trace, 2)) < 0.1
    assert coverage(METHODS["lab"](page).grid, lines & ~near(trace, 2)) > 0.9


@pytest.mark.parametrize("name", GRIDS)
def test_an_ink_has_the_same_name_under_dim_and_tinted_light(name) -> None:
    white = np.array([255.0, 255.0, 255.0])
    for light in (1.0, 0.5, np.array([0.75, 0.95, 1.0])):
        assert color_name(np.array(GRIDS[name]) * light, white * light) == name


def test_isolate_colors_keeps_the_ink_on_white() -> None:
    page, trace, _ = drawn_page("green")
    both = isolate_colors(page, "hsv", output="both")
    assert set(both) == {"trace", "grid"}
    found = separate_colors(page, "hsv")
    for name, mask in (("trace", found.trace), ("grid", found.grid)):
        picture = isolate_colors(page, "hsv", output=name)
        assert np.array_equal(picture, both[name])
        assert np.array_equal(picture[mask], page[mask])
        assert (picture[~mask] == 255).all()
    assert coverage((isolate_colors(page) < 255).any(axis=2), trace) >= 0.9


def test_separate_colors_takes_paths_bytes_pages_and_params(tmp_path) -> None:
    page, _, _ = drawn_page("red")
    path = tmp_path / "page.png"
    cv2.imwrite(str(path), page)
    expected = separate_colors(page, "lab", color_weight=1.0).trace
    for source in (path, str(path), path.read_bytes(), Page(page)):
        assert np.array_equal(separate_colors(source, "lab", color_weight=1.0).trace, expected)


def test_unknown_names_are_errors_that_list_the_known_ones() -> None:
    page = ODD_PAGES["blank"]
    with pytest.raises(ValueError, match="lab, hsv, opencv, pillow, skimage"):
        separate_colors(page, method="rgb")
    with pytest.raises(ValueError, match="lab, hsv, opencv, pillow, skimage"):
        isolate_colors(page, method="rgb")
    with pytest.raises(ValueError, match="trace, grid, both"):
        isolate_colors(page, output="ecg")


@EVERY_METHOD
def test_the_plotted_samples_of_a_rendered_page_are_trace(method) -> None:
    folder = data_folder() / "images/paired"
    leads = json.loads(gzip.decompress((folder / "00005_hr-0.json.gz").read_bytes()))["leads"]
    samples = np.vstack([np.array(lead["plotted_pixels"]) for lead in leads]) - 0.5  # the file counts from pixel corners
    row, column = np.rint(samples).astype(int).T
    found = method(Page(cv2.imread(str(folder / "00005_hr-0.png"))))
    assert found.trace[row, column].mean() > 0.95
    assert found.trace.mean() < 0.03


@EVERY_METHOD
@pytest.mark.parametrize(
    ("name", "colors"),
    [
        ("real/ohsu_fullScan.png", {"orange"}),
        ("real/ecg00010.png", {"red", "pink"}),
        ("real/ecg00054.png", {"green"}),
        ("lead_crops/crop_08.png", {"red", "pink"}),
        ("lead_crops/crop_04.png", {"grey", "black"}),
    ],
)
def test_the_grid_of_a_real_picture_has_the_color_that_people_see(method, name, colors) -> None:
    page = Page(cv2.imread(str(data_folder() / "images" / name)))
    found = method(page)
    assert found.grid_color in colors
    assert 0.001 < found.trace.mean() < 0.06


@pytest.mark.parametrize("lean_deg", [0, 4, 8])
def test_black_lines_that_lean_are_ruled_lines(lean_deg: int) -> None:
    lines, lean = np.zeros((1200, 1600), np.uint8), np.tan(np.radians(lean_deg))
    for x in range(-400, 2000, 40):
        cv2.line(lines, (x, 0), (round(x + lean * 1200), 1200), 200, 3)
    dark = lines > 0
    assert (ruled_lines(lines, 8.0)[dark] > 100).mean() > 0.95


def test_a_black_grid_of_dots_is_seen_where_few_rows_show_it() -> None:
    _, case = default_registry().open_images(
        "synthetic?count=2&types=0001&seed=67&severity=0.5&colors=black&grid=cells&crisp=off"
    )
    truth = case.read_truth()
    marks = truth.label_mask | truth.pulse_mask | truth.separator_mask
    found = METHODS["opencv"](case.source.make_page()).trace & (truth.trace_mask | ~near(marks))
    assert precision(found, truth.trace_mask) > 0.95 and coverage(found, truth.trace_mask) > 0.95
