"""A server gets ready for its first visitor, and does not look for garbage in what it got ready."""

import gc

from streamlit import runtime

from ecgbench.dashboard import readiness, serving
from ecgbench.default_store import STORE_VARIABLE


def test_what_is_there_when_a_server_is_ready_is_left_out_of_collecting_garbage(monkeypatch):
    done = []
    monkeypatch.setenv(STORE_VARIABLE, "team.db")
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(readiness, "get_ready", done.append)
    monkeypatch.setattr(gc, "freeze", lambda: done.append("frozen"))
    serving.get_ready_when_served()
    assert done == ["team.db", "frozen"]
