"""The built-in digitizer: from the picture of an ECG to its leads in mV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ecgbench.core.page import Page
from ecgbench.core.params import param
from ecgbench.core.results import Signals
from ecgbench.core.transformer import transformer
from ecgbench.plugins.digitize.layouts import LAYOUTS
from ecgbench.plugins.digitize.stages import digitize_page

__all__ = ["ClassicalParams", "classical", "digitize"]


@dataclass(frozen=True)
class ClassicalParams:
    """Parameters of `digitize.classical`."""

    layout: str = param("auto", doc="where leads stand; auto finds out", choices=("auto", *LAYOUTS))
    fs: float = param(500.0, 50.0, 2000.0, "samples per second of the leads, in Hz")


@transformer("digitize.classical")
def classical(page: Page, p: ClassicalParams) -> Signals:
    """Read the leads of a printed ECG as signals in mV over time.

    How it works: the page is laid flat along its grid, the pen's coverage of each pixel is measured with light, colors and grid taken away,
    each row's trace is followed by dynamic programming and measured to a fraction of a pixel.

    What works: clean renders.

    What didn't work: pages without a grid.

    Changes: 0.1 first version.
    """
    return digitize_page(page, layout=p.layout, fs=p.fs)


def digitize(image: Any, **params: Any) -> Signals:
    """Digitize a path, encoded bytes, an array or a Page; parameters are those of ClassicalParams, by name."""
    from ecgbench.plugins.pages import open_page

    return classical(open_page(image), **params)
