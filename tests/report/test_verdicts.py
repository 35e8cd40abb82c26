"""One sentence a task says who leads, by how much, and whether that is more than chance."""

import pytest

from ecgbench import Metric, Score
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import leaderboard
from ecgbench.report.verdicts import verdict

SCORES = [
    Score("wall_median_s", "s", "lower", "time"),
    Score("iou", "1", "higher", "overlap"),
    Score("error_px", "px", "lower", "error"),
]


def said(store, columns, score="iou", **common):
    """The verdict on methods m0, m1, ... whose scores on pages 0, 1, ... are given; None is a failure."""
    run = store.begin_run("r", plan={}, environment=Environment({}), scores=SCORES)
    for index, column in enumerate(columns):
        variant = Variant(f"edges.m{index}", "edges", "1", "aa")
        for page, value in enumerate(column):
            case = CaseInfo(f"{page}.png", f"/{page}.png", record=common.get("record") or str(page))
            done = Outcome(
                variant, case, Status.DONE, scores={score: value, "wall_median_s": 0.01 * (index + 1)} if score else {}
            )
            store.add(run.id, [Outcome(variant, case, Status.FAILED, error="no") if value is None else done])
    return verdict(store, run, leaderboard(store, run)[0])


def test_a_clear_lead_is_more_than_chance(store):
    text = said(store, [[0.5 + 0.01 * i for i in range(9)], [0.9 + 0.01 * i + 0.001 * (i % 2) for i in range(9)]])
    assert text.startswith("m1 leads with iou 0.940 (")
    assert (
        "0.400 ahead of m0. That is more than chance explains (difference page by page: 0.400, 95 % interval 0.400 to 0.401, 9 pages)."
        in text
    )


def test_a_lead_that_pages_do_not_show_is_called_so(store):
    text = said(store, [[0.5, 0.9, 0.5, 0.9, 0.5, 0.9, 0.5, 0.9, 0.7], [0.9, 0.5, 0.9, 0.5, 0.9, 0.5, 0.9, 0.5, 0.75]])
    assert "These pages do not tell the two apart" in text


def test_where_lower_is_better_the_lowest_leads(store):
    text = said(store, [[1.0, 1.1, 1.2, 1.1], [4.0, 4.2, 4.1, 4.3]], score="error_px")
    assert text.startswith("m0 leads with error_px 1.10 px (") and "3.05 px ahead of m1" in text and "more than chance" in text


def test_a_leader_that_only_fails_less_is_said_to_be_the_worse_one_elsewhere(store):
    good, poor = [0.9 + 0.001 * i for i in range(10)], [0.7 + 0.001 * i for i in range(10)]
    text = said(store, [[None] * 5 + good[5:], poor])
    assert text.startswith("m1 leads with iou 0.704") and "with failures counted as worst" in text
    assert "Where both give a value m0 is the better one, but it fails where m1 does not" in text


def test_a_leader_that_fails_shows_both_numbers(store):
    text = said(store, [[None, 0.9, 0.9, 0.9], [0.1, 0.1, 0.2, 0.1]])
    assert (
        "m0 leads with iou 0.900" in text
        and "on 3 of 4 pages, 0.675 with 1 page that it has no value of counted as worst" in text
    )


def test_a_lead_that_rests_on_failures_is_not_taken_for_one_on_the_same_pages(store):
    text = said(store, [[0.9, 0.5, 0.9, 0.5, 0.7], [0.5, 0.9, 0.5, 0.9, None]])
    assert "Where both give a value, these pages do not tell the two apart" in text


def test_methods_that_do_the_same_are_level(store):
    assert said(store, [[0.5, 0.6], [0.5, 0.6], [0.1, 0.1]]).startswith("m0 and m1 are level: iou 0.550")


def test_a_method_alone_leads_nobody(store):
    assert said(store, [[0.5, 0.6, 0.7]]).startswith("m0, the only method that was run, has iou 0.600 (")


def test_pages_that_a_method_alone_has_no_value_of_are_counted(store):
    assert said(store, [[0.5, None, 0.7]]).endswith(" on 2 of 3 pages.")


def test_pictures_of_one_record_cannot_tell(store):
    text = said(store, [[0.5, 0.6, 0.7], [0.6, 0.7, 0.8]], record="one")
    assert "Whether that is more than chance cannot be told: all of one record." in text


def test_without_truth_only_time_is_told(store):
    text = said(store, [[1.0, 1.0], [1.0, 1.0]], score="wall_median_s_of_another")
    assert text.startswith(
        "Nothing is known of these pages that would tell which method is right. m0 takes 10.0 ms a page on average"
    )
    assert text.endswith("m1 takes 2.00 times as long.")


@pytest.mark.parametrize("columns", [[[None, None]], [[None], [None]]])
def test_where_all_failed_nothing_is_said(store, columns):
    assert said(store, columns) == "No method gave a result, so nothing can be said."


def combined(store, columns):
    """The verdict where the score is the share of pages above 0.5, which a metric combines itself."""
    share = Score(
        "share",
        "1",
        "higher",
        "share of pages above a half",
        combine=lambda rows: sum(row["share"] > 0.5 for row in rows) / len(rows),
    )
    judge = Metric("judge", "edges", (share,), lambda page, result, truth: {}, "Tell the share.")
    run = store.begin_run("r", plan={}, environment=Environment({}), scores=[share])
    for index, column in enumerate(columns):
        variant = Variant(f"edges.m{index}", "edges", "1", "aa")
        cases = [CaseInfo(f"{page}.png", f"/{page}.png", record=str(page)) for page in range(len(column))]
        store.add(
            run.id,
            [Outcome(variant, case, Status.DONE, scores={"share": value}) for case, value in zip(cases, column, strict=True)],
        )
    return verdict(store, run, leaderboard(store, run, metrics=[judge])[0])


def test_scores_that_a_metric_combines_itself_are_told_apart_by_their_own_intervals(store):
    text = combined(store, [[0.9] * 19 + [0.1], [0.1] * 19 + [0.9]])
    assert text.startswith("m0 leads with share 0.950 (") and text.endswith("Their 95 % intervals do not overlap.")


def test_combined_scores_that_are_close_overlap(store):
    assert combined(store, [[0.9] * 12 + [0.1] * 8, [0.9] * 11 + [0.1] * 9]).endswith("Their 95 % intervals overlap.")
