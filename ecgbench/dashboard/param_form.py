"""The form of a method's parameters, derived from their dataclass; each control's state is in the page's address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ecgbench.core.params import ParamError, ParamSpec
from ecgbench.core.transformer import Transformer
from ecgbench.dashboard.forms import Control, changed, control_of
from ecgbench.dashboard.method_facts import plain


def param_form(method: Transformer[Any]) -> dict[str, Any]:
    """Draw a control a parameter, and return the values that are not the defaults."""
    if not method.params:
        st.caption("It takes no parameters.")
        return {}
    values = {spec.name: _draw(control_of(spec), f"{method.name}.{spec.name}") for spec in method.params}
    given = changed(method.params, values)
    if given:
        st.button(
            "Back to the defaults",
            key=f"reset-{method.name}",
            on_click=_reset,
            args=(method,),
            icon=":material/undo:",
            type="tertiary",
        )
    return given


def _draw(control: Control, key: str) -> Any:
    spec = control.spec
    _drop_impossible(spec, key)
    about = f"{plain(spec.doc)}; {plain(spec.bounds)}, by default {plain(str(spec.default))}"
    if control.kind == "switch":
        return st.toggle(spec.name, spec.default, key=key, help=about, bind="query-params")
    if control.kind == "choice":
        options = list(spec.choices or ())
        return st.selectbox(spec.name, options, options.index(spec.default), key=key, help=about, bind="query-params")
    draw = st.slider if control.kind == "slider" else st.number_input
    return draw(
        spec.name, control.low, control.high, spec.default, step=spec.type(control.step), format=control.format, key=key,
        help=about, bind="query-params",
    )  # fmt: skip


def _drop_impossible(spec: ParamSpec, key: str) -> None:
    """Drop a value that the parameter does not take: a method may have changed since its address was written."""
    held = st.session_state.get(key)
    if held is not None:
        try:
            spec.check(held)
        except ParamError:
            del st.session_state[key]


def _reset(method: Transformer[Any]) -> None:
    for spec in method.params:
        st.session_state[f"{method.name}.{spec.name}"] = spec.default
