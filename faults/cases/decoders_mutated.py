"""Opens thousands of damaged pictures in the workers of a run."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections import Counter
from pathlib import Path

from PIL import Image

from ecgbench.core.page import Page, PageError
from ecgbench.plugins.pages import open_page
from ecgbench.workers import Lost, Raised, open_pool, stream
from faults.mutants import mutants, originals
from faults.suite import Found, require

PROMISE = "A damaged picture gives a page of the size that it declares, or one clear sentence; it never ends a worker or a run."
SHORT = True
COUNT, SHORT_COUNT = 6_300, 252
SECONDS_EACH = 10.0


def run(*, short: bool) -> Found:
    """Open them all in two workers; look at every answer."""
    count = SHORT_COUNT if short else COUNT
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        paths = []
        for index, (name, data) in enumerate([*originals(), *mutants(count)]):
            suffix = name.partition("_")[0].partition(".")[0]
            paths.append(Path(place) / f"{index:05d}.{name}.{suffix}")
            paths[-1].write_bytes(data)
        pool = open_pool("processes", _opened, workers=2, timeout=SECONDS_EACH, memory_bytes=4 << 30)
        try:
            answers = {done.payload: done.value for batch in stream(pool, paths) for done in batch}
        finally:
            pool.close()
        for path in paths:
            value = answers.get(path)
            require(not isinstance(value, Lost), f"{path.name} ended a worker: {value}")
            require(not isinstance(value, Raised), f"{path.name} raised {value}")
            if value is not None:
                ends[_judged(path, value)] += 1
    return Found(len(paths), len(paths) - ends.total(), None, ", ".join(f"{count} {how}" for how, count in ends.most_common()))


def _opened(path: Path, _beat: object) -> tuple[int, int] | str:
    """Return the size of the page, or the sentence."""
    try:
        page: Page = open_page(path)
    except PageError as error:
        return str(error)
    return page.shape


def _judged(path: Path, value: tuple[int, int] | str) -> str:
    if isinstance(value, str):
        require(
            path.name in value and value.endswith(".") and "\n" not in value,
            f"not one sentence that names the picture: {value!r}",
        )
        return "told in a sentence"
    declared = _declared(path.read_bytes())
    require(declared is None or value in declared, f"{path.name} declares {declared} and gave a page of {value}")
    return "pages" if declared else "pages that only one of two readers knows the size of"


def _declared(data: bytes) -> set[tuple[int, int]] | None:
    """Return height and width as Pillow reads them from the header, and turned; None where it reads none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                turned = image.getexif().get(274, 1) in (5, 6, 7, 8)
        except Exception:
            return None
    return {(width, height) if turned else (height, width)}
