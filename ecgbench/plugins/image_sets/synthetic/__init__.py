"""Synthetic ECG pages with known truth: a model heart, a printed sheet, and what scanners and cameras make of it."""

from collections.abc import Iterable

from ecgbench.core.image_set import ImageSetOpener
from ecgbench.core.transformer import hookimpl
from ecgbench.plugins.image_sets.synthetic.page import GENERATOR_VERSION, SyntheticPage
from ecgbench.plugins.image_sets.synthetic.sets import DEMO, SYNTHETIC, DemoSet, SyntheticSet
from ecgbench.plugins.image_sets.synthetic.style import Style

__all__ = ["DEMO", "GENERATOR_VERSION", "SYNTHETIC", "DemoSet", "Style", "SyntheticPage", "SyntheticSet", "ecgbench_image_sets"]


@hookimpl
def ecgbench_image_sets() -> Iterable[ImageSetOpener]:
    """Offer the demo pages, and synthetic pages to order."""
    return (DEMO, SYNTHETIC)
