"""Pictures for pytest to run on, in a folder of its own, with a registry that no other test has changed.

pytester forgets what a session within this process imported, and libraries in C do not bear to be imported twice: so all that sessions
import is imported here.
"""

import json

import cv2
import hypothesis  # noqa: F401
import numpy as np
import PIL.Image
import pytest
import rich.console
import rich.table  # noqa: F401
import scipy.ndimage
import scipy.signal
import scipy.stats  # noqa: F401

import ecgbench.preload
import ecgbench.pytest_plugin.asked
import ecgbench.pytest_plugin.cells
import ecgbench.pytest_plugin.keeping
import ecgbench.pytest_plugin.parametrization
import ecgbench.pytest_plugin.tables
import ecgbench.pytest_plugin.verdicts
import ecgbench.report  # noqa: F401
from ecgbench.plugins.image_sets.truth_files import FORMAT, VERSION
from ecgbench.registry import default_registry

PIL.Image.init()
default_registry()


def _draw():
    page = np.full((80, 120, 3), 60, np.uint8)
    page[10:70, 10:110] = 255
    page[10:70:8, 10:110] = page[10:70, 10:110:8] = (150, 150, 245)
    x = np.arange(14, 106)
    wave = np.column_stack([x, 40 + 12 * np.sin(x / 5)]).astype(np.int32)
    cv2.polylines(page, [wave], False, (20, 20, 20), 2)
    return page


@pytest.fixture
def drawn_page():
    """A page of 120 x 80 on a dark desk, with a red grid and a trace; its paper is at (10, 10, 100, 60)."""
    return _draw()


@pytest.fixture
def write_page():
    """Writes the page to a path, with its truth beside it unless the box is None."""

    def write(path, *, box=(10, 10, 100, 60)):
        path.parent.mkdir(exist_ok=True, parents=True)
        cv2.imwrite(str(path), _draw())
        if box is not None:
            path.with_suffix(".json").write_text(json.dumps({"format": FORMAT, "version": VERSION, "content_box": box}))
        return path

    return write


@pytest.fixture(autouse=True)
def _as_a_user(monkeypatch, tmp_path):
    """No setting of this machine, and no method of another test."""
    for name in ("ECGBENCH_STORE", "GITHUB_STEP_SUMMARY", "CI", "COLUMNS", "PYTEST_XDIST_WORKER"):  # this test may be in a worker
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    default_registry.cache_clear()
    yield
    default_registry.cache_clear()


@pytest.fixture
def scans(pytester, write_page):
    """A folder `scans` of two pages with truth, a.png and b.png."""
    write_page(pytester.path / "scans" / "a.png")
    write_page(pytester.path / "scans" / "b.png")
    return pytester.path / "scans"


MISBEHAVING = '''
import os, signal
import numpy as np
from ecgbench import EdgeMap, Page, transformer
from ecgbench.registry import default_registry

@transformer("edges.{name}")
def {name}(page: Page) -> EdgeMap:
    """Do what a test needs.

    How it works: on purpose.
    What works: nothing.
    What didn't work: everything.
    Changes: 0.1 first version.
    """
    if page.name == "b.png":
        {action}
    return EdgeMap(np.zeros(page.shape, bool), None)

default_registry().register({name})
'''


@pytest.fixture
def method(pytester):
    """Makes a conftest.py with a method edges.NAME that does something on b.png."""

    def make(name, action):
        pytester.makeconftest(MISBEHAVING.format(name=name, action=action))

    return make
