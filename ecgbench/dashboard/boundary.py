"""What goes wrong on a page becomes a sentence on that page; the traceback waits behind a click, for authors."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

from ecgbench.dashboard.method_facts import harmless

Given = ParamSpec("Given")


@contextmanager
def told_in_a_sentence() -> Iterator[None]:
    """Show what is raised inside as one sentence; Streamlit's own signals are no Exceptions and pass."""
    try:
        yield
    except Exception as error:
        st.error(harmless(sentence_of(error)), icon=":material/error:")
        if not is_told(error):
            with st.expander("Traceback, for a report of this fault"):
                st.code("".join(traceback.format_exception(error)), language="text")


def guarded(draw: Callable[Given, None]) -> Callable[Given, None]:
    """Return a drawing function whose errors are told in a sentence; for fragments, which run without their page."""

    @wraps(draw)
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> None:
        with told_in_a_sentence():
            draw(*args, **kwargs)

    return drawn


def is_told(error: Exception) -> bool:
    """Return whether an error's own message is a sentence for people."""
    return bool(str(error)) and (
        type(error).__module__.startswith("ecgbench.") or isinstance(error, (OSError, NotImplementedError))
    )


def sentence_of(error: Exception) -> str:
    """Return an error in one sentence.

    >>> sentence_of(ZeroDivisionError("division by zero"))
    'This page could not be drawn: unexpected ZeroDivisionError: division by zero.'
    """
    message = " ".join(str(error).split())
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}."
    return (
        message if is_told(error) else f"This page could not be drawn: unexpected {type(error).__name__}: {message.rstrip('.')}."
    )
