"""Finds the plugin that a name means and lists what it offers: a distribution, an entry point, a module, or the thing itself."""

from __future__ import annotations

import difflib
import fnmatch
import importlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, entry_points
from pathlib import Path
from typing import Any

from ecgbench.core.image_set import ImageSetOpener
from ecgbench.core.metric import Metric
from ecgbench.core.transformer import hookimpl
from ecgbench.registry import BUILT_IN, BUILT_IN_PLUGINS, ENTRY_POINT_GROUP, Registry
from ecgbench.testing.check import Subject
from ecgbench.testing.conducting import Trial
from ecgbench.testing.kinds import CHECKS, check_names
from ecgbench.workers import Lost, Raised, one_line, open_pool

OWN_NAMES = ("ecgbench", "ecg-image-bench")  # our import package and our distribution
IMPORT_SECONDS = 120.0  # a plugin may bring a network; it does not take minutes to import
EXPECTED = "EXPECTED_FAILURES"  # a plugin's module may declare {check: reason} under this name


class PluginError(LookupError):
    """A plugin that cannot be found or loaded; the message is a sentence that says what to do."""


@dataclass(frozen=True)
class Plugin:
    """What a plugin offers, ready to be checked: its subjects, and the failures it declares with their reasons."""

    name: str
    origin: str
    subjects: tuple[Subject, ...]
    expected: Mapping[str, str]

    def trials(self) -> list[Trial]:
        """Return every check of every subject, in a fixed order."""
        return [Trial(subject, check) for subject in self.subjects for check in CHECKS[subject.kind]]


@dataclass(frozen=True)
class _Part:
    """One object to register, and who brought it; `load` imports it."""

    origin: str
    told: str  # how an error speaks of it
    load: Callable[[], Any]
    is_entry: bool = False


def find_plugin(plugin: Any, *, images: Iterable[str] = (), expected: Mapping[str, str] | None = None) -> Plugin:
    """Find and load a plugin by the name of its distribution, entry point or module; or take a module, method, metric or opener as it is.

    `images`: specs that its image sets are opened with, besides their own examples. `expected`: reasons of known failures by check or by
    "subject::check", besides those that the plugin's modules declare in EXPECTED_FAILURES.
    Raises PluginError, with one sentence, where it cannot be found or loaded or offers nothing.
    """
    parts = _parts_of(plugin)
    name = plugin if isinstance(plugin, str) else parts[0].told
    if isinstance(plugin, str) and plugin not in OWN_NAMES:
        _import_apart(parts)
    loaded = [_loaded(part) for part in parts]
    registry, own = _registered(name, parts, loaded)
    declared = dict(expected or {})
    for each in loaded:
        declared = dict(getattr(each, EXPECTED, {})) | declared
    images = list(images)
    subjects = _subjects(registry, own, images)
    _check_expected(declared, subjects)
    _check_images(images, subjects)
    return Plugin(name, parts[0].origin, subjects, declared)


def chosen(trials: Iterable[Trial], patterns: Iterable[str]) -> list[Trial]:
    """Return the trials whose check or id fits one of the patterns, all where there is none; PluginError where one fits nothing."""
    everything, wanted = list(trials), list(patterns)
    for pattern in wanted:
        if not any(_fits(trial, pattern) for trial in everything):
            raise PluginError(
                f"No check fits {pattern!r}; checks: {', '.join(dict.fromkeys(trial.check.name for trial in everything))}."
            )
    return [trial for trial in everything if not wanted or any(_fits(trial, pattern) for pattern in wanted)]


def _fits(trial: Trial, pattern: str) -> bool:
    return fnmatch.fnmatchcase(trial.check.name, pattern) or fnmatch.fnmatchcase(trial.id, pattern)


