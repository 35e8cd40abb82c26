"""Tests of truths and cases: nothing is known unless it is said, truth may be read late, and cases travel."""

import json
import pickle
from dataclasses import asdict, dataclass, fields

import numpy as np
import pytest

from ecgbench import Box, Case, CaseInfo, Page, PageMaker, Truth, page_from_array


@dataclass(frozen=True)
class Blank:
    shape: tuple[int, int]

    def make_page(self) -> Page:
        return page_from_array(np.full(self.shape, 255, np.uint8), name="blank")


@dataclass(frozen=True)
class WholePage:
    width: int
    height: int

    def __call__(self) -> Truth:
        return Truth(content_box=Box(0, 0, self.width, self.height))


def test_nothing_is_known_of_a_page_unless_it_is_said():
    assert all(getattr(Truth(), field.name) is None for field in fields(Truth))
    assert Case(CaseInfo("a", "set"), b"").read_truth().content_box is None


def test_a_truth_at_hand_is_the_one_that_is_read():
    truth = Truth(px_per_mm_x=7.87)
    assert Case(CaseInfo("a", "set"), b"", truth).read_truth() is truth


def test_a_truth_that_is_not_at_hand_is_read_when_asked_for():
    read = []
    case = Case(CaseInfo("a", "set"), b"", lambda: read.append(1) or Truth(legible=True))
    assert read == []
    assert case.read_truth().legible is True
    assert read == [1]


def test_a_recipe_is_a_page_maker_and_makes_the_same_page_twice():
    maker = Blank((3, 5))
    assert isinstance(maker, PageMaker)
    assert not isinstance(b"", PageMaker)
    assert np.array_equal(maker.make_page().bgr, maker.make_page().bgr)


def test_a_case_of_recipes_travels_without_pixels():
    case = Case(CaseInfo("a", "set", record="r1"), Blank((2000, 2000)), WholePage(2000, 2000))
    sent = pickle.dumps(case)
    assert len(sent) < 1000
    received = pickle.loads(sent)
    assert received.source.make_page().shape == (2000, 2000)
    assert received.read_truth().content_box == Box(0, 0, 2000, 2000)


def test_the_name_of_a_case_is_that_of_its_info():
    assert Case(CaseInfo("00005-0003", "kaggle"), b"").name == "00005-0003"


def test_what_the_store_keeps_of_a_case_is_json():
    info = CaseInfo("a", "set", "sha256:1", "r1", "0003", "3x4+1", "red", 200.0, 0.5)
    assert json.loads(json.dumps(asdict(info))) == asdict(info)
    assert hash(info) == hash(CaseInfo(**asdict(info)))


def test_truths_and_cases_are_frozen():
    for value in (Truth(), CaseInfo("a", "set"), Case(CaseInfo("a", "set"), b"")):
        with pytest.raises(AttributeError):
            value.name = "b"
