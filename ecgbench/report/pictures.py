"""Small encoded pictures of pages and of what methods saw on them, made in workers so that a method that dies there costs only its own."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np

from ecgbench.core.outcome import Variant
from ecgbench.core.page import Box, Page, Pixels
from ecgbench.core.truth import CaseInfo
from ecgbench.measure import Method
from ecgbench.registry import PageOpener, Registry
from ecgbench.report.redrawing import RedoError, Source, draw_again, find_sources, open_again, same_method
from ecgbench.workers import START, Beat, Finished, Lost, Raised, Work, open_pool, stream

WIDEST, TALLEST = 720, 960  # pixels of a picture in a report: twice what a gallery shows, 20 to 80 kB
WEBP_QUALITY = 50  # thin colored lines are still clean; JPEG of the same size smears them
DETAIL = (360, 270)  # pixels of a part at full size: two beats of a page of 200 dpi, as wide as a picture in a gallery
BORDER = 0.15  # share of a side where a photo shows the desk and a page its margin
DRAWING_SECONDS = 60.0  # a method that takes longer on one page is not waited for again
PAGE = -1  # the number of the page itself among the pictures of a case


@dataclass(frozen=True)
class Picture:
    """An encoded picture and its size in pixels; `detail` is a part of it at full size, where it had to be scaled down."""

    encoded: bytes
    width: int
    height: int
    detail: Picture | None = None

    @property
    def data_uri(self) -> str:
        """The picture as the address of an <img>."""
        return "data:image/webp;base64," + base64.b64encode(self.encoded).decode("ascii")

    @property
    def size(self) -> int:
        """Bytes, those of the detail among them."""
        return len(self.encoded) + (self.detail.size if self.detail else 0)


def encode(pixels: Pixels, *, window: Box | None = None, fit: tuple[int, int] = (WIDEST, TALLEST)) -> Picture:
    """Scale a (H, W, 3) uint8 BGR picture down to fit a report, never up, and encode it as WebP; what is inside `window` also at full size.

    `fit`: pixels that it may be wide and tall.

    >>> picture = encode(np.full((1700, 2200, 3), 255, np.uint8), window=Box(800, 600, 360, 270))
    >>> picture.width, picture.detail.width
    (720, 360)
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, fit[0] / width, fit[1] / height)
    if scale == 1.0:
        return _encoded(pixels, None)
    detail = None
    if window is not None:
        part = pixels[window.y : window.y + window.height, window.x : window.x + window.width]
        detail = _encoded(np.ascontiguousarray(part), None)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _encoded(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), detail)


def _encoded(pixels: Pixels, detail: Picture | None) -> Picture:
    _, encoded = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])
    return Picture(encoded.tobytes(), pixels.shape[1], pixels.shape[0], detail)


