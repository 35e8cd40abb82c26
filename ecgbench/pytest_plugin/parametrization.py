"""What the fixtures of users' own tests are given: cases, methods and sets, by the marker `ecgbench` or the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from ecgbench.core.image_set import ImageSet
from ecgbench.core.outcome import Outcome
from ecgbench.core.page import Page
from ecgbench.core.transformer import Transformer
from ecgbench.core.truth import Case, CaseInfo, Truth
from ecgbench.measure import Method
from ecgbench.pytest_plugin.bench import Bench, NamedMethod, bench_of, explained

MARKER = "ecgbench"
TAKES = ("methods", "images", "params")


@dataclass(frozen=True)
class BenchCase:
    """A case as tests have it: `page` and `truth` are opened on first use, and shared with the tests of the same picture."""

    case: Case
    spec: str
    bench: Bench

    @property
    def name(self) -> str:
        """The case's name within its image set."""
        return self.case.name

    @property
    def info(self) -> CaseInfo:
        """What the store keeps of it."""
        return self.case.info

    @property
    def page(self) -> Page:
        """The decoded picture; PageError where it cannot be opened."""
        return self.bench.meter.page(self.case)

    @property
    def truth(self) -> Truth:
        """What is known of it."""
        return self.bench.meter.truth(self.case)

    def __repr__(self) -> str:
        return f"<case {self.name} of {self.spec}>"


@dataclass(frozen=True)
class BenchRun:
    """Times and scores one call in a test: `ecg_run()` its own method on its own case, or others that are given.

    The outcome is counted in the session's tables and kept in its store. A method that fails fails the test, unless `check` is False.
    """

    bench: Bench
    item: pytest.Item
    method: NamedMethod
    case: BenchCase

    def __call__(
        self,
        method: NamedMethod | Transformer[Any] | str | None = None,
        case: BenchCase | Case | None = None,
        *,
        check: bool = True,
        **params: Any,
    ) -> Outcome:
        """Measure once and return the Outcome: `seconds`, `scores`, `status`, `error`."""
        chosen = self.case if case is None else case
        on, spec = (chosen.case, chosen.spec) if isinstance(chosen, BenchCase) else (chosen, None)
        outcome = self.bench.measure(self._method(method, params), on, self.item, spec)
        if check and outcome.error is not None:
            pytest.fail(explained(outcome), pytrace=False)
        return outcome

    def _method(self, method: NamedMethod | Transformer[Any] | str | None, params: Mapping[str, Any]) -> NamedMethod:
        found = self.method if method is None else self.bench.registry.method(method) if isinstance(method, str) else method
        transformer = found if isinstance(found, Transformer) else found.transformer
        if isinstance(found, NamedMethod) and not params:
            return found
        return NamedMethod(transformer.name, Method(transformer, transformer.make_params(params)))


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Give a test function its cases, methods or sets: each method on each case, cases first, so that a picture is decoded once."""
    fixtures = set(metafunc.fixturenames)
    bench = bench_of(metafunc.config)
    marker = metafunc.definition.get_closest_marker(MARKER)
    given = _given(marker, metafunc.definition.nodeid)
    names: list[str] = []
    values: list[Sequence[Any]] = []
    if "ecg_set" in fixtures:
        names.append("ecg_set")
        values.append([_OfSet(bench.open_images(spec), spec) for spec in _specs(bench, given)])
    if "ecg_case" in fixtures:
        names.append("ecg_case")
        values.append([BenchCase(case, spec, bench) for spec in _specs(bench, given) for case in bench.cases(spec)])
    if "ecg_method" in fixtures:
        names.append("ecg_method")
        values.append(_methods(bench, given))
    rows = [*product(*values)]
    ids = ["::".join(each.name for each in row) for row in rows]
    metafunc.parametrize(names, rows, ids=ids, indirect=True)


@dataclass(frozen=True)
class _OfSet:
    """An image set under its spec."""

    images: ImageSet
    name: str


def _given(marker: pytest.Mark | None, node_id: str) -> Mapping[str, Any]:
    if marker is None:
        return {}
    if marker.args or not marker.kwargs.keys() <= set(TAKES):
        raise pytest.UsageError(f"{node_id}: @pytest.mark.{MARKER} takes {', '.join(TAKES)} by name, nothing else.")
    return marker.kwargs


def _specs(bench: Bench, given: Mapping[str, Any]) -> list[str]:
    images = given.get("images")
    if images is None:
        return list(dict.fromkeys(wanted.spec for wanted in bench.wanted))
    return [images] if isinstance(images, str) else list(images)


def _methods(bench: Bench, given: Mapping[str, Any]) -> Sequence[NamedMethod]:
    if not given.keys() & {"methods", "params"}:
        return bench.methods
    methods: str | Iterable[str] = given.get("methods", "*")
    return bench.find_methods(methods, given.get("params", {}))


def label_benchmark(request: pytest.FixtureRequest, method: NamedMethod) -> None:
    """Put what a test times with pytest-benchmark's fixture into the table of the method's task."""
    if "benchmark" in request.fixturenames:
        benchmark: Any = request.getfixturevalue("benchmark")
        benchmark.group = benchmark.group or method.task
