"""Tests of the documentation pages: each section is there and true, and the committed pages say what the code says."""

import doctest
import json
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench import EdgeMap, Gray, Lab, QualityReport, Signals, Transformer, param, transformer
from ecgbench.core.results import Gate
from ecgbench.method_pages import SECTIONS, method_page, read_measured, read_swept, stale_pages, write_method_pages
from ecgbench.method_pages.dependencies import dependencies
from ecgbench.method_pages.page import cited_tests, files_that_test
from ecgbench.registry import BUILT_IN, Registry

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "functions"
MEASURED = {
    "command": "ecgbench run demo --methods edges.sample --name figures",
    "version": "0.1.0",
    "environment": "OpenCV 5.0, 1 thread",
    "n": 20,
    "rows": [
        {"score": "box_iou", "unit": "1", "value": 0.98765, "interval": [0.971, 0.999]},
        {"score": "wall_median_s", "unit": "s", "value": 0.0123, "interval": None},
    ],
}


@dataclass(frozen=True)
class SampleParams:
    level: int = param(128, 0, 255, "darker pixels | that is, ink")
    space: str = param("lab", choices=("lab", "hsv"), doc="unused")


@transformer("edges.sample")
def sample(gray: Gray, p: SampleParams) -> EdgeMap:
    """Mark dark pixels.

    How it works: one threshold.
    What works: clean scans.
    What didn't work: shadows.
    Changes: 0.1 first version.
    Limitations: thin lines vanish.
    References: none but common sense.
    Example:
    >>> 1 + 1
    2
    """
    return EdgeMap(gray < p.level, None)


@transformer("edges.lazy")
def lazy(lab: Lab) -> EdgeMap:
    """Do nothing at length.

    How it works: it does not.
    What works: nothing.
    What didn't work: all.
    Changes: 0.1 first version.
    """
    import scipy.ndimage

    return EdgeMap(scipy.ndimage.binary_dilation(np.zeros(lab.shape[:2], bool)), None)


