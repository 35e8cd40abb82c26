"""What need not be run again: nothing that stands in an earlier run with the same case, method, params and metrics."""

import importlib
import sys
from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgbench import Case, CaseInfo, Score, hookimpl, metric
from ecgbench.core.outcome import Environment
from ecgbench.execution import Execution
from ecgbench.plan import make_plan
from ecgbench.registry import Registry
from ecgbench.store import Store

METHOD = '''
"""One method of many, in a module of its own."""
import builtins
import numpy as np
from ecgbench import EdgeMap, Gray, transformer

@transformer("edges.m{number}")
def method(gray: Gray) -> EdgeMap:
    """Mark nothing.

    How it works: it counts how often it was asked.
    What works: all.
    What didn't work: nothing.
    Changes: 0.1 first version.
    """
    builtins.ecgbench_calls["m{number}"] += 1
    return EdgeMap(np.zeros(gray.shape, bool), None){edited}
'''
NUMBERS = range(10)


@pytest.fixture
def calls(monkeypatch):
    """How often each method was called."""
    import builtins

    counter = Counter()
    monkeypatch.setattr(builtins, "ecgbench_calls", counter, raising=False)
    return counter


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Ten methods in a package; calling it writes one anew, or all, and gives a registry of them as they are now."""
    folder = tmp_path / "tenmethods"
    folder.mkdir()
    (folder / "__init__.py").write_text('__version__ = "1.0"\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def load(*, edit=NUMBERS, saying=""):
        for number in edit:
            (folder / f"m{number}.py").write_text(METHOD.format(number=number, edited=saying))
        for name in [name for name in sys.modules if name.startswith("tenmethods")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        registry = Registry.load()
        for number in NUMBERS:
            assert registry.register(importlib.import_module(f"tenmethods.m{number}"), origin="ten 1.0") == []
        return registry

    yield load
    for name in [name for name in sys.modules if name.startswith("tenmethods")]:
        del sys.modules[name]


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(3):
        cv2.imwrite(str(folder / f"{index}.png"), np.full((20, 30), 100 + index, np.uint8))
    return folder


def run(store, registry, pictures, name, **terms):
    plan = make_plan([str(pictures)], methods="edges.m*", registry=registry, executor="serial", **terms)
    execution = Execution(plan, store=store, name=name, changed=True)
    return execution, list(execution.outcomes())


def test_a_second_run_after_editing_one_of_ten_methods_does_only_that_method_s_cells(package, pictures, calls, tmp_path):
    with Store(tmp_path / "s.db") as store:
        first, outcomes = run(store, package(), pictures, "first")
        assert (len(outcomes), first.reused) == (30, 0)
        assert not first.backlog.has_earlier_runs
        called = Counter(calls)
        calls.clear()
        second, outcomes = run(store, package(edit=[3], saying="  # edited"), pictures, "second")
        # Three pictures, and the call in a worker that is never timed.
        assert calls == {"m3": 4}
        assert called == {f"m{number}": 4 for number in NUMBERS}
        assert {outcome.variant.method for outcome in outcomes} == {"edges.m3"}
        assert (len(outcomes), second.reused) == (3, 27)
        kept = {(o.variant.method, o.case.name): o for o in store.outcomes(store.find_run("second").id)}
        earlier = {(o.variant.method, o.case.name): o for o in store.outcomes(store.find_run("first").id)}
        assert len(kept) == 30
        assert all(kept[cell] == earlier[cell] for cell in kept if cell[0] != "edges.m3")
        calls.clear()
        third, outcomes = run(store, package(edit=[]), pictures, "third")
        assert (outcomes, third.reused, calls) == ([], 30, {})
        assert len(list(store.outcomes(third.run.id))) == 30


def test_what_differs_is_run_again(package, pictures, calls, tmp_path):
    registry = package()
    with Store(tmp_path / "s.db") as store:

        def again(name, **terms):
            execution, outcomes = run(store, registry, pictures, name, **terms)
            return len(outcomes), execution.reused

        assert again("first") == (30, 0)
        cv2.imwrite(str(pictures / "0.png"), np.zeros((20, 30), np.uint8))
        (pictures / "new.png").write_bytes((pictures / "1.png").read_bytes())
        assert again("case") == (20, 20)
        assert again("repeats", repeats=3) == (40, 0)

        @metric("odd", task="edges", scores=[Score("odd_score", "1", "higher", "is one")])
        def odd(page, result, truth):
            """Say one."""
            return {"odd_score": 1.0}

        class Offers:
            @hookimpl
            def ecgbench_metrics(self):
                return [odd]

        registry.register(Offers())
        assert again("metric") == (40, 0)
        assert again("same") == (0, 40)


def test_an_outcome_of_another_machine_or_of_failure_is_not_taken(package, pictures, calls, tmp_path, monkeypatch):
    registry = package()
    with Store(tmp_path / "s.db") as store:
        (pictures / "broken.png").write_bytes(b"no picture")
        run(store, registry, pictures, "first")
        execution, outcomes = run(store, registry, pictures, "second")
        assert ({o.case.name for o in outcomes}, execution.reused) == ({"broken.png"}, 30)
        here = dict(store.find_run("first").environment.facts)
        monkeypatch.setattr("ecgbench.backlog.current_environment", lambda: Environment({**here, "cpu": "Another 3000"}))
        execution, outcomes = run(store, registry, pictures, "elsewhere")
        assert (execution.reused, execution.backlog.has_earlier_runs) == (0, False)


def test_metrics_that_changed_are_judged_by_again_on_resume(package, pictures, calls, tmp_path):
    registry = package()
    plan = make_plan([str(pictures)], methods="edges.m*", registry=registry, executor="serial")
    with Store(tmp_path / "s.db") as store:
        list(Execution(plan, store=store, name="night").outcomes())
        registry.metrics |= {
            name: replace(old, version="another") for name, old in registry.metrics.items() if old.task == "edges"
        }
        again = Execution(plan, store=store, name="night", resume=True)
        assert len(list(again.outcomes())) == 30
        assert again.reused == 0
        assert sum(store.counts(again.kept_run.id).values()) == 30


class Arrays:
    name = "arrays"

    def __iter__(self):
        for index in range(3):
            yield Case(CaseInfo(f"{index}", "memory"), np.zeros((4, 4), np.uint8))

    def count(self):
        return 3


def test_a_case_whose_content_nobody_knows_is_run_again(package, calls, tmp_path):
    plan = replace(make_plan([], methods="edges.m0", registry=package(), executor="serial"), images=(Arrays(),))
    with Store(tmp_path / "s.db") as store:
        for name in ("first", "second"):
            execution = Execution(plan, store=store, name=name, changed=True)
            assert len(list(execution.outcomes())) == 3
