"""Pools: nothing is lost but what a lost worker was doing, and that is named."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

import pytest

from ecgbench.workers import START, Lost, PoolError, Raised, in_order, open_pool, parallel_map, stream


def square(payload, beat):
    beat(payload)
    return payload * payload


def misbehave(payload, beat):
    """Do to the worker what `payload` says, after a beat labelled 7."""
    beat(7)
    if payload == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if payload == "exit":
        os._exit(3)
    if payload == "hang":
        time.sleep(600)
    if payload == "eat":
        return len(bytearray(16 << 30))
    if payload == "raise":
        raise ValueError("two\nlines")
    if payload == "unpicklable":
        return (each for each in ())
    return payload


def run(executor, work, payloads, **terms):
    pool = open_pool(executor, work, workers=2, **terms)
    try:
        return {finished.payload: finished.value for batch in stream(pool, payloads) for finished in batch}
    finally:
        pool.close()


@pytest.mark.parametrize("executor", ["processes", "threads", "serial"])
def test_every_executor_gives_the_same_values(executor):
    assert run(executor, square, range(50)) == {n: n * n for n in range(50)}


@pytest.mark.parametrize("executor", ["processes", "threads", "serial"])
def test_values_come_in_input_order_where_order_is_asked_for(executor):
    def slow_first(payload, beat):
        time.sleep(0.05 if payload == 0 else 0)
        return payload

    pool = open_pool(executor, slow_first, workers=2)
    try:
        ordered = [finished.payload for finished in in_order(stream(pool, range(20)), key=int)]
    finally:
        pool.close()
    assert ordered == list(range(20))


@pytest.mark.parametrize("executor", ["processes", "threads", "serial"])
def test_an_error_is_the_payloads_own(executor):
    values = run(executor, misbehave, ["a", "raise", "b"])
    assert values["a"] == "a"
    assert values["b"] == "b"
    assert isinstance(values["raise"], Raised)
    assert values["raise"].error == "ValueError: two lines"
    assert "misbehave" in values["raise"].traceback


def test_workers_that_are_lost_cost_what_they_were_doing_and_are_replaced():
    bad = ["segfault", "exit", "hang", "eat", "raise", "unpicklable"]
    good = [f"good {n}" for n in range(20)]
    mixed = [*good[:5], *bad, *good[5:]]
    values = run("processes", misbehave, mixed, timeout=1.0, memory_bytes=2 << 30)
    assert set(values) == set(mixed)
    assert all(values[name] == name for name in good)
    assert values["segfault"] == Lost(7, "killed by SIGSEGV")
    assert values["exit"] == Lost(7, "ended with exit code 3")
    assert values["hang"] == Lost(7, "no sign of life for 1 s", timed_out=True)
    assert values["eat"].error.startswith("MemoryError")
    assert "generator" in values["unpicklable"].error


def test_a_beat_restarts_the_deadline():
    def beats_on(payload, beat):
        for label in range(6):
            beat(label)
            time.sleep(0.2)
        return "done"

    assert run("processes", beats_on, [0], timeout=0.6) == {0: "done"}


def test_a_worker_killed_while_idle_costs_nothing():
    def pid(payload, beat):
        return os.getpid()

    pool = open_pool("processes", pid, workers=1)
    try:
        pool.submit("first")
        first = pool.collect()[0].value
        os.kill(first, signal.SIGKILL)
        pool.submit("second")
        second = [finished.value for _ in range(50) for finished in pool.collect(0.1)]
    finally:
        pool.close()
    # The task may have reached the dying worker before its death was seen: then it is lost by name, before its first beat.
    assert second == [Lost(START, "killed by SIGKILL")] or (isinstance(second[0], int) and second[0] != first)


def test_a_worker_in_which_tasks_left_threads_or_memory_is_replaced_and_nobody_is_blamed():
    def leak(payload, beat):
        if payload % 5 == 0:
            leaks = vars(time).setdefault("leaks", [])  # a module outlives the task
            leaks.append(bytearray(400 << 20))
        if payload % 7 == 0:
            for _ in range(33):
                threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        return os.getpid()

    values = run("processes", leak, range(40), memory_bytes=4 << 30, timeout=30)
    assert set(values) == set(range(40))
    assert all(isinstance(value, int) for value in values.values())
    assert len(set(values.values())) >= 4


def test_a_fork_that_comes_back_does_not_answer_in_its_parents_name():
    def fork(payload, beat):
        os.fork()
        return payload

    assert run("processes", fork, range(20)) == {n: n for n in range(20)}


def test_kill_9_of_workers_at_random_moments_loses_only_what_they_were_doing():
    def nap(payload, beat):
        time.sleep(0.004)
        return os.getpid()

    pool = open_pool("processes", nap, workers=2)
    seen, lost, kills = set(), 0, 0
    try:
        for batch in stream(pool, range(600), tick=0.05):
            for finished in batch:
                assert finished.payload not in seen
                seen.add(finished.payload)
                lost += isinstance(finished.value, Lost)
                if finished.payload % 30 == 29 and isinstance(finished.value, int):
                    kills += 1
                    os.kill(finished.value, signal.SIGKILL)
    finally:
        pool.close()
    assert seen == set(range(600))
    assert kills >= 10
    assert lost <= kills


def test_kill_9_of_the_forkserver_does_not_end_a_run():
    from multiprocessing import forkserver

    def nap(payload, beat):
        time.sleep(0.01)
        return payload

    pool = open_pool("processes", nap, workers=2)
    seen = set()
    try:
        for batch in stream(pool, range(60)):
            for finished in batch:
                seen.add(finished.payload)
                if finished.payload == 20:
                    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    finally:
        pool.close()
    assert seen == set(range(60))


def test_workers_die_with_their_parent():
    script = """
