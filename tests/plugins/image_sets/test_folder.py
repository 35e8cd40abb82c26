"""Folders, single pictures and patterns: what is listed, in which order, under which names, and what is refused."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from ecgbench.core.image_set import ImageSet, SpecError
from ecgbench.core.page import PageError
from ecgbench.core.truth import Truth
from ecgbench.plugins.image_sets import folder
from ecgbench.plugins.image_sets.folder import PictureSet, open_folder
from ecgbench.plugins.pages import open_page


def make(directory: Path, *names: str) -> Path:
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return directory


def opened(spec: str | Path) -> PictureSet:
    found = open_folder(str(spec))
    assert found is not None
    return found


def names(spec: str | Path) -> list[str]:
    return [case.name for case in opened(spec)]


def test_a_folder_is_listed_with_all_below_it_in_the_order_of_names(tmp_path: Path) -> None:
    make(tmp_path, "b.png", "a.JPG", "sub/2.tiff", "sub/10.gif", "sub/deep/x.webp", "c.bmp", "A.jpeg", "d.Tif")
    expected = ["A.jpeg", "a.JPG", "b.png", "c.bmp", "d.Tif", "sub/10.gif", "sub/2.tiff", "sub/deep/x.webp"]
    assert names(tmp_path) == expected
    assert opened(tmp_path).count() == 8
    assert isinstance(opened(tmp_path), ImageSet)
    assert [case.name for case in opened(tmp_path)] == names(f"{tmp_path}/")


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "a.trace.png", "A.GRID.PNG", "a.json", "notes.txt", ".hidden.png", ".cache/b.png", "png", "b.pdf")
    assert names(tmp_path) == ["a.png"]


def test_a_case_has_the_path_as_its_source_and_names_where_it_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "scans/sub/a.png")
    monkeypatch.chdir(tmp_path)
    (case,) = opened("scans/")
    assert case.source == "scans/sub/a.png" == case.info.source and case.name == "sub/a.png"
    assert case.info.content_id is None and isinstance(case.truth, Truth)
    assert opened("scans/").name == "scans/"
    assert pickle.loads(pickle.dumps(case)).source == case.source


def test_nothing_is_opened_while_a_folder_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, *(f"{i}.png" for i in range(50)))
    monkeypatch.setattr("builtins.open", None)
    monkeypatch.setattr(Path, "open", None)
    monkeypatch.setattr(Path, "stat", lambda *_a, **_k: pytest.fail("a file was looked at"))
    assert sum(1 for _ in folder._below(str(tmp_path))) == 50
    assert [case.name for case in PictureSet("x", str(tmp_path), lambda: folder._below(str(tmp_path)))][:2] == ["0.png", "1.png"]


def test_broken_files_are_cases_that_fail_with_a_sentence(tmp_path: Path) -> None:
    make(tmp_path, "empty.png")
    (tmp_path / "text.jpg").write_text("no picture")
    cases = list(opened(tmp_path))
    assert [case.name for case in cases] == ["empty.png", "text.jpg"]
    for case in cases:
        with pytest.raises(PageError, match=case.name):
            open_page(case.source)


def test_a_single_picture_is_a_set_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "sub/page[1].png", "sub/page1.png")
    assert names(tmp_path / "sub/page[1].png") == ["page[1].png"]  # a name, not a pattern, where such a file exists
    monkeypatch.chdir(tmp_path / "sub")
    (case,) = opened("page1.png")
    assert case.source == case.info.source == case.name == "page1.png"


def test_patterns_match_as_in_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "scans/b.png", "scans/a.png", "scans/c.jpg", "scans/sub/d.png", "scans/a.trace.png", "scans/a.txt")
    monkeypatch.chdir(tmp_path)
    assert names("scans/*.png") == ["a.png", "b.png"]
    assert names("scans/*") == ["a.png", "b.png", "c.jpg"]
    assert names("scans/**/*.png") == ["a.png", "b.png", "sub/d.png"]
    assert names("scans/[bc].*") == ["b.png", "c.jpg"]
    assert names("*/?.jpg") == ["scans/c.jpg"]
    assert [case.source for case in opened("scans/*.jpg")] == ["scans/c.jpg"]
    monkeypatch.chdir(tmp_path / "scans")
    assert names("*.jpg") == ["c.jpg"]


def test_links_are_followed_but_never_in_a_circle(tmp_path: Path) -> None:
    make(tmp_path, "scans/a.png", "elsewhere/b.png")
    (tmp_path / "scans/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "scans/self").symlink_to(tmp_path / "scans")
    (tmp_path / "scans/gone.png").symlink_to(tmp_path / "nowhere.png")
    assert names(tmp_path / "scans") == ["a.png", "gone.png", "linked/b.png"]


def test_names_that_are_no_utf8_can_be_stored_and_still_be_opened(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "ok.png"), np.zeros((2, 3, 3), np.uint8))
    (tmp_path / "ok.png").rename(tmp_path / os.fsdecode(b"caf\xe9.png"))
    (case,) = opened(tmp_path)
    assert case.name == r"caf\xe9.png" and case.info.source.encode()
    assert open_page(case.source).shape == (2, 3)


def test_a_folder_without_pictures_says_which_files_are(tmp_path: Path) -> None:
    make(tmp_path, "notes.txt", "sub/a.trace.png")
    with pytest.raises(SpecError, match=r"holds no pictures; pictures end in \.png"):
        open_folder(str(tmp_path))
    with pytest.raises(SpecError, match="No picture matches"):
        open_folder(f"{tmp_path}/*.png")


def test_a_path_that_is_not_there_or_no_picture_is_told_so(tmp_path: Path) -> None:
    make(tmp_path, "notes.txt")
    with pytest.raises(SpecError, match="There is no file or folder"):
        open_folder(str(tmp_path / "gone"))
    with pytest.raises(SpecError, match="is not a picture"):
        open_folder(str(tmp_path / "notes.txt"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs an account that permissions bind")
def test_a_folder_that_may_not_be_read_is_told_so(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "shut/b.png")
    (tmp_path / "shut").chmod(0)
    with pytest.raises(SpecError, match="cannot be read"):
        names(tmp_path)
    (tmp_path / "shut").chmod(0o700)


def test_a_folder_that_vanishes_while_it_is_listed_is_told_so(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "sub/b.png")
    listing = iter(opened(tmp_path))
    assert next(listing).name == "a.png"
    (tmp_path / "sub/b.png").unlink()
    (tmp_path / "sub").rmdir()
    with pytest.raises(SpecError, match="cannot be read"):
        next(listing)


@pytest.mark.parametrize(
    "spec",
    [
        "demo",
        "synthetic?count=3",
        "synthetic?types=0001",
        "gs://bucket/a.png",
        "records:dir/sub",
        "",
        "kaggle",
        "x\0y",
        "a" * 5000,
    ],
)
def test_specs_of_others_are_left_to_them(spec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # `make demo` makes a folder of that name
    assert open_folder(spec) is None


def test_a_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "scans/a.png")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert names("~/scans") == ["a.png"]


def test_json_of_another_picture_is_not_taken_for_truth(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "a.jpg")
    (tmp_path / "a.json").write_text(
        '{"format": "ecgbench-truth", "version": 1, "picture": "a.png", "legible": true, "case": {"type": "0003"}}'
    )
    jpg, png = opened(tmp_path)
    assert jpg.info.type is None and jpg.read_truth().legible is None
    assert png.info.type == "0003" and png.read_truth().legible is True


def test_broken_json_is_still_a_case_and_fails_when_its_truth_is_read(tmp_path: Path) -> None:
    make(tmp_path, "a.png")
    (tmp_path / "a.json").write_text("{")
    (case,) = opened(tmp_path)
    with pytest.raises(ValueError, match=r"a\.json cannot be read"):
        case.read_truth()


def test_facts_of_the_wrong_type_are_not_shown(tmp_path: Path) -> None:
    make(tmp_path, "a.png")
    (tmp_path / "a.json").write_text(
        '{"format": "ecgbench-truth", "version": 1, "case": {"type": 3, "dpi": "200", "severity": 1, "record": "r"}}'
    )
    (case,) = opened(tmp_path)
    assert (case.info.type, case.info.dpi, case.info.severity, case.info.record) == (None, None, 1.0, "r")


def test_the_opener_is_offered() -> None:
    (opener,) = folder.ecgbench_image_sets()
    assert opener.name == "folder" and opener.open is open_folder
