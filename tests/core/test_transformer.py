"""Tests of methods: what is derived from a function, how it is called, how it travels, and what is refused."""

import inspect
import pickle
import pydoc
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import cv2
import numpy as np
import pytest

from ecgbench import (
    Bgr,
    EdgeMap,
    Gray,
    GridFit,
    Hsv,
    Lab,
    Page,
    PageError,
    Result,
    Separation,
    Transformer,
    __version__,
    param,
    transformer,
)
from ecgbench.core.documentation import DocumentationError
from ecgbench.core.params import NoParams, ParamError
from ecgbench.core.results import ResultError
from ecgbench.core.transformer import TransformerError

ROOT = Path(__file__).parents[2]
SECTIONS = "Do a thing.\n\nHow it works: so.\nWhat works: this.\nWhat didn't work: that.\nChanges: 0.1 first version.\n"


@dataclass(frozen=True)
class Threshold:
    level: int = param(128, 0, 255, "darker pixels count as edges")
    invert: bool = param(False, doc="whether lighter pixels count instead")


@transformer("edges.dark", version="7")
def dark(gray: Gray, p: Threshold) -> EdgeMap:
    """Mark dark pixels.

    How it works: a threshold.
    What works: clean scans.
    What didn't work: shadows.
    Changes: 0.1 first version.
    """
    edges = gray < p.level
    return EdgeMap(~edges if p.invert else edges, None)


def documented(function: Any) -> Any:
    function.__doc__ = SECTIONS
    return function


@transformer("color.none")
@documented
def none_at_all(bgr: Bgr) -> Separation:
    nothing = np.zeros(bgr.shape[:2], bool)
    return Separation(nothing, nothing, None)


@transformer("edges.liar")
@documented
def liar(page: Page) -> EdgeMap:
    return GridFit(None, None)  # type: ignore[return-value]


PAGE = Page(np.dstack([np.arange(0, 250, 10, dtype=np.uint8).reshape(5, 5)] * 3))


def test_everything_is_derived_from_the_function():
    assert (dark.name, dark.task, dark.kind) == ("edges.dark", "edges", "gray")
    assert (dark.params_type, dark.result_type) == (Threshold, EdgeMap)
    assert [spec.name for spec in dark.params] == ["level", "invert"]
    assert dark.documentation.purpose == "Mark dark pixels."
    assert repr(dark) == "<transformer edges.dark: gray -> EdgeMap>"
    assert (dark.__name__, dark.__module__) == ("dark", __name__)


def test_a_method_without_params_takes_none():
    assert (none_at_all.params_type, none_at_all.params, none_at_all.task) == (NoParams, (), "color")
    assert none_at_all(PAGE).grid_color is None
    with pytest.raises(ParamError, match="this method takes none"):
        none_at_all(PAGE, level=3)


@pytest.mark.parametrize(
    ("annotation", "kind"), [(Bgr, "bgr"), (Gray, "gray"), (Lab, "lab"), (Hsv, "hsv"), (Page, "page"), ("Gray", "gray")]
)
def test_the_form_of_the_page_is_told_by_the_first_annotation(annotation, kind):
    seen = []

    def function(image):
        seen.append(image)
        return EdgeMap(np.zeros((5, 5), bool), None)

    function.__annotations__ = {"image": annotation, "return": EdgeMap}
    method = Transformer("edges.seen", documented(function))
    method(PAGE)
    assert method.kind == kind
    assert seen[0] is PAGE.as_kind(kind)


def test_callers_see_an_image_and_each_parameter_by_name():
    signature = inspect.signature(dark)
    assert str(signature) == "(image: Any, *, level: int = 128, invert: bool = False) -> ecgbench.core.results.EdgeMap"
    assert "Mark dark pixels." in pydoc.render_doc(dark)


def test_a_method_is_called_on_a_page_or_an_array_with_params_by_name():
    assert dark(PAGE).edge_pixels == 13
    assert dark(PAGE.bgr).edge_pixels == dark(PAGE.gray).edge_pixels == 13
    assert dark(PAGE.gray / 255).edge_pixels == 13
    assert dark(PAGE, level=20).edge_pixels == dark(PAGE, level="20").edge_pixels == 2
    assert dark(PAGE, level=20, invert=True).edge_pixels == 23
    assert dark.run(PAGE, Threshold(20)).edge_pixels == 2


