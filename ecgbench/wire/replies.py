"""Replies as typed values, written as text or binary messages, and read again by clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from ecgbench.wire import frames, json
from ecgbench.wire.errors import WireError
from ecgbench.wire.images import image_bytes, to_base64
from ecgbench.wire.requests import Id


@dataclass(frozen=True)
class Picture:
    """A picture that goes back: what it shows, of which step, where it lies in the picture that was sent, and its encoded bytes."""

    name: str
    step: str | None
    format: str
    width: int
    height: int
    box: tuple[int, int, int, int]
    data: bytes = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the bytes."""
        return {
            "name": self.name, "step": self.step, "format": self.format, "width": self.width, "height": self.height,
            "box": list(self.box),
        }  # fmt: skip


@dataclass(frozen=True)
class ImageReply:
    """What became of one image; the fields are told in docs/server.md."""

    index: int
    success: bool
    error: str | None = None
    steps: Mapping[str, Any] = field(default_factory=dict)
    crop_box: tuple[int, int, int, int] | None = None
    width: int | None = None
    height: int | None = None
    worker_id: int | None = None
    timestamp: str = ""
    seconds: float = 0.0
    waited_seconds: float = 0.0
    pictures: tuple[Picture, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all but the pictures."""
        return {
            "index": self.index,
            "success": self.success,
            "error": self.error,
            "steps": self.steps,
            "crop_box": None if self.crop_box is None else list(self.crop_box),
            "width": self.width,
            "height": self.height,
            "worker_id": self.worker_id,
            "timestamp": self.timestamp,
            "seconds": self.seconds,
            "waited_seconds": self.waited_seconds,
        }

    def without_pictures(self) -> ImageReply:
        """Return the reply less its pictures, which are sent once."""
        return replace(self, pictures=None)

    def to_json(self) -> dict[str, Any]:
        """Return all, pictures as base64: what HTTP says."""
        found = self.to_dict()
        if self.pictures is not None:
            found["pictures"] = [picture.to_dict() | {"data": to_base64(picture.data)} for picture in self.pictures]
        return found


@dataclass(frozen=True)
class Result:
    """The final reply to a request of one image."""

    image: ImageReply

    def to_dict(self) -> dict[str, Any]:
        """Return the header."""
        return {"type": "result", **self.image.to_dict()}


@dataclass(frozen=True)
class Item:
    """One image of several that has just been done; `done` of `count` are."""

    image: ImageReply
    done: int
    count: int

    def to_dict(self) -> dict[str, Any]:
        """Return the header."""
        return {"type": "item", "done": self.done, "count": self.count, **self.image.to_dict()}


@dataclass(frozen=True)
class BatchResult:
    """The final reply to a request of several images, or of several methods: `results` in the order of what was sent."""

    results: tuple[ImageReply, ...]
    seconds: float
    type: str = "batch_result"
    task: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the header."""
        found = {"type": self.type, "success": True, "count": len(self.results), "seconds": self.seconds}
        if self.task is not None:
            found["task"] = self.task
        return {**found, "results": [each.to_dict() for each in self.results]}


@dataclass(frozen=True)
class Methods:
    """What methods there are, and what may be asked."""

    found: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the header."""
        return {"type": "methods", **self.found}


@dataclass(frozen=True)
class GcsImages:
    """Names of a bucket's pictures, in order; `more`: whether there are others that were not listed."""

    bucket_name: str
    prefix: str
    image_paths: tuple[str, ...]
    more: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the header."""
        return {
            "type": "gcs_images", "bucket_name": self.bucket_name, "prefix": self.prefix, "image_paths": list(self.image_paths),
            "more": self.more,
        }  # fmt: skip


@dataclass(frozen=True)
class Cancelled:
    """The final reply to a cancel: whether the request was in flight."""

    request: str | int
    found: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the header."""
        return {"type": "cancelled", "request": self.request, "found": self.found}


@dataclass(frozen=True)
class Failure:
    """The final reply to a request that cannot be met."""

    error: WireError

    def to_dict(self) -> dict[str, Any]:
        """Return the header."""
        found = {"type": "error", "code": self.error.code, "error": str(self.error), "status": self.error.status}
        return found if self.error.retry_after is None else {**found, "retry_after": self.error.retry_after}


Reply: TypeAlias = Result | Item | BatchResult | Methods | GcsImages | Cancelled | Failure


def write_reply(reply: Reply, id_: Id = None, *, binary: bool = False) -> str | bytes:
    """Return a reply as a text message, or as a binary one where it has pictures and the request was `binary`.

    >>> write_reply(Cancelled("a", True), 7)
    '{"type":"cancelled","id":7,"request":"a","found":true}'
    """
    header = reply.to_dict()
    if id_ is not None:
        header = {"type": header.pop("type"), "id": id_, **header}
    pictures = reply.image.pictures if isinstance(reply, (Result, Item)) else None
    if pictures is None:
        return json.to_bytes(header).decode()
    if binary:
        header["pictures"] = [picture.to_dict() | {"part": part} for part, picture in enumerate(pictures)]
        return frames.pack(header, [picture.data for picture in pictures])
    header["pictures"] = [picture.to_dict() | {"data": to_base64(picture.data)} for picture in pictures]
    return json.to_bytes(header).decode()


def read_reply(message: str | bytes) -> dict[str, Any]:
    """Return a reply's header as a client wants it: each of its `pictures` has its encoded bytes in `data`, however they came."""
    header, parts = frames.unpack(message) if isinstance(message, bytes) else (json.read_object(message), [])
    for picture in header.get("pictures", ()):
        picture["data"] = parts[picture.pop("part")] if "part" in picture else image_bytes(picture["data"])
    return header
