"""The truth of a page, against its pixels: masks, points, lines, boxes and corners lie where they are said to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

import cv2
import numpy as np
import pytest

from ecgbench.core.truth import TraceTruth, Truth
from ecgbench.plugins.image_sets.synthetic.heart import LEADS
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS, places
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.style import Style

QUICK = 120  # dpi
MASKS = ("trace_mask", "grid_mask", "label_mask", "pulse_mask", "separator_mask")


def mask(truth: Truth, name: str) -> np.ndarray:
    found = getattr(truth, name)
    assert found is not None and found.dtype == np.bool_
    return np.asarray(found)


def traces(truth: Truth) -> tuple[TraceTruth, ...]:
    assert truth.traces is not None
    return truth.traces


def shifts(size: int) -> list[tuple[int, int]]:
    return [(size, 0), (-size, 0), (0, size), (0, -size)]


def in_turn(choices: list[str]) -> list[tuple[str, str]]:
    """Give each kind one of the choices: what is printed and how it is pictured have nothing to do with each other."""
    return list(zip(KINDS, cycle(choices), strict=False))


@pytest.mark.parametrize(("kind", "frame"), in_turn(["full", "framed", "boxed"]))
def test_the_truth_of_the_trace_lies_on_the_darkest_pixels(kind: str, frame: str) -> None:
    """Moved by 2 pixels in any direction, the mask lies on brighter pixels: so it is where the ink is."""
    recipe = SyntheticPage(2, 1, kind, 0.4, QUICK, Style(frame=frame, trace_mm=0.4))
    gray, trace = recipe.make_page().gray.astype(np.float32), mask(recipe.read_truth(), "trace_mask")
    here = gray[trace].mean()
    for shift in shifts(2):
        assert gray[np.roll(trace, shift, (0, 1))].mean() > here + 20
    ground = gray[cv2.dilate(trace.view(np.uint8), np.ones((9, 9), np.uint8)) == 0]
    assert ground.mean() > here + 40


@pytest.mark.parametrize("name", ["label_mask", "pulse_mask", "separator_mask"])  # varies first: one picture for all
@pytest.mark.parametrize("kind", KINDS)
def test_the_other_ink_has_masks_of_its_own_that_lie_on_dark_pixels(kind: str, name: str) -> None:
    recipe = SyntheticPage(2, 1, kind, 0.3, QUICK, Style(trace_mm=0.4))
    gray, found = recipe.make_page().gray.astype(np.float32), mask(recipe.read_truth(), name)
    here = gray[found].mean()
    assert found.sum() > 200
    assert all(gray[np.roll(found, shift, (0, 1))].mean() > here + 15 for shift in ((9, 9), (9, -9), (-9, 9), (-9, -9)))


@pytest.mark.parametrize("antialias", [True, False])
def test_on_a_render_without_grid_the_masks_are_exactly_the_pixels_that_are_inked_by_half(antialias: bool) -> None:
    recipe = SyntheticPage(2, 5, dpi=150, style=Style(grid="none", antialias=antialias, header="full", separators="tick"))
    gray, truth = recipe.make_page().gray, recipe.read_truth()
    inked = np.logical_or.reduce([mask(truth, name) for name in MASKS])
    half = (int(gray.max()) + int(gray.min())) / 2
    np.testing.assert_array_equal(gray < half, inked)
    if not antialias:
        assert len(np.unique(gray)) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_no_pixel_is_two_things(kind: str) -> None:
    truth = SyntheticPage(2, 1, kind, 0.4, 100).read_truth()
    for name in MASKS:
        assert mask(truth, name).any() and mask(truth, name).shape == mask(truth, "trace_mask").shape
        if name != "trace_mask":
            assert not (mask(truth, name) & mask(truth, "trace_mask")).any()
    ink = np.logical_or.reduce([mask(truth, name) for name in MASKS if name != "grid_mask"])
    assert not (ink & mask(truth, "grid_mask")).any()


@pytest.mark.parametrize(("kind", "layout"), in_turn(["3x4+1", "12x1"]))
def test_points_lie_in_the_trace_to_half_a_pixel(kind: str, layout: str) -> None:
    """The trace is nearly 2 px wide: the pixel that a sample falls into is the trace's, or one beside it where it turns."""
    truth = SyntheticPage(2, 4, kind, 0.4, QUICK, Style(layout=layout, trace_mm=0.4)).read_truth()
    trace = mask(truth, "trace_mask")
    for drawn in traces(truth):
        x, y = np.rint(drawn.points).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < trace.shape[1]) & (y < trace.shape[0])
        assert trace[y[inside], x[inside]].mean() > 0.999


@dataclass(frozen=True)
class Wave:
    """A slow wave in all leads, of `size` mV."""

    size: float = 0.3
    name: str = "wave"
    record: str = "wave"
    content_id: str = "wave"

    def read(self) -> Recording:
        wave = self.size * np.sin(np.pi * np.arange(5000) / 500)
        return Recording({lead: wave.astype(np.float32) for lead in LEADS}, 500.0)


