"""What a plugin author imports: page forms, results, parameters, and the decorators that make methods and metrics of functions.

Each name is loaded on first use, so that `ecgbench --help` need not wait for OpenCV.

PYTEST_DONT_REWRITE (a word to pytest, which warns where a plugin's package was imported before it could rewrite its asserts)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecgbench.core.image_set import ImageSet, ImageSetOpener, SpecError
    from ecgbench.core.metric import Metric, Score, metric
    from ecgbench.core.page import Bgr, Box, Gray, Hsv, Lab, Page, PageError, page_from_array
    from ecgbench.core.params import param
    from ecgbench.core.results import EdgeMap, Gate, GridFit, QualityReport, Result, Separation, Signals
    from ecgbench.core.transformer import Transformer, hookimpl, transformer
    from ecgbench.core.truth import Case, CaseInfo, PageMaker, Truth

__version__ = "0.1.0"

__all__ = [
    "Bgr", "Box", "Case", "CaseInfo", "EdgeMap", "Gate", "Gray", "GridFit", "Hsv", "ImageSet", "ImageSetOpener", "Lab", "Metric",
    "Page", "PageError", "PageMaker", "QualityReport", "Result", "Score", "Separation", "Signals", "SpecError", "Transformer",
    "Truth", "hookimpl", "metric", "page_from_array", "param", "transformer",
]  # fmt: skip

_HOMES = ("page", "params", "results", "truth", "transformer", "metric", "image_set")


def __getattr__(name: str) -> Any:
    if name in __all__:
        for home in _HOMES:
            module = import_module(f"ecgbench.core.{home}")
            if hasattr(module, name):
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
