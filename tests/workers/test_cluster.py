"""A dask cluster as a pool: two workers over TCP, of which one is killed."""

import importlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ecgbench
from ecgbench.core.outcome import Status
from ecgbench.execution import Execution
from ecgbench.plan import make_plan
from ecgbench.store import Store
from ecgbench.workers import PoolError, cluster, open_pool, stream
from tests import misbehaving_plugin, sleeping_plugin
from tests.pictures import write_pictures

if (
    importlib.util.find_spec("distributed") is None
):  # imported by the tests that need it: it takes long, and every test process collects
    pytest.skip("dask is not installed: pip install 'ecg-image-bench[distributed]'", allow_module_level=True)
ROOT = Path(__file__).parents[2]


def start(*words, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", f"distributed.cli.dask_{words[0]}", *words[1:]]
    with (folder / f"{words[0]}.log").open("a") as log:
        return subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)


def until(said, path, seconds=60):
    """Wait for words in a file."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = re.findall(said, path.read_text()) if path.exists() else []
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(path.read_text())


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a real scheduler with two workers of one thread; the first is started again by a nanny when it dies."""
    folder = tmp_path_factory.mktemp("dask")
    started = [start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter", folder=folder)]
    try:
        found = until(r"Scheduler at: +(tcp://\S+)", folder / "scheduler.log")[0]
        words = ("worker", found, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder))
        started += [start(*words, more, folder=folder) for more in ("--nanny", "--no-nanny")]
        yield found
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:  # a nanny may wait for ever for a scheduler that is gone
                process.kill()
                process.wait()


@pytest.fixture
def pictures(tmp_path):
    return write_pictures(tmp_path / "pictures", 25)


@pytest.fixture
def registry(registry):
    registry.register(sleeping_plugin, origin="sleeping 1.0")
    return registry


def told(outcomes):
    """Return what must not depend on how the plan was carried out."""
    judged = ("content_box_iou", "edge_density")
    return sorted(
        (o.variant.label, o.case.name, o.case.content_id or "", o.status, o.error or "", [o.scores.get(name) for name in judged])
        for o in outcomes
    )


def test_a_worker_that_is_killed_costs_no_outcome_and_none_differs_from_those_made_here(address, pictures, registry, tmp_path):
    from distributed import Client

    methods = "edges.a_good,edges.raising,edges.sleeping"
    plan = make_plan([str(pictures)], methods=methods, registry=registry, executor="dask", scheduler=address, timeout=30.0)
    with Store(tmp_path / "runs.db") as store, Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        before = client.run(os.getpid)
        with_nanny = next(each for each, known in client.scheduler_info()["workers"].items() if known["nanny"])
        execution = Execution(plan, store=store, name="cut")
        outcomes = []
        for outcome in execution.outcomes():
            outcomes.append(outcome)
            if len(outcomes) == 1:
                os.kill(before[with_nanny], signal.SIGKILL)
        assert before[with_nanny] not in client.run(os.getpid).values()
        assert told(store.outcomes(execution.kept_run.id)) == told(outcomes)
    assert len({(o.variant.method, o.case.name) for o in outcomes}) == len(outcomes) == 3 * 26
    here = make_plan([str(pictures)], methods=methods, registry=registry, executor="serial")
    assert told(outcomes) == told(Execution(here).outcomes())


def test_methods_that_crash_or_hang_are_blamed_and_leave_the_cluster_alone(address, pictures, registry):
    from distributed import Client

    methods = "edges.a_good,edges.segfaulting,edges.hanging"
    plan = make_plan(
        [str(pictures / "page0.png")], methods=methods, registry=registry, executor="dask", scheduler=address, timeout=1.0
    )
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        before = client.run(os.getpid)
        outcomes = {outcome.variant.method: outcome for outcome in Execution(plan).outcomes()}
        assert client.run(os.getpid) == before
    assert outcomes["edges.a_good"].ok
    assert outcomes["edges.segfaulting"].error == "The worker was lost in this method: killed by SIGSEGV."
    assert outcomes["edges.hanging"].status is Status.TIMED_OUT


def test_no_more_is_under_way_than_keeps_the_workers_busy(address):
    drawn = finished = most = 0

    def payloads():
        nonlocal drawn, most
        for drawn in range(1, 101):
            most = max(most, drawn - finished)
            yield drawn

    pool = open_pool("dask", twice, scheduler=address)
    try:
        for batch in stream(pool, payloads()):
            finished += len(batch)
            assert all(each.value == 2 * each.payload for each in batch)
    finally:
        pool.close()
    assert finished == 100
    assert most <= 5  # two for each of two threads, and the one that is asked for


def twice(payload, _beat):
    return 2 * payload


def test_a_plugin_that_workers_have_not_is_said_before_work_starts(address, tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("def work(payload, beat):\n    return payload\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    work = importlib.import_module("only_here").work
    with pytest.raises(PoolError, match=r"The dask worker tcp://\S+ cannot load .*No module named 'only_here'.*install the same"):
        open_pool("dask", work, scheduler=address)


def test_another_version_on_a_worker_is_said_before_work_starts(address, monkeypatch):
    there = ecgbench.__version__
    monkeypatch.setattr(ecgbench, "__version__", "99.0")
    with pytest.raises(PoolError, match=rf"has ecgbench {re.escape(there)} where this run has 99\.0; install the same there\."):
        open_pool("dask", twice, scheduler=address)


def test_another_source_of_a_method_on_a_worker_is_said_before_work_starts(address, pictures, registry, monkeypatch):
    plan = make_plan([str(pictures)], methods="edges.a_good", registry=registry, executor="dask", scheduler=address)
    object.__setattr__(plan.methods[0].transformer, "source_hash", "edited")
    try:
        with pytest.raises(PoolError, match=r"has edges\.a_good .* where this run has .*\(edited\)"):
            list(Execution(plan).outcomes())
    finally:
        importlib.reload(misbehaving_plugin)


def test_a_cluster_within_this_process_gives_the_same_values():
    pool = open_pool("dask", twice, workers=1)
    try:
        assert {each.payload: each.value for batch in stream(pool, range(30)) for each in batch} == {n: 2 * n for n in range(30)}
    finally:
        pool.close()


def test_a_scheduler_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 0.3)
    with pytest.raises(PoolError, match=r"No dask scheduler answers at 'tcp://127.0.0.1:9'.*start one by `dask scheduler`"):
        open_pool("dask", twice, scheduler="tcp://127.0.0.1:9")


def test_a_scheduler_without_workers_is_one_sentence(tmp_path, monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "CONNECT_S", 0.3)
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(PoolError, match="has no workers; start some by `dask worker"),
    ):
        open_pool("dask", twice, scheduler=empty.scheduler_address)


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PoolError, match=r"pip install 'ecg-image-bench\[distributed\]'"):
        open_pool("dask", twice)


def test_a_scheduler_is_dask_s():
    with pytest.raises(PoolError, match="give --executor dask with --scheduler"):
        open_pool("processes", twice, scheduler="tcp://127.0.0.1:9")
