"""The registry keeps what works, and names what does not."""

import types

import numpy as np
import pytest

from ecgbench import EdgeMap, Gray, ImageSetOpener, Page, PageError, Score, SpecError, hookimpl, metric, transformer
from ecgbench.registry import BUILT_IN, PageOpener, Registry, RegistryError

STORY = """Mark every pixel.

How it works: it does not look.
What works: test_registry.py.
What didn't work: nothing was tried.
Changes: 0.1 first version.
"""


def make_method(name):
    def everything(gray: Gray) -> EdgeMap:
        return EdgeMap(np.ones(gray.shape, bool), None)

    everything.__doc__ = STORY
    return transformer(name)(everything)


def make_module(name, **contents):
    module = types.ModuleType(name)
    for key, value in contents.items():
        if hasattr(value, "function"):
            value.function.__module__ = name
        setattr(module, key, value)
    return module


def make_metric(name, *scores):
    @metric(name, task="edges", scores=[Score(score, "1", "higher", "a number") for score in scores])
    def score(page, result, truth):
        """Give a number."""
        return dict.fromkeys(scores, 1.0)

    return score


class Metrics:
    def __init__(self, *metrics):
        self.metrics = metrics

    @hookimpl
    def ecgbench_metrics(self):
        return self.metrics


def test_each_method_decorated_in_a_module_is_registered_under_its_own_name():
    registry = Registry()
    problems = registry.register(make_module("acme", a=make_method("edges.a"), b=make_method("edges.b")), origin="acme 1.0")
    assert problems == []
    assert sorted(registry.transformers) == ["edges.a", "edges.b"]
    assert registry.origin_of("edges.a") == "acme 1.0"
    assert registry.plugin_manager.get_plugin("edges.a") is registry.method("edges.a")


def test_methods_that_a_module_only_imports_are_left_to_their_owner():
    theirs = make_method("edges.theirs")
    theirs.function.__module__ = "somebody.else"
    module = types.ModuleType("acme")
    module.theirs = theirs
    registry = Registry()
    registry.register(module)
    assert registry.transformers == {}


def test_a_taken_name_is_left_out_and_both_owners_are_named():
    registry = Registry()
    registry.register(make_method("edges.a"), origin="first 1.0")
    module = make_module("second", a=make_method("edges.a"), b=make_method("edges.b"))
    (problem,) = registry.register(module, origin="second 2.0")
    assert "edges.a` of second 2.0" in problem.message
    assert "of first 1.0; rename it" in problem.message
    assert registry.origin_of("edges.a") == "first 1.0"
    assert registry.problems == [problem]
    assert "edges.b" in registry.transformers


def test_a_metric_with_a_taken_score_name_is_left_out_whole():
    registry = Registry()
    registry.register(Metrics(make_metric("one", "x", "y")), origin="first")
    (problem,) = registry.register(Metrics(make_metric("two", "z"), make_metric("three", "w", "y")), origin="second")
    assert "score `y` of second" in problem.message
    assert sorted(registry.metrics) == ["one"]
    assert "z" not in registry.scores
    assert "w" not in registry.scores
    later = registry.register(Metrics(make_metric("two", "z")), origin="third")
    assert later == []
    assert registry.origin_of("two") == "third"


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        (Metrics("not a metric"), "must give Metric values, not str"),
        (make_module("bad", ecgbench_image_sets=hookimpl(lambda: ["nothing"])), "must give ImageSetOpener values, not str"),
        (make_module("bad", ecgbench_transformer=hookimpl(lambda: "edges.x")), "must return what @transformer made, not str"),
        (make_module("bad", ecgbench_metrics=hookimpl(lambda surprise: [])), "surprise"),
    ],
)
def test_a_plugin_that_offers_the_wrong_thing_is_named_and_left_out(plugin, message):
    registry = Registry()
    (problem,) = registry.register(plugin, origin="bad 1.0")
    assert message in problem.message
    assert problem.origin == "bad 1.0"
    assert "Traceback" in problem.traceback
    assert registry.plugin_manager.get_plugins() == set()
    assert registry.register(make_method("edges.a")) == []


