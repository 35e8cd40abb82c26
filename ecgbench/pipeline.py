"""The named steps of one page, driven by options: edges -> (crop) -> color -> grid -> quality -> digitize."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ecgbench.core.page import Box, Page, PageError
from ecgbench.core.results import EdgeMap, GridFit, Result
from ecgbench.core.transformer import Transformer
from ecgbench.registry import Registry, default_registry
from ecgbench.workers import Beat, Finished, Lost, Raised, in_order, one_line, open_pool, stream, usable_cores

CROP_PADDING = 10  # pixels kept around the content


class OptionError(ValueError):
    """An option or a value that the pipeline does not know; the message lists the known ones."""


@dataclass(frozen=True)
class Step:
    """A step of the pipeline: the option that asks for it, the option that names its method, and the method where none is named."""

    option: str
    task: str
    method_option: str
    default: str


STEPS = (
    Step("edge_detection", "edges", "method", "canny"),
    Step("color_separation", "color", "color_method", "lab"),
    Step("grid_detection", "grid", "grid_method", "multiscale"),
    Step("quality_check", "quality", "quality_method", "gates"),
    Step("digitize", "digitize", "digitize_method", "classical"),
)
CROP = "crop_to_content"
SWITCHES = (*(step.option for step in STEPS), CROP)
DEFAULT_OPTIONS: Mapping[str, Any] = {
    "edge_detection": True,
    "color_separation": True,
    "grid_detection": True,
    "quality_check": True,
}


@dataclass(frozen=True)
class Options:
    """What to do with a page: the method of each step that was asked for, and the one whose box later steps are cropped to, if any."""

    methods: Mapping[str, Transformer[Any]]
    crop_by: Transformer[Any] | None = None


def read_options(options: Mapping[str, Any] | None, registry: Registry) -> Options:
    """Read an options dictionary; None asks for edges, color, grid and quality.

    Switches are booleans: `edge_detection`, `crop_to_content`, `color_separation`, `grid_detection`, `quality_check`, `digitize`. Names
    choose a step's method: `method` (edges), `color_method`, `grid_method`, `quality_method`, `digitize_method`; "canny" is short for "edges.canny".
    OptionError for anything else, with what there is.

    >>> read_options({"edge_detection": True, "method": "sobel"}, default_registry()).methods
    {'edge_detection': <transformer edges.sobel: gray -> EdgeMap>}
    """
    options = DEFAULT_OPTIONS if options is None else options
    known = (*SWITCHES, *(step.method_option for step in STEPS))
    for name, value in options.items():
        if name not in known:
            raise OptionError(f"There is no option {name!r}; {_did_you_mean(name, known)}known ones: {', '.join(known)}.")
        if name in SWITCHES and not isinstance(value, bool):
            raise OptionError(f"The option {name} must be true or false, got {value!r}.")
    chosen = {
        step.option: _chosen_method(step, options, registry)
        for step in STEPS
        if step.method_option in options or options.get(step.option)
    }
    methods = {option: method for option, method in chosen.items() if options.get(option)}
    return Options(methods, (chosen.get("edge_detection") or registry.method("edges.canny")) if options.get(CROP) else None)


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}? " if close else ""


def _chosen_method(step: Step, options: Mapping[str, Any], registry: Registry) -> Transformer[Any]:
    chosen = options.get(step.method_option, step.default)
    name = chosen if isinstance(chosen, str) and chosen.startswith(f"{step.task}.") else f"{step.task}.{chosen}"
    if name not in registry.transformers:
        of_task = [known.partition(".")[2] for known in sorted(registry.transformers) if known.startswith(f"{step.task}.")]
        there = f"known ones: {', '.join(of_task)}" if of_task else f"no method of the task {step.task} is installed"
        raise OptionError(f"The option {step.method_option} does not know {chosen!r}; {there}.")
    return registry.method(name)


@dataclass
class Processed:
    """What the pipeline made of a page: a result a step, in the coordinates of the picture that was given.

    Masks are of the size of what the step saw: the page, or with `crop_box` the content of it.
    """

    page: Page
    crop_box: Box | None = None
    results: dict[str, Result] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def seen(self) -> Page:
        """The page as steps after the crop saw it."""
        return self.page if self.crop_box is None else self.page.crop(self.crop_box)

    def to_dict(self) -> dict[str, Any]:
        """Return each step's method, seconds and findings, JSON-safe; positions are in the picture that was given."""
        steps = {
            option: {"method": self.methods[option], "seconds": self.seconds[option], **self._findings(option)}
            for option in self.results
        }
        box = None if self.crop_box is None else list(self.crop_box)
        return {"steps": steps, "crop_box": box, "width": self.page.shape[1], "height": self.page.shape[0]}

    def _findings(self, option: str) -> dict[str, Any]:
        result = self.results[option]
        if self.crop_box is not None and isinstance(result, GridFit):
            return result.moved(self.crop_box, self.page.shape).to_dict()
        return result.to_dict()


def run_pipeline(page: Page, options: Options) -> Processed:
    """Run the steps that were asked for, and none else, on a page; a crop finds the edges that it needs even if nobody asked to see them."""
    processed = Processed(page)
    if options.crop_by is not None:
        edges = _run_step(processed, "edge_detection", options.crop_by, page)
        if isinstance(edges, EdgeMap) and edges.bounding_box is not None:
            processed.crop_box = edges.bounding_box.padded(CROP_PADDING, page.shape)
    seen = processed.seen
    for option, method in options.methods.items():
        if option not in processed.results:
            _run_step(processed, option, method, seen)
    return processed


