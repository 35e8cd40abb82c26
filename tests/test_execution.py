"""Carrying out plans: every cell ends in an outcome, a bad method costs its own, and what was reported is kept."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import cv2
import numpy as np
import pytest

from ecgbench import Case, CaseInfo, Score, hookimpl, metric
from ecgbench.core.outcome import Status
from ecgbench.execution import Execution
from ecgbench.plan import make_plan
from ecgbench.store import Store, StoreError
from ecgbench.workers import stream
from tests import misbehaving_plugin
from tests.pictures import write_pictures

GOOD = {"edges.a_good", "edges.z_good"}
SEEN_THROUGH = {"edges.forking", "edges.wandering", "edges.talking", "edges.leaking"}  # what they do costs nobody anything


@pytest.fixture
def pictures(tmp_path):
    """A folder of five small pictures, one of which is no picture."""
    return write_pictures(tmp_path / "pictures", 4)


def outcomes_of(pictures, registry, methods, *, store=None, name=None, resume=False, **terms):
    plan = make_plan([str(pictures)], methods=methods, registry=registry, **terms)
    return list(Execution(plan, store=store, name=name, resume=resume).outcomes())


def told(outcomes):
    """Return what must not depend on how the plan was carried out."""
    judged = {"content_box_iou"}
    return sorted(
        (
            o.variant.label,
            o.case.name,
            o.case.content_id or "",
            o.status,
            o.error or "",
            sorted((k, v) for k, v in o.scores.items() if k in judged),
        )
        for o in outcomes
    )


def test_bad_methods_cost_their_own_outcomes_and_every_other_cell_is_there(pictures, registry):
    methods = [name for name in registry.transformers if registry.origin_of(name) == "misbehaving 1.0"]
    outcomes = outcomes_of(pictures, registry, methods, timeout=1.0, workers=2)
    assert len(outcomes) == 5 * len(methods)
    assert len({(o.variant.method, o.case.name) for o in outcomes}) == len(outcomes)
    readable = {(o.variant.method, o.status, o.error) for o in outcomes if o.case.name != "broken.png"}
    statuses = {method: (status, error) for method, status, error in readable}
    assert {method for method, status, _ in readable if status is not statuses[method][0]} == set()
    assert {name for name, (status, _) in statuses.items() if status is Status.DONE} == GOOD | SEEN_THROUGH
    assert statuses["edges.segfaulting"] == (Status.CRASHED, "The worker was lost in this method: killed by SIGSEGV.")
    assert statuses["edges.hanging"] == (Status.TIMED_OUT, "The worker was lost in this method: no sign of life for 1 s.")
    assert statuses["edges.exiting"] == (Status.CRASHED, "The worker was lost in this method: ended with exit code 5.")
    assert statuses["edges.quitting"] == (Status.CRASHED, "The worker was lost in this method: ended with exit code 6.")
    assert statuses["edges.eating"][0] is Status.FAILED
    assert "--memory" in statuses["edges.eating"][1]
    assert statuses["edges.raising"] == (Status.FAILED, "RuntimeError: out of ideas")
    assert "declares EdgeMap but returned dict" in statuses["edges.lying"][1]
    assert "must be a bool array of shape (40, 6" in statuses["edges.misshapen"][1]
    assert "read-only" in statuses["edges.writing"][1]
    assert "cannot set WRITEABLE flag" in statuses["edges.unlocking"][1]


@pytest.mark.parametrize("executor", ["processes", "serial"])
def test_what_a_method_does_to_its_process_costs_nobody_anything(pictures, registry, executor, monkeypatch):
    monkeypatch.chdir(pictures.parent)
    methods = "edges.a_good,edges.forking,edges.wandering,edges.z_good"
    here = os.getpid()
    outcomes = outcomes_of("pictures", registry, f"{methods},edges.talking,edges.leaking", executor=executor)
    assert os.getpid() == here  # no fork of it came back
    assert len(outcomes) == 5 * 6
    assert {o.case.name for o in outcomes if not o.ok} == {"broken.png"}


def test_two_runs_without_a_name_in_one_second_have_names_of_their_own(pictures, registry, tmp_path, monkeypatch):
    names = iter(["now", "now", "now-2"])  # the second was given before the first was there
    monkeypatch.setattr("ecgbench.execution.name_of_now", lambda store: next(names))
    with Store(tmp_path / "runs.db") as store:
        plan = make_plan([str(pictures)], methods="edges.a_good", registry=registry)
        assert [Execution(plan, store=store).kept_run.name for _ in range(2)] == ["now", "now-2"]


def test_a_store_that_is_removed_under_a_run_is_an_error_and_not_a_loss_in_silence(pictures, registry, tmp_path):
    with Store(tmp_path / "runs.db") as store:
        plan = make_plan([str(pictures)], methods="edges.*_good", registry=registry, executor="serial")
        outcomes = Execution(plan, store=store, name="night").outcomes()
        (tmp_path / "runs.db").unlink()
        with pytest.raises(StoreError, match=r"runs\.db was moved, removed or replaced while it was written to"):
            list(outcomes)


def test_a_picture_that_cannot_be_opened_fails_every_method_with_one_sentence(pictures, registry):
    broken = [o for o in outcomes_of(pictures, registry, "edges.*_good") if o.case.name == "broken.png"]
    assert {o.variant.method for o in broken} == GOOD
    assert {o.status for o in broken} == {Status.FAILED}
    assert all("broken.png" in o.error and o.traceback for o in broken)


@pytest.mark.parametrize(
    "terms", [{"executor": "threads"}, {"executor": "processes", "workers": 1}, {"executor": "processes", "workers": 2}]
)
def test_parallelism_and_executor_never_change_an_outcome_but_its_times(pictures, registry, terms):
    methods = "edges.canny,edges.sobel,edges.raising,edges.a_good"
    serial = outcomes_of(pictures, registry, methods, executor="serial")
    assert told(outcomes_of(pictures, registry, methods, **terms)) == told(serial)


@pytest.mark.parametrize(
    ("terms", "dealt"),
    [
        ({"workers": 2}, [((0, 2), (1,)), ((0, 1, 2),), ((0, 1, 2),), ((0, 1, 2),), ((0, 2), (1,))]),
        ({"workers": 2, "repeats": 2}, [((0, 1, 2),)] * 5),
        ({"executor": "serial"}, [((0, 1, 2),)] * 5),
    ],
)
def test_the_methods_of_the_first_and_the_last_case_are_dealt_out_to_the_workers(pictures, registry, monkeypatch, terms, dealt):
    given = {}

    def spied(pool, tasks, **more):
        for task in (every := list(tasks)):
            given.setdefault(task.case.name, []).append(task.methods)
        return stream(pool, every, **more)

    monkeypatch.setattr("ecgbench.execution.stream", spied)
    outcomes = outcomes_of(pictures, registry, "edges.canny,edges.sobel,edges.a_good", **terms)
    assert [tuple(methods) for methods in given.values()] == dealt
    assert len({(o.variant.method, o.case.name) for o in outcomes}) == len(outcomes) == 15


def test_repeats_are_timed_each_and_the_warm_up_apart(pictures, registry):
    outcomes = outcomes_of(pictures, registry, "edges.a_good", repeats=5)
    done = [o for o in outcomes if o.ok]
    assert len(done) == 4
    for outcome in done:
        assert len(outcome.seconds) == len(outcome.cpu_seconds) == 5
        assert outcome.scores["wall_min_s"] == min(outcome.seconds)
        assert outcome.scores["wall_median_s"] == sorted(outcome.seconds)[2]
        low, high = np.percentile(outcome.seconds, [25, 75])
        assert outcome.scores["wall_iqr_s"] == pytest.approx(high - low)


def test_peak_memory_is_what_the_call_added(pictures, registry):
    def hungry(image):
        return np.ones(50_000_000, np.uint8)

    from tests.misbehaving_plugin import Gray, method, nothing

    @method("edges.hungry")
    def eats_50_mb(gray: Gray) -> misbehaving_plugin.EdgeMap:
        hungry(gray)
        return nothing(gray)

    registry.register(eats_50_mb)
    outcomes = [o for o in outcomes_of(pictures, registry, "edges.hungry,edges.a_good", repeats=2) if o.ok]
    for outcome in outcomes:
        expected = 50 if outcome.variant.method == "edges.hungry" else 0
        assert outcome.scores["peak_memory_mb"] == pytest.approx(expected, abs=5)


def test_every_reported_outcome_is_in_the_store(pictures, registry, tmp_path):
    with Store(tmp_path / "runs.db") as store:
        plan = make_plan([str(pictures)], methods="edges.*_good", registry=registry)
        execution = Execution(plan, store=store, name="first")
        seen = 0
        for outcome in execution.outcomes():
            seen += 1
            kept = {(o.variant.method, o.case.name) for o in store.outcomes(execution.run.id)}
            assert (outcome.variant.method, outcome.case.name) in kept
        assert seen == 10
        assert store.find_run("first").state == "finished"
        assert sum(store.counts(execution.run.id).values()) == 10


def test_a_resumed_run_does_only_what_is_missing(pictures, registry, tmp_path):
    with Store(tmp_path / "runs.db") as store:
        plan = make_plan([str(pictures)], methods="edges.a_good", registry=registry)
        list(Execution(plan, store=store, name="night").outcomes())
        with pytest.raises(StoreError, match="night"):
            Execution(plan, store=store, name="night")
        wider = make_plan([str(pictures)], methods="edges.*_good", registry=registry)
        again = Execution(wider, store=store, name="night", resume=True)
        redone = list(again.outcomes())
        # What failed is run again; what was done is not.
        assert Counter((o.variant.method, o.status) for o in redone) == {
            ("edges.z_good", Status.DONE): 4, ("edges.z_good", Status.FAILED): 1, ("edges.a_good", Status.FAILED): 1,
        }  # fmt: skip
        assert again.reused == 4
        assert sum(store.counts(again.run.id).values()) == 10


def test_a_picture_that_changed_is_run_again_on_resume(pictures, registry, tmp_path):
    with Store(tmp_path / "runs.db") as store:
        outcomes_of(pictures, registry, "edges.a_good", store=store, name="night")
        cv2.imwrite(str(pictures / "page1.png"), np.zeros((50, 50), np.uint8))
        redone = outcomes_of(pictures, registry, "edges.a_good", store=store, name="night", resume=True)
        assert sorted(o.case.name for o in redone) == ["broken.png", "page1.png"]
        assert sum(store.counts(store.find_run("night").id).values()) == 5


def test_an_interrupted_run_keeps_what_was_done_and_says_so(pictures, registry, tmp_path):
    with Store(tmp_path / "runs.db") as store:
        plan = make_plan([str(pictures)], methods="edges.*_good", registry=registry, executor="serial")
        outcomes = Execution(plan, store=store, name="cut").outcomes()
        first = next(outcomes)
        outcomes.close()
        run = store.find_run("cut")
        assert run.state == "interrupted"
        assert first.case.name in {o.case.name for o in store.outcomes(run.id)}


PARENT = """
import sys
from ecgbench.execution import Execution
from ecgbench.plan import make_plan
from ecgbench.registry import Registry
from ecgbench.store import Store
from tests import misbehaving_plugin
from tests.pictures import write_pictures
registry = Registry.load()
registry.register(misbehaving_plugin)
plan = make_plan([sys.argv[1]], methods="edges.*_good", registry=registry, workers=2)
with Store(sys.argv[2]) as store:
    for outcome in Execution(plan, store=store, name="killed", resume=True).outcomes():
        print(outcome.variant.method, outcome.case.name, flush=True)
