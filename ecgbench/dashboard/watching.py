"""Notices what other processes write, and draws the page again: a run in progress is seen within two seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from ecgbench.dashboard.bench import Bench, RunView, open_bench
from ecgbench.dashboard.boundary import guarded
from ecgbench.dashboard.queries import Board, board_of, is_fresh
from ecgbench.dashboard.run_progress import State, progress_of
from ecgbench.report.wording import count

LOOK_SECONDS = 1.0
READY_SECONDS = 0.3
SAID: Mapping[State, str] = {
    "going on": "This run goes on", "silent": "This run may have ended", "killed": "This run ended early",
}  # fmt: skip


@st.fragment(run_every=LOOK_SECONDS)
@guarded
def redraw_on_change(bench: Bench, view: RunView, *, behind: bool = False, say: Callable[[], str] | None = None) -> None:
    """Look at the store every second; draw the whole page again where a run was begun, or something was written to this one.

    `behind`: what is shown waits for sums that are being computed; `say`: what is to be said here, in Markdown, which may not be known yet.
    """
    if say is not None:
        st.markdown(say())
    now = open_bench(bench.location)
    run = next((run for run in now.runs if run.id == view.run.id), None)
    if run is None or len(now.runs) != len(bench.runs) or now.view(run) != view or (behind and is_fresh(view)):
        st.rerun()


@st.fragment(run_every=READY_SECONDS)
@guarded
def redraw_when(ready: Callable[[], bool], words: str) -> None:
    """Say what is awaited; draw the whole page again as soon as it is there."""
    if ready():
        st.rerun()
    st.caption(words)


def watched_board(
    bench: Bench, view: RunView, task: str, metric: str | None, *, say: Callable[[RunView, Board], str] | None = None
) -> Board | None:
    """Return the board, and draw the page again when it changes; where its first sums are being computed, say so and return None.

    `say` gives what is said above the board, in Markdown, and is asked each second.
    """
    found = board_of(view, task, metric)
    redraw_on_change(bench, view, behind=found is None or found.behind, say=partial(say, view, found) if say and found else None)
    if found is None:
        st.info(
            "The first sums of this large run are being computed; what they tell comes by itself.",
            icon=":material/hourglass_top:",
        )
    return found


def progress_line(view: RunView) -> str:
    """Say how far a run is that has not ended, in one line; nothing of one that has."""
    if view.run.state != "running":
        return ""
    told = view.store.headway(view.run.id)
    if told is None:  # pytest does not say how it gets on
        return f"This run goes on: {count(view.outcomes, 'outcome')} so far."
    progress = progress_of(view.run, told)
    return f"{SAID[progress.state]}. {progress.sentence}"
