import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgbench.core.metric import COST_SCORES, SHARE, Metric, Rows, Score
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import Leaderboard, breakdown, compare, leaderboard, refresh_summaries
from ecgbench.stats import Summary, parse_bound
from ecgbench.store import Run, Store, StoreError

IOU = Score("content_box_iou", "1", "higher", "overlap of the boxes")
PX = Score("px_per_mm_error_pct", "%", "lower", "how far off the scale is")
DICE = Score("trace_dice", "1", "higher", "overlap of the traces")
SHADE = Score("shade", "1", "none", "how dark")
CELLS = Mapping[str, Mapping[str, float] | Status]  # case -> its scores, or how it ended


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "s.db") as opened:
        yield opened


def begin(store: Store, name: str = "run", **facts: object) -> Run:
    scores = [*COST_SCORES, IOU, PX, DICE, SHADE]
    return store.begin_run(name, plan={}, environment=Environment(facts), scores=scores)


def variant(method: str, *, source: str = "1a2b3c", **params: object) -> Variant:
    return Variant(method, method.partition(".")[0], "0.1", source, params)


def add(store: Store, run: Run, method: str | Variant, cells: CELLS, *, seconds: float = 0.01) -> None:
    column = variant(method) if isinstance(method, str) else method
    store.add(run.id, [outcome(column, case, found, seconds) for case, found in cells.items()])


def outcome(column: Variant, case: str, found: Mapping[str, float] | Status, seconds: float) -> Outcome:
    info = CaseInfo(case, f"scans/{case}", f"sha256:{case}", record=case[:2])
    if isinstance(found, Status):
        return Outcome(column, info, found, error="why")
    return Outcome(column, info, Status.DONE, (seconds,), (seconds,), scores={"wall_median_s": seconds, **found})


def iou(*values: float | Status) -> CELLS:
    """Cases of a record each, the first in the first's; a value is the case's score."""
    return {
        f"{index:02d}": value if isinstance(value, Status) else {"content_box_iou": value} for index, value in enumerate(values)
    }


def only(boards: list[Leaderboard]) -> Leaderboard:
    (board,) = boards
    return board


def order(board: Leaderboard) -> list[str]:
    return [row.label for row in board.rows]


# Leaderboards


def test_the_best_is_first_and_each_number_is_the_hand_computed_one(store: Store) -> None:
    run = begin(store)
    add(store, run, "edges.canny", iou(0.7, 0.8, 0.9), seconds=0.02)
    add(store, run, "edges.sobel", iou(0.9, 0.9, 1.0), seconds=0.03)
    board = only(leaderboard(store, run))
    assert (board.task, board.ranked_by, order(board)) == ("edges", IOU, ["edges.sobel", "edges.canny"])
    row = board.rows[1]
    score = row.scores["content_box_iou"]
    assert (row.rank, row.n, row.failures, row.wall_median_s, row.peak_memory_mb) == (1, 3, {}, 0.02, None)  # intervals overlap
    assert [row.on_front for row in board.rows] == [True, True]
    assert (score.n, score.records, score.failures) == (3, 3, 0)
    assert (score.mean, score.median, score.ranked) == pytest.approx((0.8, 0.8, 0.8))
    assert (score.low, score.high) == pytest.approx((0.8 - 0.2484, 0.8 + 0.2484), abs=1e-3)  # t of 2 degrees x 0.1 / sqrt(3)


def test_failing_on_the_hard_cases_does_not_help(store: Store) -> None:
    run = begin(store)
    add(store, run, "edges.honest", iou(0.9, 0.9, 0.3, 0.3))
    add(store, run, "edges.picky", iou(0.95, 0.95, Status.FAILED, Status.CRASHED))
    board = only(leaderboard(store, run))
    assert order(board) == ["edges.honest", "edges.picky"]
    row = board.rows[1]
    score = row.scores["content_box_iou"]
    assert score.mean == pytest.approx(0.95)
    assert score.ranked == pytest.approx(0.475)
    assert (score.n, score.failures, row.failures) == (2, 2, {Status.FAILED: 1, Status.CRASHED: 1})