def test_what_cannot_be_a_page_or_a_param_is_an_error():
    with pytest.raises(PageError):
        dark(np.zeros((2, 2), np.int32))
    with pytest.raises(ParamError, match=r"level=300 is out of bounds; it goes from 0 to 255"):
        dark(PAGE, level=300)
    with pytest.raises(ParamError, match=r"no parameter 'levl'; did you mean 'level'\?"):
        dark(PAGE, levl=3)
    with pytest.raises(TypeError):
        dark(PAGE, 20)


def test_a_form_is_made_once_for_all_methods(monkeypatch):
    made = []
    convert = cv2.cvtColor
    monkeypatch.setattr(cv2, "cvtColor", lambda image, code: made.append(code) or convert(image, code))
    page = Page(np.zeros((4, 4, 3), np.uint8))
    for _ in range(3):
        dark(page)
        none_at_all(page)
    assert made == [cv2.COLOR_BGR2GRAY]


def test_a_method_cannot_write_to_its_input():
    @documented
    def vandal(gray: Gray) -> EdgeMap:
        gray[:] = 0
        return EdgeMap(gray > 0, None)

    mine = np.full((3, 3), 200, np.uint8)
    with pytest.raises(ValueError, match="read-only"):
        Transformer("edges.vandal", vandal)(mine)
    assert (mine == 200).all()


def test_another_result_than_declared_is_an_error_that_names_both():
    with pytest.raises(ResultError, match=r"edges\.liar declares EdgeMap but returned GridFit"):
        liar(PAGE)


def test_what_a_method_raises_reaches_the_caller():
    @documented
    def broken(gray: Gray) -> EdgeMap:
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError, match="on purpose"):
        Transformer("edges.broken", broken)(PAGE)


@pytest.mark.parametrize("name", ["canny", "Edges.canny", "edges.", ".canny", "edges canny", "edges.Canny", "1edges.canny", ""])
def test_a_name_is_a_task_and_a_word(name):
    with pytest.raises(TransformerError, match="is not a method name; use a task and a word, such as edges.canny"):
        transformer(name)(dark.function)


def plain_array(gray: np.ndarray) -> EdgeMap: ...
def nothing_said(gray) -> EdgeMap: ...
def no_return(gray: Gray): ...
def returns_array(gray: Gray) -> np.ndarray: ...
def returns_any_result(gray: Gray) -> Result: ...
def returns_maybe(gray: Gray) -> EdgeMap | None: ...
def no_argument() -> EdgeMap: ...
def three(gray: Gray, p: Threshold, q: int) -> EdgeMap: ...
def keyword_only(gray: Gray, *, p: Threshold) -> EdgeMap: ...
def starred(gray: Gray, *p: Threshold) -> EdgeMap: ...
def any_keyword(gray: Gray, **p: Any) -> EdgeMap: ...
def unknown_name(gray: "Grey") -> EdgeMap: ...  # type: ignore[name-defined]  # noqa: F821


class Taskless(EdgeMap):
    task = ""


def taskless(gray: Gray) -> Taskless: ...


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (plain_array, "must be annotated with Gray, Bgr, Lab, Hsv or Page"),
        (nothing_said, "must be annotated with Gray, Bgr, Lab, Hsv or Page"),
        (no_return, "must declare what it returns: a Result"),
        (returns_array, "must declare what it returns: a Result"),
        (returns_any_result, "must declare what it returns: a Result"),
        (returns_maybe, "must declare what it returns: a Result"),
        (no_argument, "must take a page or array"),
        (three, "must take a page or array"),
        (keyword_only, "must take a page or array"),
        (starred, "must take a page or array"),
        (any_keyword, "must take a page or array"),
        (unknown_name, "name 'Grey' is not defined; define it at the top of the module"),
        (taskless, "Taskless, which edges.bad returns, must name the task"),
    ],
)
def test_a_function_that_cannot_be_a_method_is_refused_by_name(function, sentence):
    with pytest.raises(TransformerError, match=sentence) as caught:
        transformer("edges.bad")(documented(function))
    assert "edges.bad" in str(caught.value)


def test_params_that_are_no_frozen_dataclass_are_refused():
    def wrong(gray: Gray, level: int) -> EdgeMap: ...
    def unannotated(gray: Gray, p) -> EdgeMap: ...

    for function in (wrong, unannotated):
        with pytest.raises(ParamError, match="must be a frozen dataclass"):
            transformer("edges.bad")(documented(function))


def test_a_docstring_without_the_five_sections_is_refused():
    def undocumented(gray: Gray) -> EdgeMap: ...

    with pytest.raises(DocumentationError, match=r"edges\.bad has no docstring"):
        transformer("edges.bad")(undocumented)
    undocumented.__doc__ = SECTIONS.replace("Changes:", "History:")
    with pytest.raises(DocumentationError, match=r'edges\.bad lacks the section "Changes:"'):
        transformer("edges.bad")(undocumented)


