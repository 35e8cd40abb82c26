"""Everything plugins have offered, by name: methods, metrics, image sets, page openers; and what failed to load, and why."""

from __future__ import annotations

import fnmatch
import importlib
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, cast

import pluggy

from ecgbench import __version__, hookspecs
from ecgbench.core.image_set import ImageSet, ImageSetOpener, SpecError
from ecgbench.core.metric import COST_SCORES, Metric, Score
from ecgbench.core.page import Page, PageError
from ecgbench.core.transformer import Transformer

ENTRY_POINT_GROUP = "ecgbench"
LONGEST_NAME = 200  # characters of an address that an error repeats; what is longer is more likely data
BUILT_IN = f"ecgbench {__version__}"
BUILT_IN_PLUGINS = (
    "ecgbench.plugins.pages",
    "ecgbench.plugins.edges",
    "ecgbench.plugins.color",
    "ecgbench.plugins.grid",
    "ecgbench.plugins.quality",
    "ecgbench.plugins.digitize",
    "ecgbench.plugins.metrics",
    "ecgbench.plugins.image_sets.synthetic",
    "ecgbench.plugins.image_sets.records",
    "ecgbench.plugins.image_sets.kaggle",
    "ecgbench.plugins.image_sets.gcs",
    "ecgbench.plugins.image_sets.folder",
)


class RegistryError(LookupError):
    """A name that nobody offers, or one that two offer; the message names the way out."""


@dataclass(frozen=True)
class Problem:
    """A plugin that was left out: who brought it, why in one sentence, and the traceback for its author."""

    origin: str
    plugin: str
    message: str
    traceback: str


@dataclass(frozen=True)
class PageOpener:
    """Opens pages by asking each plugin's function in turn; it travels to workers."""

    functions: tuple[Callable[[Any], Page | None], ...]

    def __call__(self, source: Any) -> Page:
        """Make a page of `source`; PageError where nobody can."""
        for function in self.functions:
            page = function(source)
            if page is not None:
                return page
        what = repr(source) if isinstance(source, str) and len(source) < LONGEST_NAME else f"a {type(source).__name__}"
        raise PageError(
            f"Nothing opens a page from {what}; give a path, bytes, an array or a Page, or install a plugin that does."
        )