def test_intervals_of_few_records_end_where_the_score_does(store: Store) -> None:
    run = begin(store)
    dice = replace(DICE, limits=SHARE)
    store.begin_run("run", plan={}, environment=Environment({}), scores=[dice], resume=True)
    add(store, run, "color.lab", {"00": {"trace_dice": 0.9}, "01": {"trace_dice": 0.5}, "02": Status.FAILED}, seconds=0.01)
    add(store, run, "color.lab", {"03": {"trace_dice": 0.7}}, seconds=0.4)
    add(store, run, "color.hsv", {name: {"trace_dice": 0.6} for name in ("00", "01", "02", "03")})
    assert store.scores()["trace_dice"].limits == SHARE
    board = only(leaderboard(store, run))
    row = next(row for row in board.rows if row.label == "color.lab")
    score, time = row.scores["trace_dice"], row.scores["wall_median_s"]
    assert (score.low, score.high) == (pytest.approx(0.7 - 0.4968, abs=1e-3), 1.0)  # 1.197 by t of 2 degrees
    assert (score.ranked_low, score.ranked_high) == (0.0, pytest.approx(1.0, abs=0.15))
    assert time.low == 0.0 < time.mean < time.high
    by_type = breakdown(store, run, board, "layout")
    assert {each.high for of_method in by_type.values.values() for each in of_method.values()} <= {0.6, 1.0}


def test_a_value_beyond_the_limits_keeps_its_interval() -> None:
    beyond = Summary(2, 2, 1.2, 1.2, 0.9, 1.5)
    assert beyond.within((0.0, 1.0)) == beyond
    assert beyond.within((1.0, None)) == replace(beyond, low=1.0)
    assert replace(beyond, low=None, high=None).within((0.0, 1.0)).high is None


def test_finding_nothing_counts_like_failing(store: Store) -> None:
    run = begin(store)
    add(store, run, "grid.honest", {"00": {"px_per_mm_error_pct": 1.0}, "01": {"px_per_mm_error_pct": 30.0}})
    add(store, run, "grid.silent", {"00": {"px_per_mm_error_pct": 0.5}, "01": {}})
    add(store, run, "grid.endless", {"00": {"px_per_mm_error_pct": 0.5}, "01": {"px_per_mm_error_pct": math.inf}})
    board = only(leaderboard(store, run))
    ranked = {row.label: row.scores["px_per_mm_error_pct"].ranked for row in board.rows}
    assert board.ranked_by == PX
    assert ranked == {"grid.honest": 15.5, "grid.silent": 15.25, "grid.endless": 15.25}  # 30 % is the worst that any has
    assert board.rows[0].scores["px_per_mm_error_pct"].mean == 0.5


def test_a_failure_of_an_unbounded_score_counts_as_the_worst_of_any(store: Store) -> None:
    run = begin(store)
    snr = Score("snr_db", "dB", "higher", "signal to noise")
    store.begin_run("run", plan={}, environment=Environment({}), scores=[snr], resume=True)
    add(store, run, "digitize.a", {"00": {"snr_db": 20.0}, "01": {"snr_db": -4.0}})
    add(store, run, "digitize.b", {"00": {"snr_db": 12.0}, "01": Status.TIMED_OUT})
    board = only(leaderboard(store, run))
    assert board.ranked_by.name == "snr_db"
    assert [row.scores["snr_db"].ranked for row in board.rows] == [8.0, 4.0]


def test_cases_that_nobody_could_score_and_cases_not_tried_count_for_nobody(store: Store) -> None:
    run = begin(store)
    add(store, run, "edges.a", iou(0.5, 0.5, Status.FAILED, Status.SKIPPED))
    add(store, run, "edges.b", iou(0.6, 0.4, Status.FAILED, 0.9))
    rows = {row.label: row.scores["content_box_iou"] for row in only(leaderboard(store, run)).rows}
    assert (rows["edges.a"].failures, rows["edges.a"].ranked) == (0, 0.5)
    assert rows["edges.b"].ranked == pytest.approx(1.9 / 3)


