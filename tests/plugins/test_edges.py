"""The edge detectors hold their promises on drawn pages, odd pages and real ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.page import Box, Page
from ecgbench.plugins.edges import METHODS, canny, content_box, crop_to_content, detect_edges, laplacian, sobel

EVERY_METHOD = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
ODD_PAGES = {
    "1x1": np.full((1, 1, 3), 200, np.uint8),
    "1x50": np.full((1, 50, 3), 200, np.uint8),
    "50x1": np.full((50, 1, 3), 200, np.uint8),
    "3x4000": np.random.default_rng(3).integers(0, 256, (3, 4000, 3), np.uint8),
    "4000x3": np.random.default_rng(4).integers(0, 256, (4000, 3, 3), np.uint8),
    "blank": np.full((300, 400, 3), 255, np.uint8),
    "all black": np.zeros((300, 400, 3), np.uint8),
    "noise": np.random.default_rng(5).integers(0, 256, (200, 300, 3), np.uint8),
}


def data_folder() -> Path:
    folder = os.environ.get("ECGBENCH_DATA")
    if not folder:
        pytest.skip("ECGBENCH_DATA does not name the folder of real pictures")
    return Path(folder)


def drawn_circle() -> tuple[np.ndarray, np.ndarray]:
    """Return a page with a 3 px wide circle of radius 150, and each pixel's distance from the rim of its line."""
    gray = np.full((500, 500), 255, np.uint8)
    cv2.circle(gray, (250, 250), 150, 0, 3)
    y, x = np.mgrid[:500, :500]
    radius = np.hypot(y - 250, x - 250)
    return gray, np.minimum(abs(radius - 148.5), abs(radius - 151.5))


def ruled_page(level: int, step: int = 8, shape: tuple[int, int] = (800, 1000)) -> tuple[np.ndarray, np.ndarray]:
    gray = np.full(shape, 255, np.uint8)
    gray[20:-20, 20:-20:step] = level
    return gray, gray < 255


def drawn_sheet(margin: int = 110) -> tuple[np.ndarray, Box]:
    """Return a white page (1700, 2200) with a pink grid of 7.87 px/mm, a trace and a line of text, and the box of all that."""
    page = np.full((1700, 2200, 3), 255, np.uint8)
    ruled = np.zeros((1700, 2200), np.uint8)
    for x in np.arange(margin, 2200 - margin, 7.874):
        cv2.line(ruled, (round(x), margin), (round(x), 1700 - margin), 255, 1)
    for y in np.arange(margin, 1700 - margin, 7.874):
        cv2.line(ruled, (margin, round(y)), (2200 - margin, round(y)), 255, 1)
    page[ruled > 0] = (200, 190, 250)
    x = np.arange(margin + 20, 2200 - margin - 20)
    trace = np.column_stack([x, 850 - 200 * np.exp(-(((x % 200 - 100) / 8) ** 2))]).astype(np.int32)
    cv2.polylines(page, [trace], False, (30, 30, 30), 2)
    cv2.putText(page, "25 mm/s 10 mm/mV", (margin + 40, margin - 30), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    return page, Box(*cv2.boundingRect((page.min(axis=2) < 255).astype(np.uint8)))


def on_desk(page: np.ndarray, desk: np.ndarray, angle_deg: float) -> tuple[np.ndarray, Box]:
    """Return the page at 3/4 of its size, turned, on a desk, with the box of its corners."""
    height, width = page.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 0.75)
    sheet = cv2.warpAffine(np.full((height, width), 255, np.uint8), turn, (width, height))[..., None] / 255.0
    photo = cv2.warpAffine(page, turn, (width, height)) * sheet + desk * (1 - sheet)
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]]) @ turn.T
    x0, y0 = corners.min(axis=0)
    x1, y1 = corners.max(axis=0)
    return np.rint(photo).astype(np.uint8), Box(round(x0), round(y0), round(x1 - x0), round(y1 - y0))


def gray_of(bgr: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY))


def worst_side(found: Box | None, true: Box) -> int:
    assert found is not None
    ends = lambda box: np.array([box.x, box.y, box.x + box.width, box.y + box.height])  # noqa: E731
    return int(abs(ends(found) - ends(true)).max())


