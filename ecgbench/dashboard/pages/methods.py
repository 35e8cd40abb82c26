"""Methods: every plugin's documentation, what was measured of it, whether it conforms, and plugins that failed to load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ecgbench.core.transformer import Transformer
from ecgbench.dashboard import sights, sources
from ecgbench.dashboard.bench import Bench
from ecgbench.dashboard.boundary import guarded
from ecgbench.dashboard.conformance import ICONS, Conformance, check_job, check_words, read_check
from ecgbench.dashboard.downloads import csv_button, records_as_csv
from ecgbench.dashboard.jobs import told_location
from ecgbench.dashboard.method_facts import plain, sections
from ecgbench.dashboard.run_request import command_line
from ecgbench.dashboard.trying import TryDocumentation
from ecgbench.dashboard.url_state import choose_one, choose_tab, switch
from ecgbench.method_pages import Measured, related
from ecgbench.registry import Problem, Registry, default_registry
from ecgbench.report.wording import count, number

ALL = "every task"
DOCUMENTATION, MEASURED, CONFORMANCE = "documentation", "measured", "conformance"
FIRST = ("Purpose", "How it works", "Parameters", "What works", "What didn't work", "Changes")  # what a reader comes for
BESIDE = (
    "Location",
    "Dependencies",
    "Signature",
    "Returns",
    "Example",
    "Edge cases",
    "Limitations",
    "Testing",
    "Related",
    "References",
)
WATCH_SECONDS = 1.0


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Methods")
    registry = default_registry()
    _show_problems(registry.problems)
    if not registry.transformers:
        st.error("No method is installed at all; install ecg-image-bench again.", icon=":material/error:")
        return
    choice, name = st.columns([1, 2], gap="large")
    with choice:
        tasks = [ALL, *sorted({method.task for method in registry.transformers.values()})]
        task = choose_one("Task", tasks, key="task")
    of_task = {each: method for each, method in sorted(registry.transformers.items()) if task in (ALL, method.task)}
    with name:
        method = of_task[choose_one("Method", list(of_task), key="method")]
    with st.expander(f"All of them, side by side: {count(len(of_task), 'method')}", icon=":material/table_rows:"):
        _show_table(list(of_task.values()), registry)
    st.header(method.name, divider=True)
    st.markdown(plain(method.documentation.purpose))
    st.caption(
        f"Task {method.task}; takes {method.kind}, returns {method.result_type.__name__}; version {plain(method.version)} "
        f"of {plain(registry.origin_of(method.name))}, source {method.source_hash}"
    )
    shown = choose_tab("Show", (DOCUMENTATION, MEASURED, CONFORMANCE), key="show")
    if shown == DOCUMENTATION:
        _show_documentation(method, registry)
    elif shown == MEASURED:
        _show_measured(bench, method)
    else:
        _show_conformance(bench.location, method.name)


def _show_problems(problems: Sequence[Problem]) -> None:
    if not problems:
        return
    st.warning(
        f"{count(len(problems), 'plugin')} failed to load and {'was' if len(problems) == 1 else 'were'} left out.",
        icon=":material/extension_off:",
    )
    for problem in problems:
        with st.expander(f"{plain(problem.plugin)} of {plain(problem.origin)}"):
            st.markdown(plain(problem.message))
            st.code(problem.traceback, language="text")


def _show_table(methods: Sequence[Transformer[Any]], registry: Registry) -> None:
    rows = [
        {
            "method": each.name,
            "task": each.task,
            "purpose": each.documentation.purpose,
            "takes": each.kind,
            "parameters": ", ".join(spec.name for spec in each.params),
            "version": each.version,
            "from": registry.origin_of(each.name),
        }
        for each in methods
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    csv_button(lambda: records_as_csv(rows), name="methods")


def _show_documentation(method: Transformer[Any], registry: Registry) -> None:
    action = TryDocumentation(method, tuple(related(method, registry.transformers)))
    with st.spinner("Reading …"):
        (written,) = sources.seen_on(None, "documentation", [(f"{method.name} {method.source_hash}", action)])
    if written.error is not None:
        st.error(plain(written.error), icon=":material/error:")
        return
    text = sections(written.text)
    main, beside = st.columns([3, 2], gap="large")
    with main:
        for heading in FIRST[1:]:
            st.subheader(heading, anchor=False)
            st.markdown(text[heading])
    with beside:
        for heading in BESIDE:
            with st.expander(heading, expanded=heading in ("Location", "Signature")):
                st.markdown(text[heading])


def _show_measured(bench: Bench, method: Transformer[Any]) -> None:
    run, measured = sights.measured_lately(bench, method.name) if bench.opened is not None else (None, None)
    if run is None or measured is None:
        st.info(
            f"No run in {plain(told_location(bench.location))} has {method.name} with its default parameters. This measures it:",
            icon=":material/speed:",
        )
        st.code(f"ecgbench run demo --methods {method.name} --repeats 5", language="bash")
        return
    older = (
        ""
        if measured["version"] == method.version
        else f" Version {method.version} is installed now: these numbers are not of it."
    )
    st.markdown(
        f"In **{plain(run.name)}**, version {plain(measured['version'])} on {count(measured['n'], 'page')}.{plain(older)}"
    )
    st.caption(plain(measured["environment"]))
    _show_rows(measured, method.name)
    if switch(
        "Show the best and the worst page", key="pictures", help="The method is run on both again, since pixels are not kept."
    ):
        with st.spinner("Drawing again …"):
            found = sights.best_and_worst(bench, run, method.name)
        if not found:
            st.caption("No page of this run tells better from worse, or none can be drawn again.")
        for column, sight in zip(st.columns(2), found, strict=False):
            column.image(sight.picture, caption=plain(sight.caption), width="stretch", alt=sight.caption)


def _show_rows(measured: Measured, name: str) -> None:
    scores = [
        {
            "score": row["score"],
            "value": number(row["value"]),
            "95 % interval": "" if row["interval"] is None else f"{number(row['interval'][0])} to {number(row['interval'][1])}",
            "unit": "" if row["unit"] == "1" else row["unit"],
        }
        for row in measured["rows"]
    ]
    left, right = st.columns(2, gap="large")
    with left:
        st.dataframe(scores, hide_index=True, width="stretch", height="content")
        csv_button(lambda: records_as_csv(scores), name=f"measured-{name}")
    by_type = measured.get("by_type")
    with right:
        if by_type:
            types = [
                {
                    "type": kind,
                    by_type["score"]: number(mean),
                    "95 % interval": "" if low is None else f"{number(low)} to {number(high)}",
                }
                for kind, (mean, low, high) in by_type["types"].items()
            ]
            st.dataframe(types, hide_index=True, width="stretch")
            csv_button(lambda: records_as_csv(types), name=f"measured-{name}-by-type")
    st.caption("This measures it again:")
    st.code(measured["command"], language="bash", wrap_lines=True)


def _show_conformance(location: str, method: str) -> None:
    words = check_words(default_registry(), method)
    st.write("Small checks of what the bench counts on, in processes of their own; they take some seconds.")
    st.code(command_line([word for word in words if word != "--json"]), language="bash", wrap_lines=True)
    st.button("Check it now", icon=":material/fact_check:", on_click=_check, args=(location, method))
    _watch_check(location, method)


def _check(location: str, method: str) -> None:
    check_job(location, method).start(check_words(default_registry(), method))


@st.fragment(run_every=WATCH_SECONDS)
@guarded
def _watch_check(location: str, method: str) -> None:
    job = check_job(location, method)
    if job.running:
        st.info("The checks go on.", icon=":material/hourglass_top:")
        return
    found = read_check(job)
    if found is None:
        st.caption("Not checked from this dashboard yet.")
    elif found.error:
        st.error(plain(found.error), icon=":material/error:")
    else:
        _show_verdicts(found)


def _show_verdicts(found: Conformance) -> None:
    passed = all(verdict["status"] in ("passed", "skipped", "expected failure") for verdict in found.verdicts)
    (st.success if passed else st.error)(found.sentence, icon=":material/verified:" if passed else ":material/close:")
    columns = st.columns(2)
    for place, verdict in enumerate(found.verdicts):
        words = str(verdict["check"]).replace("_", " ")
        columns[place % 2].markdown(
            f"{ICONS[verdict['status']]} **{plain(words)}** {plain(str(verdict['message']))}", help=plain(str(verdict["why"]))
        )
