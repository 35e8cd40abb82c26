"""Bounds on single scores."""

import math

import pytest

from ecgbench.core.outcome import Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.pytest_plugin.requirements import RequirementError, read_requirement, read_requirements


def outcome(**scores):
    return Outcome(Variant("color.lab", "color", "1", ""), CaseInfo("a.png", "a.png"), Status.DONE, scores=scores)


@pytest.mark.parametrize(
    ("text", "kept", "missed"),
    [
        ("dice>=0.8", 0.8, 0.79),
        ("dice > 0.8", 0.81, 0.8),
        ("dice<= 0.8", 0.8, 0.81),
        (" dice < 8e-1 ", 0.79, 0.8),
        ("dice>=-1", -1, -2),
    ],
)
def test_each_sign_holds_what_it_says(text, kept, missed):
    requirement = read_requirement(text)
    assert requirement.miss(outcome(dice=kept)) is None
    assert f"dice is {missed:.4g}, but {requirement.sign}" in requirement.miss(outcome(dice=missed))


def test_no_value_and_no_number_miss_every_bound():
    assert "there is no dice here" in read_requirement("dice>=0").miss(outcome(other=1))
    for sign in (">=", "<="):
        assert "dice is nan" in read_requirement(f"dice{sign}0").miss(outcome(dice=math.nan))


@pytest.mark.parametrize(
    "text", ["", "dice", "dice=0.8", "dice=>0.8", "dice>=", "dice>=0.8x", "Dice>=1", "0.8<=dice", "dice>=0.8 or so"]
)
def test_what_cannot_be_read_is_shown_how_to_write(text):
    with pytest.raises(RequirementError, match="cannot be read; write SCORE, one of"):
        read_requirement(text)


def test_a_score_that_nobody_gives_is_an_error_that_lists_the_known_ones():
    assert [str(each) for each in read_requirements(["dice>=0.8"], ["dice", "iou"])] == ["dice >= 0.8"]
    with pytest.raises(RequirementError, match="has a score 'disc'; known ones: dice, iou"):
        read_requirements(["disc>=0.8"], ["dice", "iou"])