@pytest.mark.parametrize("dpi", [72, 200, 600])
@pytest.mark.parametrize("thick", [0.2, 0.45])
def test_on_a_render_points_lie_on_the_middle_of_the_line(dpi: float, thick: float) -> None:
    """The darkness of a column of pixels has its center where the points say that the line crosses it."""
    style = Style(grid="none", layout="strip", trace_mm=thick, labels="none", header="none")
    recipe = SyntheticPage(dpi=dpi, style=style, source=Wave())
    gray, (drawn,) = recipe.make_page().gray.astype(np.float64), traces(recipe.read_truth())
    for column in np.linspace(drawn.points[100, 0], drawn.points[-100, 0], 40).astype(int):
        y = np.interp(column, *drawn.points.T)
        rows = np.arange(round(y) - round(dpi / 20), round(y) + round(dpi / 20) + 1)
        ink = gray.max() - gray[rows, column]
        assert (rows * ink).sum() / ink.sum() == pytest.approx(y, abs=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_voltages_can_be_read_from_points(kind: str) -> None:
    """Where a picture keeps straight lines and right angles, points minus baseline over px/mm and mm/mV are the signal."""
    if kind not in ("0001", "0003", "0004"):
        pytest.skip("a photo has no single scale")
    truth = SyntheticPage(2, 4, kind, 0.4, QUICK, Style(speed=50, gain=20, layout="6x2")).read_truth()
    assert (
        truth.px_per_mm_x
        and truth.px_per_mm_y
        and truth.angle_deg is not None
        and truth.signals
        and truth.mm_per_s
        and truth.mm_per_mv
    )
    angle = np.deg2rad(truth.angle_deg)
    for drawn in traces(truth):
        along = drawn.points @ (np.cos(angle), np.sin(angle)) / truth.px_per_mm_x / truth.mm_per_s
        up = drawn.points @ (np.sin(angle), -np.cos(angle)) / truth.px_per_mm_y / truth.mm_per_mv
        first = round(drawn.start_s * drawn.fs)
        shown = truth.signals.leads[drawn.lead][first : first + len(up)]
        np.testing.assert_allclose(up - up[0], shown - shown[0], atol=1e-4)
        np.testing.assert_allclose(along - along[0], np.arange(len(along)) / drawn.fs, atol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_stretch_is_listed_with_its_lead_time_and_area(layout: str) -> None:
    truth = SyntheticPage(dpi=100, style=Style(layout=layout)).read_truth()
    assert [drawn.lead for drawn in traces(truth)] == [place.lead for place in places(LAYOUTS[layout])]
    for drawn in traces(truth):
        assert drawn.points.dtype == np.float64 and drawn.fs == 500 and drawn.box is not None
        x, y, width, height = drawn.box
        inside = (drawn.points >= (x - 0.5, y - 0.5)) & (drawn.points <= (x + width - 0.5, y + height - 0.5))
        assert inside[:, 0].all() and inside[:, 1].mean() > 0.5  # tall waves may reach into the next row


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_of_the_lines_lies_on_dark_lines(kind: str) -> None:
    """Along the midlines of the picture, the page is darker at the true positions than halfway between them."""
    recipe = SyntheticPage(2, 7, kind, 0.2, QUICK, Style(color="black", frame="full"))
    gray, truth = recipe.make_page().gray, recipe.read_truth()
    assert truth.fine_x is not None and truth.fine_y is not None and truth.bold_x is not None
    middle = gray.shape[0] // 2, gray.shape[1] // 2
    for lines, profile in ((truth.fine_x, gray[middle[0]]), (truth.fine_y, gray[:, middle[1]])):
        halfway = (lines[:-1] + lines[1:]) / 2
        on, off = (np.interp(positions, np.arange(profile.size), profile.astype(float)) for positions in (lines, halfway))
        assert np.median(on) < np.median(off) - 15
    assert np.isin(truth.bold_x, truth.fine_x).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_grid_mask_lies_on_the_grid(kind: str) -> None:
    pixels = {}
    for grid in ("lines", "dotted"):
        recipe = SyntheticPage(2, 3, kind, 0.2, QUICK, Style(color="black", grid=grid))
        gray, found = recipe.make_page().gray.astype(np.float32), mask(recipe.read_truth(), "grid_mask")
        moved = np.roll(found, (3, 3), (0, 1)) & ~found
        assert gray[found].mean() < gray[moved].mean() - 15
        pixels[grid] = found.sum()
    assert pixels["dotted"] < 0.8 * pixels["lines"]


def test_a_page_without_grid_has_none_and_is_legible_by_its_pulse() -> None:
    truth = SyntheticPage(dpi=100, style=Style(grid="none")).read_truth()
    assert truth.has_grid is False and truth.legible is True and not mask(truth, "grid_mask").any()
    assert all(getattr(truth, name).size == 0 for name in ("fine_x", "fine_y", "bold_x", "bold_y"))
    assert truth.px_per_mm_x == pytest.approx(100 / 25.4)
    assert SyntheticPage(dpi=100, style=Style(grid="none", pulse="none")).read_truth().legible is False
    assert SyntheticPage(dpi=100, style=Style(pulse="none")).read_truth().legible is True


@pytest.mark.parametrize("kind", KINDS)
def test_scale_and_angle_agree_with_the_line_positions(kind: str) -> None:
    truth = SyntheticPage(2, 3, kind, 0.7, 127).read_truth()
    assert truth.fine_x is not None and truth.px_per_mm_x is not None and truth.angle_deg is not None
    assert truth.content_box is not None
    center = truth.content_box.x + truth.content_box.width / 2
    near = np.argsort(np.abs(truth.fine_x - center))[:11]
    spacing = np.ptp(truth.fine_x[near]) / 10
    assert truth.px_per_mm_x == pytest.approx(spacing * np.cos(np.deg2rad(truth.angle_deg)), rel=0.02)
    if kind == "0001":
        assert truth.px_per_mm_x == truth.px_per_mm_y == pytest.approx(5.0, abs=1e-3) and truth.angle_deg == 0.0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_content_box_of_a_render_is_the_box_of_all_print(layout: str) -> None:
    for grid in ("lines", "none"):
        recipe = SyntheticPage(dpi=100, style=Style(layout=layout, grid=grid, header="full"))
        page, box = recipe.make_page(), recipe.read_truth().content_box
        assert box is not None
        printed = (page.bgr != page.bgr[0, 0]).any(axis=2)
        rows, columns = np.flatnonzero(printed.any(axis=1)), np.flatnonzero(printed.any(axis=0))
        assert abs(box.x - columns[0]) <= 1 and abs(box.x + box.width - 1 - columns[-1]) <= 1
        assert abs(box.y - rows[0]) <= 1 and abs(box.y + box.height - 1 - rows[-1]) <= 1
    full = SyntheticPage(dpi=100, style=Style(layout=layout, frame="full")).read_truth().content_box
    assert full == (0, 0, page.shape[1], page.shape[0])


def test_the_content_box_and_corners_of_a_photo_are_those_of_the_paper() -> None:
    recipe = SyntheticPage(seed=6, kind="0005", dpi=100, style=Style(color="green"), framing="whole")
    page, truth = recipe.make_page(), recipe.read_truth()
    box = truth.content_box
    assert box is not None and truth.corners is not None and truth.corners.shape == (4, 2)
    paper = page.gray > 160  # the desks are darker
    rows, columns = np.flatnonzero(paper.mean(axis=1) > 0.02), np.flatnonzero(paper.mean(axis=0) > 0.02)
    found = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    np.testing.assert_allclose(found, [box.x, box.y, box.x + box.width, box.y + box.height], atol=12)
    np.testing.assert_allclose(truth.corners.min(axis=0), (box.x, box.y), atol=2)
    top_left, top_right, bottom_right, bottom_left = truth.corners
    assert (
        top_left[0] < top_right[0]
        and bottom_left[0] < bottom_right[0]
        and top_left[1] < bottom_left[1]
        and top_right[1] < bottom_right[1]
    )


def test_corners_are_known_where_they_can_be_seen() -> None:
    corners = SyntheticPage(dpi=100).read_truth().corners
    assert corners is not None
    np.testing.assert_allclose(corners, [(-0.5, -0.5), (1099.5, -0.5), (1099.5, 849.5), (-0.5, 849.5)])
    assert SyntheticPage(kind="0003", dpi=100).read_truth().corners is None  # a scan on white: nobody sees the paper's edge


def test_blurred_coarse_and_cut_off_pages_are_not_legible() -> None:
    assert SyntheticPage(dpi=100).read_truth().legible is True
    assert SyntheticPage(dpi=72).read_truth().legible is False  # 2.83 px/mm
    beyond = SyntheticPage(dpi=100, style=Style(layout="strip"), source=Wave(size=5.0)).read_truth()
    assert beyond.legible is False and beyond.signals is not None and np.isnan(beyond.signals.leads["II"]).mean() > 0.05


def test_signals_are_those_that_are_shown() -> None:
    truth = SyntheticPage(dpi=75, style=Style(gain=5)).read_truth()
    signals = truth.signals
    assert signals is not None and signals.fs == 500 and signals.layout == truth.layout == "3x4+1" and len(signals.leads) == 12
    assert np.isfinite(signals.leads["II"]).all() and np.isfinite(signals.leads["V1"]).sum() == 1250
    assert (truth.mm_per_s, truth.mm_per_mv) == (25.0, 5.0)


def test_the_content_box_of_a_bent_sheet_holds_its_left_side_too() -> None:
    for seed in range(3):
        truth = SyntheticPage(seed, 0, "0005", 1.0, 75, Style(layout="12x1", frame="full"), framing="whole").read_truth()
        assert truth.grid_mask is not None and truth.content_box is not None
        columns = np.flatnonzero(truth.grid_mask.any(axis=0))
        assert truth.content_box.x - 1 <= columns[0] and columns[-1] <= truth.content_box.x + truth.content_box.width
