"""Lay out 20 real and 20 synthetic pictures for somebody who has seen neither, to be told apart.

ECGBENCH_DATA=DIR python benchmarks/blind_sorting.py FOLDER --seed 1

FOLDER/pictures holds 01.png to 40.png, FOLDER/key.json says which is which. For each real picture, which are drawn by the seed, there is
a synthetic one of the same kind of source: a photo, a scan or an export by the same kind of device, with the same layout and grid,
printed from a recording (`records:`), of severity 0.3 to 0.7. Both are as wide and stored as the same JPEG.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import cv2
import numpy as np

from ecgbench.core.page import Pixels
from ecgbench.plugins.image_sets.records import open_records

PORTABLE = "types=0005&framing=close&device=portable&layouts=3x4%2B1&header=none&speed=25&gain=10&ink=black&colors=red"
CELLS, LINES = f"{PORTABLE}&grid=cells&separators=dots", f"{PORTABLE}&grid=lines&separators=dots"
STRIP = "types=0005&framing=close&layouts=strip&header=none"
BEDSIDE = "types=0001&framing=close&device=bedside&header=none&grid=lines&colors=pink&ink=black&speed=25&gain=10"
SCREEN = "types=0001&framing=close&device=screen&grid=lines&ink=black&speed=25&gain=10"
SCAN = "types=0003&speed=25&gain=10"
# Real pictures of images/real by kind of source, each with the settings of what is like it.
PHOTOS = {
    **{f"ecg000{number}.jpg": CELLS for number in (26, 28, 30, 32, 34, 36, 38, 40, 44, 48, 50)},
    **{f"ecg000{number}.jpg": LINES for number in (42, 46)},
    "ecg00008.jpg": STRIP, "aimclub_ecg_image.jpg": STRIP,
}  # fmt: skip
EXPORTS = {
    "ecg00002.png": f"{SCREEN}&colors=blue&layouts=3x4%2B3", "ecg00006.png": f"{SCREEN}&colors=pink&layouts=3x4%2B3",
    "ecg00010.png": "types=0001&device=cart&colors=pink&layouts=3x4%2B1&speed=25&gain=10&grid=lines",
    "ecg00016.jpg": f"{BEDSIDE}&layouts=3x4", "ecg00018.jpg": f"{BEDSIDE}&layouts=3x4", "ecg00024.jpg": f"{BEDSIDE}&layouts=3x4%2B1",
    "ecg00022.bmp": f"{SCREEN}&colors=pink&layouts=3x4", "ecg00054.png": "types=0001&framing=close&device=portable&colors=green&layouts=3x4%2B1",
}  # fmt: skip
SCANS = {
    "ecg00004.png": f"{SCAN}&device=bedside&framing=close&colors=red&layouts=3x4%2B1",
    "ecg00012.jpg": f"{SCAN}&device=cart&framing=close&layouts=3x4%2B1",
    "ecg00020.jpg": "types=0004&framing=close&colors=black&layouts=3x4&grid=lines",
    "nhothai_0607458_300dpi.jpg": f"{SCAN}&device=desktop&layouts=3x4%2B1",
    "ohsu_fullScan.png": f"{SCAN}&device=cart&layouts=3x4%2B1&colors=red",
}  # fmt: skip
SHARES = ((PHOTOS, 11), (EXPORTS, 6), (SCANS, 3))  # of 20, as among the real pictures
WIDEST_PX, QUALITY = 1200, 88


def synthetic(data: Path, settings: str, seed: int, place: int) -> Pixels:
    """Return a picture of a recording, the `place`-th of them, printed as `settings` say."""
    severity = np.random.default_rng((seed, place)).uniform(0.3, 0.7)
    images = open_records(f"records:{data / 'records' / 'ptbxl'}?{settings}&seed={seed}&severity={severity:.2f}")
    assert images is not None
    case = next(case for number, case in enumerate(images) if number == place)
    return np.asarray(case.source.make_page().bgr, np.uint8)


def stored(picture: Pixels, width: int) -> Pixels:
    """Return a picture brought to a width and stored as JPEG once more."""
    scale = width / picture.shape[1]
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return np.asarray(
        cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1], cv2.IMREAD_COLOR), np.uint8
    )


def main() -> None:
    """Write the pictures and the key."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if "ECGBENCH_DATA" not in os.environ:
        raise SystemExit("Set ECGBENCH_DATA to the folder with images/real and records.")
    data, rng = Path(os.environ["ECGBENCH_DATA"]), np.random.default_rng(arguments.seed)
    chosen = [(name, known[name]) for known, count in SHARES for name in rng.choice(sorted(known), count, replace=False)]
    records = rng.permutation(len(list((data / "records" / "ptbxl").glob("*.hea"))))
    both: list[tuple[str, Pixels]] = []
    for place, (name, settings) in zip(records, chosen, strict=False):
        real = np.asarray(cv2.imread(str(data / "images" / "real" / name)), np.uint8)
        made = synthetic(data, settings, arguments.seed, int(place))
        width = min(real.shape[1], WIDEST_PX, made.shape[1])
        both += [(f"real: {name}", stored(real, width)), (f"synthetic: {settings}", stored(made, width))]
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
