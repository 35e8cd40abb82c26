"""BulkTester: plans and plain functions over many pictures, in parallel."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecgbench.core.outcome import Outcome
from ecgbench.core.page import Page
from ecgbench.core.results import Result
from ecgbench.core.transformer import Transformer
from ecgbench.execution import Execution
from ecgbench.pipeline import process_image
from ecgbench.plan import Plan, make_plan
from ecgbench.plugins.color import isolate_colors, separate_colors
from ecgbench.plugins.edges import crop_to_content, detect_edges
from ecgbench.plugins.grid import detect_grid
from ecgbench.plugins.quality import check_quality
from ecgbench.registry import PageOpener, Registry, RegistryError, default_registry
from ecgbench.store import Store
from ecgbench.workers import Beat, Finished, Lost, Raised, in_order, open_pool, stream, usable_cores

__all__ = [
    "BulkTester", "Plan", "make_plan", "test_color_separation", "test_edge_detection", "test_grid_detection", "test_quality_gates",
]  # fmt: skip

PIPELINE_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        process_image, detect_edges, crop_to_content, separate_colors, isolate_colors, detect_grid, check_quality,
    )
}  # fmt: skip
NO_GCS = "Pictures in Google Cloud Storage cannot be read yet: no gs:// opener is installed; copy them to a folder and use source='local'."


class BulkTester:
    """Runs plans, and any function, over many pictures in parallel, and keeps what came out.

    `max_workers`: at most so many at a time, and never more than cores (more make each other slower, and times dishonest).
    `timeout`: seconds that one call may take. Work is done in processes: a function that crashes, hangs or exits costs its own picture.

    >>> import numpy as np
    >>> tester = BulkTester()
    >>> report = asyncio.run(tester.test_function(lambda image: image.mean(), images=[np.zeros((8, 8), np.uint8)], test_name="mean"))
    >>> report["results"][0]["result"], tester.get_summary()["success_rate"]
    (0.0, 1.0)
    """

    def __init__(
        self,
        max_workers: int = 10,
        *,
        registry: Registry | None = None,
        store: Store | None = None,
        timeout: float | None = None,
        executor: str = "processes",
    ) -> None:
        if max_workers < 1:
            raise ValueError(f"BulkTester needs at least one worker, got max_workers={max_workers}.")
        self.max_workers = max_workers
        self.registry = registry or default_registry()
        self.results: list[dict[str, Any]] = []
        self._store = store
        self._timeout = timeout
        self._executor = executor

    def run(self, plan: Plan, *, name: str | None = None, resume: bool = False) -> Iterator[Outcome]:
        """Carry out a plan; yield outcomes as they come, each after it was kept in the store (if the tester has one)."""
        return Execution(plan, store=self._store, name=name, resume=resume).outcomes()

    async def test_function(
        self,
        function: Callable[..., Any] | None = None,
        image_paths: Sequence[Any] = (),
        test_name: str | None = None,
        source: str = "local",
        bucket_name: str | None = None,
        *,
        function_name: str | None = None,
        images: Sequence[Any] | None = None,
        max_workers: int | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Call a function, sync or async, on every picture, in parallel; return and keep a report.

        Give `function` (anything callable, closures and notebook functions too) or `function_name` (a registered method such as
        "edges.canny", or one of the pipeline's: process_image, detect_edges, ...). Pictures are `image_paths`, or `images` (arrays, bytes,
        base64). The function gets each as a (H, W, 3) uint8 BGR array, or as a Page or a path where its first parameter is annotated so (or
        named `path` or `image_path`), and `params` by name.

        The report is a dictionary: `test_name`, `total`, `successful`, `failed`, `success_rate` (0..1), `execution_time` (s), and `results` in
        input order, each with `image`, `success`, `result` or `error`, `execution_time`. source="gcs" raises NotImplementedError until pictures can
        be read from there; wrong arguments raise ValueError or RegistryError.
        """
        call = self._callable(function, function_name)
        sources = self._sources(image_paths, images, source, bucket_name)
        work = FunctionWork(call, params, self.registry.page_opener(), _wants(call))
        workers = min(max_workers or self.max_workers, usable_cores())
        name = test_name or function_name or getattr(call, "__name__", "function")
        start = time.perf_counter()
        results = await asyncio.to_thread(self._run_function, work, sources, workers)
        report = {"test_name": name, **_counts(results), "execution_time": time.perf_counter() - start, "results": results}
        self.results.append(report)
        return report

    async def test_edge_detection(
        self, image_paths: Sequence[Any], method: str = "canny", *, source: str = "local", bucket_name: str | None = None
    ) -> dict[str, Any]:
        """Run an edge detection over pictures; see test_function for what comes back."""
        return await self._test_method(f"edges.{method}", "edge_detection", image_paths, source, bucket_name)

    async def test_color_separation(
        self, image_paths: Sequence[Any], method: str = "lab", *, source: str = "local", bucket_name: str | None = None
    ) -> dict[str, Any]:
        """Run a color separation over pictures; see test_function for what comes back."""
        return await self._test_method(f"color.{method}", "color_separation", image_paths, source, bucket_name)

    async def test_grid_detection(
        self, image_paths: Sequence[Any], *, source: str = "local", bucket_name: str | None = None
    ) -> dict[str, Any]:
        """Run the grid detection over pictures; see test_function for what comes back."""
        return await self._test_method("grid.multiscale", "grid_detection", image_paths, source, bucket_name)

    async def test_quality_gates(
        self, image_paths: Sequence[Any], *, source: str = "local", bucket_name: str | None = None
    ) -> dict[str, Any]:
        """Run the quality gates over pictures; see test_function for what comes back."""
        return await self._test_method("quality.gates", "quality_gates", image_paths, source, bucket_name)

    def get_summary(self) -> dict[str, Any]:
        """Return total_tests, successful, failed, success_rate (0..1), by_test and total_execution_time (s) of all reports, JSON-safe."""
        total = _counts([result for report in self.results for result in report["results"]])
        by_test: dict[str, dict[str, Any]] = {}
        for name in dict.fromkeys(report["test_name"] for report in self.results):
            same = [report for report in self.results if report["test_name"] == name]
            counts = _counts([result for report in same for result in report["results"]])
            by_test[name] = {**counts, "execution_time": sum(report["execution_time"] for report in same)}
        return {
            "total_tests": total["total"],
            "successful": total["successful"],
            "failed": total["failed"],
            "success_rate": total["success_rate"],
            "by_test": by_test,
            "total_execution_time": sum(report["execution_time"] for report in self.results),
        }

    def save_results(self, path: str | Path) -> None:
        """Write the summary and every report as JSON; results that JSON cannot hold are described (arrays by shape and dtype)."""
        content = {"summary": self.get_summary(), "reports": self.results}
        Path(path).write_text(json.dumps(content, indent=2, default=_described), encoding="utf-8")

    def clear_results(self) -> None:
        """Forget all reports."""
        self.results.clear()

    async def _test_method(
        self, name: str, test_name: str, image_paths: Sequence[Any], source: str, bucket_name: str | None
    ) -> dict[str, Any]:
        return await self.test_function(
            function_name=name, image_paths=image_paths, test_name=test_name, source=source, bucket_name=bucket_name
        )

    def _callable(self, function: Callable[..., Any] | None, function_name: str | None) -> Callable[..., Any]:
        if (function is None) == (function_name is None):
            raise ValueError(
                "Give either function= (anything callable) or function_name= (a registered method or pipeline function)."
            )
        if function is not None:
            return function
        name = function_name or ""
        if name in PIPELINE_FUNCTIONS:
            return PIPELINE_FUNCTIONS[name]
        try:
            return self.registry.method(name)
        except RegistryError:
            known = ", ".join([*PIPELINE_FUNCTIONS, *sorted(self.registry.transformers)])
            raise RegistryError(f"There is no function or method {function_name!r}; known ones: {known}.") from None

    def _sources(
        self, image_paths: Sequence[Any], images: Sequence[Any] | None, source: str, bucket_name: str | None
    ) -> Sequence[Any]:
        if source == "gcs":
            raise NotImplementedError(NO_GCS)
        if source != "local":
            raise ValueError(f"There is no source {source!r}; choose 'local' or 'gcs'.")
        if bucket_name is not None:
            raise ValueError("bucket_name goes with source='gcs'.")
        if images is not None and len(image_paths):
            raise ValueError("Give either image_paths= or images=, not both.")
        if isinstance(image_paths, (str, bytes, Path)):
            raise TypeError(f"image_paths must be a list of paths, got {image_paths!r}.")
        return image_paths if images is None else images

    def _run_function(self, work: FunctionWork, sources: Sequence[Any], workers: int) -> list[dict[str, Any]]:
        if not len(sources):
            return []
        pool = open_pool(self._executor, work, workers=workers, timeout=self._timeout)
        try:
            finished = in_order(stream(pool, enumerate(sources)), key=lambda payload: payload[0])
            return [_function_result(each) for each in finished]
        finally:
            pool.close()


