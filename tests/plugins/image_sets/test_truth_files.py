"""Pages and truth written to disk and read back: identical, whole, and clear about what is broken."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.core.page import Box, Page, PageError
from ecgbench.core.results import Signals
from ecgbench.core.truth import Case, CaseInfo, TraceTruth, Truth
from ecgbench.plugins.image_sets import truth_files
from ecgbench.plugins.image_sets.folder import PictureSet, open_folder
from ecgbench.plugins.image_sets.synthetic import SyntheticSet
from ecgbench.plugins.image_sets.synthetic.choice import of
from ecgbench.plugins.image_sets.truth_files import TruthError, TruthFile, write_page, write_pages
from ecgbench.plugins.pages import open_page
from ecgbench.workers import parallel_map


@dataclass(frozen=True)
class Cases:
    """A set of given cases."""

    cases: tuple[Case, ...]
    name: str = "given"

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    def count(self) -> int:
        return len(self.cases)


def page(shape: tuple[int, int] = (12, 17), name: str = "page") -> Page:
    return Page(np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8), name)


def case(name: str = "one", truth: Truth | None = None) -> Case:
    return Case(CaseInfo(name, "memory"), page(), truth or Truth())


SHORT = TraceTruth("I", np.array([(0.5, 1.25)]), 500.0, 0.0, Box(1, 2, 3, 4))


def read_back(directory: Path) -> list[Case]:
    found = open_folder(str(directory))
    assert isinstance(found, PictureSet)
    return list(found)


def assert_same_trace(one: TraceTruth, other: TraceTruth) -> None:
    for field in fields(TraceTruth):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name == "points":
            assert a.dtype == b.dtype == np.float64
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b and type(a) is type(b), field.name


def assert_same_truth(one: Truth, other: Truth) -> None:
    for field in fields(Truth):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        elif isinstance(a, Signals):
            assert (a.fs, a.layout, list(a.leads)) == (b.fs, b.layout, list(b.leads))
            for lead in a.leads:
                assert b.leads[lead].dtype == np.float32
                np.testing.assert_array_equal(a.leads[lead], b.leads[lead])
        elif field.name == "traces" and a is not None:
            assert len(a) == len(b)
            for one_trace, other_trace in zip(a, b, strict=True):
                assert_same_trace(one_trace, other_trace)
        else:
            assert a == b and type(a) is type(b), field.name


def test_a_synthetic_set_reads_back_identically(tmp_path: Path) -> None:
    pages = SyntheticSet(pages=6, dpi=of((75.0,)), seed=6)
    written = list(write_pages(pages, tmp_path))
    again = read_back(tmp_path)
    assert [path.name for path in written] == [case.name for case in again] == [f"{case.name}.png" for case in pages]
    for before, after in zip(pages, again, strict=True):
        np.testing.assert_array_equal(before.source.make_page().bgr, open_page(after.source).bgr)
        assert_same_truth(before.read_truth(), after.read_truth())
        for name in ("record", "type", "layout", "grid_color", "dpi", "severity"):
            assert getattr(before.info, name) == getattr(after.info, name)
    assert open_page(again[0].source).dpi == pytest.approx(75, abs=0.02)  # PNG keeps whole pixels a meter


def test_a_set_that_was_read_back_is_written_again_alike(tmp_path: Path) -> None:
    list(write_pages(SyntheticSet(pages=1, dpi=of((75.0,))), tmp_path / "a"))
    found = open_folder(str(tmp_path / "a"))
    assert found is not None
    list(write_pages(found, tmp_path / "b"))
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} for folder in "ab")
    assert first == second and len(first) == 9


def test_partial_truth_stays_partial(tmp_path: Path) -> None:
    truths = (
        Truth(),
        Truth(content_box=Box(1, 2, 3, 4)),
        Truth(
            px_per_mm_x=1 / 3, px_per_mm_y=7.25, angle_deg=-0.1, has_grid=True, fine_x=np.array([0.1, 1 / 7]), fine_y=np.empty(0)
        ),
        Truth(has_grid=False, legible=False, layout="6x2"),
        Truth(trace_mask=np.eye(12, 17, dtype=np.bool_)),
        Truth(signals=Signals(250.0, {"II": np.array([0.1, np.nan, -3.3e-5, np.nan], np.float32)})),
        Truth(corners=np.array([(0.1, -3), (1 / 3, 4), (5, 6), (7, 8)]), mm_per_s=25.0, mm_per_mv=0.1),
        Truth(label_mask=np.eye(12, 17, dtype=np.bool_), pulse_mask=np.zeros((12, 17), np.bool_)),
        Truth(traces=()),
        Truth(traces=(SHORT, TraceTruth("II", np.array([(1 / 3, np.nan), (0.1, -1e9)]), 250.0, 2.5))),
    )
    list(write_pages(Cases(tuple(case(str(i), truth) for i, truth in enumerate(truths))), tmp_path))
    for before, after in zip(truths, read_back(tmp_path), strict=True):
        assert_same_truth(before, after.read_truth())


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_pages_of_any_shape_are_written(tmp_path: Path, shape: tuple[int, int]) -> None:
    mask = np.ones(shape, np.bool_)
    write_page(Case(CaseInfo("thin", "memory"), page(shape), Truth(trace_mask=mask)), tmp_path)
    (again,) = read_back(tmp_path)
    np.testing.assert_array_equal(open_page(again.source).bgr, page(shape).bgr)
    np.testing.assert_array_equal(again.read_truth().trace_mask, mask)


def test_points_take_half_the_room_where_nothing_is_lost_by_it(tmp_path: Path) -> None:
    exact = TraceTruth("II", np.full((3, 2), 1 / 3), 500.0)
    write_page(case("one", Truth(traces=(SHORT, exact))), tmp_path)
    with np.load(tmp_path / "one.points.npz") as points:
        assert [points[name].dtype for name in ("0", "1")] == [np.float32, np.float64]


def test_masks_are_truth_and_not_pages(tmp_path: Path) -> None:
    masks = dict.fromkeys(truth_files.MASKS, np.eye(12, 17, dtype=np.bool_))
    write_page(case("one", Truth(**masks)), tmp_path)  # type: ignore[arg-type]
    assert len(list(tmp_path.glob("*.png"))) == 6
    (again,) = read_back(tmp_path)
    assert all(getattr(again.read_truth(), name).sum() == 12 for name in masks)


def test_masks_are_stored_with_one_bit_a_pixel(tmp_path: Path) -> None:
    write_page(case("one", Truth(grid_mask=np.eye(12, 17, dtype=np.bool_))), tmp_path)
    header = (tmp_path / "one.grid.png").read_bytes()[:29]
    assert header[24] == 1 and header[25] == 0  # bit depth 1, gray


def test_names_with_folders_make_folders_and_a_picture_suffix_is_not_doubled(tmp_path: Path) -> None:
    list(write_pages(Cases((case("a/b"), case("c.PNG"), case("d.jpg"))), tmp_path))
    assert [case.name for case in read_back(tmp_path)] == ["a/b.png", "c.PNG", "d.jpg.png"]


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError, match="outside"):
        list(write_pages(Cases((case(name),)), tmp_path / "inside"))
    assert list(tmp_path.rglob("*.png")) == []


def test_two_cases_never_share_a_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"Two cases of given.*one\.png"):
        list(write_pages(Cases((case("one"), case("one.png"))), tmp_path))


def test_work_can_be_carried_out_by_a_pool(tmp_path: Path) -> None:
    seen: list[str] = []

    def run(function: Any, cases: Any) -> Iterator[Path]:
        travels = pickle.loads(pickle.dumps(function))
        for one in cases:
            seen.append(one.name)
            yield travels(one)

    list(write_pages(Cases((case("a"), case("b"))), tmp_path, run=run))
    assert seen == ["a", "b"] and (tmp_path / "b.png").exists()


def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path) -> None:
    pages = SyntheticSet(pages=4, types=("0001", "0005"), dpi=of((72.0,)), seed=8)
    digests = []
    for name, run in (("here", map), ("two", partial(parallel_map, workers=2))):
        folder = tmp_path / name
        folder.mkdir()
        list(write_pages(pages, folder, run=run))
        digests.append({path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()})
    assert digests[0] == digests[1] and len(digests[0]) == 4 * 9


def test_pages_are_written_as_they_are_asked_for(tmp_path: Path) -> None:
    writing = write_pages(SyntheticSet(pages=None, dpi=of((72.0,))), tmp_path)
    assert next(writing).name == "00000-0001.png"
    writing.close()  # type: ignore[attr-defined]
    assert len(read_back(tmp_path)) == 1


def test_the_picture_comes_last_and_nothing_half_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put = truth_files._put

    def fail_on_the_picture(path: Path, data: bytes) -> None:
        if path.name == "one.png":
            raise OSError(28, "No space left on device")
        put(path, data)

    monkeypatch.setattr(truth_files, "_put", fail_on_the_picture)
    with pytest.raises(OSError, match="No space"):
        write_page(case("one", Truth(trace_mask=np.eye(12, 17, dtype=np.bool_))), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.json", "one.trace.png"]
    with pytest.raises(SpecError, match="no pictures"):
        open_folder(str(tmp_path))


def test_a_failed_write_leaves_the_file_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.png").write_bytes(b"old")

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        truth_files._put(tmp_path / "one.png", b"new picture")
    monkeypatch.undo()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("one.png", b"old")]


def test_a_page_that_cannot_be_opened_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(PageError, match=r"gone\.png"):
        write_page(Case(CaseInfo("gone", "gone.png"), str(tmp_path / "gone.png")), tmp_path)


def written(tmp_path: Path, **changes: Any) -> TruthFile:
    """Write a page, change what its JSON says (None takes a key out), and return the reader."""
    truth = Truth(
        content_box=Box(0, 0, 5, 5),
        trace_mask=np.eye(12, 17, dtype=np.bool_),
        signals=Signals(2.0, {"I": np.ones(3, np.float32)}),
        traces=(SHORT,),
    )
    picture = write_page(case("one", truth), tmp_path)
    path = picture.with_suffix(".json")
    facts = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in facts.items() if value is not None}))
    return TruthFile(str(path))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"version": 2}, "version 2"),
        ({"px_per_mm": 7.9}, "px_per_mm_x"),  # the known names are listed
        ({"content_box": [1, 2]}, "cannot be used"),
        ({"content_box": ["a", 2, 3, 4]}, "cannot be used"),
        ({"legible": "yes"}, "legible must be true or false"),
        ({"angle_deg": "steep"}, "cannot be used"),
        ({"fine_x": ["a"]}, "cannot be used"),
        ({"trace_mask": "gone.trace.png"}, "gone.trace.png"),
        ({"trace_mask": "../one.trace.png"}, "no file beside it"),
        ({"trace_mask": 3}, "no file beside it"),
        ({"size": [5, 5]}, "is not of the picture's size"),
        ({"signals": {"fs": 500}}, "lacks 'file'"),
        ({"corners": [[1, 2], [3, 4]]}, "cannot be used"),
        ({"traces": {"leads": []}}, "lacks 'file'"),
        ({"traces": {"file": "one.points.npz"}}, "lacks 'leads'"),
        ({"traces": {"file": "one.points.npz", "leads": [{"lead": "I", "fs": 500}]}}, "lacks 'start_s'"),
        ({"traces": {"file": "one.points.npz", "leads": 2 * [{"lead": "I", "fs": 500, "start_s": 0}]}}, "cannot be used"),
        ({"traces": {"file": "one.csv", "leads": []}}, "cannot be used"),
        ({"traces": {"file": "../one.points.npz", "leads": []}}, "no file beside it"),
        ({"signals": {"file": "gone.csv", "fs": 500}}, "gone.csv"),
    ],
)
def test_a_broken_truth_file_names_itself_and_what_is_wrong(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    reader = written(tmp_path, **changes)
    with pytest.raises(TruthError) as error:
        reader()
    assert "one.json" in str(error.value) and says in str(error.value)


@pytest.mark.parametrize("text", ["", "{", "\xff\xfe", "[" * 100_000])
def test_text_that_is_no_json_is_told_so(tmp_path: Path, text: str) -> None:
    reader = written(tmp_path)
    Path(reader.path).write_text(text, encoding="latin-1")
    with pytest.raises(TruthError, match="cannot be read"):
        reader()


@pytest.mark.parametrize("content", ["I\n1\nx\n", "I,II\n1\n", ""])
def test_a_broken_signal_file_is_told_so(tmp_path: Path, content: str) -> None:
    reader = written(tmp_path)
    (tmp_path / "one.csv").write_text(content)
    with pytest.raises(TruthError, match=r"one\.json"):
        reader()


@pytest.mark.parametrize("keep", [0, 10, 60, -30])
def test_broken_points_are_told_so(tmp_path: Path, keep: int) -> None:
    reader = written(tmp_path)
    points = tmp_path / "one.points.npz"
    whole = points.read_bytes()
    points.write_bytes(whole[:keep] if keep else b"")
    with pytest.raises(TruthError, match=r"one\.json"):
        reader()
    for place in range(30, len(whole) - 30, 7):  # wherever a byte has gone wrong
        points.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        with suppress(TruthError):
            reader()


def test_leads_without_samples_stay_empty(tmp_path: Path) -> None:
    signals = Signals(2.0, {"I": np.empty(0, np.float32), "II": np.empty(0, np.float32)})
    write_page(case("one", Truth(signals=signals)), tmp_path)
    (again,) = read_back(tmp_path)
    assert_same_truth(Truth(signals=signals), again.read_truth())


def test_shorter_leads_are_filled_up_as_not_known(tmp_path: Path) -> None:
    signals = Signals(2.0, {"I": np.ones(1, np.float32), "II": np.ones(3, np.float32)})
    write_page(case("one", Truth(signals=signals)), tmp_path)
    again = read_back(tmp_path)[0].read_truth().signals
    assert again is not None
    np.testing.assert_array_equal(again.leads["I"], [1, np.nan, np.nan])
    np.testing.assert_array_equal(again.leads["II"], [1, 1, 1])


def test_truth_in_numpys_own_types_is_written(tmp_path: Path) -> None:
    truth = Truth(content_box=Box(*np.array([1, 2, 3, 4])), px_per_mm_x=np.float32(7.5), has_grid=np.bool_(True))  # type: ignore[arg-type]
    write_page(case("one", truth), tmp_path)
    again = read_back(tmp_path)[0].read_truth()
    assert (again.content_box, again.px_per_mm_x, again.has_grid) == (Box(1, 2, 3, 4), 7.5, True)


def test_other_json_beside_a_picture_is_no_truth(tmp_path: Path) -> None:
    reader = written(tmp_path, format="coco")
    assert_same_truth(reader(), Truth())
    Path(reader.path).write_text("[1, 2]")
    assert_same_truth(reader(), Truth())


def test_truth_by_hand_needs_two_keys_and_what_is_known(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "scan.jpg"), np.full((10, 10, 3), 255, np.uint8))
    (tmp_path / "scan.json").write_text(
        '{"format": "ecgbench-truth", "version": 1, "px_per_mm_x": 8, "px_per_mm_y": 8.5, "case": {"dpi": 200}}'
    )
    (found,) = read_back(tmp_path)
    truth = found.read_truth()
    assert (truth.px_per_mm_x, truth.px_per_mm_y, truth.trace_mask, found.info.dpi) == (8.0, 8.5, None, 200.0)


def test_a_reader_travels() -> None:
    assert pickle.loads(pickle.dumps(TruthFile("a/b.json"))) == TruthFile("a/b.json")
