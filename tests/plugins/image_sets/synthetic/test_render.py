"""Rendered sheets: that what is drawn lies where the sheet says, and where a known renderer draws it."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgbench.plugins.image_sets.synthetic.geometry import grid_mask
from ecgbench.plugins.image_sets.synthetic.heart import LEADS, Heart, make_leads
from ecgbench.plugins.image_sets.synthetic.render import render
from ecgbench.plugins.image_sets.synthetic.sheet import FRAMES, LAYOUTS, PAPERS, Paper, Sheet, print_sheet

WHITE = Paper((255, 255, 255), (255, 255, 255), (255, 255, 255))
SCALE = 200 / 25.4


def sheet(
    layout: str = "3x4+1", paper: Paper = WHITE, frame: str = "framed", heart: Heart | None = None, trace_mm: float = 0.25
) -> Sheet:
    leads = make_leads(heart or Heart(rate_bpm=70), np.random.default_rng(5))
    return print_sheet(leads, LAYOUTS[layout], paper, FRAMES[frame], ink=(20, 20, 20), trace_mm=trace_mm, title="ID: 1")


def test_the_default_page_is_letter_paper_at_200_dpi() -> None:
    printed = render(sheet(), 200)
    assert printed.pixels.shape == (1700, 2200, 3) and printed.pixels.dtype == np.uint8
    assert render(sheet(), 72).pixels.shape == (612, 792, 3)


def test_every_pixel_is_as_dark_as_the_ink_that_covers_it() -> None:
    printed = render(sheet(), 150)
    expected = 255 + printed.ink.astype(np.float64) / 255 * (20 - 255)
    np.testing.assert_allclose(printed.pixels[..., 0], expected, atol=0.51)
    trace_alone = printed.ink == printed.trace
    np.testing.assert_array_equal((printed.pixels[..., 0] <= 137) & trace_alone, (printed.trace >= 128) & trace_alone)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_sample_lies_at_its_time_and_voltage(layout: str) -> None:
    made = sheet(layout)
    printed = render(made, 200)
    strips = len(made.layout.columns) * len(made.layout.columns[0]) + len(made.layout.rhythm)
    assert len(made.traces) == strips
    for stroke in made.traces:
        x, y = np.rint(printed.geometry.to_pixels(stroke.points)).astype(int).T
        assert (printed.trace[y, x] >= 128).all()


def test_a_flat_trace_is_drawn_at_its_baseline_to_a_twentieth_of_a_pixel() -> None:
    leads = {name: np.full(5000, 0.3337, np.float32) for name in LEADS}
    made = print_sheet(leads, LAYOUTS["3x4"], WHITE, FRAMES["full"], ink=(0, 0, 0), trace_mm=0.3, title="")
    trace = render(made, 200).trace[600:800, 300].astype(np.float64)
    center = (np.arange(600, 800) * trace).sum() / trace.sum()
    assert center == pytest.approx(1700 * 5 / 12 - 0.3337 * 10 * SCALE - 0.5, abs=0.05)
    assert trace.sum() / 255 == pytest.approx(0.3 * SCALE, abs=0.02)


def test_grid_lines_are_drawn_where_they_are_to_a_tenth_of_a_pixel() -> None:
    thick = Paper((255, 255, 255), (0, 0, 0), (0, 0, 0), fine_mm=0.4, bold_mm=0.4)
    printed = render(sheet(paper=thick, frame="full"), 200)
    row, column = 255.0 - printed.pixels[27, :, 0], 255.0 - printed.pixels[:, 27, 0]  # 3.5 mm: between lines
    for mm in (61, 63, 126, 185):
        center = mm * SCALE - 0.5
        window = np.arange(round(center) - 3, round(center) + 4)
        for profile in (row, column):
            assert (window * profile[window]).sum() / profile[window].sum() == pytest.approx(center, abs=0.1)


@pytest.mark.parametrize("color", PAPERS)
def test_the_grid_mask_is_where_a_line_covers_at_least_half_of_what_it_can(color: str) -> None:
    paper = replace(PAPERS[color], bold_mm=0.0)
    printed = render(sheet(paper=paper), 200)
    mask = grid_mask(printed.geometry, FRAMES["framed"], paper.fine_mm, paper.bold_mm)
    colored = np.abs(printed.pixels.astype(int) - paper.ground).sum(axis=2)
    bare = printed.ink == 0
    covered, full = min(1, paper.fine_mm * SCALE), np.abs(np.array(paper.fine) - paper.ground).sum()
    assert colored[mask & bare].min() >= 0.5 * covered * full - 3
    two_rims = 1 - (1 - covered / 2) ** 2  # beside a crossing
    assert colored[~mask & bare].max() <= two_rims * full + 3


def test_bold_lines_lie_over_fine_ones() -> None:
    printed = render(sheet(paper=PAPERS["red"], frame="full"), 600)
    x, y = np.rint(printed.geometry.to_pixels(np.array([(100.0, 31.0)]))[0]).astype(int)
    assert tuple(printed.pixels[y, x]) == PAPERS["red"].bold  # where a bold column crosses a fine row
    x, y = np.rint(printed.geometry.to_pixels(np.array([(101.0, 31.0)]))[0]).astype(int)
    assert tuple(printed.pixels[y, x]) == PAPERS["red"].fine


def test_only_what_is_shown_is_known() -> None:
    made = sheet("3x4+1")
    assert np.isfinite(made.shown["II"]).all()  # the rhythm strip shows all of it
    np.testing.assert_array_equal(np.isfinite(made.shown["I"]), np.arange(5000) < 1250)
    np.testing.assert_array_equal(np.isfinite(made.shown["V6"]), np.arange(5000) >= 3750)
    np.testing.assert_array_equal(np.isfinite(sheet("6x2").shown["V1"]), np.arange(5000) >= 2500)


def test_thin_traces_still_cover_pixels_at_low_resolution() -> None:
    printed = render(sheet(trace_mm=0.1), 72)
    columns = (printed.trace >= 128).any(axis=0)
    assert columns[50:740].all()


def read_ptbxl(path: Path) -> dict[str, np.ndarray]:
    """Read a 12-lead record of format 16 with 1000 steps a mV."""
    names = [line.split()[-1] for line in path.with_suffix(".hea").read_text().splitlines()[1:13]]
    known = {name.upper(): name for name in LEADS}
    samples = np.fromfile(path.with_suffix(".dat"), "<i2").reshape(-1, 12)
    return {known[name.upper()]: (column / 1000).astype(np.float32) for name, column in zip(names, samples.T, strict=True)}


@pytest.mark.skipif(
    "ECGBENCH_DATA" not in os.environ, reason="ECGBENCH_DATA does not name the folder of real pictures and records"
)
@pytest.mark.parametrize("record", ["00005_hr", "00666_hr"])
def test_samples_lie_where_another_renderer_plots_them(record: str) -> None:
    data = Path(os.environ["ECGBENCH_DATA"])
    known = json.loads(gzip.decompress((data / f"images/paired/{record}-0.json.gz").read_bytes()))
    leads = read_ptbxl(data / f"records/ptbxl/{record}")
    made = print_sheet(leads, LAYOUTS["3x4+1"], WHITE, FRAMES["full"], ink=(0, 0, 0), trace_mm=0.2, title="")
    ours = sorted(
        (stroke.points * SCALE for stroke in made.traces), key=lambda points: (round(points[0, 0]), len(points), points[0, 1])
    )
    plotted = [
        np.array(lead["plotted_pixels"])[:, ::-1] for lead in known["leads"]
    ]  # given as row, column; pixel edges at integers
    theirs = sorted(plotted, key=lambda points: (round(points[0, 0]), len(points), points[0, 1]))
    assert len(ours) == len(theirs) == 13
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, atol=0.06)
