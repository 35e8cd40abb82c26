"""JSON by orjson, which is several times as fast as the standard library on messages of megabytes."""

from __future__ import annotations

from typing import Any

from ecgbench.wire.errors import MissingExtraError, WireError

try:
    import orjson
except ModuleNotFoundError as error:
    raise MissingExtraError(error.name) from error

MANY_BYTES = 1_000_000  # below, a text cannot hold values enough to matter
MOST_VALUES = 1_000_000  # each may cost some 60 bytes of memory, where "[],[]," costs three of the message


def read_object(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object of a text; WireError `bad_message` where it is none.

    >>> read_object('{"type": "cancel"}')
    {'type': 'cancel'}
    """
    if len(text) > MANY_BYTES and _commas(text) > MOST_VALUES:
        raise WireError("bad_message", f"The JSON holds more than {MOST_VALUES} values; send pictures, not lists of pixels.")
    try:
        value = orjson.loads(text)
    except ValueError as error:
        raise WireError("bad_message", f"The message is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise WireError("bad_message", 'The message must be a JSON object, such as {"type": "list_methods"}.')
    return value


def _commas(text: str | bytes) -> int:
    return text.count(",") if isinstance(text, str) else text.count(b",")


def to_bytes(value: Any) -> bytes:
    """Return a value as JSON; numbers that JSON has no word for become null, values that it has no form for their text.

    >>> to_bytes({"share": float("nan"), "box": (1, 2)})
    b'{"share":null,"box":[1,2]}'
    """
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)