def overlap(found: Box | None, true: Box) -> float:
    if found is None:
        return 0.0
    width = min(found.x + found.width, true.x + true.width) - max(found.x, true.x)
    height = min(found.y + found.height, true.y + true.height) - max(found.y, true.y)
    both = max(0, width) * max(0, height)
    return both / (found.width * found.height + true.width * true.height - both)


@EVERY_METHOD
def test_edges_lie_within_two_pixels_of_a_drawn_circle(method) -> None:
    gray, distance = drawn_circle()
    edges = method(gray).edges
    assert edges.sum() > 900  # about the circumference
    assert distance[edges].max() <= 2


def test_canny_leaves_no_gap_in_a_circle() -> None:
    gray, _ = drawn_circle()
    outlines = canny(gray).contours
    assert len(outlines) == 1
    assert cv2.contourArea(outlines[0]) == pytest.approx(np.pi * 152**2, rel=0.02)


@EVERY_METHOD
def test_odd_pages_give_edges_of_their_own_size(method) -> None:
    for name, bgr in ODD_PAGES.items():
        page = Page(bgr, name)
        result = method(page)
        result.check(page)
        if name in ("1x1", "1x50", "50x1", "blank", "all black"):
            assert result.bounding_box is None, name
            assert result.edge_pixels == 0, name


@EVERY_METHOD
def test_the_input_is_not_written_to_and_may_be_read_only(method) -> None:
    page, _ = drawn_sheet()
    before = page.copy()
    page.setflags(write=False)
    method(page)
    assert np.array_equal(page, before)


@EVERY_METHOD
def test_the_same_page_gives_the_same_edges(method) -> None:
    page = ODD_PAGES["noise"]
    first, second = method(page), method(page.copy())
    assert np.array_equal(first.edges, second.edges)
    assert first.bounding_box == second.bounding_box


def test_no_two_methods_mark_the_same_pixels() -> None:
    page, _ = drawn_sheet()
    maps = [method(page).edges for method in METHODS.values()]
    assert not any(np.array_equal(a, b) for i, a in enumerate(maps) for b in maps[:i])


def test_canny_leaves_out_a_grid_that_is_fainter_than_its_band() -> None:
    faint, _ = ruled_page(225, step=40)
    strong, lines = ruled_page(100, step=40)
    assert canny(faint).edge_pixels == 0
    assert canny(strong).edge_pixels > lines.sum()


