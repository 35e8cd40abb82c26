"""Tells pictures from tests on the command line, and keeps rootdir and ini what they would be without the pictures."""

from __future__ import annotations

import copy
import fnmatch
import glob
import inspect
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ecgbench.core.image_set import SpecError
from ecgbench.plugins.image_sets.folder import SUFFIXES
from ecgbench.registry import default_registry

TEST_FILES = ("test_*.py", "*_test.py", "conftest.py")
FALLBACK = "demo"


@dataclass(frozen=True)
class Wanted:
    """A spec of an image set, and below it the case and method that were named as in a test's id ("scans/a.png::edges.canny")."""

    spec: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arguments:
    """What a command line with --benchmark names: pictures and tests."""

    pictures: tuple[Wanted, ...]
    tests: tuple[str, ...]


ARGUMENTS = pytest.StashKey[Arguments]()


def sort_arguments(values: Sequence[str], positional: Sequence[str]) -> Arguments:
    """Tell pictures from tests among the values of --benchmark and the arguments beside it.

    A value is pictures unless it names Python tests ("--benchmark tests/test_mine.py"); an argument is pictures if it opens as such and
    holds no tests.

    >>> sort_arguments(["demo"], ["tests/test_mine.py::test_edges"])
    Arguments(pictures=(Wanted(spec='demo', names=()),), tests=('tests/test_mine.py::test_edges',))
    """
    pictures: list[str] = []
    tests: list[str] = []
    for value in filter(None, values):
        (tests if _is_test_file(value) or _holds(value) == (False, True) else pictures).append(value)
    for argument in positional:
        (pictures if _opens_as_pictures(argument) else tests).append(argument)
    return Arguments(tuple(map(_wanted, pictures)), tuple(tests))


def _wanted(text: str) -> Wanted:
    spec, *names = text.split("::", 2)
    return Wanted(spec, tuple(names))


def _is_test_file(text: str) -> bool:
    return text.partition("::")[0].endswith(".py")


def _opens_as_pictures(text: str) -> bool:
    spec = text.partition("::")[0]
    if "://" in spec:  # no file is called so; what is wrong with it is said when it is opened
        return True
    if spec.endswith(".py"):
        return False
    if Path(spec).is_dir():
        return _holds(spec) == (True, False)
    try:
        default_registry().open_images(spec)
    except SpecError:
        return False
    return True


def _holds(folder: str) -> tuple[bool, bool]:
    """Tell whether there are pictures below a folder, and whether there are Python tests."""
    pictures = tests = False
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        tests = tests or any(fnmatch.filter(files, pattern) for pattern in TEST_FILES)
        pictures = pictures or any(name.lower().endswith(SUFFIXES) for name in files)
        if pictures and tests:
            break
    return pictures, tests


def sort_command_line(config: pytest.Config, parser: pytest.Parser, line: list[str]) -> None:
    """Put aside what a command line names, before pytest looks there for conftest files; tests alone may say where the rootdir is.

    `line`: the arguments as pytest will parse them once more; the options of another ini are put in the place of those of the first.
    """
    namespace = config.known_args_namespace
    found = sort_arguments(namespace.ecg_benchmark, namespace.file_or_dir)
    config.stash[ARGUMENTS] = found
    if _find_rootdir_again(config, found.tests, line):
        namespace = parser.parse_known_args(line, namespace=copy.copy(config.option))
        namespace.confcutdir = namespace.confcutdir or str(config.inipath.parent if config.inipath else config.rootpath)
        config.known_args_namespace = namespace
    namespace.file_or_dir = list(found.tests)


def _find_rootdir_again(config: pytest.Config, tests: Sequence[str], line: list[str]) -> bool:
    """Find rootdir and ini anew, as if only tests had been named; return whether they are others.

    pytest decides on both before any plugin is asked, and takes a folder of pictures for one of tests. There is no public way to correct
    it, so this sets what its `Config.parse` sets.
    """
    from _pytest.config.findpaths import determine_setup

    namespace, private = config.known_args_namespace, _private(config)
    known = {
        "inifile": namespace.inifilename, "override_ini": namespace.override_ini, "args": list(tests),
        "rootdir_cmd_arg": namespace.rootdir or None, "invocation_dir": config.invocation_params.dir,
    }  # fmt: skip
    accepted = inspect.signature(determine_setup).parameters  # they differ between versions of pytest
    rootpath, inipath, settings, *_ = determine_setup(**{name: known[name] for name in accepted if name in known})
    if (rootpath, inipath) == (config.rootpath, config.inipath):
        return False
    before = config.getini("addopts")
    private._rootpath, private._inipath = rootpath, inipath
    setattr(private, "_inicfg" if hasattr(private, "_inicfg") else "inicfg", settings)
    private._inicache.clear()
    line[: len(before)] = config.getini("addopts")
    return True


def _private(config: pytest.Config) -> Any:
    return config


def wanted_pictures(config: pytest.Config) -> tuple[Wanted, ...]:
    """Return the pictures that the command line names, else those of the ini setting, else the demo's."""
    named = config.stash[ARGUMENTS].pictures if ARGUMENTS in config.stash else ()
    settings = tuple(Wanted(_below_rootdir(config, spec)) for spec in config.getini("ecgbench_images"))
    return named or settings or (Wanted(FALLBACK),)


def _below_rootdir(config: pytest.Config, spec: str) -> str:
    """Return a path of the ini file as seen from the working folder."""
    here = config.rootpath / spec
    known = bool(glob.has_magic(spec) and "?" not in spec) or here.exists()
    return str(here) if known and not Path(spec).exists() else spec


def take_over(config: pytest.Config) -> None:
    """Leave pytest the tests that were named and nothing else: where only pictures were, only these are run."""
    config.args = list(config.stash[ARGUMENTS].tests)
    config.args_source = config.ArgsSource.ARGS
