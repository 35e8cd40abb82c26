"""BulkTester: plans and plain functions over many pictures, in parallel."""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgbench.calls import Base64Picture, FunctionWork, name_of, wants
from ecgbench.core.outcome import Outcome
from ecgbench.core.results import Result
from ecgbench.core.truth import RemotePage
from ecgbench.fetching import FetchAhead
from ecgbench.pipeline import process_image, several, worker_count
from ecgbench.plan import Plan, make_plan
from ecgbench.plugins.color import isolate_colors, separate_colors
from ecgbench.plugins.edges import crop_to_content, detect_edges
from ecgbench.plugins.grid import detect_grid
from ecgbench.plugins.image_sets.gcs.cache import cache_of_environment
from ecgbench.plugins.image_sets.gcs.picture import GcsAddress
from ecgbench.plugins.image_sets.gcs.stored import SCHEME
from ecgbench.plugins.quality import check_quality
from ecgbench.registry import Registry, RegistryError, default_registry
from ecgbench.workers import Finished, Lost, Raised, in_order, open_pool, stream

if TYPE_CHECKING:
    from ecgbench.store import Store

__all__ = [
    "BulkTester", "Plan", "make_plan", "test_color_separation", "test_edge_detection", "test_grid_detection", "test_quality_gates",
]  # fmt: skip

PIPELINE_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        process_image, detect_edges, crop_to_content, separate_colors, isolate_colors, detect_grid, check_quality,
    )
}  # fmt: skip
STOP_SECONDS = 0.2  # within which calls end when nobody waits for them any more