def section(page: str, name: str) -> str:
    found = re.search(rf"^## {re.escape(name)}\n\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found.group(1).strip()


def built_ins() -> dict[str, Transformer[Any]]:
    registry = Registry.load()
    return {name: each for name, each in registry.transformers.items() if registry.origin_of(name) == BUILT_IN}


def test_a_page_has_every_section_once_in_order():
    page = method_page(sample, related=["edges.lazy"])
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == list(SECTIONS)
    assert page.startswith("# edges.sample\n")


def test_the_authored_sections_are_those_of_the_docstring():
    page = method_page(sample, related=[])
    said = ("Mark dark pixels.", "One threshold.", "Clean scans.", "Shadows.", "0.1 first version.", "None but common sense.")
    names = ("Purpose", "How it works", "What works", "What didn't work", "Changes", "References")
    assert tuple(section(page, name) for name in names) == said
    assert section(page, "Example") == "```python\n>>> 1 + 1\n2\n```"


def test_signature_and_parameters_are_those_of_the_code():
    page = method_page(sample, related=[])
    assert "sample(image, *, level: int = 128, space: str = 'lab') -> EdgeMap" in section(page, "Signature")
    assert "| level | int | 128 | 0 to 255 | darker pixels \\| that is, ink |" in section(page, "Parameters")
    assert "| space | str | 'lab' | lab, hsv | unused |" in section(page, "Parameters")
    assert "`edges`: (H, W) bool." in section(page, "Returns")
    assert section(method_page(lazy, related=[]), "Parameters") == "None."
    assert "lazy(image) -> EdgeMap" in section(method_page(lazy, related=[]), "Signature")


def test_a_sweep_stands_below_the_parameters_with_the_default_marked():
    score = {"mean": 0.91234, "change": -0.02, "interval": [-0.03, -0.01]}
    same = {"mean": 0.93234, "change": 0.0, "interval": [0.0, 0.0]}
    values = [{"value": 128, "scores": {"box_iou": same}}, {"value": 200.0, "scores": {"box_iou": score}}]
    swept = {
        "command": "python sweep.py",
        "pages": "12 of `demo`",
        "scores": {"box_iou": "overlap of boxes"},
        "parameters": [{"name": "level", "default": 128, "values": values}],
    }
    told = section(method_page(sample, related=[], swept=swept), "Parameters")
    assert told.startswith(section(method_page(sample, related=[]), "Parameters"))
    assert "on development pages, 12 of `demo`." in told and "Here `box_iou` is overlap of boxes." in told
    assert "| 128 (default) | 0.9323 |  |" in told
    assert "| 200 | 0.9123 | -0.02 (-0.03 to -0.01) |" in told
    assert "```sh\npython sweep.py\n```" in told


def test_committed_sweeps_are_of_the_defaults_in_use():
    methods = built_ins()
    for name, swept in read_swept(PAGES).items():
        defaults = {spec.name: spec.default for spec in methods[name].params}
        for parameter in swept["parameters"]:
            module, _, constant = parameter["name"].rpartition(".")
            usual = getattr(import_module(f"ecgbench.plugins.{module}"), constant) if module else defaults[constant]
            assert parameter["default"] == usual, (name, parameter["name"])
            assert usual in [each["value"] for each in parameter["values"]]


def test_limitations_are_the_authors_and_those_of_the_form_of_the_page():
    assert section(method_page(sample, related=[]), "Limitations") == (
        "Thin lines vanish.\n\nIt gets the page in shades of gray: color is not seen."
    )
    assert "L\\*" not in section(method_page(lazy, related=[]), "Limitations")
    assert "color is not seen" not in section(method_page(lazy, related=[]), "Limitations")


def test_packages_are_found_where_they_are_used_also_inside_functions():
    assert dependencies(lazy.function) == ["NumPy", "SciPy", "`ecgbench`"]
    assert "SciPy" not in dependencies(sample.function)


def test_edge_cases_tell_what_the_method_gave():
    told = section(method_page(sample, related=[]), "Edge cases")
    assert "| 1x1, white | bounding_box none, corners none, edge_pixels 0, edge_count 0 |" in told
    assert "| 200x300, all black | bounding_box none, corners none, edge_pixels 60000, edge_count 1 |" in told


def documented(function: Any) -> Any:
    function.__doc__ = lazy.__doc__
    return function


def test_edge_cases_tell_where_a_method_raises_or_gives_what_it_must_not():
    @documented
    def fails(gray: Gray) -> EdgeMap:
        if gray.shape[0] == 1:
            raise ValueError("a | too small")
        return EdgeMap(gray, None)

    told = section(method_page(Transformer("edges.fails", fails), related=[]), "Edge cases")
    assert "| 1x50, white | **raises** ValueError: a \\| too small |" in told
    assert "**raises** ResultError: EdgeMap.edges must be a bool array" in told


def test_edge_cases_tell_gates_and_leads_by_name():
    @documented
    def gates(gray: Gray) -> QualityReport:
        return QualityReport(False, (Gate("blur", 12.3456, 10, "1", True, "ok"), Gate("grid", None, 1, "1", False, "none")))

    @documented
    def leads(gray: Gray) -> Signals:
        return Signals(500.0, {"II": np.zeros(3, np.float32)}, None)

    told = section(method_page(Transformer("quality.some", gates), related=[]), "Edge cases")
    assert "passed no, gates blur passed (12.3); grid failed (none), warnings none" in told
    assert "leads II" in section(method_page(Transformer("digitize.some", leads), related=[]), "Edge cases")


def test_without_a_measurement_the_page_gives_no_number_but_the_command():
    told = section(method_page(sample, related=[]), "Performance")
    assert "ecgbench run demo --methods edges.sample" in told
    assert "|" not in told


def test_measured_numbers_come_with_version_place_count_and_command():
    told = section(method_page(sample, related=[], measured=MEASURED), "Performance")
    assert "Version 0.1.0 on 20 pages; OpenCV 5.0, 1 thread." in told
    assert "| box_iou | 0.988 | 0.971 to 0.999 |" in told
    assert "| wall_median_s | 0.0123 s |  |" in told
    assert MEASURED["command"] in told


def test_what_was_measured_by_type_and_seen_on_pages_is_shown():
    by_type = {"score": "box_iou", "unit": "1", "types": {"0001": [0.99, 0.98, 1.0], "0005": [0.7, None, None]}}
    picture = {"file": "pictures/a.webp", "place": "Worst page", "case": "00003-0005", "score": "box_iou", "value": "0.412"}
    told = section(
        method_page(sample, related=[], measured={**MEASURED, "by_type": by_type, "pictures": [picture]}), "Performance"
    )
    assert "| 0001 | 0.99 | 0.98 to 1 |" in told and "| 0005 | 0.7 |  |" in told
    assert "![Worst page, 00003-0005: box_iou 0.412](pictures/a.webp)" in told


def test_related_methods_are_links():
    assert (
        section(method_page(sample, related=["edges.a", "edges.b"]), "Related") == "[edges.a](edges.a.md), [edges.b](edges.b.md)"
    )
    assert section(method_page(sample, related=[]), "Related") == "No other method of the task edges."


def test_a_page_is_the_same_each_time_and_names_no_place_of_this_machine():
    page = method_page(sample, related=["edges.lazy"], measured=MEASURED)
    assert page == method_page(sample, related=["edges.lazy"], measured=MEASURED)
    assert str(ROOT) not in page
    assert str(Path.home()) not in page


def test_written_pages_are_fresh_and_edited_missing_and_orphaned_ones_are_stale(tmp_path):
    methods = {"edges.sample": sample, "edges.lazy": lazy}
    written = write_method_pages(tmp_path, methods)
    assert [path.name for path in written] == ["edges.lazy.md", "edges.sample.md"]
    assert stale_pages(tmp_path, methods) == []
    written[0].write_text("edited", encoding="utf-8")
    written[1].unlink()
    assert stale_pages(tmp_path, methods) == ["edges.lazy.md", "edges.sample.md"]
    write_method_pages(tmp_path, methods)
    assert stale_pages(tmp_path, {"edges.sample": sample}) == ["edges.sample.md", "edges.lazy.md"]  # Related changed, one is gone


def test_pages_of_methods_that_are_gone_are_removed_and_those_of_people_are_not(tmp_path):
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    write_method_pages(tmp_path, {"edges.sample": sample, "edges.lazy": lazy})
    write_method_pages(tmp_path, {"edges.sample": sample})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "edges.sample.md"]
    assert stale_pages(tmp_path, {"edges.sample": sample}) == []


