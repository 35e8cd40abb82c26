"""One picture in a worker: opened from its bytes, put through the pipeline or a method, and drawn where that was asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from ecgbench.core.page import Box, Mask, Page, PageError, Pixels
from ecgbench.core.params import params_dict
from ecgbench.core.results import EdgeMap, Result, Separation, Signals
from ecgbench.core.transformer import Transformer
from ecgbench.pipeline import EDGES, Options, Processed, StepError, run_pipeline
from ecgbench.plugins.pages import page_from_bytes
from ecgbench.wire import Image, Picture, WireError
from ecgbench.workers import Beat, one_line
from ecgbench.ws_server.base64_text import decoded
from ecgbench.ws_server.buckets import BucketImage

MASK_PNG = (cv2.IMWRITE_PNG_BILEVEL, 1, cv2.IMWRITE_PNG_COMPRESSION, 1)  # a third of the time of eight bits a pixel
PAGE_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1)
DRAWING_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 90)
DIGITS = 4  # of millivolts: 0.1 uV, below the noise of any page


@dataclass(frozen=True)
class MethodCall:
    """One method with made params."""

    method: Transformer[Any]
    params: Any

    @property
    def methods(self) -> tuple[Transformer[Any], ...]:
        """The methods that it runs."""
        return (self.method,)


@dataclass(frozen=True)
class Pipeline:
    """The steps of the pipeline that were asked for."""

    options: Options

    @property
    def methods(self) -> tuple[Transformer[Any], ...]:
        """The methods that it runs."""
        crop = () if self.options.crop_by is None else (self.options.crop_by,)
        return (*self.options.methods.values(), *crop)


@dataclass(frozen=True)
class Job:
    """A picture, as it came or by its place in a bucket, and what to do with it."""

    image: Image | BucketImage = field(repr=False)
    action: Pipeline | MethodCall
    returns: frozenset[str] = frozenset()

    @property
    def isolated(self) -> bool:
        """Whether it runs a method that must be kept apart from the server's process."""
        return any(method.isolate is not None for method in self.action.methods)


@dataclass(frozen=True)
class Found:
    """What became of a job, small but for the pictures that were asked for."""

    success: bool
    error: str | None = None
    steps: Mapping[str, Any] = field(default_factory=dict)
    crop_box: Box | None = None
    width: int | None = None
    height: int | None = None
    seconds: float = 0.0
    pictures: tuple[Picture, ...] | None = None


@dataclass(frozen=True)
class PictureWork:
    """What a worker does with a job; `max_pixels` caps a picture by its header, before anything is decoded."""

    max_pixels: int

    def __call__(self, job: Job, _beat: Beat) -> Found:
        """Return what was found; an image's error is its own."""
        start = time.perf_counter()
        try:
            assert not isinstance(job.image, BucketImage)  # it was fetched before its turn
            page = page_from_bytes(decoded(job.image), name="The image", max_pixels=self.max_pixels)
            found = _run(page, job)
        except Exception as error:
            said = str(error) if isinstance(error, (PageError, StepError, WireError)) else one_line(error)
            return Found(False, said, seconds=time.perf_counter() - start)
        height, width = page.shape
        return Found(True, None, found.steps, found.crop_box, width, height, time.perf_counter() - start, found.pictures)


@dataclass(frozen=True)
class _Ran:
    steps: dict[str, Any]
    crop_box: Box | None
    pictures: tuple[Picture, ...] | None


def _run(page: Page, job: Job) -> _Ran:
    if isinstance(job.action, Pipeline):
        processed = run_pipeline(page, job.action.options)
        steps = processed.to_dict()["steps"]
    else:
        processed, steps = _run_method(page, job.action)
    if "signals" in job.returns:
        for step, result in processed.results.items():
            if isinstance(result, Signals):
                steps[step]["signals"] = samples(result)
    pictures = tuple(_pictures(processed, job.returns)) if job.returns else None
    return _Ran(steps, processed.crop_box, pictures)


def _run_method(page: Page, call: MethodCall) -> tuple[Processed, dict[str, Any]]:
    """Run one method as the only step of a pipeline that is named by it."""
    name = call.method.name
    start = time.perf_counter()
    try:
        result: Result = call.method.run(page, call.params)
    except Exception as error:
        raise StepError(f"{name} failed: {one_line(error)}") from error
    seconds = time.perf_counter() - start
    step = {"method": name, "params": params_dict(call.params), "seconds": seconds, **result.to_dict()}
    return Processed(page, results={name: result}), {name: step}


def samples(signals: Signals) -> dict[str, list[float]]:
    """Return each lead's millivolts; NaN, which JSON writes as null, where the page shows nothing."""
    return {name: np.round(signal.astype(np.float64), DIGITS).tolist() for name, signal in signals.leads.items()}


def _pictures(processed: Processed, returns: frozenset[str]) -> Iterator[Picture]:
    seen = processed.seen
    if "crop" in returns:
        yield _picture("crop", None, seen.bgr, processed, ".png", PAGE_PNG)
    for step, result in processed.results.items():
        page = processed.page if step == EDGES else seen
        for name, mask in _masks(result).items():
            if name in returns:
                yield _picture(name, step, mask.view(np.uint8) * np.uint8(255), processed, ".png", MASK_PNG)
            if f"{name}_ink" in returns:
                yield _picture(f"{name}_ink", step, _ink(page, mask), processed, ".png", PAGE_PNG)
        if "drawing" in returns:
            yield _picture("drawing", step, result.draw(page), processed, ".jpg", DRAWING_JPEG)


def _masks(result: Result) -> dict[str, Mask]:
    if isinstance(result, EdgeMap):
        return {"edges": result.edges}
    return {"trace": result.trace, "grid": result.grid} if isinstance(result, Separation) else {}


def _ink(page: Page, mask: Mask) -> Pixels:
    """Return the masked pixels on white paper."""
    picture = np.full_like(page.bgr, 255)
    cv2.copyTo(page.bgr, mask.view(np.uint8), picture)
    return picture


def _picture(
    name: str, step: str | None, pixels: Pixels, processed: Processed, suffix: str, settings: tuple[int, ...]
) -> Picture:
    _, encoded = cv2.imencode(suffix, pixels, settings)
    height, width = pixels.shape[:2]
    x, y = (0, 0) if step == EDGES or processed.crop_box is None else processed.crop_box[:2]
    kind = "jpeg" if suffix == ".jpg" else "png"
    return Picture(name, step, kind, width, height, (int(x), int(y), width, height), encoded.tobytes())