def _parts_of(plugin: Any) -> list[_Part]:
    if isinstance(plugin, (Metric, ImageSetOpener)):
        return [_Part("you", plugin.name, lambda: _Offering(plugin))]
    if not isinstance(plugin, str):
        return [_Part("you", getattr(plugin, "__name__", type(plugin).__name__), lambda: plugin)]
    if plugin in OWN_NAMES:
        return [_module_part(name, BUILT_IN) for name in BUILT_IN_PLUGINS]
    found = _distribution_parts(plugin) or _entry_point_parts(plugin)
    if found:
        return found
    if _is_module(plugin):
        return [_module_part(plugin, _origin_of_module(plugin))]
    raise PluginError(_not_found(plugin))


@dataclass(frozen=True)
class _Offering:
    """Offers one metric or opener as a plugin would."""

    value: Metric | ImageSetOpener

    @hookimpl
    def ecgbench_metrics(self) -> Iterable[Metric]:
        return [self.value] if isinstance(self.value, Metric) else []

    @hookimpl
    def ecgbench_image_sets(self) -> Iterable[ImageSetOpener]:
        return [self.value] if isinstance(self.value, ImageSetOpener) else []


def _module_part(name: str, origin: str) -> _Part:
    return _Part(origin, f"the module {name}", lambda: importlib.import_module(name))


def _distribution_parts(name: str) -> list[_Part]:
    try:
        found = distribution(name)
    except (PackageNotFoundError, ValueError):
        return []
    entries = [entry for entry in found.entry_points if entry.group == ENTRY_POINT_GROUP]
    if not entries and _is_module(name):
        return []  # a module of that name may offer what its package does not announce
    if not entries:
        raise PluginError(
            f"The package {name} {found.version} is installed, but offers ecgbench nothing: its pyproject.toml needs a table "
            f'[project.entry-points.{ENTRY_POINT_GROUP}] with a line such as {_plain(name)} = "{_plain(name)}", and to be installed again.'
        )
    return [_entry_part(entry, found) for entry in entries]


def _entry_point_parts(name: str) -> list[_Part]:
    return [_entry_part(entry, entry.dist) for entry in entry_points(group=ENTRY_POINT_GROUP, name=name)]


def _entry_part(entry: EntryPoint, found: Distribution | None) -> _Part:
    origin = f"{found.name} {found.version}" if found else entry.value
    return _Part(origin, f'the entry point {entry.name} = "{entry.value}" of {origin}', entry.load, is_entry=True)


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _origin_of_module(name: str) -> str:
    """Return the distribution and version that announce a module, else its name."""
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.dist is not None and entry.module == name:
            return f"{entry.dist.name} {entry.dist.version}"
    return f"the module {name}"


def _not_found(name: str) -> str:
    if Path(name).exists():
        return f"{name} is a path; ecgbench check takes the name of a package, module or entry point, such as {_module_of(name)}."
    entries = entry_points(group=ENTRY_POINT_GROUP)
    installed = sorted({entry.dist.name for entry in entries if entry.dist} | {entry.name for entry in entries})
    close = difflib.get_close_matches(name, [*installed, *OWN_NAMES], n=1)
    hint = f"did you mean {close[0]}?" if close else f"installed plugins: {', '.join(installed) or 'none'}."
    return f"There is no package, entry point or module named {name!r} here; {hint} Install yours with pip install -e FOLDER."


def _module_of(path: str) -> str:
    return _plain(Path(path).resolve().stem)


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _import_apart(parts: list[_Part]) -> None:
    """Import the plugin in a worker first, since an import may take its process down or never end; raise PluginError where it does."""
    pool = open_pool("processes", lambda part, _beat: part.load() and None, workers=1, timeout=IMPORT_SECONDS)
    try:
        for part in parts:
            pool.submit(part)
            for finished in pool.collect():
                if isinstance(finished.value, Lost):
                    raise PluginError(
                        f"{_capital(part.told)} cannot be imported: that took its process down ({finished.value.reason})."
                    )
                if isinstance(finished.value, Raised):
                    raise PluginError(_cannot_import(part, finished.value.error))
    finally:
        pool.close()


