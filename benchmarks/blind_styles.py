"""What real pictures of images/real are alike to: the settings of a synthetic page for each, as read off them by eye and ruler."""

from __future__ import annotations

USUAL = "speed=25&gain=10"
PLAIN = "antialias=on&crisp=off&letters=smooth"
PORTABLE = (
    f"types=0005&framing=close&device=portable&layouts=3x4%2B1&header=none&{USUAL}&ink=black&colors=red&pulse=left&labels=above&paper=roll"
    "&font=times-thermal&filter_hz=35,40"
)
CELLS, LINES = (
    f"{PORTABLE}&grid=cells&separators=dots",
    f"{PORTABLE}&grid=lines&separators=dots&strength=1.5&fine_mm=0.26&bold_mm=0.3",
)
DETAIL = f"types=0005&framing=close&header=none&grid=lines&colors=red&ink=black&filter_hz=40&footer=off&paling=0..0.1&{PLAIN}&shade=print&{USUAL}"
UNINKED = f"device=bedside&rest_mm=0.4..0.8&{USUAL}&pulse=left&labels=below"
BEDSIDE = f"{UNINKED}&ink=black"
REPORT = (
    f"types=0001&{BEDSIDE}&font=times&grid=lines&separators=none&paper=roll&fade=0&framing=whole&colors=pink&shade=screen&frame=framed&header=short"
    "&antialias=on&crisp=on&letters=hinted&paling=0&thinning=0&mottle=0&trace_mm=0.4&fine_mm=0.15&bold_mm=0.27&strength=1&cut_mm=0&footer=off"
    "&slant_mm=0&blotch=0&filter_hz=100,150"
)
CART = f"device=cart&layouts=3x4%2B1&font=plain&separators=split&grid=lines&fade=0&paper=roll&pulse=right&{USUAL}"
# Real pictures of images/real by kind of source, each with the settings of what is like it.
PHOTOS = {
    **{f"ecg000{number}.jpg": CELLS for number in (26, 28, 30, 32, 34, 36, 38, 40, 44, 48, 50)},
    "ecg00042.jpg": LINES,
    "ecg00046.jpg": (
        f"types=0005&framing=close&{BEDSIDE}&layouts=3x4%2B1&header=none&grid=lines&colors=black&strength=0.65&fine_mm=0.2&separators=tick"
        "&font=times&paper=roll&filter_hz=40&footer=off&trace_mm=0.24..0.28&spread_mm=0.03&paling=0..0.15&blotch=0"
        f"&{PLAIN}"
    ),
    "ecg00008.jpg": (
        f"{DETAIL}&device=thermal&layouts=3x4&font=bitmap&trace_mm=0.24&separators=none&fine_mm=0.14&bold_mm=0.2&strength=1.2"
        "&severity=0.3&head_mm=0"
    ),
    "aimclub_ecg_image.jpg": f"{DETAIL}&layouts=strip&trace_mm=0.45&labels=none&fine_mm=0.14&bold_mm=0.22&strength=0.75&severity=0.4",
}  # fmt: skip
EXPORTS = {
    "ecg00002.png": (
        f"types=0001&framing=whole&{UNINKED}&ink=dark-grey,blue-black&font=times&grid=lines&separators=none&colors=blue&shade=screen&strength=1.1&layouts=3x4%2B3&header=none&frame=boxed"
        "&paper=roll&trace_mm=0.28&fade=0.4&cut_mm=3&paling=0.1&mottle=0.05&spread_mm=0&fine_mm=0.06&bold_mm=0.16"
        f"&{PLAIN}&filter_hz=40&footer=on&slant_mm=0..0.1&blotch=0"
    ),
    "ecg00006.png": (
        f"types=0001&framing=close&{BEDSIDE}&font=times&grid=lines&separators=none&paper=roll&fade=0&colors=red&shade=screen&strength=1&layouts=3x4%2B3"
        "&header=none&frame=full&bold_mm=0.18&fine_mm=0.18&cut_mm=8&trace_mm=0.27&paling=0.1&mottle=0&antialias=on&crisp=on&letters=hinted"
        "&slant_mm=0&blotch=0&footer=off&filter_hz=100,150"
    ),
    "ecg00010.png": (
        f"types=0001&{CART}&colors=red&shade=screen&strength=0.85&ink=black&faint=0.4..0.55&trace_mm=0.16&fine_mm=0.15&bold_mm=0.3&heavy_mm=0.75"
        "&header=short&frame=framed&cut_mm=0&antialias=on&letters=hinted&paling=0.1&mottle=0&framing=whole&margin_mm=4&filter_hz=40,150"
        "&crisp=off&footer=on&slant_mm=0"
    ),
    **dict.fromkeys(("ecg00016.jpg", "ecg00018.jpg"), f"{REPORT}&layouts=3x4&apart=0.882"),
    "ecg00024.jpg": f"{REPORT}&layouts=3x4%2B1&apart=1.042",
    "ecg00022.bmp": (
        f"types=0001&framing=close&{BEDSIDE}&colors=red&shade=screen&strength=1.3&layouts=3x4&header=none&frame=full&grid=lines&font=times-bold&separators=none"
        "&fine_mm=0.25&bold_mm=0.35&trace_mm=0.46&paper=roll&cut_mm=11&paling=0&spread_mm=0.06&footer=off&filter_hz=40&fade=0.1&blotch=0"
        f"&{PLAIN}"
    ),
    "ecg00054.png": (
        f"types=0001&framing=close&{BEDSIDE}&colors=green&strength=1.3&layouts=3x4%2B1&header=none&frame=full&grid=lines&font=times-bold&separators=tick"
        "&fine_mm=0.22&bold_mm=0.25&trace_mm=0.34&paper=roll&fade=0.4&blotch=0.2&paling=0.5&thinning=0.1&mottle=0.1&spread_mm=0.06&footer=off&filter_hz=40"
        f"&{PLAIN}"
    ),
}  # fmt: skip
SCANS = {
    "ecg00004.png": (
        f"types=0003&framing=close&{BEDSIDE}&colors=red&shade=print&strength=0.6&layouts=3x4%2B3&header=none&frame=full&grid=dotted&fine_mm=0.08&font=plain-bold"
        "&separators=none&paper=roll&trace_mm=0.34&cut_mm=3&fade=0.5&spread_mm=0.02&footer=off&filter_hz=40&severity=0.05&paling=0&mottle=0.05&blotch=0..0.05"
        f"&{PLAIN}"
    ),
    "ecg00012.jpg": (
        f"types=0001&{CART}&framing=close&colors=red&shade=screen&strength=0.75&ink=black&header=none&frame=boxed&fine_mm=0.3&bold_mm=0.42&heavy_mm=0.65"
        "&spread_mm=0.02&paling=0.1&footer=off&filter_hz=40&trace_mm=0.42&slant_mm=0&faint=0"
        f"&{PLAIN}"
    ),
    "ecg00020.jpg": (
        f"types=0004&framing=close&device=bedside&colors=black&strength=1.2&layouts=3x4&grid=lines&fine_mm=0.25&bold_mm=0.18&header=none&frame=full&{USUAL}"
        "&font=times&paper=roll&separators=tick&cut_mm=9&fade=0.2&blotch=0.16&severity=0.3&filter_hz=40&paling=0.2&thinning=0.1&footer=off&trace_mm=0.26&spread_mm=0.03"
        f"&{PLAIN}"
    ),
    "nhothai_0607458_300dpi.jpg": (
        f"types=0001&device=desktop&layouts=3x4%2B1&grid=dotted&colors=grey&ink=black&faint=0.45&trace_mm=0.1&header=full&frame=framed&{USUAL}"
        "&font=plain&paper=roll&fine_mm=0.13&bold_mm=0.12&strength=0.9&paling=0&mottle=0&spread_mm=0.02&separators=none"
        f"&{PLAIN}&shade=print&filter_hz=25,35"
    ),
    "ohsu_fullScan.png": (
        f"types=0001&device=cart&font=plain-bold&layouts=3x4%2B3&grid=dotted&colors=orange&strength=1.4&fine_mm=0.12&bold_mm=0.28&heavy_mm=0&header=full"
        f"&frame=framed&ink=black&{USUAL}&trace_mm=0.42&separators=none&pulse=none&antialias=off&letters=hinted&paling=0&mottle=0&footer=on"
        "&shade=print&filter_hz=40&faint=0"
    ),
}  # fmt: skip
DETAILS = ("ecg00008.jpg", "aimclub_ecg_image.jpg")  # that show a part of a page
# How many mm were cut off the sides of those whose picture ends within the grid, both sides together.
TRIMMED = {"ecg00002.png": 3.0, **dict.fromkeys(("ecg00016.jpg", "ecg00018.jpg", "ecg00024.jpg"), 20.0)}
# People share what is worth a second look: records whose rhythm, complexes, ST segments, T waves or noise are out of the ordinary, by eye.
ILL = (
    "00336", "02104", "03092", "03740", "04097", "04922", "05338", "07054", "08406", "09248", "09791", "12033",
    "12702", "14167", "14628", "16061", "18256", "19268", "20214", "ludb_035", "ludb_045", "ludb_060", "ludb_085",
    "ludb_090", "ludb_095", "ludb_105", "ludb_110", "ludb_125",
)  # fmt: skip
# Those whose complexes cross several rows, which no export or scan at hand shows: they are for photos.
TALL = ("00336", "08406", "14167", "16061", "18256", "20214")
