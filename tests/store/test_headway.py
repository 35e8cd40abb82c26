from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from ecgbench.store import Arrival, Headway, Run, Store, WorkerNow

TOLD = Headway(
    cells=40,
    counts={"done": 3, "reused": 30},
    host="here",
    pid=7,
    updated_at=datetime(2026, 1, 2, 3, 4, 5, 678, UTC),
    workers=(WorkerNow("edges.canny", "a\udcff.png", 1.5), WorkerNow()),
    arrived=(Arrival("edges.canny", "b.png", "failed", None, "ValueError: \0 was there"),),
)


def test_what_a_run_says_comes_back_in_another_opening_of_the_store(store: Store, run: Run, location: str) -> None:
    assert store.headway(run.id) is None
    store.say_headway(run.id, replace(TOLD, counts={}))
    store.say_headway(run.id, TOLD)
    with Store(location) as other:
        assert other.headway(run.id) == TOLD
    assert TOLD.finished == 33


def test_a_run_hears_that_it_is_to_stop_until_it_is_begun_again(store: Store, run: Run, begin_run: Callable[..., Run]) -> None:
    assert not store.say_headway(run.id, TOLD)
    store.ask_to_stop(run.id)
    assert store.say_headway(run.id, TOLD) and store.is_asked_to_stop(run.id)
    begin_run(store, "first", resume=True)
    assert not store.is_asked_to_stop(run.id) and store.headway(run.id) is None


def test_a_run_that_said_nothing_yet_can_be_asked_to_stop(store: Store, run: Run) -> None:
    store.ask_to_stop(run.id)
    assert store.headway(run.id) is None
    assert store.say_headway(run.id, TOLD)
