"""The content box is that of the sheet or of what is printed on it, on drawn pages and real ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.page import Box
from ecgbench.plugins.content_box import content_box, sheet_mask


def data_folder() -> Path:
    folder = os.environ.get("ECGBENCH_DATA")
    if not folder:
        pytest.skip("ECGBENCH_DATA does not name the folder of real pictures")
    return Path(folder)


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


def test_blank_black_and_tiny_pages_have_no_box() -> None:
    for shape in ((1, 1), (1, 50), (50, 1), (3, 4000), (300, 400)):
        for level in (0, 128, 255):
            page = np.full(shape, level, np.uint8)
            assert content_box(page) is None
            assert sheet_mask(page) is None


def test_the_mask_of_a_sheet_is_that_of_the_sheet_less_its_rim() -> None:
    page, _ = drawn_sheet()
    photo, true = on_desk(page, np.full(page.shape, 70.0), 3)
    mask = sheet_mask(gray_of(photo))
    corners = np.array([[true.x, true.y], [true.x + true.width, true.y + true.height]])
    inside = np.flatnonzero(mask.any(axis=1))
    assert corners[0, 1] <= inside[0] <= corners[0, 1] + 40
    assert corners[1, 1] - 40 <= inside[-1] <= corners[1, 1]
    assert mask.sum() == pytest.approx(0.75**2 * mask.size, rel=0.05)
    assert photo[mask].min() < 100  # the trace is on it


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


def test_a_shadow_across_the_sheet_does_not_cut_it() -> None:
    page, _ = drawn_sheet()
    photo, true = on_desk(page, np.full(page.shape, 40.0), 3)
    y, x = np.mgrid[: page.shape[0], : page.shape[1]]
    shade = 1 - 0.5 / (1 + np.exp((x + y - 1700) / 60))
    assert worst_side(content_box(gray_of((photo * shade[..., None]).astype(np.uint8))), true) <= 6


def test_faint_content_without_a_desk_is_not_lost() -> None:
    gray, lines = ruled_page(225)
    assert worst_side(content_box(gray), Box(*cv2.boundingRect(lines.astype(np.uint8)))) <= 3


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
    pictures = [share for name, share in overlaps.items() if name.startswith("real/")]
    assert sum(share >= 0.9 for share in pictures) >= 28, sorted(pictures)[:3]
