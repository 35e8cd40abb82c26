"""The pages that benchmarks run on: 2200x1700 PNGs with truth beside none of them, written once a folder, and tiny ones."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from ecgbench.plugins.image_sets.truth_files import write_pages
from ecgbench.registry import default_registry
from ecgbench.workers import parallel_map

DISTINCT = 10  # pages that are rendered; further names are links to them, which costs a decoder nothing less
TINY = (48, 64)  # pixels of a page on which methods take next to nothing, and of which the rest is overhead


def write_benchmark_pages(folder: Path, count: int) -> list[Path]:
    """Write `count` pages of 2200x1700 pixels to `folder` and return their paths."""
    rendered = folder / "rendered"
    spec = f"synthetic?count={DISTINCT}&types=0001&seed=900&dpi=200&preset=kaggle"
    sources = list(write_pages(default_registry().open_images(spec), rendered, run=parallel_map))
    pages = folder / "pages"
    pages.mkdir(exist_ok=True)
    links = [pages / f"page{index:04d}.png" for index in range(count)]
    for index, link in enumerate(links):
        if not link.exists():
            os.link(sources[index % len(sources)], link)
    return links


def write_tiny_pages(folder: Path, count: int) -> Path:
    """Write pages that cost next to nothing to decode to a new folder, and return it."""
    folder.mkdir()
    page = np.full((*TINY, 3), 255, np.uint8)
    cv2.rectangle(page, (8, 8), (40, 30), (0, 0, 0), 1)
    for index in range(count):
        cv2.imwrite(str(folder / f"{index:04d}.png"), page)
    return folder
