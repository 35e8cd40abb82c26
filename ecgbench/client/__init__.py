"""The Python client of the server: `AsyncClient`, and `Client` with the same calls for code that is not async.

A picture is a path, encoded bytes, or an array (BGR or gray). Replies are dictionaries as docs/server.md tells them; the bytes of each of their
`pictures` are in its `data`.

    with Client("ws://localhost:8765") as client:
        reply = client.process_image("scan.png", {"edge_detection": True}, returns=["edges"])
        reply["error"] or reply["steps"]["edge_detection"]["bounding_box"]
"""

from ecgbench.wire import MissingExtraError

try:
    from ecgbench.client.aio import AsyncClient
    from ecgbench.client.errors import ConnectionLostError, RequestError
    from ecgbench.client.sync import Client
except ModuleNotFoundError as error:
    raise MissingExtraError(error.name) from error

__all__ = ["AsyncClient", "Client", "ConnectionLostError", "RequestError"]
