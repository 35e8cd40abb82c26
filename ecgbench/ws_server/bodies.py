"""Bodies of HTTP requests, JSON or forms, within the limits of size and patience."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from ecgbench.wire import WireError, json
from ecgbench.wire.fields import Field
from ecgbench.ws_server.protocol import SILENCE_SECONDS
from ecgbench.ws_server.settings import Settings

MOST_FIELDS = 50  # of a form beside its pictures
MOST_PATIENCE = 12  # times the seconds of silence that a whole body may take: two minutes


class _InMemory(MultiPartParser):
    """Keeps files in memory, which the size of a body bounds: no picture is written to the disk."""

    spool_max_size = 2**62


async def read_body(request: Request, fields: Sequence[Field], settings: Settings) -> dict[str, Any]:
    """Return the values of a body; WireError where it is no JSON object or form, too large, or too slow."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    chunks = _chunks(request, settings)
    if kind == "multipart/form-data":
        return await _read_form(request, chunks, fields, settings)
    if kind not in ("application/json", ""):
        raise WireError("bad_message", f"Send application/json or multipart/form-data, not {kind[:100]}.")
    return json.read_object(b"".join([chunk async for chunk in chunks]))


async def _chunks(request: Request, settings: Settings) -> AsyncIterator[bytes]:
    limit = settings.max_message_bytes
    too_large = WireError("too_large", f"The body is larger than {limit / 2**20:.0f} MiB; send fewer or smaller pictures.")
    length = request.headers.get("content-length", "")
    stream = request.stream()
    if length.isdigit() and int(length) > limit:
        if "expect" not in request.headers:  # who asks beforehand (curl does) has sent nothing yet
            await _pass_over(stream, settings.head_seconds)
        raise too_large
    size = 0
    try:
        async with asyncio.timeout(MOST_PATIENCE * settings.head_seconds):
            while True:
                async with asyncio.timeout(settings.head_seconds):
                    chunk = await anext(stream, None)
                if chunk is None:
                    return
                size += len(chunk)
                if size > limit:
                    await _pass_over(stream, settings.head_seconds)
                    raise too_large
                yield chunk
    except TimeoutError:
        raise WireError("timeout", "The body did not come in time.") from None
    except ClientDisconnect:
        raise WireError("cancelled", "The connection was closed.") from None


async def _pass_over(stream: AsyncIterator[bytes], seconds: float) -> None:
    """Read on until a silence, and keep nothing: a socket that is closed over unread bytes resets the connection, and the answer is lost."""
    with contextlib.suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(seconds):
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    if await anext(stream, None) is None:
                        return


async def _read_form(
    request: Request, chunks: AsyncIterator[bytes], fields: Sequence[Field], settings: Settings
) -> dict[str, Any]:
    async def stream() -> Any:
        async for chunk in chunks:
            yield chunk

    limits = {"max_files": settings.max_batch + 1, "max_fields": MOST_FIELDS, "max_part_size": settings.max_message_bytes}
    try:
        form = await _InMemory(request.headers, stream(), **limits).parse()
    except MultiPartException as error:
        code = "too_large" if "Too many files" in error.message else "bad_message"
        raise WireError(code, f"The form cannot be read: {error.message.rstrip('.')}.") from None
    except WireError:
        raise
    except (KeyError, ValueError) as error:
        raise WireError("bad_message", f"The form cannot be read: {error}.") from None
    values: dict[str, Any] = {}
    pictures: list[str | bytes] = []
    by_name = {field.name: field for field in fields}
    for name, value in form.multi_items():
        data = await value.read() if isinstance(value, UploadFile) else value
        if name in ("image", "images", "images[]"):
            pictures.append(data)
        else:
            values[name] = _value(name, data, by_name)
    await form.close()
    return values | _pictures(pictures, by_name)


def _value(name: str, data: str | bytes, fields: dict[str, Field]) -> Any:
    """Return a form's text as what its field is: objects and lists are written as JSON."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    if name in fields and fields[name].schema.get("type") in ("object", "array") and text.lstrip()[:1] in ("{", "["):
        return json.read_object('{"value":' + text + "}")["value"]
    return text


def _pictures(pictures: list[str | bytes], fields: dict[str, Field]) -> dict[str, Any]:
    if not pictures:
        return {}
    if "images" in fields:
        return {"images": pictures}
    if len(pictures) > 1:
        raise WireError("bad_message", f"This takes one picture, got {len(pictures)}.")
    return {"image": pictures[0]}
