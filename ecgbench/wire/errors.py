"""What goes wrong with a request: a code, an HTTP status and one sentence."""

from __future__ import annotations

STATUSES = {
    "bad_message": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "timeout": 408,
    "too_large": 413,
    "bad_option": 422,
    "bad_image": 422,
    "busy": 429,
    "cancelled": 499,  # as nginx has it: the client closed the request
    "internal": 500,
    "unavailable": 503,
}
"""HTTP status of each code of an error."""


class MissingExtraError(ImportError):
    """A package that only the server and its clients need is not there; the message says how to get it."""

    def __init__(self, module: str | None) -> None:
        package = (module or "").partition(".")[0]
        super().__init__(f"The server and its clients need the package {package}; `pip install 'ecg-image-bench[server]'`.")


class WireError(ValueError):
    """A request that cannot be met; the message is the sentence that its sender is told.

    `code` is one of STATUSES, `retry_after` the seconds after which to ask again, None where that is of no use.

    >>> WireError("busy", "Ask later.", retry_after=0.5).status
    429
    """

    def __init__(self, code: str, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """What HTTP says of it."""
        return STATUSES[self.code]
