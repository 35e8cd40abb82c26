import sys
import types
from importlib.metadata import distribution, packages_distributions, version

import pytest

from ecgbench.core.versions import package_version


def test_a_package_that_says_its_version_is_believed(monkeypatch):
    monkeypatch.setitem(sys.modules, "says_its_own", types.SimpleNamespace(__version__="7.1"))
    assert package_version("says_its_own") == "7.1"


def test_any_other_package_has_the_version_of_the_distribution_that_brings_it(monkeypatch):
    checked = 0
    for top, names in sorted(packages_distributions().items())[::8]:
        if top not in sys.modules:
            assert package_version.__wrapped__(top) == version(names[0]), top
            checked += 1
    assert checked > 3


def test_the_word_of_a_distribution_that_lists_its_packages_holds(tmp_path, monkeypatch):
    info = tmp_path / "declares-3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: declares\nVersion: 3\n")
    (info / "top_level.txt").write_text("declared_package\n")
    (info / "RECORD").write_text("other_package/__init__.py,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert distribution("declares").version == "3"
    assert package_version("declared_package") == "3"
    assert package_version("other_package") == "0"


@pytest.mark.parametrize("top", ["__main__", "nobody_brings_this"])
def test_where_no_distribution_is_known_the_version_is_0(top):
    assert package_version(top) == "0"
