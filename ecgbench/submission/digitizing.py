"""Pictures digitized in parallel, in order, within a time budget; a picture's error is its own."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ecgbench.core.page import PageError
from ecgbench.core.params import ParamError
from ecgbench.core.results import Signals
from ecgbench.core.transformer import Transformer
from ecgbench.pipeline import Options, Processed, StepError, read_options, run_pipeline, worker_count
from ecgbench.registry import Registry, default_registry
from ecgbench.workers import Beat, Lost, Raised, one_line, open_pool, stream

DIGITIZE = "digitize"
TICK_SECONDS = 0.2  # between two looks at the time budget
PICTURE_SECONDS = 120.0  # that a picture may take: 40 times what the slowest of the sample pages does


@dataclass(frozen=True)
class Picture:
    """A picture to digitize, and the rate that its signals are wanted at, where that is known."""

    source: Any
    fs: float | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read from a picture.

    `leads`: name -> float32 (n,) in mV at `fs` Hz, NaN where the page shows nothing. `found`: each step's findings, JSON-safe.
    `error`: a sentence where it could not be read; `reached`: False where time was over before.
    """

    fs: float | None = None
    leads: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    seconds: float = 0.0
    reached: bool = True


NOT_REACHED = Reading(error="The time was over before it was digitized.", reached=False)


@dataclass(frozen=True)
class DigitizingWork:
    """What a worker does with (index, picture): the pipeline, whose digitizer is asked for the wanted rate where it can give it."""

    options: Options
    open_page: Callable[[Any], Any]

    def __call__(self, payload: tuple[int, Picture], _beat: Beat) -> Reading:
        """Return what was read; an image's error is its own."""
        start = time.perf_counter()
        picture = payload[1]
        try:
            page = self.open_page(picture.source)
            processed = run_pipeline(page, self.options, params=_wanted_rate(self.options.methods.get(DIGITIZE), picture.fs))
        except Exception as error:
            said = str(error) if isinstance(error, (PageError, StepError)) else one_line(error)
            return Reading(error=said, seconds=time.perf_counter() - start)
        return _reading(processed, time.perf_counter() - start)


def _reading(processed: Processed, seconds: float) -> Reading:
    found, signals = processed.to_dict(), processed.results.get(DIGITIZE)
    if not isinstance(signals, Signals):
        return Reading(found=found, seconds=seconds)
    return Reading(float(signals.fs), dict(signals.leads), found, None, seconds)


def _wanted_rate(method: Transformer[Any] | None, fs: float | None) -> dict[str, dict[str, float]]:
    """Return the parameter of the digitizer that asks for a rate; nothing where it has none, or does not go so far."""
    for spec in () if method is None or fs is None else method.params:
        if spec.name == "fs":
            try:
                return {DIGITIZE: {"fs": spec.check(fs)}}
            except ParamError:
                return {}
    return {}


def read_pictures(
    pictures: Sequence[Picture],
    options: Mapping[str, Any],
    *,
    max_workers: int | None = None,
    max_seconds: float | None = None,
    timeout: float | None = PICTURE_SECONDS,
    registry: Registry | None = None,
) -> Generator[Reading, None, None]:
    """Yield what was read from each picture, in order, done in as many processes as there are cores (or `max_workers`, if fewer).

    `max_seconds`: from now; a picture that is not done by then comes back as not reached. `timeout`: seconds that one picture may take. A
    process that dies costs its picture. Memory holds what is under way only; closing the generator ends the
    processes. OptionError where an option is not known.
    """
    registry = registry or default_registry()
    work = DigitizingWork(read_options(options, registry), registry.page_opener())
    end = math.inf if max_seconds is None else time.monotonic() + max_seconds
    return _in_order(work, pictures, worker_count(max_workers), timeout, end)


def _in_order(
    work: DigitizingWork, pictures: Sequence[Picture], workers: int, timeout: float | None, end: float
) -> Generator[Reading, None, None]:
    early: dict[int, Reading] = {}
    due = 0
    with closing(_as_they_come(work, pictures, workers, timeout, end)) as batches:
        for batch in batches:
            early |= batch
            while due in early:
                yield early.pop(due)
                due += 1
    for index in range(due, len(pictures)):
        yield early.pop(index, NOT_REACHED)


def _as_they_come(
    work: DigitizingWork, pictures: Sequence[Picture], workers: int, timeout: float | None, end: float
) -> Generator[dict[int, Reading], None, None]:
    """Yield what was read by the place of its picture, until the time is over; then nothing is begun."""
    if time.monotonic() >= end:
        return
    pool = open_pool("processes", work, workers=min(workers, max(1, len(pictures))), timeout=timeout)
    try:
        for batch in stream(pool, enumerate(pictures), tick=TICK_SECONDS):
            yield {finished.payload[0]: _said(finished.value) for finished in batch}
            if time.monotonic() >= end:
                return
    finally:
        pool.close()


def _said(value: Any) -> Reading:
    if isinstance(value, Lost):
        return Reading(error=f"The worker was lost: {value.reason}.")
    if isinstance(value, Raised):
        return Reading(error=value.error)
    assert isinstance(value, Reading)
    return value