@dataclass
class FunctionWork:
    """What a worker does with (index, picture): one call of a function."""

    function: Callable[..., Any]
    params: Mapping[str, Any]
    open_page: PageOpener
    wants: str = "array"

    def __call__(self, payload: tuple[int, Any], beat: Beat) -> tuple[Any, float]:
        """Return what the function gave, and the seconds it took; opening the picture is not part of them."""
        image = self._image(payload[1])
        start = time.perf_counter()
        result = self.function(image, **self.params)
        if inspect.isawaitable(result):
            result = asyncio.run(_awaited(result))
        return result, time.perf_counter() - start

    def _image(self, source: Any) -> Any:
        if self.wants == "path":
            return source
        page = self.open_page(source)
        return page if self.wants == "page" else page.bgr.copy()


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def _wants(function: Callable[..., Any]) -> str:
    """Tell whether a function's first parameter is a "page", a "path" or an "array"."""
    if isinstance(function, Transformer) or function in PIPELINE_FUNCTIONS.values():
        return "page"
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return "array"
    if not parameters:
        return "array"
    annotation = parameters[0].annotation
    if annotation is Page or annotation == "Page":
        return "page"
    if annotation in (str, Path, "str", "Path") or parameters[0].name in ("path", "image_path"):
        return "path"
    return "array"


