"""The server's messages as typed values, no sockets: what docs/server.md tells of, for server and clients alike."""

from ecgbench.wire.errors import STATUSES, MissingExtraError, WireError
from ecgbench.wire.images import Image, image_bytes, to_base64
from ecgbench.wire.replies import (
    BatchResult,
    Cancelled,
    Failure,
    GcsImages,
    ImageReply,
    Item,
    Methods,
    Picture,
    Reply,
    Result,
    read_reply,
    write_reply,
)
from ecgbench.wire.requests import (
    KINDS,
    BadRequestError,
    Cancel,
    Compare,
    Id,
    ListGcsImages,
    ListMethods,
    Message,
    ProcessBatch,
    ProcessGcsBatch,
    ProcessImage,
    Request,
    RunMethod,
    read_message,
)

__all__ = [
    "KINDS", "STATUSES", "BadRequestError", "BatchResult", "Cancel", "Cancelled", "Compare", "Failure", "GcsImages", "Id",
    "Image", "ImageReply", "Item", "ListGcsImages", "ListMethods", "Message", "Methods", "MissingExtraError", "Picture",
    "ProcessBatch", "ProcessGcsBatch", "ProcessImage", "Reply", "Request", "Result", "RunMethod", "WireError", "image_bytes",
    "read_message", "read_reply", "to_base64", "write_reply",
]  # fmt: skip
