"""The named steps of one page, driven by options: edges -> (crop) -> color -> grid -> quality -> digitize."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecgbench.core.page import Box, Page, PageError
from ecgbench.core.results import EdgeMap, GridFit, Result
from ecgbench.core.transformer import Transformer
from ecgbench.registry import Registry, default_registry
from ecgbench.workers import Beat, Finished, Lost, Raised, in_order, one_line, open_pool, stream, usable_cores

CROP_PADDING = 10  # pixels kept around the content


Progress = Callable[[int, int | None], None]


class OptionError(ValueError):
    """An option or a value that the pipeline does not know; the message lists the known ones."""


class StepError(RuntimeError):
    """A method that failed on a page; the message names it and says how."""


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
EDGES, CROP = STEPS[0].option, "crop_to_content"
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
    if not isinstance(options, Mapping):
        raise OptionError(f"Options are a dictionary such as {{'edge_detection': True}}, got {options!r}.")
    known = (*SWITCHES, *(step.method_option for step in STEPS))
    for name, value in options.items():
        if name not in known:
            raise OptionError(f"There is no option {name!r}; {_did_you_mean(name, known)}known ones: {', '.join(known)}.")
        if name in SWITCHES and not isinstance(value, bool):
            raise OptionError(f"The option {name} must be true or false, got {value!r}.")
    crop = options.get(CROP, False)
    chosen = {
        step.option: _chosen_method(step, options, registry)
        for step in STEPS
        if step.method_option in options or options.get(step.option) or (crop and step.option == EDGES)
    }
    methods = {option: method for option, method in chosen.items() if options.get(option)}
    return Options(methods, chosen[EDGES] if crop else None)


def _did_you_mean(name: Any, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(str(name), known, n=1)
    return f"did you mean {close[0]!r}? " if close else ""


def _chosen_method(step: Step, options: Mapping[str, Any], registry: Registry) -> Transformer[Any]:
    chosen = options.get(step.method_option, step.default)
    of_task = {name: method for name, method in sorted(registry.transformers.items()) if method.task == step.task}
    if not of_task:
        raise OptionError(f"The option {step.option} cannot be met: no method of the task {step.task} is installed.")
    for name in (chosen, f"{step.task}.{chosen}"):
        if isinstance(name, str) and name in of_task:
            return of_task[name]
    known = ", ".join(name.removeprefix(f"{step.task}.") for name in of_task)
    raise OptionError(f"The option {step.method_option} does not know {chosen!r}; known ones: {known}.")


@dataclass
class Processed:
    """What the pipeline made of a page: a result a step, as the step saw it.

    Edges are found on the page; with `crop_box`, later steps saw only that part of it (`seen`). `to_dict` gives positions in the page.
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


def run_pipeline(page: Page, options: Options, *, params: Mapping[str, Mapping[str, Any]] | None = None) -> Processed:
    """Run the steps that were asked for, and none else, on a page; a crop finds the edges that it needs even if nobody asked to see them.

    `params`: step -> parameters of its method, by name, where they are not its defaults. StepError where a method fails.
    """
    given = params or {}
    processed = Processed(page)
    if options.crop_by is not None:
        edges = _run_step(processed, EDGES, options.crop_by, page, given.get(EDGES, {}))
        if isinstance(edges, EdgeMap) and edges.bounding_box is not None:
            processed.crop_box = edges.bounding_box.padded(CROP_PADDING, page.shape)
        if EDGES not in options.methods:
            del processed.results[EDGES]
    seen = processed.seen
    for option, method in options.methods.items():
        if option not in processed.results:
            _run_step(processed, option, method, seen, given.get(option, {}))
    return processed


def _run_step(processed: Processed, option: str, method: Transformer[Any], page: Page, params: Mapping[str, Any]) -> Result:
    start = time.perf_counter()
    try:
        result: Result = method(page, **params)
    except Exception as error:
        raise StepError(f"{method.name} failed: {one_line(error)}") from error
    processed.seconds[option] = time.perf_counter() - start
    processed.methods[option] = method.name
    processed.results[option] = result
    if not params:
        page.findings[method.name] = result
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
            said = str(error) if isinstance(error, (PageError, StepError)) else one_line(error)
            return _failure(said, time.perf_counter() - start)
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
    method that crashes or overruns `timeout` seconds a picture costs that picture only.
    """

    max_workers: int | None = None
    executor: str = "threads"
    timeout: float | None = None
    registry: Registry = field(default_factory=default_registry)

    def process_batch(
        self, images: Iterable[Any], options: Mapping[str, Any] | None = None, *, progress: Progress | None = None
    ) -> list[dict[str, Any]]:
        """Process pictures in parallel; return one dictionary a picture, as process_image does, in input order.

        `images` may be a generator: pictures are taken from it as there is room for them. `progress(done, total)` is called as each
        finishes, `total` is None where `images` has no length. An image's error stays its own.
        """
        work = PipelineWork(read_options(options, self.registry), self.registry.page_opener())
        images = several("images", images)
        total = len(images) if isinstance(images, Sized) else None
        pool = open_pool(self.executor, work, workers=worker_count(self.max_workers), timeout=self.timeout)
        batches = _told(stream(pool, enumerate(images)), total, progress)
        try:
            return [_batch_reply(finished.value) for finished in in_order(batches, key=lambda payload: payload[0])]
        finally:
            pool.close()


def several(name: str, pictures: Any) -> Any:
    """Return `pictures`, the argument called `name`, unless it is a single one: TypeError then."""
    single = isinstance(pictures, (str, bytes)) or (isinstance(pictures, np.ndarray) and pictures.ndim in (2, 3))
    if single or not isinstance(pictures, Iterable):
        raise TypeError(f"{name} must be a list of pictures, got a single {type(pictures).__name__}; write {name}=[...].")
    return pictures


def worker_count(max_workers: int | None) -> int:
    """Return how many workers to start where at most `max_workers` are wanted: never more than cores. ValueError below one."""
    if max_workers is not None and max_workers < 1:
        raise ValueError(f"At least one worker is needed, got max_workers={max_workers}.")
    return min(max_workers or usable_cores(), usable_cores())


def _told(batches: Iterator[list[Finished]], total: int | None, progress: Progress | None) -> Iterator[list[Finished]]:
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
    images: Iterable[Any],
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
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
