"""Every hook of ecgbench: what a plugin may offer or listen to, who calls it and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pluggy

from ecgbench.core.image_set import ImageSetOpener
from ecgbench.core.metric import Metric
from ecgbench.core.outcome import Outcome
from ecgbench.core.page import Page
from ecgbench.core.transformer import Transformer

hookspec = pluggy.HookspecMarker("ecgbench")


@hookspec(historic=True)
def ecgbench_transformer() -> Transformer[Any]:
    """Offer a method. `@transformer` implements this; the registry calls it when the plugin is registered."""
    raise AssertionError("a specification is never called")


@hookspec(historic=True)
def ecgbench_metrics() -> Iterable[Metric]:
    """Offer metrics. The registry calls it when the plugin is registered; each score name may be given by one metric only."""
    raise AssertionError("a specification is never called")


@hookspec(historic=True)
def ecgbench_image_sets() -> Iterable[ImageSetOpener]:
    """Offer openers of image-set specs. The registry calls it when the plugin is registered and asks each opener in turn."""
    raise AssertionError("a specification is never called")


@hookspec(firstresult=True)
def ecgbench_open_page(source: Any) -> Page | None:
    """Make a page of `source` (a path, bytes, an array, ...), or return None to leave it to the next; the built-in comes last.

    The registry calls it in the worker, once a case. Raise PageError with one sentence for a source that is broken.
    """


@hookspec
def ecgbench_run_started(plan: Any) -> None:
    """Hear that a run begins. The runner calls it in the parent, outside the clock, before the first case is opened."""


@hookspec
def ecgbench_outcome(outcome: Outcome) -> None:
    """Hear of an outcome. The runner calls it in the parent, outside the clock, after the outcome was committed to the store."""


@hookspec
def ecgbench_run_finished(run: Any) -> None:
    """Hear that a run ended. The runner calls it in the parent once, also when the run was interrupted."""