def _loaded(part: _Part) -> Any:
    try:
        return part.load()
    except (Exception, SystemExit) as error:
        raise PluginError(_cannot_import(part, one_line(error))) from error


def _cannot_import(part: _Part, error: str) -> str:
    there = "; correct it in pyproject.toml and install the package again" if part.is_entry and "No module named" in error else ""
    return f"{_capital(part.told)} cannot be imported: {error.rstrip('.')}{there}."


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _registered(name: str, parts: list[_Part], loaded: list[Any]) -> tuple[Registry, Registry]:
    """Return a registry of the built-ins and the plugin, and one of the plugin alone."""
    registry, own = Registry(), Registry()
    if name not in OWN_NAMES:
        for each in BUILT_IN_PLUGINS:
            registry.register(importlib.import_module(each), origin=BUILT_IN)
    for part, each in zip(parts, loaded, strict=True):
        for kept in (own, registry):
            problems = kept.register(each, origin=part.origin)
            if problems:
                raise PluginError(f"{problems[0].plugin} of {part.origin} is left out: {problems[0].message}")
    if not (own.transformers or own.metrics or own.openers):
        raise PluginError(
            f"{_capital(parts[0].told)} offers nothing: it has no function decorated with @transformer and implements no ecgbench hook; "
            "a package whose methods are in a submodule must import them in its __init__.py."
        )
    return registry, own


def _subjects(registry: Registry, own: Registry, images: list[str]) -> tuple[Subject, ...]:
    built_in = [each for name, each in registry.transformers.items() if registry.origin_of(name) == BUILT_IN]
    subjects = [
        Subject("method", each.name, each, own.origin_of(each.name), tuple(peer for peer in built_in if peer.task == each.task))
        for each in own.transformers.values()
    ]
    for metric in own.metrics.values():
        methods = tuple(each for each in registry.transformers.values() if each.task == metric.task)
        subjects.append(Subject("metric", metric.name, metric, own.origin_of(metric.name), methods=methods))
    return (*subjects, *_image_sets(registry, own, images))


def _image_sets(registry: Registry, own: Registry, images: list[str]) -> Iterator[Subject]:
    """Yield each opener with the specs that it is the first to open, or else with its own example."""
    first = {spec: next((each for each in own.openers.values() if _opens(each, spec)), None) for spec in images}
    for each in own.openers.values():
        named: list[str | None] = [spec for spec, taker in first.items() if taker is each]
        for spec in named or [each.example]:
            yield Subject(
                "image set", spec or each.name, each, own.origin_of(each.name), spec=spec, open_page=registry.page_opener()
            )


def _opens(opener: ImageSetOpener, spec: str) -> bool:
    try:
        return opener.open(spec) is not None
    except Exception:
        return True  # it is of its form, but wrong: the check says why


def _check_images(images: list[str], subjects: tuple[Subject, ...]) -> None:
    opened = {subject.spec for subject in subjects}
    for spec in images:
        if spec not in opened:
            forms = ", ".join(subject.value.form for subject in subjects if subject.kind == "image set")
            raise PluginError(f"No image set of the plugin opens {spec!r}; {f'forms: {forms}' if forms else 'it offers none'}.")


def _check_expected(expected: Mapping[str, str], subjects: tuple[Subject, ...]) -> None:
    """Raise PluginError where an expected failure is of no check that is there, or has no reason."""
    known = check_names() | {trial.id for trial in Plugin("", "", subjects, {}).trials()}
    for check, reason in expected.items():
        if check not in known:
            close = difflib.get_close_matches(check, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"checks: {', '.join(sorted(check_names()))}."
            raise PluginError(f"{EXPECTED} names {check!r}, which is no check; {hint}")
        if not (isinstance(reason, str) and reason.strip()):
            raise PluginError(f"{EXPECTED} gives no reason for {check!r}; write a sentence.")
