"""Plans: which variants run on which cases, and what is refused before anything runs."""

import json
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ecgbench import Case, CaseInfo, EdgeMap, Gray, ImageSetOpener, Score, SpecError, hookimpl, metric, param, transformer
from ecgbench.core.metric import COST_SCORES
from ecgbench.core.params import ParamError
from ecgbench.plan import Plan, PlanError, make_plan
from ecgbench.registry import Registry, RegistryError
from ecgbench.workers import PoolError

STORY = """Be a method of a test.

How it works: it does nothing.
What works: test_plan.py.
What didn't work: all else.
Changes: 0.1 first version.
"""


@dataclass(frozen=True)
class LineParams:
    level: int = param(128, 0, 255, "darker pixels are ink")
    sigma: float = param(1.0, 0.0, 5.0, "smoothing in px")
    thin: bool = param(False, doc="thin the lines")


def dark(gray: Gray, p: LineParams) -> EdgeMap:
    return EdgeMap(gray < p.level, None)


def plain(gray: Gray) -> EdgeMap:
    return EdgeMap(gray < 0, None)


def method(name, function):
    function.__doc__ = STORY
    return transformer(name)(function)


@metric("ink", task="edges", scores=[Score("ink_share", "1", "none", "share of dark pixels")])
def ink(page, result, truth):
    """Share of edge pixels."""
    return {"ink_share": float(result.edges.mean())}


class Counted:
    """An image set of `length` tiny pages; None is endless."""

    def __init__(self, name, length):
        self.name = name
        self.length = length

    def __iter__(self):
        index = 0
        while self.length is None or index < self.length:
            yield Case(CaseInfo(f"{self.name}{index}", "memory"), np.zeros((3, 4), np.uint8))
            index += 1

    def count(self):
        return self.length


class Offers:
    @hookimpl
    def ecgbench_metrics(self):
        return [ink]

    @hookimpl
    def ecgbench_image_sets(self):
        return [ImageSetOpener("pages", "pages3", "So many pages.", self.open)]

    def open(self, spec):
        length = spec.removeprefix("pages")
        return Counted(spec, None if length == "endless" else int(length)) if spec.startswith("pages") else None


@pytest.fixture
def registry():
    registry = Registry()
    for plugin in (method("edges.dark", dark), method("edges.plain", plain), Offers()):
        assert not registry.register(plugin, origin="tests 1.0")
    return registry


def labels(plan):
    return [variant.label for variant in plan.variants()]


def test_methods_are_chosen_by_pattern(registry):
    assert labels(make_plan(["pages1"], registry=registry)) == ["edges.dark", "edges.plain"]
    assert labels(make_plan(["pages1"], methods="edges.p*", registry=registry)) == ["edges.plain"]
    assert labels(make_plan(["pages1"], methods=["edges.plain", "edges.*"], registry=registry)) == ["edges.plain", "edges.dark"]
    with pytest.raises(RegistryError, match=r"no method 'edges\.drak'; known ones: edges\.dark, edges\.plain"):
        make_plan(["pages1"], methods="edges.drak", registry=registry)


def test_a_sweep_tries_each_value_with_each(registry):
    sweep = {"edges.dark.level": ["50", 60], "edges.dark.sigma": [0.5, 2.0]}
    assert labels(make_plan(["pages1"], sweep=sweep, registry=registry)) == [
        "edges.dark[level=50,sigma=0.5]",
        "edges.dark[level=50,sigma=2.0]",
        "edges.dark[level=60,sigma=0.5]",
        "edges.dark[level=60,sigma=2.0]",
        "edges.plain",
    ]


def test_values_are_read_in_the_parameters_type_and_defaults_are_not_named(registry):
    sweep = {"edges.dark.level": ["128", "7"], "edges.dark.thin": ["yes", "false"]}
    variants = make_plan(["pages1"], methods="edges.dark", sweep=sweep, registry=registry).variants()
    assert [dict(variant.params) for variant in variants] == [{"thin": True}, {}, {"level": 7, "thin": True}, {"level": 7}]
    assert {(variant.version, variant.origin, variant.task) for variant in variants} == {
        (registry.method("edges.dark").version, "tests 1.0", "edges")
    }
    assert len({variant.key for variant in variants}) == 4


def test_a_variant_is_tried_once_however_often_it_was_asked_for(registry):
    sweep = {"edges.dark.sigma": ["0.5", "0.50", 0.5, "1"]}
    assert labels(make_plan(["pages1"], methods="edges.dark,edges.d*", sweep=sweep, registry=registry)) == [
        "edges.dark[sigma=0.5]",
        "edges.dark",
    ]


