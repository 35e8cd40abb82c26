"""What is done to the paper and where it comes to lie, by marks that are found again where the geometry says."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.camera import Hold, held, on_glass
from ecgbench.plugins.image_sets.synthetic.folding import Handling, draw_relief
from ecgbench.plugins.image_sets.synthetic.geometry import corners, flat_geometry
from ecgbench.plugins.image_sets.synthetic.ground import Ground
from ecgbench.plugins.image_sets.synthetic.handwriting import Note, draw_notes
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.layouts import LEFT_MM, LETTER_MM
from ecgbench.plugins.image_sets.synthetic.lead_source import SeededHeart
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.picture import Picture
from ecgbench.plugins.image_sets.synthetic.relief import Bend
from ecgbench.plugins.image_sets.synthetic.render import render
from ecgbench.plugins.image_sets.synthetic.scene import Scene
from ecgbench.plugins.image_sets.synthetic.screen import Screen
from ecgbench.plugins.image_sets.synthetic.sheet import Stroke, Text, print_sheet
from ecgbench.plugins.image_sets.synthetic.stains import Mould, Spill
from ecgbench.plugins.image_sets.synthetic.style import Style
from ecgbench.plugins.image_sets.synthetic.tears import TornSheet, tear_sheet

FLAT = flat_geometry(150)
WHITE = (255, 255, 255)
MARKS_MM = np.array([(30.0, 60.0), (90.0, 150.0), (139.7, 108.0), (200.0, 70.0), (250.0, 180.0), (45.0, 190.0)])
DISK_MM = 1.2


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def marked() -> np.ndarray:
    """Return a white print with a black disk at each mark."""
    picture = np.full((*FLAT.shape, 3), 255, np.uint8)
    for x, y in np.rint(FLAT.to_pixels(MARKS_MM) * 256).astype(int):
        cv2.circle(picture, (int(x), int(y)), round(DISK_MM * 150 / 25.4 * 256), (0, 0, 0), -1, cv2.LINE_AA, 8)
    return picture


def found_near(picture: np.ndarray, x: float, y: float, reach: int = 13) -> tuple[float, float]:
    """Return the center of the ink around a place."""
    left, top = round(x) - reach, round(y) - reach
    spot = picture[top : top + 2 * reach + 1, left : left + 2 * reach + 1].astype(np.float64)
    row, column = np.mgrid[top : top + 2 * reach + 1, left : left + 2 * reach + 1]
    ground = np.percentile(spot, 80)
    ink = np.where(np.hypot(row - y, column - x) < reach, np.clip(ground - spot - 0.25 * (ground - spot.min()), 0, None), 0)
    return float((column * ink).sum() / ink.sum()), float((row * ink).sum() / ink.sum())


def photographed() -> Scene:
    matrix, _ = held(FLAT, Hold(-3.0, 0.2, 60.0, 0.92, (0.1, 0.3)))
    return Scene(FLAT, matrix=matrix, desk=Ground("wood", (62, 88, 122), 3))


def bent(handling: Handling) -> Scene:
    return replace(photographed(), bend=Bend(draw_relief(LETTER_MM, handling, chance(1)), np.array([150.0, 190.0]), 330.0))


MOVES = {
    "scan": Scene(FLAT, matrix=on_glass(FLAT, 1.7, (0.6, -0.4))),
    "photo": photographed(),
    "curl": bent(Handling(curl_mm=6)),
    "wrinkles": bent(Handling(cockle_mm=0.6, wrinkles=12, wrinkle_mm=0.9)),
    "crumple": bent(Handling(folds=3, fold_slope=0.15, kinks=60, kink_slope=0.2)),
    "screen": replace(photographed(), screen=Screen(0.16, 0.1, 20)),
}


@pytest.mark.parametrize("name", MOVES)
def test_marks_are_found_where_the_geometry_says(name: str) -> None:
    scene = MOVES[name]
    picture = cv2.cvtColor(scene.take(marked(), WHITE, chance()), cv2.COLOR_BGR2GRAY)
    for x, y in scene.geometry.to_pixels(MARKS_MM):
        assert found_near(picture, x, y) == pytest.approx((x, y), abs=0.3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("severity", [0.5, 1.0])
def test_marks_are_found_in_every_kind_of_picture(kind: str, severity: float) -> None:
    """Without stains and notes, which move nothing and may hide a mark; a fold may shade one: most are within 0.3 pixels."""
    scene = replace(KINDS[kind](FLAT, severity, chance(4)), notes=(), overprint=())
    scene = replace(scene, layers=tuple(layer for layer in scene.layers if not isinstance(layer, Spill | Mould)))
    picture = cv2.cvtColor(scene.take(marked(), WHITE, chance()), cv2.COLOR_BGR2GRAY)
    off = [np.hypot(*np.subtract(found_near(picture, x, y), (x, y))) for x, y in scene.geometry.to_pixels(MARKS_MM)]
    assert np.sort(off)[4] < 0.3


@pytest.mark.parametrize("name", MOVES)
def test_moved_ink_is_where_the_picture_is_dark(name: str) -> None:
    scene, printed = MOVES[name], marked()
    mask = scene.move(255 - printed[..., 0], scene.geometry.mm_map()) >= 128
    gray = cv2.cvtColor(scene.take(printed, WHITE, chance()), cv2.COLOR_BGR2GRAY)
    paper = scene.move(np.full(FLAT.shape, 255, np.uint8), scene.geometry.mm_map()) == 255
    inside = cv2.erode(paper.view(np.uint8), np.ones((9, 9), np.uint8)) > 0
    agree = (gray < 140)[inside] == mask[inside]
    assert mask.dtype == np.bool_ and mask.sum() > 500 and agree.mean() > 0.9998


def test_a_print_is_left_as_it_is_by_what_becomes_of_it() -> None:
    printed = marked()
    before = printed.copy()
    scene = replace(KINDS["0010"](FLAT, 1.0, chance()), notes=draw_notes(LETTER_MM, 3, chance()))
    printed.setflags(write=False)
    scene.take(printed, WHITE, chance())
    np.testing.assert_array_equal(printed, before)


def test_a_scene_knows_the_size_of_its_sheet() -> None:
    assert Scene(flat_geometry(200, (279.4, 64.0))).size_mm == pytest.approx((279.4, 64.0), abs=0.1)
    np.testing.assert_allclose(Scene(FLAT).outline, corners(0, 0, *Scene(FLAT).size_mm))


def test_notes_and_overprint_are_written_where_their_mask_says_and_in_their_color() -> None:
    note = Note(Stroke(np.array([(40.0, 50.0), (80.0, 50.0)]), 1.0), (200, 60, 30))
    scene = Scene(FLAT, notes=(note,), overprint=(Text(100, 100, 4, "COPY"),))
    picture, written = scene.take(np.full((*FLAT.shape, 3), 255, np.uint8), WHITE, chance()), scene.written()
    assert written is not None
    np.testing.assert_array_equal((picture != 255).any(axis=2), written > 0)
    x, y = np.rint(FLAT.to_pixels(np.array([(60.0, 50.0)]))[0]).astype(int)
    assert tuple(picture[y, x]) == (200, 60, 30)
    assert (written[round(95 * 5.9) : round(101 * 5.9), round(99 * 5.9) : round(120 * 5.9)] > 127).sum() > 100
    assert Scene(FLAT).written() is None


def test_where_paper_is_torn_off_the_ground_is_seen() -> None:
    cut = TornSheet(np.array([(60.0, 0.0), (279.4, 0.0), (279.4, 215.9), (0.0, 215.9), (0.0, 60.0)]), corners(0, 0, *LETTER_MM))
    scene = replace(photographed(), torn=cut, desk=Ground("plain", (40, 60, 80), 1))
    picture = scene.take(np.full((*FLAT.shape, 3), 255, np.uint8), WHITE, chance())
    gone, there = (np.rint(scene.geometry.to_pixels(np.array([point]))[0]).astype(int) for point in ((15.0, 15.0), (60.0, 60.0)))
    assert picture[gone[1], gone[0]].max() < 110 and picture[there[1], there[0]].min() > 240
    left = scene.left()
    assert left is not None and not left[gone[1], gone[0]] and left[there[1], there[0]]
    assert photographed().left() is None


@pytest.mark.parametrize("kind", ["0005", "0010"])
def test_masks_do_not_reach_beyond_the_paper(kind: str) -> None:
    for seed in range(3):
        truth = SyntheticPage(seed, 0, kind, 1.0, 75, Style(layout="12x1", frame="full")).read_truth()
        assert truth.trace_mask is not None and truth.grid_mask is not None and truth.label_mask is not None
        masks, box = truth.trace_mask | truth.grid_mask | truth.label_mask, truth.content_box
        assert box is not None
        rows, columns = np.flatnonzero(masks.any(axis=1)), np.flatnonzero(masks.any(axis=0))
        assert rows[0] >= box.y - 1 and rows[-1] <= box.y + box.height  # the pixels on the very edge count as either
        assert columns[0] >= box.x - 1 and columns[-1] <= box.x + box.width


def test_samples_that_were_torn_off_are_not_in_the_truth_unless_the_lead_is_drawn_elsewhere_too() -> None:
    """The left third of the page is gone but for its lowest strip, the rhythm of lead II."""
    flat = render(print_sheet(SeededHeart(0, 0).read(), Style()), 100)
    width, height = LETTER_MM
    outline = np.array([(98.0, 0.0), (width, 0.0), (width, height), (0.0, height), (0.0, 176.0), (98.0, 176.0)])
    scene = replace(photographed(), flat=flat.geometry, torn=TornSheet(outline, corners(0, 0, *LETTER_MM)))
    scene = replace(scene, matrix=on_glass(flat.geometry, 1.0, (0.5, 0.5)))
    truth = Picture(flat, scene, scene.take(flat.pixels, WHITE, chance())).truth
    assert truth.signals is not None and truth.trace_mask is not None and truth.legible is False
    known = {lead: np.isfinite(signal) for lead, signal in truth.signals.leads.items()}
    assert not known["I"].any() and known["II"].all() and known["V1"].sum() == known["V6"].sum() == 1250
    cut_s = (98 - LEFT_MM) / 25  # the second column begins at 2.5 s
    assert abs(np.flatnonzero(known["aVR"])[0] / 500 - cut_s) < 0.05
    whole = render(print_sheet(SeededHeart(0, 0).read(), Style()), 100).sheet.shown
    np.testing.assert_array_equal(truth.signals.leads["aVR"][known["aVR"]], whole["aVR"][known["aVR"]])


def test_the_corners_of_a_sheet_with_a_torn_edge_lie_on_the_tear() -> None:
    torn = next(
        sheet for seed in range(50) for sheet in [tear_sheet(LETTER_MM, chance(seed), severity=1.0)] if sheet.corners[0, 1] > 2
    )
    scene = replace(photographed(), torn=torn)
    np.testing.assert_array_equal(scene.corners, torn.corners)
    assert torn.outline[:, 1].min() > -1 and np.abs(torn.outline[:, 1] - torn.corners[0, 1]).min() < 2


def test_a_finer_print_gives_the_same_picture_with_its_marks_in_the_same_places() -> None:
    coarse, fine = flat_geometry(75), flat_geometry(150)
    matrix, _ = held(coarse, Hold(-3.0, 0.2, 60.0, 0.92, (0.1, 0.3)))
    scene = Scene(coarse, matrix=matrix, desk=Ground("wood", (62, 88, 122), 3))
    assert scene.print_times == 2 and replace(scene, desk=None).print_times == 1 and photographed().print_times == 2
    finer = scene.printed(fine)
    np.testing.assert_allclose(finer.geometry.to_pixels(MARKS_MM), scene.geometry.to_pixels(MARKS_MM), atol=1e-9)
    picture = finer.take(marked(), WHITE, chance())
    assert picture.shape[:2] == coarse.shape
    for x, y in finer.geometry.to_pixels(MARKS_MM):
        assert found_near(picture[..., 1], x, y, 7) == pytest.approx((x, y), abs=0.3)
