"""A score broken down by what pictures are, against hand-computed means."""

import pytest

from ecgbench.core.metric import COST_SCORES, Score
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import breakdown, leaderboard
from ecgbench.store import Store, StoreError

IOU = Score("content_box_iou", "1", "higher", "overlap of boxes")


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.db") as store:
        yield store


def fill(store):
    """Two records as scan and photo; scans score 0.9 and 0.7, photos 0.5 and fail; one page is of no known type."""
    run = store.begin_run("r", plan={}, environment=Environment({}), scores=[*COST_SCORES, IOU])
    pages = [
        ("a", "scan", 200.0, 0.9),
        ("b", "scan", 150.0, 0.7),
        ("a", "photo", None, 0.5),
        ("b", "photo", None, None),
        ("c", None, 72.5, 0.1),
    ]
    variant = Variant("edges.canny", "edges", "0.1", "aa")
    outcomes = [
        Outcome(variant, CaseInfo(f"{record}-{kind}", "x", f"id:{record}{kind}", record, kind, dpi=dpi),
                Status.FAILED if iou is None else Status.DONE, scores={} if iou is None else {"content_box_iou": iou})
        for record, kind, dpi, iou in pages
    ]  # fmt: skip
    store.add(run.id, outcomes)
    return run, leaderboard(store, run)[0]


def test_means_are_those_of_each_group(store):
    run, board = fill(store)
    found = breakdown(store, run, board, "type")
    assert found.groups == ("photo", "scan")
    (groups,) = found.values.values()
    assert groups["scan"].mean == pytest.approx(0.8)
    assert groups["scan"].n == 2
    assert groups["photo"].mean == pytest.approx(0.5)
    assert groups["photo"].n == 1


def test_numbers_are_groups_in_their_own_order(store):
    run, board = fill(store)
    assert breakdown(store, run, board, "dpi").groups == ("72.5", "150", "200")


def test_an_unknown_key_lists_the_known_ones(store):
    run, board = fill(store)
    with pytest.raises(StoreError, match="type, layout, grid_color, dpi, severity, robustness"):
        breakdown(store, run, board, "weather")


def test_what_is_not_known_of_any_page_has_no_groups(store):
    run, board = fill(store)
    assert breakdown(store, run, board, "layout").groups == ()


def test_robustness_is_the_area_under_the_score_over_severity(store):
    run = store.begin_run("r", plan={}, environment=Environment({}), scores=[*COST_SCORES, IOU])
    variant = Variant("edges.canny", "edges", "0.1", "aa")
    scores = {("0003", 0.0): 1.0, ("0003", 0.5): 0.8, ("0003", 1.0): 0.2, ("0005", 0.5): 0.4}
    outcomes = [
        Outcome(variant, CaseInfo(f"{record}-{kind}-{severity}", "x", f"id:{record}{kind}{severity}", record, kind, severity=severity),
                Status.DONE, scores={"content_box_iou": value})
        for record in "abc" for (kind, severity), value in scores.items()
    ]  # fmt: skip
    store.add(run.id, outcomes)
    found = breakdown(store, run, leaderboard(store, run)[0], "robustness")
    (areas,) = found.values.values()
    assert found.groups == ("0003",)  # of 0005 there is one severity only
    assert areas["0003"].mean == pytest.approx((1.0 + 0.8) / 4 + (0.8 + 0.2) / 4)
