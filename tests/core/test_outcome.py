"""Tests of outcomes, variants and environments: how they are named, told apart and compared."""

import json

import pytest

from ecgbench import CaseInfo
from ecgbench.core.outcome import Environment, Outcome, Status, Variant

CANNY = Variant("edges.canny", "edges", "0.1", "1a2b3c", {"sigma": 0.5, "size": 3}, "ecgbench 0.1.0")


def test_a_label_shows_the_params_that_were_given():
    assert CANNY.label == "edges.canny[sigma=0.5,size=3]"
    assert Variant("edges.canny", "edges", "0.1", "1a2b3c").label == "edges.canny"


def test_a_key_does_not_depend_on_the_order_of_params():
    turned = Variant("edges.canny", "edges", "0.1", "1a2b3c", {"size": 3, "sigma": 0.5})
    assert turned.key == CANNY.key


@pytest.mark.parametrize(
    "other",
    [
        Variant("edges.sobel", "edges", "0.1", "1a2b3c", CANNY.params),
        Variant("edges.canny", "edges", "0.2", "1a2b3c", CANNY.params),
        Variant("edges.canny", "edges", "0.1", "ffffff", CANNY.params),
        Variant("edges.canny", "edges", "0.1", "1a2b3c", {"sigma": 0.6, "size": 3}),
        Variant("edges.canny", "edges", "0.1", "1a2b3c", {}),
    ],
)
def test_a_key_tells_method_version_source_and_params_apart(other):
    assert other.key != CANNY.key


def test_a_method_whose_origin_alone_differs_is_the_same_column():
    assert Variant("edges.canny", "edges", "0.1", "1a2b3c", CANNY.params, "elsewhere").key == CANNY.key


@pytest.mark.parametrize("status", list(Status))
def test_only_what_is_done_is_ok(status):
    assert Outcome(CANNY, CaseInfo("a", "set"), status).ok == (status == "done")


def test_a_status_is_text_that_json_takes():
    assert json.dumps([*Status]) == '["done", "failed", "timed out", "crashed", "skipped"]'
    assert Status("timed out") is Status.TIMED_OUT


def test_environments_differ_in_the_facts_that_are_not_the_same():
    here = Environment({"cpu": "A", "numpy": "2.4", "git": "abc"})
    there = Environment({"cpu": "A", "numpy": "2.3", "dask": "2026"})
    assert here.differences(there) == {"numpy": ("2.4", "2.3"), "git": ("abc", None), "dask": (None, "2026")}
    assert here.differences(here) == {}


def test_outcomes_are_frozen():
    with pytest.raises(AttributeError):
        Outcome(CANNY, CaseInfo("a", "set"), Status.DONE).status = Status.FAILED
