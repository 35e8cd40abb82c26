"""pytest --benchmark: methods on pictures as tests, and fixtures for users' own; adds nothing to a run until asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ecgbench.pytest_plugin.options import CARRIER, add_options, is_asked, is_worker, keeps_run

if TYPE_CHECKING:  # all that is heavy waits until it is asked for
    from ecgbench.core.image_set import ImageSet
    from ecgbench.pytest_plugin.bench import NamedMethod
    from ecgbench.pytest_plugin.parametrization import BenchCase, BenchRun
    from ecgbench.registry import Registry

FIXTURES = frozenset({"ecg_method", "ecg_case", "ecg_set"})
MARKER_LINE = "ecgbench(methods=..., images=..., params=...): run with each of these methods (patterns) on each picture of these image sets (specs)."


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare options and settings."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Tell pictures from tests, before pytest looks for conftest files there."""
    if early_config.known_args_namespace.ecg_benchmark is not None:
        from ecgbench.pytest_plugin.arguments import sort_command_line

        sort_command_line(early_config, parser, args)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Join the session where it is asked for; keep what workers and tests measure."""
    config.addinivalue_line("markers", MARKER_LINE)
    if is_asked(config):
        from ecgbench.pytest_plugin.asked import Asked

        config.pluginmanager.register(Asked(config), "ecgbench-asked")
    if not is_worker(config):
        from ecgbench.pytest_plugin.recording import Recorder

        recorder = Recorder(config)
        config.pluginmanager.register(recorder, "ecgbench-recorder")
        if keeps_run(config) or config.getoption("ecg_fail_on"):
            recorder.open()  # at once: its words may be wrong; a run that nobody keeps waits for its first outcome


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give tests that ask for them their methods, cases and sets."""
    if not FIXTURES.isdisjoint(metafunc.fixturenames):
        from ecgbench.pytest_plugin.parametrization import parametrize

        parametrize(metafunc)


@pytest.fixture(scope="session")
def ecg_registry() -> Registry:
    """Methods, metrics and image sets, by name; methods that are registered here are not collected: do that in conftest.py."""
    from ecgbench.registry import default_registry

    return default_registry()


@pytest.fixture
def ecg_method(request: pytest.FixtureRequest) -> NamedMethod:
    """One method with its params: call it on a page or an array."""
    from ecgbench.pytest_plugin.parametrization import label_benchmark

    method: NamedMethod = request.param
    label_benchmark(request, method)
    return method


@pytest.fixture
def ecg_case(request: pytest.FixtureRequest) -> BenchCase:
    """One picture: `page`, `truth`, `name` and `info`."""
    case: BenchCase = request.param
    return case


@pytest.fixture
def ecg_set(request: pytest.FixtureRequest) -> ImageSet:
    """One image set: iterate over it for its cases."""
    images: ImageSet = request.param.images
    return images


@pytest.fixture
def ecg_run(request: pytest.FixtureRequest, ecg_method: NamedMethod, ecg_case: BenchCase) -> Iterator[BenchRun]:
    """Time and score one call: `outcome = ecg_run()`."""
    from ecgbench.pytest_plugin.bench import bench_of
    from ecgbench.pytest_plugin.parametrization import BenchRun

    item = request.node
    yield BenchRun(bench_of(request.config), item, ecg_method, ecg_case)
    item.user_properties = [
        each for each in item.user_properties if each[0] != CARRIER
    ]  # it has gone with the report of the call
