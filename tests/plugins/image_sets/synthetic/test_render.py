"""Rendered sheets: that what is drawn lies where the sheet says."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.geometry import flat_geometry, grid_mask
from ecgbench.plugins.image_sets.synthetic.heart import LEADS
from ecgbench.plugins.image_sets.synthetic.layouts import LAYOUTS
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording, SeededHeart
from ecgbench.plugins.image_sets.synthetic.paper import INKS, PAPERS, Paper
from ecgbench.plugins.image_sets.synthetic.render import ink_coverage, local_scale, render
from ecgbench.plugins.image_sets.synthetic.sheet import Sheet, Stroke, print_sheet
from ecgbench.plugins.image_sets.synthetic.style import Style

WHITE = Paper((255, 255, 255), (255, 255, 255), (255, 255, 255))
SCALE = 200 / 25.4
HEART = SeededHeart(5, 0).read()


def sheet(paper: Paper | None = None, *, recording: Recording = HEART, **style: object) -> Sheet:
    made = print_sheet(recording, Style(**style))  # type: ignore[arg-type]
    return made if paper is None else replace(made, paper=replace(paper, grid=made.style.grid))


def test_the_default_page_is_letter_paper_at_200_dpi() -> None:
    printed = render(sheet(), 200)
    assert printed.pixels.shape == (1700, 2200, 3) and printed.pixels.dtype == np.uint8
    assert render(sheet(), 72).pixels.shape == (612, 792, 3)
    assert render(sheet(layout="strip"), 200).pixels.shape == (500, 2200, 3)


@pytest.mark.parametrize("antialias", [True, False])
def test_every_pixel_is_as_dark_as_the_ink_that_covers_it(antialias: bool) -> None:
    printed = render(sheet(WHITE, antialias=antialias), 150)
    expected = 255 + printed.ink[..., None] / 255 * (np.array(INKS["black"]) - 255.0)
    np.testing.assert_allclose(printed.pixels, expected, atol=0.51)
    assert len(np.unique(printed.ink)) == 2 or antialias


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("antialias", [True, False])
def test_each_sample_lies_on_ink(layout: str, antialias: bool) -> None:
    made = sheet(layout=layout, antialias=antialias)
    printed = render(made, 200)
    for trace in made.traces:
        x, y = np.rint(printed.geometry.to_pixels(trace.points)).astype(int).T
        inside = (y >= 0) & (y < printed.trace.shape[0])
        assert (printed.trace[y[inside], x[inside]] >= 128).all()


def test_a_flat_trace_is_drawn_at_its_baseline_to_a_twentieth_of_a_pixel() -> None:
    level = Recording({name: np.full(5000, 0.3337, np.float32) for name in LEADS}, 500.0)
    trace = render(sheet(recording=level, layout="3x4"), 200).trace[600:800, 300].astype(np.float64)
    center = (np.arange(600, 800) * trace).sum() / trace.sum()
    assert center == pytest.approx(1700 * 5 / 12 - 0.3337 * 10 * SCALE - 0.5, abs=0.05)
    assert trace.sum() / 255 == pytest.approx(0.3 * SCALE, abs=0.02)


def test_samples_that_are_not_known_leave_a_gap() -> None:
    level = Recording({"II": np.zeros(5000, np.float32)}, 500.0)
    level.leads["II"][2000:3000] = np.nan
    trace = render(sheet(recording=level, layout="strip"), 200).trace
    inked = trace.any(axis=0)
    x = np.rint((15 + np.arange(5000) / 20) * SCALE - 0.5).astype(int)
    assert inked[x[:1995]].all() and not inked[x[2010:2990]].any() and inked[x[3005:]].all()


@pytest.mark.parametrize("frame", ["full", "boxed", "framed"])
def test_grid_lines_are_drawn_where_they_are_to_a_tenth_of_a_pixel(frame: str) -> None:
    thick = Paper((255, 255, 255), (0, 0, 0), (0, 0, 0), fine_mm=0.4, bold_mm=0.4)
    made = sheet(thick, frame=frame)
    printed = render(made, 200)
    between = np.rint((made.frame.y0 - 8.5 if frame == "full" else made.frame.y0 + 3.5) * SCALE).astype(int)
    row = 255.0 - printed.pixels[between, :, 0]
    across = np.rint((made.frame.x0 + 3.5) * SCALE).astype(int)
    column = 255.0 - printed.pixels[:, across, 0]
    for mm, start, profile in ((61, made.frame.x0, row), (185, made.frame.x0, row), (-3, made.frame.bottom, column)):
        center = (start + mm) * SCALE - 0.5
        window = np.arange(round(center) - 3, round(center) + 4)
        assert (window * profile[window]).sum() / profile[window].sum() == pytest.approx(center, abs=0.1)


@pytest.mark.parametrize("color", PAPERS)
@pytest.mark.parametrize("fine_mm", [0.08, 0.12])
def test_the_grid_mask_is_where_a_line_covers_at_least_half_of_what_it_can(color: str, fine_mm: float) -> None:
    paper = replace(PAPERS[color], bold_mm=0.0, fine_mm=fine_mm)
    printed = render(sheet(paper), 150)
    mask = grid_mask(printed.geometry, printed.sheet.frame, paper.fine_mm, paper.bold_mm)
    colored = np.abs(printed.pixels.astype(int) - paper.ground).sum(axis=2)
    bare = printed.ink == 0
    covered, full = min(1, paper.fine_mm * SCALE * 150 / 200), np.abs(np.array(paper.fine) - paper.ground).sum()
    assert colored[mask & bare].min() >= 0.5 * covered * full - 3
    two_rims = 1 - (1 - covered / 2) ** 2  # beside a crossing
    assert colored[~mask & bare].max() <= two_rims * full + 3


@pytest.mark.parametrize("grid", ["lines", "dotted"])
def test_without_antialiasing_the_grid_mask_is_exactly_what_is_colored(grid: str) -> None:
    printed = render(sheet(grid=grid, antialias=False), 150)
    paper = printed.sheet.paper
    mask = grid_mask(printed.geometry, printed.sheet.frame, paper.fine_mm, paper.bold_mm, dotted=grid == "dotted")
    colored = (printed.pixels != paper.ground).any(axis=2)
    bare = printed.ink == 0
    assert (mask ^ colored)[bare].mean() < 4e-3  # a line whose middle falls between two pixels colors one and marks both
    colors = printed.pixels[bare].astype(np.int64) @ (1, 256, 256 * 256)
    assert set(np.unique(colors)) == {
        int(np.array(color) @ (1, 256, 256 * 256)) for color in (paper.ground, paper.fine, paper.bold)
    }


def test_dots_stand_at_the_crossings_of_millimeters() -> None:
    printed = render(sheet(grid="dotted", frame="boxed", color="black"), 600)
    frame = printed.sheet.frame
    dots, gaps = (np.array([(frame.left + 41 + off, frame.top + 2) for off in np.arange(4) + part]) for part in (0, 0.5))
    for points, dark in ((dots, True), (gaps, False)):
        x, y = np.rint(printed.geometry.to_pixels(points)).astype(int).T
        assert ((printed.pixels[y, x].mean(axis=1) < 200) == dark).all()
    x, y = np.rint(printed.geometry.to_pixels(np.array([(frame.left + 40, frame.top + 2.5)]))[0]).astype(int)
    assert tuple(printed.pixels[y, x]) == PAPERS["black"].bold  # lines at 5 mm


def test_bold_lines_lie_over_fine_ones() -> None:
    printed = render(sheet(frame="boxed"), 600)
    frame = printed.sheet.frame
    for right, color in ((50, "bold"), (51, "fine")):  # where a column crosses a fine row
        x, y = np.rint(printed.geometry.to_pixels(np.array([(frame.left + right, frame.top + 11)]))[0]).astype(int)
        assert tuple(printed.pixels[y, x]) == getattr(PAPERS["red"], color)


def test_a_paper_without_grid_is_blank() -> None:
    printed = render(sheet(grid="none", color="green"), 100)
    assert (printed.pixels[printed.ink == 0] == PAPERS["green"].ground).all()


def test_devices_that_print_the_grid_leave_the_sheet_white_around_it() -> None:
    printed = render(sheet(color="pink", frame="framed", device="bedside", grid="lines"), 100)
    frame = printed.sheet.frame
    left, top, bottom = (round(mm * 100 / 25.4) for mm in (frame.left, frame.top, frame.bottom))
    bare = printed.ink == 0
    for part in (np.s_[: top - 2], np.s_[bottom + 3 :], np.s_[:, : left - 2]):
        assert (printed.pixels[part][bare[part]] == 255).all()
    inside = printed.pixels[top + 3 : bottom - 3, left + 3 : -left - 30]
    assert (inside.min(axis=2) < 250).all()
    assert (
        tuple(render(sheet(color="pink", frame="full", device="bedside", grid="none"), 72).pixels[0, 0]) == PAPERS["pink"].ground
    )


@pytest.mark.parametrize("color", ["red", "pink"])
def test_cells_hold_gray_dots_on_a_tinted_square(color: str) -> None:
    printed = render(sheet(grid="cells", frame="full", color=color), 600)
    paper, frame = printed.sheet.paper, printed.sheet.frame
    points = np.array([(frame.x0 + 41, frame.y0 - 12), (frame.x0 + 41.5, frame.y0 - 12.5), (frame.x0 + 40.35, frame.y0 - 12.5),
                       (frame.x0 + 40, frame.y0 - 12.5)])  # fmt: skip
    x, y = np.rint(printed.geometry.to_pixels(points)).astype(int).T
    assert [tuple(pixel) for pixel in printed.pixels[y, x]] == [paper.fine, paper.tint, paper.ground, paper.bold]


def test_lines_of_cells_may_be_two_rows_of_dots_within_the_grid_mask() -> None:
    printed = render(sheet(grid="cells", frame="full", color="red", bold_mm=0.3, split_mm=0.2), 600)
    paper, frame = printed.sheet.paper, printed.sheet.frame
    x_mm = frame.x0 + 40 + np.array([-0.35, -0.2, 0, 0.2, 0.35])
    x, y = np.rint(printed.geometry.to_pixels(np.column_stack([x_mm, np.full(5, frame.y0 - 12.5)]))).astype(int).T
    assert [tuple(pixel) for pixel in printed.pixels[y, x]] == [paper.ground, paper.bold, paper.ground, paper.bold, paper.ground]
    mask = grid_mask(printed.geometry, frame, paper.fine_mm, paper.bold_mm, dotted=paper.dotted)
    np.testing.assert_array_equal(mask[y, x], [False, True, True, True, False])


def test_a_faded_grid_is_paler_in_places_and_never_darker() -> None:
    whole, faded = (render(sheet(grid="lines", fade=fade), 100).pixels.astype(int) for fade in (0.0, 0.6))
    paler = (faded - whole).sum(axis=2)
    assert paler.min() >= 0 and paler.max() > 50 and 0.1 < (paler > 10).mean() < 1


def test_thin_traces_still_cover_pixels_at_low_resolution() -> None:
    printed = render(sheet(trace_mm=0.1), 72)
    assert (printed.trace >= 128).any(axis=0)[50:740].all()


def test_each_kind_of_ink_has_a_layer_and_together_they_are_all_ink() -> None:
    printed = render(sheet(), 150)
    layers = (printed.trace, printed.text, printed.pulses, printed.separators)
    assert all(layer.any() for layer in layers)
    np.testing.assert_array_equal(np.maximum.reduce(layers), printed.ink)


def test_ink_widens_where_a_perspective_brings_the_sheet_nearer() -> None:
    flat = flat_geometry(200)
    corner = np.array([(0.0, 0.0), (2200, 0), (2200, 1700), (0, 1700)])
    seen = np.array([(300, 0), (1900, 0), (2200, 1700), (0, 1700)], np.float32)
    near = flat.moved(cv2.getPerspectiveTransform(corner.astype(np.float32), seen), flat.shape)
    points = np.array([(60.0, 30.0), (220.0, 30.0), (np.nan, np.nan), (60.0, 200.0), (220.0, 200.0)])
    coverage = ink_coverage((Stroke(points, 1.0),), near)
    scales = local_scale(near, np.array([(139.7, 30.0), (139.7, 200.0)]))
    assert scales[1] > 1.1 * scales[0]
    for y_mm, scale in zip((30.0, 200.0), scales, strict=True):
        x, y = np.rint(near.to_pixels(np.array([(139.7, y_mm)]))[0]).astype(int)
        assert coverage[y - 15 : y + 16, x].sum() / 255 == pytest.approx(scale, rel=0.03)
        assert near.size_at(np.array([139.7, y_mm])) == pytest.approx(scale, rel=1e-3)


def test_a_grid_fades_in_patches_and_not_in_whole_rows_and_columns_alone() -> None:
    whole, faded = (
        render(sheet(grid="lines", frame="full", header="none", fade=fade), 100).pixels.astype(int) for fade in (0.0, 0.8)
    )
    paler = (faded - whole).sum(axis=2)
    height, width = paler.shape[0] // 3, paler.shape[1] // 3
    bands = [paler[: 3 * height, part].reshape(3, height, -1).mean(axis=(1, 2)) for part in (np.s_[:width], np.s_[-width:])]
    assert np.linalg.svd(bands)[1][1] > 0.02 * np.linalg.svd(bands)[1][0]  # no product of rows and columns


def test_every_fifth_bold_line_is_as_heavy_as_asked_in_the_picture_and_in_the_mask() -> None:
    plain, heavy = (
        render(sheet(grid="lines", frame="boxed", color="black", bold_mm=0.2, heavy_mm=width), 300) for width in (0.0, 0.8)
    )
    frame, scale = heavy.sheet.frame, 300 / 25.4
    row = round((frame.bottom - 2.5) * scale)
    assert row < heavy.pixels.shape[0]
    for right, wide in ((25.0, True), (50.0, True), (30.0, False), (45.0, False)):
        column = round((frame.x0 + right) * scale - 0.5)
        dark = [int((made.pixels[row, column - 8 : column + 9].mean(axis=1) < 100).sum()) for made in (plain, heavy)]
        assert dark[1] == pytest.approx(0.8 * scale if wide else dark[0], abs=1.5)
    masks = [
        grid_mask(made.geometry, frame, made.sheet.paper.fine_mm, 0.2, heavy_mm=made.sheet.paper.heavy_mm)
        for made in (plain, heavy)
    ]
    added = masks[1] & ~masks[0]
    assert added.any() and not (masks[0] & ~masks[1]).any()
    assert (heavy.pixels[added & (heavy.ink == 0)].mean(axis=1) < 200).mean() > 0.95
    down, across = (masks[1].mean(axis=axis) for axis in (0, 1))
    assert (down > 0.85).sum() > (masks[0].mean(axis=0) > 0.85).sum() and (across > 0.85).sum() == (
        masks[0].mean(axis=1) > 0.85
    ).sum()
    bent = heavy.geometry.moved(np.array([(1.0, 0.002, 3.0), (0.001, 1.0, 2.0), (0.0, 0.0, 1.0)]), heavy.geometry.shape)
    projected = [grid_mask(bent, frame, 0.12, 0.2, heavy_mm=width).sum() for width in (0.0, 0.8)]
    assert projected[1] / projected[0] == pytest.approx(masks[1].sum() / masks[0].sum(), rel=0.1)


def test_a_crisp_grid_and_its_pulses_fill_whole_pixels_while_traces_need_not() -> None:
    style = Style(
        device="bedside", paper="roll", header="none", fine_mm=0.15, bold_mm=0.18, trace_mm=0.3, foot_mm=0.5, crisp=True
    )
    made = print_sheet(HEART, style)
    printed = render(made, 25.4 * 5.14)
    bare = printed.pixels[printed.ink == 0]
    assert {tuple(color) for color in np.unique(bare, axis=0).tolist()} <= {
        made.paper.ground,
        made.paper.fine,
        made.paper.bold,
        made.paper.edge,
    }
    assert set(np.unique(printed.pulses)) == {0, 255} and len(np.unique(printed.trace)) > 20
    smooth = render(replace(made, style=replace(style, crisp=False)), 25.4 * 5.14)
    assert len(np.unique(smooth.pixels[smooth.ink == 0], axis=0)) > 6 and len(np.unique(smooth.pulses)) > 5


@pytest.mark.parametrize(("letters", "levels"), [("hinted", 5), ("stepped", 2), ("smooth", 2)])
def test_letters_of_a_screen_keep_their_gray_where_lines_have_none(letters: str, levels: int) -> None:
    printed = render(sheet(antialias=False, letters=letters), 90)
    assert len(np.unique(printed.trace)) == 2 and (len(np.unique(printed.text)) == 2) is (levels == 2)
    assert (printed.ink >= printed.text).all()
