"""Collectors of pictures, and the items: one method on one picture, with the id "scans/a.png::edges.canny[sigma=0.33]"."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from ecgbench.core.outcome import Outcome
from ecgbench.core.truth import Case
from ecgbench.pytest_plugin.arguments import Wanted
from ecgbench.pytest_plugin.bench import Bench, NamedMethod, bench_of, explained
from ecgbench.pytest_plugin.drawings import draw
from ecgbench.pytest_plugin.options import CARRIER

Collectors = Iterator["PictureFile | CaseOfSet"]


class Cell(pytest.Function):
    """One method on one picture: fails where the method does, or where its scores miss a bound.

    It is a function item, so that fixtures reach it: those of pytest-benchmark and the automatic ones of a user's conftest.
    """

    case: Case
    method: NamedMethod
    spec: str

    @classmethod
    def from_parent(cls, parent: Any, *, case: Case, method: NamedMethod, spec: str) -> Self:  # type: ignore[override]
        """Make the item of a method on a case of the set `spec`."""
        asks = _ask_calibrated if bench_of(parent.config).calibrated else _ask
        item = super().from_parent(parent, name=method.name, callobj=asks)
        item.case, item.method, item.spec = case, method, spec
        # Newer pytest compares ids by their parts (--lf does), and takes a name with brackets for one part.
        if hasattr(item, "_id"):
            item._id = type(item._id).parse(str(item._id))
        item.add_marker("ecgbench")
        item.extra_keyword_matches |= {method.task, spec}
        return item

    def runtest(self) -> None:
        """Measure, and fail with what went wrong."""
        bench = bench_of(self.config)
        outcome = bench.measure(self.method, self.case, self, self.spec)
        problem = self._problem(bench, outcome)
        if problem is not None:
            pytest.fail(problem, pytrace=False)
        if bench.calibrated:
            self._calibrate(bench, outcome)

    def teardown(self) -> None:
        """Take the outcome off the item: it has gone with the report of the call."""
        self.user_properties = [each for each in self.user_properties if each[0] != CARRIER]
        super().teardown()

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Return path, its first line (pytest wants one of items that are skipped), and the heading of a failure."""
        return _printable(self.path), 0, f"{self.name} on {self.case.name}"

    def _problem(self, bench: Bench, outcome: Outcome) -> str | None:
        """Return what fails the item; the first line stands alone in pytest's summary."""
        if outcome.error is not None:  # of the method, or of a metric, without which nothing is proved
            return explained(outcome)
        missed = [miss for each in bench.required_of(self.method.task) if (miss := each.miss(outcome)) is not None]
        if not missed:
            return None
        drawn = draw(self.method.method, bench.meter.page(self.case), self.nodeid, self._drawings())
        return f"{'; '.join(missed)}. Drawn: {drawn}"

    def _drawings(self) -> Path:
        chosen: Path | None = self.config.getoption("ecg_drawings")
        return chosen or self.funcargs["tmp_path_factory"].getbasetemp() / "ecgbench"  # type: ignore[attr-defined]

    def _calibrate(self, bench: Bench, outcome: Outcome) -> None:
        """Let pytest-benchmark time the method too, in a table a task."""
        benchmark: Any = self.funcargs["benchmark"]
        benchmark.group = self.method.task
        benchmark.name = f"{self.case.name}::{self.name}"  # the item's own name is that of the method alone
        benchmark.param, benchmark.params = self.name, {"ecg_case": self.case.name, "ecg_method": self.name}
        benchmark.extra_info.update(outcome.scores)
        benchmark(self.method, bench.meter.page(self.case))


def _ask(tmp_path_factory: Any) -> None:
    """Name the fixtures of an item."""


def _ask_calibrated(tmp_path_factory: Any, benchmark: Any) -> None:
    """Name the fixtures of an item that pytest-benchmark times too."""


class PictureFile(pytest.File):
    """A picture on disk; its items are the methods."""

    case: Case
    methods: tuple[NamedMethod, ...]
    spec: str

    def collect(self) -> Iterable[Cell]:
        """Yield an item a method."""
        return cells_of(self)


class CaseOfSet(pytest.Collector):
    """A picture that is no file of its own: a recipe, a record; its items are the methods."""

    case: Case
    methods: tuple[NamedMethod, ...]
    spec: str

    def collect(self) -> Iterable[Cell]:
        """Yield an item a method."""
        return cells_of(self)


def cells_of(node: PictureFile | CaseOfSet) -> Iterator[Cell]:
    """Yield the items of a picture."""
    return (Cell.from_parent(node, case=node.case, method=method, spec=node.spec) for method in node.methods)


def collect_cells(session: pytest.Session) -> Collectors:
    """Yield a collector a picture, each picture once, in the order in which they were asked for."""
    bench = bench_of(session.config)
    seen: set[str] = set()
    for wanted in bench.wanted:
        found = False
        for case in bench.cases(wanted.spec):
            methods = _chosen(wanted, case, bench.methods)
            node_id = picture_id(case, wanted.spec, session.config.rootpath)
            found = found or bool(methods)
            if methods and node_id not in seen:
                seen.add(node_id)
                yield _collector(session, case, methods, wanted.spec, node_id)
        if not found:
            raise pytest.UsageError(
                f"not found: {'::'.join((wanted.spec, *wanted.names))}; the methods are {_listed(bench.methods)}."
            )


def _collector(
    session: pytest.Session, case: Case, methods: tuple[NamedMethod, ...], spec: str, node_id: str
) -> PictureFile | CaseOfSet:
    node: PictureFile | CaseOfSet
    if _is_file(case.source):
        node = PictureFile.from_parent(session, path=Path(case.source).absolute(), name=case.name, nodeid=node_id)
    else:
        node = CaseOfSet.from_parent(session, name=case.name, nodeid=node_id)
    node.case, node.methods, node.spec = case, methods, spec
    return node


def picture_id(case: Case, spec: str, rootpath: Path) -> str:
    """Return what a picture's items are called before "::": its path from the rootdir, or set and name where it is no file."""
    if not _is_file(case.source):
        return f"{spec}::{case.name}"
    path = Path(case.source).absolute()
    shown = path.relative_to(rootpath) if path.is_relative_to(rootpath) else path
    return _printable(shown)


def _printable(path: Path) -> str:
    """Return a path whose bytes that are no UTF-8 are written out: such names can be neither shown nor sent to another process."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _is_file(source: Any) -> bool:
    return isinstance(source, (str, os.PathLike)) and os.path.isfile(source)  # noqa: PTH113 - names that no Path takes are no files


def _chosen(wanted: Wanted, case: Case, methods: tuple[NamedMethod, ...]) -> tuple[NamedMethod, ...]:
    """Return the methods that were asked for on this case: all, or those that an id names."""
    names = wanted.names
    if names and not _is_file(case.source):
        if names[0] != case.name:
            return ()
        names = names[1:]
    return tuple(each for each in methods if not names or names[-1] in (each.name, each.transformer.name))


def _listed(methods: Iterable[NamedMethod]) -> str:
    return ", ".join(method.name for method in methods)


def find_cell(bench: Bench, node_id: str, rootpath: Path) -> tuple[Case, NamedMethod, str] | None:
    """Return case, method and spec of the item with this id, None where it is not one of ours."""
    for wanted in bench.wanted:
        for case in bench.cases(wanted.spec):
            picture = picture_id(case, wanted.spec, rootpath)
            if node_id.startswith(f"{picture}::"):
                found = [method for method in bench.methods if node_id == f"{picture}::{method.name}"]
                return (case, found[0], wanted.spec) if found else None
    return None
