"""Controls whose state is in the page's address, so that a view can be shared: every control of the dashboard is one of these.

The key is the parameter's name in the address, alike on every page, so that what is chosen on one is chosen on the next. A value that
an address gives, but that is none of the options, is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

Option = TypeVar("Option")


def choose_one(
    label: str,
    options: Sequence[str],
    *,
    key: str,
    default: str | None = None,
    shown: Callable[[str], str] = str,
    help: str | None = None,  # noqa: A002 (Streamlit's word)
) -> str:
    """Let one of a few or many options be chosen; the first, or `default`, is until then. Takes at least one option."""
    _forget_unknown(key, options)
    index = options.index(default) if default in options else 0
    chosen: str | None = st.selectbox(label, options, index=index, key=key, format_func=shown, help=help, bind="query-params")
    return chosen or options[index]


def choose_tab(
    label: str, options: Sequence[str], *, key: str, default: str | None = None, shown: Callable[[str], str] = str
) -> str:
    """Let one of at most six options be chosen, all of them in sight."""
    _forget_unknown(key, options)
    first = default if default is not None and default in options else options[0]
    chosen = st.segmented_control(label, options, default=first, key=key, format_func=shown, bind="query-params", required=True)
    return chosen if chosen is not None else first


def choose_some(
    label: str,
    options: Sequence[str],
    *,
    key: str,
    default: Sequence[str] = (),
    most: int | None = None,
    shown: Callable[[str], str] = str,
    help: str | None = None,  # noqa: A002
) -> list[str]:
    """Let several options be chosen, at most `most`."""
    _forget_unknown(key, options)
    first = [option for option in default if option in options]
    return list(
        st.multiselect(
            label, options, default=first or None, max_selections=most, key=key, format_func=shown, help=help, bind="query-params"
        )
    )


def choose_number(label: str, low: int, high: int, *, key: str, default: int, step: int = 1) -> int:
    """Let a whole number from `low` to `high` be chosen by a slider."""
    return int(st.slider(label, low, high, default, step=step, key=key, bind="query-params"))


def switch(label: str, *, key: str, default: bool = False, help: str | None = None) -> bool:  # noqa: A002
    """Let something be switched on and off."""
    return st.toggle(label, default, key=key, help=help, bind="query-params")


def write_text(label: str, *, key: str, default: str = "", placeholder: str = "") -> str:
    """Let a line of text be written."""
    return st.text_input(label, default, key=key, placeholder=placeholder, bind="query-params") or ""


def in_address(key: str) -> list[str]:
    """Return what the address holds of a selection that is made in a chart or a table; empty where there is none."""
    return st.query_params.get_all(key)


def put_in_address(key: str, values: Sequence[str]) -> None:
    """Keep a selection that is made in a chart or a table in the address."""
    if values:
        st.query_params[key] = list(values)
    elif key in st.query_params:
        del st.query_params[key]


def _forget_unknown(key: str, options: Sequence[str]) -> None:
    """Drop a choice that is no option any more: another run or task has others."""
    held = st.session_state.get(key)
    known = set(options)
    if isinstance(held, list):
        if not known.issuperset(held):
            st.session_state[key] = [option for option in held if option in known]
    elif held is not None and held not in known:
        del st.session_state[key]
