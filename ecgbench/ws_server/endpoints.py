"""HTTP endpoints that take pictures: each its fields, what it asks of the service, and how it tells the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ecgbench.pipeline import STEPS
from ecgbench.wire import (
    KINDS,
    BatchResult,
    ImageReply,
    Item,
    ListGcsImages,
    ProcessBatch,
    ProcessGcsBatch,
    ProcessImage,
    Reply,
    Request,
    Result,
    RunMethod,
    WireError,
    to_base64,
)
from ecgbench.wire.fields import (
    IMAGE,
    IMAGES,
    RETURN,
    TEXT,
    Field,
    one_of,
    read_number,
    read_object,
    read_switch,
    read_text,
)
from ecgbench.ws_server.kaggle_csv import submission_csv
from ecgbench.ws_server.service import Service

Values = Mapping[str, Any]
Handle = Callable[[Service, Hashable, Values], Awaitable[dict[str, Any] | str]]

EDGES_STEP = STEPS[0].option
DIGITIZE = next(step for step in STEPS if step.task == "digitize")
OUTPUT_TYPES = {"ecg": {"ecg": "trace_ink"}, "grid": {"grid": "grid_ink"}, "both": {"ecg": "trace_ink", "grid": "grid_ink"}}
NO_DIGITIZER = "No method of the task digitize is installed here; GET /methods lists what is."


@dataclass(frozen=True)
class Endpoint:
    """A path, a sentence about it, the fields of its body, what it does with them, and what its answer has."""

    path: str
    summary: str
    fields: tuple[Field, ...]
    handle: Handle
    answers: tuple[str, ...]
    media: str = "application/json"


async def ask(service: Service, client: Hashable, request: Request) -> Result | BatchResult:
    """Return the final reply of a request, with its pictures."""
    final: list[Reply] = []

    async def send(reply: Reply) -> None:
        if not isinstance(reply, Item):
            final.append(reply)

    await service.answer(request, client, send, keep_pictures=True)
    (reply,) = final
    assert isinstance(reply, (Result, BatchResult))
    return reply


async def ask_one(service: Service, client: Hashable, request: Request) -> ImageReply:
    """Return what became of a request's one image; WireError where it could not be done."""
    reply = await ask(service, client, request)
    assert isinstance(reply, Result)
    if not reply.image.success:
        raise WireError("bad_image", reply.image.error or "The image could not be done.")
    return reply.image


async def process_batch(service: Service, client: Hashable, values: Values) -> dict[str, Any]:
    """Run the pipeline on several pictures."""
    return _told(await ask(service, client, ProcessBatch(**values)))


async def process_gcs_batch(service: Service, client: Hashable, values: Values) -> dict[str, Any]:
    """Run the pipeline on pictures in a bucket."""
    return _told(await ask(service, client, ProcessGcsBatch(**values)))


async def list_gcs_images(service: Service, _client: Hashable, values: Values) -> dict[str, Any]:
    """Return the names of a bucket's pictures."""
    told = (await service.list_gcs_images(ListGcsImages(**values))).to_dict()
    del told["type"]
    return {"success": True, **told}


def _told(reply: Result | BatchResult) -> dict[str, Any]:
    assert isinstance(reply, BatchResult)
    results = [each.to_json() for each in reply.results]
    return {"success": True, "count": len(results), "results": results, "seconds": reply.seconds}


async def detect_edges(service: Service, client: Hashable, values: Values) -> dict[str, Any]:
    """Find the edges of a picture and the box of its content, and crop it where that is asked for."""
    crop = values["crop_to_content"]
    options = {EDGES_STEP: True, "method": values["method"], "crop_to_content": crop}
    image = await ask_one(service, client, ProcessImage(values["image"], options, frozenset({"crop"} if crop else ())))
    found = dict(image.steps[EDGES_STEP])
    found["method"] = found["method"].removeprefix("edges.")
    cropped = to_base64(image.pictures[0].data) if image.pictures else None
    return {**found, **image.to_dict(), "contour_count": found["edge_count"], "cropped_image": cropped}


async def isolate_colors(service: Service, client: Hashable, values: Values) -> dict[str, Any]:
    """Separate the trace from the grid of a picture."""
    return _isolated(await ask_one(service, client, _isolation(values, image=values["image"])), values)


async def batch_isolate_colors(service: Service, client: Hashable, values: Values) -> dict[str, Any]:
    """Separate the traces from the grids of several pictures."""
    reply = await ask(service, client, _isolation(values, images=values["images"]))
    assert isinstance(reply, BatchResult)
    results = [_isolated(each, values) if each.success else each.to_dict() for each in reply.results]
    return {"success": True, "count": len(results), "results": results, "seconds": reply.seconds}


