"""What real pictures of images/real are alike to: the settings of a synthetic page for each, as read off them by eye and ruler."""

from __future__ import annotations

USUAL = "speed=25&gain=10"
PORTABLE = (
    f"types=0005&framing=close&device=portable&layouts=3x4%2B1&header=none&{USUAL}&ink=black&colors=red&pulse=left&labels=above&paper=roll"
    "&font=times-thermal"
)
CELLS, LINES = (
    f"{PORTABLE}&grid=cells&separators=dots",
    f"{PORTABLE}&grid=lines&separators=dots&strength=1.5&fine_mm=0.26&bold_mm=0.3",
)
DETAIL = f"types=0005&framing=close&header=none&grid=lines&colors=red&ink=black&{USUAL}"
BEDSIDE = f"device=bedside&ink=black&{USUAL}&pulse=left&labels=below"
EXPORT = f"types=0001&{BEDSIDE}&font=times&grid=lines&separators=none&paper=roll&fade=0"
REPORT = (
    f"{EXPORT}&framing=whole&colors=pink&frame=framed&header=short&paling=0..0.15&mottle=0..0.05&trace_mm=0.22..0.28&fine_mm=0.15&bold_mm=0.28"
    "&strength=0.85&cut_mm=0"
)
CART = f"device=cart&layouts=3x4%2B1&font=plain&separators=split&grid=lines&fade=0&paper=roll&pulse=right&{USUAL}"
# Real pictures of images/real by kind of source, each with the settings of what is like it.
PHOTOS = {
    **{f"ecg000{number}.jpg": CELLS for number in (26, 28, 30, 32, 34, 36, 38, 40, 44, 48, 50)},
    "ecg00042.jpg": LINES,
    "ecg00046.jpg": (
        f"types=0005&framing=close&{BEDSIDE}&layouts=3x4%2B1&header=none&grid=lines&colors=black&strength=0.65&fine_mm=0.25&separators=tick&cut_mm=0"
        "&font=times-bold&paper=roll"
    ),
    "ecg00008.jpg": (
        f"{DETAIL}&device=thermal&layouts=3x4&font=bitmap&trace_mm=0.22&separators=none&strength=1.1&fine_mm=0.24&bold_mm=0.28"
        "&head_mm=0"
    ),
    "aimclub_ecg_image.jpg": f"{DETAIL}&layouts=strip&trace_mm=0.5&strength=0.65&fine_mm=0.15&bold_mm=0.25",
}  # fmt: skip
EXPORTS = {
    "ecg00002.png": (
        f"types=0001&framing=close&{BEDSIDE}&font=times&grid=lines&separators=none&colors=grey&strength=0.4&layouts=3x4%2B3&header=none&frame=boxed"
        "&paper=roll&trace_mm=0.17&fade=0&cut_mm=3&paling=0.2&mottle=0.1&spread_mm=0&antialias=on&fine_mm=0.12"
    ),
    "ecg00006.png": (
        f"{EXPORT}&framing=close&colors=red&strength=1.3&layouts=3x4%2B3&header=none&frame=full&bold_mm=0.22&fine_mm=0.2&cut_mm=3&trace_mm=0.22"
        "&paling=0.15&mottle=0&spread_mm=0..0.03&antialias=on"
    ),
    "ecg00010.png": (
        f"types=0001&{CART}&colors=red&strength=0.6&ink=dark-grey&trace_mm=0.16&fine_mm=0.15&bold_mm=0.3&heavy_mm=0.8&header=none&frame=boxed"
        "&antialias=on&paling=0.1&mottle=0&spread_mm=0&framing=whole&margin_mm=4"
    ),
    "ecg00016.jpg": f"{REPORT}&layouts=3x4", "ecg00018.jpg": f"{REPORT}&layouts=3x4", "ecg00024.jpg": f"{REPORT}&layouts=3x4%2B1",
    "ecg00022.bmp": (
        f"types=0001&framing=close&{BEDSIDE}&colors=pink&strength=1.5&layouts=3x4&header=none&frame=full&grid=lines&font=times-bold&separators=none"
        "&fine_mm=0.3&bold_mm=0.45&trace_mm=0.36&paper=roll&cut_mm=11&paling=0.15&spread_mm=0.06&antialias=on"
    ),
    "ecg00054.png": (
        f"types=0003&framing=close&{BEDSIDE}&colors=green&strength=0.9&layouts=3x4%2B1&header=none&frame=full&grid=lines&font=times-bold&separators=tick"
        "&fine_mm=0.2&trace_mm=0.24&paper=roll&fade=0.6&paling=0.6&thinning=0.6&mottle=0.2&spread_mm=0.06"
    ),
}  # fmt: skip
SCANS = {
    "ecg00004.png": (
        f"types=0003&framing=close&{BEDSIDE}&colors=orange&strength=0.5&layouts=3x4%2B3&header=none&frame=full&grid=lines&font=plain-bold"
        "&separators=none&paper=roll&trace_mm=0.3&cut_mm=3&fade=0.5&spread_mm=0.04"
    ),
    "ecg00012.jpg": (
        f"types=0001&{CART}&framing=close&colors=red&strength=0.8&ink=black&header=none&frame=boxed&fine_mm=0.2&bold_mm=0.35&heavy_mm=0.6"
        "&spread_mm=0.02&paling=0.1&antialias=on"
    ),
    "ecg00020.jpg": (
        f"types=0004&framing=close&device=bedside&colors=black&layouts=3x4&grid=lines&fine_mm=0.25&bold_mm=0.25&header=none&frame=full&{USUAL}"
        "&font=bitmap&paper=roll&separators=tick&cut_mm=9"
    ),
    "nhothai_0607458_300dpi.jpg": (
        f"types=0001&device=desktop&layouts=3x4%2B1&grid=dotted&colors=grey&ink=dark-grey&trace_mm=0.1&header=short&frame=framed&{USUAL}"
        "&font=sans&paper=roll&fine_mm=0.13&bold_mm=0.12&strength=0.9&paling=0&mottle=0&spread_mm=0&antialias=on"
    ),
    "ohsu_fullScan.png": (
        f"types=0001&device=cart&font=plain-bold&layouts=3x4%2B3&grid=dotted&colors=orange&strength=1.3&fine_mm=0.13&heavy_mm=0&header=full&frame=framed&ink=black&{USUAL}"
        "&trace_mm=0.35&separators=none&pulse=none&spread_mm=0&antialias=on&paling=0..0.1&mottle=0..0.05"
    ),
}  # fmt: skip
DETAILS = ("ecg00008.jpg", "aimclub_ecg_image.jpg")  # that show a part of a page
# How many mm were cut off the sides of those whose picture ends within the grid, both sides together.
TRIMMED = {"ecg00002.png": 3.0, **dict.fromkeys(("ecg00016.jpg", "ecg00018.jpg", "ecg00024.jpg"), 16.0)}
# People share what is worth a second look: records whose rhythm, complexes, ST segments, T waves or noise are out of the ordinary, by eye.
ILL = (
    "00336", "02104", "03092", "03740", "04097", "04922", "05338", "07054", "08406", "09248", "09791", "12033",
    "12702", "14167", "14628", "16061", "18256", "19268", "20214", "ludb_035", "ludb_045", "ludb_060", "ludb_085",
    "ludb_090", "ludb_095", "ludb_105", "ludb_110", "ludb_125",
)  # fmt: skip
