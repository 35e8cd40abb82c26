"""The app: navigation, the store in whatever state it is, and one page, whose errors are sentences."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import streamlit as st

from ecgbench.dashboard import copyable
from ecgbench.dashboard.bench import open_bench
from ecgbench.dashboard.boundary import told_in_a_sentence
from ecgbench.dashboard.icon import icon
from ecgbench.dashboard.newcomer import welcome
from ecgbench.dashboard.pages import PAGES, Entry
from ecgbench.default_store import DEFAULT_STORE, STORE_VARIABLE
from ecgbench.workers import wake_forkserver

ABOUT = "**ecgbench**: which method to trust, on which pictures of ECGs, at what cost, and whether that has changed."
STYLE = copyable.STYLE + ".stMainBlockContainer { padding-top: 4rem; padding-bottom: 3rem; }"  # a laptop's screen is low


def main() -> None:
    """Draw the page that the address asks for."""
    st.set_page_config(page_title="ecgbench", page_icon=icon(), layout="wide", menu_items={"About": ABOUT})
    location = os.environ.get(STORE_VARIABLE, DEFAULT_STORE)
    st.html(f"<style>{STYLE}</style>")
    pages = [
        st.Page(
            _named(entry, location), title=entry.title, icon=f":material/{entry.icon}:", url_path=entry.module, default=not index
        )
        for index, entry in enumerate(PAGES)
    ]
    chosen = st.navigation(pages, position="top")
    chosen.run()
    wake_forkserver()  # the first picture that is drawn shall not wait for it


def _named(entry: Entry, location: str) -> Callable[[], None]:
    return partial(draw, entry, location)


def draw(entry: Entry, location: str) -> None:
    """Draw one page over the store, in whatever state that is."""
    with told_in_a_sentence():
        bench = open_bench(location)
        if entry.needs_runs and not bench.runs_with_outcomes:
            welcome(bench)
        else:
            entry.render(bench)
