"""One picture, one method, at once: opened, run, scored and drawn in a worker process, so that a method that dies there costs nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from ecgbench.core.metric import Metric
from ecgbench.core.page import Box, Page, PageError, Pixels
from ecgbench.core.results import Result, Signals
from ecgbench.core.transformer import Transformer
from ecgbench.core.truth import Case, Truth
from ecgbench.measure import Method
from ecgbench.method_pages import method_page
from ecgbench.pipeline import EDGES, Options, StepError, run_pipeline
from ecgbench.workers import Beat, Lost, Raised, one_line

WIDEST = 1600  # pixels of a drawing: sharp on a laptop's screen, some 200 kB
JPEG = (cv2.IMWRITE_JPEG_QUALITY, 88)
AGAIN_SECONDS = 0.25  # a call that took no longer is made once more
TRY_SECONDS = 60.0  # after which a method is not waited for
TRY_BYTES = 4 << 30  # address space of a worker, as in a run


@dataclass(frozen=True)
class TryMethod:
    """A method with params, and the metrics that judge it where truth is known."""

    method: Method
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class TryPipeline:
    """The steps of the pipeline that were asked for, and params of their methods that are not the defaults, by step."""

    options: Options
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class TryPage:
    """The page as it is."""


@dataclass(frozen=True)
class TryDocumentation:
    """The documentation page of a method, of which `related` are others: to write it, the method is run on pages such as 1x1."""

    method: Transformer[Any]
    related: tuple[str, ...]


Action = TryMethod | TryPipeline | TryPage | TryDocumentation


@dataclass(frozen=True)
class Attempt:
    """A picture, known by `key`, and what to do with it; None where nothing is done with a picture."""

    key: str
    case: Case | None = field(repr=False)
    action: Action


@dataclass(frozen=True, eq=False)
class Seen:
    """What one step saw: its method, seconds, findings (JSON-safe), scores by name, a JPEG of its drawing, and signals where it gives them."""

    name: str
    seconds: float
    findings: Mapping[str, Any]
    drawing: bytes
    scores: Mapping[str, float] = field(default_factory=dict)
    signals: Signals | None = None


@dataclass(frozen=True, eq=False)
class Tried:
    """What became of an attempt: an `error` in one sentence, or what each step saw; size of the page in pixels; a documentation's `text`."""

    error: str | None = None
    seen: tuple[Seen, ...] = ()
    picture: bytes = b""
    width: int = 0
    height: int = 0
    crop_box: Box | None = None
    text: str = ""


@dataclass
class TryWork:
    """What a worker does with an attempt; it keeps the page that it opened last, since params are moved on one page many times."""

    open_page: Callable[[Any], Page]
    _kept: tuple[str, Page, Truth] | None = None

    def __call__(self, attempt: Attempt, _beat: Beat) -> Tried:
        """Return what was seen; what goes wrong is a sentence."""
        try:
            if isinstance(attempt.action, TryDocumentation):
                return Tried(text=method_page(attempt.action.method, related=attempt.action.related))
            page, truth = self._opened(attempt.key, attempt.case)
            return _did(page, truth, attempt.action)
        except Exception as error:
            said = str(error) if isinstance(error, (PageError, StepError)) else one_line(error)
            return Tried(error=said)

    def _opened(self, key: str, case: Case | None) -> tuple[Page, Truth]:
        if case is None:
            raise PageError("There is no picture to try it on; choose one.")
        if self._kept is None or self._kept[0] != key:
            self._kept = (key, self.open_page(case.source), case.read_truth())
        return self._kept[1], self._kept[2]


def _did(page: Page, truth: Truth, action: TryMethod | TryPipeline | TryPage) -> Tried:
    height, width = page.shape
    if isinstance(action, TryPage):
        return Tried(picture=encode(page.bgr), width=width, height=height)
    if isinstance(action, TryMethod):
        return Tried(seen=(_method(page, truth, action),), width=width, height=height)
    done = run_pipeline(page, action.options, params=action.params)
    findings = done.to_dict()["steps"]
    steps = [
        _seen(
            done.methods[step], done.seconds[step], result, page if step == EDGES else done.seen, _only_findings(findings[step])
        )
        for step, result in done.results.items()
    ]
    return Tried(seen=tuple(steps), width=width, height=height, crop_box=done.crop_box)


def _only_findings(step: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name not in ("method", "seconds")}


def _method(page: Page, truth: Truth, action: TryMethod) -> Seen:
    transformer = action.method.transformer
    page.as_kind(transformer.kind)  # a method's time is its own
    start = time.perf_counter()
    try:
        result: Result = transformer.run(page, action.method.params)
        if (
            time.perf_counter() - start < AGAIN_SECONDS
        ):  # a first call loads and allocates: as in a run, its time is not the method's
            start = time.perf_counter()
            result = transformer.run(page, action.method.params)
        seconds = time.perf_counter() - start
        result.check(page)
    except Exception as error:
        raise StepError(f"{transformer.name} failed: {one_line(error)}") from error
    scores = {name: float(value) for metric in action.metrics for name, value in metric.score(page, result, truth).items()}
    return _seen(transformer.name, seconds, result, page, result.to_dict(), scores)


def _seen(
    name: str, seconds: float, result: Result, page: Page, findings: Mapping[str, Any], scores: Mapping[str, float] | None = None
) -> Seen:
    signals = result if isinstance(result, Signals) else None
    return Seen(name, seconds, findings, encode(result.draw(page)), scores or {}, signals)


def encode(pixels: Pixels) -> bytes:
    """Return a (H, W, 3) uint8 BGR picture as JPEG, scaled down to what a screen shows."""
    height, width = pixels.shape[:2]
    scale = min(1.0, WIDEST / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    _, encoded = cv2.imencode(".jpg", pixels, JPEG)
    return bytes(encoded.tobytes())


def _who(action: Action) -> str:
    if isinstance(action, TryMethod):
        return action.method.transformer.name
    return action.method.name if isinstance(action, TryDocumentation) else "A step"


def became(value: Any, attempt: Attempt) -> Tried:
    """Return what became of an attempt, of what its worker gave: also one that took the worker down is told in a sentence."""
    if isinstance(value, Lost):
        who = _who(attempt.action)
        return Tried(error=f"{who} took its worker down ({value.reason}); the dashboard goes on without it.")
    if isinstance(value, Raised):
        return Tried(error=f"It could not be done: {value.error}.")
    tried: Tried = value
    return tried
