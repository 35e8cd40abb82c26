"""Lay out 20 real and 20 synthetic pictures for somebody who has seen neither, to be told apart.

ECGBENCH_DATA=DIR python benchmarks/blind_sorting.py FOLDER --seed 1

FOLDER/pictures holds 01.png to 40.png, FOLDER/key.json says which is which. For each real picture, which are drawn by the seed, there is
a synthetic one of the same kind of source: a photo, a scan or an export by the same kind of device, with the same layout and grid,
printed from a recording (`records:`), of severity 0.3 to 0.7 where its style does not say another. Both are as wide, stored as the same
JPEG, and cut a little at random.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
from blind_reports import Reported
from blind_styles import DETAILS, EXPORTS, ILL, PHOTOS, SCANS, TALL, TRIMMED

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.records import RecordFile, open_records
from ecgbench.plugins.image_sets.synthetic.page import DPI_RANGE

SHARES = ((PHOTOS, 11), (EXPORTS, 6), (SCANS, 3))  # of 20, as among the real pictures
MOST_CUT = 0.02  # of a picture's height or width, at each side
WIDEST_PX, QUALITY = 1200, 88
SPARE_PX = 4  # that a synthetic picture is made wider by, and cut off again: it is brought to a width without being resampled


def like(name: str, data: Path, settings: str, seed: int, record: str, px_per_mm: float, shape: tuple[int, ...]) -> Pixels:
    """Return a picture of a recording, printed as `settings` say, cut as the real one of that name and of its `shape` was."""
    severity = np.random.default_rng((seed, *record.encode())).uniform(0.3, 0.7)
    settings = f"{settings}&seed={crc32(f'{seed} {record}'.encode())}" + (
        "" if "severity=" in settings else f"&severity={severity:.2f}"
    )
    made = printed(data, settings, record, 25.4 * px_per_mm)
    if name in DETAILS:
        return middle_of(made, shape)
    spare = SPARE_PX + round(TRIMMED.get(name, 0.0) * px_per_mm)
    made = printed(data, settings, record, 25.4 * px_per_mm * (shape[1] + spare) / made.shape[1])
    if not shape[1] <= made.shape[1] <= shape[1] + spare + 4 * SPARE_PX:
        return made  # too coarse to be printed so: it is brought to its width later
    return middle_of(made[: shape[0]] if name in TRIMMED else made, (made.shape[0], shape[1]))


def fitting(records: list[str], chosen: list[tuple[str, str]]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Return each of `chosen`, names and settings, with the next of the records that its kind of picture shows."""
    for name, settings in chosen:
        record = next(record for record in records if "types=0005" in settings or record not in TALL)
        records.remove(record)
        yield record, (name, settings)


def middle_of(picture: Pixels, shape: tuple[int, ...]) -> Pixels:
    """Return the part of a picture around its middle that is as large as `shape`, or as it is."""
    top, left = (max(0, (have - want) // 2) for have, want in zip(picture.shape[:2], shape[:2], strict=True))
    return picture[top : top + shape[0], left : left + shape[1]]


def printed(data: Path, settings: str, record: str, dpi: float) -> Pixels:
    """Return the picture of one record as settings say."""
    finer = 1 if dpi > DPI_RANGE[0] else 2  # where none so coarse is printed
    images = open_records(f"records:{data / 'records'}?{settings}&dpi={np.clip(finer * dpi, *DPI_RANGE):.1f}")
    assert images is not None
    source = next(source for source in images.sources if isinstance(source, RecordFile) and source.record.endswith(record))
    (case,) = replace(images, sources=(Reported(source.header, source.record),))
    made = np.asarray(case.source.make_page().bgr, np.uint8)
    return (
        made
        if finer == 1
        else np.asarray(cv2.resize(made, None, fx=1 / finer, fy=1 / finer, interpolation=cv2.INTER_AREA), np.uint8)
    )


def stored(picture: Pixels, width: int) -> Pixels:
    """Return a picture brought to a width, where it has another, and stored as JPEG once more."""
    scale = width / picture.shape[1]
    if scale != 1:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how), np.uint8)
    return np.asarray(
        cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1], cv2.IMREAD_COLOR), np.uint8
    )


def cut(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a picture less a little of each side, so that its size does not tell whose counterpart it is."""
    height, width = (max(1, round(MOST_CUT * side)) for side in picture.shape[:2])
    top, bottom, left, right = rng.integers(0, (height, height, width, width))
    return picture[top : picture.shape[0] - bottom, left : picture.shape[1] - right]


def main() -> None:
    """Write the pictures and the key."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if "ECGBENCH_DATA" not in os.environ:
        raise SystemExit("Set ECGBENCH_DATA to the folder with images/real and records.")
    data, rng = Path(os.environ["ECGBENCH_DATA"]), np.random.default_rng(arguments.seed)
    labels = json.loads((data / "images" / "labels.json").read_text())
    chosen = [(name, known[name]) for known, count in SHARES for name in rng.choice(sorted(known), count, replace=False)]
    both: list[tuple[str, Pixels]] = []
    for record, (name, settings) in fitting(rng.permutation(ILL).tolist(), chosen):
        real, label = np.asarray(cv2.imread(str(data / "images" / "real" / name)), np.uint8), labels[f"real/{name}"]
        width = min(real.shape[1], WIDEST_PX)
        px_per_mm = (label["px_per_mm_x"] + label["px_per_mm_y"]) / 2
        made = like(name, data, settings, arguments.seed, str(record), px_per_mm, real.shape)
        if name.endswith(".jpg") and "types=0001" in settings:  # as its counterpart has been before
            made = stored(made, made.shape[1])
        both += [(f"real: {name}", cut(stored(real, width), rng)), (f"synthetic: {settings}", cut(stored(made, width), rng))]
    pictures = arguments.folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    key = {}
    for number, index in enumerate(rng.permutation(len(both)), start=1):
        key[f"{number:02d}"] = both[index][0]
        cv2.imwrite(str(pictures / f"{number:02d}.png"), both[index][1])
    (arguments.folder / "key.json").write_text(json.dumps(key, indent=1))
    print(f"{pictures}: {len(key)} pictures")


if __name__ == "__main__":
    main()