def _isolation(values: Values, **images: Any) -> RunMethod:
    wanted = OUTPUT_TYPES[values["output_type"]]
    return RunMethod(f"color.{values['method'].removeprefix('color.')}", returns=frozenset(wanted.values()), **images)


def _isolated(image: ImageReply, values: Values) -> dict[str, Any]:
    ((name, found),) = image.steps.items()
    by_name = {picture.name: to_base64(picture.data) for picture in image.pictures or ()}
    images = {output: by_name[picture] for output, picture in OUTPUT_TYPES[values["output_type"]].items()}
    told = {"method": name.removeprefix("color."), "output_type": values["output_type"], "images": images}
    return {**found, **image.to_dict(), **told}


async def digitize(service: Service, client: Hashable, values: Values) -> dict[str, Any]:
    """Return the signals of a picture in millivolts."""
    image = await _digitized(service, client, values["image"], values["method"], values["returns"])
    return {**image.steps[DIGITIZE.option], **image.to_json()}


async def _digitized(
    service: Service, client: Hashable, image: Any, method: str | None, returns: frozenset[str] = frozenset()
) -> ImageReply:
    if not any(each.task == DIGITIZE.task for each in service.registry.transformers.values()):
        raise WireError("not_found", NO_DIGITIZER)
    options = {DIGITIZE.option: True, DIGITIZE.method_option: method or DIGITIZE.default}
    return await ask_one(service, client, ProcessImage(image, options, returns | {"signals"}))


async def generate_kaggle_csv(service: Service, client: Hashable, values: Values) -> str:
    """Return signals, given or read from a picture, as lines of a Kaggle submission."""
    fs, signals = values["fs"], values["signals"]
    if values["image"] is not None:
        step = (await _digitized(service, client, values["image"], values["method"])).steps[DIGITIZE.option]
        fs, signals = step["fs"], step["signals"]
    if fs is None or signals is None:
        raise WireError("bad_message", "generate-kaggle-csv needs the field 'image', or the fields 'fs' and 'signals'.")
    return await asyncio.to_thread(submission_csv, values["record_id"], fs, signals, values["rows"])


METHOD = Field("method", read_text, TEXT)
COLOR_METHOD = replace(METHOD, default="opencv")
OUTPUT_TYPE = Field("output_type", one_of(OUTPUT_TYPES), {"enum": list(OUTPUT_TYPES)}, default="both")
CSV_FIELDS = (
    Field("record_id", read_text, TEXT, required=True),
    replace(IMAGE, required=False),
    METHOD,
    Field("fs", read_number, {"type": "number"}),
    Field("signals", read_object, {"type": "object"}),
    Field("rows", read_object, {"type": "object"}),
)
CROP = Field("crop_to_content", read_switch, {"type": "boolean"}, default=False)
BATCH = ("success", "count", "results", "seconds")
PIPELINE, GCS, GCS_LIST = (KINDS[name].fields for name in ("process_batch", "process_gcs_batch", "list_gcs_images"))
SIGNALS = ("success", "fs", "layout", "leads", "signals")
ENDPOINTS = (
    Endpoint("/process-batch", "The pipeline on several pictures, in parallel, in order.", PIPELINE, process_batch, BATCH),
    Endpoint("/process-batch-parallel", "The same as /process-batch.", PIPELINE, process_batch, BATCH),
    Endpoint("/process-gcs-batch", "The pipeline on pictures in a bucket.", GCS, process_gcs_batch, BATCH),
    Endpoint(
        "/list-gcs-images",
        "The names of pictures in a bucket that begin with a prefix.",
        GCS_LIST,
        list_gcs_images,
        ("success", "bucket_name", "prefix", "image_paths", "more"),
    ),
    Endpoint(
        "/detect-edges",
        "The edges of a picture, and the picture cropped to its content.",
        (IMAGE, replace(METHOD, default="canny"), CROP),
        detect_edges,
        (
            "success",
            "method",
            "bounding_box",
            "corners",
            "edge_pixels",
            "edge_count",
            "contour_count",
            "crop_box",
            "cropped_image",
        ),
    ),
    Endpoint(
        "/isolate-colors",
        "The trace without the grid, and the grid without the trace.",
        (IMAGE, COLOR_METHOD, OUTPUT_TYPE),
        isolate_colors,
        ("success", "method", "output_type", "images", "grid_color", "trace_pixels", "grid_pixels"),
    ),
    Endpoint(
        "/batch-isolate-colors",
        "/isolate-colors of several pictures.",
        (IMAGES, COLOR_METHOD, OUTPUT_TYPE),
        batch_isolate_colors,
        BATCH,
    ),
    Endpoint("/digitize", "The signals of a picture in millivolts.", (IMAGE, METHOD, RETURN), digitize, SIGNALS),
    Endpoint("/generate-kaggle-csv", "Signals as a Kaggle submission.", CSV_FIELDS, generate_kaggle_csv, (), "text/csv"),
)
