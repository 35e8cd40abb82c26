"""Tests of metrics and scores: what a declaration needs, and that metrics travel and know their version."""

import pickle
import sys

import numpy as np
import pytest

from ecgbench import EdgeMap, Metric, Page, Score, Truth, metric
from ecgbench.core.metric import COST_SCORES, MetricError
from ecgbench.core.source import source_hash

SHARE = Score("edge_share", "1", "none", "share of the page that is edge")


@metric("edges.share", task="edges", scores=[SHARE])
def share(page: Page, result: EdgeMap, truth: Truth) -> dict[str, float]:
    """Share of pixels that are edges."""
    return {"edge_share": result.edge_pixels / page.gray.size}


def test_a_metric_is_made_of_a_function_and_its_docstring():
    assert isinstance(share, Metric)
    assert (share.name, share.task, share.scores, share.doc) == (
        "edges.share",
        "edges",
        (SHARE,),
        "Share of pixels that are edges.",
    )


def test_a_metric_scores_one_case():
    page = Page(np.zeros((2, 5, 3), np.uint8))
    assert share.score(page, EdgeMap(np.eye(2, 5, dtype=bool), None), Truth()) == {"edge_share": 0.2}


def test_the_version_of_a_metric_follows_its_source():
    elsewhere = Metric("edges.other", "edges", (SHARE,), source_hash, "doc")
    assert len(share.version) == 12
    assert share.version != elsewhere.version
    assert Metric("edges.other", "edges", (SHARE,), share.score, "doc").version == share.version
    assert Metric("edges.other", "edges", (SHARE,), share.score, "doc", "7").version == "7"


def test_a_function_without_source_still_has_a_version():
    namespace: dict[str, object] = {}
    exec("def score(page, result, truth):\n    return {}", namespace)
    assert len(Metric("m", "edges", (SHARE,), namespace["score"], "doc").version) == 12


def test_a_metric_in_a_module_is_pickled_by_name(tmp_path, monkeypatch):
    (tmp_path / "metrics_of_mine.py").write_text(
        "from ecgbench import Score, metric\n"
        "@metric('mine.one', task='edges', scores=[Score('one', '1', 'none', 'always one')])\n"
        "def one(page, result, truth):\n    'One.'\n    return {'one': 1.0}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import metrics_of_mine

    sent = pickle.dumps(metrics_of_mine.one)
    assert b"metrics_of_mine" in sent
    assert b"always one" not in sent
    assert pickle.loads(sent) is metrics_of_mine.one
    del sys.modules["metrics_of_mine"]


@pytest.mark.parametrize("name", ["", "Dice", "1st", "px/mm", "trace dice", "a-b"])
def test_a_score_needs_a_name_that_fits_a_column(name):
    with pytest.raises(MetricError, match="is not a score name; use small letters"):
        Score(name, "1", "higher", "doc")


@pytest.mark.parametrize("changes", [{"unit": ""}, {"direction": "up"}, {"doc": ""}])
def test_a_score_needs_a_unit_a_direction_and_a_sentence(changes):
    declared = {"name": "dice", "unit": "1", "direction": "higher", "doc": "overlap"} | changes
    with pytest.raises(MetricError, match="The score dice needs a unit, a sentence, and a direction: higher, lower or none"):
        Score(**declared)


@pytest.mark.parametrize("limits", [(1.0, 0.0), (1.0, 1.0)])
def test_a_score_lies_between_its_limits(limits):
    with pytest.raises(MetricError, match=r"The score dice has the limits 1 and [01]; the first is the lower one"):
        Score("dice", "1", "higher", "overlap", limits=limits)


def test_a_metric_needs_a_docstring_and_a_score():
    with pytest.raises(MetricError, match=r"The metric edges\.mute needs a docstring"):
        metric("edges.mute", task="edges", scores=[SHARE])(lambda page, result, truth: {})
    with pytest.raises(MetricError, match=r"The metric edges\.empty needs"):
        Metric("edges.empty", "edges", (), share.score, "doc")


def test_a_score_may_say_how_cases_add_up():
    worst = Score("worst", "dB", "higher", "worst case", combine=lambda rows: min(row["worst"] for row in rows))
    assert worst.combine([{"worst": 3.0}, {"worst": 1.0}]) == 1.0
    assert SHARE.combine is None


def test_costs_are_scores_that_no_two_share_and_less_is_better():
    names = [score.name for score in COST_SCORES]
    assert len(set(names)) == len(names)
    assert {score.direction for score in COST_SCORES} == {"lower"}
    assert {score.unit for score in COST_SCORES} == {"s", "MB"}
