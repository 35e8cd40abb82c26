"""Small encoded pictures of pages and of what methods saw on them, made in workers so that a method that dies there costs only its own."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from ecgbench.core.outcome import Variant
from ecgbench.core.page import Page, Pixels
from ecgbench.core.truth import CaseInfo
from ecgbench.measure import Method
from ecgbench.registry import Registry
from ecgbench.report.redrawing import RedoError, Source, draw_again, find_sources, open_again, same_method
from ecgbench.workers import START, Beat, Finished, Lost, Raised, open_pool, stream

WIDEST, TALLEST = 720, 960  # pixels of a picture in a report: twice what a gallery shows, 20 to 80 kB
WEBP_QUALITY = 50  # thin colored lines are still clean; JPEG of the same size smears them
DRAWING_SECONDS = 60.0  # a method that takes longer on one page is not waited for again
PAGE = -1  # the number of the page itself among the pictures of a case


@dataclass(frozen=True)
class Picture:
    """An encoded picture and its size in pixels."""

    encoded: bytes
    width: int
    height: int

    @property
    def data_uri(self) -> str:
        """The picture as the address of an <img>."""
        return "data:image/webp;base64," + base64.b64encode(self.encoded).decode("ascii")


def encode(pixels: Pixels, *, widest: int = WIDEST, tallest: int = TALLEST) -> Picture:
    """Scale a (H, W, 3) uint8 BGR picture down to fit, never up, and encode it as WebP.

    >>> encode(np.full((1700, 2200, 3), 255, np.uint8)).width
    720
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, widest / width, tallest / height)
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    _, encoded = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY])
    return Picture(encoded.tobytes(), pixels.shape[1], pixels.shape[0])


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
        made: Sights = {PAGE: encode(page.bgr)}
        for number in sight.methods:
            beat(number)
            try:
                made[number] = encode(draw_again(self.methods[number], page).drawing)
            except RedoError as error:
                made[number] = str(error)
        return made


def draw_cases(
    wanted: Mapping[CaseInfo, Sequence[int]],
    variants: Mapping[int, Variant],
    specs: Sequence[str],
    registry: Registry,
    *,
    executor: str = "processes",
    memory_bytes: int | None = None,
) -> dict[CaseInfo, Sights]:
    """Draw what variants (by number) saw on some cases; PAGE is the number of the page itself.

    Never raises for a picture that cannot be made again: a sentence stands in its place.
    """
    methods, sentences = _installed(variants, registry)
    found: dict[CaseInfo, Sights] = {}
    sources = find_sources(wanted, specs, registry)
    sights = []
    for case, numbers in wanted.items():
        found[case] = {number: sentences[number] for number in numbers if number in sentences}
        sights.append(Sight(case, sources.get(case), tuple(number for number in numbers if number in methods)))
    work = SightWork(methods, registry.page_opener())
    timeout = DRAWING_SECONDS if executor == "processes" else None
    pool = open_pool(executor, work, timeout=timeout, memory_bytes=memory_bytes)
    retries: deque[Sight] = deque()
    try:
        for batch in stream(pool, sights, retries=retries):
            for finished in batch:
                found[finished.payload.case] |= _made(finished, retries)
    finally:
        pool.close()
    return found


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
