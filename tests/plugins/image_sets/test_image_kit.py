"""Pages of ecg-image-kit as truth: against their pixels, against our renderer, and through our truth files."""

from __future__ import annotations

import gzip
import json
import os
import pickle
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.page import Box, Page
from ecgbench.core.truth import Case, CaseInfo, TraceTruth, Truth
from ecgbench.plugins.image_sets.folder import open_folder
from ecgbench.plugins.image_sets.image_kit import ImageKitTruth, read_image_kit, truth_of_image_kit
from ecgbench.plugins.image_sets.synthetic.heart import LEADS
from ecgbench.plugins.image_sets.synthetic.lead_source import Recording, stream
from ecgbench.plugins.image_sets.synthetic.page import SyntheticPage
from ecgbench.plugins.image_sets.synthetic.style import KAGGLE, draw_style
from ecgbench.plugins.image_sets.truth_files import TruthError, write_page

RECORDS = ("00005_hr", "00666_hr")
needs_data = pytest.mark.skipif(
    "ECGBENCH_DATA" not in os.environ, reason="ECGBENCH_DATA does not name the folder of real pictures"
)


def data() -> Path:
    return Path(os.environ["ECGBENCH_DATA"])


def paired(record: str) -> tuple[Page, Truth]:
    facts = read_image_kit(data() / f"images/paired/{record}-0.json.gz")
    assert facts is not None
    return Page(cv2.imread(str(data() / f"images/paired/{record}-0.png")), record), truth_of_image_kit(facts)


@dataclass(frozen=True)
class PtbXl:
    """A record of PTB-XL: format 16 with 1000 steps a mV."""

    name: str

    @property
    def record(self) -> str:
        return f"ptbxl/{self.name}"

    @property
    def content_id(self) -> str:
        return self.record

    def read(self) -> Recording:
        path = data() / f"records/ptbxl/{self.name}"
        names = [line.split()[-1] for line in path.with_suffix(".hea").read_text().splitlines()[1:13]]
        known = {name.upper(): name for name in LEADS}
        samples = np.fromfile(path.with_suffix(".dat"), "<i2").reshape(-1, 12)
        leads = {known[name.upper()]: (column / 1000).astype(np.float32) for name, column in zip(names, samples.T, strict=True)}
        return Recording(leads, 500.0, (f"ID: {self.name}",))


def by_place(traces: tuple[TraceTruth, ...] | None) -> list[TraceTruth]:
    assert traces is not None
    return sorted(traces, key=lambda trace: (LEADS.index(trace.lead), len(trace.points)))


def brightness(page: Page, points: np.ndarray) -> float:
    x, y = np.ascontiguousarray(points.T.astype(np.float32))[..., None]
    return float(cv2.remap(page.gray, x, y, cv2.INTER_LINEAR).mean())


@needs_data
@pytest.mark.parametrize("record", RECORDS)
def test_points_of_a_paired_page_lie_on_dark_ink(record: str) -> None:
    page, truth = paired(record)
    points = np.vstack([trace.points for trace in by_place(truth.traces)])
    here = brightness(page, points)
    assert here < 40
    for shift in ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5), (2, 2), (-2, -2)):
        assert brightness(page, points + shift) > here + 1
    assert brightness(page, points + np.array([0, 6])) > here + 100


@needs_data
@pytest.mark.parametrize("record", RECORDS)
def test_lines_of_a_paired_page_lie_on_dark_lines(record: str) -> None:
    page, truth = paired(record)
    band = page.gray[200:480].astype(float).mean(axis=0), page.gray[:, 2100:2180].astype(float).mean(axis=1)
    for profile, fine, bold in ((band[0], truth.fine_x, truth.bold_x), (band[1], truth.fine_y, truth.bold_y)):
        assert fine is not None and bold is not None and len(fine) > 210 and np.isin(bold, fine).all()
        inner = fine[(fine > 3) & (fine < len(profile) - 4)].astype(int)
        for beside in (-1, 1):
            assert (profile[inner] < profile[inner + beside] - 20).mean() > 0.97
        assert profile[np.intersect1d(inner, bold.astype(int))].mean() < profile[np.setdiff1d(inner, bold.astype(int))].mean()


