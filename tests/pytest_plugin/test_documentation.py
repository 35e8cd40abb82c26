"""docs/pytest.md names everything there is, and its examples run."""

import re
import shlex
from pathlib import Path

import pytest

from ecgbench import pytest_plugin
from ecgbench.pytest_plugin.options import add_options
from ecgbench.registry import default_registry

pytest_plugins = ["pytester"]
PAGE = (Path(__file__).parents[2] / "docs" / "pytest.md").read_text(encoding="utf-8")


class Names:
    """Takes the names that a plugin declares, in the place of pytest's parser."""

    def __init__(self):
        self.found = []

    def getgroup(self, *_):
        return self

    def addoption(self, name, *_, **__):
        self.found.append(name)

    addini = addoption


def test_every_option_setting_and_fixture_is_named():
    names = Names()
    add_options(names)
    fixtures = [name for name in dir(pytest_plugin) if name.startswith("ecg_")]
    assert len(fixtures) == 5
    assert [name for name in [*names.found, *fixtures] if name not in PAGE] == []


def test_the_example_of_own_tests_runs_as_written(pytester, scans):
    (example,) = re.findall(r"```python\n(import pytest.*?)```", PAGE, re.DOTALL)
    pytester.makepyfile(test_example=example.replace('"demo"', '"scans"'))
    result = pytester.runpytest_inprocess("--benchmark-max-time=0.001", "--benchmark-min-rounds=1")
    result.assert_outcomes(passed=2 * len(default_registry().methods("edges.*")) + 2 * 2 + 2)


LINES = [
    line for line in re.findall(r"^    (pytest --benchmark .*?)(?:  +#.*)?$", PAGE, re.MULTILINE) if "--benchmark-" not in line
]


@pytest.mark.parametrize("line", LINES)
def test_command_lines_are_read_as_they_are_shown(pytester, scans, write_page, line):
    write_page(pytester.path / "more" / "c.png")
    pytester.makepyfile(**{"tests/test_mine": "def test_mine(): pass"})
    words = shlex.split(line)[1:]
    if "--ecg-compare" in line:
        pytester.runpytest_inprocess("--benchmark=scans", "--ecg-methods=edges.canny", "--ecg-save=main")
    result = pytester.runpytest_inprocess(*words, "--ecg-methods=edges.canny", "--collect-only", "-q")
    assert result.ret == pytest.ExitCode.OK, result.stderr.str()
    assert any("::edges.canny" in each for each in result.outlines)


def test_the_words_of_the_github_recipe_are_read_by_a_shell(pytester):
    (measure,) = re.findall(r"MEASURE: pytest (.*)", PAGE)
    words = measure.replace("count=50", "count=1").split()
    pytester.runpytest_inprocess(*words[:-2], "--collect-only", "-q").stdout.fnmatch_lines(
        ["synthetic[?]count=1&seed=7::*::edges.canny"]
    )