@pytest.mark.parametrize(("method", "level"), [(sobel, 240), (laplacian, 215)], ids=["sobel", "laplacian"])
def test_sobel_and_laplacian_see_a_faint_grid(method, level) -> None:
    gray, lines = ruled_page(level)
    edges = method(gray).edges
    near = cv2.dilate(edges.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert near[lines].mean() > 0.95


def test_a_wide_laplacian_loses_a_faint_grid() -> None:
    gray, lines = ruled_page(215)
    assert laplacian(gray, sigma=3.0).edge_pixels < 0.01 * lines.sum()


@EVERY_METHOD
def test_noise_alone_gives_few_edges(method) -> None:
    noisy = np.clip(np.random.default_rng(1).normal(200, 3, (800, 1000)), 0, 255).astype(np.uint8)
    assert method(noisy).edges.mean() < 0.05


@EVERY_METHOD
def test_a_soft_shadow_gives_no_outline(method) -> None:
    y, x = np.mgrid[:800, :1000]
    shaded = (250 * (1 - 0.45 / (1 + np.exp((x + y - 900) / 40)))).astype(np.uint8)
    assert shaded.min() < 150
    assert method(shaded).edge_pixels == 0


def test_contour_drops_single_specks() -> None:
    gray = np.full((400, 400), 255, np.uint8)
    gray[::20, ::20] = 0
    assert METHODS["contour"](gray).edge_pixels == 0


def test_the_box_of_a_scan_is_that_of_its_print() -> None:
    page, true = drawn_sheet()
    assert worst_side(content_box(gray_of(page)), true) <= 3


def test_specks_and_border_lines_do_not_widen_the_box() -> None:
    page, true = drawn_sheet()
    rng = np.random.default_rng(2)
    for x in range(30, 2170, 60):
        y = int(rng.choice([20, 1630, 1655, 1680]))
        cv2.circle(page, (x + int(rng.integers(-5, 5)), y), 2, (90, 90, 90), -1)
    page[3:6] = page[:, -5:-2] = 40
    assert worst_side(content_box(gray_of(page)), true) <= 3


def test_noise_widens_the_box_by_a_block_at_most() -> None:
    page, true = drawn_sheet()
    noisy = np.clip(page + np.random.default_rng(1).normal(0, 6, page.shape), 0, 255).astype(np.uint8)
    assert worst_side(content_box(gray_of(noisy)), true) <= 10


def test_a_light_gradient_leaves_the_box_as_it_is() -> None:
    page, true = drawn_sheet()
    dimmed = (page * np.linspace(1, 0.6, page.shape[1])[:, None]).astype(np.uint8)
    assert worst_side(content_box(gray_of(dimmed)), true) <= 3


@pytest.mark.parametrize("angle_deg", [0, 3, -12])
def test_the_box_of_a_photo_is_that_of_the_sheet_on_the_desk(angle_deg) -> None:
    page, _ = drawn_sheet()
    grain = cv2.resize(np.random.default_rng(7).normal(0, 1, (500, 30)), (2200, 1700), interpolation=cv2.INTER_CUBIC)
    wood = np.clip(np.array([60, 95, 140]) + 18 * grain[..., None], 0, 255)
    photo, true = on_desk(page, wood, angle_deg)
    assert worst_side(content_box(gray_of(photo)), true) <= 6


def test_faint_content_without_a_desk_is_not_lost() -> None:
    gray, lines = ruled_page(225)
    assert worst_side(content_box(gray), Box(*cv2.boundingRect(lines.astype(np.uint8)))) <= 3


def test_crop_to_content_keeps_the_padding_and_leaves_empty_pages_whole() -> None:
    page, true = drawn_sheet()
    part = crop_to_content(page, padding=20)
    assert part.dtype == np.uint8
    assert part.flags.writeable
    assert abs(part.shape[0] - true.height - 40) <= 6
    assert abs(part.shape[1] - true.width - 40) <= 6
    blank = ODD_PAGES["blank"]
    assert crop_to_content(blank, method="sobel").shape == blank.shape


def test_detect_edges_takes_paths_bytes_pages_and_params(tmp_path) -> None:
    page, _ = drawn_sheet()
    path = tmp_path / "page.png"
    cv2.imwrite(str(path), page)
    expected = detect_edges(page, "canny", sigma=0.5).edges
    for source in (path, str(path), path.read_bytes(), Page(page)):
        assert np.array_equal(detect_edges(source, "canny", sigma=0.5).edges, expected)


def test_an_unknown_edge_method_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="canny, sobel, laplacian, contour"):
        detect_edges(ODD_PAGES["blank"], method="prewitt")
    with pytest.raises(ValueError, match="canny, sobel, laplacian, contour"):
        crop_to_content(ODD_PAGES["blank"], method="prewitt")


def test_canny_survives_the_page_that_crashes_the_plain_call() -> None:
    path = data_folder() / "images/real/ecg00046.jpg"
    script = (
        "import sys, cv2; cv2.setNumThreads(1); from ecgbench.plugins.edges import detect_edges;"
        "print(detect_edges(cv2.imread(sys.argv[1])).edge_pixels)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1000


def test_the_box_of_real_pictures_is_that_of_the_labeled_paper() -> None:
    folder = data_folder() / "images"
    labels = json.loads((folder / "labels.json").read_text())
    overlaps = {}
    for name, label in labels.items():
        gray = cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE)
        overlaps[name] = overlap(content_box(gray), Box(*label["content_box"]))
    # The labels take a scan's white margins as paper, the box does not; most pictures are paper to the rim.
    assert np.mean(list(overlaps.values())) > 0.97
    assert min(overlaps.values()) > 0.8, min(overlaps, key=overlaps.get)
