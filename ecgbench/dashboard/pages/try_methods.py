"""Try: one picture, some methods, their parameters, and what they see, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import streamlit as st

from ecgbench.core.results import Signals
from ecgbench.core.transformer import Transformer
from ecgbench.core.truth import Case
from ecgbench.dashboard import sources
from ecgbench.dashboard.bench import Bench
from ecgbench.dashboard.downloads import csv_button, records_as_csv
from ecgbench.dashboard.findings import finding_rows
from ecgbench.dashboard.lead_plot import lead_chart, lead_records
from ecgbench.dashboard.method_facts import plain
from ecgbench.dashboard.param_form import param_form
from ecgbench.dashboard.snippets import PLACEHOLDER, Snippets, method_snippets, pipeline_snippets
from ecgbench.dashboard.theme import PALETTE
from ecgbench.dashboard.trying import Seen, Tried, TryMethod, TryPage, TryPipeline
from ecgbench.dashboard.url_state import choose_one, choose_some, choose_tab, switch, write_text
from ecgbench.measure import Method
from ecgbench.pipeline import STEPS, Step, read_options
from ecgbench.registry import Registry, default_registry

UPLOAD, IMAGE_SET = "an upload", "an image set"
METHODS, PIPELINE = "methods of one task", "the pipeline"
BLUE, SKY = PALETTE[0], PALETTE[4]  # of curves, on white and on dark ground
ROWS_IN_SIGHT, TABLE_PIXELS = 24, 700  # of a table of numbers: what is longer is scrolled
MOST_METHODS = 4  # side by side on a laptop's screen
KINDS = ["png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp", "gif"]
STEP_WORDS = {
    "edge_detection": "Edges", "color_separation": "Color", "grid_detection": "Grid", "quality_check": "Quality", "digitize": "Digitize",
}  # fmt: skip


def render(_bench: Bench) -> None:
    """Draw the page."""
    st.title("Try")
    registry = default_registry()
    picture, what = st.columns([1, 1], gap="large")
    with picture:
        chosen = _choose_picture()
    with what:
        kind = choose_tab("Run", (METHODS, PIPELINE), key="what")
        methods = _choose_methods(registry) if kind == METHODS else []
        options = _choose_steps(registry) if kind == PIPELINE else {}
    if chosen is None:
        st.info("Choose a picture: what the methods see in it is shown here.", icon=":material/image:")
        return
    case, key, spec = chosen
    if kind == METHODS:
        _try_methods(registry, case, key, spec, methods)
    else:
        _try_pipeline(registry, case, key, spec, options)


def _choose_picture() -> tuple[Case, str, str] | None:
    """Return the case, its key, and the spec of the image set that it is of (empty for an upload)."""
    if choose_tab("Picture from", (IMAGE_SET, UPLOAD), key="from") == UPLOAD:
        sent = st.file_uploader("A picture of an ECG", type=KINDS, key="upload", help="It stays on this machine, in memory.")
        if sent is None:
            return None
        case = sources.uploaded_case(sent.name, sent.getvalue())
        return case, sources.case_key(case), ""
    spec = write_text("Image set", key="set", default="demo", placeholder="demo, scans/, synthetic?count=20, gs://bucket/prefix")
    cases, count = sources.cases_of(spec.strip())
    if not cases:
        st.warning("There is no picture in it.", icon=":material/image_not_supported:")
        return None
    by_name = {case.name: case for case in cases}
    more = "" if count == len(cases) else f"The first {len(cases)} of {'endlessly many' if count is None else f'{count:,}'}."
    name = choose_one("Picture", list(by_name), key="picture", help=more or None)
    case = by_name[name]
    return case, sources.case_key(case, spec), spec


def _choose_methods(registry: Registry) -> list[Transformer[Any]]:
    tasks = sorted({method.task for method in registry.transformers.values()})
    task = choose_one("Task", tasks, key="task", default="edges")
    names = sorted(name for name, method in registry.transformers.items() if method.task == task)
    chosen = choose_some("Methods", names, key="methods", default=names[:1], most=MOST_METHODS)
    return [registry.method(name) for name in chosen]


def _choose_steps(registry: Registry) -> dict[str, Any]:
    options: dict[str, Any] = {}
    columns = st.columns(len(STEP_WORDS))
    for column, step in zip(columns, STEPS, strict=True):
        with column:
            names = sorted(name.partition(".")[2] for name, method in registry.transformers.items() if method.task == step.task)
            on = bool(names) and switch(STEP_WORDS[step.option], key=step.option, default=step.option != "digitize")
            if on:
                options[step.option] = True
                options[step.method_option] = names[0] if len(names) == 1 else _choose_method(step, names)
    options["crop_to_content"] = switch(
        "Crop to the content first", key="crop_to_content", help="Later steps see the part that the edges enclose."
    )
    return options


def _choose_method(step: Step, names: Sequence[str]) -> str:
    first = step.default if step.default in names else None
    return choose_one(f"{STEP_WORDS[step.option]} by", names, key=step.method_option, default=first)


def _try_methods(registry: Registry, case: Case, key: str, spec: str, methods: Sequence[Transformer[Any]]) -> None:
    if not methods:
        st.info("Choose a method.", icon=":material/function:")
        return
    controls, results = st.columns([1, 3], gap="large")
    given: dict[str, dict[str, Any]] = {}
    with controls:
        for method in methods:
            with st.container(border=True):
                st.markdown(f"**{method.name}**")
                given[method.name] = param_form(method)
    with results:
        actions = [
            (
                f"{method.name} {method.source_hash} {sorted(given[method.name].items())}",
                TryMethod(Method(method, method.make_params(given[method.name])), tuple(registry.metrics_of(method.task))),
            )
            for method in methods
        ]
        with st.spinner("Looking …", show_time=True):
            page, *tried = sources.seen_on(case, key, [("page", TryPage()), *actions])
        if page.error is not None:
            _say_unreadable(case, page.error)
            return
        _show_page(case, page)
        columns = st.columns(min(2, len(methods)))
        for index, (method, found) in enumerate(zip(methods, tried, strict=True)):
            with columns[index % len(columns)]:
                _show_method(method, found)
        _show_numbers(registry, methods, tried)
    for method in methods:
        image, name = (spec, case.name) if spec else (PLACEHOLDER, None)
        _show_snippets(method.name, method_snippets(method, given[method.name], image, case=name))


def _say_unreadable(case: Case, error: str) -> None:
    st.error(f"{plain(case.name)} cannot be tried. {plain(error)}", icon=":material/broken_image:")


def _show_page(case: Case, page: Tried) -> None:
    with st.expander(f"The page itself: {plain(case.name)}, {page.width} x {page.height} pixels", icon=":material/image:"):
        st.image(page.picture, width="stretch", alt=case.name)


def _show_method(method: Transformer[Any], tried: Tried) -> None:
    st.markdown(f"**{method.name}**")
    if tried.error is not None:
        st.error(plain(tried.error), icon=":material/error:")
        return
    for seen in tried.seen:
        _show_seen(seen)


def _show_seen(seen: Seen) -> None:
    st.image(seen.drawing, width="stretch", alt=f"What {seen.name} saw")
    if seen.signals is not None:
        _show_signals(seen.signals, seen.name)


def _show_signals(signals: Signals, of: str) -> None:
    dark = st.context.theme.type == "dark"
    chart = lead_chart(signals, color=SKY if dark else BLUE)
    if chart is None:
        st.warning("No lead was seen on this page.", icon=":material/ecg_heart:")
        return
    st.altair_chart(chart, width="content")
    csv_button(lambda: records_as_csv(lead_records(signals)), name=f"leads-{of}", label="Leads (CSV)")


def _show_numbers(registry: Registry, methods: Sequence[Transformer[Any]], tried: Sequence[Tried]) -> None:
    columns = {method.name: found.seen[0] for method, found in zip(methods, tried, strict=True) if found.seen}
    if not columns:
        return
    rows = finding_rows(columns, registry.scores)
    st.dataframe(rows, hide_index=True, width="stretch", height=_height(rows))
    csv_button(lambda: records_as_csv(rows), name="numbers")


def _height(rows: Sequence[object]) -> int | Literal["content"]:
    return "content" if len(rows) <= ROWS_IN_SIGHT else TABLE_PIXELS


def _try_pipeline(registry: Registry, case: Case, key: str, spec: str, options: Mapping[str, Any]) -> None:
    action = TryPipeline(read_options(options, registry))
    with st.spinner("Looking …", show_time=True):
        page, done = sources.seen_on(case, key, [("page", TryPage()), (f"pipeline {sorted(options.items())}", action)])
    if page.error is not None:
        _say_unreadable(case, page.error)
        return
    _show_page(case, page)
    if done.error is not None:
        st.error(plain(done.error), icon=":material/error:")
        return
    if done.crop_box is not None:
        x, y, width, height = done.crop_box
        st.caption(f"Cropped to {width} x {height} pixels at ({x}, {y}); steps after the edges saw that part only.")
    if not done.seen:
        st.info("Switch a step on.", icon=":material/toggle_on:")
        return
    by_name = {seen.name: seen for seen in done.seen}
    seen = by_name[choose_tab("Step", list(by_name), key="step")]
    picture, numbers = st.columns([2, 1], gap="large")
    with picture:
        _show_seen(seen)
    with numbers:
        rows = finding_rows({seen.name: seen}, registry.scores)
        st.dataframe(rows, hide_index=True, width="stretch", height=_height(rows))
        csv_button(lambda: records_as_csv(rows), name=f"numbers-{seen.name}")
    image = case.info.source if spec and case.info.source else PLACEHOLDER
    _show_snippets("The pipeline", pipeline_snippets(options, image))


def _show_snippets(title: str, snippets: Snippets) -> None:
    with st.expander(f"{title} as Python, command or test", icon=":material/content_copy:"):
        python, command, test = st.tabs(["Python", "CLI", "pytest"])
        python.code(snippets.python, language="python")
        command.code(snippets.command, language="bash", wrap_lines=True)
        test.code(snippets.pytest, language="python" if "\n" in snippets.pytest else "bash", wrap_lines=True)
