import contextlib
import io
import shlex

import cv2
import numpy as np
import pytest

from ecgbench.dashboard.snippets import method_snippets, pipeline_snippets
from ecgbench.pytest_plugin.options import add_options
from ecgbench.registry import default_registry


@pytest.fixture
def picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = np.full((60, 80), 255, np.uint8)
    page[30, 10:70] = 0
    cv2.imwrite("it's.png", page)
    return "it's.png"


def carried_out(code):
    said = io.StringIO()
    scope = {}
    with contextlib.redirect_stdout(said):
        exec(code, scope)
    return scope, said.getvalue()


def test_the_python_of_a_method_runs_with_its_params(picture):
    snippets = method_snippets(default_registry().method("edges.canny"), {"sigma": 0.5}, picture)
    assert "edge_pixels" in carried_out(snippets.python)[1]
    assert shlex.split(snippets.command)[:3] == ["ecgbench", "run", picture]
    assert shlex.split(snippets.pytest)[-2:] == ["--ecg-param", "edges.canny.sigma=0.5"]


def test_the_python_of_a_case_opens_that_case():
    snippets = method_snippets(default_registry().method("edges.canny"), {}, "synthetic?count=2&dpi=72", case="00000-0003")
    assert carried_out(snippets.python)[0]["page"].shape[0] > 100


def test_options_of_the_test_are_ones_that_the_plugin_has():
    known = set()

    class Group:
        def addoption(self, *names, **_):
            known.update(names)

    class Parser:
        def getgroup(self, *_):
            return Group()

        def addini(self, *_, **__):
            pass

    add_options(Parser())
    words = shlex.split(method_snippets(default_registry().method("edges.canny"), {"sigma": 0.5}, "a.png").pytest)
    assert {word for word in words if word.startswith("--")} <= known


def test_the_pipelines_python_and_test_run_and_its_command_says_what_is_off(picture):
    options = {
        "edge_detection": True,
        "method": "sobel",
        "crop_to_content": True,
        "digitize": True,
        "digitize_method": "classical",
    }
    snippets = pipeline_snippets({**options, "digitize": False}, picture)
    assert "edge_detection" in carried_out(snippets.python)[1]
    carried_out(snippets.pytest)[0]["test_the_pipeline_reads_the_page"]()
    lines = pipeline_snippets(options, picture).command.splitlines()
    assert shlex.split(lines[0])[3:] == ["--edges", "sobel", "--color", "off", "--no-grid", "--no-quality", "--crop"]
    assert shlex.split(lines[1])[:2] == ["ecgbench", "digitize"]