def test_the_version_is_the_one_given_or_that_of_the_distribution():
    assert dark.version == "7"

    @documented
    def ours(gray: Gray) -> EdgeMap: ...

    ours.__module__ = "ecgbench.plugins.ours"
    assert Transformer("edges.ours", ours).version == __version__
    ours.__module__ = "pluggy"  # says __version__ itself
    assert Transformer("edges.ours", ours).version == sys.modules["pluggy"].__version__
    ours.__module__ = "__main__"
    assert Transformer("edges.ours", ours).version == "0"
    ours.__module__ = "nowhere_to_be_found"
    assert Transformer("edges.ours", ours).version == "0"


def write_module(folder: Path, name: str, body: str) -> None:
    (folder / f"{name}.py").write_text(
        "from ecgbench import EdgeMap, Gray, transformer\n\n"
        "@transformer('edges.mine', version='1')\n"
        "def mine(gray: Gray) -> EdgeMap:\n"
        f"    {SECTIONS!r}\n"
        f"    return EdgeMap(gray < {body}, None)\n"
    )


def test_an_edited_method_has_another_source_hash(tmp_path, monkeypatch):
    write_module(tmp_path, "first_of_mine", "10")
    write_module(tmp_path, "copy_of_mine", "10")
    write_module(tmp_path, "edit_of_mine", "11")
    monkeypatch.syspath_prepend(tmp_path)
    import copy_of_mine
    import edit_of_mine
    import first_of_mine

    assert len(first_of_mine.mine.source_hash) == 12
    assert first_of_mine.mine.source_hash == copy_of_mine.mine.source_hash != edit_of_mine.mine.source_hash


def test_a_method_in_a_module_is_pickled_by_name(tmp_path, monkeypatch):
    write_module(tmp_path, "module_of_mine", "10")
    monkeypatch.syspath_prepend(tmp_path)
    import module_of_mine

    sent = pickle.dumps(module_of_mine.mine)
    assert len(sent) < 200
    assert pickle.loads(sent) is module_of_mine.mine
    code = "import pickle, sys; print(pickle.loads(sys.stdin.buffer.read()).name)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        input=sent,
        capture_output=True,
        cwd=ROOT,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
        check=True,
    )
    assert found.stdout.decode().strip() == "edges.mine"


def test_a_method_made_in_a_script_travels_by_value(tmp_path):
    script = tmp_path / "script.py"
    write_module(tmp_path, "script", "OFFSET + 5")
    script.write_text(
        script.read_text() + "OFFSET = 5\nimport sys, cloudpickle\nsys.stdout.buffer.write(cloudpickle.dumps(mine))\n"
    )
    environment = {"PYTHONPATH": str(ROOT)}
    sent = subprocess.run([sys.executable, script], capture_output=True, cwd=tmp_path, env=environment, check=True).stdout
    method = pickle.loads(sent)
    assert (method.name, method.version) == ("edges.mine", "1")
    assert method(np.array([[0, 9, 10, 11]], np.uint8)).edge_pixels == 2


def test_a_method_made_inside_a_function_travels_by_value():
    level = 20

    @documented
    def closure(gray: Gray) -> EdgeMap:
        return EdgeMap(gray < level, None)

    received = pickle.loads(cloudpickle.dumps(Transformer("edges.closure", closure, version="3")))
    assert (received.name, received.version) == ("edges.closure", "3")
    assert received(PAGE).edge_pixels == 2


@pytest.mark.parametrize("reason", ["gil-bound", "untrusted"])
def test_a_method_declares_why_it_must_run_alone_and_keeps_that_on_its_way(reason):
    def slow(gray: Gray) -> EdgeMap:
        return EdgeMap(gray < 9, None)

    slow.__doc__ = SECTIONS
    method = transformer("edges.slow", isolate=reason)(slow)
    assert cloudpickle.loads(cloudpickle.dumps(method)).isolate == reason
    assert dark.isolate is None


def test_a_reason_to_run_alone_that_is_not_known_lists_those_that_are():
    with pytest.raises(TransformerError, match="edges.slow declares isolate='slow'; known ones: gil-bound, untrusted"):
        Transformer("edges.slow", dark.function, isolate="slow")


def test_a_method_offers_itself_to_the_registry():
    assert dark.ecgbench_transformer() is dark


def test_a_method_and_its_function_give_the_same():
    assert np.array_equal(dark(PAGE).edges, dark.function(PAGE.gray, Threshold()).edges)
    assert dark.__wrapped__ is dark.function