"""


def kept_in(store_path):
    """Return the cells of the run "killed"; none where the kill came before there was a store, or a run in it."""
    if not store_path.exists():
        return set()
    with Store(store_path) as store:
        runs = [run for run in store.runs() if run.name == "killed"]
        return {(o.variant.method, o.case.name) for run in runs for o in store.outcomes(run.id)}


def test_kill_9_of_the_parent_at_any_moment_loses_no_reported_outcome(registry, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    picture = cv2.imencode(".png", np.full((30, 30), 90, np.uint8))[1].tobytes()
    for index in range(3000):
        (folder / f"{index:04d}.png").write_bytes(picture)
    store_path = tmp_path / "runs.db"
    reported, kills = set(), 0
    for moment in (0.8, 1.1, 1.4):
        parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder), str(store_path)], stdout=subprocess.PIPE, text=True)
        time.sleep(moment)
        parent.send_signal(signal.SIGKILL)
        lines = parent.communicate()[0].splitlines()
        kills += parent.returncode == -signal.SIGKILL
        reported |= {tuple(line.split()) for line in lines if line.endswith(".png")}
        assert reported <= kept_in(store_path)
    assert kills > 0
    done = subprocess.run(
        [sys.executable, "-c", PARENT, str(folder), str(store_path)], capture_output=True, text=True, check=True, timeout=60
    )
    redone = {tuple(line.split()) for line in done.stdout.splitlines()}
    assert not redone & reported
    with Store(store_path) as store:
        assert store.counts(store.find_run("killed").id) == {Status.DONE: 6000}


class Listener:
    """Writes down what it hears."""

    def __init__(self):
        self.heard = []

    @hookimpl
    def ecgbench_run_started(self, plan):
        self.heard.append(("started", len(plan.methods)))

    @hookimpl
    def ecgbench_outcome(self, outcome):
        self.heard.append((outcome.variant.method, outcome.case.name))

    @hookimpl
    def ecgbench_run_finished(self, run):
        self.heard.append(("finished", run and run.state))


def test_hook_ecgbench_run_started_is_heard_first(pictures, registry):
    registry.register(listener := Listener())
    outcomes_of(pictures, registry, "edges.*_good")
    assert listener.heard[0] == ("started", 2)


def test_hook_ecgbench_outcome_is_heard_once_a_cell(pictures, registry):
    registry.register(listener := Listener())
    outcomes = outcomes_of(pictures, registry, "edges.*_good")
    assert sorted(listener.heard[1:-1]) == sorted((o.variant.method, o.case.name) for o in outcomes)


def test_hook_ecgbench_run_finished_is_heard_also_when_interrupted(pictures, registry, tmp_path):
    registry.register(listener := Listener())
    with Store(tmp_path / "runs.db") as store:
        plan = make_plan([str(pictures)], methods="edges.a_good", registry=registry, executor="serial")
        outcomes = Execution(plan, store=store, name="cut").outcomes()
        next(outcomes)
        outcomes.close()
    assert listener.heard[-1] == ("finished", "interrupted")


def test_a_listener_that_fails_is_named_and_the_run_goes_on(pictures, registry):
    class Deaf:
        @hookimpl
        def ecgbench_outcome(self, outcome):
            raise ValueError("what?")

    registry.register(Deaf(), origin="deaf 1.0")
    outcomes = outcomes_of(pictures, registry, "edges.*_good")
    assert len(outcomes) == 10
    (problem,) = registry.problems
    assert "Deaf" in problem.plugin
    assert "ecgbench_outcome failed and is not asked again: ValueError: what?" in problem.message


def test_a_metric_that_fails_is_said_and_costs_only_its_scores(pictures, registry):
    @metric("shaky", task="edges", scores=[Score("shaky_score", "1", "higher", "never there")])
    def shaky(page, result, truth):
        """Fail."""
        raise ZeroDivisionError("oh")

    class Offers:
        @hookimpl
        def ecgbench_metrics(self):
            return [shaky]

    registry.register(Offers())
    done = [o for o in outcomes_of(pictures, registry, "edges.a_good") if o.case.name != "broken.png"]
    assert {o.status for o in done} == {Status.DONE}
    assert {o.error for o in done} == {"The metric shaky failed: ZeroDivisionError: oh"}
    assert all("wall_median_s" in o.scores for o in done)


def test_the_same_picture_under_two_names_is_two_cases_of_one_record(pictures, registry):
    (pictures / "copy.png").write_bytes((pictures / "page0.png").read_bytes())
    by_name = {o.case.name: o.case for o in outcomes_of(pictures, registry, "edges.a_good")}
    assert by_name["copy.png"].content_id == by_name["page0.png"].content_id
    assert by_name["copy.png"].record == by_name["page0.png"].record != by_name["page1.png"].record


class Endless:
    """An image set without an end, of one tiny page."""

    name = "endless"

    def __iter__(self):
        index = 0
        page = np.zeros((4, 4), np.uint8)
        while True:
            yield Case(CaseInfo(f"{index}", "memory"), page)
            index += 1

    def count(self):
        return None


def test_an_endless_image_set_yields_outcomes_as_they_come(registry):
    from dataclasses import replace

    plan = replace(make_plan([], methods="edges.a_good", registry=registry), images=(Endless(),))
    assert plan.case_count() is None
    outcomes = Execution(plan).outcomes()
    names = {next(outcomes).case.name for _ in range(300)}
    outcomes.close()
    assert len(names) == 300


def test_the_plan_and_the_environment_are_kept_with_the_run(pictures, registry, tmp_path):
    with Store(tmp_path / "runs.db") as store:
        outcomes_of(pictures, registry, "edges.a_good", store=store, name="kept", repeats=2, timeout=9.0)
        run = store.find_run("kept")
    assert run.plan["specs"] == [str(pictures)]
    assert run.plan["repeats"] == 2
    assert run.plan["timeout"] == 9.0
    facts = json.loads(json.dumps(dict(run.environment.facts)))
    assert facts["opencv"] == cv2.__version__
    assert facts["cores"] == len(os.sched_getaffinity(0))
    assert {"python", "numpy", "cpu", "opencv_build", "threads", "platform"} <= set(facts)