@pytest.mark.parametrize(
    ("sweep", "error", "message"),
    [
        ({"edges.dark.lewel": [1]}, ParamError, "no parameter 'lewel'; did you mean 'level'"),
        ({"edges.plain.level": [1]}, ParamError, "no parameter 'level'; this method takes none"),
        ({"edges.dark.level": [1, 256]}, ParamError, "level=256 is out of bounds; it goes from 0 to 255"),
        ({"edges.dark.level": ["high"]}, ParamError, "level='high' must be of type int"),
        ({"edges.dark.level": []}, PlanError, r"no value of edges\.dark\.level to try"),
        ({"level": [1]}, PlanError, r"'level' is of no method of this plan; write METHOD\.NAME=VALUE, methods: edges\.dark"),
        ({"edges.gone.level": [1]}, PlanError, r"'edges\.gone\.level' is of no method of this plan"),
    ],
)
def test_a_sweep_of_what_is_not_there_says_what_is(registry, sweep, error, message):
    with pytest.raises(error, match=message):
        make_plan(["pages1"], sweep=sweep, registry=registry)


def test_a_sweep_of_a_method_that_was_not_chosen_is_refused(registry):
    with pytest.raises(PlanError, match=r"methods: edges\.plain\."):
        make_plan(["pages1"], methods="edges.plain", sweep={"edges.dark.level": [1]}, registry=registry)


def test_cases_of_all_sets_are_counted_and_come_in_order(registry):
    plan = make_plan(["pages2", "pages1"], registry=registry)
    assert plan.case_count() == 3
    assert [case.name for case in plan.cases()] == ["pages20", "pages21", "pages10"]
    assert [case.name for case in plan.cases()] == ["pages20", "pages21", "pages10"]  # a second time too
    endless = make_plan(["pages2", "pagesendless"], registry=registry)
    assert endless.case_count() is None
    assert next(endless.cases()).name == "pages20"
    assert make_plan([], registry=registry).case_count() == 0


def test_an_unknown_spec_shows_the_known_forms(registry):
    with pytest.raises(SpecError, match="no image set 'scans': .* Forms: pages3"):
        make_plan(["scans"], registry=registry)


@pytest.mark.parametrize(
    ("terms", "error", "message"),
    [
        ({"repeats": 0}, PlanError, "at least one repeat, got 0"),
        ({"warmup": -1}, PlanError, "no fewer than 0 untimed calls, got warmup=-1"),
        ({"workers": 0}, PlanError, "at least one worker, got 0"),
        ({"timeout": 0.0}, PlanError, "seconds above 0, got 0"),
        ({"timeout": -2.5}, PlanError, "seconds above 0, got -2.5"),
        ({"timeout": math.nan}, PlanError, "seconds above 0, got nan"),
        ({"timeout": math.inf}, PlanError, "seconds above 0, got inf"),
        ({"executor": "gpu"}, PoolError, "no executor 'gpu'; choose one of processes, threads, serial"),
        ({"executor": "threads", "timeout": 1.0}, PoolError, "threads executor cannot end a method that hangs"),
    ],
)
def test_terms_that_cannot_be_held_are_refused(registry, terms, error, message):
    with pytest.raises(error, match=message):
        make_plan(["pages1"], registry=registry, **terms)


def test_a_plan_without_methods_is_refused(registry):
    with pytest.raises(PlanError, match="at least one method; `ecgbench methods` lists them"):
        Plan((), (), registry)
    with pytest.raises(PlanError, match="at least one method"):
        make_plan(["pages1"], methods=[], registry=registry)


def test_there_is_one_warm_up_call_where_there_are_several_repeats(registry):
    plan = make_plan(["pages1"], registry=registry)
    warmups = [
        replace(plan, repeats=repeats, warmup=warmup).warmup_calls for repeats, warmup in ((1, None), (3, None), (3, 0), (1, 2))
    ]
    assert warmups == [0, 1, 0, 2]


def test_scores_are_the_costs_and_what_the_tasks_metrics_give(registry):
    plan = make_plan(["pages1"], registry=registry)
    assert plan.metrics() == {"edges": (ink,)}
    assert [score.name for score in plan.scores()] == [*(score.name for score in COST_SCORES), "ink_share"]


def test_what_is_kept_of_a_plan_is_json(registry):
    terms = {"repeats": 3, "timeout": 2.5, "workers": 1, "memory_bytes": None}
    plan = make_plan(["pages2"], methods="edges.dark", sweep={"edges.dark.level": [9]}, registry=registry, **terms)
    kept = plan.to_dict()
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    assert kept == {
        "specs": ["pages2"],
        "methods": ["edges.dark[level=9]"],
        "metrics": {"ink": ink.version},
        "repeats": 3,
        "warmup": 1,
        "executor": "processes",
        "scheduler": None,
        "workers": 1,
        "timeout": 2.5,
        "memory_bytes": None,
    }
    assert Plan((Counted("mine", 1),), plan.methods, registry).to_dict()["specs"] == ["mine"]
