import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ecgbench.core.outcome import Environment, Outcome, Status
from ecgbench.store import Run, Store, StoreError

BATCH = 50

# Adds batches to a run of its own until it is killed, or BATCHES of them; says on a line of its own what add() returned from.
WRITER = """
import sys
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store import Store

path, name, batches, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
canny = Variant("edges.canny", "edges", "0.1", "1a2b3c")
with Store(path) as store:
    run = store.begin_run(name, plan={}, environment=Environment({}))
    for number in range(batches):
        cases = (CaseInfo(f"{number}-{index}", "scans", f"sha256:{number}-{index}") for index in range(batch))
        store.add(run.id, [Outcome(canny, case, Status.DONE, scores={f"score_{i}": i / 7 for i in range(10)}) for case in cases])
        print(number + 1, flush=True)
    store.finish_run(run.id)
"""


def start_writer(location: str, name: str, batches: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, location, name, str(batches), str(BATCH)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def check_is_sound(location: str) -> None:
    with Store(location) as store, store._engine.connect() as raw:
        if raw.dialect.name == "sqlite":
            assert raw.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        outcomes = raw.exec_driver_sql("SELECT count(*) FROM outcomes").scalar_one()
        assert raw.exec_driver_sql("SELECT count(*) FROM scores").scalar_one() == 10 * outcomes
        assert raw.exec_driver_sql("SELECT sum(written) FROM run_variants").scalar_one() == outcomes


def test_kill_9_loses_no_outcome_that_was_reported(location: str) -> None:
    for attempt in range(3):
        writer = start_writer(location, f"run-{attempt}", 1_000_000)
        assert writer.stdout is not None
        for _ in range(random.randint(1, 20)):
            writer.stdout.readline()
        time.sleep(random.uniform(0, 0.01))
        writer.send_signal(signal.SIGKILL)
        told = [line for line in writer.stdout.read().splitlines() if line]
        writer.stdout.close()
        writer.wait()
        with Store(location) as store:
            run = store.find_run(f"run-{attempt}")
            kept = store.counts(run.id)[Status.DONE]
        assert run.state == "running"
        assert kept % BATCH == 0
        assert kept >= BATCH * max(map(int, told), default=0)
        check_is_sound(location)


def test_two_processes_write_two_runs_into_a_new_store_at_once(location: str) -> None:
    writers = [start_writer(location, f"run-{number}", 20) for number in range(2)]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    with Store(location) as store:
        assert [store.counts(run.id) for run in store.runs()] == [{Status.DONE: 20 * BATCH}] * 2
        assert {run.state for run in store.runs()} == {"finished"}
        assert len(store.cases(store.runs()[0].id)) == 20 * BATCH
    check_is_sound(location)


def test_a_reader_sees_whole_batches_while_another_writes(location: str) -> None:
    writer = start_writer(location, "run", 60)
    assert writer.stdout is not None
    writer.stdout.readline()
    seen = []
    with Store(location) as store:
        run = store.find_run("run")
        while writer.poll() is None:
            outcomes = list(store.outcomes(run.id))
            seen.append(store.counts(run.id)[Status.DONE])
            assert all(len(outcome.scores) == 10 for outcome in outcomes)
            assert len(outcomes) <= seen[-1]
        writer.stdout.close()
        assert store.counts(run.id) == {Status.DONE: 60 * BATCH}
    assert writer.returncode == 0
    assert seen == sorted(seen)
    assert all(count % BATCH == 0 for count in seen)


def test_a_store_that_stays_locked_is_an_error_in_time(tmp_path: Path, make_outcome: Callable[..., Outcome]) -> None:
    path = tmp_path / "s.db"
    with Store(path, busy_s=0.1) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        run = store.begin_run("run", plan={}, environment=Environment({}))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="kept locked by another program"):
            store.add(run.id, [make_outcome()])
        assert store.counts(run.id) == {}
        other.execute("ROLLBACK")
        store.add(run.id, [make_outcome()])
        assert list(store.outcomes(run.id)) == [make_outcome()]


FULL_DISK = """
import resource, sys
from ecgbench.core.outcome import Environment, Outcome, Status, Variant
from ecgbench.core.truth import CaseInfo
from ecgbench.store import Store, StoreError

canny = Variant("edges.canny", "edges", "0.1", "1a2b3c")
store = Store(sys.argv[1])
run = store.begin_run("run", plan={}, environment=Environment({}))
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
added = 0
try:
    while added < 100_000:
        cases = [CaseInfo(f"{added + index}", "scans") for index in range(100)]
        store.add(run.id, [Outcome(canny, case, Status.FAILED, error="why " * 10) for case in cases])
        added += 100
except StoreError as error:
    print(added, error)
"""


def test_a_full_disk_is_an_error_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    done = subprocess.run([sys.executable, "-c", FULL_DISK, path], capture_output=True, text=True, timeout=60, check=True)
    added, _, said = done.stdout.partition(" ")
    assert "go on with --resume" in said
    with Store(path) as store:
        run = store.find_run()
        assert store.counts(run.id).get(Status.FAILED, 0) == int(added) > 0
        assert len(store.cases(run.id)) == int(added)


def test_numbers_given_in_a_failed_batch_are_not_remembered(store: Store, run: Run, make_outcome: Callable[..., Outcome]) -> None:
    good, bad = make_outcome("edges.new", "new.png"), make_outcome("edges.new", "bad.png", convert_seconds=object())
    with pytest.raises(StoreError):
        store.add(run.id, [good, bad])
    store.add(run.id, [make_outcome("edges.other", "other.png", scores={"other_score": 1.0})])
    store.add(run.id, [good])
    assert {outcome.variant.method for outcome in store.outcomes(run.id)} == {"edges.other", "edges.new"}
    assert list(store.outcomes(run.id, method="edges.new")) == [good]


def test_several_threads_use_one_store(store: Store, run: Run, make_outcome: Callable[..., Outcome]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(number: int) -> int:
        store.add(run.id, [make_outcome(f"edges.m{number}", f"{index}.png") for index in range(50)])
        return sum(1 for _ in store.outcomes(run.id, method=f"edges.m{number}"))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(8))) == [50] * 8
    assert store.counts(run.id) == {Status.DONE: 400}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc to see memory")
@pytest.mark.parametrize("location", ["sqlite"], indirect=True)
def test_reading_many_outcomes_holds_only_a_page(store: Store, run: Run, make_outcome: Callable[..., Outcome]) -> None:
    for start in range(0, 6_000, 500):
        store.add(
            run.id, [make_outcome(case=f"{start + i}.png", traceback="x" * 10_000, status=Status.FAILED) for i in range(500)]
        )

    def resident_mb() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    stream = store.outcomes(run.id)
    next(stream)
    before = resident_mb()
    assert sum(1 for _ in stream) == 5_999
    assert resident_mb() - before < 40  # all of them are 60 MB; a page is 10 MB