class BulkTester:
    """Runs plans, and any function, over many pictures in parallel, and keeps what came out.

    `max_workers`: at most so many at a time, and never more than cores (more make each other slower, and times dishonest).
    `timeout`: seconds that one call may take. Work is done in processes: a function that crashes, hangs or exits costs its own picture.

    >>> import numpy as np
    >>> tester = BulkTester()
    >>> report = asyncio.run(tester.test_function(lambda image: float(image.mean()), images=[np.zeros((8, 8), np.uint8)], test_name="mean"))
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
        worker_count(max_workers)  # or it is no number of workers
        self.max_workers = max_workers
        self.registry = registry or default_registry()
        self.results: list[dict[str, Any]] = []
        self._store = store
        self._timeout = timeout
        self._executor = executor

    def run(self, plan: Plan, *, name: str | None = None, resume: bool = False, changed: bool = False) -> Iterator[Outcome]:
        """Carry out a plan; yield outcomes as they come, each after it was kept in the store (if the tester has one).

        `resume` does what the run of that name has not, `changed` what no earlier run has; what they have is not yielded.
        The plan's executor and timeout hold; of its workers, no more than `max_workers`.
        """
        from ecgbench.execution import Execution  # and with it sqlalchemy, which calling functions does not need

        workers = worker_count(min(plan.workers or self.max_workers, self.max_workers))
        return Execution(replace(plan, workers=workers), store=self._store, name=name, resume=resume, changed=changed).outcomes()

    async def test_function(
        self,
        function: Callable[..., Any] | None = None,
        image_paths: Iterable[Any] | None = None,
        test_name: str | None = None,
        source: str = "local",
        bucket_name: str | None = None,
        *,
        function_name: str | None = None,
        images: Iterable[Any] | None = None,
        max_workers: int | None = None,
        **params: Any,
    ) -> dict[str, Any]:
        """Call a function, sync or async, on every picture, in parallel; return and keep a report.

        Give `function` (anything callable, closures and notebook functions too) or `function_name` (a registered method such as
        "edges.canny", or one of the pipeline's: process_image, detect_edges, ...). Pictures are `image_paths`, or `images` (arrays, bytes,
        base64 with or without "data:image/png;base64," before it). The function gets each as a (H, W, 3) uint8 BGR array, or as a Page or
        a path where its first parameter is annotated so (or named `path` or `image_path`), and `params` by name.

        The report is a dictionary: `test_name`, `total`, `successful`, `failed`, `success_rate` (0..1), `execution_time` (s), and `results` in
        input order, each with `image`, `success`, `result` or `error`, `execution_time`. Wrong arguments raise ValueError or RegistryError.

        With source="gcs", `image_paths` are names of objects in the bucket `bucket_name`, or whole addresses ("gs://bucket/page.png"); a name
        that ends in "/" is all pictures below it, and without `image_paths` it is all of the bucket. SpecError where it cannot be listed.
        """
        call = self._callable(function, function_name)
        sources = await asyncio.to_thread(self._sources, image_paths, images, source, bucket_name)
        kind = "page" if call in PIPELINE_FUNCTIONS.values() else wants(call)
        work = FunctionWork(call, params, self.registry.page_opener(), kind)
        workers = worker_count(self.max_workers if max_workers is None else max_workers)
        name = test_name or function_name or name_of(call)
        start = time.perf_counter()
        given_up = threading.Event()
        try:
            results = await asyncio.to_thread(self._run_function, work, sources, workers, given_up)
        finally:
            given_up.set()
        report = {"test_name": name, **_counts(results), "execution_time": time.perf_counter() - start, "results": results}
        self.results.append(report)
        return report

    async def test_edge_detection(
        self, image_paths: Iterable[Any], method: str = "canny", *, source: str = "local", bucket_name: str | None = None
    ) -> dict[str, Any]:
        """Run an edge detection over pictures; see test_function for what comes back."""
        return await self._test_method("edges", method, "edge_detection", image_paths, source, bucket_name)

    async def test_color_separation(
        self, image_paths: Iterable[Any], method: str = "lab", *, source: str = "local", bucket_name: str | None = None
    ) -> dict[str, Any]:
        """Run a color separation over pictures; see test_function for what comes back."""
        return await self._test_method("color", method, "color_separation", image_paths, source, bucket_name)

    async def test_grid_detection(
        self, image_paths: Iterable[Any], *, source: str = "local", bucket_name: str | None = None
    ) -> dict[str, Any]:
        """Run the grid detection over pictures; see test_function for what comes back."""
        return await self._test_method("grid", "multiscale", "grid_detection", image_paths, source, bucket_name)

    async def test_quality_gates(
        self, image_paths: Iterable[Any], *, source: str = "local", bucket_name: str | None = None
    ) -> dict[str, Any]:
        """Run the quality gates over pictures; see test_function for what comes back."""
        return await self._test_method("quality", "gates", "quality_gates", image_paths, source, bucket_name)

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
        Path(path).write_text(json.dumps(_json_safe(content), indent=2), encoding="utf-8")

    def clear_results(self) -> None:
        """Forget all reports."""
        self.results.clear()

    async def _test_method(
        self, task: str, method: str, test_name: str, image_paths: Iterable[Any], source: str, bucket_name: str | None
    ) -> dict[str, Any]:
        full_name = f"{task}.{method.removeprefix(f'{task}.')}"
        return await self.test_function(
            function_name=full_name, image_paths=image_paths, test_name=test_name, source=source, bucket_name=bucket_name
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
        self, image_paths: Iterable[Any] | None, images: Iterable[Any] | None, source: str, bucket_name: str | None
    ) -> Iterable[Any]:
        if source != "gcs":
            return _local_sources(image_paths, images, source, bucket_name)
        if images is not None:
            raise ValueError("images= are at hand; with source='gcs' give image_paths=, or none for all of the bucket.")
        names = [""] if image_paths is None else several("image_paths", image_paths)
        return [picture for name in names for picture in self._in_bucket(str(name), bucket_name)]

    def _in_bucket(self, name: str, bucket_name: str | None) -> Iterable[Any]:
        """Return the picture of a name in a bucket, or those below it where it is a prefix."""
        if bucket_name is None and not name.startswith(SCHEME):
            raise ValueError("source='gcs' needs bucket_name=, or addresses such as gs://bucket/page.png.")
        address = name if name.startswith(SCHEME) else f"{SCHEME}{(bucket_name or '').removeprefix(SCHEME).rstrip('/')}/{name}"
        if address.endswith("/"):
            return [case.source for case in self.registry.open_images(address)]
        return [GcsAddress(address, cache_of_environment())]

    def _run_function(
        self, work: FunctionWork, sources: Iterable[Any], workers: int, given_up: threading.Event
    ) -> list[dict[str, Any]]:
        if isinstance(sources, Sized) and not len(sources):
            return []
        pool = open_pool(self._executor, work, workers=workers, timeout=self._timeout)
        try:
            numbered = FetchAhead().through(enumerate(sources), lambda each: each[1])
            batches = takewhile(lambda _: not given_up.is_set(), stream(pool, numbered, tick=STOP_SECONDS))
            return [_function_result(each) for each in in_order(batches, key=lambda payload: payload[0])]
        finally:
            pool.close()


def _local_sources(
    image_paths: Iterable[Any] | None, images: Iterable[Any] | None, source: str, bucket_name: str | None
) -> Iterable[Any]:
    """Return what the registry opens pages from."""
    if source != "local":
        raise ValueError(f"There is no source {source!r}; choose 'local' or 'gcs'.")
    if bucket_name is not None:
        raise ValueError("bucket_name goes with source='gcs'.")
    if (images is None) == (image_paths is None):
        raise ValueError("Give either image_paths= or images= (arrays, bytes or base64).")
    if images is None:
        found: Iterable[Any] = several("image_paths", image_paths)
        return found
    pictures = (Base64Picture(each) if isinstance(each, str) else each for each in several("images", images))
    return list(pictures) if isinstance(images, Sized) else pictures


def _function_result(finished: Finished) -> dict[str, Any]:
    index, source = finished.payload
    image = str(source) if isinstance(source, (str, Path, RemotePage)) and len(str(source)) < 4096 else f"image {index}"
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


def _json_safe(value: Any) -> Any:
    """Return what a function gave as JSON can hold it: numbers that it has no word for are null, what it cannot hold is described."""
    if isinstance(value, Result):
        return _json_safe(value.to_dict())
    if isinstance(value, Mapping):
        return {str(key): _json_safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_json_safe(item) for item in value]
    if hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float)) else _described(value)


def _described(value: Any) -> Any:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return {"shape": list(value.shape), "dtype": str(value.dtype)}
    if isinstance(value, bytes):
        return {"bytes": len(value)}
    return str(value) if isinstance(value, Path) else repr(value)


async def test_edge_detection(
    image_paths: Iterable[Any], method: str = "canny", *, source: str = "local", bucket_name: str | None = None
) -> dict[str, Any]:
    """Run an edge detection over pictures: `results = await test_edge_detection(["a.png", "b.png"])`."""
    return await BulkTester().test_edge_detection(image_paths, method, source=source, bucket_name=bucket_name)


async def test_color_separation(
    image_paths: Iterable[Any], method: str = "lab", *, source: str = "local", bucket_name: str | None = None
) -> dict[str, Any]:
    """Run a color separation over pictures: `results = await test_color_separation(paths, method="hsv")`."""
    return await BulkTester().test_color_separation(image_paths, method, source=source, bucket_name=bucket_name)


async def test_grid_detection(
    image_paths: Iterable[Any], *, source: str = "local", bucket_name: str | None = None
) -> dict[str, Any]:
    """Run the grid detection over pictures."""
    return await BulkTester().test_grid_detection(image_paths, source=source, bucket_name=bucket_name)


async def test_quality_gates(
    image_paths: Iterable[Any], *, source: str = "local", bucket_name: str | None = None
) -> dict[str, Any]:
    """Run the quality gates over pictures."""
    return await BulkTester().test_quality_gates(image_paths, source=source, bucket_name=bucket_name)


for _coroutine in (test_edge_detection, test_color_separation, test_grid_detection, test_quality_gates):
    _coroutine.__test__ = False  # type: ignore[attr-defined]  # pytest would take them for tests where a test file imports them
