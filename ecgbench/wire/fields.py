"""The fields of requests: how each is read from JSON, what it is called, and its schema."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecgbench.wire.errors import WireError

RETURNS = ("edges", "trace", "grid", "trace_ink", "grid_ink", "drawing", "crop", "signals")
"""What may be asked for beside the findings."""

LONGEST_NAME = 200  # characters of an id or a name; what is longer is more likely data
LONGEST_OBJECT_NAME = 1024  # in Google Cloud Storage, in bytes of UTF-8
Read = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Field:
    """A field of a request: its name, how its value is read (raising WireError), its JSON schema, and what it is where it is left out."""

    name: str
    read: Read
    schema: Mapping[str, Any]
    required: bool = False
    default: Any = None

    @property
    def attribute(self) -> str:
        """Its name in Python."""
        return "returns" if self.name == "return" else self.name


def read_fields(values: Mapping[str, Any], fields: Sequence[Field], *, owner: str) -> dict[str, Any]:
    """Return the attributes that `values` give; WireError `bad_message` where a field is missing, unknown or of the wrong kind."""
    known = {field.name: field for field in fields}
    for name in values:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise WireError("bad_message", f"{owner} has no field {name[:LONGEST_NAME]!r}; {hint}known ones: {', '.join(known)}.")
    return {field.attribute: _read(field, values, owner) for field in fields}


def _read(field: Field, values: Mapping[str, Any], owner: str) -> Any:
    value = values.get(field.name)
    if value is not None:
        return field.read(field.name, value)
    if field.required:
        raise WireError("bad_message", f"{owner} needs the field {field.name!r}.")
    return field.default


def _wrong(name: str, wanted: str, value: Any) -> WireError:
    return WireError("bad_message", f"The field {name!r} must be {wanted}, got {_kind(value)}.")


def _kind(value: Any) -> str:
    kinds = {str: "text", list: "a list", dict: "an object", type(None): "null", bytes: "a file", bool: "true or false"}
    return kinds.get(type(value), "a number")


def read_text(name: str, value: Any) -> str:
    """Read a name."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise _wrong(name, f"text of 1 to {LONGEST_NAME} characters", value)
    return value


def read_prefix(name: str, value: Any) -> str:
    """Read what names of objects begin with: nothing, or up to 1024 characters."""
    if not isinstance(value, str) or len(value) > LONGEST_OBJECT_NAME:
        raise _wrong(name, f"text of at most {LONGEST_OBJECT_NAME} characters", value)
    return value


def read_id(name: str, value: Any) -> str | int:
    """Read an id: a text or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return read_text(name, value)


def read_switch(name: str, value: Any) -> bool:
    """Read true or false; forms, which know only text, may send the words."""
    if isinstance(value, bool):
        return value
    words = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    raise _wrong(name, "true or false", value)


def read_number(name: str, value: Any) -> float:
    """Read a number; forms may send it as text."""
    try:
        if not isinstance(value, bool):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise _wrong(name, "a number", value)


def read_object(name: str, value: Any) -> dict[str, Any]:
    """Read an object."""
    if not isinstance(value, dict):
        raise _wrong(name, "an object", value)
    return value


def read_image(name: str, value: Any) -> str | bytes:
    """Read a picture: bytes, or base64 text, which is decoded where the picture is."""
    if not isinstance(value, (str, bytes)):
        raise _wrong(name, "a picture in base64", value)
    if not value:
        raise WireError("bad_message", f"The field {name!r} is empty; send a picture.")
    return value


def read_images(name: str, value: Any) -> tuple[str | bytes, ...]:
    """Read a list of pictures, one at least."""
    if not isinstance(value, (list, tuple)) or not value:
        raise _wrong(name, "a list of one or more pictures in base64", value)
    return tuple(read_image(f"{name}[{index}]", each) for index, each in enumerate(value))


def read_texts(name: str, value: Any) -> tuple[str, ...]:
    """Read a list of names; forms may send them separated by commas."""
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not all(isinstance(each, str) for each in texts):
        raise _wrong(name, "a list of text", value)
    return tuple(each.strip() for each in texts)


def read_returns(name: str, value: Any) -> frozenset[str]:
    """Read what is asked for beside the findings; WireError `bad_option` lists what there is."""
    texts = read_texts(name, value)
    for text in texts:
        if text not in RETURNS:
            raise WireError(
                "bad_option", f"Nothing called {text[:LONGEST_NAME]!r} can be returned; known ones: {', '.join(RETURNS)}."
            )
    return frozenset(texts)


def one_of(choices: Iterable[str]) -> Read:
    """Return how one of some names is read; WireError `bad_option` lists them."""
    known = tuple(choices)

    def read(name: str, value: Any) -> str:
        text = read_text(name, value)
        if text not in known:
            raise WireError("bad_option", f"The field {name!r} does not know {text!r}; known ones: {', '.join(known)}.")
        return text

    return read


TEXT = {"type": "string", "maxLength": LONGEST_NAME}
PICTURE = {"type": "string", "contentEncoding": "base64"}
IMAGE = Field("image", read_image, PICTURE, required=True)
IMAGES = Field("images", read_images, {"type": "array", "items": PICTURE, "minItems": 1}, required=True)
OPTIONS = Field("options", read_object, {"type": "object"})
PARAMS = Field("params", read_object, {"type": "object"})
RETURN = Field("return", read_returns, {"type": "array", "items": {"enum": list(RETURNS)}}, default=frozenset())