def _run_step(processed: Processed, option: str, method: Transformer[Any], page: Page) -> Result:
    start = time.perf_counter()
    result: Result = method(page)
    processed.seconds[option] = time.perf_counter() - start
    processed.methods[option] = method.name
    processed.results[option] = result
    return result


@dataclass(frozen=True)
class PipelineWork:
    """What a worker does with (index, picture): the pipeline, as a reply."""

    options: Options
    open_page: Callable[[Any], Page]

    def __call__(self, payload: tuple[int, Any], beat: Beat) -> dict[str, Any]:
        """Return the picture's reply; its error is its own."""
        start = time.perf_counter()
        try:
            found = run_pipeline(self.open_page(payload[1]), self.options).to_dict()
        except Exception as error:
            return _failure(str(error) if isinstance(error, PageError) else one_line(error), time.perf_counter() - start)
        return {"success": True, "error": None, "seconds": time.perf_counter() - start, **found}


def _failure(error: str, seconds: float = 0.0) -> dict[str, Any]:
    return {"success": False, "error": error, "seconds": seconds, "steps": {}, "crop_box": None, "width": None, "height": None}


def process_image(image: Any, options: Mapping[str, Any] | None = None, *, registry: Registry | None = None) -> dict[str, Any]:
    """Run the pipeline on one picture: a path, bytes, an array (BGR or gray) or a Page.

    Returns a JSON-safe dictionary: `success`, `error` (None or one sentence), `seconds`, `steps` (option -> method, seconds, findings),
    `crop_box` ([x, y, width, height] or None), `width`, `height`. A picture that cannot be read is an `error`; a wrong option raises OptionError.

    >>> import numpy as np
    >>> reply = process_image(np.full((60, 80), 255, np.uint8), {"edge_detection": True, "method": "sobel"})
    >>> reply["success"], list(reply["steps"])
    (True, ['edge_detection'])
    """
    registry = registry or default_registry()
    return PipelineWork(read_options(options, registry), registry.page_opener())((0, image), lambda _label: None)


@dataclass
class BatchProcessor:
    """Runs the pipeline on many pictures at once.

    `max_workers`: at most so many at a time, and never more than cores. `executor`: "threads" (no picture is copied), or "processes", where a
    method that crashes or overruns `timeout` seconds costs its own picture only.
    """

    max_workers: int | None = None
    executor: str = "threads"
    timeout: float | None = None
    registry: Registry = field(default_factory=default_registry)

    def process_batch(
        self,
        images: Sequence[Any],
        options: Mapping[str, Any] | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> list[dict[str, Any]]:
        """Process pictures in parallel; return one dictionary a picture, as process_image does, in input order.

        `progress(done, total)` is called as each finishes. An image's error stays its own.
        """
        work = PipelineWork(read_options(options, self.registry), self.registry.page_opener())
        cores = usable_cores()
        pool = open_pool(self.executor, work, workers=min(self.max_workers or cores, cores), timeout=self.timeout)
        batches = _told(stream(pool, enumerate(images)), len(images), progress)
        try:
            return [_batch_reply(finished.value) for finished in in_order(batches, key=lambda payload: payload[0])]
        finally:
            pool.close()


def _told(batches: Iterator[list[Finished]], total: int, progress: Callable[[int, int], None] | None) -> Iterator[list[Finished]]:
    done = 0
    for batch in batches:
        for _ in batch:
            done += 1
            if progress is not None:
                progress(done, total)
        yield batch


def _batch_reply(value: Any) -> dict[str, Any]:
    if isinstance(value, Lost):
        return _failure(f"The worker was lost: {value.reason}.")
    if isinstance(value, Raised):
        return _failure(value.error)
    reply: dict[str, Any] = value
    return reply


def process_batch(
    images: Sequence[Any],
    options: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    *,
    max_workers: int | None = None,
) -> list[dict[str, Any]]:
    """Process pictures in parallel with a BatchProcessor; results are in input order and an image's error stays its own.

    >>> import numpy as np
    >>> replies = process_batch([np.zeros((9, 9), np.uint8), b"no picture"], {"edge_detection": True})
    >>> [reply["success"] for reply in replies]
    [True, False]
    """
    return BatchProcessor(max_workers).process_batch(images, options, progress=progress)


def apply_all_methods(image: Any, task: str, *, registry: Registry | None = None) -> dict[str, Result | str]:
    """Run every method of a task on one picture; return name -> its result, or a sentence where it failed.

    >>> import numpy as np
    >>> sorted(apply_all_methods(np.zeros((9, 9), np.uint8), "edges"))[:2]
    ['edges.canny', 'edges.contour']
    """
    registry = registry or default_registry()
    methods = [method for method in registry.transformers.values() if method.task == task]
    if not methods:
        tasks = sorted({method.task for method in registry.transformers.values()})
        raise OptionError(f"There is no method of the task {task!r}; tasks: {', '.join(tasks)}.")
    page = registry.open_page(image)
    results: dict[str, Result | str] = {}
    for method in methods:
        try:
            results[method.name] = method(page)
        except Exception as error:
            results[method.name] = one_line(error)
    return results
