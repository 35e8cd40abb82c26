"""What a run is to do: methods x params x cases x repeats, and on what terms."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecgbench.core.image_set import ImageSet
from ecgbench.core.metric import COST_SCORES, Metric, Score, metrics_hash
from ecgbench.core.outcome import Variant
from ecgbench.core.transformer import Transformer
from ecgbench.core.truth import Case
from ecgbench.measure import Method
from ecgbench.registry import Registry, default_registry
from ecgbench.workers import check_executor

DEFAULT_MEMORY_BYTES = (
    4 << 30
)  # address space a worker may have: 20 times what the built-ins need on a 100 megapixel page's gray form


class PlanError(ValueError):
    """A plan that cannot be carried out; the message says what to change."""


@dataclass(frozen=True)
class Plan:
    """Methods (with params) x cases x repeats, and how they are to be run.

    `warmup`: untimed calls before the repeats; None is one where there are several repeats, else none. `timeout`: seconds that one
    call may take. `memory_bytes`: address space a worker may have, None for no limit. `workers`: None is one a core. `scheduler`: address
    of the scheduler of a dask cluster, with the executor "dask"; None is a cluster of `workers` within this process.
    """

    images: tuple[ImageSet, ...]
    methods: tuple[Method, ...]
    registry: Registry
    specs: tuple[str, ...] = ()
    repeats: int = 1
    warmup: int | None = None
    executor: str = "processes"
    workers: int | None = None
    timeout: float | None = None
    memory_bytes: int | None = DEFAULT_MEMORY_BYTES
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise PlanError(f"A plan needs at least one repeat, got {self.repeats}.")
        if self.warmup is not None and self.warmup < 0:
            raise PlanError(f"There are no fewer than 0 untimed calls, got warmup={self.warmup}.")
        if self.workers is not None and self.workers < 1:
            raise PlanError(f"A plan needs at least one worker, got {self.workers}.")
        if self.timeout is not None and not 0 < self.timeout < math.inf:
            raise PlanError(f"A timeout is a number of seconds above 0, got {self.timeout:g}.")
        check_executor(self.executor, self.timeout, self.scheduler)
        if not self.methods:
            raise PlanError("A plan needs at least one method; `ecgbench methods` lists them.")

    def cases(self) -> Iterator[Case]:
        """Yield every case of every image set."""
        return itertools.chain.from_iterable(self.images)

    def case_count(self) -> int | None:
        """Return the number of cases, None where it is not known or endless."""
        counts = [images.count() for images in self.images]
        return None if None in counts else sum(count for count in counts if count is not None)

    def cell_count(self) -> int | None:
        """Return the number of cells, None where it is not known or endless."""
        cases = self.case_count()
        return None if cases is None else cases * len(self.methods)

    @property
    def warmup_calls(self) -> int:
        """Untimed calls before the repeats of each cell."""
        return self.warmup if self.warmup is not None else int(self.repeats > 1)

    def variants(self) -> tuple[Variant, ...]:
        """Return what the store calls the methods: name, version, source and the params that were given."""
        return tuple(variant_of(method, self.registry) for method in self.methods)

    def metrics(self) -> dict[str, tuple[Metric, ...]]:
        """Return the metrics of each task that the plan's methods solve."""
        tasks = dict.fromkeys(method.transformer.task for method in self.methods)
        return {task: tuple(self.registry.metrics_of(task)) for task in tasks}

    def cell_keys(self) -> tuple[tuple[str, str], ...]:
        """Return for each method what tells its cells from others of the same case: its variant's key, and the hash of its metrics."""
        hashes = {task: metrics_hash(metrics) for task, metrics in self.metrics().items()}
        return tuple((variant.key, hashes[variant.task]) for variant in self.variants())

    def scores(self) -> list[Score]:
        """Return every score that the plan may give, costs included."""
        judged = [score for metrics in self.metrics().values() for metric in metrics for score in metric.scores]
        return [*COST_SCORES, *judged]

    def to_dict(self) -> dict[str, Any]:
        """Return what the store keeps of the plan, JSON-safe."""
        return {
            "specs": list(self.specs) or [images.name for images in self.images],
            "methods": [variant.label for variant in self.variants()],
            "metrics": {metric.name: metric.version for metrics in self.metrics().values() for metric in metrics},
            "repeats": self.repeats,
            "warmup": self.warmup_calls,
            "executor": self.executor,
            "scheduler": self.scheduler,
            "workers": self.workers,
            "timeout": self.timeout,
            "memory_bytes": self.memory_bytes,
        }


