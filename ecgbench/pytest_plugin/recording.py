"""What the process that reports does with outcomes: keeps them, sums them up, and says where the session fails for them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ecgbench.pytest_plugin.options import CARRIER, is_asked

if TYPE_CHECKING:
    from ecgbench.pytest_plugin.keeping import KeptRun
    from ecgbench.pytest_plugin.verdicts import Verdict
    from ecgbench.report.sheets import Sheet
    from ecgbench.stats import Bound

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"  # a file that GitHub Actions shows as Markdown
ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
LEAST_VERBOSE = -1  # at which tables are printed: with -q, not with -qq
ERROR = {"red": True, "bold": True}


class Recorder:
    """Keeps the outcomes of a session in one run and reports them; it opens nothing before the first, unless `open` is called."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._kept: KeptRun | None = None
        self._bounds: tuple[Bound, ...] = ()
        self._deselected = 0
        self._sheets: list[Sheet] = []
        self._sentences: list[str] = []
        self._problems: list[str] = []

    def open(self) -> KeptRun:
        """Begin the run; wrong words on the command line, or a store that cannot be used, raise UsageError."""
        from ecgbench.pytest_plugin.bench import bench_of
        from ecgbench.pytest_plugin.keeping import KeptRun
        from ecgbench.pytest_plugin.verdicts import read_bounds
        from ecgbench.store import StoreError

        bench = bench_of(self._config)
        self._bounds = read_bounds(self._config.getoption("ecg_fail_on"), self._config, bench)
        try:
            self._kept = KeptRun(self._config, bench)
        except StoreError as error:
            raise pytest.UsageError(str(error).replace("--store", "--ecg-store")) from None
        return self._kept

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the outcomes that a report carries, before other plugins read it."""
        parcels = [value for name, value in report.user_properties if name == CARRIER]
        if parcels:
            report.user_properties = [each for each in report.user_properties if each[0] != CARRIER]
            from ecgbench.pytest_plugin.parcels import unpack

            for parcel in parcels:
                self._keep(*unpack(str(parcel)))

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """Keep the outcome of an item that took its worker with it."""
        from ecgbench.core.outcome import Outcome, Status
        from ecgbench.plan import variant_of
        from ecgbench.pytest_plugin.bench import bench_of
        from ecgbench.pytest_plugin.cells import find_cell

        if is_asked(self._config):
            bench = bench_of(self._config)
            found = find_cell(bench, crashitem, self._config.rootpath)
            if found is not None:
                case, method, spec = found
                variant = variant_of(method.method, bench.registry)
                self._keep(Outcome(variant, case.info, Status.CRASHED, error="The worker crashed in this method."), spec)

    def pytest_deselected(self, items: Iterable[pytest.Item]) -> None:
        """Count the cells that -k, -m or another plugin left out."""
        self._deselected += sum(item.get_closest_marker("ecgbench") is not None for item in items)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
        """End the run, and fail the session where a bound was crossed or nothing was measured."""
        runs_nothing = self._config.getoption("collectonly") or self._config.getoption("setuponly", False)
        if runs_nothing or exitstatus not in (*ENDED, pytest.ExitCode.INTERRUPTED):
            return
        if self._kept is not None and self._kept.count:
            self._sum_up(self._kept, interrupted=bool(session.shouldfail or session.shouldstop) or exitstatus not in ENDED)
        elif is_asked(self._config) and exitstatus in ENDED:
            self._problems.append(self._nothing_measured())
        if self._problems and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print a table a task, how the run compares, and where it is kept."""
        from ecgbench.pytest_plugin.options import store_location

        out = terminalreporter
        if self._sheets or self._problems:
            out.write_sep("=", "ecgbench")
        if self._sheets and self._config.get_verbosity() >= LEAST_VERBOSE:
            self._print_tables(out)
        for sentence in self._sentences:
            out.write_line(sentence, yellow=sentence.startswith("warning"))
        for problem in self._problems:
            out.write_line(problem, **ERROR)
        if self._kept is not None and self._kept.count:
            name, store = self._kept.name, store_location(self._config)
            kept = f"run {name}: ecgbench leaderboard {shlex.quote(name)} --store {shlex.quote(store)}"
            out.write_line(
                kept if self._kept.lasts else "this run is not kept; --ecg-save NAME keeps it, to be compared with later"
            )

    def pytest_unconfigure(self) -> None:
        """Close the store."""
        if self._kept is not None:
            self._kept.close()

    def _keep(self, outcome: Any, spec: str | None) -> None:
        from ecgbench.store import StoreError

        try:
            (self._kept or self.open()).add(outcome, spec)
        except (StoreError, pytest.UsageError) as error:
            if str(error) not in self._problems:  # a disk that is full is so for each outcome
                self._problems.append(str(error))

    def _sum_up(self, kept: KeptRun, *, interrupted: bool) -> None:
        from ecgbench.store import StoreError

        try:
            kept.finish("interrupted" if interrupted else "finished")
            self._make_tables(kept)
            disturbed = sum(kept.store.disturbed(kept.run.id).values())
            if disturbed:
                self._sentences.append(
                    f"{disturbed} of {kept.count} cells had to wait for other programs while timed: their times are too long."
                )
            if kept.baseline is not None:
                self._judge(kept)
            self._write_markdown(kept)
        except StoreError as error:
            self._problems.append(str(error))

    def _make_tables(self, kept: KeptRun) -> None:
        from ecgbench.pytest_plugin.bench import bench_of
        from ecgbench.pytest_plugin.tables import task_sheets

        self._sheets = task_sheets(kept.store, kept.run, bench_of(self._config).registry.metrics.values())

    def _judge(self, kept: KeptRun) -> None:
        from ecgbench.core.metric import COST_SCORES
        from ecgbench.pytest_plugin.bench import bench_of
        from ecgbench.pytest_plugin.tables import ranked_scores, verdict_sheet
        from ecgbench.pytest_plugin.verdicts import judge

        assert kept.baseline is not None
        times = {score.name for score in COST_SCORES if score.unit == "s"}
        verdict = judge(kept.store, kept.baseline, kept.run, self._bounds, times)
        ranked = ranked_scores(kept.store, kept.run, bench_of(self._config).registry.metrics.values())
        self._sheets.append(verdict_sheet(verdict, ranked))
        self._say(verdict)

    def _say(self, verdict: Verdict) -> None:
        for sentence in verdict.sentences:
            (self._problems if sentence.startswith("REGRESSION") else self._sentences).append(sentence)

    def _print_tables(self, out: pytest.TerminalReporter) -> None:
        from ecgbench.pytest_plugin.tables import on_terminal

        for sheet in self._sheets:
            for line in on_terminal(sheet, width=out._tw.fullwidth, colors=out.hasmarkup).splitlines():
                out.write_line(line)
            out.write_line("")

    def _write_markdown(self, kept: KeptRun) -> None:
        from ecgbench.pytest_plugin.tables import failure_sheets, in_markdown

        target = os.environ.get(SUMMARY_VARIABLE)
        if not target:
            return
        sheets = [*self._sheets, *failure_sheets(kept.store, kept.run)]
        try:
            with Path(target).open("a", encoding="utf-8") as summary:
                summary.write(in_markdown(kept.run, sheets, [*self._problems, *self._sentences]))
        except OSError as error:
            self._sentences.append(f"warning: the summary {target} cannot be written: {error.strerror}.")

    def _nothing_measured(self) -> str:
        """Say that nothing was measured, and why, where that is known."""
        why = []
        for option, keeps in (("benchmark_only", "--benchmark-only"), ("codspeed", "--codspeed")):
            if self._config.getoption(option, None):
                why.append(f"{keeps} leaves out every test that does not use the `benchmark` fixture; leave it out")
        if self._config.getoption("benchmark_skip", None):
            why.append("--benchmark-skip was given")
        if self._deselected:
            why.append(f"{self._deselected} were deselected")
        reasons = f": {'; '.join(why)}" if why else ""
        return f"ecgbench measured no cell{reasons}."