def test_measured_numbers_are_read_beside_the_pages(tmp_path):
    assert read_measured(tmp_path) == {}
    (tmp_path / "measured.json").write_text(json.dumps({"edges.sample": MEASURED}), encoding="utf-8")
    write_method_pages(tmp_path, {"edges.sample": sample})
    assert "| box_iou | 0.988 | 0.971 to 0.999 |" in (tmp_path / "edges.sample.md").read_text(encoding="utf-8")
    assert stale_pages(tmp_path, {"edges.sample": sample}) == []
    assert stale_pages(tmp_path, {"edges.sample": sample}, {}) == ["edges.sample.md"]


def test_the_committed_pages_say_what_the_code_says():
    assert stale_pages(PAGES, built_ins()) == [], "run `ecgbench docs` and commit what it writes"


def test_no_built_in_method_raises_on_an_edge_case():
    failing = [name for name, method in built_ins().items() if "**raises**" in method_page(method, related=[])]
    assert failing == []


def test_every_test_that_a_built_in_method_cites_exists():
    paths = list((ROOT / "tests").rglob("test_*.py"))
    files = {path.stem for path in paths}
    texts = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    missing = {
        name: [cited for cited in cited_tests(method) if cited not in files and f"def {cited}(" not in texts]
        for name, method in built_ins().items()
    }
    assert {name: cited for name, cited in missing.items() if cited} == {}


def test_every_built_in_method_is_tested_where_its_page_says():
    assert [name for name, method in built_ins().items() if not files_that_test(method)] == []


def test_the_example_of_every_built_in_method_runs():
    for name, method in built_ins().items():
        text = section(method_page(method, related=[]), "Example").strip("`").removeprefix("python\n")
        example = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
        assert example.examples, name
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
        assert runner.run(example).failed == 0, name


def test_links_of_the_committed_pages_lead_somewhere():
    for page in PAGES.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_template_explains_every_section():
    template = (ROOT / "docs" / "FUNCTION_DOCUMENTATION_TEMPLATE.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (.+)$", template, re.MULTILINE)
    assert headings == list(SECTIONS)


def test_the_method_of_the_template_works_as_it_stands():
    template = (ROOT / "docs" / "FUNCTION_DOCUMENTATION_TEMPLATE.md").read_text(encoding="utf-8")
    source = template.partition("```python\n")[2].partition("```")[0]
    namespace: dict[str, Any] = {"__name__": "template"}
    exec(source, namespace)
    assert namespace["dark"](np.array([[0, 127, 128, 255]], np.uint8)).edge_pixels == 2
