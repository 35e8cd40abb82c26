"""One case in a worker: its page is opened once, every method is converted for, timed, run and scored there, and only numbers leave."""

from __future__ import annotations

import ctypes
import gc
import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecgbench.core.metric import Metric, metrics_hash
from ecgbench.core.outcome import Outcome, Status, Variant
from ecgbench.core.page import Page, PageError
from ecgbench.core.transformer import Transformer
from ecgbench.core.truth import Case, CaseInfo, Truth
from ecgbench.workers import Beat, one_line

# A method whose wall time exceeds its processor time by both of these was kept waiting by others (or waits on purpose).
DISTURBED_RATIO, DISTURBED_SECONDS = 1.25, 0.002
OUT_OF_MEMORY = "MemoryError: it asked for more memory than a worker may have; --memory gives more."


@dataclass(frozen=True)
class Method:
    """A transformer with made params: what the runner runs."""

    transformer: Transformer[Any]
    params: Any


@dataclass(frozen=True)
class CaseTask:
    """A case and the methods (by index) to run on it; `alone` when an earlier worker was lost on it."""

    case: Case
    methods: tuple[int, ...]
    alone: bool = False


@dataclass
class Cell:
    """What one method made of one case; see Outcome for the fields."""

    status: Status = Status.DONE
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    convert_seconds: float = 0.0
    peak_memory_bytes: int | None = None
    scores: dict[str, float] = field(default_factory=dict)
    metrics_hash: str = ""
    error: str | None = None
    traceback: str | None = None

    def fail(self, error: BaseException, *, saying: str = "") -> None:
        """Mark the cell as failed by `error`."""
        self.status = Status.FAILED
        self.error = f"{saying}{OUT_OF_MEMORY if _is_out_of_memory(error) else one_line(error)}"
        self.traceback = "".join(traceback.format_exception(error))

    @property
    def disturbed(self) -> bool:
        """Whether its wall time says that others had the machine meanwhile."""
        wall, cpu = sum(self.seconds), sum(self.cpu_seconds)
        return wall > DISTURBED_RATIO * cpu and wall - cpu > DISTURBED_SECONDS * max(1, len(self.seconds))


