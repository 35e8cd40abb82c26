"""Single jobs: each has a future of its own, whatever becomes of the others."""

import os
import signal
import threading
import time
from concurrent.futures import CancelledError, wait

import pytest

from ecgbench.workers import Lost, PoolError, ProcessJobs, Raised, ThreadJobs

POOLS = [ThreadJobs, ProcessJobs]


def obey(payload, beat):
    beat(0)
    if payload == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if payload == "raise":
        raise ValueError("no")
    if isinstance(payload, float):
        time.sleep(payload)
    if isinstance(payload, bytes):
        return payload[::-1]
    return payload


@pytest.fixture
def opened():
    pools = []

    def open_one(kind, **terms):
        pools.append(kind(obey, **{"workers": 2, **terms}))
        return pools[-1]

    yield open_one
    for pool in pools:
        pool.close()


@pytest.mark.parametrize("kind", POOLS)
def test_jobs_from_many_threads_all_get_their_own_answer(opened, kind):
    pool = opened(kind)
    answers = {}

    def ask(name):
        for number in range(20):
            answers[name, number] = pool.submit((name, number)).result(30)

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {(name, number): (name, number) for name in range(4) for number in range(20)}


@pytest.mark.parametrize("kind", POOLS)
def test_a_job_that_raises_is_told_as_a_value(opened, kind):
    answer = opened(kind).submit("raise").result(30)
    assert isinstance(answer, Raised)
    assert answer.error == "ValueError: no"


@pytest.mark.parametrize("kind", POOLS)
def test_a_job_that_waits_can_be_cancelled_and_the_others_go_on(opened, kind):
    pool = opened(kind, workers=1)
    first, second, third = pool.submit(0.3), pool.submit("second"), pool.submit("third")
    assert second.cancel()
    assert (first.result(30), third.result(30)) == (0.3, "third")


def test_pictures_larger_than_a_pipe_cross_in_both_directions(opened):
    pool = opened(ProcessJobs)
    data = os.urandom(3 << 20)
    assert [future.result(30) for future in [pool.submit(data) for _ in range(8)]] == [data[::-1]] * 8


def test_a_worker_that_is_lost_costs_its_job_only(opened):
    pool = opened(ProcessJobs, timeout=1.0)
    futures = [pool.submit(payload) for payload in ("a", "die", "b", 60.0, "c")]
    wait(futures, 60)
    assert [future.result() for future in futures] == [
        "a",
        Lost(0, "killed by SIGKILL"),
        "b",
        Lost(0, "no sign of life for 1 s", timed_out=True),
        "c",
    ]


@pytest.mark.parametrize("kind", POOLS)
def test_closing_drops_what_waits_and_says_whether_anything_goes_on(opened, kind):
    pool = opened(kind, workers=1)
    running, waiting = pool.submit(0.4), pool.submit(0.1)
    while not running.running():
        time.sleep(0.01)
    assert pool.close(patience=20)
    assert running.result(0) == 0.4
    with pytest.raises((CancelledError, PoolError)):
        waiting.result(0)
    with pytest.raises(PoolError, match="closed"):
        pool.submit("more")


def test_a_thread_that_hangs_is_told_of_on_closing(opened):
    pool = opened(ThreadJobs, workers=1)
    running = pool.submit(1.0)
    while not running.running():
        time.sleep(0.01)
    assert not pool.close(patience=0.05)
    assert running.result(10) == 1.0


class DiesOnArrival:
    def __call__(self, payload, beat): ...

    def __reduce__(self):
        return os._exit, (9,)


def test_workers_that_never_start_are_everybodys_error():
    pool = ProcessJobs(DiesOnArrival(), workers=1)
    try:
        with pytest.raises(PoolError, match="do not start: ended with exit code 9"):
            pool.submit(0).result(60)
    finally:
        pool.close()