def busiest_window(page: Page) -> Box:
    """Return the part of DETAIL pixels, away from the page's borders, in which brightness changes most: a beat rather than blank paper.

    It is chosen on the page alone, so that it favors no method.
    """
    height, width = page.shape
    part_height, part_width = min(DETAIL[1], height), min(DETAIL[0], width)
    left, top = min(int(BORDER * width), (width - part_width) // 2), min(int(BORDER * height), (height - part_height) // 2)
    inner = page.gray[top : height - top, left : width - left]
    dx, dy = cv2.spatialGradient(np.ascontiguousarray(inner))
    change = cv2.addWeighted(cv2.convertScaleAbs(dx), 0.5, cv2.convertScaleAbs(dy), 0.5, 0)
    sums = cv2.boxFilter(change, cv2.CV_32F, (part_width, part_height), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    starts = sums[: inner.shape[0] - part_height + 1, : inner.shape[1] - part_width + 1]
    y, x = np.unravel_index(int(starts.argmax()), starts.shape)
    return Box(left + int(x), top + int(y), part_width, part_height)


@dataclass(frozen=True)
class Sight:
    """A case of which pictures are wanted: of the page, and of what each of the methods (by number) saw on it."""

    case: CaseInfo
    source: Source | None
    methods: tuple[int, ...]


Sights = dict[int, Picture | str]
"""Pictures by the method's number, and a sentence for each that cannot be made."""


@dataclass(frozen=True)
class SightWork:
    """What a worker does with a Sight."""

    methods: Mapping[int, Method]
    open_page: Callable[[Any], Page]

    def __call__(self, sight: Sight, beat: Beat) -> Sights:
        """Return the pictures of a case; each that cannot be made is a sentence."""
        try:
            page = open_again(sight.case, sight.source, self.open_page)
        except RedoError as error:
            return dict.fromkeys((PAGE, *sight.methods), str(error))
        window = busiest_window(page)
        made: Sights = {PAGE: encode(page.bgr, window=window)}
        for number in sight.methods:
            beat(number)
            try:
                made[number] = encode(draw_again(self.methods[number], page).drawing, window=window)
            except RedoError as error:
                made[number] = str(error)
        return made


Doing = Callable[[Work, Iterable[Sight], "deque[Sight]"], Iterator[list[Finished]]]
"""Has sights done by a work, and what is put among the retries meanwhile as well."""


def draw_cases(
    wanted: Mapping[CaseInfo, Sequence[int]],
    variants: Mapping[int, Variant],
    specs: Sequence[str],
    registry: Registry,
    *,
    executor: str = "processes",
    memory_bytes: int | None = None,
    make_work: Callable[[Mapping[int, Method], PageOpener], Work] = SightWork,
    do: Doing | None = None,
) -> dict[CaseInfo, Sights]:
    """Draw what variants (by number) saw on some cases; PAGE is the number of the page itself.

    `make_work` makes what is done with each Sight, of methods and page opener; `do` has it done, by default in a pool of its own.
    Never raises for a picture that cannot be made again: a sentence stands in its place.
    """
    methods, sentences = _installed(variants, registry)
    found: dict[CaseInfo, Sights] = {}
    sources = find_sources(wanted, specs, registry)
    sights = []
    for case, numbers in wanted.items():
        found[case] = {number: sentences[number] for number in numbers if number in sentences}
        sights.append(Sight(case, sources.get(case), tuple(number for number in numbers if number in methods)))
    do = do or partial(_in_a_pool, executor, memory_bytes)
    retries: deque[Sight] = deque()
    for batch in do(make_work(methods, registry.page_opener()), sights, retries):
        for finished in batch:
            found[finished.payload.case] |= _made(finished, retries)
    return found


def _in_a_pool(
    executor: str, memory_bytes: int | None, work: Work, sights: Iterable[Sight], retries: deque[Sight]
) -> Iterator[list[Finished]]:
    timeout = DRAWING_SECONDS if executor == "processes" else None
    pool = open_pool(executor, work, timeout=timeout, memory_bytes=memory_bytes)
    try:
        yield from stream(pool, sights, retries=retries)
    finally:
        pool.close()


def _installed(variants: Mapping[int, Variant], registry: Registry) -> tuple[dict[int, Method], dict[int, str]]:
    methods, sentences = {}, {}
    for number, variant in variants.items():
        try:
            methods[number] = same_method(variant, registry)
        except RedoError as error:
            sentences[number] = str(error)
    return methods, sentences


def _made(finished: Finished, retries: deque[Sight]) -> Sights:
    """Return what came of a Sight; of one whose worker was lost, the sentence of the method at fault, and try the others again."""
    sight, value = finished.payload, finished.value
    if isinstance(value, Lost):
        reason = f"It could not be drawn again: {value.reason}."
        if value.label == START:
            return dict.fromkeys((PAGE, *sight.methods), reason)
        others = tuple(number for number in sight.methods if number != value.label)
        retries.append(replace(sight, methods=others))
        return {value.label: reason}
    if isinstance(value, Raised):
        return dict.fromkeys((PAGE, *sight.methods), f"It could not be drawn again: {value.error}.")
    made: Sights = value
    return made
