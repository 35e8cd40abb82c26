"""What somebody sees whose store holds nothing yet: one button that runs the demo, and the commands that do more."""

from __future__ import annotations

import streamlit as st

from ecgbench.dashboard.bench import Bench, open_bench
from ecgbench.dashboard.boundary import guarded
from ecgbench.dashboard.jobs import Job, job_folder, told_location

DEMO = "demo"
DEMO_WORDS = ("run", "demo", "--repeats", "3", "--timeout", "60", "--name", DEMO, "--resume")
WATCH_SECONDS = 1.0
FIRST_STEPS = """ecgbench run scans/ --methods 'edges.*'    # a folder of pictures
ecgbench run 'synthetic?count=50'          # pages with exact truth"""


def welcome(bench: Bench) -> None:
    """Lead a newcomer to a first run."""
    st.title("Nothing has been run yet")
    st.write(
        "ecgbench runs methods over pictures of ECGs, scores what they find against what is known of the pictures, "
        f"and keeps every outcome in `{told_location(bench.location)}`. This page shows who leads, at what cost, and where they fail."
    )
    demo = Job(job_folder(bench.location), DEMO)
    if demo.running:
        _watch(bench.location, demo)
        return
    if demo.begun:
        st.error("The demo ended before its first outcome; this is what it said:", icon=":material/error:")
        st.code(demo.said or "nothing", language="text")
    if st.button("Run the demo", type="primary", icon=":material/play_arrow:"):
        demo.start(DEMO_WORDS, store=bench.location)
        st.rerun()
    st.caption(
        "It generates a dozen pages with exact truth and runs every built-in method: one or two minutes. Nothing leaves this machine."
    )
    st.write("Or start from a terminal; what is done there is seen here while it runs:")
    st.code(FIRST_STEPS, language="bash")


@st.fragment(run_every=WATCH_SECONDS)
@guarded
def _watch(location: str, demo: Job) -> None:
    """Wait for the first outcome, then show the board."""
    if open_bench(location).runs_with_outcomes or not demo.running:
        st.rerun()
    st.info("The demo is being prepared; its first outcomes come within seconds.", icon=":material/hourglass_top:")
    st.code(demo.said or "…", language="text")