import os, sys, time
from ecgbench.workers import open_pool
def hang(payload, beat):
    print(os.getpid(), file=sys.stderr, flush=True)
    time.sleep(600)
pool = open_pool("processes", hang, workers=1)
pool.submit(0)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)
    worker = int(parent.stderr.readline())
    parent.kill()
    parent.wait()
    parent.stderr.close()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{worker}").exists()


def test_retries_are_done_before_further_payloads_and_all_end():
    retries = deque()
    pool = open_pool("serial", square)
    order = []
    for batch in stream(pool, [1, 2, 3], retries=retries):
        for finished in batch:
            order.append(finished.payload)
            if finished.payload == 1:
                retries.append(10)
    assert order == [1, 10, 2, 3]


def test_memory_holds_only_what_is_under_way():
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield taken

    pool = open_pool("processes", square, workers=2)
    try:
        next(stream(pool, endless()))
    finally:
        pool.close()
    assert taken <= 2 * 2


def test_a_script_without_a_main_guard_is_not_run_again_in_workers(tmp_path):
    script = tmp_path / "user_script.py"
    script.write_text(
        "print('ran')\n"
        "from ecgbench.workers import open_pool, stream\n"
        "def work(payload, beat):\n    print('of a method, which goes to stderr')\n    return payload + 1\n"
        "pool = open_pool('processes', work, workers=2)\n"
        "print(sorted(f.value for batch in stream(pool, range(3)) for f in batch))\n"
        "pool.close()\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["ran", "[1, 2, 3]"]


def test_what_lies_in_the_current_folder_is_not_taken_for_a_module_by_workers_of_a_script_elsewhere(tmp_path):
    here, script = tmp_path / "here", tmp_path / "script.py"
    here.mkdir()
    for name in ("ecgbench.py", "random.py", "struct.py"):
        (here / name).write_text("raise SystemExit('the wrong one')")
    script.write_text(
        "import os\nfrom ecgbench.workers import parallel_map\n"
        "def work(payload):\n    import random\n    return random.__file__, os.environ.get('PYTHONSAFEPATH')\n"
        "[(file, safe)] = parallel_map(work, [0], workers=1)\nprint(file, safe, os.environ.get('PYTHONSAFEPATH'))\n"
    )
    done = subprocess.run([sys.executable, script], cwd=here, capture_output=True, text=True, timeout=60, check=True)
    file, *safe = done.stdout.split()
    assert not file.startswith(str(tmp_path))
    assert safe == ["None", "None"]
    assert done.stderr == ""


@pytest.mark.parametrize("executor", ["threads", "serial"])
def test_executors_that_cannot_end_a_hanging_method_refuse_a_timeout(executor):
    with pytest.raises(PoolError, match="cannot end a method that hangs; use --executor processes"):
        open_pool(executor, square, timeout=1)


def test_an_unknown_executor_lists_the_known_ones():
    with pytest.raises(PoolError, match="processes, threads, serial"):
        open_pool("gpu", square)


class DiesOnArrival:
    def __reduce__(self):
        return os._exit, (9,)


def test_work_that_kills_each_worker_on_arrival_is_an_error_and_not_an_endless_loop():
    pool = open_pool("processes", DiesOnArrival(), workers=1)
    try:
        pool.submit(0)
        with pytest.raises(PoolError, match="do not start: ended with exit code 9"):
            pool.collect()
    finally:
        pool.close()


def test_workers_have_the_environment_that_their_pool_was_opened_in(monkeypatch):
    for value in ("one", "two"):  # the forkserver has been there since the first
        monkeypatch.setenv("ECGBENCH_TEST_VARIABLE", value)
        read = parallel_map(lambda name: dict(os.environ)[name], ["ECGBENCH_TEST_VARIABLE"], workers=1)
        assert list(read) == [value]
