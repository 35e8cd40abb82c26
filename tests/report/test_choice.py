"""Pages to show are chosen by a rule, not by looks."""

import numpy as np
import pytest

from ecgbench import Score
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import leaderboard
from ecgbench.report.choice import choose_pages, from_best_to_worst
from ecgbench.store import Values

HIGHER, LOWER = Score("iou", "1", "higher", "overlap"), Score("error", "px", "lower", "error")


def column(cases, values):
    return Values(np.array(cases), np.array(cases), np.array(values, float))


def test_pages_are_ordered_by_their_mean_over_methods():
    columns = [column([1, 2, 3], [0.2, 0.9, 0.5]), column([1, 2, 3], [0.3, 0.8, 0.6])]
    assert from_best_to_worst(columns, HIGHER).tolist() == [2, 3, 1]
    assert from_best_to_worst(columns, LOWER).tolist() == [1, 3, 2]


def test_a_value_that_is_missing_counts_as_the_worst():
    columns = [column([1, 2, 3], [0.6, 0.7, 0.8]), column([1, 3], [0.6, np.nan])]
    assert from_best_to_worst(columns, HIGHER).tolist() == [3, 2, 1] or from_best_to_worst(columns, HIGHER)[0] in (2, 3)
    assert from_best_to_worst([column([1, 2], [1.0, 2.0]), column([2], [2.0])], LOWER).tolist() == [1, 2]


def board_of(store, values):
    run = store.begin_run("r", plan={}, environment=Environment({}), scores=[HIGHER])
    variant = Variant("edges.m", "edges", "1", "aa")
    for name, value in values.items():
        scores = {} if value is None else {"iou": value}
        store.add(run.id, [Outcome(variant, CaseInfo(name, f"/{name}"), Status.DONE, scores=scores | {"wall_median_s": 0.1})])
    return run, leaderboard(store, run)[0]


def test_best_median_and_worst_are_shown(store):
    run, board = board_of(store, {"d": 0.1, "b": 0.9, "a": 0.5, "c": 0.6, "e": 0.3})
    chosen = choose_pages(store, run, board, 3)
    assert [(title, case.name) for title, _, case in chosen.pages] == [
        ("Best page", "b"),
        ("Median page", "a"),
        ("Worst page", "d"),
    ]
    assert "iou" in chosen.sentence


@pytest.mark.parametrize(("wanted", "names"), [(1, ["c"]), (2, ["b", "c"]), (9, ["b", "c"]), (0, [])])
def test_no_page_is_shown_twice(store, wanted, names):
    run, board = board_of(store, {"b": 0.9, "c": 0.5})
    assert [case.name for _, _, case in choose_pages(store, run, board, wanted).pages] == names


def test_without_truth_pages_are_spread_over_the_set_by_name(store):
    run, board = board_of(store, dict.fromkeys("edcba"))
    assert [case.name for _, _, case in choose_pages(store, run, board, 3).pages] == ["a", "c", "e"]


def test_a_page_without_the_ranking_score_on_which_another_one_is_at_its_worst_is_the_worst(store):
    error, found = Score("error_pct", "%", "lower", "error where found"), Score("found", "1", "higher", "whether it was found")
    run = store.begin_run("r", plan={}, environment=Environment({}), scores=[error, found])
    variant = Variant("grid.m", "grid", "1", "aa")
    scores = {
        "good": {"error_pct": 0.1, "found": 1.0},
        "poor": {"error_pct": 9.0, "found": 1.0},
        "missed": {"found": 0.0},
        "none": {"found": 1.0},
    }
    store.add(run.id, [Outcome(variant, CaseInfo(name, name), Status.DONE, scores=each) for name, each in scores.items()])
    chosen = choose_pages(store, run, leaderboard(store, run, metric="error_pct")[0], 9)
    assert [case.name for _, _, case in chosen.pages] == ["good", "poor", "missed"]
