from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ecgbench.core.outcome import Environment
from ecgbench.dashboard.run_progress import arrivals_table, progress_of, workers_table
from ecgbench.store import Arrival, Headway, Run, WorkerNow

BEGAN = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
RUN = Run(1, "r", BEGAN, None, "running", {}, Environment({}))
TOLD = Headway(
    cells=40, counts={"done": 8, "failed": 2}, host="elsewhere", pid=1, updated_at=BEGAN + timedelta(seconds=10),
    workers=(WorkerNow("edges.canny", "a.png", 0.25), WorkerNow(None, "b.png", 2.0), WorkerNow()),
    arrived=(Arrival("edges.canny", "c.png", "done", 0.0125), Arrival("edges.sobel", "c.png", "failed", None, "ValueError: no")),
)  # fmt: skip


def state(told, seconds, **more):
    return progress_of(RUN, told, now=BEGAN + timedelta(seconds=seconds), **more).state


def test_a_run_says_how_far_it_is_and_how_long_it_may_take():
    progress = progress_of(RUN, TOLD, now=BEGAN + timedelta(seconds=11))
    assert (progress.state, progress.share, progress.left_s) == ("going on", 0.25, 30.0)
    assert progress.sentence == "10 of 40 cells (8 done, 2 failed), about 30 s left."


def test_what_was_reused_is_no_pace():
    told = replace(TOLD, counts={"done": 1, "reused": 30})
    progress = progress_of(RUN, told, now=BEGAN + timedelta(seconds=11))
    assert progress.left_s is None and progress.sentence == "31 of 40 cells (1 done, 30 reused)."


def test_a_run_without_a_sign_of_life_is_told_apart_from_one_that_goes_on():
    assert state(None, 3) == "starting" and state(None, 300) == "silent"
    assert state(TOLD, 12) == "going on" and state(TOLD, 100) == "silent"
    assert state(TOLD, 12, stopping=True) == "stopping"


@pytest.mark.parametrize(("pid", "expected"), [(2**22 + 1, "killed"), (1, "going on")])  # beyond any process number of Linux
def test_of_a_run_on_this_machine_it_is_known_that_its_process_is_gone(monkeypatch, pid, expected):
    monkeypatch.setattr("platform.node", lambda: "here")
    assert state(replace(TOLD, host="here", pid=pid), 14) == expected


def test_an_endless_run_has_no_share():
    assert progress_of(RUN, replace(TOLD, cells=None), now=BEGAN + timedelta(seconds=11)).share is None


def test_an_ended_run_says_how_and_may_go_on():
    run = replace(RUN, state="interrupted", finished_at=BEGAN + timedelta(seconds=75))
    progress = progress_of(run, TOLD)
    assert progress.resumable and progress.sentence.startswith("Interrupted after 1 min 15 s: 10 of 40 cells")


def test_tables_say_what_workers_do_and_what_came():
    assert [row["method"] for row in workers_table(TOLD)] == ["edges.canny", "opens the picture", ""]
    assert [(row["ms"], row["error"]) for row in arrivals_table(TOLD)] == [("12.5", ""), ("", "ValueError: no")]
    assert workers_table(None) == arrivals_table(None) == []
