"""The form in which a run is asked for: images, methods, params and terms, each control's state in the page's address."""

from __future__ import annotations

import streamlit as st

from ecgbench.dashboard.run_request import RunRequest, read_params, synthetic_spec
from ecgbench.dashboard.url_state import choose_number, choose_some, choose_tab, write_text
from ecgbench.plugins.image_sets.synthetic.kinds import KINDS
from ecgbench.registry import Registry

DEMO, FOLDER, SYNTHETIC, OTHER = "demo", "folder", "synthetic", "anything else"
KIND_WORDS = {
    "0001": "render", "0003": "color scan", "0004": "black-and-white scan", "0005": "phone photo", "0006": "photo of a screen",
    "0009": "stained photo", "0010": "damaged photo", "0011": "mouldy scan", "0012": "mouldy scan, black and white",
}  # fmt: skip
RESOLUTIONS = ("100", "150", "200", "300")  # dpi


def images_form(registry: Registry) -> tuple[str, ...]:
    """Draw what images are asked for, and return their specs, none where none is written yet."""
    kind = choose_tab("Images", (DEMO, FOLDER, SYNTHETIC, OTHER), key="images")
    if kind == DEMO:
        st.caption(registry.openers["demo"].doc if "demo" in registry.openers else "")
        return ("demo",)
    if kind == SYNTHETIC:
        return (_synthetic(),)
    if kind == FOLDER:
        folder = write_text(
            "Folder, picture or pattern on this machine", key="folder", placeholder="scans/  or  scans/*.png"
        ).strip()
        return (folder,) if folder else ()
    text = write_text("Image sets", key="specs", placeholder="gs://bucket/prefix  records:DIR  kaggle:DIR")
    with st.expander("What can be written here"):
        st.dataframe(
            [{"form": each.form, "is": each.doc, "from": registry.origin_of(each.name)} for each in registry.openers.values()],
            hide_index=True,
            width="stretch",
        )
    return tuple(text.split())


def terms_form(registry: Registry, specs: tuple[str, ...]) -> RunRequest:
    """Draw by which methods and on what terms the images are run over; PlanError where the params cannot be read."""
    chosen = choose_some(
        "Methods", ["*", *_patterns(registry), *sorted(registry.transformers)], key="patterns", default=["*"],
        help="`*` is every method, `edges.*` every one of a task.",
    )  # fmt: skip
    repeats = choose_number("Timed calls of each method on each picture", 1, 20, key="repeats", default=1)
    timeout = choose_number("Seconds that one call may take", 5, 300, key="timeout", default=60, step=5)
    swept = write_text("Parameters", key="param", placeholder="edges.canny.sigma=0.1,0.2,0.5  edges.canny.level=0.9")
    name = write_text("Name", key="name", placeholder="the time, where it is left empty")
    return RunRequest(
        specs=specs, methods=tuple(chosen), sweep=read_params("\n".join(swept.split())), repeats=repeats, timeout=float(timeout),
        name=name.strip(),
    )  # fmt: skip


def _patterns(registry: Registry) -> list[str]:
    return [f"{task}.*" for task in sorted({method.task for method in registry.transformers.values()})]


def _synthetic() -> str:
    count = choose_number("Pages", 1, 500, key="count", default=27)
    kinds = choose_some(
        "Kinds of picture", list(KINDS), key="types", shown=lambda kind: f"{kind} {KIND_WORDS.get(kind, '')}".strip(),
        help="All of them where none is chosen.",
    )  # fmt: skip
    severity = st.slider("Severity of damage", 0.0, 1.0, (0.0, 1.0), 0.05, key="severity", bind="query-params")
    dpi = choose_tab("Dots per inch", RESOLUTIONS, key="dpi", default="200")
    seed = choose_number("Seed", 0, 999, key="seed", default=0)
    return synthetic_spec(count=count, seed=seed, types=kinds, severity=severity, dpi=float(dpi))
