"""The grid detector: drawn grids of known spacing, angle and lines, pages without one, and the labelled real pictures."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.page import Page, page_from_array
from ecgbench.core.params import ParamError
from ecgbench.plugins.grid import detect_grid, map_paper, multiscale, search
from ecgbench.plugins.grid.family import MILLIMETERS, profile_spectrum, weigh
from ecgbench.plugins.grid.ink import ink_levels
from ecgbench.plugins.grid.spectrum import common_periods
from ecgbench.plugins.grid.surface import Surface

PAPER, FINE, BOLD, TRACE = 245.0, 60.0, 110.0, 20.0  # gray of the paper and the trace; how much darker lines are


@dataclass(frozen=True)
class Drawn:
    """A drawn page, and where its lines cross the midlines."""

    gray: np.ndarray
    fine_x: np.ndarray
    bold_x: np.ndarray
    fine_y: np.ndarray
    bold_y: np.ndarray


def draw(px, *, ratio=1.0, angle=0.0, size=(900, 1200), dots=False, bold=True, traces=4, noise=2.0, seed=0, fine=1.0):
    """Draw a grid of `px` pixels a millimeter along x and `ratio` times that along y, turned clockwise about the center."""
    rng = np.random.default_rng(seed)
    height, width = size
    y, x = np.mgrid[0:height, 0:width].astype(float)
    x, y = x - (width - 1) / 2, y - (height - 1) / 2
    cos, sin, py = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle)), px * ratio
    first_x, first_y = rng.uniform(0, 5, 2)
    u, v = (x * cos + y * sin) / px + first_x, (y * cos - x * sin) / py + first_y
    ink = fine * fine_ink(u, v, px, py, dots)
    if bold:
        ink = np.maximum(ink, np.maximum(lines(u, 5, px, 0.25), lines(v, 5, py, 0.25)) * BOLD)
    gray = PAPER - ink
    for row in range(traces):
        gray = with_beats(gray, (row + 0.5) * height / traces, px, py, row)
    gray = np.clip(gray + rng.normal(0, noise, size), 0, 255).astype(np.uint8)
    return Drawn(gray, *crossings(px / cos, first_x, width), *crossings(py / cos, first_y, height))


def lines(mm, every, px, width_mm):
    """Coverage of pixels by lines of `width_mm`, at least a pixel wide, every so many millimeters."""
    distance, width = np.abs(mm - every * np.rint(mm / every)) * px, max(width_mm * px, 1.0)
    return np.clip(0.5 + width / 2 - distance, 0, 1)


def fine_ink(u, v, px, py, dots):
    if not dots:
        return np.maximum(lines(u, 1, px, 0.12), lines(v, 1, py, 0.12)) * FINE
    distance = np.hypot((u - np.rint(u)) * px, (v - np.rint(v)) * py)
    return np.clip(max(0.18 * px, 0.8) + 0.5 - distance, 0, 1) * 1.6 * FINE


def with_beats(gray, middle, px, py, row):
    """Lay a trace of beats on a wandering baseline over a page."""
    x = np.arange(gray.shape[1])
    beat = (x / (px * 20) + row * 0.1) % 1
    millivolts = np.exp(-(((beat - 0.4) / 0.015) ** 2)) - 0.25 * np.exp(-(((beat - 0.43) / 0.015) ** 2))
    y = middle + py * (1.2 * np.sin(x / px / 31 + row) - 12 * millivolts - 2.5 * np.exp(-(((beat - 0.7) / 0.05) ** 2)))
    ink = np.zeros(gray.shape, np.uint8)
    cv2.polylines(
        ink, [np.rint(np.column_stack([x, y]) * 8).astype(np.int32)], False, 255, max(1, round(0.3 * px)), cv2.LINE_AA, 3
    )
    return gray + (TRACE - gray) * (ink / 255)


def crossings(px, first, side):
    """Where 1 mm and 5 mm lines cross a midline of `side` pixels."""
    numbers = np.arange(np.ceil(first - side / px), np.floor(first + side / px) + 1)
    positions = (numbers - first) * px + (side - 1) / 2
    inside = (positions >= -0.5) & (positions <= side - 0.5)
    return positions[inside], positions[inside & (numbers % 5 == 0)]


def warp(gray, corners):
    """Move a page's corners by shares of its sides; return the picture and the matrix."""
    height, width = gray.shape
    before = np.float32([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    matrix = cv2.getPerspectiveTransform(before, before + np.float32(corners) * np.float32([width, height]))
    return cv2.warpPerspective(gray, matrix, (width, height), flags=cv2.INTER_AREA, borderValue=60), matrix


def assert_lines_match(found, drawn, *, within, missing=2):
    """Each found line is a drawn one, and all but a few at the border are found."""
    assert len(found) >= len(drawn) - missing
    assert np.abs(found[:, None] - drawn[None]).min(axis=1).max() < within


SCALES = [(3.1, (600, 900)), (4.4, (700, 1000)), (7.874, (1100, 1500)), (11.8, (1200, 1700)), (24.0, (1600, 2200))]


@pytest.mark.parametrize("angle", [-3.0, 0.4, 3.0])
@pytest.mark.parametrize(("px", "size"), SCALES)
def test_a_drawn_grid_is_measured(px, size, angle):
    drawn = draw(px, ratio=1.05, angle=angle, size=size)
    fit = multiscale(drawn.gray)
    assert fit.px_per_mm_x == pytest.approx(px, rel=1e-3)
    assert fit.px_per_mm_y == pytest.approx(1.05 * px, rel=1e-3)
    assert fit.angle_deg == pytest.approx(angle, abs=0.05)
    assert fit.quality_score > 0.7
    for name in ("fine_x", "fine_y", "bold_x", "bold_y"):
        assert_lines_match(getattr(fit, name), getattr(drawn, name), within=1.0)


@pytest.mark.parametrize(("px", "size"), SCALES)
def test_a_dotted_grid_is_measured(px, size):
    drawn = draw(px, ratio=0.97, angle=1.2, size=size, dots=True, seed=2)
    fit = multiscale(drawn.gray)
    assert fit.px_per_mm_x == pytest.approx(px, rel=1e-3)
    assert fit.px_per_mm_y == pytest.approx(0.97 * px, rel=1e-3)
    assert fit.angle_deg == pytest.approx(1.2, abs=0.05)
    for name in ("fine_x", "fine_y", "bold_x", "bold_y"):
        assert_lines_match(getattr(fit, name), getattr(drawn, name), within=1.0)


def test_a_grid_of_one_kind_of_line_is_measured_without_bold_lines():
    fit = multiscale(draw(8.0, bold=False).gray)
    assert fit.px_per_mm_x == pytest.approx(8.0, rel=1e-3)
    assert len(fit.fine_x) > 140
    assert len(fit.bold_x) == len(fit.bold_y) == 0


def test_a_scan_without_damage_is_measured_to_a_hundredth_of_a_percent():
    fit = multiscale(draw(7.874, size=(1700, 2200), noise=1.0).gray)
    assert fit.px_per_mm_x == pytest.approx(7.874, rel=1e-4)
    assert fit.px_per_mm_y == pytest.approx(7.874, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_a_page_in_perspective_is_measured_at_its_center(seed):
    rng = np.random.default_rng(seed)
    px = rng.uniform(4, 8)
    drawn = draw(px, size=(1000, 1400), seed=seed, dots=seed % 2 == 1)
    picture, matrix = warp(drawn.gray, rng.uniform(-0.08, 0.08, (4, 2)))
    center = np.linalg.inv(matrix) @ [699.5, 499.5, 1]

    def moved(dx, dy):
        point = matrix @ [center[0] / center[2] + dx, center[1] / center[2] + dy, 1]
        return point[:2] / point[2]

    right, down = moved(px / 2, 0) - moved(-px / 2, 0), moved(0, px / 2) - moved(0, -px / 2)
    fit = multiscale(picture)
    assert fit.px_per_mm_x == pytest.approx(np.hypot(*right), rel=1e-3)
    assert fit.px_per_mm_y == pytest.approx(np.hypot(*down), rel=1e-3)
    assert fit.angle_deg == pytest.approx(np.degrees(np.arctan2(right[1], right[0])), abs=0.05)


@pytest.mark.parametrize("fine", [1.0, 0.6])
def test_lines_of_five_millimeters_are_not_taken_for_one_where_the_finer_ones_are_blurred_away(fine):
    drawn = draw(7.874, size=(1100, 1500), noise=0.0, fine=fine)
    blurred = cv2.GaussianBlur(drawn.gray, (0, 0), 0.33 * 7.874).astype(float)  # leaves 12 % of the 1 mm lines
    noisy = np.clip(blurred + np.random.default_rng(3).normal(0, 3, blurred.shape), 0, 255).astype(np.uint8)
    fit = multiscale(noisy)
    assert fit.px_per_mm_x == pytest.approx(7.874, rel=1e-3)
    assert fit.px_per_mm_y == pytest.approx(7.874, rel=1e-3)
    assert_lines_match(fit.bold_x, drawn.bold_x, within=1.0)


def test_bold_lines_are_told_on_a_low_strip_under_a_tall_trace():
    drawn = draw(7.874, size=(450, 2000), traces=1, seed=4)
    fit = multiscale(drawn.gray)
    assert_lines_match(fit.bold_x, drawn.bold_x, within=1.0)
    assert_lines_match(fit.bold_y, drawn.bold_y, within=1.0)


def test_a_map_takes_pixels_of_a_page_in_perspective_to_millimeters():
    drawn = draw(7.0, size=(1000, 1400), seed=5)
    picture, matrix = warp(drawn.gray, [[0.04, 0.02], [-0.03, 0.05], [-0.05, -0.02], [0.02, -0.04]])
    points = np.random.default_rng(0).uniform((250, 200), (1150, 800), (50, 2))
    on_paper = cv2.perspectiveTransform(points[:, None], np.linalg.inv(matrix))[:, 0] / 7.0
    found = map_paper(picture)
    off = found.to_mm(points) - on_paper
    assert np.abs(off - np.median(off, axis=0)).max() < 0.05
    first = found.to_mm(np.column_stack([found.grid.bold_x, np.full(len(found.grid.bold_x), 499.5)]))[:, 0]
    assert np.abs(first - 5 * np.rint(first / 5)).max() < 0.05
    step = found.px_per_mm(points)
    ahead, below = (cv2.perspectiveTransform((on_paper + d)[:, None] * 7.0, matrix)[:, 0] - points for d in ([1, 0], [0, 1]))
    assert step == pytest.approx(np.column_stack([np.hypot(*ahead.T), np.hypot(*below.T)]), rel=0.01)


def test_a_map_follows_waves_of_the_paper():
    drawn = draw(7.874, size=(1100, 1500), seed=6)
    y, x = np.mgrid[0:1100, 0:1500].astype(np.float32)
    wave = 1.8 * np.sin(x / 90 + y / 140)  # of 60 mm, by 0.23 mm to either side: no polynomial of low degree
    picture = cv2.remap(drawn.gray, x + wave, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    points = np.random.default_rng(0).uniform((150, 100), (1350, 1000), (300, 2))
    on_paper = (points[:, 0] + 1.8 * np.sin(points[:, 0] / 90 + points[:, 1] / 140)) / 7.874
    off = map_paper(picture).to_mm(points)[:, 0] - on_paper
    assert np.median(np.abs(off - np.median(off))) < 0.06


def test_a_map_of_a_flat_page_is_flat():
    found = map_paper(draw(7.874, size=(1100, 1500)).gray)
    points = np.random.default_rng(0).uniform((100, 100), (1400, 1000), (50, 2))
    assert found.px_per_mm(points) == pytest.approx(np.full((50, 2), 7.874), rel=1e-3)


def test_a_page_without_a_grid_has_no_map():
    assert map_paper(GRIDLESS["written"]()) is None


def test_a_comb_with_every_fifth_line_bold_is_read_as_millimeters():
    mm = np.arange(0, 60, 1 / 12)
    ink = (np.abs(mm - np.rint(mm)) < 0.1) + 1.0 * (np.abs(mm - 5 * np.rint(mm / 5)) < 0.1)
    for millimeters in (1.0, 5.0, 2.5):
        every = 12 * millimeters  # samples a period of the lines that were followed
        resampled = np.interp(np.arange(0, len(mm) - 1, every / 12), np.arange(len(mm)), ink)
        profile = profile_spectrum(resampled - resampled.mean(), 5.5)
        assert MILLIMETERS[np.argmax(weigh(profile, profile).score)] == millimeters


def test_lines_are_found_only_where_the_paper_has_them():
    drawn = draw(6.0, size=(700, 1000))
    page = np.full((1000, 1400), 250, np.uint8)
    page[200:900, 150:1150] = drawn.gray
    fit = multiscale(page)
    for lines_x, lines_y in ((fit.fine_x, fit.fine_y), (fit.bold_x, fit.bold_y)):
        assert 140 < lines_x.min() < 180
        assert 1120 < lines_x.max() < 1160
        assert 190 < lines_y.min() < 230
        assert 870 < lines_y.max() < 910


def written_page():
    page = np.full((1100, 850), 250, np.uint8)
    for y in range(60, 1040, 22):
        cv2.putText(page, "sinus rhythm QRS axis 12:45 normal ECG 25mm/s lead V1", (50, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 30, 1)
    return page


def page_of_traces():
    page = np.full((1100, 1500), 250.0)
    for row in range(4):
        page = with_beats(page, 200 + 250 * row, 7.0, 7.0, row)
    return page.astype(np.uint8)


def page_of_equal_beats():
    page = np.full((1100, 898), 230, np.uint8)
    x = np.arange(898)
    for row in range(7):
        y = (row + 0.5) * 1100 / 7 - 60 * np.exp(-(((x % 61 - 30) / 1.5) ** 2)) - 15 * np.exp(-(((x % 61 - 46) / 4) ** 2))
        cv2.polylines(page, [np.rint(np.column_stack([x, y])).astype(np.int32)], False, 40, 2, cv2.LINE_AA)
    return page


def noise(blur):
    waves = cv2.GaussianBlur(np.random.default_rng(1).normal(0, 1, (850, 1100)), (0, 0), blur)
    return np.clip(200 + 30 * waves / waves.std(), 0, 255).astype(np.uint8)


GRIDLESS = {
    "blank": lambda: np.full((1700, 2200), 255, np.uint8),
    "black": lambda: np.zeros((850, 1100), np.uint8),
    "ramp": lambda: np.tile(np.arange(256, dtype=np.uint8), (400, 3)),
    "ruled": lambda: np.where(np.arange(900) % 30 == 0, 150, 250).astype(np.uint8)[:, None] * np.ones((1, 700), np.uint8),
    "written": written_page,
    "traces": page_of_traces,
    "equal beats": page_of_equal_beats,
    "noise": lambda: noise(0.5),
    "clouds": lambda: noise(4),
    "compressed": lambda: cv2.imdecode(cv2.imencode(".jpg", noise(10), [cv2.IMWRITE_JPEG_QUALITY, 10])[1], cv2.IMREAD_GRAYSCALE),
}


@pytest.mark.parametrize("name", GRIDLESS)
def test_a_page_without_a_grid_gives_none(name):
    fit = multiscale(GRIDLESS[name]())
    assert (fit.px_per_mm_x, fit.px_per_mm_y, fit.quality_score) == (None, None, 0.0)
    assert fit.fine_x.size == fit.bold_y.size == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 4000), (4000, 3), (24, 24), (24, 3000), (64, 64), (101, 97)])
@pytest.mark.parametrize("kind", ["white", "black", "noise", "checkers", "stripes"])
def test_odd_pages_give_a_valid_result(shape, kind):
    rows, columns = np.indices(shape)
    pixels = {
        "white": np.full(shape, 255),
        "black": np.zeros(shape),
        "noise": np.random.default_rng(0).integers(0, 256, shape),
        "checkers": (rows + columns) % 2 * 255,
        "stripes": (columns % 7 == 0) * 255,
    }[kind].astype(np.uint8)
    multiscale(pixels).check(page_from_array(pixels))


def test_the_input_stays_as_it_was_and_the_result_is_the_same_again():
    page = Page(cv2.cvtColor(draw(5.0).gray, cv2.COLOR_GRAY2BGR))
    before = page.bgr.copy()
    first, second = multiscale(page), multiscale(page)
    assert np.array_equal(page.bgr, before)
    assert first.to_dict() == second.to_dict()
    assert np.array_equal(first.fine_x, second.fine_x)


def test_turning_a_page_by_a_quarter_swaps_its_axes():
    page = draw(6.0, ratio=1.04, angle=0.5).gray
    upright, turned = multiscale(page), multiscale(np.rot90(page).copy())
    assert turned.px_per_mm_x == pytest.approx(upright.px_per_mm_y, rel=1e-4)
    assert turned.px_per_mm_y == pytest.approx(upright.px_per_mm_x, rel=1e-4)


def test_limits_are_kept():
    page = draw(7.874).gray
    assert not detect_grid(page, max_px_per_mm=6.0).found
    assert detect_grid(page, min_px_per_mm=7.0, max_px_per_mm=9.0).found
    with pytest.raises(ParamError, match="out of bounds"):
        detect_grid(page, max_angle_deg=45)


def test_detect_grid_takes_a_path_and_bytes(tmp_path):
    encoded = cv2.imencode(".png", draw(5.0, size=(500, 700)).gray)[1].tobytes()
    path = tmp_path / "page.png"
    path.write_bytes(encoded)
    assert detect_grid(path).px_per_mm_x == detect_grid(encoded).px_per_mm_x == pytest.approx(5.0, rel=1e-3)


def test_levels_halve_down_from_a_size_that_is_enough():
    levels = ink_levels(draw(7.874, size=(1700, 2200)).gray)
    assert [level.scale for level in levels] == [2, 4, 8, 16]
    assert levels[0].ink.shape == (850, 1100)
    assert levels[0].center == (550.0, 425.0)


def test_a_surface_tells_its_slope():
    surface = Surface(np.array([[0.0, 20.0, 3.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.0]]), 100.0)
    step = 1e-3
    x, y = np.array([30.0 - step, 30.0 + step]), np.array([40.0])
    exact = surface.slope(30.0, 40.0)[0]
    phase = 20 * x / 100 + 3 * (x / 100) ** 2 + y / 100 + 2 * (x / 100) * (y / 100)
    assert exact == pytest.approx((phase[1] - phase[0]) / (2 * step))
    assert surface.on_grid(x, y)[0] == pytest.approx(phase, abs=1e-5)


def labelled_pictures():
    data = os.environ.get("ECGBENCH_DATA")
    if not data:
        pytest.skip("ECGBENCH_DATA does not say where the real pictures are")
    folder = Path(data) / "images"
    return folder, json.loads((folder / "labels.json").read_text())


def test_coarser_sizes_are_looked_at_only_where_a_finer_one_leaves_a_doubt(monkeypatch):
    seen = []

    def counted(level, largest_tilt):
        seen.append(level.scale)
        return common_periods(level, largest_tilt)

    monkeypatch.setattr(search, "common_periods", counted)
    clear, doubtful = draw(8.0).gray, draw(8.0, noise=60.0, bold=False).gray
    assert detect_grid(clear).px_per_mm_x == pytest.approx(8.0, rel=1e-3)
    assert seen == [1]
    seen.clear()
    levels = ink_levels(doubtful)
    found = list(search.candidates(levels, 0.25))
    assert seen == [level.scale for level in levels]
    strengths = [candidate.strength_db for candidate in found]
    assert strengths == sorted(strengths, reverse=True)


def test_real_pictures_get_the_right_family():
    folder, labels = labelled_pictures()
    errors = {}
    for name, label in labels.items():
        fit = detect_grid(folder / name)
        pairs = ((fit.px_per_mm_x, label["px_per_mm_x"]), (fit.px_per_mm_y, label["px_per_mm_y"]))
        errors[name] = max(abs(found / known - 1) if found else np.inf for found, known in pairs)
    assert [name for name, error in errors.items() if error > 0.03] == []
    # A creased sheet, labelled at its center, where spacings along columns differ by 2 % within a centimeter.
    assert {name for name, error in errors.items() if error > 0.01} <= {"real/ecg00028.jpg"}


def test_pages_rendered_at_200_dpi_are_measured_to_a_hundredth_of_a_percent():
    folder, _ = labelled_pictures()
    for path in sorted((folder / "paired").glob("*.png")):
        fit = detect_grid(path)
        assert fit.px_per_mm_x == pytest.approx(200 / 25.4, rel=1e-4)
        assert fit.px_per_mm_y == pytest.approx(200 / 25.4, rel=1e-4)
        assert abs(fit.angle_deg) < 0.01