def variant_of(method: Method, registry: Registry) -> Variant:
    """Return what the store calls a method: name, version, source and the params that are not its defaults."""
    transformer = method.transformer
    defaults = transformer.make_params({})
    given = {spec.name: getattr(method.params, spec.name) for spec in transformer.params}
    changed = {name: value for name, value in given.items() if value != getattr(defaults, name)}
    return Variant(
        method=transformer.name,
        task=transformer.task,
        version=transformer.version,
        source_hash=transformer.source_hash,
        params=changed,
        origin=registry.origin_of(transformer.name),
    )


def make_plan(
    specs: Sequence[str],
    *,
    methods: str | Iterable[str] = "*",
    sweep: Mapping[str, Sequence[Any]] | None = None,
    registry: Registry | None = None,
    **terms: Any,
) -> Plan:
    """Make a plan of image-set specs and method patterns.

    `sweep` maps "edges.canny.sigma" to the values to try; several are combined, each with each. `terms` are Plan's other fields.
    Raises SpecError, RegistryError, ParamError or PlanError, each with what there is to choose from.

    >>> plan = make_plan(["demo"], methods="edges.canny", sweep={"edges.canny.sigma": [0.2, 0.5]})
    >>> [variant.label for variant in plan.variants()]
    ['edges.canny[sigma=0.2]', 'edges.canny[sigma=0.5]']
    """
    registry = registry or default_registry()
    chosen = registry.methods(methods)
    values = _by_method(sweep or {}, chosen)
    made = dict.fromkeys(method for each in chosen for method in _swept(each, values.get(each.name, {})))
    images = tuple(registry.open_images(spec) for spec in specs)
    return Plan(images, tuple(made), registry, tuple(specs), **terms)


def read_sweep(texts: Iterable[str], *, option: str) -> dict[str, list[str]]:
    """Read METHOD.NAME=VALUE[,VALUE...] as `make_plan` takes it; PlanError names the `option` that they were given with.

    >>> read_sweep(["edges.canny.sigma=0.2,0.5"], option="--param")
    {'edges.canny.sigma': ['0.2', '0.5']}
    """
    sweep = {}
    for text in texts:
        path, equals, values = text.partition("=")
        if not equals or path.count(".") < 2 or not values:
            raise PlanError(f"{option} {text!r} cannot be read; write METHOD.NAME=VALUE, such as edges.canny.sigma=0.2,0.5.")
        sweep[path.strip()] = [value.strip() for value in values.split(",")]
    return sweep


def _by_method(sweep: Mapping[str, Sequence[Any]], chosen: Sequence[Transformer[Any]]) -> dict[str, dict[str, Sequence[Any]]]:
    values: dict[str, dict[str, Sequence[Any]]] = {}
    names = {each.name for each in chosen}
    for path, tried in sweep.items():
        method, _, name = path.rpartition(".")
        if method not in names:
            raise PlanError(
                f"The parameter {path!r} is of no method of this plan; write METHOD.NAME=VALUE, methods: {', '.join(sorted(names))}."
            )
        if not len(tried):
            raise PlanError(f"There is no value of {path} to try; give at least one.")
        values.setdefault(method, {})[name] = tried
    return values


def _swept(transformer: Transformer[Any], values: Mapping[str, Sequence[Any]]) -> Iterator[Method]:
    for combination in itertools.product(*values.values()):
        yield Method(transformer, transformer.make_params(dict(zip(values, combination, strict=True))))
