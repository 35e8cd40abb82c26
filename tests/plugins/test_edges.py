"""The edge detectors hold their promises on drawn pages, odd pages and real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.page import Page
from ecgbench.plugins.edges import METHODS, canny, crop_to_content, detect_edges, laplacian, sobel

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


def framed_circle() -> np.ndarray:
    """Return a page (500, 700, 3) with a circle and lines; its content spans x 100..599 and y 50..449."""
    page = np.full((500, 700, 3), 255, np.uint8)
    page[50:450:50, 100:600] = (190, 180, 250)
    page[50:450, 100:600:50] = page[449, 100:600] = page[50:450, 599] = (190, 180, 250)
    cv2.circle(page, (350, 250), 150, (30, 30, 30), 2, cv2.LINE_AA)
    return page


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
    page = framed_circle()
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
    page = framed_circle()
    maps = [method(page).edges for method in METHODS.values()]
    assert not any(np.array_equal(a, b) for i, a in enumerate(maps) for b in maps[:i])


def printed_page(ink: int = 30, grid: int = 190, scale: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return a white page of 1100x850 times `scale` with a grid and a trace, and the mask of the trace."""
    gray = np.full((850 * scale, 1100 * scale), 255, np.uint8)
    gray[:: 20 * scale], gray[:, :: 20 * scale] = grid, grid
    for offset in range(1, scale):
        gray[offset :: 20 * scale] = gray[:, offset :: 20 * scale] = grid
    x = np.arange(40, 1060)
    y = 425 - 200 * np.exp(-(((x % 150 - 75) / 6) ** 2)) - 15 * np.sin(x / 15)
    trace = np.zeros_like(gray)
    points = np.rint(np.column_stack([x, y]) * scale * 8).astype(np.int32)
    cv2.polylines(trace, [points], False, 1, 3 * scale, cv2.LINE_8, 3)
    gray[trace > 0] = ink
    return gray, trace > 0


def widened(mask: np.ndarray, reach: int) -> np.ndarray:
    return cv2.dilate(mask.view(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0


@EVERY_METHOD
@pytest.mark.parametrize(("ink", "grid"), [(30, 190), (60, 170), (140, 225)])
def test_edges_are_those_of_ink_and_not_of_the_grid_around_it(method, ink, grid) -> None:
    gray, trace = printed_page(ink, grid)
    edges = method(gray).edges
    assert widened(trace, 2)[edges].mean() > 0.9
    assert widened(edges, 2)[trace].mean() > (0.75 if method.name == "edges.contour" else 0.95)  # it loses crowded spikes


def test_a_grid_as_dark_as_the_trace_is_outlined_too() -> None:
    gray, trace = printed_page(ink=60, grid=60)
    edges = canny(gray).edges
    assert widened(trace, 2)[edges].mean() < 0.5


@EVERY_METHOD
def test_a_low_level_lets_the_grid_in(method) -> None:
    gray, trace = printed_page()
    grid = (gray < 255) & ~widened(trace, 4)
    assert widened(method(gray, level=0.1).edges, 2)[grid].mean() > 0.9
    assert widened(method(gray).edges, 2)[grid].mean() < 0.1


@EVERY_METHOD
def test_a_fine_noisy_scan_has_the_edges_of_a_coarse_one(method) -> None:
    gray, trace = printed_page(scale=4)
    soft = cv2.GaussianBlur(gray, (0, 0), 4).astype(np.float64)
    noisy = np.clip(soft + np.random.default_rng(3).normal(0, 5, gray.shape), 0, 255).astype(np.uint8)
    edges = method(noisy).edges
    assert widened(trace, 8)[edges].mean() > 0.9
    assert widened(edges, 8)[trace].mean() > 0.85


@pytest.mark.parametrize("level", [170, 215, 235])
@pytest.mark.parametrize("method", [METHODS[name] for name in ("canny", "sobel", "contour")], ids=["canny", "sobel", "contour"])
def test_a_faint_grid_is_seen_where_nothing_is_stronger(method, level) -> None:
    gray, lines = ruled_page(level, step=20)
    assert widened(method(gray).edges, 1)[lines].mean() > 0.95


def test_laplacian_loses_thin_lines_of_little_contrast() -> None:
    faint, _ = ruled_page(240, step=40)
    assert laplacian(faint).edge_pixels == 0


@EVERY_METHOD
def test_steps_below_eight_gray_levels_are_no_edges(method) -> None:
    faint, _ = ruled_page(249, step=20)
    assert method(faint).edge_pixels == 0


@pytest.mark.parametrize("method", [sobel, laplacian], ids=["sobel", "laplacian"])
def test_single_pixels_are_no_edges(method) -> None:
    gray, _ = printed_page()
    noisy = np.clip(gray + np.random.default_rng(4).normal(0, 12, gray.shape), 0, 255).astype(np.uint8)
    edges = method(noisy, level=0.3).edges.astype(np.uint8)
    around = cv2.boxFilter(edges, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    assert edges.any()
    assert (around[edges > 0] > 1).all()


@EVERY_METHOD
def test_every_method_gives_the_corners_of_a_sheet_and_none_of_a_scan(method) -> None:
    true = np.array([[80, 60], [1010, 90], [1030, 790], [60, 770]], np.float64)
    gray, _ = printed_page()
    size = np.array([[0, 0], [1100, 0], [1100, 850], [0, 850]], np.float32)
    moved = cv2.getPerspectiveTransform(size, true.astype(np.float32))
    desk = cv2.warpPerspective(gray, moved, (1100, 850), borderMode=cv2.BORDER_CONSTANT, borderValue=70)
    found = method(desk)
    assert np.abs(found.corners - true).max() < 3
    assert found.bounding_box == pytest.approx((60, 60, 970, 730), abs=3)
    assert method(gray).corners is None


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


def test_crop_to_content_keeps_the_padding_and_leaves_empty_pages_whole() -> None:
    page = framed_circle()
    part = crop_to_content(page, padding=20)
    assert np.array_equal(part, page[30:470, 80:620])
    assert part.flags.writeable
    assert crop_to_content(page, padding=1000).shape == page.shape
    blank = ODD_PAGES["blank"]
    assert crop_to_content(blank, method="sobel").shape == blank.shape


def test_detect_edges_takes_paths_bytes_pages_and_params(tmp_path) -> None:
    page = framed_circle()
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
