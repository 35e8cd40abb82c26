"""Whether another decoder is worth a dependency: pyspng and simplejpeg against OpenCV, on the same bytes, in turn.

    .venv-peers/bin/python benchmarks/peers/decoders.py [--rounds 15] [--pictures FOLDER]

Of processor time, on one thread. Decoders that are to be put in OpenCV's place have to give the same pixels: `--pictures` looks at that on a
folder of one's own (PNG and JPEG).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pyspng
import simplejpeg
from compared import TEN

sys.path.insert(1, str(Path(__file__).parents[1]))  # the other benchmarks' pages and tables

# isort: split
from pages import DISTINCT, write_benchmark_pages
from tables import Table, present, spread

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
JPEG_QUALITY = 90


def by_opencv(data: bytes) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def by_pyspng(data: bytes) -> Pixels:
    return np.asarray(cv2.cvtColor(pyspng.load(data, format="RGB"), cv2.COLOR_RGB2BGR), np.uint8)


def by_simplejpeg(data: bytes) -> Pixels:
    return np.asarray(simplejpeg.decode_jpeg(data, "BGR"), np.uint8)


class Rival(NamedTuple):
    """A decoder of one format."""

    name: str
    decode: Callable[[bytes], Pixels]


RIVALS: Mapping[str, Rival] = {".png": Rival("pyspng", by_pyspng), ".jpg": Rival("simplejpeg", by_simplejpeg)}


def seconds(decode: Callable[[bytes], Pixels], data: bytes) -> float:
    start = time.process_time()
    decode(data)
    return time.process_time() - start


def compared(suffix: str, pages: list[bytes], rounds: int) -> list[str]:
    """Return a rival's cells: its gain on each page in turn, and how many pages come out the same."""
    rival = RIVALS[suffix]
    gains, own = [], []
    for number in range(rounds):
        data = pages[number % len(pages)]
        theirs = seconds(rival.decode, data)
        own.append(seconds(by_opencv, data))
        gains.append(own[-1] / theirs)
    same = sum(np.array_equal(rival.decode(data), by_opencv(data)) for data in pages)
    return [
        f"{rival.name} ({suffix[1:].upper()})",
        spread(gains),
        f"{1e3 * statistics.median(own):.0f}",
        f"{same} of {len(pages)}",
    ]


def share_of_decoding(data: bytes) -> float:
    """Return what decoding is of a page's processor time with the ten methods that tools are compared on."""
    picture = by_opencv(data)
    for method in TEN.values():
        method(picture)  # what they import and fill at first is not a page's
    start = time.process_time()
    for method in TEN.values():
        method(picture)
    methods = time.process_time() - start
    decoding = statistics.median(seconds(by_opencv, data) for _ in range(5))
    return decoding / (decoding + methods)


def agreement(folder: Path) -> Iterator[str]:
    """Tell on how many of somebody's pictures the pixels are the same."""
    for suffix, rival in RIVALS.items():
        paths = sorted({*folder.rglob(f"*{suffix}"), *folder.rglob(f"*{suffix.upper()}")})
        same = failed = 0
        for path in paths:
            data = path.read_bytes()
            try:
                same += np.array_equal(rival.decode(data), by_opencv(data))
            except (ValueError, RuntimeError):
                failed += 1
        yield f"{rival.name} on {len(paths)} other pictures: {same} the same as OpenCV's, {failed} refused."


def tables(options: argparse.Namespace) -> Iterator[Table]:
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as place:
        paths = write_benchmark_pages(Path(place), DISTINCT)
        pngs = [path.read_bytes() for path in paths]
    jpegs = [cv2.imencode(".jpg", by_opencv(data), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes() for data in pngs]
    yield Table(
        "Other decoders of a 2200x1700 page, to BGR",
        ["decoder", "OpenCV takes", "OpenCV, ms in this run", "same pixels"],
        [compared(".png", pngs, options.rounds), compared(".jpg", jpegs, options.rounds)],
        [
            f"Decoding is {share_of_decoding(pngs[0]):.0%} of what a PNG page takes with the ten methods that tools are compared on.",
            *(agreement(options.pictures) if options.pictures else []),
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--pictures", type=Path, help="a folder of pictures on which pixels are compared")
    present(parser, tables)


if __name__ == "__main__":
    main()
