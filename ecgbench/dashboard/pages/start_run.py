"""Run: runs that go on, to watch, stop and resume; and a form that starts one in the background."""

from __future__ import annotations

import time

import streamlit as st

from ecgbench.dashboard import sources
from ecgbench.dashboard.bench import Bench, open_bench
from ecgbench.dashboard.boundary import guarded, sentence_of
from ecgbench.dashboard.copyable import copyable
from ecgbench.dashboard.jobs import Job, job_folder, told_location
from ecgbench.dashboard.method_facts import plain
from ecgbench.dashboard.run_form import images_form, terms_form
from ecgbench.dashboard.run_progress import Progress, arrivals_table, pages_in, progress_of, workers_table
from ecgbench.dashboard.run_request import RunRequest, command_line, words_to_resume
from ecgbench.dashboard.trying import TryPage
from ecgbench.dashboard.url_state import switch
from ecgbench.registry import default_registry
from ecgbench.report.wording import count
from ecgbench.store import Run, StoreError

WATCH_SECONDS = 1.0  # between two looks at the store: an outcome is to be seen within 2 s, and a run tells twice a second
ENDED_SHOWN = 3  # runs that ended early and can go on
PICTURES_SHOWN = 3
ARRIVALS = {"error": st.column_config.TextColumn(width="large")}
ICONS = {
    "starting": ":material/hourglass_top:", "going on": ":material/play_circle:", "stopping": ":material/stop_circle:",
    "silent": ":material/help:", "killed": ":material/dangerous:", "interrupted": ":material/pause_circle:",
    "finished": ":material/check_circle:",
}  # fmt: skip


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Run")
    _watch(bench.location)
    st.subheader("Start a run")
    _form(bench)


@st.fragment(run_every=WATCH_SECONDS)
@guarded
def _watch(location: str) -> None:
    """Show what goes on, and what ended early; the store is looked at anew each time."""
    bench = open_bench(location)
    _show_refused(bench)
    seen = [(run, _progress(bench, run)) for run in bench.runs]
    live = [(run, progress) for run, progress in seen if progress.live]
    early = [(run, progress) for run, progress in seen if progress.resumable]
    st.subheader("Going on")
    if not live:
        newest = next(iter(bench.runs), None)
        ended = "" if newest is None else f" The newest, {plain(newest.name)}, is {newest.state}."
        st.caption(
            f"No run goes on.{ended} One that is started in a terminal over {plain(told_location(location))} is seen here too."
        )
    for run, progress in live:
        _show_live(bench, run, progress)
    if early:
        with st.expander(f"{count(len(early), 'run')} ended early and can go on", icon=":material/resume:"):
            for run, progress in early[:ENDED_SHOWN]:
                _show_early(bench, run, progress)


def _progress(bench: Bench, run: Run) -> Progress:
    if run.state == "finished":
        return progress_of(run, None)
    return progress_of(run, bench.store.headway(run.id), stopping=bench.store.is_asked_to_stop(run.id))


def _show_live(bench: Bench, run: Run, progress: Progress) -> None:
    told = bench.store.headway(run.id)
    with st.container(border=True):
        title, button = st.columns([5, 1], vertical_alignment="center")
        title.markdown(f"{ICONS[progress.state]} **{plain(run.name)}**: {progress.state}")
        button.button(
            "Stop", key=f"stop-{run.id}", icon=":material/stop:", disabled=progress.state == "stopping", width="stretch",
            on_click=_stop, args=(bench.location, run.id), help="What was done is kept, and the run can go on later.",
        )  # fmt: skip
        st.caption(plain(pages_in(run)))
        st.progress(progress.share or 0.0, text=plain(progress.sentence))
        workers = workers_table(told)
        if workers:
            st.dataframe(workers, hide_index=True, width="stretch")
        arrived = arrivals_table(told)
        if arrived:
            st.caption("The last outcomes, the newest first")
            st.dataframe(arrived, hide_index=True, width="stretch", height="content", column_config=ARRIVALS)


