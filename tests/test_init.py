"""`import ecgbench` gives every name that it promises, and waits for no library before somebody uses one."""

import importlib
import subprocess
import sys

import pytest

import ecgbench

HEAVY = ("scipy", "PIL", "sqlalchemy", "matplotlib", "skimage", "pyarrow", "rich", "typer")


def imported(code, names):
    """Return which of the modules are imported once a fresh process has run `code`."""
    code = f"{code}\nimport sys\nprint(*(name for name in {names!r} if name in sys.modules))"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_importing_it_and_every_name_of_it_loads_nothing_that_plugins_do_not_need():
    assert imported("import ecgbench", (*HEAVY, "cv2", "numpy")) == []
    assert imported("from ecgbench import *; Page", (*HEAVY, "cv2", "numpy")) == ["cv2", "numpy"]


@pytest.mark.parametrize("name", ecgbench.__all__)
def test_each_name_is_the_one_of_the_core(name):
    found = getattr(ecgbench, name)
    homes = [
        importlib.import_module(f"ecgbench.core.{home}")
        for home in ("page", "params", "results", "truth", "transformer", "metric", "image_set")
    ]
    assert any(vars(home).get(name) is found for home in homes)
    assert name in dir(ecgbench)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'ecgbench' has no attribute 'Pge'"):
        _ = ecgbench.Pge
    with pytest.raises(ImportError):
        from ecgbench import Pge  # noqa: F401
