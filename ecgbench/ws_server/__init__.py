"""The WebSocket and HTTP server over the registry and the pipeline (docs/server.md).

Names are loaded on first use: workers need to know what to do with a picture, and no server.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecgbench.ws_server.server import WebSocketProcessingServer
    from ecgbench.ws_server.settings import Settings, SettingsError

__all__ = ["Settings", "SettingsError", "WebSocketProcessingServer"]

_HOMES = {"WebSocketProcessingServer": "server", "Settings": "settings", "SettingsError": "settings"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"ecgbench.ws_server.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("ecgbench"):
            raise
        from ecgbench.wire import MissingExtraError

        raise MissingExtraError(error.name) from error
