"""Runs: all of them with where they were measured, two beside each other with their environments first, and a score over runs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ecgbench.dashboard import run_tables
from ecgbench.dashboard.bench import Bench
from ecgbench.dashboard.downloads import csv_button, records_as_csv
from ecgbench.dashboard.method_facts import plain
from ecgbench.dashboard.run_facts import ALIKE, Difference, environment_differences, images_of, plan_differences
from ecgbench.dashboard.theme import PALETTE
from ecgbench.dashboard.trends import MOST_RUNS, trend_chart, trend_rows
from ecgbench.dashboard.url_state import choose_number, choose_one, choose_some
from ecgbench.dashboard.watching import redraw_when
from ecgbench.report.wording import count
from ecgbench.store import Run

CHART_PIXELS = 440  # of height, the legend among them
LISTED = 20  # runs in sight until more are asked for


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Runs")
    _show_list(bench)
    st.header("Two runs beside each other", divider=True)
    if len(bench.runs) < 2:
        st.info("There is one run only; a second one can be held against it here.", icon=":material/compare_arrows:")
    else:
        _show_two(bench)
    st.header("A score over runs", divider=True)
    _show_trend(bench)


def _show_list(bench: Bench) -> None:
    shown = bench.runs
    if len(bench.runs) > LISTED:
        most = choose_number("Newest runs in the list", LISTED, len(bench.runs), key="listed", default=LISTED)
        shown = bench.runs[:most]
    rows = [run_tables.listed(bench, run) for run in shown]
    columns = {
        "started": st.column_config.DatetimeColumn("started (UTC)", format="YYYY-MM-DD HH:mm"),
        "images": st.column_config.TextColumn(width="medium"),
    }
    st.dataframe(rows, hide_index=True, width="stretch", column_config=columns)
    csv_button(lambda: records_as_csv(rows), name="runs")


def _show_two(bench: Bench) -> None:
    names = [run.name for run in bench.runs]
    first, second = st.columns(2, gap="large")
    with first:
        a = bench.find_run(choose_one("This run", names, key="a", default=names[1]))
    with second:
        b = bench.find_run(choose_one("against this one", names, key="b", default=names[0]))
    if a.id == b.id:
        st.info("Both are the same run; choose another one.", icon=":material/compare_arrows:")
        return
    st.subheader("What differs in where they were measured", anchor=False)
    _show_differences(environment_differences(a, b), a, b, ALIKE, "environment")
    asked = plan_differences(a, b)
    if asked:
        st.subheader("What differs in what was asked for", anchor=False)
        _show_differences(asked, a, b, "", "plan")
    st.subheader("What differs in what was found", anchor=False)
    _show_comparison(bench, a, b)


def _show_differences(found: Sequence[Difference], a: Run, b: Run, alike: str, name: str) -> None:
    if not found:
        st.success(alike, icon=":material/check:")
        return
    rows = [{"fact": each.fact, a.name: each.a, b.name: each.b} for each in found]
    st.dataframe(rows, hide_index=True, width="stretch")
    csv_button(lambda: records_as_csv(rows), name=f"{name}-differences")


def _show_comparison(bench: Bench, a: Run, b: Run) -> None:
    scores = run_tables.scores_in_both(bench, a, b)
    if not scores:
        st.info("The two have no method and score in common.", icon=":material/compare_arrows:")
        return
    chosen = choose_some("Scores", scores, key="scores", default=run_tables.telling(scores), most=8)
    found = [run_tables.compared(bench, a, b, score) for score in chosen]
    rows = [row for of_score in found for row in of_score or () if row["pictures"]]
    if None in found:
        last = [score for score, rows_of in zip(chosen, found, strict=True) if rows_of is None][-1]  # they are done in turn
        redraw_when(
            lambda: run_tables.compared(bench, a, b, last) is not None, "Holding the two large runs against each other ..."
        )
        return
    if not rows:
        words = "The two have no picture in common that both have these scores of." if chosen else "Choose a score."
        st.info(words, icon=":material/compare_arrows:")
        return
    better, worse = sum(row["verdict"] == "better" for row in rows), sum(row["verdict"] == "worse" for row in rows)
    st.markdown(
        f"**{plain(b.name)} against {plain(a.name)}: {better} better, {worse} worse, {len(rows) - better - worse} not told apart**, "
        "by the 95 % interval of paired differences over records."
    )
    st.dataframe(rows, hide_index=True, width="stretch")
    csv_button(lambda: records_as_csv(rows), name=f"compare-{a.name}-{b.name}")


def _show_trend(bench: Bench) -> None:
    by_images: dict[str, list[Run]] = {}
    for run in bench.runs:
        by_images.setdefault(images_of(run), []).append(run)
    left, middle, right = st.columns(3, gap="large")
    with left:
        images = choose_one("Images", list(by_images), key="over", help="Runs over other images do not compare.")
    runs = by_images[images][:MOST_RUNS]
    tasks = run_tables.tasks_of(bench, runs)
    if not tasks:
        st.info("No run over these images has an outcome yet.", icon=":material/timeline:")
        return
    with middle:
        task = choose_one("Task", tasks, key="task")
    scores = run_tables.scores_of(bench, task)
    with right:
        metric = choose_one("Score", list(scores), key="metric", default=run_tables.primary(task, scores))
    score = scores[metric]
    marks = [mark for run in runs for mark in run_tables.marks(bench, run, metric, task)]
    if not marks:
        st.info(f"No run over these images has {metric} of a method of the task {task}.", icon=":material/timeline:")
        return
    rows = trend_rows(marks, score)
    st.caption(f"{score.doc}. Bars are 95 % intervals over records. {count(len(runs), 'run')} over {plain(images)}.")
    st.altair_chart(trend_chart(rows, score, palette=PALETTE), width="stretch", height=CHART_PIXELS)
    csv_button(lambda: records_as_csv(rows), name=f"{metric}-over-runs")
