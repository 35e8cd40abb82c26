"""A method's source is its module and what that uses of its package."""

import importlib
import subprocess
import sys

import pytest

from ecgbench.core.source import source_hash
from ecgbench.plugins import edges


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose module `method` uses `shared`, which uses `deeper`; `stranger` is used by nobody."""
    folder = tmp_path / "sourced"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "deeper.py").write_text("def depth():\n    return 1\n")
    (folder / "shared.py").write_text("from sourced.deeper import depth\n\ndef share():\n    return depth()\n")
    (folder / "method.py").write_text("from sourced import shared\n\ndef run():\n    return shared.share()\n")
    (folder / "stranger.py").write_text("def stray():\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "sourced"]:
        del sys.modules[name]


def hash_after(folder):
    code = "from sourced import method, stranger; from ecgbench.core.source import source_hash; print(source_hash(method.run))"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder.parent, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(("edited", "changes"), [("method", True), ("shared", True), ("deeper", True), ("stranger", False)])
def test_an_edit_of_what_a_method_uses_makes_it_another_one(package, edited, changes):
    before = hash_after(package)
    path = package / f"{edited}.py"
    path.write_text(path.read_text().replace("return", "return 0 or"))
    assert (hash_after(package) != before) is changes


def test_the_hash_is_the_same_in_another_process(package):
    method = importlib.import_module("sourced.method")
    assert source_hash(method.run) == hash_after(package)


def test_a_function_without_a_source_is_its_code():
    def made(text):
        scope = {"__name__": "__main__"}
        exec(text, scope)
        return scope["run"]

    one, same, other = made("def run(): return 1"), made("def run(): return 1"), made("def run(): return 2")
    assert source_hash(one) == source_hash(same) != source_hash(other)


def test_methods_that_share_a_module_have_one_source():
    assert edges.canny.source_hash == edges.sobel.source_hash
