"""Requests as typed values, read from text or binary messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from ecgbench.wire import frames, json
from ecgbench.wire.errors import WireError
from ecgbench.wire.fields import (
    IMAGE,
    IMAGES,
    OPTIONS,
    PARAMS,
    RETURN,
    TEXT,
    Field,
    read_fields,
    read_id,
    read_prefix,
    read_text,
    read_texts,
)
from ecgbench.wire.images import Image

Id: TypeAlias = str | int | None
Options: TypeAlias = Mapping[str, Any] | None


@dataclass(frozen=True)
class ProcessImage:
    """The pipeline on one picture."""

    image: Image
    options: Options = None
    returns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ProcessBatch:
    """The pipeline on several pictures."""

    images: tuple[Image, ...]
    options: Options = None
    returns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ProcessGcsBatch:
    """The pipeline on pictures in a bucket."""

    bucket_name: str
    image_paths: tuple[str, ...]
    options: Options = None
    returns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RunMethod:
    """One method, with parameters, on one picture (`image`) or on several (`images`)."""

    method: str
    params: Mapping[str, Any] | None = None
    image: Image | None = None
    images: tuple[Image, ...] | None = None
    returns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Compare:
    """Every method of a task on one picture."""

    task: str
    image: Image
    returns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ListMethods:
    """What methods there are."""

    task: str | None = None


@dataclass(frozen=True)
class ListGcsImages:
    """What pictures a bucket has whose names begin with `prefix`."""

    bucket_name: str
    prefix: str = ""


@dataclass(frozen=True)
class Cancel:
    """Give up the request of that id."""

    request: str | int


Request: TypeAlias = ProcessImage | ProcessBatch | ProcessGcsBatch | RunMethod | Compare | ListMethods | ListGcsImages | Cancel


@dataclass(frozen=True)
class Message:
    """A request as it came: with its id, and whether it came in a binary frame, as its pictures shall go back then."""

    request: Request
    id: Id = None
    binary: bool = False


@dataclass(frozen=True)
class Kind:
    """A type of request: the value that it is read into, and its fields."""

    value: type[Any]
    fields: tuple[Field, ...]


BUCKET = Field("bucket_name", read_text, TEXT, required=True)
KINDS: Mapping[str, Kind] = {
    "process_image": Kind(ProcessImage, (IMAGE, OPTIONS, RETURN)),
    "process_batch": Kind(ProcessBatch, (IMAGES, OPTIONS, RETURN)),
    "process_gcs_batch": Kind(
        ProcessGcsBatch,
        (
            BUCKET,
            Field("image_paths", read_texts, {"type": "array", "items": {"type": "string"}}, required=True),
            OPTIONS,
            RETURN,
        ),
    ),
    "run_method": Kind(
        RunMethod,
        (
            Field("method", read_text, TEXT, required=True),
            PARAMS,
            replace(IMAGE, required=False),
            replace(IMAGES, required=False),
            RETURN,
        ),
    ),
    "compare": Kind(Compare, (Field("task", read_text, TEXT, required=True), IMAGE, RETURN)),
    "list_methods": Kind(ListMethods, (Field("task", read_text, TEXT),)),
    "list_gcs_images": Kind(ListGcsImages, (BUCKET, Field("prefix", read_prefix, TEXT, default=""))),
    "cancel": Kind(Cancel, (Field("request", read_id, {"type": ["string", "integer"]}, required=True),)),
}
"""Every type of request, by its name."""


class BadRequestError(WireError):
    """A WireError about a message whose id could be read: `id`, so that its sender knows which."""

    def __init__(self, error: WireError, id_: Id) -> None:
        super().__init__(error.code, str(error))
        self.id = id_


def read_message(message: str | bytes) -> Message:
    """Read a text message, or a binary one (bytes); BadRequestError, with the id where one could be read, says what is wrong.

    >>> read_message('{"type": "list_methods", "id": 7, "task": "edges"}')
    Message(request=ListMethods(task='edges'), id=7, binary=False)
    """
    id_: Id = None
    try:
        values, parts = frames.unpack(message) if isinstance(message, bytes) else (json.read_object(message), None)
        given = values.pop("id", None)
        id_ = None if given is None else read_id("id", given)
        name = values.pop("type", None)
        if not isinstance(name, str) or name not in KINDS:
            raise WireError("bad_message", f"There is no message type {str(name)[:100]!r}; known ones: {', '.join(KINDS)}.")
        kind = KINDS[name]
        if parts is not None:
            values |= _pictures(name, kind, values, parts)
        request = kind.value(**read_fields(values, kind.fields, owner=name))
        _check(request)
    except WireError as error:
        raise BadRequestError(error, id_) from None
    return Message(request, id_, parts is not None)


def _pictures(name: str, kind: Kind, values: Mapping[str, Any], parts: Sequence[bytes]) -> dict[str, Any]:
    """Return the field that the parts of a binary message stand for."""
    fields = [field.name for field in kind.fields if field.name in ("image", "images")]
    if any(field in values for field in fields):
        raise WireError("bad_message", f"The parts of a binary message are its pictures; leave {' and '.join(fields)} out.")
    if not fields:
        if parts:
            raise WireError("bad_message", f"{name} takes no pictures.")
        return {}
    if "image" in fields and len(parts) == 1:
        return {"image": parts[0]}
    if "images" in fields:
        return {"images": list(parts)}
    raise WireError("bad_message", f"{name} takes one picture, got {len(parts)} parts.")


def _check(request: Any) -> None:
    if isinstance(request, RunMethod) and (request.image is None) == (request.images is None):
        raise WireError("bad_message", "run_method needs the field 'image' or the field 'images'.")
