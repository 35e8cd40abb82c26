"""Failures."""

from __future__ import annotations

import streamlit as st

from ecgbench.dashboard.bench import Bench


def render(bench: Bench) -> None:
    """Draw the page."""
    st.title("Failures")
    st.write(bench.location)