class FileStamp(NamedTuple):
    """A file as it was when it was read: enough to know it again without reading it."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class CaseReport:
    """What a worker sends back of a case: a cell a method (by index), never pixels."""

    cells: Mapping[int, Cell]
    load_seconds: float = 0.0
    content_id: str | None = None
    file: FileStamp | None = None


@dataclass
class CaseWork:
    """Does a case: the callable that is sent to each worker once.

    `repeats` timed calls a method, after `warmup` untimed ones; a method's first call in a worker is never timed.
    Memory is seen on untimed calls only, since seeing it costs time.
    `own_process`: whether processor time and peak memory of the process are the method's own (not so in threads).
    """

    methods: Sequence[Method]
    metrics: Mapping[str, Sequence[Metric]]
    open_page: Callable[[Any], Page]
    repeats: int = 1
    warmup: int = 0
    own_process: bool = True
    _warm: set[int] = field(default_factory=set)
    _hashes: dict[str, str] = field(default_factory=dict)

    def __call__(self, task: CaseTask, beat: Beat) -> CaseReport:
        """Run the task's methods on its case; an error is the cell's own."""
        cells = {index: Cell() for index in task.methods}
        stamp = file_stamp(task.case.source)
        start = time.perf_counter()
        try:
            page = self.open_page(task.case.source)
            load_seconds = time.perf_counter() - start
            truth = task.case.read_truth()
        except Exception as error:
            for cell in cells.values():
                cell.fail(error, saying="" if isinstance(error, PageError) else "The case could not be opened: ")
            return CaseReport(cells, time.perf_counter() - start, None, stamp)
        results = self._time(page, cells, beat)
        for index, result in results.items():
            beat(index)
            self._score(page, truth, index, cells[index], result)
        return CaseReport(cells, load_seconds, page.content_id, stamp)

    def facts(self) -> dict[str, str]:
        """Return version and source of each method and metric: a worker that has others would give other outcomes."""
        methods = [method.transformer for method in self.methods]
        judges = [metric for metrics in self.metrics.values() for metric in metrics]
        return {each.name: f"{each.version} ({each.source_hash})" for each in methods} | {
            metric.name: metric.version for metric in judges
        }

    def _time(self, page: Page, cells: dict[int, Cell], beat: Beat) -> dict[int, Any]:
        """Convert for each method, warm it up, then time all methods in turn; return the last result of each that gave one."""
        for index, cell in cells.items():
            beat(index)
            start = time.perf_counter()
            page.as_kind(self.methods[index].transformer.kind)
            cell.convert_seconds = time.perf_counter() - start
            for _ in range(self.warmup if index in self._warm else max(1, self.warmup)):
                self._warm_up(index, page, cell, beat)
            self._warm.add(index)
        results: dict[int, Any] = {}
        gc.disable()  # a collection of our own garbage is not the method's time
        try:
            for _ in range(self.repeats):
                for index in [index for index, cell in cells.items() if cell.status is Status.DONE]:
                    results.pop(index, None)
                    beat(index)
                    self._call(index, page, cells[index], results)
        finally:
            gc.enable()
        return {index: result for index, result in results.items() if cells[index].status is Status.DONE}

    def _warm_up(self, index: int, page: Page, cell: Cell, beat: Beat) -> None:
        """Call a method untimed, and see how much memory it adds."""
        if cell.status is not Status.DONE:
            return
        resident = _begin_peak() if self.own_process else None
        beat(index)
        self._call(index, page, cell, {})
        cell.seconds.clear()
        cell.cpu_seconds.clear()
        if resident is not None:
            cell.peak_memory_bytes = _end_peak(resident)

    def _call(self, index: int, page: Page, cell: Cell, results: dict[int, Any]) -> None:
        """Call a method once; keep its times and its result, or its error."""
        method = self.methods[index]
        clock = time.process_time if self.own_process else time.thread_time
        cpu, wall = clock(), time.perf_counter()
        try:
            result = method.transformer.run(page, method.params)
        except Exception as error:
            cell.fail(error)
            return
        cell.seconds.append(time.perf_counter() - wall)
        cell.cpu_seconds.append(clock() - cpu)
        results[index] = result

    def _score(self, page: Page, truth: Truth, index: int, cell: Cell, result: Any) -> None:
        transformer = self.methods[index].transformer
        try:
            result.check(page)
        except Exception as error:
            cell.fail(error, saying=f"{transformer.name} broke its promise. ")
            return
        metrics = self.metrics.get(transformer.task, ())
        cell.metrics_hash = self._hashes.get(transformer.task) or self._hashes.setdefault(transformer.task, metrics_hash(metrics))
        for metric in metrics:
            try:
                cell.scores |= {name: float(value) for name, value in metric.score(page, result, truth).items()}
            except Exception as error:
                cell.error = f"The metric {metric.name} failed: {one_line(error)}"
                cell.traceback = traceback.format_exc()
        cell.scores |= cost_scores(cell)


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or (type(error).__name__ == "error" and "Insufficient memory" in str(error))


def cost_scores(cell: Cell) -> dict[str, float]:
    """Return the numbers of `ecgbench.core.metric.COST_SCORES` that were measured."""
    if not cell.seconds:
        return {}
    if len(cell.seconds) == 1:  # the usual case, in which numpy's percentiles would cost more than all the rest
        (wall,), (cpu,) = cell.seconds, cell.cpu_seconds
        scores = {"wall_median_s": wall, "wall_min_s": wall, "wall_iqr_s": 0.0, "cpu_median_s": cpu}
    else:
        low, median, high = np.percentile(cell.seconds, [25, 50, 75])
        scores = {
            "wall_median_s": float(median),
            "wall_min_s": min(cell.seconds),
            "wall_iqr_s": float(high - low),
            "cpu_median_s": float(np.median(cell.cpu_seconds)),
        }
    if cell.peak_memory_bytes is not None:
        scores["peak_memory_mb"] = cell.peak_memory_bytes / 1e6
    return scores


def known_by(info: CaseInfo, found: str | None) -> CaseInfo:
    """Return the case with its content id; where nobody says of which record it is, pictures of one content are one."""
    return replace(info, content_id=info.content_id or found, record=info.record or info.content_id or found)


def outcome_of(variant: Variant, info: CaseInfo, cell: Cell, load_seconds: float) -> Outcome:
    """Return what the store keeps of a cell."""
    return Outcome(
        variant=variant,
        case=info,
        status=cell.status,
        seconds=tuple(cell.seconds),
        cpu_seconds=tuple(cell.cpu_seconds),
        convert_seconds=cell.convert_seconds,
        load_seconds=load_seconds,
        peak_memory_bytes=cell.peak_memory_bytes,
        disturbed=cell.disturbed,
        metrics_hash=cell.metrics_hash,
        scores=cell.scores,
        error=cell.error,
        traceback=cell.traceback,
    )


def file_stamp(source: Any) -> FileStamp | None:
    """Return size and modification time of a file on this machine; None where the source is none or cannot be read."""
    if not isinstance(source, (str, os.PathLike)):
        return None
    try:
        found = Path(source).stat()
    except (OSError, ValueError):
        return None
    return FileStamp(os.fspath(source), found.st_size, found.st_mtime_ns)


def _begin_peak() -> int | None:
    """Set the kernel's high-water mark of this process's memory to what it has now, and return that in bytes (proc(5), Linux only).

    Memory that earlier calls freed is given back to the kernel before, or its reuse would not show.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/clear_refs", "w") as marks:  # noqa: PTH123 - a plain call, on the hot path
            marks.write("5")
        return _status("VmRSS")
    except (OSError, AttributeError):
        return None


def _end_peak(resident: int) -> int | None:
    peak = _status("VmHWM")
    return None if peak is None else max(0, peak - resident)


def _status(name: str) -> int | None:
    with open("/proc/self/status", "rb") as status:  # noqa: PTH123
        for line in status:
            if line.startswith(name.encode()):
                return int(line.split()[1]) * 1024
    return None
