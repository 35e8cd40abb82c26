"""The options and settings of the plugin; values that are read from them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ecgbench.default_store import DEFAULT_STORE, STORE_VARIABLE

CARRIER = "ecgbench_outcome"  # the user property of a report that carries an outcome; other plugins do not see it
BARE = ""  # the value of --benchmark without one
# Given with --benchmark, these ask for the tables and files of pytest-benchmark, which then times our items too.
ASKS_CALIBRATION = (
    "benchmark_only", "benchmark_enable", "benchmark_save", "benchmark_autosave", "benchmark_json", "benchmark_compare",
    "benchmark_compare_fail", "benchmark_histogram", "benchmark_cprofile",
)  # fmt: skip


def add_options(parser: pytest.Parser) -> None:
    """Declare the plugin's options and ini settings."""
    group = parser.getgroup("ecgbench", "methods on pictures of ECGs as tests (ecgbench)")
    group.addoption(
        "--benchmark", dest="ecg_benchmark", action="append", nargs="?", const=BARE, metavar="SPEC",
        help="Run methods on the pictures of SPEC: a folder, picture, pattern, gs://bucket/prefix, demo, 'synthetic?count=20', ...; "
        "several may follow. Without SPEC: the ini setting ecgbench_images, else demo.",
    )  # fmt: skip
    group.addoption(
        "--ecg-methods", default="*", metavar="PATTERNS", help="Methods by pattern, comma-separated: 'edges.*,color.lab'."
    )
    group.addoption(
        "--ecg-param", action="append", default=[], metavar="METHOD.NAME=VALUE", help="A parameter's value, or several to be tried: 0.2,0.5."
    )  # fmt: skip
    group.addoption("--ecg-repeats", type=int, default=1, metavar="N", help="Timed calls of each method on each picture.")
    group.addoption(
        "--ecg-calibrate", action="store_true",
        help="Time each item by pytest-benchmark's calibrated rounds too; any option that asks for its tables or files does the same.",
    )  # fmt: skip
    group.addoption(
        "--ecg-min", action="append", default=[], metavar="'SCORE>=NUMBER'",
        help="Fail items whose score misses the bound (>=, >, <= or <), and draw what the method saw.",
    )  # fmt: skip
    group.addoption(
        "--ecg-drawings", type=Path, metavar="DIR", help="Where drawings of failures go; default: pytest's temporary folder."
    )
    group.addoption(
        "--ecg-store",
        metavar="PATH",
        help=f"Keep the run in this file or database; default with the options below: {DEFAULT_STORE}.",
    )
    group.addoption("--ecg-save", metavar="NAME", help="Keep the run under this name, as a baseline.")
    group.addoption("--ecg-compare", metavar="NAME", help="Compare with the latest run kept under this name.")
    group.addoption(
        "--ecg-fail-on", action="append", default=[], metavar="'METRIC (<|>) NUMBER[%%|x]'",
        help="With --ecg-compare: fail where the comparison shows it, such as 'wall_median_s > 1.10x'; as in `ecgbench compare`.",
    )  # fmt: skip
    parser.addini(
        "ecgbench_images", "Pictures of a bare --benchmark and of @pytest.mark.ecgbench: specs.", type="args", default=[]
    )
    parser.addini("ecgbench_store", "Where --ecg-save and --ecg-compare keep runs, relative to the rootdir.", default="")


def is_asked(config: pytest.Config) -> bool:
    """Tell whether the command line has --benchmark."""
    return config.getoption("ecg_benchmark", None) is not None


def is_worker(config: pytest.Config) -> bool:
    """Tell whether this process is a worker of pytest-xdist, which measures but keeps nothing."""
    return hasattr(config, "workerinput")


def worker_count(config: pytest.Config) -> int:
    """Return how many processes measure, as the one that reports knows it: those of pytest-xdist, else itself."""
    distributed = config.getoption("dist", "no") != "no"
    return max(1, len(config.getoption("tx", None) or ())) if distributed else 1


def calibrates(config: pytest.Config) -> bool:
    """Tell whether pytest-benchmark is to time our items too; UsageError where it is asked to but is not there."""
    there = config.pluginmanager.hasplugin("benchmark")
    if config.getoption("ecg_calibrate") and not there:
        raise pytest.UsageError("--ecg-calibrate needs pytest-benchmark; pip install 'ecg-image-bench[pytest]' brings it.")
    asked = config.getoption("ecg_calibrate") or any(config.getoption(name, None) for name in ASKS_CALIBRATION)
    return there and bool(asked) and not config.getoption("benchmark_skip", False)


def keeps_run(config: pytest.Config) -> bool:
    """Tell whether the run is to outlive the session."""
    return any(config.getoption(name) for name in ("ecg_store", "ecg_save", "ecg_compare")) or STORE_VARIABLE in os.environ


def store_location(config: pytest.Config) -> str:
    """Return where runs are kept: --ecg-store, the environment, the ini setting, else a file in the rootdir."""
    given: Any = config.getoption("ecg_store") or os.environ.get(STORE_VARIABLE)
    if given:
        return str(given)
    setting = str(config.getini("ecgbench_store"))
    return setting if "://" in setting else str(config.rootpath / (setting or DEFAULT_STORE))
