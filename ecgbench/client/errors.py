"""What a call of a client may raise."""

from __future__ import annotations


class RequestError(RuntimeError):
    """A request that the server does not meet: its sentence, and `code` (docs/server.md lists them)."""

    def __init__(self, code: str, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.retry_after = retry_after


class ConnectionLostError(ConnectionError):
    """There is no connection to the server, and several tries gave none."""
