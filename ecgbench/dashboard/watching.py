"""Notices what other processes write, and draws the page again: a run in progress is seen within two seconds."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ecgbench.dashboard.bench import Bench, RunView, open_bench
from ecgbench.dashboard.boundary import guarded
from ecgbench.dashboard.queries import is_fresh

LOOK_SECONDS = 1.0
READY_SECONDS = 0.3


@st.fragment(run_every=LOOK_SECONDS)
@guarded
def redraw_on_change(bench: Bench, view: RunView, *, behind: bool = False) -> None:
    """Look at the store every second; draw the whole page again where a run was begun, or something was written to this one.

    `behind`: what is shown waits for sums that are being computed.
    """
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


def progress_line(view: RunView) -> str:
    """Say how far a run is, in one line."""
    if view.run.state != "running":
        return ""
    counts = view.store.counts(view.run.id)
    told = ", ".join(f"{count:,} {status}" for status, count in counts.items())
    return f"This run goes on: {told or 'nothing yet'}."