def _show_early(bench: Bench, run: Run, progress: Progress) -> None:
    title, button = st.columns([5, 1], vertical_alignment="center")
    title.markdown(f"{ICONS[progress.state]} **{plain(run.name)}**: {plain(progress.sentence)} {plain(pages_in(run))}")
    button.button(
        "Resume", key=f"resume-{run.id}", icon=":material/resume:", width="stretch", on_click=_resume, args=(bench.location, run.name),
        help="Only what is missing or failed is done.",
    )  # fmt: skip


def _stop(location: str, run_id: int) -> None:
    open_bench(location).store.ask_to_stop(run_id)


def _resume(location: str, name: str) -> None:
    run = open_bench(location).find_run(name)
    _begin(location, name, words_to_resume(run, default_registry()))


def _begin(location: str, name: str, words: list[str]) -> None:
    """Start a job, and remember it, so that its error is seen where it ends before its run begins."""
    st.session_state["started"] = name
    try:
        Job(job_folder(location), name).start(words, store=location)
    except Exception as error:  # a callback has no page to say it on
        st.session_state["refused"] = sentence_of(error)


def _show_refused(bench: Bench) -> None:
    """Say why the run that was started last has not begun, if so."""
    refused = st.session_state.get("refused")
    if refused:
        st.error(plain(refused), icon=":material/error:")
    name = st.session_state.get("started")
    if name is None:
        return
    job = Job(job_folder(bench.location), name)
    if not job.running and all(run.name != name for run in bench.runs):
        st.error(f"{plain(name)} ended before it began. It said: {plain(job.said)}", icon=":material/error:")
    elif job.running and all(run.name != name for run in bench.runs):
        st.info(f"{plain(name)} is being started.", icon=":material/hourglass_top:")


def _form(bench: Bench) -> None:
    registry = default_registry()
    images, terms = st.columns(2, gap="large")
    with images:
        specs = images_form(registry)
        if specs and switch("Show the first pages", key="preview"):
            _preview(specs[0])
    with terms:
        request = terms_form(registry, specs)
    if not specs:
        st.info("Say which images to run over.", icon=":material/folder_open:")
        return
    plan = request.plan(registry)
    cells = plan.cell_count()
    methods = count(len(plan.methods), "method")
    if cells is None:
        st.warning(f"{methods} over endlessly many pages: it goes on until it is stopped.", icon=":material/all_inclusive:")
    else:
        st.markdown(f"**{methods} on {count(plan.case_count() or 0, 'page')}: {count(cells, 'cell')}**")
    words = [*request.words(), "--store", told_location(bench.location)]
    copyable(command_line(words))
    taken = any(run.name == request.name for run in bench.runs)
    if taken:
        st.warning(f"A run is called {plain(request.name)} already; give this one another name.", icon=":material/label:")
    st.button(
        "Start", type="primary", icon=":material/play_arrow:", disabled=taken or cells == 0, on_click=_start, args=(bench.location, request),
    )  # fmt: skip


def _start(location: str, request: RunRequest) -> None:
    st.session_state.pop("refused", None)
    name = request.name or _name_of_now(location)
    _begin(location, name, RunRequest(**{**vars(request), "name": name}).words())


def _name_of_now(location: str) -> str:
    try:
        from ecgbench.execution import name_of_now

        return name_of_now(open_bench(location).store)
    except StoreError:
        return time.strftime("%Y%m%d-%H%M%S")


def _preview(spec: str) -> None:
    cases, _ = sources.cases_of(spec)
    for column, case in zip(st.columns(PICTURES_SHOWN), cases[:PICTURES_SHOWN], strict=False):
        with column:
            (page,) = sources.seen_on(case, sources.case_key(case, spec), [("page", TryPage())])
            if page.error is not None:
                st.error(plain(page.error), icon=":material/broken_image:")
            else:
                st.image(page.picture, caption=plain(case.name), width="stretch", alt=case.name)
