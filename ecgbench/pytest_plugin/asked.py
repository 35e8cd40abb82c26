"""What --benchmark adds to a session: the items, and under pytest-xdist the way they are handed out."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from ecgbench import __version__
from ecgbench.pytest_plugin.arguments import take_over
from ecgbench.pytest_plugin.bench import bench_of


class Asked:
    """Collects pictures beside the tests that were named; wrong words on the command line raise UsageError at once."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        take_over(config)
        self._bench = bench_of(config)
        _ = self._bench.plan, self._bench.requirements

    def pytest_report_header(self) -> list[str]:
        """Say what is to be run, and what plugins of ecgbench were left out."""
        methods = ", ".join(method.name for method in self._bench.methods)
        pictures = ", ".join(wanted.spec for wanted in self._bench.wanted)
        left_out = [f"ecgbench left out {each.plugin} of {each.origin}: {each.message}" for each in self._bench.registry.problems]
        return [f"ecgbench {__version__}: {methods} on {pictures}", *left_out]

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Add the pictures to what the session collects."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            from ecgbench.pytest_plugin.cells import collect_cells

            report.result.extend(collect_cells(collector))
        return report

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """Hand out items picture by picture, unless another --dist was asked for than that of a bare -n."""
        if config.getoption("dist") != "load":
            return None
        from ecgbench.pytest_plugin.scheduling import PictureScheduling

        return PictureScheduling(config, log)
