"""The conformance kit: small named checks of methods, metrics and image sets, for the authors of plugins.

`ecgbench check MY_PLUGIN` and `pytest --pyargs ecgbench.testing --ecg-plugin MY_PLUGIN` run the same checks. Each name is loaded on first
use, since pytest imports this package at every start.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecgbench.testing.check import Verdict
    from ecgbench.testing.conducting import Conductor
    from ecgbench.testing.finding import PluginError, find_plugin
    from ecgbench.testing.kinds import CHECKS
    from ecgbench.testing.kit import check_plugin

__all__ = ["CHECKS", "Conductor", "PluginError", "Verdict", "check_plugin", "find_plugin"]

_HOMES = {
    "CHECKS": "kinds",
    "Conductor": "conducting",
    "PluginError": "finding",
    "Verdict": "check",
    "check_plugin": "kit",
    "find_plugin": "finding",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
