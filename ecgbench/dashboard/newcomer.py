"""What somebody sees whose store holds nothing yet: one button that runs the demo, and the commands that do more."""

from __future__ import annotations

import streamlit as st

from ecgbench.dashboard.background import BackgroundRun, start_run, started_runs
from ecgbench.dashboard.bench import Bench, open_bench
from ecgbench.dashboard.boundary import guarded

DEMO = "demo"
DEMO_ARGUMENTS = ("demo", "--repeats", "3", "--timeout", "60")
WATCH_SECONDS = 1.0
FIRST_STEPS = """ecgbench run scans/ --methods 'edges.*'    # a folder of pictures
ecgbench run 'synthetic?count=50'          # pages with exact truth"""


def welcome(bench: Bench) -> None:
    """Lead a newcomer to a first run."""
    st.title("Nothing has been run yet")
    st.write(
        "ecgbench runs methods over pictures of ECGs, scores what they find against what is known of the pictures, "
        f"and keeps every outcome in `{bench.location}`. This page shows who leads, at what cost, and where they fail."
    )
    going_on = next((run for run in started_runs(bench.location) if run.name == DEMO), None)
    if going_on is not None:
        _watch(bench.location, going_on)
        return
    if st.button("Run the demo", type="primary", icon=":material/play_arrow:"):
        start_run(bench.location, DEMO, DEMO_ARGUMENTS)
        st.rerun()
    st.caption(
        "It generates a dozen pages with exact truth and runs every built-in method: one or two minutes. Nothing leaves this machine."
    )
    st.write("Or start from a terminal; what is done there is seen here while it runs:")
    st.code(FIRST_STEPS, language="bash")


@st.fragment(run_every=WATCH_SECONDS)
@guarded
def _watch(location: str, run: BackgroundRun) -> None:
    """Wait for the first outcome, then show the board."""
    if any(sum(bench.store.written(each.id).values()) for bench in [open_bench(location)] for each in bench.runs):
        st.rerun()
    if run.going_on:
        st.info("The demo is being prepared; its first outcomes come within seconds.", icon=":material/hourglass_top:")
    else:
        st.error("The demo ended before its first outcome; this is what it said:", icon=":material/error:")
    st.code(run.said or "…", language="text")
