"""Where the competition is found."""

import shutil
from pathlib import Path

import pytest

from ecgbench.notebook import NotebookEnvironment
from ecgbench.notebook import environment as module
from ecgbench.submission import SubmissionError


def test_the_competition_is_found_below_the_working_directory(beside):
    found = NotebookEnvironment()
    assert not found.on_kaggle
    assert found.offline
    assert found.competition == beside
    assert [path.name for path in found.test_images] == ["1002.png", "1004.png"]
    assert found.asked["1004"].leads[0].fs == 250


def test_on_kaggle_it_is_found_in_the_input_at_any_depth_and_output_goes_to_working(tmp_path, practice, monkeypatch):
    monkeypatch.setattr(module, "KAGGLE_INPUT", tmp_path / "input")
    monkeypatch.setattr(module, "KAGGLE_WORKING", tmp_path / "working")
    (tmp_path / "input" / "wheels").mkdir(parents=True)
    (tmp_path / "input" / "wheels" / "test.csv").write_text("another,table\n1,2\n")
    shutil.copytree(practice, tmp_path / "input" / "competitions" / "physionet")
    found = NotebookEnvironment()
    assert found.on_kaggle
    assert found.competition == tmp_path / "input" / "competitions" / "physionet"
    assert found.working_dir == tmp_path / "working"
    assert "Kaggle" in found._repr_html_()


def test_a_folder_may_be_named(practice, apart):
    assert NotebookEnvironment(practice).competition == practice
    assert NotebookEnvironment(practice.parent, apart).competition == practice


def test_without_a_competition_there_is_none_and_it_is_said(apart):
    found = NotebookEnvironment()
    assert (found.competition, found.asked, found.test_images) == (None, {}, [])
    assert "none found" in found._repr_html_()
    with pytest.raises(SubmissionError, match=r"There is no test\.csv of the competition in"):
        found.submit()


def test_pictures_are_found_by_their_names(beside):
    found = NotebookEnvironment()
    expected = str(beside / "test" / "1002.png")
    assert found.find("1002.png") == found.find("1002") == found.find("test/1002.png") == expected
    assert found.find(Path(expected)) == Path(expected)
    for other in ("gone.png", "x" * 5000, b"bytes", 3):
        assert found.find(other) is other