class FakeEntryPoint:
    def __init__(self, name, load):
        self.name, self.value, self.load = name, f"{name}_module", load
        self.dist = types.SimpleNamespace(name=f"{name}-dist", version="1.2")


def raising(error):
    def load():
        raise error

    return load


def test_a_broken_plugin_is_left_out(monkeypatch):
    entries = [
        FakeEntryPoint("broken", raising(ModuleNotFoundError("No module named 'gone'"))),
        FakeEntryPoint("quitting", raising(SystemExit(1))),
        FakeEntryPoint("good", lambda: make_method("edges.good")),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries if group == "ecgbench" else [])
    registry = Registry.load()
    assert [(each.origin, each.plugin) for each in registry.problems] == [
        ("broken-dist 1.2", "broken"),
        ("quitting-dist 1.2", "quitting"),
    ]
    assert registry.problems[0].message == "broken_module cannot be imported: ModuleNotFoundError: No module named 'gone'"
    assert registry.origin_of("edges.good") == "good-dist 1.2"
    assert registry.origin_of("edges.canny") == BUILT_IN


def test_every_built_in_comes_through_the_same_door_without_a_problem():
    registry = Registry.load()
    assert registry.problems == []
    tasks = {method.task for method in registry.transformers.values()}
    assert {"edges", "color", "grid", "quality"} <= tasks
    assert all(registry.metrics_of(task) for task in ("edges", "color", "grid", "quality"))


def test_a_blocked_method_is_not_offered():
    registry = Registry()
    registry.plugin_manager.set_blocked("edges.a")
    registry.register(make_module("acme", a=make_method("edges.a"), b=make_method("edges.b")))
    assert sorted(registry.transformers) == ["edges.b"]


def test_methods_are_chosen_by_pattern_and_a_pattern_without_a_match_lists_what_there_is():
    registry = Registry()
    for name in ("edges.a", "edges.b", "color.c"):
        registry.register(make_method(name))
    assert [method.name for method in registry.methods("edges.*")] == ["edges.a", "edges.b"]
    assert [method.name for method in registry.methods(["color.*,edges.b", "edges.b"])] == ["color.c", "edges.b"]
    with pytest.raises(RegistryError, match=r"no method 'edges.z\*'; known ones: edges.a, edges.b"):
        registry.methods("edges.z*")
    with pytest.raises(RegistryError, match="known ones: color.c, edges.a, edges.b"):
        registry.method("nothing")


class Opens:
    """Opens strings that begin with a word, as one page of a shade."""

    def __init__(self, word, shade):
        self.word, self.shade = word, shade

    @hookimpl
    def ecgbench_open_page(self, source):
        return Page(np.full((2, 2, 3), self.shade, np.uint8)) if str(source).startswith(self.word) else None


def test_pages_are_opened_by_the_first_plugin_that_can_and_the_built_in_comes_last():
    registry = Registry.load()
    registry.register(Opens("special:", 7))
    assert registry.open_page("special:x").bgr[0, 0, 0] == 7
    assert registry.open_page(np.full((2, 2), 9, np.uint8)).bgr[0, 0, 0] == 9


def test_a_source_that_nobody_opens_is_an_error():
    with pytest.raises(PageError, match="Nothing opens a page from a complex"):
        PageOpener(())(1j)


def test_an_unknown_spec_shows_the_known_forms():
    registry = Registry()
    opener = ImageSetOpener("none", "none:NAME", "Opens nothing.", lambda spec: None)
    registry.register(make_module("sets", ecgbench_image_sets=hookimpl(lambda: [opener])))
    with pytest.raises(SpecError, match="no image set 'somewhere'.*Forms: none:NAME"):
        registry.open_images("somewhere")
