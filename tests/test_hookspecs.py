"""Tests of the hooks: each is documented with its exact signature, tested, and does what its documentation says."""

import inspect
import re
import types
from pathlib import Path

import numpy as np
import pytest

from ecgbench import (
    Case,
    CaseInfo,
    EdgeMap,
    Gray,
    ImageSetOpener,
    Page,
    PageError,
    Score,
    SpecError,
    hookimpl,
    hookspecs,
    metric,
    page_from_array,
    transformer,
)
from ecgbench.plugins import pages
from ecgbench.registry import Registry

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
HOOKS = {name: function for name, function in vars(hookspecs).items() if hasattr(function, "ecgbench_spec")}


def sections() -> dict[str, str]:
    """Each section of docs/hooks.md by its heading."""
    parts = re.split(r"^## `(.+)`$", DOCUMENT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def signature(name: str) -> str:
    return name + str(inspect.signature(HOOKS[name])).replace("'", "")


def kind(name: str) -> str:
    options = HOOKS[name].ecgbench_spec
    return "historic" if options["historic"] else "firstresult" if options["firstresult"] else "event"


def example(name: str) -> types.ModuleType:
    """The example of a hook's section as a module, as a plugin's author would have it."""
    module = types.ModuleType(f"acme_{name}")
    source = sections()[signature(name)].partition("```python\n")[2].partition("```")[0]
    exec(compile(source, module.__name__, "exec", dont_inherit=True), vars(module))
    return module


def test_every_hook_has_a_heading_with_its_exact_signature_and_no_heading_is_left_over():
    assert sorted(sections()) == sorted(signature(name) for name in HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_says_its_kind_who_calls_it_and_how_it_is_used(name):
    text = sections()[signature(name)]
    assert text.lstrip().startswith(f"Kind: {kind(name)}. Called by: ")
    assert f"def {name}(" in text or name == "ecgbench_transformer"


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_a_test_that_bears_its_name(name):
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert re.search(rf"^(async )?def test_hook_{name}(_[a-z]\w*)?\(", tests, re.MULTILINE)


@pytest.mark.parametrize("name", HOOKS)
def test_every_example_registers_without_a_problem(name):
    registry = Registry()
    assert registry.register(example(name), origin="acme 1.0") == []


def test_the_specifications_themselves_offer_nothing():
    registry = Registry()
    assert registry.plugin_manager.hook.ecgbench_open_page(source=object()) is None
    for name in HOOKS:
        assert not [each for each in getattr(registry.plugin_manager.hook, name).get_hookimpls() if each.plugin is hookspecs]


@transformer("edges.bright")
def bright(gray: Gray) -> EdgeMap:
    """Mark bright pixels.

    How it works: a threshold.
    What works: it is a test.
    What didn't work: all else.
    Changes: 0.1 first version.
    """
    return EdgeMap(gray > 200, None)


def test_hook_ecgbench_transformer_offers_the_method_under_its_name():
    registry = Registry()
    assert registry.register(bright, origin="acme 1.0") == []
    assert registry.transformers == {"edges.bright": bright}
    assert registry.origin_of("edges.bright") == "acme 1.0"


def test_hook_ecgbench_transformer_must_return_what_the_decorator_made():
    class Impostor:
        @hookimpl
        def ecgbench_transformer(self):
            return bright.function

    registry = Registry()
    (problem,) = registry.register(Impostor(), origin="acme 1.0")
    assert "must return what @transformer made, not function" in problem.message
    assert registry.transformers == {}


def test_hook_ecgbench_transformer_of_the_documentation_marks_ink():
    registry = Registry()
    registry.register(example("ecgbench_transformer"))
    assert registry.method("edges.ink")(np.array([[0, 90, 210, 255]], np.uint8)).edges.tolist() == [[True, True, False, False]]


@metric(
    "edges.count", task="edges", scores=[Score("edge_count", "1", "none", "number of edges"), Score("twice", "1", "none", "x")]
)
def count(page, result, truth):
    """Count edges."""
    return {"edge_count": float(result.edge_count), "twice": 2.0 * result.edge_count}


def plugin(plugin_name="first", **hooks):
    """A plugin whose hooks return the given values."""
    members = {name: hookimpl(lambda self, value=value: value) for name, value in hooks.items()}
    return type(plugin_name, (), members)()


def test_hook_ecgbench_metrics_offers_metrics_and_declares_their_scores():
    registry = Registry()
    assert registry.register(plugin(ecgbench_metrics=[count]), origin="acme 1.0") == []
    assert registry.metrics == {"edges.count": count}
    assert registry.metrics_of("edges") == [count]
    assert registry.metrics_of("grid") == []
    assert registry.scores["twice"] is count.scores[1]


def test_hook_ecgbench_metrics_may_not_give_a_score_that_another_gives():
    other = metric("edges.other", task="edges", scores=[Score("edge_count", "1", "none", "x")])(count.score)
    registry = Registry()
    registry.register(plugin(ecgbench_metrics=[count]), origin="acme 1.0")
    (problem,) = registry.register(plugin("second", ecgbench_metrics=[other]), origin="other 2.0")
    assert "score `edge_count` of other 2.0 takes the name of the score `edge_count` of acme 1.0" in problem.message
    assert list(registry.metrics) == ["edges.count"]


def test_hook_ecgbench_metrics_of_the_documentation_scores_a_result():
    registry = Registry()
    registry.register(example("ecgbench_metrics"))
    page = page_from_array(np.zeros((2, 5), np.uint8))
    result = EdgeMap(np.eye(2, 5, dtype=bool), None)
    assert registry.metrics["acme.ink_share"].score(page, result, None) == {"acme_ink_share": 0.2}


class Twins:
    """An image set of two cases."""

    name = "twins"

    def __iter__(self):
        return iter([Case(CaseInfo(name, self.name), b"") for name in "ab"])

    def count(self):
        return 2


def test_hook_ecgbench_image_sets_offers_openers_that_are_asked_in_turn():
    asked = []

    def nothing(spec):
        asked.append(spec)

    def twins(spec):
        return Twins() if spec == "twins" else None

    openers = [ImageSetOpener("nothing", "?", "Knows nothing.", nothing), ImageSetOpener("twins", "twins", "Two cases.", twins)]
    registry = Registry()
    assert registry.register(plugin(ecgbench_image_sets=openers)) == []
    assert [case.name for case in registry.open_images("twins")] == ["a", "b"]
    assert asked == ["twins"]
    with pytest.raises(SpecError, match=r"no image set 'triplets'.*Forms: \?, twins"):
        registry.open_images("triplets")


def test_hook_ecgbench_image_sets_may_refuse_a_wrong_spec_of_its_own():
    registry = Registry()
    registry.register(example("ecgbench_image_sets"))
    blanks = registry.open_images("blanks?3")
    assert [case.source.make_page().shape for case in blanks] == [(1, 1), (2, 2), (3, 3)]
    with pytest.raises(SpecError, match=r"blanks\?many does not say how many"):
        registry.open_images("blanks?many")


def opener_of(kind, answer):
    """A plugin that opens sources of one type."""

    class Opener:
        @hookimpl
        def ecgbench_open_page(self, source):
            return answer(source) if isinstance(source, kind) else None

    return Opener()


def gray_page(level: int) -> Page:
    return page_from_array(np.full((2, 2), level, np.uint8))


def test_hook_ecgbench_open_page_gives_the_first_page_and_the_built_in_comes_last():
    registry = Registry()
    registry.register(opener_of(bytes, lambda source: gray_page(1)))
    registry.register(pages)
    registry.register(opener_of(int, gray_page))
    assert registry.open_page(7).gray[0, 0] == 7
    assert registry.open_page(b"not a picture").gray[0, 0] == 1  # asked before the built-in, though registered before it
    assert registry.open_page(np.full((3, 3), 9, np.uint8)).gray[0, 0] == 9


def test_hook_ecgbench_open_page_says_what_it_takes_where_nobody_opens_a_source():
    registry = Registry()
    registry.register(pages)
    with pytest.raises(PageError, match="object"):
        registry.open_page(object())
    with pytest.raises(PageError, match=r"There is no file gone\.png"):
        registry.open_page("gone.png")


def test_hook_ecgbench_open_page_of_the_documentation_opens_gray_pages():
    registry = Registry()
    registry.register(pages)
    registry.register(example("ecgbench_open_page"))
    assert registry.open_page("gray://17").gray[0, 0] == 17
    with pytest.raises(PageError, match="gray://300 names no gray level"):
        registry.open_page("gray://300")
