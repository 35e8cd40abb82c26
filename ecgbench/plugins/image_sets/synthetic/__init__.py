"""Synthetic ECG pages with known truth: a model heart, a printed sheet, and what scanners and cameras make of it."""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecgbench.core.image_set import ImageSetOpener
from ecgbench.core.transformer import hookimpl
from ecgbench.plugins.image_sets.synthetic.openers import DEMO, SYNTHETIC

if TYPE_CHECKING:
    from ecgbench.plugins.image_sets.synthetic.page import GENERATOR_VERSION, SyntheticPage
    from ecgbench.plugins.image_sets.synthetic.sets import DemoSet, SyntheticSet
    from ecgbench.plugins.image_sets.synthetic.style import Style

__all__ = ["DEMO", "GENERATOR_VERSION", "SYNTHETIC", "DemoSet", "Style", "SyntheticPage", "SyntheticSet", "ecgbench_image_sets"]

_HOMES = {"GENERATOR_VERSION": "page", "SyntheticPage": "page", "DemoSet": "sets", "SyntheticSet": "sets", "Style": "style"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return globals()[name]


@hookimpl
def ecgbench_image_sets() -> Iterable[ImageSetOpener]:
    """Offer the demo pages, and synthetic pages to order."""
    return (DEMO, SYNTHETIC)
