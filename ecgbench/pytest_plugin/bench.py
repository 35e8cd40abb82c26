"""What a pytest process measures with: the registry, the methods and pictures that were asked for, bounds, and the clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import pytest

from ecgbench.core.image_set import ImageSet, SpecError
from ecgbench.core.metric import COST_SCORES
from ecgbench.core.outcome import Outcome
from ecgbench.core.page import Page, PageError, page_from_array
from ecgbench.core.params import ParamError
from ecgbench.core.transformer import Transformer
from ecgbench.core.truth import Case
from ecgbench.measure import Method
from ecgbench.plan import Plan, PlanError, make_plan, read_sweep
from ecgbench.pytest_plugin.arguments import Wanted, wanted_pictures
from ecgbench.pytest_plugin.measuring import Meter
from ecgbench.pytest_plugin.options import CARRIER, calibrates
from ecgbench.pytest_plugin.parcels import pack, readable
from ecgbench.pytest_plugin.requirements import Requirement, RequirementError, read_requirements
from ecgbench.registry import Registry, RegistryError, default_registry

MOST_CASES = 10_000  # of a set that does not know its length: it may be endless, and pytest holds every item
PICTURE = f"{PageError.__name__}: "  # begins the errors that tell of a picture, in a sentence that says all
WRONG_WORDS = (SpecError, RegistryError, ParamError, PlanError, RequirementError)  # whose message says what to write instead


@dataclass(frozen=True)
class NamedMethod:
    """A method with params as items and fixtures have it: called on a page or array it gives its result.

    `name`: the method's, with the params that were asked for: "edges.canny[sigma=0.5]".
    """

    name: str
    method: Method

    @property
    def transformer(self) -> Transformer[Any]:
        """The registered method."""
        return self.method.transformer

    @property
    def params(self) -> Any:
        """Its params, made."""
        return self.method.params

    @property
    def task(self) -> str:
        """What it solves: edges, color, grid, quality, digitize."""
        return self.transformer.task

    def __call__(self, image: Any) -> Any:
        """Run the method on a Page or an array."""
        return self.transformer.run(image if isinstance(image, Page) else page_from_array(image), self.params)

    def __repr__(self) -> str:
        return f"<method {self.name}>"


class Bench:
    """What this process measures with; nothing is opened before it is asked for.

    `methods`, `images`: what the command line chooses; wrong words raise pytest.UsageError.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.registry: Registry = default_registry()
        self.calibrated = calibrates(config)
        self._sets: dict[str, ImageSet] = {}

    @cached_property
    def meter(self) -> Meter:
        """The clock of this process."""
        return Meter(self.registry, repeats=self._option("ecg_repeats"))

    @cached_property
    def plan(self) -> Plan:
        """The command line's methods on its pictures."""
        specs = [wanted.spec for wanted in self.wanted]
        images = tuple(map(self.open_images, dict.fromkeys(specs)))
        repeats = self._option("ecg_repeats")
        try:
            sweep = read_sweep(self._option("ecg_param"), option="--ecg-param")
            chosen = make_plan([], methods=self._option("ecg_methods"), sweep=sweep, registry=self.registry, repeats=repeats)
        except WRONG_WORDS as error:
            raise pytest.UsageError(str(error)) from None
        return Plan(images, chosen.methods, self.registry, tuple(dict.fromkeys(specs)), repeats=repeats, executor="serial")

    @cached_property
    def wanted(self) -> tuple[Wanted, ...]:
        """The pictures that the command line or the ini setting names."""
        return wanted_pictures(self._config)

    @cached_property
    def methods(self) -> tuple[NamedMethod, ...]:
        """The command line's methods."""
        return named(self.plan.methods, self._option("ecg_param"))

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """The bounds that --ecg-min sets; each is of a score that some method here gives."""
        known = [score.name for score in self.plan.scores()]
        try:
            return read_requirements(self._option("ecg_min"), known)
        except WRONG_WORDS as error:
            raise pytest.UsageError(str(error)) from None

    def required_of(self, task: str) -> list[Requirement]:
        """Return the bounds on scores that methods of this task give."""
        names = {score.name for metric in self.registry.metrics_of(task) for score in metric.scores}
        names |= {score.name for score in COST_SCORES}
        return [requirement for requirement in self.requirements if requirement.score in names]

    def open_images(self, spec: str) -> ImageSet:
        """Open an image set, once a process."""
        if spec not in self._sets:
            try:
                self._sets[spec] = self.registry.open_images(spec)
            except WRONG_WORDS as error:
                raise pytest.UsageError(str(error)) from None
        return self._sets[spec]

    def cases(self, spec: str) -> Iterator[Case]:
        """Yield the cases of a set; UsageError where there is no end to them or they cannot be listed."""
        images = self.open_images(spec)
        try:
            if images.count() is not None:
                yield from images
                return
            for index, case in enumerate(islice(images, MOST_CASES + 1)):
                if index == MOST_CASES:
                    raise pytest.UsageError(
                        f"{spec} has no end, or more than {MOST_CASES} pictures; give a count, or use `ecgbench run`."
                    )
                yield case
        except WRONG_WORDS as error:
            raise pytest.UsageError(str(error)) from None

    def find_methods(self, patterns: str | Iterable[str], params: Mapping[str, Sequence[Any]]) -> tuple[NamedMethod, ...]:
        """Return methods by pattern with params to try ("edges.canny.sigma": [0.2, 0.5]), as @pytest.mark.ecgbench names them."""
        try:
            found = make_plan([], methods=patterns, sweep=params, registry=self.registry)
        except WRONG_WORDS as error:
            raise pytest.UsageError(f"@pytest.mark.ecgbench: {error}") from None
        return named(found.methods, [f"{path}=" for path in params])

    def measure(self, method: NamedMethod, case: Case, item: pytest.Item, spec: str | None = None) -> Outcome:
        """Measure a method on a case; the outcome travels with the item's report."""
        outcome = self.meter.measure(method.method, case)
        item.user_properties.append((CARRIER, pack(outcome, spec)))
        item.user_properties.extend(readable(outcome))
        return outcome

    def _option(self, name: str) -> Any:
        return self._config.getoption(name)


def explained(outcome: Outcome) -> str:
    """Return an outcome's error, and below it the traceback; a picture that cannot be opened needs none."""
    error = outcome.error or ""
    picture = error.removeprefix(PICTURE)
    return picture if picture != error else f"{error}\n\n{outcome.traceback or ''}".rstrip()


def named(methods: Iterable[Method], swept: Iterable[str]) -> tuple[NamedMethod, ...]:
    """Return methods under their names; params of `swept` (METHOD.NAME=...) are shown whatever their value."""
    shown = {text.partition("=")[0].strip() for text in swept}
    return tuple(NamedMethod(_name(method, shown), method) for method in methods)


def _name(method: Method, shown: set[str]) -> str:
    transformer = method.transformer
    names = [spec.name for spec in transformer.params if f"{transformer.name}.{spec.name}" in shown]
    given = ",".join(f"{name}={getattr(method.params, name)}" for name in names)
    return f"{transformer.name}[{given}]" if given else transformer.name


BENCH = pytest.StashKey[Bench]()


def bench_of(config: pytest.Config) -> Bench:
    """Return the bench of this process, made when it is first asked for."""
    if BENCH not in config.stash:
        config.stash[BENCH] = Bench(config)
    return config.stash[BENCH]
