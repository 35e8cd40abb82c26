"""The leaderboard: who leads, by how much, at what cost, and on which pictures."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from ecgbench.dashboard.bench import Bench, RunView
from ecgbench.dashboard.board_table import BoardTable, board_table
from ecgbench.dashboard.boundary import guarded
from ecgbench.dashboard.chart_specs import Spec, costs_of, groups_of, intervals_of
from ecgbench.dashboard.charts import MOST_COLORS, PICK
from ecgbench.dashboard.controls import choose_run, choose_score
from ecgbench.dashboard.downloads import as_csv, csv_button
from ecgbench.dashboard.memory import Itself
from ecgbench.dashboard.queries import Board, breakdown_of, comparison_of, verdict_of
from ecgbench.dashboard.url_state import choose_one, choose_some, choose_tab
from ecgbench.dashboard.watching import progress_line, redraw_when, watched_board
from ecgbench.leaderboard import KEYS, Comparison, Leaderboard
from ecgbench.report.board_plots import plot_labels
from ecgbench.report.wording import MISSING, count

NO_REFERENCE = "none"
COST = "score-against-cost"
TAKEN = "taken-from-chart"  # the chart that is shown, and what is picked in it
KIND_NAMES = {"type": "image type", "grid_color": "grid color", "robustness": "robustness by type"}


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Leaderboard")
    run, task, metric, reference = st.columns([2, 1, 2, 2])
    with run:
        view = choose_run(bench)
    chosen_task, chosen_metric = choose_score(view, task, metric)
    with reference:
        others = [each.name for each in bench.runs_with_outcomes if each.id != view.run.id]
        help_text = "A run that differences are shown from, method by method, over the pictures that both have."
        against = choose_one("Deltas against", [NO_REFERENCE, *others], key="against", help=help_text)
    if line := progress_line(view):
        st.info(line, icon=":material/progress_activity:")
    found = watched_board(bench, view, chosen_task, chosen_metric, say=_verdict)
    if found is None:
        return
    if found.behind:
        st.caption("These sums are a little behind: newer outcomes are being added up.")
    comparison = None if against == NO_REFERENCE else _against(bench, view, against, found.board)
    _show_board(view, found.board, chosen_metric, comparison)


def _verdict(view: RunView, shown: Board) -> str:
    """Return who leads, in Markdown, or that this is being worked out."""
    said = verdict_of(view, shown)
    return "Holding the two that lead against each other ..." if said is None else f"**{_escaped(said)}**"


def _against(bench: Bench, view: RunView, name: str, board: Leaderboard) -> Comparison | None:
    reference = bench.view(bench.find_run(name))
    asked = partial(comparison_of, reference, view, board.ranked_by.name)
    found = asked()
    if found is None:
        redraw_when(lambda: asked() is not None, "Holding the two large runs against each other ...")
    return found


@st.fragment
@guarded
def _show_board(view: RunView, board: Leaderboard, metric: str | None, comparison: Comparison | None) -> None:
    """Draw the table, the charts and the breakdown: what a method that is picked changes."""
    named = plot_labels(board)
    table_place = st.container()
    left, right = st.columns(2)
    with left:
        st.subheader(f"{board.ranked_by.name} by method", help=board.ranked_by.doc)
        alt = f"Bars of {board.ranked_by.name} with 95 % intervals, a method each"
        st.vega_lite_chart(None, intervals_of(Itself(board)), alt=alt)
    with right:
        _cost(board)
    picked = choose_some(
        "Methods in the table and below",
        list(named.values()),
        key=PICK,
        help="All of them where none is chosen; points picked in the chart are chosen here.",
    )
    chosen = [number for number, label in named.items() if label in picked] or list(named)
    with table_place:
        _table(view, board_table(_only(board, chosen), named, comparison), board)
    _breakdown(view, board, metric, named, chosen)


def _only(board: Leaderboard, chosen: list[int]) -> Leaderboard:
    return Leaderboard(board.task, board.ranked_by, tuple(row for row in board.rows if row.variant_id in chosen))


def _table(view: RunView, table: BoardTable, board: Leaderboard) -> None:
    configured: dict[str, Any] = {name: st.column_config.NumberColumn(name, format="%.4g") for name in _numeric(table)}
    if table.bar is not None:
        name, full = table.bar
        configured[name] = st.column_config.ProgressColumn(
            name, format="%.4g", min_value=0.0, max_value=full, help=board.ranked_by.doc
        )
    alt = f"Leaderboard of {board.task}"
    st.dataframe(dict(table.columns), hide_index=True, column_config=configured, placeholder=MISSING, alt=alt)
    csv_button(lambda: as_csv(list(table.columns), table.rows), name=f"{view.run.name}-{board.task}-leaderboard")


def _numeric(table: BoardTable) -> list[str]:
    return [name for name, values in table.columns.items() if any(isinstance(value, float) for value in values)]


def _cost(board: Leaderboard) -> None:
    st.subheader(
        "Score against time",
        help="No method on the dashed front is beaten in both. Click a point to see its method alone, more with Shift.",
    )
    chart = costs_of(Itself(board))
    if chart is None:
        st.caption("There is nothing to weigh here: it takes two methods with a time and a score that judges.")
        return
    alt = "Score against time per page, a point a method"
    selected: Any = st.vega_lite_chart(None, chart, key=COST, on_select="rerun", selection_mode=PICK, alt=alt)
    points = selected["selection"].get(PICK, [])
    _take_picked(chart, [point["method"] for point in points if "method" in point])


def _take_picked(chart: Spec, picked: list[str]) -> None:
    """Choose the methods that are picked in the chart, where that has changed since the same chart was drawn.

    Not when the browser tells of it: that may be while only the clock of the page is drawn, and then the address would not hear of it.
    """
    shown, before = st.session_state.get(TAKEN, (None, []))
    st.session_state[TAKEN] = (chart, picked)
    if shown is chart and picked != before:
        st.session_state[PICK] = picked


@st.fragment
@guarded
def _breakdown(view: RunView, board: Leaderboard, metric: str | None, named: dict[int, str], chosen: list[int]) -> None:
    st.subheader("By what the pictures are")
    by = choose_tab("Break down by", list(KEYS), key="by")
    found = breakdown_of(view, board.task, metric, by)
    if found is None:
        redraw_when(
            lambda: breakdown_of(view, board.task, metric, by) is not None, "Going through all outcomes of this large run ..."
        )
        return
    if not found.groups:
        st.caption(f"Nothing is known of these pictures' {KIND_NAMES.get(by, by)}.")
        return
    if len(chosen) > MOST_COLORS:
        st.caption(f"The best {MOST_COLORS} of {count(len(chosen), 'method')}; choose others above.")
    spec = groups_of(Itself(found), Itself(board), tuple(chosen[:MOST_COLORS]))
    st.vega_lite_chart(None, spec, alt=f"{board.ranked_by.name} by {by}")
    headings = ["method", by, "n", "mean", "low", "high"]
    rows = [
        (named[number], group, each.n, each.mean, each.low, each.high)
        for number in chosen
        for group in found.groups
        if (each := found.values[number].get(group)) is not None
    ]
    csv_button(lambda: as_csv(headings, rows), name=f"{view.run.name}-{board.task}-by-{by}")


def _escaped(text: str) -> str:
    return text.replace("[", "\\[").replace("_", "\\_").replace("*", "\\*").replace("$", "\\$")
