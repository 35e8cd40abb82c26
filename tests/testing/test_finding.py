"""A plugin is found by any name that it goes by, and one sentence says what is wrong where it is not."""

import sys

import pytest

from ecgbench.registry import BUILT_IN
from ecgbench.testing.finding import PluginError, chosen, find_plugin
from tests.testing import faulty_methods, faulty_metrics

STORY = '''"""Mark nothing.

    How it works: it does not look.
    What works: blank pages.
    What didn't work: all other pages.
    Changes: 0.1 first version.
    """'''
PLUGIN = f"""
import numpy as np
from ecgbench import EdgeMap, Gray, transformer

@transformer("edges.nothing")
def nothing(gray: Gray) -> EdgeMap:
    {STORY}
    return EdgeMap(np.zeros(gray.shape, bool), None)
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder on the path of this process and its workers, in which packages are as if installed."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(module, text):
        (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, module, raising=False)

    return write


@pytest.fixture
def install(tmp_path, site):
    """Writes what an installer would write of a distribution."""

    def write(name, entries):
        folder = tmp_path / f"{name.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n", encoding="utf-8")
        (folder / "entry_points.txt").write_text(entries, encoding="utf-8")

    return write


@pytest.mark.parametrize("name", ["my-detectors", "my_detectors", "nothings", "my_nothing"])
def test_a_plugin_is_found_by_its_distribution_entry_point_or_module(site, install, name):
    site("my_nothing", PLUGIN)
    install("my-detectors", "[ecgbench]\nnothings = my_nothing\n")
    found = find_plugin(name)
    assert [subject.id for subject in found.subjects] == ["edges.nothing"]
    assert found.origin == found.subjects[0].origin == "my-detectors 1.2"
    assert "edges.canny" in [peer.name for peer in found.subjects[0].peers]


def test_a_module_need_not_be_installed(site):
    site("lonely_nothing", PLUGIN)
    assert find_plugin("lonely_nothing").origin == "the module lonely_nothing"


def test_the_built_ins_go_by_our_own_name():
    found = find_plugin("ecgbench")
    assert {subject.kind for subject in found.subjects} == {"method", "metric", "image set"}
    assert {subject.origin for subject in found.subjects} == {BUILT_IN}


def test_a_method_is_taken_as_it_is():
    (subject,) = find_plugin(faulty_methods.flawless).subjects
    assert (subject.kind, subject.name) == ("method", "edges.tells_its_story_of_failures")


def test_a_metric_is_taken_as_it_is():
    (subject,) = find_plugin(faulty_metrics.terse).subjects
    assert subject.id == "metric:documents_its_scores"
    assert "edges.canny" in {method.name for method in subject.methods}


def says(name):
    with pytest.raises(PluginError) as caught:
        find_plugin(name)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith((".", "?"))
    return sentence


def test_a_name_that_is_nowhere_gets_the_nearest_one(site, install):
    site("my_nothing", PLUGIN)
    install("my-detectors", "[ecgbench]\nnothings = my_nothing\n")
    assert says("my-detektors") == (
        "There is no package, entry point or module named 'my-detektors' here; did you mean my-detectors? "
        "Install yours with pip install -e FOLDER."
    )


def test_a_package_without_an_entry_point_is_shown_one(install):
    install("my-silence", "[console_scripts]\nnothing = my_nothing:main\n")
    assert '[project.entry-points.ecgbench] with a line such as my_silence = "my_silence"' in says("my-silence")


def test_an_entry_point_that_is_misspelled_is_named(install):
    install("my-typo", "[ecgbench]\nnothings = my_nothign\n")
    assert says("my-typo") == (
        'The entry point nothings = "my_nothign" of my-typo 1.2 cannot be imported: '
        "ModuleNotFoundError: No module named 'my_nothign'; correct it in pyproject.toml and install the package again."
    )


def test_a_missing_section_is_named(site):
    site("half_a_story", PLUGIN.replace("    What works: blank pages.\n", ""))
    assert 'DocumentationError: The docstring of edges.nothing lacks the section "What works:"' in says("half_a_story")


@pytest.mark.parametrize(
    ("code", "saying"),
    [
        ("import ctypes; ctypes.string_at(0)", "that took its process down (killed by SIGSEGV)"),
        ("raise SystemExit(3)", "that took its process down (ended with exit code 3)"),
        ("import os; os._exit(4)", "that took its process down (ended with exit code 4)"),
    ],
)
def test_an_import_that_ends_its_process_does_not_end_ours(site, code, saying):
    site("my_ending", code)
    sentence = says("my_ending")
    assert sentence.startswith("The module my_ending cannot be imported: ")
    assert saying in sentence


def test_a_path_is_answered_with_a_name(tmp_path):
    (tmp_path / "my-nothing.py").touch()
    assert says(str(tmp_path / "my-nothing.py")).endswith("such as my_nothing.")


def test_a_module_that_offers_nothing_is_told_how_to(site):
    site("my_void", "number = 1")
    assert says("my_void").startswith("The module my_void offers nothing: ")


def test_a_name_that_is_taken_names_both_owners(site):
    site("my_thief", PLUGIN.replace("edges.nothing", "edges.canny"))
    assert "edges.canny of the module my_thief is left out: The method `edges.canny` of the module my_thief takes" in says(
        "my_thief"
    )


def test_failures_are_expected_of_checks_that_are_there_with_a_reason(site):
    site("my_hopes", f'{PLUGIN}\nEXPECTED_FAILURES = {{"edges.nothing::keeps_paces": "slow"}}')
    assert "did you mean 'edges.nothing::keeps_pace'?" in says("my_hopes")
    site("my_wishes", f'{PLUGIN}\nEXPECTED_FAILURES = {{"keeps_pace": " "}}')
    assert says("my_wishes") == "EXPECTED_FAILURES gives no reason for 'keeps_pace'; write a sentence."


def test_a_spec_that_no_set_of_the_plugin_opens_is_refused():
    with pytest.raises(PluginError, match="No image set of the plugin opens 'gs://x/y'; it offers none"):
        find_plugin(faulty_methods.flawless, images=["gs://x/y"])


def test_checks_are_chosen_by_pattern():
    trials = find_plugin(faulty_methods.flawless).trials()
    assert [trial.check.name for trial in chosen(trials, ["survives_*ny_*", "*::keeps_pace"])] == [
        "survives_tiny_pages",
        "keeps_pace",
    ]
    with pytest.raises(PluginError, match=r"No check fits 'survive'; checks: answers_an_ordinary_page, "):
        chosen(trials, ["survive"])
