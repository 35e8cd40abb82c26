"""The plots of a task: those in which there is something to see, with labels that tell methods apart."""

from ecgbench import Score
from ecgbench.core.metric import COST_SCORES
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import leaderboard
from ecgbench.report.board_plots import board_plots, plot_labels

SCORES = [*COST_SCORES, Score("iou", "1", "higher", "overlap"), Score("lag_s", "s", "lower", "delay")]


def board_of(store, variants, *, types=("scan", "photo"), score="iou"):
    run = store.begin_run("r", plan={}, environment=Environment({}), scores=SCORES)
    for index, variant in enumerate(variants):
        cases = [CaseInfo(f"{number}", f"/{number}", type=types[number % len(types)]) for number in range(4)]
        values = [{score: 0.1 * number + 0.01 * index, "wall_median_s": 0.01 * (index + 1)} for number in range(4)]
        store.add(run.id, [Outcome(variant, case, Status.DONE, scores=each) for case, each in zip(cases, values, strict=True)])
    return run, leaderboard(store, run)[0]


def variant(name, source="aa", **params):
    return Variant(name, "edges", "1", source, params)


def titles(store, run, board):
    return [plot.title for plot in board_plots(store, run, board)]


def test_a_task_has_a_plot_of_each_kind(store):
    run, board = board_of(store, [variant("edges.a"), variant("edges.b")])
    found = ["iou by method", "How iou is spread over the pages", "Time per page", "iou by type of image", "iou against time"]
    assert titles(store, run, board) == found


def test_plots_in_which_there_is_nothing_to_see_are_left_out(store):
    run, board = board_of(store, [variant("edges.a")], types=("scan",))
    assert titles(store, run, board) == ["How iou is spread over the pages", "Time per page"]


def test_without_truth_only_times_are_plotted(store):
    run, board = board_of(store, [variant("edges.a"), variant("edges.b")], score="wall_min_s")
    assert titles(store, run, board) == ["Time per page"]


def test_scores_in_seconds_are_plotted_in_milliseconds(store):
    run, board = board_of(store, [variant("edges.a"), variant("edges.b")], score="lag_s")
    by_method, spread, *_ = board_plots(store, run, board)
    assert "lag_s (ms)" in spread.svg and "lag_s by method: a 150 ms" in by_method.svg


def test_labels_name_only_what_tells_variants_apart(store):
    long = "x" * 40
    variants = [variant("edges.a", low=1, high=9), variant("edges.a", low=2, high=9), variant("edges.b", low=5), variant("other.c"),
                variant(f"edges.{long}1", p=1), variant(f"edges.{long}1", "bb", p=1)]  # fmt: skip
    _, board = board_of(store, variants)
    labels = {row.variant.label + row.variant.source_hash: plot_labels(board)[row.variant_id] for row in board.rows}
    assert labels["edges.a[low=1,high=9]aa"] == "a[low=1]" and labels["edges.a[low=2,high=9]aa"] == "a[low=2]"
    assert labels["edges.b[low=5]aa"] == "b[low=5]" and labels["other.caa"] == "other.c"
    assert len(set(labels.values())) == len(variants) and max(map(len, labels.values())) <= 34