@needs_data
@pytest.mark.parametrize("record", RECORDS)
def test_the_truth_of_a_paired_page_is_complete_but_for_masks(record: str) -> None:
    page, truth = paired(record)
    assert truth.px_per_mm_x == truth.px_per_mm_y == pytest.approx(7.874) and truth.mm_per_s == 25.0 and truth.layout == "3x4+1"
    assert truth.content_box == Box(0, 0, 2200, 1700) and truth.has_grid and page.shape == (1700, 2200)
    signals = PtbXl(record).read().leads
    for trace in by_place(truth.traces):
        first = round(trace.start_s * trace.fs)
        shown = signals[trace.lead][first : first + len(trace.points)]
        slope, _ = np.polyfit(shown, trace.points[:, 1], 1)
        assert slope == pytest.approx(-78.74, abs=0.1)  # 10 mm/mV
        assert trace.box is not None
        inside = (trace.points >= (trace.box.x - 1, trace.box.y - 1)) & (
            trace.points <= (trace.box.x + trace.box.width, trace.box.y + trace.box.height)
        )
        assert inside.all()


@needs_data
@pytest.mark.parametrize("record", RECORDS)
def test_our_renderer_puts_the_samples_of_the_same_record_within_a_tenth_of_a_pixel(record: str) -> None:
    """Both renders of one record, each with its own list of samples: 0.06 px apart at most, which is how theirs are rounded."""
    style = draw_style(KAGGLE, lambda name: stream(0, 0, name))
    ours = SyntheticPage(style=style, source=PtbXl(record)).read_truth()
    _, theirs = paired(record)
    assert (ours.layout, ours.mm_per_s, ours.px_per_mm_x) == (
        theirs.layout,
        theirs.mm_per_s,
        pytest.approx(theirs.px_per_mm_x, abs=1e-3),
    )
    for our, their in zip(by_place(ours.traces), by_place(theirs.traces), strict=True):
        assert (our.lead, our.fs, our.start_s) == (their.lead, their.fs, their.start_s)
        np.testing.assert_allclose(our.points, their.points, atol=0.1)


@needs_data
def test_our_points_lie_on_the_ink_of_the_paired_page() -> None:
    """The scores must agree with pictures that we did not draw: our truth of the record is as dark there as theirs."""
    for record in RECORDS:
        page, theirs = paired(record)
        ours = SyntheticPage(style=draw_style(KAGGLE, lambda name: stream(0, 0, name)), source=PtbXl(record)).read_truth()
        dark = [brightness(page, np.vstack([trace.points for trace in by_place(truth.traces)])) for truth in (ours, theirs)]
        assert dark[0] == pytest.approx(dark[1], abs=0.5)


@needs_data
def test_a_paired_page_is_written_and_read_back_identically(tmp_path: Path) -> None:
    page, truth = paired(RECORDS[0])
    write_page(Case(CaseInfo("paired", "paired"), page, truth), tmp_path)
    found = open_folder(str(tmp_path))
    assert found is not None
    (case,) = found
    again = case.read_truth()
    for one, other in zip(truth.traces or (), again.traces or (), strict=True):
        assert (one.lead, one.fs, one.start_s, one.box) == (other.lead, other.fs, other.start_s, other.box)
        np.testing.assert_array_equal(one.points, other.points)
    assert (again.layout, again.mm_per_s, again.px_per_mm_x) == (truth.layout, truth.mm_per_s, truth.px_per_mm_x)
    for name in ("corners", "fine_x", "bold_y"):
        np.testing.assert_array_equal(getattr(again, name), getattr(truth, name))


def test_what_lies_zipped_beside_a_picture_is_its_truth(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "page.png"), np.full((100, 200, 3), 255, np.uint8))
    (tmp_path / "page.json.gz").write_bytes(gzip.compress(json.dumps(facts()).encode()))
    found = open_folder(str(tmp_path))
    assert found is not None
    (case,) = found
    traces = case.read_truth().traces
    assert traces is not None and traces[0].lead == "V2"