def test_a_method_that_fails_everywhere_is_last_and_shown(store: Store) -> None:
    run = begin(store)
    add(store, run, "edges.a", iou(0.1, 0.1), seconds=9.0)
    add(store, run, "edges.dead", iou(Status.CRASHED, Status.CRASHED))
    board = only(leaderboard(store, run))
    assert order(board) == ["edges.a", "edges.dead"]
    dead = board.rows[1]
    assert (dead.n, dead.failures, dead.wall_median_s) == (2, {Status.CRASHED: 2}, None)
    assert (dead.scores["content_box_iou"].mean, dead.scores["content_box_iou"].ranked) == (None, 0.0)


def test_a_run_of_failures_only_has_a_leaderboard(store: Store) -> None:
    run = begin(store)
    add(store, run, "edges.dead", iou(Status.CRASHED))
    board = only(leaderboard(store, run))
    assert [(row.label, row.n, dict(row.scores)) for row in board.rows] == [("edges.dead", 1, {})]


def test_without_truth_time_ranks_and_failing_fast_does_not_help(store: Store) -> None:
    run = begin(store)
    cases = [f"{index:02d}" for index in range(4)]
    add(store, run, "edges.slow", {case: {} for case in cases}, seconds=0.5)
    add(store, run, "edges.quick", {case: {} for case in cases}, seconds=0.1)
    add(store, run, "edges.quitter", {cases[0]: {}} | dict.fromkeys(cases[1:], Status.FAILED), seconds=0.01)
    board = only(leaderboard(store, run))
    assert board.ranked_by.name == "wall_median_s"
    assert order(board) == ["edges.quick", "edges.quitter", "edges.slow"]
    assert board.rows[1].scores["wall_median_s"].ranked == pytest.approx((0.01 + 3 * 0.5) / 4)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"trace_dice": 0.5, "trace_f1_1px": 0.6, "a_score": 1.0}, "trace_f1_1px"),
        ({"trace_dice": 0.5, "a_score": 1.0}, "trace_dice"),
        ({"a_score": 1.0, "shade": 0.2}, "a_score"),
        ({"shade": 0.2}, "wall_median_s"),
    ],
)
def test_a_task_is_ranked_by_its_first_judged_score(store: Store, given: dict[str, float], expected: str) -> None:
    more = [Score("a_score", "1", "higher", "a"), Score("trace_f1_1px", "1", "higher", "f1")]
    run = store.begin_run("run", plan={}, environment=Environment({}), scores=[*COST_SCORES, SHADE, *more, DICE])
    add(store, run, "color.lab", {"00": given})
    assert only(leaderboard(store, run)).ranked_by.name == expected


def test_each_task_has_its_board_and_one_may_be_chosen(store: Store) -> None:
    run = begin(store)
    add(store, run, "edges.canny", iou(0.5))
    add(store, run, "grid.fft", {"00": {"px_per_mm_error_pct": 1.0}})
    assert [board.task for board in leaderboard(store, run)] == ["edges", "grid"]
    assert only(leaderboard(store, run, task="grid")).task == "grid"
    assert only(leaderboard(store, run, metric="px_per_mm_error_pct")).task == "grid"
    assert [board.ranked_by.name for board in leaderboard(store, run, metric="wall_median_s")] == ["wall_median_s"] * 2


def test_what_is_unknown_lists_what_there_is(store: Store) -> None:
    run = begin(store)
    with pytest.raises(StoreError, match="has no outcome yet; go on with it by `ecgbench run --name run --resume`"):
        leaderboard(store, run)
    add(store, run, "edges.canny", iou(0.5))
    with pytest.raises(StoreError, match="nothing of the task 'gird'; it has edges"):
        leaderboard(store, run, task="gird")
    with pytest.raises(StoreError, match="no score 'iou'; it has content_box_iou, wall_median_s"):
        leaderboard(store, run, metric="iou")


def test_params_and_versions_tell_variants_apart(store: Store) -> None:
    run = begin(store)
    columns = [variant("edges.canny", sigma=0.2), variant("edges.canny"), variant("edges.canny", source="edited")]
    for number, column in enumerate(columns):
        add(store, run, column, iou(0.9 - number / 10))
    assert order(only(leaderboard(store, run))) == ["edges.canny[sigma=0.2]", "edges.canny 0.1 1a2b3c", "edges.canny 0.1 edited"]