class _PluginManager(pluggy.PluginManager):
    """Looks at attributes that could be hooks only: a method's lazy properties stay lazy."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        return super().parse_hookimpl_opts(plugin, name) if name.startswith("ecgbench_") else None


class Registry:
    """Loads plugins and keeps what they offer.

    `Registry.load()` holds the built-ins and every installed plugin; `register` adds one more, say of a notebook.

    >>> Registry.load().method("edges.canny").task
    'edges'
    """

    def __init__(self) -> None:
        self.transformers: dict[str, Transformer[Any]] = {}
        self.metrics: dict[str, Metric] = {}
        self.scores: dict[str, Score] = {score.name: score for score in COST_SCORES}
        self.openers: dict[str, ImageSetOpener] = {}
        self.problems: list[Problem] = []
        self.plugin_manager = _PluginManager("ecgbench")
        self._owners: dict[str, str] = {}
        self._origin = "you"
        manager = self.plugin_manager
        manager.add_hookspecs(hookspecs)
        manager.hook.ecgbench_transformer.call_historic(result_callback=self._add_transformer)
        manager.hook.ecgbench_metrics.call_historic(result_callback=self._add_metrics)
        manager.hook.ecgbench_image_sets.call_historic(result_callback=self._add_openers)

    @classmethod
    def load(cls) -> Registry:
        """Return a registry of the built-ins and of every installed distribution with an entry point in the group `ecgbench`."""
        registry = cls()
        for name in BUILT_IN_PLUGINS:
            registry.register(importlib.import_module(name), origin=BUILT_IN)
        registry._load_entry_points()
        return registry

    def register(self, plugin: Any, *, origin: str = "you") -> list[Problem]:
        """Register a module (with each method decorated in it), a method, or any object with hooks.

        What fails is left out, kept in `problems` and returned; the rest works.
        """
        problems = []
        for name, part in _parts(plugin):
            try:
                self._register_part(part, name, origin)
            except Exception as error:
                problems.append(Problem(origin, name, str(error) or type(error).__name__, traceback.format_exc()))
        self.problems.extend(problems)
        return problems

    def origin_of(self, name: str) -> str:
        """Return who brought a method, metric or opener: the distribution and its version."""
        return self._owners.get(name, "unknown")

    def method(self, name: str) -> Transformer[Any]:
        """Return the method of that name; RegistryError lists the known ones of its task."""
        try:
            return self.transformers[name]
        except KeyError:
            raise RegistryError(self._no_such_method(name)) from None

    def methods(self, patterns: str | Iterable[str] = "*") -> list[Transformer[Any]]:
        """Return the methods whose names fit one of the patterns ("edges.*", "color.lab,grid.*"); RegistryError where none fits one."""
        texts = [patterns] if isinstance(patterns, str) else patterns
        wanted = [part.strip() for text in texts for part in text.split(",") if part.strip()]
        found: dict[str, Transformer[Any]] = {}
        for pattern in wanted:
            names = fnmatch.filter(sorted(self.transformers), pattern)
            if not names:
                raise RegistryError(self._no_such_method(pattern))
            found |= {name: self.transformers[name] for name in names}
        return list(found.values())

    def metrics_of(self, task: str) -> list[Metric]:
        """Return the metrics that judge results of `task`."""
        return [metric for metric in self.metrics.values() if metric.task == task]

    def page_opener(self) -> PageOpener:
        """Return the page openers in the order in which they are asked; the value can be sent to a worker."""
        implementations = self.plugin_manager.hook.ecgbench_open_page.get_hookimpls()
        functions = [cast("Callable[[Any], Page | None]", each.function) for each in reversed(implementations)]
        return PageOpener(tuple(functions))

    def open_page(self, source: Any) -> Page:
        """Make a page of a path, bytes, an array, ... ; PageError says why not."""
        return self.page_opener()(source)

    def open_images(self, spec: str) -> ImageSet:
        """Open an image set from its spec ("scans/", "demo", "synthetic?count=20"); SpecError shows the known forms."""
        for opener in self.openers.values():
            found = opener.open(spec)
            if found is not None:
                return found
        forms = ", ".join(opener.form for opener in self.openers.values())
        raise SpecError(f"There is no image set {spec!r}: no such file or folder, and no opener knows it. Forms: {forms}.")

    def _load_entry_points(self) -> None:
        from importlib.metadata import entry_points

        for entry in entry_points(group=ENTRY_POINT_GROUP):
            origin = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
            try:
                plugin = entry.load()
            except (Exception, SystemExit) as error:
                message = f"{entry.value} cannot be imported: {type(error).__name__}: {error}"
                self.problems.append(Problem(origin, entry.name, message, traceback.format_exc()))
                continue
            self.register(plugin, origin=origin)

    def _register_part(self, part: Any, name: str, origin: str) -> None:
        """Register one pluggy plugin whole or not at all."""
        kept = (dict(self.transformers), dict(self.metrics), dict(self.scores), dict(self.openers), dict(self._owners))
        if isinstance(part, Transformer) and name in self.transformers:
            raise RegistryError(self._taken("method", name, origin))
        self._origin = origin
        try:
            self.plugin_manager.register(part, name=name)
        except BaseException:
            self.transformers, self.metrics, self.scores, self.openers, self._owners = kept
            if self.plugin_manager.get_plugin(name) is part:
                self.plugin_manager.unregister(part)
            raise

    def _add_transformer(self, offered: Transformer[Any]) -> None:
        if not isinstance(offered, Transformer):
            raise TypeError(f"ecgbench_transformer() must return what @transformer made, not {type(offered).__name__}.")
        self._claim("method", offered.name, self.transformers)
        self.transformers[offered.name] = offered

    def _add_metrics(self, offered: Iterable[Metric]) -> None:
        for metric in offered:
            if not isinstance(metric, Metric):
                raise TypeError(f"ecgbench_metrics() must give Metric values, not {type(metric).__name__}.")
            self._claim("metric", metric.name, self.metrics)
            self.metrics[metric.name] = metric
            for score in metric.scores:
                self._claim("score", score.name, self.scores)
                self.scores[score.name] = score

    def _add_openers(self, offered: Iterable[ImageSetOpener]) -> None:
        for opener in offered:
            if not isinstance(opener, ImageSetOpener):
                raise TypeError(f"ecgbench_image_sets() must give ImageSetOpener values, not {type(opener).__name__}.")
            self._claim("image set", opener.name, self.openers)
            self.openers[opener.name] = opener

    def _claim(self, kind: str, name: str, taken: dict[str, Any]) -> None:
        if name in taken:
            raise RegistryError(self._taken(kind, name, self._origin))
        self._owners[name] = self._origin

    def _taken(self, kind: str, name: str, origin: str) -> str:
        return f"The {kind} `{name}` of {origin} takes the name of the {kind} `{name}` of {self.origin_of(name)}; rename it."

    def _no_such_method(self, name: str) -> str:
        task = name.partition(".")[0]
        same_task = [known for known in sorted(self.transformers) if known.startswith(f"{task}.")]
        like = [known for known in sorted(self.transformers) if known.endswith(f".{name}")]
        hint = f"did you mean {like[0]!r}? " if like else ""
        return f"There is no method {name!r}; {hint}known ones: {', '.join(same_task or sorted(self.transformers))}."


@cache
def default_registry() -> Registry:
    """Return the registry of the built-ins and installed plugins, loaded once a process."""
    return Registry.load()


def _parts(plugin: Any) -> Iterator[tuple[str, Any]]:
    """Yield the pluggy plugins that a plugin consists of: itself, and each method that was decorated in a module."""
    if isinstance(plugin, Transformer):
        yield plugin.name, plugin
        return
    name = getattr(plugin, "__name__", None) or f"{type(plugin).__name__} {id(plugin):x}"  # two of a class may be registered
    yield name, plugin
    if isinstance(plugin, ModuleType):
        yield from _decorated_in(plugin)


def _decorated_in(module: ModuleType) -> Sequence[tuple[str, Transformer[Any]]]:
    inside = f"{module.__name__}."
    methods = {value.name: value for value in vars(module).values() if isinstance(value, Transformer)}
    return [(name, each) for name, each in methods.items() if f"{each.function.__module__}.".startswith(inside)]
