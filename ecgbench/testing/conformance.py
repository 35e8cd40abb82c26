"""`pytest --pyargs ecgbench.testing --ecg-plugin MY_PLUGIN`: every check of a plugin as a test item of its own.

pytest loads this module at every start, through an entry point: until the option is given it adds the option and nothing more. (A
conftest.py would be found too late: pytest reads those of `--pyargs` packages after the command line.)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ecgbench.testing.check import Subject
    from ecgbench.testing.conducting import Conductor, Trial

PACKAGE = "ecgbench.testing"
HERE = Path(__file__).resolve()  # the file whose place in the tree the items take
NODE = "ecgbench.testing.conformance"  # begins the ids of items: with --pyargs they can be named on the command line


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --ecg-plugin and what goes with it."""
    group = parser.getgroup("ecgbench", "ecgbench: conformance of plugins")
    group.addoption(
        "--ecg-plugin",
        metavar="NAME",
        help="check this package, module or entry point: a test item a check (see `ecgbench check`)",
    )
    group.addoption(
        "--ecg-images", metavar="SPEC", action="append", default=[], help="a spec that the plugin's image sets are opened with"
    )
    group.addoption(
        "--ecg-check-timeout", metavar="SECONDS", type=float, default=30.0, help="seconds a call of the plugin may take"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let the option and the package go together: each is of no use without the other."""
    wanted = config.getoption("--ecg-plugin")
    named = any(_is_here(config, str(argument)) for argument in config.args)
    if wanted and not named:
        config.args.append(str(HERE))
    if named and not wanted and PACKAGE in config.args:
        raise pytest.UsageError(f"Say which plugin to check: pytest --pyargs {PACKAGE} --ecg-plugin MY_PLUGIN")


def _is_here(config: pytest.Config, argument: str) -> bool:
    """Return whether an argument names this package or this file, or an item in it."""
    place = argument.partition("::")[0]
    if place in (PACKAGE, NODE):
        return True
    try:
        return Path(config.invocation_params.dir, place).resolve() in (HERE, HERE.parent)
    except (OSError, ValueError):
        return False


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Put the checks where this file is collected."""
    if parent.config.getoption("--ecg-plugin") and file_path.resolve() == HERE:
        return CheckedPlugin.from_parent(parent, path=file_path, nodeid=NODE)
    return None


class CheckedPlugin(pytest.File):
    """The plugin: a collector of what it offers."""

    conductor: Conductor | None = None

    def collect(self) -> Iterator[CheckedSubject]:
        """Yield a collector for each method, metric and image set."""
        from ecgbench.testing.finding import PluginError, find_plugin

        options = self.config.getoption
        try:
            found = find_plugin(options("--ecg-plugin"), images=options("--ecg-images"))
        except PluginError as error:
            raise self.CollectError(str(error)) from None
        self.expected = found.expected
        by_subject: dict[Subject, list[Trial]] = {}
        for trial in found.trials():
            by_subject.setdefault(trial.subject, []).append(trial)
        for subject, trials in by_subject.items():
            yield CheckedSubject.from_parent(self, name=subject.id, trials=trials)

    def conducting(self) -> Conductor:
        """Return what runs the checks of all items, made for the first of them."""
        if self.conductor is None:
            from ecgbench.testing.conducting import Conductor

            self.conductor = Conductor(self.expected, self.config.getoption("--ecg-check-timeout"), workers=1)
            self.session.config.add_cleanup(self.conductor.close)
        return self.conductor


class CheckedSubject(pytest.Collector):
    """One method, metric or image set: a collector of its checks."""

    def __init__(self, *, trials: list[Trial], **of_pytest: Any) -> None:
        super().__init__(**of_pytest)
        self.trials = trials

    def collect(self) -> Iterator[CheckItem]:
        """Yield an item for each check."""
        for trial in self.trials:
            yield CheckItem.from_parent(self, name=trial.check.name, trial=trial)


class NotKept(Exception):  # noqa: N818 - how an item that failed tells its sentence without a traceback
    """A promise that is not kept."""


class CheckItem(pytest.Item):
    """One check of one subject."""

    def __init__(self, *, trial: Trial, **of_pytest: Any) -> None:
        super().__init__(**of_pytest)
        self.trial = trial

    def runtest(self) -> None:
        """Run the check; what it expects to fail is xfailed, what does not apply is skipped."""
        from ecgbench.testing.check import sentence

        plugin = self.getparent(CheckedPlugin)
        assert plugin is not None
        (verdict,) = plugin.conducting().run([self.trial])
        if verdict.status == "skipped":
            pytest.skip(verdict.message)
        if verdict.status == "expected failure":
            pytest.xfail(verdict.message)
        if not verdict.ok:
            raise NotKept(f"{sentence(verdict.message)}\nWhy: {verdict.check.why}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Tell a failure by its sentence; anything else is an error of the kit and shows its traceback."""
        return str(excinfo.value) if isinstance(excinfo.value, NotKept) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return what pytest calls the item."""
        return self.path, None, self.trial.id