def _function_result(finished: Finished) -> dict[str, Any]:
    index, source = finished.payload
    image = str(source) if isinstance(source, (str, Path)) and len(str(source)) < 4096 else f"image {index}"
    value = finished.value
    if isinstance(value, Lost):
        return {"image": image, "success": False, "error": f"The worker was lost: {value.reason}.", "execution_time": 0.0}
    if isinstance(value, Raised):
        return {"image": image, "success": False, "error": value.error, "traceback": value.traceback, "execution_time": 0.0}
    result, seconds = value
    return {"image": image, "success": True, "result": result, "execution_time": seconds}


def _counts(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    successful = sum(bool(result["success"]) for result in results)
    rate = successful / len(results) if results else 0.0
    return {"total": len(results), "successful": successful, "failed": len(results) - successful, "success_rate": rate}


def _described(value: Any) -> Any:
    """Say in JSON what JSON cannot hold."""
    if isinstance(value, Result):
        return value.to_dict()
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return value.item() if value.shape == () else {"shape": list(value.shape), "dtype": str(value.dtype)}
    return value.decode("latin-1") if isinstance(value, bytes) else repr(value)


async def test_edge_detection(
    image_paths: Sequence[Any], method: str = "canny", *, source: str = "local", bucket_name: str | None = None
) -> dict[str, Any]:
    """Run an edge detection over pictures: `results = await test_edge_detection(["a.png", "b.png"])`."""
    return await BulkTester().test_edge_detection(image_paths, method, source=source, bucket_name=bucket_name)


async def test_color_separation(
    image_paths: Sequence[Any], method: str = "lab", *, source: str = "local", bucket_name: str | None = None
) -> dict[str, Any]:
    """Run a color separation over pictures: `results = await test_color_separation(paths, method="hsv")`."""
    return await BulkTester().test_color_separation(image_paths, method, source=source, bucket_name=bucket_name)


async def test_grid_detection(
    image_paths: Sequence[Any], *, source: str = "local", bucket_name: str | None = None
) -> dict[str, Any]:
    """Run the grid detection over pictures."""
    return await BulkTester().test_grid_detection(image_paths, source=source, bucket_name=bucket_name)


async def test_quality_gates(
    image_paths: Sequence[Any], *, source: str = "local", bucket_name: str | None = None
) -> dict[str, Any]:
    """Run the quality gates over pictures."""
    return await BulkTester().test_quality_gates(image_paths, source=source, bucket_name=bucket_name)


for _coroutine in (test_edge_detection, test_color_separation, test_grid_detection, test_quality_gates):
    _coroutine.__test__ = False  # type: ignore[attr-defined]  # pytest would take them for tests where a test file imports them
