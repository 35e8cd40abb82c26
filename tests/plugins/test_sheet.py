"""A sheet's sides and corners are found where they are seen, and nowhere else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.plugins.content_box import sheet_mask
from ecgbench.plugins.sheet import find_sheet

SIZE = (1100, 850)


def printed(grid: int = 200) -> np.ndarray:
    """Return a white sheet (850, 1100) with a grid, and traces on it."""
    sheet = np.full(SIZE[::-1], 255, np.uint8)
    sheet[40:-20:8, 20:-20] = grid
    sheet[40:-20, 20:-20:8] = grid
    x = np.arange(40, 1060)
    for row in (250, 450, 650):
        trace = np.column_stack([x, row - 80 * np.exp(-(((x % 150 - 75) / 6) ** 2))])
        cv2.polylines(sheet, [np.rint(trace).astype(np.int32)], False, 30, 2)
    return sheet


def on_desk(sheet: np.ndarray, corners: np.ndarray, desk: np.ndarray | int) -> np.ndarray:
    """Return a picture of the sheet's size that shows it with its corners (4, 2) there, on a desk."""
    rims = np.array([(-0.5, -0.5), (SIZE[0] - 0.5, -0.5), (SIZE[0] - 0.5, SIZE[1] - 0.5), (-0.5, SIZE[1] - 0.5)], np.float32)
    matrix = cv2.getPerspectiveTransform(rims, np.asarray(corners, np.float32))
    inside = cv2.warpPerspective(np.full(SIZE[::-1], 255, np.uint8), matrix, SIZE) / 255.0
    photo = cv2.warpPerspective(sheet, matrix, SIZE, borderMode=cv2.BORDER_REPLICATE)
    return np.rint(photo * inside + np.broadcast_to(desk, photo.shape) * (1 - inside)).astype(np.uint8)


def turned(angle_deg: float, scale: float) -> np.ndarray:
    """Return where the corners of a sheet come to lie that is turned about the picture's center."""
    middle = np.array(SIZE) / 2
    ends = (np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * SIZE - middle) * scale
    angle = np.deg2rad(angle_deg)
    return ends @ np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))]) + middle


def worst(found: np.ndarray | None, true: np.ndarray) -> float:
    """Return how far the worst corner was missed, whichever is named first."""
    assert found is not None
    return float(min(np.hypot(*(np.roll(found, turn, axis=0) - true).T).max() for turn in range(4)))


@pytest.mark.parametrize(("angle_deg", "scale"), [(0, 0.95), (3, 0.9), (-8, 0.75), (12, 0.5), (-20, 0.7), (45, 0.6)])
def test_the_corners_of_a_sheet_are_found_however_it_is_turned(angle_deg, scale) -> None:
    true = turned(angle_deg, scale)
    assert worst(find_sheet(on_desk(printed(), true, 70)).corners, true) < 3


def test_the_corners_of_a_sheet_in_perspective_are_found() -> None:
    true = np.array([(120, 60), (1000, 30), (1070, 800), (40, 760)])
    assert worst(find_sheet(on_desk(printed(), true, 70)).corners, true) < 2


@pytest.mark.parametrize("desk", [235, 200, 120, 5])
def test_a_desk_may_be_nearly_as_bright_as_the_sheet(desk) -> None:
    true = turned(1, 0.9)
    noise = np.random.default_rng(1).normal(0, 4, SIZE[::-1])
    picture = np.clip(on_desk(printed(grid=240), true, desk) + noise, 0, 255).astype(np.uint8)
    assert worst(find_sheet(picture).corners, true) < 3


def test_a_torn_off_corner_is_where_the_sides_would_meet() -> None:
    true = turned(2, 0.85)
    picture = on_desk(printed(), true, 60)
    towards = true[1] + (true[2] - true[1]) * 0.15
    aside = true[1] + (true[0] - true[1]) * 0.12
    gone = np.array([true[1], towards, aside]) + np.array([(20, -20), (10, 0), (0, -10)])
    cv2.fillPoly(picture, [np.rint(gone).astype(np.int32)], 60)
    assert worst(find_sheet(picture).corners, true) < 4
    mask = sheet_mask(picture)
    inside = (true[1] * 0.9 + towards * 0.05 + aside * 0.05).astype(int)
    assert not mask[inside[1], inside[0]]
    assert mask.sum() == pytest.approx(0.85**2 * mask.size, rel=0.06)


def test_a_curled_side_is_followed() -> None:
    true = turned(0, 0.9)
    picture = on_desk(printed(), true, 60)
    x, y = np.meshgrid(np.arange(SIZE[0], dtype=np.float32), np.arange(SIZE[1], dtype=np.float32))
    bow = 12 * np.sin(np.pi * (x - true[0, 0]) / (true[1, 0] - true[0, 0])).astype(np.float32)
    bent = cv2.remap(picture, x, y + bow, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    sheet = find_sheet(bent)
    assert worst(sheet.corners, true) < 4
    assert sheet.box.y == pytest.approx(true[0, 1] - 12, abs=3)


def test_a_sheet_that_runs_out_of_the_picture_has_a_box_and_no_corners() -> None:
    true = np.array([(90, 70), (1180, 70), (1180, 930), (90, 930)])
    sheet = find_sheet(on_desk(printed(), true, 60))
    assert sheet.corners is None
    assert [side is not None for side in sheet.sides] == [True, False, False, True]
    assert sheet.box == pytest.approx((90, 70, 1010, 780), abs=2)


def test_print_folds_and_soft_shadows_are_no_sides() -> None:
    page = printed().astype(np.float64)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    soft = page * (1 - 0.5 / (1 + np.exp((x + y - 700) / 40)))
    fold = page * np.where(x < 300, 0.9, 1.0)
    for picture in (page, soft, fold):
        assert find_sheet(picture.astype(np.uint8)) is None


def test_a_line_along_the_border_is_no_desk() -> None:
    page = printed()
    page[3:6] = page[-6:-3] = page[:, 3:6] = page[:, -6:-3] = 40
    assert find_sheet(page) is None


def test_odd_pages_show_no_sheet() -> None:
    rng = np.random.default_rng(5)
    for shape in ((1, 1), (1, 50), (50, 1), (3, 4000), (4000, 3), (47, 47), (60, 3000), (300, 400)):
        for picture in (np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8), rng.integers(0, 256, shape, np.uint8)):
            assert find_sheet(picture) is None, shape


def test_no_corners_are_made_up_on_real_pictures() -> None:
    folder = os.environ.get("ECGBENCH_DATA")
    if not folder:
        pytest.skip("ECGBENCH_DATA does not name the folder of real pictures")
    pictures = Path(folder) / "images"
    for name in json.loads((pictures / "labels.json").read_text()):
        sheet = find_sheet(cv2.imread(str(pictures / name), cv2.IMREAD_GRAYSCALE))
        assert sheet is None or sheet.corners is None, name  # each of them runs out of its picture