def facts(**changes: object) -> dict[str, object]:
    corners = {str(index): corner for index, corner in enumerate([(10.2, 20.0), (10.2, 29.9), (40.0, 29.9), (40.0, 20.0)])}
    lead = {"lead_name": "V2", "start_sample": 1250, "lead_bounding_box": corners, "plotted_pixels": [[30.5, 20.5], [31.0, 20.9]]}
    page = {
        "width": 200,
        "height": 100,
        "sampling_frequency": 500,
        "leads": [lead],
        "x_grid": 40.0,
        "y_grid": 40.0,
        "gridlines": True,
    }
    return page | changes


def test_samples_are_given_from_pixel_centers_with_x_first() -> None:
    truth = truth_of_image_kit(facts())
    (trace,) = truth.traces or ()
    np.testing.assert_allclose(trace.points, [(20.0, 30.0), (20.4, 30.5)])
    assert (trace.lead, trace.start_s, trace.box) == ("V2", 2.5, Box(20, 10, 10, 30))
    assert truth.mm_per_s == pytest.approx(25.0) and truth.layout is None
    np.testing.assert_array_equal(truth.bold_x, [0, 40, 80, 120, 160])
    np.testing.assert_array_equal(truth.bold_y, [20, 60])


def test_layouts_are_named_by_rows_columns_and_strips() -> None:
    lead = facts()["leads"][0]  # type: ignore[index]
    for count, columns, full, name in (
        (13, 4, "II", "3x4+1"),
        (12, 4, "None", "3x4"),
        (12, 2, "None", "6x2"),
        (12, 1, "None", "12x1"),
    ):
        given = facts(leads=[lead] * count, number_of_columns_in_image=columns, full_mode_lead=full)
        assert truth_of_image_kit(given).layout == name
    assert truth_of_image_kit(facts(leads=[lead] * 5, number_of_columns_in_image=4)).layout is None


@pytest.mark.parametrize("moved", [{"rotate": 5}, {"wrinkles": True}, {"augment": True}, {"crop": 0.01}])
def test_of_a_page_that_was_moved_only_samples_are_known(moved: dict[str, object]) -> None:
    truth = truth_of_image_kit(facts(**moved))
    assert truth.traces and truth.px_per_mm_x is None and truth.fine_x is None and truth.corners is None


def test_a_page_without_grid_has_no_lines() -> None:
    truth = truth_of_image_kit(facts(gridlines=False))
    assert truth.has_grid is False and truth.fine_x is None and truth.px_per_mm_x == 8.0


def test_files_are_read_gzipped_or_not_and_others_are_left_alone(tmp_path: Path) -> None:
    plain, packed, other = (tmp_path / name for name in ("a.json", "a.json.gz", "b.json"))
    plain.write_text(json.dumps(facts()))
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    other.write_text("[1]")
    assert read_image_kit(plain) == read_image_kit(packed) == json.loads(plain.read_text()) and read_image_kit(other) is None


def test_what_is_missing_or_wrong_raises() -> None:
    for wrong in (facts(leads=[{}]), facts(x_grid="wide"), facts(leads=[{"lead_name": "I", "plotted_pixels": [1, 2, 3]}])):
        with pytest.raises((KeyError, TypeError, ValueError)):
            truth_of_image_kit(wrong)


def test_a_folder_takes_the_truth_of_ecg_image_kit(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((100, 200, 3), 255, np.uint8))
    (tmp_path / "a.json").write_text(json.dumps(facts()))
    (tmp_path / "b.json").write_text('{"shapes": []}')
    (tmp_path / "c.json").write_text(json.dumps(facts(leads=[{}])))
    found = open_folder(str(tmp_path))
    assert found is not None
    kit, other, broken = found
    assert kit.read_truth().px_per_mm_x == 8.0 and len(kit.read_truth().traces or ()) == 1
    assert other.read_truth().traces is None
    with pytest.raises(TruthError, match=r"c\.json"):
        broken.read_truth()
    assert pickle.loads(pickle.dumps(kit.truth)) == ImageKitTruth(str(tmp_path / "a.json"))
