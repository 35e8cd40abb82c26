"""The methods that all tools run, and what the hand-written loops give to a worker: a page with all of them."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import nothing
import numpy as np
from job import Job

from ecgbench.plugins import color, edges, grid, quality

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
TEN: Mapping[str, Callable[[Pixels], Any]] = {
    "edges.canny": edges.canny,
    "edges.sobel": edges.sobel,
    "edges.laplacian": edges.laplacian,
    "edges.contour": edges.contour,
    "color.lab": color.lab,
    "color.hsv": color.hsv,
    "color.opencv": color.opencv,
    "color.pillow": color.pillow,
    "grid.multiscale": grid.multiscale,
    "quality.gates": quality.gates,
}
NOTHING = {f"nothing {number}": partial(nothing.nothing, number=number) for number in range(nothing.COPIES)}
METHODS: Mapping[str, Mapping[str, Callable[[Pixels], Any]]] = {"ten": TEN, "nothing": NOTHING}


class Row(NamedTuple):
    """What is kept of a cell: the page, the method and the shortest of its times."""

    page: str
    method: str
    seconds: float


def decoded(path: Path) -> Pixels:
    """Return the page's BGR pixels."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise ValueError(f"{path} is no picture")
    return np.asarray(picture, np.uint8)


def rows_of(path: Path, job: Job) -> list[Row]:
    """Decode a page once and run every method on it: what the hand-written loops give to a worker."""
    cv2.setNumThreads(1)
    picture, rows = decoded(path), []
    for name, method in METHODS[job.methods].items():
        seconds = []
        for _ in range(job.repeats):
            start = time.perf_counter()
            method(picture)
            seconds.append(time.perf_counter() - start)
        rows.append(Row(path.name, name, min(seconds)))
    return rows


def keep(pages: Iterable[list[Row]], job: Job) -> None:
    """Write rows as they come, a file of comma-separated values."""
    with job.output.open("w", newline="") as file:
        table = csv.writer(file)
        for rows in pages:
            job.note_result()
            table.writerows(rows)
