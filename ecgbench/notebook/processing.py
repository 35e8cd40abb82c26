"""Pictures through the pipeline in a notebook: one, or many in parallel, with results that show themselves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from ecgbench.notebook.display import batch_html, picture_html
from ecgbench.notebook.environment import BUDGET_SECONDS, NotebookEnvironment
from ecgbench.pipeline import DEFAULT_OPTIONS, read_options, several
from ecgbench.registry import default_registry
from ecgbench.submission.digitizing import DIGITIZE, PICTURE_SECONDS, DigitizingWork, Picture, Reading, read_pictures

Progress = Callable[[int, int], None]


class PictureResult(dict[str, Any]):
    """What was made of a picture, as a dictionary that a notebook shows as a drawing.

    Keys: those of `ecgbench.pipeline.process_image` (`success`, `error`, `seconds`, `steps`, `crop_box`, `width`, `height`), `image`, and
    of the digitizer `fs` (Hz, or None) and `signals`: lead -> float32 (n,) in mV, NaN where the page shows nothing.
    """

    def _repr_html_(self) -> str:
        return picture_html(self)


class BatchResult(list[PictureResult]):
    """The results of several pictures, in their order, which a notebook shows as a table; `seconds`: what they took together."""

    seconds: float = 0.0

    def _repr_html_(self) -> str:
        return batch_html(self, self.seconds)


def process_image_for_submission(
    image_path: Any, options: Mapping[str, Any] | None = None, *, fs: float | None = None
) -> PictureResult:
    """Find edges, colors and grid of a picture, check its quality and digitize it; its error is part of the result.

    `image_path`: a path, the name of a picture in the competition's test/, bytes, an array or a Page. `options`: as of
    `ecgbench.pipeline.process_image`; None asks for every step, and others digitize too unless they say `"digitize": False`. `fs`: the wanted
    rate of the signals in Hz; None takes that of test.csv where the picture is listed there, else the method's own. OptionError where an
    option is wrong.

    >>> import numpy as np
    >>> result = process_image_for_submission(np.full((60, 80), 255, np.uint8), {"edge_detection": True})
    >>> result["success"], list(result["steps"]), result["error"]
    (True, ['edge_detection', 'digitize'], None)
    """
    registry = default_registry()
    work = DigitizingWork(read_options(_with_digitizer(options), registry), registry.page_opener())
    picture = _picture(image_path, fs, NotebookEnvironment())
    return _result(image_path, work((0, picture), lambda _label: None))


def process_batch_for_submission(
    image_paths: Iterable[Any],
    options: Mapping[str, Any] | None = None,
    *,
    fs: float | None = None,
    max_workers: int | None = None,
    max_seconds: float | None = BUDGET_SECONDS,
    timeout: float | None = PICTURE_SECONDS,
    progress: Progress | None = None,
) -> BatchResult:
    """Do what process_image_for_submission does with many pictures at once: as many as there are cores, 9 pictures on 9 cores.

    Results come in input order; an image's error stays its own, also where it ends its process or overruns `timeout` seconds. What is not
    done after `max_seconds` is not done at all, and says so. `progress(done, total)` is called as each is done.
    """
    start = time.perf_counter()
    images = list(several("image_paths", image_paths))
    environment = NotebookEnvironment()
    pictures = [_picture(image, fs, environment) for image in images]
    reading_all = read_pictures(
        pictures, _with_digitizer(options), max_workers=max_workers, max_seconds=max_seconds, timeout=timeout
    )
    results = BatchResult()
    with closing(reading_all) as readings:
        for image, reading in zip(images, readings, strict=True):
            results.append(_result(image, reading))
            if progress is not None:
                progress(len(results), len(images))
    results.seconds = time.perf_counter() - start
    return results


def notebook_process_image(image_path: Any, options: Mapping[str, Any] | None = None, **settings: Any) -> PictureResult:
    """Do what process_image_for_submission does, under the name that notebooks know."""
    return process_image_for_submission(image_path, options, **settings)


def notebook_process_batch(image_paths: Iterable[Any], options: Mapping[str, Any] | None = None, **settings: Any) -> BatchResult:
    """Do what process_batch_for_submission does, under the name that notebooks know."""
    return process_batch_for_submission(image_paths, options, **settings)


def _with_digitizer(options: Mapping[str, Any] | None) -> Mapping[str, Any]:
    given = DEFAULT_OPTIONS if options is None else options
    return {DIGITIZE: True, **given} if isinstance(given, Mapping) else given


def _picture(image: Any, fs: float | None, environment: NotebookEnvironment) -> Picture:
    if fs is None and isinstance(image, (str, os.PathLike)):
        asked = environment.asked.get(Path(image).stem)
        fs = None if asked is None else asked.leads[0].fs
    return Picture(environment.find(image), fs)


def _result(image: Any, reading: Reading) -> PictureResult:
    nothing: dict[str, Any] = {"steps": {}, "crop_box": None, "width": None, "height": None}
    shown = os.fspath(image) if isinstance(image, (str, os.PathLike)) else type(image).__name__
    said = {"image": shown, "success": reading.error is None, "error": reading.error, "seconds": reading.seconds}
    return PictureResult({**said, **nothing, **reading.found, "fs": reading.fs, "signals": dict(reading.leads)})
