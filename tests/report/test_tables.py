"""Tables read well on a narrow terminal, and nothing from outside is read as markup."""

import io
from dataclasses import replace

from rich.console import Console

from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.leaderboard import compare
from ecgbench.report import comparison_tables, failures_table, leaderboard_dict, leaderboard_tables, runs_table
from ecgbench.stats import parse_bound


def shown(*views, width=80):
    console = Console(width=width, file=io.StringIO())
    for view in views:
        console.print(view)
    return console.file.getvalue()


def test_a_leaderboard_shows_rank_score_interval_time_and_failures(store, run):
    text = shown(*leaderboard_tables(store, run), width=120)
    assert "edges: 2 methods on 3 pages, ranked by box_iou" in text
    canny, sobel = (line.split() for line in text.splitlines() if line.lstrip().startswith("1= "))
    assert canny[:3] == ["1=", "canny", "0.800"] and canny[-5:] == ["3", "0", "11.0", "yes", "2.00"]
    assert sobel[:3] == ["1=", "sobel[noise_factor=9.0]", "0.450"] and sobel[-5:-1] == ["2", "1", "4.50", "yes"]


def test_a_method_that_fails_shows_its_mean_and_the_one_with_failures_as_worst(store, run):
    text = shown(*leaderboard_tables(store, run), width=120)
    sobel = next(line.split() for line in text.splitlines() if "sobel" in line)
    assert "0.450" in sobel and "0.300" in sobel  # (0.5 + 0.4) / 2, and / 3
    assert "failures" in text and "as worst" in text


def test_a_method_that_ends_well_without_a_score_that_others_have_shows_on_how_many_pages(store, run):
    blank = next(store.outcomes(run.id, method="edges.canny"))
    store.add(run.id, [replace(blank, scores={"wall_median_s": 0.01})])
    text = shown(*leaderboard_tables(store, run), width=120)
    rows = {line.split()[1]: line.split() for line in text.splitlines() if line.lstrip().startswith("1= ")}
    assert "without" in text
    assert rows["canny"][7:10] == ["1", "3", "0"] and rows["sobel[noise_factor=9.0]"][7:10] == ["1", "2", "1"]


def test_intervals_move_below_their_numbers_where_there_is_no_room_beside(store, run):
    (board,) = leaderboard_tables(store, run)
    beside, below, without = (shown(board, width=width) for width in (80, 64, 50))
    assert "0.800 (0.552 to 1.05)" in beside
    assert "(0.552" not in below and "0.552 to 1.05" in below
    assert "0.552" not in without and "Not shown for lack of room: Pareto, edge_error_px ↓, intervals." in " ".join(
        without.split()
    )


def test_no_line_is_wider_than_the_terminal_and_what_has_no_room_is_named(store, run):
    text = shown(*leaderboard_tables(store, run), failures_table(store, run), runs_table(store), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert "Not shown for lack of room: edge_error_px ↓." in text
    assert "edge_error_px" not in text.splitlines()[1]


def test_what_is_piped_has_no_colors(store, run):
    assert "\x1b[" not in shown(*leaderboard_tables(store, run), failures_table(store, run))


def test_another_score_can_rank(store, run):
    text = shown(*leaderboard_tables(store, run, metric="wall_median_s"), width=120)
    assert "ranked by wall_median_s" in text and text.index("sobel") < text.index("canny")
    assert leaderboard_dict(store, run, metric="wall_median_s")[0]["rows"][0]["method"] == "edges.sobel"


def test_failures_are_grouped_by_cause_without_the_names_of_their_pictures(store, run):
    variant = Variant("edges.canny", "edges", "1", "aa")
    lost = [
        Outcome(
            variant,
            CaseInfo(f"page{index}.png", f"/scans/page{index}.png"),
            Status.CRASHED,
            error=f"/scans/page{index}.png: lost.",
        )
        for index in range(3)
    ]
    store.add(run.id, [*lost, replace(lost[0], case=CaseInfo("late.png", "late.png"), status=Status.TIMED_OUT, error=None)])
    text = shown(failures_table(store, run), width=120)
    lines = [line.split() for line in text.splitlines()]
    assert text.startswith("5 failures")
    assert ["3", "crashed", "…:", "lost.", "edges.canny", "(3)", "page0.png"] in lines
    assert ["1", "timed", "out", "no", "reason", "was", "given", "edges.canny", "late.png"] in lines


def test_a_run_without_failures_has_no_table_of_them(store):
    begun = store.begin_run("clean", plan={}, environment=Environment({}))
    assert failures_table(store, begun) is None


def test_names_are_shown_as_they_are(store, run):
    odd = Outcome(
        Variant("edges.canny", "edges", "1", "aa"), CaseInfo("[bold]x[/]", "x"), Status.FAILED, error="[red]no[/red] :smile:"
    )
    store.add(run.id, [odd])
    text = shown(failures_table(store, run), width=160)
    assert "[red]no[/red] :smile:" in text and "[bold]x[/]" in text


def test_runs_are_listed_with_state_and_counts(store, run):
    begun = store.begin_run("second", plan={"specs": ["demo"], "methods": ["edges.canny"]}, environment=Environment({}))
    lines = [line.split() for line in shown(runs_table(store), width=120).splitlines()]
    assert lines[2][0] == begun.name and lines[2][3:] == ["running", "0", "0", "1", "demo"]
    assert lines[3][:2] == ["first", "try"] and "finished" in lines[3]


def test_a_comparison_says_difference_interval_and_verdict(store, run):
    found = compare(store, "edges.canny", "edges.sobel", bounds=[parse_bound("box_iou < -10%")])
    text = shown(*comparison_tables(found), width=120)
    assert "edges: b = first try:edges.sobel[noise_factor=9.0] against a = first try:edges.canny" in text
    row = next(line.split() for line in text.splitlines() if line.startswith("box_iou"))
    assert row[2:5] == ["0.850", "0.450", "-0.400"] and row[-1] == "worse"
    assert "box_iou < -10%: crossed" in text


def test_a_terminal_too_narrow_for_all_still_shows_the_methods(store, run):
    assert "canny" in shown(*leaderboard_tables(store, run), width=60)


def test_a_comparison_of_runs_says_in_what_machines_differ(store, run):
    later = store.begin_run("second", plan={}, environment=Environment({"cpu": "Z80", "python": "3.11.7"}))
    store.add(later.id, list(store.outcomes(run.id)))
    text = " ".join(shown(*comparison_tables(compare(store, "first try", "second")), width=160).split())
    assert "edges: b = second:edges.canny against a = first try:edges.canny" in text
    assert "not measured alike, which may explain times: cpu (8080 <at> 2 MHz / Z80), opencv (5.0.0 / –)." in text


def test_nothing_from_outside_commands_a_terminal(store, run):
    canny = Variant("edges.canny", "edges", "0.1", "1a2b3c")
    hostile = CaseInfo("\x1b[31mred\x1b]0;title\x07.png", "scans/red.png")
    store.add(run.id, [Outcome(canny, hostile, Status.FAILED, error="why\x9b2J \u202egnp")])
    text = shown(failures_table(store, run), width=200)
    assert "\\x1b[31mred\\x1b]0;title\\x07.png" in text and "why\\x9b2J \\u202egnp" in text
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