def test_summaries_are_computed_again_only_where_outcomes_were_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(store)
    add(store, run, "edges.canny", iou(0.5, Status.FAILED))
    add(store, run, "edges.sobel", iou(0.6, 0.6))
    add(store, run, "grid.fft", {"00": {"px_per_mm_error_pct": 1.0}})
    put: list[list[int]] = []
    keep = store.put_summaries
    monkeypatch.setattr(store, "put_summaries", lambda run_id, ids, found: (put.append(list(ids)), keep(run_id, ids, found)))
    refresh_summaries(store, run)
    assert put == [[1, 2], [3]]
    refresh_summaries(store, run)
    assert len(put) == 2
    add(store, run, "edges.canny", {"01": {"content_box_iou": 0.9}})  # the failed cell again: as many outcomes as before
    assert only(leaderboard(store, run, task="edges")).rows[0].label == "edges.canny"
    assert put[2:] == [[1, 2]]


def test_what_is_written_during_a_refresh_waits_for_the_next(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(store)
    add(store, run, "edges.canny", iou(0.5, 0.5))
    read = store.values

    def read_and_write(*of: object) -> object:
        found = read(*of)  # type: ignore[arg-type]
        add(store, run, "edges.canny", {"99": {"content_box_iou": 0.8}})
        return found

    with monkeypatch.context() as patch:
        patch.setattr(store, "values", read_and_write)
        refresh_summaries(store, run)
    assert [summary.n for summary in store.summaries(run.id)] == [2, 2]
    found = only(leaderboard(store, run)).rows[0].scores["content_box_iou"]
    assert (found.n, found.mean) == (3, pytest.approx(0.6))


def test_a_metric_s_own_combine_is_used_where_it_is_installed(store: Store) -> None:
    def pooled(rows: Rows) -> float:
        return sum(row["hits"] for row in rows) / sum(row["tries"] for row in rows)

    rate = Score("hit_rate", "1", "higher", "hits of all tries", combine=pooled)
    parts = [Score("hits", "1", "none", "hits"), Score("tries", "1", "none", "tries")]
    hits = Metric("hits", "edges", (rate, *parts), lambda *_: {}, "Counts.")
    run = store.begin_run("run", plan={}, environment=Environment({}), scores=hits.scores)
    cells = {"00": {"hits": 1.0, "tries": 1.0, "hit_rate": 1.0}, "01": {"hits": 1.0, "tries": 9.0, "hit_rate": 1 / 9}}
    add(store, run, "edges.canny", cells)
    assert "hit_rate" not in only(leaderboard(store, run)).rows[0].scores  # rather than the mean of cases, another number
    found = only(leaderboard(store, run, metrics=[hits])).rows[0].scores["hit_rate"]
    assert (found.mean, found.ranked, found.n) == (0.2, 0.2, 2)


def test_leaderboards_are_json(store: Store) -> None:
    run = begin(store)
    add(store, run, variant("edges.canny", sigma=0.2), iou(math.nan, math.inf, Status.CRASHED))
    add(store, run, "edges.sobel", iou(0.1, 0.2, 0.3))
    said = json.loads(json.dumps([board.to_dict() for board in leaderboard(store, run)], allow_nan=False))
    assert said[0]["ranked_by"] == {"name": "content_box_iou", "unit": "1", "direction": "higher"}
    assert said[0]["rows"][1]["failures"] == {"crashed": 1}
    assert said[0]["rows"][1]["scores"]["content_box_iou"]["failures"] == 3


# Comparisons

Spread = Callable[[float], CELLS]


@pytest.fixture
def spread() -> Spread:
    """Twenty cases of ten records, their scores around a mean."""
    noise = np.random.default_rng(0).normal(0, 0.02, 20)
    return lambda mean: {f"{i // 2:02d}-{i}": {"content_box_iou": float(mean + each)} for i, each in enumerate(noise)}


@pytest.fixture
def two_nights(store: Store, spread: Spread) -> Store:
    for name, gain, seconds in (("monday", 0.0, 0.010), ("tuesday", 0.1, 0.015)):
        run = begin(store, name, cpu=name, numpy="2")
        add(store, run, "edges.canny", spread(0.5 + gain), seconds=seconds)
        add(store, run, "edges.sobel", spread(0.4 + gain), seconds=seconds)
    return store


def test_a_hand_computed_comparison(store: Store) -> None:
    run = begin(store)
    add(
        store,
        run,
        "edges.a",
        {"00-1": {"content_box_iou": 0.1}, "00-2": {"content_box_iou": 0.2}, "01-1": {"content_box_iou": 0.3}},
    )
    add(
        store,
        run,
        "edges.b",
        {"00-2": {"content_box_iou": 0.4}, "01-1": {"content_box_iou": 0.7}, "02-1": {"content_box_iou": 1.0}},
    )
    (row,) = compare(store, "edges.a", "edges.b", metric="content_box_iou").rows
    # the cases that both have: 0.2 and 0.3 against 0.4 and 0.7, of two records
    found = row.paired
    assert (found.n, found.records) == (2, 2)
    assert (found.mean_a, found.mean_b, found.difference, found.relative) == pytest.approx((0.25, 0.55, 0.3, 1.2))
    assert (found.low, found.high) == pytest.approx((0.3 - 1.2706, 0.3 + 1.2706), abs=1e-3)  # 12.706 x 0.1
    assert found.verdict == "no difference shown"


def test_two_methods_are_compared_in_the_newest_run_that_has_both(two_nights: Store) -> None:
    found = compare(two_nights, "edges.sobel", "edges.canny", metric="content_box_iou")
    assert (found.a, found.b) == ("tuesday:edges.sobel", "tuesday:edges.canny")
    assert found.rows[0].paired.verdict == "better"
    assert found.environment == {}
    add(two_nights, begin(two_nights, "wednesday"), "edges.sobel", {"00": {}})
    assert compare(two_nights, "edges.sobel", "edges.canny").a == "tuesday:edges.sobel"


def test_two_runs_are_compared_method_by_method_with_their_environments(two_nights: Store) -> None:
    found = compare(two_nights, "monday", "tuesday", metric="content_box_iou")
    assert [(row.a, row.b, row.paired.verdict) for row in found.rows] == [
        ("edges.canny", "edges.canny", "better"),
        ("edges.sobel", "edges.sobel", "better"),
    ]
    assert found.rows[0].paired.difference == pytest.approx(0.1)
    assert found.environment == {"cpu": ("monday", "tuesday")}


def test_all_scores_and_failures_are_compared(two_nights: Store) -> None:
    found = compare(two_nights, "monday:edges.canny", "tuesday:edges.canny")
    assert [row.score.name for row in found.rows] == ["failed", "wall_median_s", "content_box_iou"]
    assert [row.paired.verdict for row in found.rows] == ["no difference shown", "worse", "better"]
    assert found.rows[1].paired.relative == pytest.approx(0.5)
    assert "0.015 against 0.01 s (+0.005, +50 %" in found.rows[1].sentence


@pytest.mark.parametrize(
    ("a", "b", "sides"),
    [
        ("monday", "edges.canny", ("monday:edges.canny", "tuesday:edges.canny")),
        ("monday:edges.sobel", "tuesday", ("monday:edges.sobel", "tuesday:edges.sobel")),
        ("monday:edges.sobel", "edges.canny", ("monday:edges.sobel", "tuesday:edges.canny")),
        ("monday", "monday", ("monday", "monday")),
    ],
)
def test_sides_are_found_by_run_and_method(two_nights: Store, a: str, b: str, sides: tuple[str, str]) -> None:
    found = compare(two_nights, a, b)
    assert (found.a, found.b) == sides


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ("edges.cany", "edges.sobel", "'edges.cany' is no run, method or RUN:METHOD .* has the runs tuesday, monday, the newest with edges.canny"),
        ("monday:edges.cany", "tuesday", "The run 'monday' has no method 'edges.cany'; it has edges.canny, edges.sobel"),
        ("monday", "edges.laplacian", "'edges.laplacian' is no run"),
    ],
)  # fmt: skip
def test_a_side_that_is_nothing_lists_what_there_is(two_nights: Store, a: str, b: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        compare(two_nights, a, b)


def test_a_side_that_is_several_lists_them(store: Store) -> None:
    run = begin(store, "run")
    for sigma in (0.2, 0.5):
        add(store, run, variant("edges.canny", sigma=sigma), iou(sigma))
    add(store, run, "edges.sobel", iou(0.1))
    with pytest.raises(
        StoreError, match=r"'edges.canny' is more than one method .*: edges.canny\[sigma=0.2\], edges.canny\[sigma=0.5\]"
    ):
        compare(store, "edges.canny", "edges.sobel")
    assert compare(store, "edges.canny[sigma=0.2]", "run:edges.canny[sigma=0.5]").b == "run:edges.canny[sigma=0.5]"
    add(store, begin(store, "run:edges.sobel"), "edges.sobel", iou(0.1))
    with pytest.raises(StoreError, match="is both a run and a method of one"):
        compare(store, "run:edges.sobel", "edges.sobel")


def test_runs_without_a_method_in_common_name_what_they_have(store: Store) -> None:
    add(store, begin(store, "a"), "edges.canny", iou(0.5))
    add(store, begin(store, "b"), "edges.sobel", iou(0.5))
    with pytest.raises(StoreError, match="no method in common: the one has edges.canny, the other edges.sobel"):
        compare(store, "a", "b")


def test_a_changed_method_is_compared_with_what_it_was(store: Store, spread: Spread) -> None:
    add(store, begin(store, "before"), variant("edges.canny", source="old"), spread(0.5))
    add(store, begin(store, "after"), variant("edges.canny", source="new"), spread(0.6))
    (row,) = compare(store, "before", "after", metric="content_box_iou").rows
    assert row.paired.verdict == "better"


def test_of_two_versions_in_a_run_the_very_same_is_compared(store: Store, spread: Spread) -> None:
    add(store, begin(store, "before"), variant("edges.canny", source="old"), spread(0.5))
    after = begin(store, "after")
    add(store, after, variant("edges.canny", source="old"), spread(0.5))
    add(store, after, variant("edges.canny", source="new"), spread(0.6))
    (row,) = compare(store, "before", "after", metric="content_box_iou").rows
    assert (row.a, row.b, row.paired.difference) == ("edges.canny", "edges.canny 0.1 old", 0.0)


def test_an_unknown_metric_lists_the_known(two_nights: Store) -> None:
    for more in ({"metric": "iou"}, {"bounds": [parse_bound("iou < 0.5")]}):
        with pytest.raises(StoreError, match="no score 'iou'|has a score 'iou'; known ones: failed, wall_median_s"):
            compare(two_nights, "monday", "tuesday", **more)  # type: ignore[arg-type]


def test_bounds_are_checked_of_each_method(two_nights: Store) -> None:
    bounds = [parse_bound("wall_median_s > 1.10x"), parse_bound("content_box_iou < 0.55")]
    found = compare(two_nights, "monday", "tuesday", bounds=bounds, metric="content_box_iou")
    assert found.crossed
    assert [check.crossed for check in found.checks] == [True, True, False, True]
    assert found.checks[0].sentence.startswith("edges.canny: wall_median_s > 1.1x: crossed, 1.5x")
    assert {row.score.name for row in found.rows} == {"content_box_iou"}
    assert not compare(two_nights, "monday", "monday", bounds=bounds[:1]).crossed


def test_failing_everywhere_crosses_every_bound_on_its_scores(store: Store) -> None:
    add(store, begin(store, "before"), "edges.canny", iou(0.9, 0.9))
    add(store, begin(store, "after"), "edges.canny", iou(Status.CRASHED, Status.CRASHED))
    found = compare(store, "before", "after", bounds=[parse_bound("content_box_iou < 0.5"), parse_bound("failed > 10%")])
    assert [check.crossed for check in found.checks] == [True, True]
    assert found.rows[0].paired.mean_b == 1.0


def test_comparisons_are_json(two_nights: Store) -> None:
    add(two_nights, begin(two_nights, "empty", cpu="x"), "edges.canny", iou(math.nan, Status.FAILED))
    found = compare(two_nights, "monday", "empty", bounds=[parse_bound("content_box_iou < 0.5")])
    said = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert said["environment"] == {"cpu": ["monday", "x"], "numpy": ["2", None]}
    assert {row["metric"] for row in said["rows"]} == {"failed", "wall_median_s", "content_box_iou"}
